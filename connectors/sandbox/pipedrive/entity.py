"""What persons, organisations, deals and activities differ in, for v2: an Entity; and how a record is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.pipedrive import query, values
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.check import Check
from connectors.sandbox.pipedrive.counts import Extra
from connectors.sandbox.pipedrive.operation import Call
from connectors.sandbox.state import Doc

CUSTOM = "custom_fields"

Narrow = Callable[[Account, Any], Iterable[str | int]]


def nothing(call: Call, doc: Doc, body: Doc) -> None:
    """A write that needs no more than its values."""


def hidden(account: Account) -> frozenset[str]:
    """No key of the record depends on the account's settings."""
    return frozenset()


@dataclass(frozen=True, slots=True)
class Entity:
    """What differs between the four.

    `create` and `patch` check body keys (null allowed only where the check says so); `blank` is a new record; `keys`
    are shown in order, less those `hides` names; `extras` are shown when included. `narrow` finds candidates for a
    query parameter by links, `equal` compares one with a record's key; `filter_id` makes all of these ignored.
    `settle` finishes a record after its values are set; `guard` may refuse a body before it is checked.
    """

    kind: str
    one: str
    scopes: tuple[str, str]
    create: Mapping[str, Check]
    patch: Mapping[str, Check]
    required: str | None
    blank: Callable[[Call], Doc]
    keys: tuple[str, ...]
    extras: Mapping[str, Extra]
    fields: str | None = None
    hides: Callable[[Account], frozenset[str]] = hidden
    narrow: Mapping[str, Narrow] = field(default_factory=dict)
    equal: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, query.Parse] = field(default_factory=dict)
    sorts: tuple[str, ...] = ("id", "update_time", "add_time")
    guard: Callable[[Call, Doc], None] = lambda call, body: None
    settle: Callable[[Call, Doc, Doc], None] = nothing
    locked: Callable[[Doc, Doc], bool] = lambda doc, body: False

    @property
    def title(self) -> str:
        """The name that errors give it."""
        return self.one.capitalize()


def show(entity: Entity, call: Call, doc: Doc, more: Iterable[str] = ()) -> Doc:
    """A record in an answer, with the optional fields named in the query and in `more`."""
    account, wanted = call.account, call.query
    hides = entity.hides(account)
    shown = {key: doc[key] for key in entity.keys if key in doc and key not in hides}
    if entity.fields:
        shown[CUSTOM] = values.shown(_asked(entity, call), doc[CUSTOM], wanted.get("include_option_labels", False))
    if wanted.get("include_labels") and entity.fields:
        shown["labels"] = _labels(account.fields(entity.fields), doc["label_ids"])
    names = [*wanted.get("include_fields", ()), *more]
    return shown | {name: entity.extras[name](account, doc) for name in names if name not in hides}


def _asked(entity: Entity, call: Call) -> list[Doc]:
    fields = call.account.custom_fields(entity.fields or "")
    keys = call.query.get(CUSTOM)
    return list(fields.values()) if keys is None else [fields[key] for key in keys if key in fields]


def _labels(fields: Iterable[Doc], ids: Iterable[int]) -> list[Doc]:
    options = next((one["options"] for one in fields if one["field_code"] == "label_ids"), None) or []
    names = {option["id"]: option["label"] for option in options}
    return [{"id": id, "label": names.get(id)} for id in ids]
