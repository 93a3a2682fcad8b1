"""Intents and outcomes: what the ledger says before and after a write, and what else must be remembered with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import canonical
from core.actions import FINAL, Action, Anonymise, Bin, Clear, Erase, Restrict, Suppress
from core.connector import AlreadyDone, Changed, Done, Gone, Receipt, Refused
from core.identity import nobody
from core.ledger import Entry as Line
from core.model import Mark, Record
from core.people import Entry
from core.plan import Item
from core.store.store import Store

_WORDS: dict[type, str] = {Done: "done", AlreadyDone: "already", Changed: "changed", Refused: "refused", Gone: "gone"}
_CHUNK = 500


def word(receipt: Receipt) -> str:
    """The word for a kind of receipt: `done`, `already`, `changed`, `refused`, `gone`."""
    return _WORDS[type(receipt)]


@dataclass(frozen=True, slots=True)
class Ticket:
    """An item of a stored plan, by the plan's digest and the item's place."""

    digest: str
    place: int
    item: Item

    def body(self) -> dict[str, Any]:
        """The ticket as JSON, enough to resolve it after a crash."""
        return {"plan": self.digest, "place": self.place, **self.item.body()}

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Ticket:
        """The ticket of `body`."""
        return cls(body["plan"], body["place"], Item.read(body))


class Outcomes:
    """Writes the ledger around each write, with its side effects in the same transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list_entries(self, entries: Sequence[Entry], now: datetime) -> int:
        """Adds a plan's entries to the suppression list, before anything else is done. Answers how many were new."""
        new = 0
        for start in range(0, len(entries), _CHUNK):
            part = entries[start : start + _CHUNK]
            with self._store.transaction():
                if added := self._store.suppression.add(part):
                    new += added
                    lines = [[entry.channel, str(entry.key), entry.source] for entry in part]
                    self._store.ledger.append(now, "list", {"do": "add", "entries": lines})
        return new

    def intend(self, tickets: Sequence[Ticket], now: datetime) -> list[int]:
        """Says what is about to be done; answers the places of the intents in the ledger.

        A mark we are about to make is remembered as ours from here on.
        """
        intents = []
        with self._store.transaction():
            for ticket in tickets:
                line = self._store.ledger.append(now, "intent", ticket.body())
                self._store.ledger.owe(line, "outcome", ticket.item.ref.crm, ticket.body())
                intents.append(line.seq)
                self._store.index.record_push(ticket.item.ref, _marks(ticket.item.action), now)
        return intents

    def received(self, ticket: Ticket, intent: int, receipt: Receipt | None) -> None:
        """Keeps the receipt of a write until it is read back, as nobody gives it twice; None forgets it again."""
        told = {"received": _told(receipt)} if receipt else {}
        self._store.ledger.learn(intent, ticket.body() | told)

    def refuse(self, ticket: Ticket, receipt: Receipt, now: datetime) -> None:
        """The outcome of an item that was not written, because the record or its person changed."""
        with self._store.transaction():
            self._append(ticket, receipt, None, now)
            self._store.plans.answer(ticket.digest, ticket.place, word(receipt))

    def close(
        self,
        ticket: Ticket,
        intent: int,
        receipt: Receipt,
        record: Record | None,
        now: datetime,
        *,
        expected: bool = False,
    ) -> Receipt:
        """The outcome of a write, with what was read back. Answers the receipt, or a refusal when it did not hold.

        `expected` says that it was made on the very version that the plan expects: then what it left is our own version,
        also after a crash. Of a write that was resolved afterwards nobody can say so.
        """
        held = confirmed(ticket.item.action, receipt, record)
        ours = record.version if record and expected and isinstance(held, Done | AlreadyDone) else None
        with self._store.transaction():
            line = self._append(ticket, held, record, now, intent)
            self._store.ledger.settle(intent)
            self._store.plans.answer(ticket.digest, ticket.place, word(held), ours)
            if isinstance(held, Done | AlreadyDone | Gone):
                self._remember(ticket, held, record, line, now)
            if isinstance(held, Done) and isinstance(ticket.item.action, Bin | Erase):
                self._store.ledger.owe(line, "erasure", ticket.item.ref.crm, {"rule": ticket.item.rule})
            for mark in _not_ours(ticket.item.action, held):
                self._store.index.drop_push(ticket.item.ref, mark)
        return held

    def undone(self, ticket: Ticket, intent: int, now: datetime, why: str = "") -> None:
        """After a crash: the write never took effect, but for what `why` says; the item is as open as before."""
        with self._store.transaction():
            body = {"intent": intent, "ref": str(ticket.item.ref), "result": "undone", "why": why}
            self._store.ledger.append(now, "recovery", body)
            self._store.ledger.settle(intent)
            for mark in _marks(ticket.item.action):
                self._store.index.drop_push(ticket.item.ref, mark)

    def _append(
        self, ticket: Ticket, receipt: Receipt, record: Record | None, now: datetime, intent: int | None = None
    ) -> Line:
        body = {
            "intent": intent,
            "plan": ticket.digest,
            "ref": str(ticket.item.ref),
            "action": canonical.encode(ticket.item.action),
            "policy": ticket.item.policy,
            "rule": ticket.item.rule,
            **_told(receipt),
            "read_back": ("absent" if record is None else "present") if intent else "",
        }
        return self._store.ledger.append(now, "outcome", body)

    def _remember(self, ticket: Ticket, held: Receipt, record: Record | None, line: Line, now: datetime) -> None:
        if isinstance(ticket.item.action, FINAL):
            if not isinstance(held, Gone):
                # Who is gone by another's hand may live on in another record: only our own word is an erasure.
                rows = self._store.index.get([ticket.item.ref])
                self._store.tombstones.add((i for row in rows for i in row.identifiers), ticket.item.rule, now)
            if record is None:
                self._store.index.expect_one_less(ticket.item.ref)
        if record is not None:
            owed = {"ref": str(ticket.item.ref), "rule": ticket.item.rule, "did": canonical.label(ticket.item.action)}
            self._store.ledger.owe(line, "note", ticket.item.ref.crm, owed)


