"""The store as one thing: its parts share a connection, so that what belongs together is one transaction."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from core.model import Ref
from core.periods import Period
from core.store.database import Database
from core.store.entries import Keys, SuppressionList
from core.store.holds import Holds
from core.store.index import Index
from core.store.ledger import Ledger
from core.store.plans import Plans
from core.store.runs import Lock, Runs
from core.store.tombstones import Tombstones

THREE_YEARS = Period(months=36)
FIVE_YEARS = Period(months=60)


class Store:
    """Opens the store at a SQLAlchemy URL for one thread. Raises StoreProblem."""

    def __init__(self, url: str, *, keep_entries: Period = THREE_YEARS, keep_tombstones: Period = FIVE_YEARS) -> None:
        self._database = Database(url)
        self.keys = Keys(self._database)
        self.suppression = SuppressionList(self._database, keep_entries)
        self.tombstones = Tombstones(self._database, keep_tombstones)
        self.holds = Holds(self._database)
        self.index = Index(self._database)
        self.plans = Plans(self._database)
        self.ledger = Ledger(self._database)
        self.runs = Runs(self._database)

    def transaction(self) -> AbstractContextManager[None]:
        """All of a block or nothing."""
        return self._database.transaction()

    def evidence(self) -> frozenset[Ref]:
        """Records that are gone and yet bear on others: erased by a plan that is not finished, or owed an outcome (ADR 0005)."""
        owed = {Ref.parse(item.body["ref"]) for item in self.ledger.owed("outcome")}
        return self.plans.ended() | owed

    def lock(self, name: str, owner: str, now: Callable[[], datetime]) -> Lock:
        """The lock of that name, for an owner."""
        return Lock(self._database, name, owner, now)

    def close(self) -> None:
        """Ends the connection."""
        self._database.close()
