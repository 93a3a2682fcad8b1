"""The store as one thing: its parts share a connection, so that what belongs together is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from core.model import Ref
from core.periods import Period
from core.store.accounts import Accounts
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
        self.accounts = Accounts(self._database)
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

    def rekey(self, ids: Sequence[str], now: datetime) -> None:
        """Moves entries, holds and tombstones of whom the index knows to the current HMAC key; the ledger counts them, if any.

        `ids` are the live key ids, the current one first.
        """
        seen = [item for row in self.index.rows() for item in row.identifiers]
        with self.transaction():
            moved = {
                "entries": self.suppression.rekey(seen),
                "holds": self.holds.rekey(seen),
                "tombstones": self.tombstones.rekey(seen),
            }
            if any(moved.values()):
                self.ledger.append(now, "list", {"do": "rekey", "from": list(ids[1:]), "to": ids[0], **moved})

    def crms(self) -> frozenset[str]:
        """The CRMs that something is known of, whether they are still in the configuration or not."""
        owing = {item.crm for item in self.ledger.owed("outcome")}
        return frozenset({*self.index.crms(), *self.accounts.known(), *owing})

    def forget(self, crm: str) -> tuple[int, int]:
        """Forgets all that is known of the records of a CRM, and which account it was; lists and tombstones stay.

        Plans under way that were made with it are closed. Answers how many records, and how many writes were never resolved.
        """
        with self.transaction():
            for kept in self.plans.unfinished():
                if crm in kept.plan.accounts:
                    self.plans.close(kept.plan.digest, "expired")
            self.accounts.forget(crm)
            unresolved = len(self.ledger.owed("outcome", crm))
            self.ledger.release(crm)
            return self.index.forget_crm(crm), unresolved

    def lock(self, name: str, owner: str, now: Callable[[], datetime]) -> Lock:
        """The lock of that name, for an owner."""
        return Lock(self._database, name, owner, now)

    def close(self) -> None:
        """Ends the connection."""
        self._database.close()
