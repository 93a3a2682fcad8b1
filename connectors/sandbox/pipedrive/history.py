"""The changelog: every change of a field, the old value included, for as long as the record is not purged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.sandbox.pipedrive import times
from connectors.sandbox.pipedrive.answers import cursor_page, window
from connectors.sandbox.pipedrive.listing import encode, start_of
from connectors.sandbox.pipedrive.operation import Call, Operation, v1
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

_V1_KEYS = {"emails": "email", "phones": "phone"}
_QUIET = {"update_time", "first_name", "last_name"}
_SHOWN = (
    *("field_key", "old_value", "new_value", "actor_user_id", "time"),
    *("change_source", "change_source_user_agent", "is_bulk_update_flag"),
)


def _text(value: Any) -> str | None:
    """A value as the changelog has it: one text, whatever the type."""
    if value is None or value == []:
        return None
    if isinstance(value, list):
        return ",".join(str(item.get("value")) if isinstance(item, dict) else str(item) for item in value)
    return str(value.get("value")) if isinstance(value, dict) else str(value)


def _flat(doc: Doc) -> Doc:
    plain: Doc = {key: value for key, value in doc.items() if key not in _QUIET and key != "custom_fields"}
    return {**plain, **doc.get("custom_fields", {})}


def _changes(before: Doc, after: Doc) -> Iterator[tuple[str, str | None, str | None]]:
    old, new = _flat(before), _flat(after)
    for key in {**old, **new}:
        was, became = _text(old.get(key)), _text(new.get(key))
        if was != became:
            yield _V1_KEYS.get(key, key), was, became


def record(call: Call, one: str, before: Doc, after: Doc) -> None:
    """Remembers every field that differs between two states of a record."""
    account = call.account
    for key, old, new in _changes(before, after):
        entry = {"id": account.new_id("changelog"), "record": f"{one}:{after['id']}", "field_key": key}
        entry |= {"old_value": old, "new_value": new, "actor_user_id": call.user, "time": times.v1(account.now())}
        entry |= {"change_source": "api", "change_source_user_agent": None, "is_bulk_update_flag": False}
        account.put("changelog", entry)


def entries(call: Call, one: str, id: int) -> list[Doc]:
    """A record's changes, newest first."""
    return call.account.linked("changelog", "record", f"{one}:{id}")[::-1]


def _changelog(kind: str, one: str) -> Any:
    def serve(call: Call, id: str) -> Response:
        doc = call.record(kind, id, one.capitalize())
        rows = entries(call, one, doc["id"])
        start, (_, limit) = start_of(call.query.get("cursor")), window(call.query, 500)
        shown = [{key: row[key] for key in _SHOWN} for row in rows[start : start + limit]]
        return cursor_page(shown or None, encode({"start": start + limit}) if len(rows) > start + limit else None)

    return serve


OPERATIONS: list[Operation] = [
    v1("GET", f"/{kind}/{{id}}/changelog", 20, "recents:read", _changelog(kind, one))
    for kind, one in (("persons", "person"), ("organizations", "organization"), ("deals", "deal"))
]
