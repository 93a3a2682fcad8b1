"""The policy: which checks each property of a kind needs, worked out once from the schema, and run on every record. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.facts import Facts
from core.findings import Finding
from core.model import Record
from core.policy import Needs
from core.schema import Property, Schema
from policies.sensitive import names, options
from policies.sensitive.checks import TEXTS, Check, Chosen, Filled, Said
from policies.sensitive.patterns import Pattern
from policies.sensitive.settings import SensitiveSettings


@dataclass(frozen=True, slots=True)
class Plan:
    """The checks of one kind of record, by property."""

    schema: Schema
    checks: Mapping[str, tuple[Check, ...]]


class Sensitive:
    """Finds special-category, criminal and identity data in properties, choices and texts (gdpr.md §7, R-B1)."""

    name = "sensitive"
    scope: Literal["record", "person"] = "record"

    def __init__(self, settings: SensitiveSettings) -> None:
        self._settings = settings
        self._banned = tuple(map(Pattern.parse, settings.banned))
        self._banned_options = tuple(map(Pattern.parse, settings.banned_options))
        self._allowed = tuple(map(Pattern.parse, settings.allow))
        self._scanned = tuple(map(Pattern.parse, settings.scan_also))
        self._plans: dict[tuple[str, str], Plan] = {}

    def needs(self, schema: Schema) -> Needs:
        """The properties that are banned, that can make a choice that reveals, or whose text is read."""
        return Needs(frozenset(self.prepare(schema).checks))

    def prepare(self, schema: Schema) -> Plan:
        """The checks for a kind, worked out again only when its schema has changed."""
        place = (schema.crm, schema.kind)
        plan = self._plans.get(place)
        if plan is None or plan.schema != schema:
            checks = {item.name: tuple(self._checks(schema, item)) for item in schema.properties}
            plan = self._plans[place] = Plan(schema, {name: needed for name, needed in checks.items() if needed})
        return plan

    def judge(self, record: Record, facts: Facts, now: datetime) -> Iterator[Finding]:
        """The findings on one record, by name of property. Must come after `needs` for its kind; raises LookupError if not."""
        plan = self._plans.get((record.ref.crm, record.ref.kind))
        if plan is None:
            raise LookupError(f"{record.ref.crm} {record.ref.kind}: judged before its schema was seen")
        for name in sorted(plan.checks.keys() & record.values.keys()):
            value = record.values[name]
            if value.strip():
                for check in plan.checks[name]:
                    yield from check.findings(record, value)

    def _checks(self, schema: Schema, item: Property) -> Iterator[Check]:
        if _any(self._allowed, schema, item):
            return
        if _any(self._banned, schema, item):
            yield Filled(item, self._settings, None)
            return
        verdict = names.verdict(item)
        if verdict:
            filled = Filled(item, self._settings, verdict)
            yield filled
            if filled.acts:
                return
        meanings, banned = options.meanings(item), options.named(item, self._banned_options)
        if meanings or banned:
            yield Chosen(item, self._settings, meanings, banned)
        if self._is_read(schema, item):
            yield Said(item, self._settings)

    def _is_read(self, schema: Schema, item: Property) -> bool:
        """Whether it is read as free text."""
        if item.shape in TEXTS and _any(self._scanned, schema, item):
            return True
        if item.shape not in self._settings.scan or names.is_identifier(item):
            return False
        return item.custom or names.is_note(item)


def _any(patterns: tuple[Pattern, ...], schema: Schema, item: Property) -> bool:
    return any(pattern.matches(schema, item) for pattern in patterns)
