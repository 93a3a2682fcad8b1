"""apply(): one function an action. Updates are told as the values a row must hold; `settle` sends and reads back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from connectors.salesforce import erase, notes, rows
from connectors.salesforce.client import Row, full_id
from connectors.salesforce.records import KINDS
from connectors.salesforce.scan import kind_of
from connectors.salesforce.schema import Object, Org
from connectors.salesforce.settle import Want, settle
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
from core.connector import AlreadyDone, Changed, Gone, Receipt, Refused

A = TypeVar("A", bound=Action)
Act = Callable[[Org, str, Mapping[str, Command]], Mapping[str, Receipt]]

HISTORY = "field history keeps old values for up to 24 months"
ANONYMISED = "activities, files, the linked Individual, links to other records and field history keep what they hold"


@dataclass(frozen=True, slots=True)
class Target:
    """One record about to be written: as it is now, and the version that was read when it was decided."""

    org: Org
    seen: Object
    id: str
    version: str
    row: Row

    def want(self, values: Mapping[str, Any], problems: Sequence[str] = (), remains: str = "") -> Want:
        """These values, and what of the action cannot be done."""
        return Want(self.version, values, "; ".join(problems), remains)

    def problem(self, name: str) -> str:
        """Why a field cannot be written."""
        if name not in self.seen.fields:
            return f"{self.seen.name}.{name} is not there or hidden by field-level security"
        return f"{self.seen.name}.{name} is {'required' if self.seen.settable(name) else 'read-only'}"

    def history(self, names: Sequence[str]) -> str:
        """What field history will keep of these fields."""
        kept = [name for name in names if name in self.seen.fields and self.org.tracked(self.seen.name, name)]
        return f"{HISTORY}: {', '.join(kept)}" if kept else ""


def apply(org: Org, batch: Sequence[Command]) -> Iterator[Receipt]:
    """One receipt a command, in order. Commands of one kind are written together, two on the same record one after the other."""
    receipts: dict[int, Receipt] = {}
    while len(receipts) < len(batch):
        groups: dict[str, dict[str, int]] = {}
        for at, command in enumerate(batch):
            id = full_id(command.ref.id)
            if id is None:
                receipts[at] = Gone()
            elif at not in receipts:
                groups.setdefault(command.ref.kind, {}).setdefault(id, at)
        for kind, places in groups.items():
            act = _ACTIONS[type(batch[next(iter(places.values()))].action)]
            done = act(org, kind, {id: batch[at] for id, at in places.items()})
            receipts.update({places[id]: receipt for id, receipt in done.items()})
    yield from (receipts[at] for at in range(len(batch)))


def _update(names: Callable[[Org, Object, A], Sequence[str]], wish: Callable[[Target, A], Want | Receipt]) -> Act:
    """An action that writes fields: `names` are the ones to look at, `wish` says what they must hold."""

    def act(org: Org, kind: str, commands: Mapping[str, Command]) -> Mapping[str, Receipt]:
        told, seen = kind_of(org, kind), org.object(kind)
        actions = {id: cast(A, command.action) for id, command in commands.items()}
        looked = {name for action in actions.values() for name in names(org, seen, action)}
        looked = {"SystemModstamp", "IsDeleted", "IsPersonAccount", *looked} & set(seen.fields)
        found = rows.read(org.client, kind, commands, looked)
        decided: dict[str, Want | Receipt] = {}
        for id, row in found.items():
            target = Target(org, seen, id, commands[id].version, row) if row and told.stands_in(row) else None
            decided[id] = _checked(target, wish(target, actions[id])) if target else Gone()
        return _written(org, kind, decided)

    return act


def _written(org: Org, kind: str, decided: Mapping[str, Want | Receipt]) -> Mapping[str, Receipt]:
    wants = {id: each for id, each in decided.items() if isinstance(each, Want)}
    receipts = settle(
        org.client,
        kind,
        wants,
        lambda pending: rows.patch(
            org.client, org.object(kind), {id: want.values or {} for id, want in pending.items()}
        ),
    )
    return {id: receipts[id] if isinstance(each, Want) else each for id, each in decided.items()}


def _checked(target: Target, want: Want | Receipt) -> Want | Receipt:
    if not isinstance(want, Want):
        return want
    if want.held_by(target.row):
        return Refused(want.refused) if want.refused else AlreadyDone(want.remains)
    return want if target.row.get("SystemModstamp") == target.version else Changed()


def _flags(org: Org, seen: Object, action: Suppress) -> Sequence[str]:
    return [KINDS[seen.name].flags[channel] for channel in action.channels]


def _suppress(target: Target, action: Suppress) -> Want:
    flags = _flags(target.org, target.seen, action)
    lost = [flag for flag in flags if not target.seen.settable(flag) and target.row.get(flag) is not True]
    return target.want({flag: True for flag in flags if flag not in lost}, [target.problem(flag) for flag in lost])


def _restrict(target: Target, action: Restrict) -> Want:
    name = target.org.options.restricted
    if not target.seen.settable(name) and target.row.get(name) is not True:
        return target.want({}, [target.problem(name)])
    return target.want({name: True})


def _parts(org: Org, seen: Object, action: Clear) -> Sequence[str]:
    return [part for name in action.properties for part in seen.parts(name)]


def _clear(target: Target, action: Clear) -> Want:
    seen, values, problems = target.seen, dict[str, Any](), []
    for name in _parts(target.org, seen, action):
        left = _without(target.row.get(name), action.options)
        if name in seen.fields and rows.same(target.row.get(name), left):
            continue
        if seen.settable(name) if left else seen.clearable(name):
            values[name] = left if left or seen.fields[name]["type"] != "boolean" else False
        else:
            problems.append(target.problem(name))
    return target.want(values, problems, target.history(list(values)))


def _without(value: object, options: tuple[str, ...]) -> str | None:
    """What is left of a value: nothing, or, of a multiple choice, the other choices."""
    if not options:
        return None
    return ";".join(choice for choice in str(value or "").split(";") if choice and choice not in options) or None


def _redact(target: Target, action: Redact) -> Want | Receipt:
    name, kept = action.property, target.history([action.property])
    text = str(target.row.get(name) or "")
    if target.row.get("SystemModstamp") != target.version:
        return AlreadyDone(kept) if _redacted_before(text, action.spans) else Changed()
    if not target.seen.settable(name):
        return Refused(target.problem(name))
    try:
        return target.want({name: redacted(text, action.spans)}, remains=kept)
    except ValueError:
        return Refused("the spans do not fit the text")


def _redacted_before(text: str, spans: Sequence[Span]) -> bool:
    """True when every label stands where redacting these spans would have put it."""
    shift = 0
    for span in spans:
        label = f"[{span.label}]"
        if not text.startswith(label, span.start + shift):
            return False
        shift += len(label) - (span.end - span.start)
    return True


_TEXTS = frozenset({"string", "textarea", "email", "phone", "url", "encryptedstring", "combobox"})
_KEPT = frozenset({"reference", "boolean"})


def _identifying(org: Org, seen: Object, action: Anonymise) -> Sequence[str]:
    return [name for name in seen.fields if _identifies(seen, name)]


def _identifies(seen: Object, name: str) -> bool:
    """True for what tells who the person is, or helps to: texts, dates, parts of names and addresses, the customer's fields."""
    field = seen.fields[name]
    if field["type"] in _KEPT or not seen.settable(name) or (seen.name == "Account" and name == "Name"):
        return False
    helps = field["type"] in _TEXTS | {"date"} or field.get("custom") or field.get("compoundFieldName")
    return bool(helps) or name == "Salutation"


