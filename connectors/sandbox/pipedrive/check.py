"""What a value in a v2 body must be. A check returns what is wrong, or None; v2 takes no number for a text or back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from connectors.sandbox.pipedrive import times
from connectors.sandbox.pipedrive.answers import invalid, unknown
from connectors.sandbox.state import Doc

Check = Callable[[Any], str | None]
ADDRESS_PARTS = (
    *("value", "country", "admin_area_level_1", "admin_area_level_2", "locality", "sublocality", "route"),
    *("street_number", "subpremise", "postal_code"),
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d\d:\d\d(:\d\d)?")


def integer(value: Any) -> str | None:
    """A whole number; a boolean is none."""
    return None if type(value) is int else "must be an integer"


def number(value: Any) -> str | None:
    """A number; a boolean is none."""
    return None if type(value) in (int, float) else "must be a number"


def boolean(value: Any) -> str | None:
    """True or false, strictly."""
    return None if type(value) is bool else "must be a boolean"


def string(value: Any) -> str | None:
    """A text."""
    return None if isinstance(value, str) else "must be a string"


def filled(value: Any) -> str | None:
    """A text that says something."""
    return string(value) or (None if value.strip() else "is not allowed to be empty")


def date(value: Any) -> str | None:
    """A date, YYYY-MM-DD."""
    return None if isinstance(value, str) and _DATE.fullmatch(value) else "must be a date in YYYY-MM-DD format"


def time(value: Any) -> str | None:
    """A time of day, HH:MM:SS."""
    return None if isinstance(value, str) and _TIME.fullmatch(value) else "must be a time in HH:MM:SS format"


def moment(value: Any) -> str | None:
    """A date and time in RFC 3339."""
    try:
        times.parameter(value if isinstance(value, str) else "")
    except ValueError as problem:
        return str(problem)
    return None


def choice(*values: Any) -> Check:
    """One of some values."""
    return lambda value: None if value in values else f"must be one of [{', '.join(map(str, values))}]"


def array(check: Check) -> Check:
    """A list whose items all pass."""

    def whole(value: Any) -> str | None:
        if not isinstance(value, list):
            return "must be an array"
        return next((problem for item in value if (problem := check(item))), None)

    return whole


def shape(**keys: Check) -> Check:
    """An object with some of these keys and no other."""

    def whole(value: Any) -> str | None:
        if not isinstance(value, dict):
            return "must be of type object"
        for key, item in value.items():
            if key not in keys:
                return f'"{key}" is not allowed'
            if problem := keys[key](item):
                return f'"{key}" {problem}'
        return None

    return whole


def maybe(check: Check) -> Check:
    """The same, or null."""
    return lambda value: None if value is None else check(value)


points = array(shape(value=string, primary=boolean, label=string))
address = shape(**{part: maybe(string) for part in ADDRESS_PARTS})


def validate(body: Doc, allowed: Mapping[str, Check], *more: tuple[str, str]) -> None:
    """Raises Refusal (400) that names every unknown key, every wrong value, and the problems found elsewhere."""
    problems = list(more)
    for key, value in body.items():
        if key not in allowed:
            problems.append(unknown(key))
        elif problem := allowed[key](value):
            problems.append((key, problem))
    if problems:
        raise invalid(*problems)
