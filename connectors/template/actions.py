"""apply(): what each action means here. Every write goes on the version that was read; a lost answer is settled by reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.actions import Action, Annotate, Clear, Command, Erase, Note, Redact, Restrict, Suppress, redacted
from core.connector import AlreadyDone, Changed, Done, Gone, Receipt, Refused
from core.errors import BadAnswer, Unreachable

from .client import Api, Row
from .records import fields, id_of, left, version
from .schema import FLAGS, RESTRICTED, names

WRITES = ("suppress", "restrict", "redact", "clear", "erase", "annotate")
KEPT = "Cardbox keeps its backups for 14 days"
Fields = Mapping[str, Any]


def apply(api: Api, batch: Sequence[Command]) -> Iterator[Receipt]:
    """One receipt a command, in order. The batch is read right before it is written."""
    cards = api.some([command.ref.id for command in batch])
    known = names(api.fields()) if cards else set()
    for command in batch:
        card = cards.get(command.ref.id)
        yield _one(api, command, card, known) if card is not None else Gone()


def _one(api: Api, command: Command, card: Row, known: set[str]) -> Receipt:
    match command.action:
        case Annotate(note):
            return _annotate(api, card, note)
        case _ if version(card) != command.version:
            return Changed()
        case Erase():
            return _erase(api, card)
    try:
        wanted = _wish(command.action, card)
    except ValueError as error:
        return Refused(str(error))
    if unknown := sorted(wanted.keys() - known):
        return Refused(f"Cardbox has no field {', '.join(unknown)}")
    change = left(card, wanted)
    return _change(api, card, change) if change else AlreadyDone()


def _wish(action: Action, card: Row) -> Fields:
    """The fields as an action wants them. Raises ValueError when it does not fit the card."""
    match action:
        case Suppress(channels):
            return {FLAGS[channel]: True for channel in channels}
        case Restrict():
            return {RESTRICTED: True}
        case Clear(properties, ()):
            return dict.fromkeys(properties)
        case Redact(name, spans):
            return {name: redacted(fields(card).get(name) or "", spans)}
    raise ValueError("Cardbox has no multiple choices")


def _change(api: Api, card: Row, change: Fields) -> Receipt:
    try:
        after: Row | Receipt | None = api.change(id_of(card), version(card), change)
    except (Unreachable, BadAnswer):
        after = api.some([id_of(card)]).get(id_of(card))
        if after is not None and left(after, change):
            raise
    if not isinstance(after, Row):
        return after or Gone()
    kept = left(after, change)  # a vendor may refuse without a word
    return Refused(f"Cardbox kept {', '.join(kept)}") if kept else Done(version(after))


def _erase(api: Api, card: Row) -> Receipt:
    try:
        after: Row | Receipt = api.delete(id_of(card), version(card))
    except (Unreachable, BadAnswer):
        if api.some([id_of(card)]):
            raise
        after = Row()
    return Done(remains=KEPT) if isinstance(after, Row) else after


def _annotate(api: Api, card: Row, note: Note) -> Receipt:
    """Found again by its own id, so that twice is once."""
    if note.id in api.notes(id_of(card)):
        return AlreadyDone()
    try:
        api.add_note(id_of(card), note.id, note.text)
    except (Unreachable, BadAnswer):
        if note.id not in api.notes(id_of(card)):
            raise
    return Done()