def _told(receipt: Receipt) -> dict[str, str]:
    remains = receipt.remains if isinstance(receipt, Done | AlreadyDone) else ""
    return {"receipt": word(receipt), "why": _why(receipt), "remains": remains}


def receipt_of(owed: Mapping[str, Any]) -> Receipt | None:
    """The receipt that was kept for an intent by `Outcomes.received`; None when none was given."""
    match owed.get("received"):
        case {"receipt": "done", "remains": remains}:
            return Done(remains=remains)
        case {"receipt": "already", "remains": remains}:
            return AlreadyDone(remains)
        case {"receipt": "changed", "why": why}:
            return Changed(why)
        case {"receipt": "gone", "why": why}:
            return Gone(why)
        case {"receipt": "refused", "why": why}:
            return Refused(why)
    return None


def _why(receipt: Receipt) -> str:
    """Why a write was not done, and what was done before that was known."""
    if isinstance(receipt, Changed | Gone):
        return receipt.taken
    return receipt.why if isinstance(receipt, Refused) else ""


def _not_ours(action: Action, held: Receipt) -> tuple[Mark, ...]:
    """The marks of an action that may be somebody else's after all: an objection, or a restriction under Art. 18."""
    if isinstance(held, Done) or (isinstance(held, AlreadyDone) and not isinstance(action, Restrict)):
        return ()
    return _marks(action)


def _marks(action: Action) -> tuple[Mark, ...]:
    match action:
        case Suppress(channels):
            return channels
        case Restrict():
            return ("restriction",)
        case Anonymise():
            return ("anonymised",)
    return ()


def confirmed(action: Action, receipt: Receipt, record: Record | None) -> Receipt:
    """The receipt, or Refused when reading back contradicts it (a vendor may refuse without a word)."""
    if isinstance(receipt, Gone) and record:
        return Refused("read back: the record is there, although the vendor said it was gone")
    if not isinstance(receipt, Done | AlreadyDone):
        return receipt
    match action:
        case Suppress(channels) if record and not set(channels) <= record.suppressed:
            return Refused("read back: the flag is not set")
        case Clear(properties, _, ()) if record and any(record.values.get(name) for name in properties):
            return Refused("read back: the property is still filled")
        case Restrict() if record and not record.restricted:
            return Refused("read back: the record is not restricted")
        case Anonymise() if record and not nobody(record.emails, record.phones):
            return Refused("read back: an identifier is still there")
        case Bin() | Erase() if record:
            return Refused("read back: the record is still there")
    return receipt
