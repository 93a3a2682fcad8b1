"""After a crash: every intent without an outcome is resolved by reading the record, before anything else is done."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from itertools import groupby

from core.actions import Action, Anonymise, Bin, Clear, Command, Erase, Redact, Restrict
from core.connector import AlreadyDone, Changed, Connector, Done, Gone, Receipt, Refused
from core.errors import FAULTS, BadAnswer, StopCrm
from core.judge import Judge
from core.model import Record, Ref
from core.outcomes import Outcomes, Ticket, confirmed, receipt_of
from core.read import whole
from core.store.ledger import Owed
from core.store.store import Store

_FOUND = "resolved after an interruption"
_DOUBT = "gone while its removal was under way; whether by it cannot be told"


def recover(store: Store, connectors: Mapping[str, Connector], judge: Judge, outcomes: Outcomes, now: datetime) -> int:
    """Settles what the ledger owes for the connected CRMs; answers how many intents it resolved.

    An intent that was answered, or whose effect is there, becomes an outcome; any other is struck out, and its item is open
    again.
    Must be called before a plan is made or applied. What a CRM cannot tell now stays owed; nothing is written there
    until it is resolved.
    """
    owed = [item for item in store.ledger.owed("outcome") if item.crm in connectors]
    before = len(owed)
    for _, group in groupby(sorted(owed, key=_place), key=_place):
        with suppress(StopCrm, BadAnswer, *FAULTS):
            _resolve(store, connectors, judge, outcomes, list(group), now)
    return before - sum(item.crm in connectors for item in store.ledger.owed("outcome"))


def _place(owed: Owed) -> tuple[str, str]:
    return owed.crm, Ref.parse(owed.body["ref"]).kind


def _resolve(
    store: Store, connectors: Mapping[str, Connector], judge: Judge, outcomes: Outcomes, owed: list[Owed], now: datetime
) -> None:
    tickets = [(item.seq, Ticket.read(item.body), receipt_of(item.body)) for item in owed]
    connector = connectors[owed[0].crm]
    kind = tickets[0][1].item.ref.kind
    refs = list(dict.fromkeys(ticket.item.ref for _, ticket, _ in tickets))
    found = whole(connector, refs, judge.needs(connector.schema(kind)))
    for intent, ticket, given in tickets:
        record = found[ticket.item.ref]
        if isinstance(given, Changed | Refused | Gone):
            outcomes.close(ticket, intent, given, record, now)
        elif _took_effect(ticket.item.action, record, judge, now):
            held = _held(store, judge, ticket.item.ref)
            outcomes.close(ticket, intent, given or _finished(connector, ticket, record, held=held), record, now)
        else:
            outcomes.undone(ticket, intent, now, _taken(connector, ticket.item.action))


def _held(store: Store, judge: Judge, ref: Ref) -> bool:
    """Whether the person of a record is under a hold by now."""
    matcher = store.holds.matcher()
    return any(matcher(row) for row in store.index.closure([ref], judge.shared_above))


def _finished(connector: Connector, ticket: Ticket, record: Record | None, *, held: bool) -> Receipt:
    """The receipt of a write that took effect or whose record went, and that nobody answered for.

    An absent record may have been archived or merged away by a user: that it was erased is the adapter's word only, so it
    is asked once more, which also empties a bin that was not reached. So it is to anonymise what it may have begun. Not
    for somebody held since. A restriction that is there may be somebody else's.
    """
    action = ticket.item.action
    if record is not None and (held or not isinstance(action, Anonymise)):
        return AlreadyDone(_FOUND) if isinstance(action, Restrict) else Done(remains=_FOUND)
    if held or not isinstance(action, Erase | Anonymise):
        return Gone(_DOUBT if isinstance(action, Bin | Erase) else "")
    version = record.version if record else ticket.item.version
    match next(iter(connector.apply([Command(ticket.item.ref, version, action)]))):
        case Done(remains=remains) | AlreadyDone(remains):
            return Done(remains="; ".join(filter(None, (_FOUND, remains))))
        case Gone(taken):
            return Gone("; ".join(filter(None, (_DOUBT, taken))))
        case receipt:
            return receipt


def _taken(connector: Connector, action: Action) -> str:
    """What an erasure may have done to a record that is still there: the children go first."""
    along = isinstance(action, Erase) and (action.cascade or connector.capabilities.cascade)
    return "its children may be gone already" if along else ""


def _took_effect(action: Action, record: Record | None, judge: Judge, now: datetime) -> bool:
    if record is None:
        return True
    if isinstance(action, Redact) or (isinstance(action, Clear) and action.places):
        # By property, as the spans and places move when somebody edits the record meanwhile.
        return _target(action) not in {_target(finding.action) for finding in judge.local(record, now)}
    return confirmed(action, Done(), record) == Done()


def _target(action: Action | None) -> tuple[str, ...]:
    """The kind of a cut and the properties it is made in; nothing for what cuts nothing."""
    match action:
        case Redact(name, _):
            return ("redact", name)
        case Clear(properties):
            return ("clear", *properties)
    return ()
