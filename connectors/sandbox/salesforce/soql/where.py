"""Turns a WHERE or HAVING condition into a function from a row to true or false, checking types as the vendor does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sandbox.salesforce import ids, times
from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.schema import NUMBERS, TEXTS, Field
from connectors.sandbox.salesforce.soql.access import Access, Scope
from connectors.sandbox.salesforce.soql.dates import span
from connectors.sandbox.salesforce.soql.lexer import malformed
from connectors.sandbox.salesforce.soql.syntax import (
    Both,
    Column,
    Compare,
    Condition,
    Either,
    Literal,
    Member,
    Multi,
    Negated,
    Query,
)
from connectors.sandbox.state import Doc

Predicate = Callable[[Doc], bool]
SemiJoin = Callable[[Query], set[str]]

_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: bool(left == right),
    "<": lambda left, right: left is not None and left < right,
    "<=": lambda left, right: left is not None and left <= right,
    ">": lambda left, right: left is not None and left > right,
    ">=": lambda left, right: left is not None and left >= right,
    "!=": lambda left, right: bool(left != right),
}


@dataclass(frozen=True, slots=True)
class Conditions:
    """Compiles conditions over one scope. `semi` runs a semi-join and gives the ids it selects."""

    org: Org
    scope: Scope
    semi: SemiJoin

    def predicate(self, condition: Condition) -> Predicate:
        """The test a condition makes. Raises Fail for an unknown field or a value of the wrong type."""
        if isinstance(condition, Both):
            every = [self.predicate(part) for part in condition.parts]
            return lambda row: all(test(row) for test in every)
        if isinstance(condition, Either):
            some = [self._alternative(part) for part in condition.parts]
            return lambda row: any(test(row) for test in some)
        if isinstance(condition, Negated):
            inner = self.predicate(condition.part)
            return lambda row: not inner(row)
        if isinstance(condition, Compare):
            return self._compare(condition)
        return self._multi(condition) if isinstance(condition, Multi) else self._member(condition)

    def _alternative(self, part: Condition) -> Predicate:
        if isinstance(part, Member) and isinstance(part.values, Query):
            raise malformed("Semi join sub-selects are not allowed with the 'OR' operator")
        return self.predicate(part)

    def _filterable(self, operand: Any) -> Access:
        access = self.scope.access(operand)
        if not access.field.filterable:
            raise Fail("INVALID_FIELD", f"field '{access.field.name}' can not be filtered in a query call")
        return access

    def _compare(self, condition: Compare) -> Predicate:
        access = self._filterable(condition.operand)
        if condition.op == "like":
            return self._like(access, condition.value)
        get = folded(access)
        if condition.value.kind == "range":
            return self._range(access, condition.op, condition.value)
        value = typed(access.field, condition.value)
        if value is None and condition.op not in {"=", "!="}:
            raise malformed("unexpected token: 'null'")
        test = _TESTS[condition.op]
        return lambda row: test(get(row), value)

    def _like(self, access: Access, value: Literal) -> Predicate:
        if access.field.type not in TEXTS or value.kind != "string":
            raise Fail("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator LIKE on field {access.field.name}")
        pattern, get = _pattern(value.text), access.get
        return lambda row: pattern.match(get(row) or "") is not None

    def _range(self, access: Access, op: str, value: Literal) -> Predicate:
        if access.field.type not in {"date", "datetime"}:
            raise wrong_type(access.field)
        start, end = self._bounds(access.field, value)
        get = access.get
        tests: dict[str, Callable[[str], bool]] = {
            "=": lambda text: start <= text < end,
            "!=": lambda text: not start <= text < end,
            "<": lambda text: text < start,
            "<=": lambda text: text < end,
            ">": lambda text: text >= end,
            ">=": lambda text: text >= start,
        }
        test = tests[op]
        return lambda row: (op == "!=") if (text := get(row)) is None else test(text)

    def _bounds(self, field: Field, value: Literal) -> tuple[str, str]:
        zone = ZoneInfo(self.org.settings.time_zone)
        first, last = span(value.text, value.count, self.org.now().astimezone(zone).date())
        if field.type == "date":
            return first.isoformat(), last.isoformat()
        starts, ends = (datetime.combine(day, time(), zone) for day in (first, last))
        return times.stamp(starts), times.stamp(ends)

    def _member(self, condition: Member) -> Predicate:
        access = self._filterable(condition.operand)
        get = folded(access)
        values: set[Any]
        if isinstance(condition.values, Query):
            if access.field.type not in {"id", "reference"}:
                raise malformed("A semi-join's left operand must be an Id or a reference field")
            values = self.semi(condition.values)
        else:
            values = {typed(access.field, each) for each in condition.values}
        if condition.negated:
            return lambda row: (value := get(row)) is not None and value not in values
        return lambda row: get(row) in values

    def _multi(self, condition: Multi) -> Predicate:
        access = self._filterable(condition.operand)
        if access.field.type != "multipicklist":
            raise Fail("INVALID_QUERY_FILTER_OPERATOR", f"field {access.field.name} is no multi-select picklist")
        wanted = [set(each.text.lower().split(";")) for each in condition.values]
        get, negated = access.get, condition.negated

        def test(row: Doc) -> bool:
            chosen = set((get(row) or "").lower().split(";"))
            return any(every <= chosen for every in wanted) != negated

        return test


def folded(access: Access) -> Callable[[Doc], Any]:
    """Reads a value in the form it is compared in: text without regard to case."""
    if access.field.type not in TEXTS:
        return access.get
    get = access.get
    return lambda row: None if (value := get(row)) is None else value.lower()


def typed(field: Field, value: Literal) -> Any:
    """A literal as it compares with a field. Raises Fail INVALID_FIELD when the types do not go together."""
    if value.kind == "null":
        return False if field.type == "boolean" else None
    if field.type in {"id", "reference"}:
        return _id(field, value)
    wanted = _kind_of_literal(field)
    if value.kind != wanted:
        raise wrong_type(field)
    if wanted == "number":
        return float(value.text)
    if wanted == "boolean":
        return value.text == "true"
    return times.normal(value.text) if wanted == "datetime" else value.text if wanted == "date" else value.text.lower()


def _kind_of_literal(field: Field) -> str:
    if field.type in NUMBERS:
        return "number"
    return field.type if field.type in {"boolean", "date", "datetime"} else "string"


def _id(field: Field, value: Literal) -> str:
    if value.kind != "string":
        raise wrong_type(field)
    whole = value.text if field.refers == ("EntityDefinition",) else ids.full(value.text)
    if whole is None:
        raise Fail("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value.text}")
    return whole


def wrong_type(field: Field) -> Fail:
    """A literal that does not fit its field."""
    quoted = "should be" if _kind_of_literal(field) == "string" else "should not be"
    return Fail(
        "INVALID_FIELD",
        f"value of filter criterion for field '{field.name}' must be of type {field.type} and {quoted} enclosed in "
        "quotes",
    )


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.findall(r"\\.|[^\\]", text, flags=re.S)
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(part) or re.escape(part[-1]) for part in parts) + r"\Z", re.I | re.S)


def conjuncts(condition: Condition | None) -> list[Condition]:
    """The parts that must all hold."""
    if condition is None:
        return []
    if isinstance(condition, Both):
        return [inner for part in condition.parts for inner in conjuncts(part)]
    return [condition]


def named(condition: Condition, path: str) -> bool:
    """True when a condition fixes a field, given by its dotted path, to one value or a list of values."""
    operand = fixed(condition)
    if operand is None:
        return False
    own = ".".join(operand.path).lower()
    return own == path.lower() or own.endswith(f".{path.lower()}")


def fixed(condition: Condition) -> Column | None:
    """The field a condition fixes to one value or a list of values; None when it does something else."""
    equal = isinstance(condition, Compare) and condition.op == "="
    listed = isinstance(condition, Member) and not condition.negated
    operand = getattr(condition, "operand", None)
    return operand if (equal or listed) and isinstance(operand, Column) else None
