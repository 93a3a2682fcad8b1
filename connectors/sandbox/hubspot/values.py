"""What may be written in a property of a type, and how types compare (hubspot.md §2.2, §2.5, §3). Stores nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.hubspot.errors import Invalid
from connectors.sandbox.state import iso

_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s,;<>().]{2,}")
_TEXT_LENGTH = 65_536

Definition = dict[str, Any]


def is_email(text: str) -> bool:
    """True for text that HubSpot takes as an e-mail address."""
    return _EMAIL.fullmatch(text) is not None


def moment(text: str) -> float | None:
    """Milliseconds since 1970 for an ISO time, a date or milliseconds; None for anything else."""
    if re.fullmatch(r"-?\d+", text):
        return float(text)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000


def number(text: str) -> float | None:
    """A finite number; None for anything else."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def as_text(raw: Any) -> str:
    """A JSON value as HubSpot stores it: always text."""
    return str(raw).lower() if isinstance(raw, bool) else str(raw)


def parse(definition: Definition, raw: Any, current: str | None) -> str | Invalid:
    """The text to store for a value, or why it is refused; `current` is what a leading `;` appends to.

    The empty text clears and is good for every type.
    """
    text = as_text(raw).strip()
    return text and _READERS.get(definition["type"], _string)(definition, text, current or "")


def _string(definition: Definition, text: str, _: str) -> str | Invalid:
    name = definition["name"]
    if name == "email":
        return text.lower() if is_email(text) else Invalid(name, "INVALID_EMAIL", f"Email address {text} is invalid")
    if len(text) > _TEXT_LENGTH:
        return Invalid(name, "INVALID_LENGTH", f"{name} is longer than {_TEXT_LENGTH} characters")
    return text


def _number(definition: Definition, text: str, _: str) -> str | Invalid:
    return text if number(text) is not None else _bad(definition, "INVALID_LONG", f"{text} was not a valid number.")


def _time(definition: Definition, text: str, _: str) -> str | Invalid:
    milliseconds = moment(text)
    if milliseconds is None:
        return _bad(definition, "INVALID_DATE", f"{text} was not a valid date.")
    stamp = iso(datetime.fromtimestamp(milliseconds / 1000, UTC))
    return stamp[:10] if definition["type"] == "date" else stamp


def _options(definition: Definition, text: str, current: str) -> str | Invalid:
    options = [option["value"] for option in definition["options"]]
    several = definition["fieldType"] == "checkbox"
    chosen = [part for part in text.split(";") if part] if several else [text]
    for part in chosen:
        if options and part not in options:
            message = f"{part} was not one of the allowed options: [{', '.join(options)}]"
            return _bad(definition, "INVALID_OPTION", message)
    kept = [part for part in current.split(";") if part] if several and text.startswith(";") else []
    return ";".join(dict.fromkeys([*kept, *chosen]))


def _bad(definition: Definition, code: str, message: str) -> Invalid:
    return Invalid(definition["name"], code, message)


_READERS: dict[str, Callable[[Definition, str, str], str | Invalid]] = {
    "number": _number,
    "datetime": _time,
    "date": _time,
    "enumeration": _options,
    "bool": _options,
}
