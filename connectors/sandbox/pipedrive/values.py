"""Custom field values: what each field type takes, and how they are shown (§4.2, §4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.sandbox.pipedrive import check
from connectors.sandbox.pipedrive.answers import refused, unknown
from connectors.sandbox.state import Doc

_SHORT, _LONG = 255, 65_535


def _text(longest: int) -> check.Check:
    def within(value: Any) -> str | None:
        return check.string(value) or (None if len(value) <= longest else f"must be at most {longest} characters long")

    return within


_CHECKS: dict[str, check.Check] = {
    "varchar": _text(_SHORT),
    "varchar_auto": _text(_SHORT),
    "phone": _text(_SHORT),
    "text": _text(_LONG),
    "double": check.number,
    "date": check.date,
    "daterange": check.shape(value=check.date, until=check.date),
    "time": check.shape(value=check.time, timezone_name=check.maybe(check.string)),
    "timerange": check.shape(value=check.time, until=check.time, timezone_name=check.maybe(check.string)),
    "monetary": check.shape(value=check.number, currency=check.string),
    "address": check.address,
    "user": check.integer,
    "org": check.integer,
    "people": check.integer,
}


def _option(field: Doc, value: Any) -> str | None:
    known = {option["id"] for option in field["options"] or []}
    return check.integer(value) or (None if value in known else "must be the id of an option")


def _options(field: Doc, value: Any) -> str | None:
    if not isinstance(value, list) or not value:
        return "must be a non-empty array; use null to clear"
    return next((problem for item in value if (problem := _option(field, item))), None)


def problem(field: Doc, value: Any) -> str | None:
    """What is wrong with a value for a field. Null clears any field; a `set` is never cleared by an empty list."""
    if value is None:
        return None
    if field["field_type"] == "enum":
        return _option(field, value)
    if field["field_type"] == "set":
        return _options(field, value)
    return _CHECKS[field["field_type"]](value)


def problems(fields: Mapping[str, Doc], custom: Any) -> list[tuple[str, str]]:
    """What is wrong with `custom_fields`. A list in place of the object is an internal error of the vendor's (§9)."""
    if isinstance(custom, list):
        raise refused(500, "Internal Server Error", code="ERR_UNKNOWN")
    if not isinstance(custom, dict):
        return [("custom_fields", "must be of type object")]
    found = ((code, unknown(code)[1] if code not in fields else problem(fields[code], custom[code])) for code in custom)
    return [(f"custom_fields.{code}", text) for code, text in found if text]


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> Doc:
    """A record's custom values after a write: the others stay, but an empty object wipes them all (§4.3)."""
    if not new:
        return {}
    values = {**old, **{code: _whole(value) for code, value in new.items()}}
    return {code: value for code, value in values.items() if value is not None}


def _whole(value: Any) -> Any:
    """An address keeps no part that was left out; a daterange is no address, for it has `until`."""
    if isinstance(value, dict) and value.keys() & set(check.ADDRESS_PARTS[1:]):
        return {part: value.get(part) for part in check.ADDRESS_PARTS}
    return value


def shown(fields: Iterable[Doc], custom: Mapping[str, Any], labels: bool) -> Doc:
    """`custom_fields` of an answer: every field asked for, null when unset; with labels, options are objects."""
    values = {field["field_code"]: (field, custom.get(field["field_code"])) for field in fields}
    return {code: _labelled(field, value) if labels else value for code, (field, value) in values.items()}


def _labelled(field: Doc, value: Any) -> Any:
    names = {option["id"]: option["label"] for option in field["options"] or []}
    if field["field_type"] == "enum" and value is not None:
        return {"id": value, "label": names.get(value)}
    if field["field_type"] == "set" and value is not None:
        return [{"id": one, "label": names.get(one)} for one in value]
    return value
