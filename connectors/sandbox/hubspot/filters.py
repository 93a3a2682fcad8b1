"""The filters of CRM search as predicates over a record's values (hubspot.md §2.2). Reads no record."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from connectors.sandbox.hubspot.errors import invalid
from connectors.sandbox.hubspot.values import Definition, moment, number

Values = dict[str, str]
Test = Callable[[Values], bool]

_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "LT": lambda value, bound: value < bound,
    "LTE": lambda value, bound: value <= bound,
    "GT": lambda value, bound: value > bound,
    "GTE": lambda value, bound: value >= bound,
}
_TIMES = {"datetime", "date"}


def predicate(definition: Definition, given: dict[str, Any]) -> Test:
    """The test that one filter makes. A record without a value passes NOT_HAS_PROPERTY alone.

    Raises Refusal for an operator there is not, or a value it cannot take.
    """
    name, operator = definition["name"], given.get("operator")
    if operator == "HAS_PROPERTY":
        return lambda values: name in values
    if operator == "NOT_HAS_PROPERTY":
        return lambda values: name not in values
    holds = _holds(definition, str(operator), given)
    return lambda values: name in values and holds(values[name])


def _holds(definition: Definition, operator: str, given: dict[str, Any]) -> Callable[[str], bool]:
    if operator in _ORDERED:
        return _ordered(definition, operator, _value(given, "value"))
    if operator == "BETWEEN":
        low = _ordered(definition, "GTE", _value(given, "value"))
        high = _ordered(definition, "LTE", _value(given, "highValue"))
        return lambda text: low(text) and high(text)
    if operator in {"EQ", "NEQ"}:
        return _among(definition, {_bound(definition, _value(given, "value"))}, operator == "EQ")
    if operator in {"IN", "NOT_IN"}:
        return _among(definition, _listed(definition, _list(given)), operator == "IN")
    if operator in {"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"}:
        return _token(_value(given, "value"), operator == "CONTAINS_TOKEN")
    raise invalid(f"Invalid filter operator: {operator}")


def _value(given: dict[str, Any], field: str) -> str:
    if given.get(field) is None:
        raise invalid(f"A filter with operator {given.get('operator')} needs {field}")
    return str(given[field])


def _list(given: dict[str, Any]) -> list[str]:
    values = given.get("values")
    if not isinstance(values, list) or not values:
        raise invalid(f"A filter with operator {given.get('operator')} needs values")
    return [str(value) for value in values]


def _bound(definition: Definition, text: str) -> float | str:
    """A filter's value as it compares; a time must be in milliseconds (hubspot.md §2.2)."""
    if definition["type"] in _TIMES:
        if not re.fullmatch(r"-?\d+", text):
            raise invalid(f"{text} is not a time in milliseconds")
        return float(text)
    if definition["type"] == "number":
        value = number(text)
        if value is None:
            raise invalid(f"{text} was not a valid number.")
        return value
    return text if definition["type"] in {"enumeration", "bool"} else text.lower()


def comparable(definition: Definition, text: str) -> Any:
    """A record's value as it compares and sorts; None when it is not of its type."""
    if definition["type"] in _TIMES:
        return moment(text)
    if definition["type"] == "number":
        return number(text)
    return text if definition["type"] in {"enumeration", "bool"} else text.lower()


def _ordered(definition: Definition, operator: str, given: str) -> Callable[[str], bool]:
    bound, test = _bound(definition, given), _ORDERED[operator]

    def holds(text: str) -> bool:
        value = comparable(definition, text)
        return value is not None and test(value, bound)

    return holds


def _listed(definition: Definition, given: list[str]) -> set[float | str]:
    """Strings must be given in lower case: one in capitals matches nothing."""
    typed = definition["type"] in {*_TIMES, "number", "enumeration", "bool"}
    return {_bound(definition, text) if typed else text for text in given}


def _among(definition: Definition, bounds: set[float | str], wanted: bool) -> Callable[[str], bool]:
    if definition["fieldType"] == "checkbox":
        return lambda text: bool(bounds.intersection(text.split(";"))) == wanted
    return lambda text: (comparable(definition, text) in bounds) == wanted


def _token(given: str, wanted: bool) -> Callable[[str], bool]:
    pattern = given.lower()

    def holds(text: str) -> bool:
        whole = text.lower()
        return any(fnmatchcase(token, pattern) for token in (whole, *re.split(r"[^\w]+", whole))) == wanted

    return holds
