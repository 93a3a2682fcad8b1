"""Field definitions in v1, by number; filters need these numbers (§3.2, §5, §6)."""

from __future__ import annotations

from functools import partial
from typing import Any

from connectors.sandbox.pipedrive.answers import forbidden, nested_page, not_found, ok, refused
from connectors.sandbox.pipedrive.builtin import BORN
from connectors.sandbox.pipedrive.fields import TYPES, WITH_OPTIONS, allowed, change, create, shown
from connectors.sandbox.pipedrive.operation import ACTIVITIES, CONTACTS, DEALS, Call, Operation, v1
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

_KEYS = {"field_code": "key", "field_name": "name", "is_custom_field": "edit_flag"}
_FLAGS: Doc = {
    **dict.fromkeys(("active_flag", "index_visible_flag", "details_visible_flag", "bulk_edit_allowed"), True),
    **dict.fromkeys(("filtering_allowed", "sortable_flag", "add_visible_flag"), True),
    **dict.fromkeys(("important_flag", "searchable_flag", "mandatory_flag"), False),
}


def _view(one: Doc) -> Doc:
    doc = {"id": one["id"], **{key: one[code] for code, key in _KEYS.items()}, "field_type": one["field_type"]}
    stamps = {key: one.get(key) for key in ("add_time", "update_time", "created_by_user_id")}
    return doc | stamps | {"order_nr": one["id"], "options": one["options"]} | _FLAGS


def _find(kind: str, call: Call, id: str, editable: bool = False) -> Doc:
    one = next((one for one in shown(call.account, kind) if str(one["id"]) == id), None)
    if one is None:
        raise not_found("Field")
    if editable and not one["is_custom_field"]:
        raise forbidden("Only custom fields can be changed")
    return one


def _list(kind: str, call: Call) -> Response:
    return nested_page([_view(one) for one in shown(call.account, kind)], call.query)


def _get(kind: str, call: Call, id: str) -> Response:
    return ok(_view(_find(kind, call, id)))


def _labels(options: Any) -> list[str]:
    items = options if isinstance(options, list) else []
    return [str(item.get("label", "") if isinstance(item, dict) else item) for item in items]


def _create(kind: str, call: Call) -> Response:
    allowed(call)
    body = call.loose()
    name, type_ = body.get("name"), body.get("field_type")
    if not name or type_ not in TYPES or (type_ in WITH_OPTIONS and not _labels(body.get("options"))):
        raise refused(400, "Field name, type or options are not valid")
    labels = _labels(body.get("options")) if type_ in WITH_OPTIONS else []
    return ok(_view(create(call, kind, name, type_, labels)))


def _update(kind: str, call: Call, id: str) -> Response:
    allowed(call)
    one, body = _find(kind, call, id, editable=True), call.loose()
    return ok(_view(change(call, kind, one, field_name=body.get("name") or one["field_name"])))


def _delete(kind: str, call: Call, id: str) -> Response:
    allowed(call)
    change(call, kind, _find(kind, call, id, editable=True), deleted=True)
    return ok({"id": int(id)})


def _delete_several(kind: str, call: Call) -> Response:
    allowed(call)
    fields = [_find(kind, call, id, editable=True) for id in (call.query.get("ids") or "").split(",")]
    for one in fields:
        change(call, kind, one, deleted=True)
    return ok({"id": [one["id"] for one in fields]})


def _operations(kind: str, read: str, define: str) -> list[Operation]:
    return [
        v1("GET", f"/{kind}", 20, read, partial(_list, kind)),
        v1("POST", f"/{kind}", 10, define, partial(_create, kind)),
        v1("DELETE", f"/{kind}", 10, define, partial(_delete_several, kind)),
        v1("GET", f"/{kind}/{{id}}", 2, read, partial(_get, kind)),
        v1("PUT", f"/{kind}/{{id}}", 10, define, partial(_update, kind)),
        v1("DELETE", f"/{kind}/{{id}}", 6, define, partial(_delete, kind)),
    ]


_NOTE_FIELDS = ("content", "user_id", "add_time", "update_time", "person_id", "org_id", "deal_id", "lead_id")


def _note_fields(call: Call) -> Response:
    rows = [
        {"id": number, "key": key, "name": key, "field_type": "varchar", "active_flag": True, "edit_flag": False}
        | {"bulk_edit_allowed": False, "mandatory_flag": key == "content", "options": None, "add_time": BORN}
        for number, key in enumerate(_NOTE_FIELDS, 1)
    ]
    return nested_page(rows, call.query)


_CONTACT, _DEAL = "admin contact-fields:full", "admin deal-fields:full"
OPERATIONS: list[Operation] = [
    *_operations("personFields", f"{CONTACTS} {_CONTACT}", _CONTACT),
    *_operations("organizationFields", f"{CONTACTS} {_CONTACT}", _CONTACT),
    *_operations("dealFields", f"{DEALS} {_DEAL}", _DEAL),
    v1("GET", "/activityFields", 20, ACTIVITIES, partial(_list, "activityFields")),
    v1("GET", "/noteFields", 20, f"{DEALS} {CONTACTS}", _note_fields),
]
