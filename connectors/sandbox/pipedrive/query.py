"""The query of a v2 call, which is strict: unknown names and wrong types are refused (§3.3, §4.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from connectors.sandbox.pipedrive import times
from connectors.sandbox.pipedrive.answers import invalid, unknown

Parse = Callable[[str], Any]
_UNCHECKED = {"api_token"}
_INTEGER = re.compile(r"\d{1,18}")


def integer(text: str) -> int:
    """A number in digits."""
    if not _INTEGER.fullmatch(text):
        raise ValueError("must be an integer")
    return int(text)


def boolean(text: str) -> bool:
    """`true` or `false`, nothing else."""
    if text not in {"true", "false"}:
        raise ValueError("must be a boolean")
    return text == "true"


def string(text: str) -> str:
    """Any text."""
    return text


moment = times.parameter


def limit(maximum: int) -> Parse:
    """A page size from 1 to a maximum."""

    def parse(text: str) -> int:
        number = integer(text)
        if not 1 <= number <= maximum:
            raise ValueError(f"must be between 1 and {maximum}")
        return number

    return parse


def choice(*names: str) -> Parse:
    """One of some names."""

    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(f"must be one of [{', '.join(names)}]")
        return text

    return parse


def several(*names: str) -> Parse:
    """Some of some names, separated by commas."""
    one = choice(*names)
    return lambda text: [one(part) for part in text.split(",") if part]


def listed(parse: Parse, maximum: int) -> Parse:
    """Up to a number of values, separated by commas."""

    def parse_all(text: str) -> list[Any]:
        values = [parse(part) for part in text.split(",") if part]
        if len(values) > maximum:
            raise ValueError(f"must contain no more than {maximum} items")
        return values

    return parse_all


def parsed(allowed: Mapping[str, Parse], query: Mapping[str, list[str]]) -> dict[str, Any]:
    """The query with its values read. Raises Refusal (400) that names every problem."""
    values: dict[str, Any] = {}
    problems: list[tuple[str, str]] = []
    for name in query.keys() - _UNCHECKED:
        if name not in allowed:
            problems.append(unknown(name))
            continue
        try:
            values[name] = allowed[name](query[name][0])
        except ValueError as problem:
            problems.append((name, str(problem)))
    if problems:
        raise invalid(*sorted(problems))
    return values
