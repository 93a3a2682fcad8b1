"""One function an action: what it means in HubSpot (§2.4, §2.5, §3). `REMAINS` says what the vendor keeps of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.hubspot.answers import Json
from connectors.hubspot.client import Client
from connectors.hubspot.erase import PURGED, erase
from connectors.hubspot.evidence import Evidence
from connectors.hubspot.notes import annotate
from connectors.hubspot.preferences import Preferences
from connectors.hubspot.records import ADDITIONAL, is_on, values, version
from connectors.hubspot.schema import Properties, writable
from connectors.hubspot.suppress import suppress
from connectors.hubspot.writing import Values, judged, revise
from core.actions import (
    Action,
    Annotate,
    Anonymise,
    Bin,
    Clear,
    Command,
    Erase,
    Redact,
    Restrict,
    Span,
    Suppress,
    redacted,
)
from core.connector import AlreadyDone, Done, Receipt, Refused
from core.errors import RepoussoirError, Unreachable

CONTACTS = "contacts"
HISTORY = "old values stay in HubSpot's property history until the contact is erased"
BINNED = "in HubSpot's recycle bin, where a user can restore it for 90 days"
ANONYMOUS = f"{HISTORY}; read-only values (places derived from the IP address), notes, activities and files stay"
REMAINS = {"redact": HISTORY, "clear": HISTORY, "anonymise": ANONYMOUS, "bin": BINNED, "erase": PURGED}

# They say nothing about the person, and tell staff and our other rules how to treat the record.
_IMPERSONAL = ("lifecyclestage", "hs_lead_status", "hubspot_owner_id", "hs_legal_basis")


@dataclass(frozen=True, slots=True)
class Desk:
    """What the actions work with."""

    client: Client
    properties: Properties
    preferences: Preferences
    evidence: Evidence
    cascade: tuple[str, ...] = ()


def apply(desk: Desk, batch: Sequence[Command]) -> Iterator[Receipt]:
    """Does one kind of action to some records, receipts in order."""
    if batch and isinstance(batch[0].action, Annotate):
        # Notes are told apart by their own ids, and are not bound to a version.
        yield from annotate(desk.client, batch)
        return
    for part in _distinct(batch):
        yield from _HANDLERS[type(part[0].action)](desk, part)


def _distinct(batch: Sequence[Command]) -> Iterator[list[Command]]:
    """The batch in runs without the same record twice: the second command on it must see the version of the first."""
    run: list[Command] = []
    for command in batch:
        if any(command.ref == earlier.ref for earlier in run):
            yield run
            run = []
        run.append(command)
    if run:
        yield run


def _suppress(desk: Desk, batch: Sequence[Command]) -> Iterator[Receipt]:
    yield from suppress(desk.client, desk.properties, desk.preferences, batch)


def _erase(desk: Desk, batch: Sequence[Command]) -> Iterator[Receipt]:
    yield from erase(desk.client, desk.evidence, batch, desk.cascade)


def _restrict(desk: Desk, batch: Sequence[Command]) -> Iterator[Receipt]:
    flag = desk.client.options.restricted
    if flag not in desk.properties.known():
        yield from (Refused(f"the property {flag} is not there: run init") for _ in batch)
        return

    def plan(_: Command, row: Json) -> Receipt | Values:
        return AlreadyDone() if is_on(values(row).get(flag)) else {flag: "true"}

    yield from revise(desk.client, CONTACTS, batch, (flag,), plan)


def _clear(desk: Desk, batch: Sequence[Command]) -> Iterator[Receipt]:
    def plan(command: Command, row: Json) -> Receipt | Values:
        action = command.action
        assert isinstance(action, Clear)
        if told := _unwritable(desk, action.properties):
            return Refused(told)
        left = {name: _without(values(row).get(name, ""), action.options) for name in action.properties}
        return {name: text for name, text in left.items() if text != values(row).get(name, "")} or AlreadyDone(HISTORY)

    names = {name for command in batch if isinstance(command.action, Clear) for name in command.action.properties}
    yield from _kept(HISTORY, revise(desk.client, CONTACTS, batch, sorted(names), plan))


def _without(value: str, options: tuple[str, ...]) -> str:
    """A value without some of its choices; without any when none is named. No leading `;`: that would append (§2.5)."""
    return ";".join(part for part in value.split(";") if part not in options) if options else ""


def _redact(desk: Desk, batch: Sequence[Command]) -> Iterator[Receipt]:
    def plan(command: Command, row: Json) -> Receipt | Values:
        action = command.action
        assert isinstance(action, Redact)
        if told := _unwritable(desk, (action.property,)):
            return Refused(told)
        text = values(row).get(action.property, "")
        if version(row) != command.version:
            # The caller tells stale from done: the spans count characters of the text as it was read.
            return AlreadyDone(HISTORY) if _is_redacted(text, action.spans) else {}
        try:
            return {action.property: redacted(text, action.spans)}
        except ValueError:
            return Refused("the spans do not fit the text")

    names = {command.action.property for command in batch if isinstance(command.action, Redact)}
    yield from _kept(HISTORY, revise(desk.client, CONTACTS, batch, sorted(names), plan))


def _is_redacted(text: str, spans: tuple[Span, ...]) -> bool:
    """True when every label stands where its span would have put it."""
    shift = 0
    for span in spans:
        label = f"[{span.label}]"
        if not text.startswith(label, span.start + shift):
            return False
        shift += len(label) - (span.end - span.start)
    return True


def _anonymise(desk: Desk, batch: Sequence[Command]) -> Iterator[Receipt]:
    """Empties every value that can be written, custom ones too: what is not known to be harmless may identify (RET-25)."""
    options = desk.client.options
    spared = (*_IMPERSONAL, options.restricted, options.no_telephone)
    names = [item for item, told in desk.properties.known().items() if writable(told) and item not in spared]

    def plan(_: Command, row: Json) -> Receipt | Values:
        if values(row).get(ADDITIONAL):
            return Refused(f"{ADDITIONAL} is read-only and not empty: only erasing removes these addresses")
        return {name: "" for name in names if values(row).get(name)} or AlreadyDone(ANONYMOUS)

    yield from _kept(ANONYMOUS, revise(desk.client, CONTACTS, batch, (*names, ADDITIONAL), plan))


def _bin(desk: Desk, batch: Sequence[Command]) -> Iterator[Receipt]:
    rows = desk.client.read(CONTACTS, [command.ref.id for command in batch], ())
    told = [judged(command, rows.get(command.ref.id), lambda *_: {}) for command in batch]
    ids = [command.ref.id for command, item in zip(batch, told, strict=True) if isinstance(item, Mapping)]
    doubt = _archived(desk, ids)
    left = desk.client.read(CONTACTS, ids, ()) if doubt else {}
    if left and all(version(row) == version(rows[id]) for id, row in left.items()):
        doubt = _archived(desk, left)
        left = desk.client.read(CONTACTS, left, ()) if doubt else {}
    for item, command in zip(told, batch, strict=True):
        if doubt and command.ref.id in left:
            raise doubt
        yield Done(remains=BINNED) if isinstance(item, Mapping) else item


def _archived(desk: Desk, ids: Iterable[str]) -> RepoussoirError | None:
    """Puts contacts into the bin once; answers the error when the answer was lost."""
    try:
        desk.client.archive(CONTACTS, ids, safe=False)
    except Unreachable as error:
        return error
    return None


def _unwritable(desk: Desk, names: Sequence[str]) -> str:
    """Why some properties cannot be written; empty when all can (§2.5: one such name refuses a whole call)."""
    known = desk.properties.known()
    bad = [name for name in names if name not in known or not writable(known[name])]
    return f"read-only or unknown: {', '.join(bad)}" if bad else ""


def _kept(remains: str, receipts: Iterator[Receipt]) -> Iterator[Receipt]:
    """The receipts, with what HubSpot keeps said in those of what was done."""
    yield from (replace(item, remains=remains) if isinstance(item, Done) else item for item in receipts)


Handler = Callable[[Desk, Sequence[Command]], Iterator[Receipt]]
_HANDLERS: Mapping[type[Action], Handler] = {
    Suppress: _suppress,
    Restrict: _restrict,
    Redact: _redact,
    Clear: _clear,
    Anonymise: _anonymise,
    Bin: _bin,
    Erase: _erase,
}