def _anonymise(target: Target, action: Anonymise) -> Want:
    seen, values, problems = target.seen, dict[str, Any](), []
    for name in _identifying(target.org, seen, action):
        if seen.clearable(name):
            values[name] = None
        elif seen.fields[name]["type"] in _TEXTS:
            values[name] = _placeholder(seen.fields[name], target.id)
        else:
            problems.append(target.problem(name))
    return target.want(values, problems, ANONYMISED)


def _placeholder(field: Row, id: str) -> str:
    """A value for a required field that tells nothing and is each record's own: equal ones trip duplicate rules (§12)."""
    known = {"email": f"erased-{id.lower()}@example.invalid", "url": "https://example.invalid", "phone": "0"}
    text = known.get(field["type"], f"ERASED-{id[3:15]}")
    return text[: field.get("length") or len(text)]


_ACTIONS: Mapping[type, Act] = {
    Suppress: _update(_flags, _suppress),
    Restrict: _update(lambda org, seen, action: [org.options.restricted], _restrict),
    Redact: _update(lambda org, seen, action: [action.property], _redact),
    Clear: _update(_parts, _clear),
    Anonymise: _update(_identifying, _anonymise),
    Bin: erase.bin,
    Erase: erase.erase,
    Annotate: notes.annotate,
}
