"""The first pass: every configured CRM is scanned whole into the index, or says why it could not be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from core.connector import Account, Connector
from core.errors import FAULTS, BadAnswer, RepoussoirError, StopCrm, WrongAccount
from core.findings import Finding
from core.identity import Identity, nobody
from core.index import row, shown
from core.judge import Judge
from core.model import Page, Query, Record, Ref
from core.store.store import Store

Progress = Callable[[str, int, int | None], None]


@dataclass(slots=True)
class Reading:
    """What the scans gave. `gaps` say what was not read, one sentence each; empty means every CRM was read whole."""

    accounts: dict[str, Account] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)
    seen: set[Ref] = field(default_factory=set)
    local: dict[Ref, tuple[Finding, ...]] = field(default_factory=dict)
    scans: list[int] = field(default_factory=list)
    objecting: dict[str, int] = field(default_factory=dict)
    records: dict[tuple[str, str], int] = field(default_factory=dict)


class Reader:
    """Scans connectors into the index of a store. `expected` are the account ids that the configuration names, by CRM."""

    def __init__(
        self,
        store: Store,
        identity: Identity,
        judge: Judge,
        expected: Mapping[str, str],
        clock: Callable[[], datetime],
        progress: Progress = lambda *_: None,
    ) -> None:
        self._store = store
        self._identity = identity
        self._judge = judge
        self._expected = expected
        self._clock = clock
        self._progress = progress

    def read(self, connectors: Mapping[str, Connector], now: datetime) -> Reading:
        """Scans every kind of every connector; `now` is the moment the findings are judged at. Raises WrongAccount.

        A CRM that stops half-way leaves a gap; the others are still read.
        """
        reading = Reading()
        for crm, connector in connectors.items():
            try:
                account = self._account(crm, connector)
                reading.accounts[crm] = account
                reading.gaps += [f"{crm}: {reason}" for reason in (*account.blind, *self._hidden(crm, account))]
                for kind in connector.capabilities.kinds:
                    self._scan(reading, crm, connector, kind, now)
            except (StopCrm, BadAnswer) as error:
                reading.gaps.append(_gap(crm, error))
            except FAULTS as error:
                reading.gaps.append(f"{crm}: the connector failed ({type(error).__name__})")
        return reading

    def note(self, records: Sequence[Record], scan_id: int = 0) -> None:
        """Writes records to the index; the marks that we made ourselves are told from those of others on the way."""
        pushed = self._store.index.pushed([record.ref for record in records])
        rows = []
        with self._store.transaction():
            for record in records:
                made = row(record, self._identity, pushed.get(record.ref, frozenset()), self._clock())
                for mark in made.ours - shown(made, record.objections):
                    self._store.index.drop_push(record.ref, mark)
                rows.append(made)
            self._store.index.put(rows, scan_id)

    def _hidden(self, crm: str, account: Account) -> tuple[str, ...]:
        """Why restricted records may not show as such: our property was there and is not to be seen any more."""
        if not (account.undeclared and self._store.index.any_restricted(crm)):
            return ()
        return (f"{', '.join(account.undeclared)} cannot be read any more, and records were restricted with it",)

    def confirm(self, connectors: Mapping[str, Connector]) -> None:
        """Raises WrongAccount when a CRM answers as another account than configured; one that is away is a later gap."""
        for crm, connector in connectors.items():
            with suppress(StopCrm, BadAnswer):
                self._account(crm, connector)

    def _account(self, crm: str, connector: Connector) -> Account:
        account = connector.check()
        expected = self._expected.get(crm)
        if expected and account.id != expected:
            raise WrongAccount(
                f"{crm}: the credentials belong to account {account.id}, the configuration expects {expected}.",
                f"Correct [crm.{crm}] account, or give the token of the right account.",
            )
        return account

    def _scan(self, reading: Reading, crm: str, connector: Connector, kind: str, now: datetime) -> None:
        query = Query(kind, self._judge.needs(connector.schema(kind)))
        evidence = self._store.evidence()
        scan_id = self._store.index.begin_scan(crm, kind, self._clock())
        reading.scans.append(scan_id)
        whole = False
        for page in connector.scan(query):
            self._take(reading, page, scan_id, now, evidence)
            whole = page.last
            reading.records[crm, kind] = reading.records.get((crm, kind), 0) + len(page.records)
            self._progress(f"{crm} {kind}", len(page.records), page.total)
        if not whole:
            raise BadAnswer(f"the scan of {kind} ended before its last page")
        reading.records[crm, kind] = self._store.index.end_scan(scan_id, crm, kind, self._clock(), evidence)

    def _take(self, reading: Reading, page: Page, scan_id: int, now: datetime, evidence: frozenset[Ref]) -> None:
        """Notes a page; the row of somebody whom a plan under way has anonymised stays, as evidence for the rest of it."""
        some = [item for item in page.records if item.ref not in evidence or not nobody(item.emails, item.phones)]
        self.note(some, scan_id)
        for record in some:
            reading.seen.add(record.ref)
            reading.local.pop(record.ref, None)
            if found := self._judge.local(record, now):
                reading.local[record.ref] = found


def _gap(crm: str, error: RepoussoirError) -> str:
    text = str(error)
    return text if text.startswith(f"{crm}:") else f"{crm}: {text}"


def whole(connector: Connector, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
    """What `get` answers, once it is about all that was asked for and nothing else. Raises BadAnswer: left out is not gone."""
    found = connector.get(refs, properties)
    if set(found) != set(refs) or any(record is not None and record.ref != ref for ref, record in found.items()):
        raise BadAnswer(f"{refs[0].crm}: fewer or other records were answered than were asked for")
    return found
