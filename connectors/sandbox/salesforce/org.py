"""One Salesforce org: its schema, settings, ids and time. Two of them share the sandbox, so each names its own rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from connectors.sandbox.salesforce import ids, times
from connectors.sandbox.salesforce.customs import define
from connectors.sandbox.salesforce.schema import RESTRICT, Field, Object, read_fields
from connectors.sandbox.salesforce.settings import Settings
from connectors.sandbox.salesforce.tables import standard
from connectors.sandbox.salesforce.tables.people import PERSON_ACCOUNT, PERSON_CONTACT
from connectors.sandbox.state import Clock, State

Schema = Mapping[str, Object]


@cache
def _standard() -> Schema:
    return {each.name.lower(): each for each in standard()}


class Org:
    """An org's configuration. Must be used under the state's lock; rows are in `rows.Rows`."""

    def __init__(self, state: State, clock: Clock, vendor: str) -> None:
        self.state = state
        self.clock = clock
        self.cursors: dict[str, Any] = {}
        self.used = 0
        self._vendor = vendor
        self.forget()

    def forget(self) -> None:
        """Drops what is remembered of the configuration, after it or the whole state has changed."""
        self._schema: Schema | None = None
        self._settings: Settings | None = None
        self.derived: dict[str, Any] = {}

    def kind(self, name: str) -> str:
        """The document kind of an sObject, or of one of the org's own lists (`_field`, `_job`)."""
        return f"{self._vendor}.{name}"

    def now(self) -> datetime:
        """The org's time."""
        return self.clock.now()

    def stamp(self, previous: str | None = None) -> str:
        """The present as a stamp, always later than the previous one: a write must move the version it writes."""
        now = times.stamp(self.now())
        return times.after(previous) if previous is not None and previous >= now else now

    def new_id(self, kind: Object) -> str:
        """A fresh record id."""
        return ids.make(kind.prefix, self.state.next_id(self.kind(kind.prefix)))

    def reserve(self, kind: Object, given: str) -> None:
        """Keeps `new_id` from giving an id that a loaded row already has."""
        number = ids.number(given)
        if number is not None:
            self.state.reserve(self.kind(kind.prefix), number)

    @property
    def settings(self) -> Settings:
        """The switches as they stand."""
        if self._settings is None:
            self._settings = Settings.read(self.state.get(self.kind("_settings"), "settings") or {})
        return self._settings

    def set(self, given: Mapping[str, Any]) -> None:
        """Changes some switches. Raises ValueError for one there is not."""
        merged = {**(self.state.get(self.kind("_settings"), "settings") or {}), **given}
        for name in Settings.read(merged).restricted_delete:
            _named(self.schema, name)
        self.state.put(self.kind("_settings"), "settings", merged)
        self.forget()

    @property
    def schema(self) -> Schema:
        """Every object by lower-case name, custom fields included; before field security."""
        if self._schema is None:
            self._schema = self._build()
        return self._schema

    def object(self, name: str) -> Object:
        """One object. Raises KeyError when there is none."""
        return self.schema[name.lower()]

    def by_prefix(self, whole: str) -> list[Object]:
        """The objects an id may belong to; some share a prefix."""
        return [each for each in self.schema.values() if each.prefix == whole[:3] and not each.is_("virtual")]

    def add_field(self, spec: Mapping[str, Any]) -> Field:
        """Adds a custom field, or changes a standard one. Raises ValueError when the definition is not understood."""
        kind = self.schema.get(str(spec.get("object", "")).lower())
        if kind is None or "name" not in spec:
            raise ValueError("salesforce: a _field needs an object that exists and a name")
        field = define(kind.field(str(spec["name"])), spec)
        key = f"{kind.name}.{field.name}"
        old = self.state.get(self.kind("_field"), key) or {}
        self.state.put(self.kind("_field"), key, {**old, **spec, "object": kind.name, "name": field.name})
        known = self.schema
        self.forget()
        self._schema = {**known, kind.name.lower(): _with(kind, [field])}
        return field

    def drop_field(self, key: str) -> None:
        """Removes a custom field by `Object.Field__c`."""
        self.state.delete(self.kind("_field"), key)
        self.forget()

    def _build(self) -> Schema:
        schema = dict(_standard())
        if self.settings.person_accounts:
            schema["account"] = _extended(schema["account"], PERSON_ACCOUNT)
            schema["contact"] = _extended(schema["contact"], PERSON_CONTACT)
        if not self.settings.content_notes:
            schema.pop("contentnote")
        added: dict[str, list[Field]] = {}
        for _, spec in self.state.all(self.kind("_field")):
            name = spec["object"].lower()
            added.setdefault(name, []).append(define(schema[name].field(spec["name"]), spec))
        schema |= {name: _with(schema[name], fields) for name, fields in added.items()}
        for name in self.settings.restricted_delete:
            kind, field = _named(schema, name)
            schema[kind.name.lower()] = _with(kind, [replace(field, on_delete=RESTRICT)])
        return schema


def _extended(kind: Object, text: str) -> Object:
    fields = {each.name.lower(): each for each in read_fields(text)}
    if kind.name == "Account":
        name = replace(kind.fields["name"], required=False)
        fields["name"] = name
    return kind.with_fields({**kind.fields, **fields}.values())


def _with(kind: Object, fields: Iterable[Field]) -> Object:
    return kind.with_fields({**kind.fields, **{field.name.lower(): field for field in fields}}.values())


def _named(schema: Schema, name: str) -> tuple[Object, Field]:
    kind = schema.get(name.partition(".")[0].lower())
    field = kind.field(name.partition(".")[2]) if kind else None
    if kind is None or field is None:
        raise ValueError(f"salesforce: there is no field {name}")
    return kind, field
