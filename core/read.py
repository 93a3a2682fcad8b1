"""The first pass: every configured CRM is scanned whole into the index, or says why it could not be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from core.brakes import DEFAULT, Brakes, Loss
from core.connector import Account, Connector
from core.errors import FAULTS, BadAnswer, RepoussoirError, StopCrm
from core.findings import Finding
from core.follow import follow
from core.identity import Identity, nobody
from core.index import Push, Row, marked, row, shown
from core.judge import Judge
from core.model import Mark, Page, Query, Record, Ref
from core.plan import Plan
from core.store.store import Store
from core.unlisted import Unlisted

Progress = Callable[[str, int, int | None], None]


@dataclass(slots=True)
class Reading:
    """What the scans gave. `gaps` say what was not read, one sentence each; empty means every CRM was read whole.

    `accounts` are the CRMs that said who they are, `away` why the others did not: nothing may be written there.
    `lost` are the sources that were suddenly empty, each with a sentence. `listed` entries are new on the suppression list,
    as the records that showed their objections are gone.
    """

    accounts: dict[str, Account] = field(default_factory=dict)
    away: dict[str, str] = field(default_factory=dict)
    gaps: list[str] = field(default_factory=list)
    seen: set[Ref] = field(default_factory=set)
    local: dict[Ref, tuple[Finding, ...]] = field(default_factory=dict)
    scans: list[int] = field(default_factory=list)
    objecting: dict[str, int] = field(default_factory=dict)
    records: dict[tuple[str, str], int] = field(default_factory=dict)
    lost: dict[Loss, str] = field(default_factory=dict)
    listed: int = 0

    def gaps_for(self, plan: Plan) -> tuple[str, ...]:
        """The gaps for a stored plan: a source that is suddenly empty is one too, but for whoever looked at that loss."""
        known = [trip.lost for trip in plan.trips if trip.lost]
        return (*self.gaps, *(why for loss, why in self.lost.items() if not any(_covers(seen, loss) for seen in known)))


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
        limits: Brakes = DEFAULT,
    ) -> None:
        self._store = store
        self._identity = identity
        self._judge = judge
        self._expected = expected
        self._clock = clock
        self._progress = progress
        self._limits = limits

    def read(self, connectors: Mapping[str, Connector], now: datetime) -> Reading:
        """Scans every kind of every connector; `now` is the moment the findings are judged at. Raises WrongAccount.

        A CRM that stops half-way leaves a gap; the others are still read. Holds follow their people by what was read.
        """
        reading = Reading()
        for crm, connector in connectors.items():
            try:
                self._whole(reading, crm, connector, now)
            except (StopCrm, BadAnswer) as error:
                reading.gaps.append(_gap(crm, error))
            except FAULTS as error:
                reading.gaps.append(f"{crm}: the connector failed ({type(error).__name__})")
            if crm not in reading.accounts:
                reading.away[crm] = reading.gaps[-1]
        follow(self._store, self._judge, self._clock())
        return reading

    def _whole(self, reading: Reading, crm: str, connector: Connector, now: datetime) -> None:
        account = self.account(crm, connector)
        reading.accounts[crm] = account
        reading.gaps += [f"{crm}: {reason}" for reason in (*account.blind, *self._hidden(crm, account))]
        for kind in connector.capabilities.kinds:
            self._scan(reading, crm, connector, kind, now)
        self._store.accounts.remember(crm, account.id, self._clock())

    def unlisted(self) -> Unlisted:
        """What looks after the objections that are on no list yet."""
        return Unlisted(self._store, self._judge, self._limits, self._identity.keyring.ids)

    def note(self, records: Sequence[Record], scan_id: int = 0) -> None:
        """Writes records to the index; the marks that we made ourselves are told from those of others on the way."""
        pushes = self._store.index.pushes([record.ref for record in records])
        with self._store.transaction():
            made = [row(record, self._identity, seen=self._clock()) for record in records]
            rows = [marked(item, self._ours(item, pushes.get(item.ref, {}))) for item in made]
            self._store.index.put(rows, scan_id)

    def _ours(self, made: Row, pushes: Mapping[Mark, Push]) -> frozenset[Mark]:
        """Which of our marks a record still shows as ours; the others are forgotten."""
        ours, visible = set[Mark](), shown(made)
        for mark, push in pushes.items():
            flags = [flag for flag in made.objections if flag.channel == mark]
            if mark not in visible or not push.explains(flags):
                self._store.index.drop_push(made.ref, mark)
                continue
            ours.add(mark)
            if (known := push.learnt(flags, self._clock())) != push:
                self._store.index.learn_push(made.ref, mark, known)
        return frozenset(ours)

    def _hidden(self, crm: str, account: Account) -> tuple[str, ...]:
        """Why restricted records may not show as such: our property was there and is not to be seen any more."""
        if not (account.undeclared and self._store.index.any_restricted(crm)):
            return ()
        return (f"{', '.join(account.undeclared)} cannot be read any more, and records were restricted with it",)

    def confirm(self, connectors: Mapping[str, Connector]) -> dict[str, Connector]:
        """The CRMs that say who they are: only there may something be done now. One that is away is a later gap.

        Raises WrongAccount when one is another than the configuration names or the store remembers.
        """
        sure: dict[str, Connector] = {}
        for crm, connector in connectors.items():
            with suppress(StopCrm, BadAnswer, *FAULTS):
                self.account(crm, connector)
                sure[crm] = connector
        return sure

    def account(self, crm: str, connector: Connector) -> Account:
        """Which account a CRM is. Must be asked before its records are. Raises WrongAccount, and what `check` raises."""
        account = connector.check()
        self._store.accounts.confirm(crm, account.id, self._expected.get(crm, ""))
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
        before = self._store.index.expected().get((crm, kind), 0)
        spared = partial(self._spared, reading, evidence)
        found = self._store.index.end_scan(scan_id, crm, kind, self._clock(), spared, self._limits.lost)
        reading.records[crm, kind] = found
        if self._limits.lost(before, found):
            reading.lost[crm, kind, found] = f"{crm}: only {found} of {before} records of {kind} were found"

    def _spared(self, reading: Reading, evidence: frozenset[Ref], gone: Sequence[Ref]) -> frozenset[Ref]:
        """The rows of vanished records to be kept: evidence, and objections that may not go onto the list now."""
        unlisted = self.unlisted()
        kept = unlisted.before_forgetting([ref for ref in gone if ref not in evidence], self._clock())
        reading.listed += unlisted.listed
        return evidence | kept

    def _take(self, reading: Reading, page: Page, scan_id: int, now: datetime, evidence: frozenset[Ref]) -> None:
        """Notes a page; the row of somebody whom a plan under way has anonymised stays, as evidence for the rest of it."""
        some = [item for item in page.records if item.ref not in evidence or not nobody(item.emails, item.phones)]
        self.note(some, scan_id)
        self._store.index.touch([item.ref for item in page.records if item.ref in evidence], scan_id)
        for record in some:
            reading.seen.add(record.ref)
            reading.local.pop(record.ref, None)
            if found := self._judge.local(record, now):
                reading.local[record.ref] = found


def _covers(seen: Loss, loss: Loss) -> bool:
    """True when a loss is the one that was seen, or a smaller one of the same source."""
    return seen[:2] == loss[:2] and seen[2] <= loss[2]


def _gap(crm: str, error: RepoussoirError) -> str:
    text = str(error)
    return text if text.startswith(f"{crm}:") else f"{crm}: {text}"


def whole(connector: Connector, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
    """What `get` answers, once it is about all that was asked for and nothing else. Raises BadAnswer: left out is not gone."""
    found = connector.get(refs, properties)
    if set(found) != set(refs) or any(record is not None and record.ref != ref for ref, record in found.items()):
        raise BadAnswer(f"{refs[0].crm}: fewer or other records were answered than were asked for")
    return found
