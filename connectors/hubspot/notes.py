"""Annotate: one note a decision, found again through the record's links and never by search, which lags (§4, §12.23)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from html import escape

from connectors.hubspot.answers import Answer, Json, Rejected
from connectors.hubspot.client import Client
from connectors.hubspot.records import values, version
from core.actions import Annotate, Command, Note
from core.connector import AlreadyDone, Changed, Done, Gone, Receipt, Refused
from core.errors import BadAnswer, RepoussoirError, Unreachable

NOTES, BODY = "notes", "hs_note_body"
# What a note can hang on, and the type of the link from a note to it (§2.6).
PARENTS: Mapping[str, tuple[str, int]] = {"contact": ("contacts", 202), "company": ("companies", 190)}


def annotate(client: Client, batch: Sequence[Command]) -> Iterator[Receipt]:
    """Writes the notes that are not there yet, on contacts or on the audit anchor."""
    receipts: dict[str, Receipt] = {}
    for kind in PARENTS:
        receipts |= _annotate(client, kind, [command for command in batch if command.ref.kind == kind])
    for command in batch:
        yield receipts.get(_note(command).id, Refused(f"no notes on a {command.ref.kind}"))


def _annotate(client: Client, kind: str, batch: Sequence[Command]) -> dict[str, Receipt]:
    """Receipts by the id of the note."""
    if not batch:
        return {}
    rows = client.read(PARENTS[kind][0], [command.ref.id for command in batch], ())
    there = _found(client, kind, batch)
    told = {_note(command).id: _state(command, rows, there) for command in batch}
    missing = [command for command in batch if told[_note(command).id] is None]
    receipts = {id: receipt for id, receipt in told.items() if receipt}
    return receipts | (_write(client, kind, missing) if missing else {})


def _state(command: Command, rows: Mapping[str, Json], there: set[str]) -> Receipt | None:
    """The receipt when there is nothing to write; None when the note is to be made. Without a version any will do."""
    row = rows.get(command.ref.id)
    if row is None:
        return Gone()
    if _note(command).id in there:
        return AlreadyDone()
    return None if command.version in ("", version(row)) else Changed()


def _write(client: Client, kind: str, batch: Sequence[Command]) -> dict[str, Receipt]:
    """Makes the notes; what the answer leaves open is looked for before anything is said."""
    answer, doubt = Answer((), ()), None
    try:
        answer = client.create(NOTES, [_input(command, PARENTS[kind][1]) for command in batch])
    except Rejected as error:
        return {_note(command).id: Refused(error.why) for command in batch}
    except (Unreachable, BadAnswer) as error:
        doubt = error
    bodies = [values(row).get(BODY, "") for row in answer.rows]
    made = {_note(command).id for command in batch if any(_marker(_note(command)) in body for body in bodies)}
    unsure = [command for command in batch if _note(command).id not in made]
    made |= _found(client, kind, unsure)
    return {_note(command).id: _outcome(_note(command).id, made, answer, doubt) for command in batch}


def _outcome(id: str, made: set[str], answer: Answer, doubt: RepoussoirError | None) -> Receipt:
    if id in made:
        return Done()
    if doubt:
        raise doubt
    return Refused(answer.error_of("objectWriteTraceId", id) or "HubSpot made no note")


def _found(client: Client, kind: str, batch: Sequence[Command]) -> set[str]:
    """The ids of the notes that hang on their records already."""
    linked = client.links(PARENTS[kind][0], NOTES, [command.ref.id for command in batch]) if batch else {}
    rows = client.read(NOTES, sorted({id for found in linked.values() for id in found}), (BODY,))
    bodies = {id: values(row).get(BODY, "") for id, row in rows.items()}
    return {
        _note(command).id
        for command in batch
        if any(_marker(_note(command)) in bodies.get(id, "") for id in linked[command.ref.id])
    }


def _input(command: Command, link: int) -> Json:
    note = _note(command)
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": link}]
    on = datetime.combine(note.on, time(), UTC).isoformat().replace("+00:00", "Z")
    return {
        "properties": {"hs_timestamp": on, BODY: f"{escape(note.text)} {_marker(note)}"},
        "associations": [{"to": {"id": command.ref.id}, "types": types}],
        "objectWriteTraceId": note.id,
    }


def _marker(note: Note) -> str:
    """How a note is found again; closed on both sides, so that L-1 is not found in L-10."""
    return f"[repoussoir {escape(note.id)}]"


def _note(command: Command) -> Note:
    assert isinstance(command.action, Annotate)
    return command.action.note
