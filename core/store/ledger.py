"""The ledger at rest, and what it still owes: intents without an outcome, outcomes without their note."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, desc, func, select, update

from core import canonical
from core.ledger import Entry, chain, verify
from core.store.database import Database
from core.store.tables import ledger, pending

_PAGE = 5000
Debt = Literal["outcome", "note", "erasure", "anchor"]
"""An intent its outcome, an outcome its note, an erasure its place in a note on the anchor, and such a note."""


@dataclass(frozen=True, slots=True)
class Owed:
    """Something the ledger still owes: the entry it hangs on, and what must be known to settle it."""

    seq: int
    crm: str
    body: Mapping[str, Any]


class Ledger:
    """Appends to the chain. Must be used inside a transaction when an entry and its effect belong together."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, at: datetime, kind: str, body: Mapping[str, Any]) -> Entry:
        """Adds one entry and answers it."""
        with self._database.transaction():
            self._database.serialise(ledger)
            entry = chain(self.last(), at, kind, body)
            values = {
                "seq": entry.seq,
                "at": at,
                "kind": kind,
                "body": canonical.dumps(body),
                "prev": entry.prev,
                "hash": entry.hash,
            }
            self._database.execute(ledger.insert(), [values])
        return entry

    def last(self) -> Entry | None:
        """The newest entry."""
        rows = self._database.rows(select(ledger).order_by(desc(ledger.c.seq)).limit(1))
        return _entry(rows[0]) if rows else None

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Every entry after a place, in order, read in pages."""
        while rows := self._database.rows(
            select(ledger).where(ledger.c.seq > after).order_by(ledger.c.seq).limit(_PAGE)
        ):
            yield from map(_entry, rows)
            after = rows[-1].seq

    def get(self, seq: int) -> Entry | None:
        """One entry by its place."""
        rows = self._database.rows(select(ledger).where(ledger.c.seq == seq))
        return _entry(rows[0]) if rows else None

    def head(self) -> str:
        """The newest entry by place and hash, to be kept elsewhere; empty when there is none."""
        last = self.last()
        return last.head if last else ""

    def verify(self, heads: Iterable[str] = ()) -> int:
        """Checks the whole chain, and that it holds the heads it had before. Raises LedgerBroken; answers its length."""
        return verify(self.entries(), heads)

    def count(self) -> int:
        """How many entries there are."""
        return int(self._database.rows(select(func.count()).select_from(ledger))[0][0])

    def owe(self, entry: Entry, what: Debt, crm: str, body: Mapping[str, Any]) -> None:
        """Remembers that an entry needs an outcome or a note, or that the anchor is to tell of it. An entry owes one thing."""
        values = {"seq": entry.seq, "what": what, "crm": crm, "body": canonical.dumps(body)}
        self._database.execute(pending.insert(), [values])

    def learn(self, seq: int, body: Mapping[str, Any]) -> None:
        """Replaces what is known of something that is owed."""
        statement = update(pending).where(pending.c.seq == seq).values(body=canonical.dumps(body))
        self._database.execute(statement)

    def settle(self, seq: int) -> None:
        """Strikes out what was owed for an entry."""
        self._database.execute(delete(pending).where(pending.c.seq == seq))

    def release(self, crm: str, what: Debt | None = None) -> None:
        """Strikes out all that is owed for a CRM, or all of a kind."""
        statement = delete(pending).where(pending.c.crm == crm)
        self._database.execute(statement.where(pending.c.what == what) if what else statement)

    def release_anchors(self, kept: Iterable[str]) -> None:
        """Strikes out what is owed to anchors, but for the CRMs that have one."""
        where = (pending.c.what.in_(["erasure", "anchor"]), pending.c.crm.not_in(list(kept)))
        self._database.execute(delete(pending).where(*where))

    def owed(self, what: Debt, crm: str | None = None) -> list[Owed]:
        """What is owed, oldest first."""
        query = select(pending).where(pending.c.what == what).order_by(pending.c.seq)
        rows = self._database.rows(query if crm is None else query.where(pending.c.crm == crm))
        return [Owed(row.seq, row.crm, json.loads(row.body)) for row in rows]


def _entry(row: Any) -> Entry:
    return Entry(row.seq, row.at, row.kind, json.loads(row.body), row.prev, row.hash)
