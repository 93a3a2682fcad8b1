"""The reference adapter: a CRM in memory. What the engine is tested on, and what the contract means in plain code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from core import actions
from core.actions import Action, Annotate, Anonymise, Bin, Clear, Command, Erase, Redact, Restrict, Suppress, redacted
from core.connector import Account, AlreadyDone, Capabilities, Changed, Done, Gone, Operator, Receipt, Refused
from core.model import CHANNELS, Objection, Page, Query, Record, Ref
from core.schema import Property, Schema

KIND = "person"


class MemoryCrm:
    """One account whose records are values in a dict. `properties` is its schema; every write moves a record's version.

    `notes` holds the notes by record id; `writes` every write that took effect, as (kind of action, record id).
    """

    capabilities = Capabilities(
        kinds=(KIND,),
        actions=dict.fromkeys(actions.ACTIONS, (KIND,)),
        batch=dict.fromkeys(actions.ACTIONS, 3),
        reads=3,
        native={KIND: CHANNELS},
        remains={"bin": "the record is kept in the bin"},
        inbound=("reply",),
    )

    def __init__(self, name: str, records: Iterable[Record] = (), properties: Iterable[Property] = ()) -> None:
        self.name = name
        self.records = {record.ref.id: record for record in records}
        self.properties = tuple(properties)
        self.notes: dict[str, dict[str, str]] = {}
        self.writes: list[tuple[str, str]] = []
        self.page_size = 2

    def check(self) -> Account:
        """The account; everything is allowed."""
        return Account(id=f"account-of-{self.name}", name=self.name)

    def declare(self) -> tuple[str, ...]:
        """Nothing is missing."""
        return ()

    def schema(self, kind: str) -> Schema:
        """The properties it was made with."""
        return Schema(self.name, kind, self.properties)

    def scan(self, query: Query) -> Iterator[Page]:
        """Every record that is not in the bin, in pages."""
        ids = sorted(id for id, record in self.records.items() if not record.archived)
        for start in range(0, len(ids), self.page_size):
            part = ids[start : start + self.page_size]
            found = [_seen(self.records[id], query.properties) for id in part if id in self.records]
            yield Page(tuple(found), last=False, total=len(ids))
        yield Page((), last=True, total=len(ids))

    def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
        """The records asked for; None when gone or in the bin."""
        found = {ref: self.records.get(ref.id) for ref in refs}
        return {
            ref: _seen(record, properties) if record and not record.archived else None for ref, record in found.items()
        }

    def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
        """Does each command in turn."""
        for command in batch:
            yield self._one(command)

    def users(self) -> Iterator[Operator]:
        """One administrator."""
        yield Operator(
            id="1", name="Administrator", active=True, admin=True, last_login=datetime(2026, 1, 1, tzinfo=UTC)
        )

    def edit(self, record: Record) -> None:
        """What a user of the CRM does: another state of a record, under a new version."""
        self.records[record.ref.id] = replace(record, version=_next(record.version))

    def _one(self, command: Command) -> Receipt:
        record = self.records.get(command.ref.id)
        if record is None or record.archived:
            return Gone()
        if isinstance(command.action, Annotate):
            return self._annotate(command.ref.id, command.action)
        if isinstance(command.action, Erase):
            return self._erase(record, command.version)
        return self._write(record, command)

    def _erase(self, record: Record, version: str) -> Receipt:
        if record.version != version:
            return Changed()
        self.writes.append(("erase", record.ref.id))
        del self.records[record.ref.id]
        return Done()

    def _annotate(self, id: str, action: Annotate) -> Receipt:
        notes = self.notes.setdefault(id, {})
        if action.note.id in notes:
            return AlreadyDone()
        notes[action.note.id] = action.note.text
        self.writes.append(("annotate", id))
        return Done()

    def _write(self, record: Record, command: Command) -> Receipt:
        """State comes before version, so that the same command twice is AlreadyDone and not Changed."""
        if unknown := self._unknown(record, command.action):
            return Refused(f"no such property: {', '.join(unknown)}")
        if record.version != command.version:
            return AlreadyDone() if _is_so(record, command.action) else Changed()
        try:
            after = changed(record, command.action)
        except ValueError as error:
            return Refused(str(error))
        if after == record:
            return AlreadyDone()
        self.edit(after)
        name = actions.name(command.action)
        self.writes.append((name, record.ref.id))
        return Done(self.records[record.ref.id].version, self.capabilities.remains.get(name, ""))

    def _unknown(self, record: Record, action: Action) -> list[str]:
        """The properties to clear that neither the schema nor the record has."""
        known = {item.name for item in self.properties} | record.values.keys()
        return [name for name in action.properties if name not in known] if isinstance(action, Clear) else []


def _is_so(record: Record, action: Action) -> bool:
    """Whether an action has nothing left to do; the spans of a redaction count characters of the text from before it."""
    if not isinstance(action, Redact):
        return changed(record, action) == record
    text, shift = record.values.get(action.property, ""), 0
    for span in action.spans:
        label = f"[{span.label}]"
        if not text.startswith(label, span.start + shift):
            return False
        shift += len(label) - (span.end - span.start)
    return True


def changed(record: Record, action: Action) -> Record:
    """What a record is after an action that keeps it. Raises ValueError when the action does not fit the record."""
    match action:
        case Suppress(channels):
            new = tuple(Objection(c, "opt_out") for c in channels if c not in record.suppressed)
            return replace(record, suppressed=record.suppressed | set(channels), objections=record.objections + new)
        case Restrict():
            return replace(record, restricted=True)
        case Clear(properties, options):
            return replace(
                record, values={n: _without(v, options) if n in properties else v for n, v in record.values.items()}
            )
        case Redact(name, spans):
            return replace(record, values={**record.values, name: redacted(record.values.get(name, ""), spans)})
        case Anonymise():
            return replace(record, emails=(), phones=(), values={})
        case Bin():
            return replace(record, archived=True)
    raise ValueError(f"not an action that keeps the record: {actions.name(action)}")


def _without(value: str, options: tuple[str, ...]) -> str:
    return ";".join(part for part in value.split(";") if part not in options) if options else ""


def _seen(record: Record, properties: Sequence[str]) -> Record:
    return replace(record, values={name: record.values[name] for name in properties if record.values.get(name)})


def _next(version: str) -> str:
    return str(int(version) + 1)
