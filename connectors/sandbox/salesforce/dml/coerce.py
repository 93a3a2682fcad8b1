"""Takes a value from a request into the form rows keep it in, or refuses it with the vendor's code."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from connectors.sandbox.salesforce import ids, times
from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.schema import NUMBERS, Field

NULL = "#N/A"
_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s,;<>().]+\Z")
_LARGEST = 10**18


def from_csv(field: Field, text: str) -> Any:
    """A cell of a bulk file as JSON would give it; `#N/A` is null. The caller leaves empty cells out."""
    if text == NULL:
        return None
    if field.type == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    if field.type in NUMBERS:
        try:
            return float(text)
        except ValueError:
            return text
    return text


def coerce(field: Field, value: Any) -> Any:
    """A JSON value as rows keep it. Raises Fail for a wrong type, an over-long text, a bad choice and the like."""
    if field.type == "boolean":
        return _boolean(field, value)
    if value is None:
        return None
    if field.type in NUMBERS:
        return _number(field, value)
    if not isinstance(value, str):
        raise _unreadable(field, value)
    text = value.strip()
    return _text(field, text) if text else None


def _boolean(field: Field, value: Any) -> bool:
    if value is None:
        message = f"{field.label}: value not of required type: null"
        raise Fail("INVALID_TYPE_ON_FIELD_IN_RECORD", message, [field.name])
    if not isinstance(value, bool):
        raise _unreadable(field, value)
    return value


def _number(field: Field, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unreadable(field, value)
    if abs(value) >= _LARGEST:
        raise Fail("NUMBER_OUTSIDE_VALID_RANGE", f"{field.label}: value outside of valid range: {value}", [field.name])
    return int(value) if field.type == "int" or float(value).is_integer() else float(value)


def _text(field: Field, text: str) -> str:
    if field.type == "reference":
        return _reference(field, text)
    if field.type in {"date", "datetime"}:
        return _time(field, text)
    if field.type == "base64":
        return _blob(field, text)
    _check_length(field, text)
    if field.type == "email" and not _EMAIL.match(text):
        raise Fail("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", [field.name])
    if field.restricted and not set(text.split(";") if field.type == "multipicklist" else [text]) <= set(
        field.picklist
    ):
        message = f"{field.label}: bad value for restricted picklist field: {text}"
        raise Fail("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    return text


def _check_length(field: Field, text: str) -> None:
    if field.length and len(text) > field.length:
        message = f"{field.label}: data value too large: {text} (max length={field.length})"
        raise Fail("STRING_TOO_LONG", message, [field.name])


def _reference(field: Field, text: str) -> str:
    whole = ids.full(text)
    if whole is None:
        raise Fail("MALFORMED_ID", f"{field.label}: id value of incorrect type: {text}", [field.name])
    return whole


def _time(field: Field, text: str) -> str:
    try:
        return times.day(text) if field.type == "date" else times.normal(text)
    except ValueError:
        raise _unreadable(field, text) from None


def _blob(field: Field, text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        raise _unreadable(field, "binary") from None
    return text


def _unreadable(field: Field, value: Any) -> Fail:
    token = {bool: "VALUE_TRUE" if value else "VALUE_FALSE", str: "VALUE_STRING", dict: "START_OBJECT"}
    seen = token.get(type(value), "VALUE_NUMBER")
    return Fail(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {field.type} from {seen} value {value} or request may be missing a required "
        f"field at [line:1, column:1]",
    )
