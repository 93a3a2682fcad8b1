"""Properties v3: definitions and groups (hubspot.md §3). Values are the objects' business."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.hubspot import schema
from connectors.sandbox.hubspot.access import Call, Route, schema_scopes
from connectors.sandbox.hubspot.batches import outcome, rows
from connectors.sandbox.hubspot.errors import conflict, invalid, not_found, refuse, row_error
from connectors.sandbox.hubspot.groups import group
from connectors.sandbox.hubspot.kinds import Kind
from connectors.sandbox.hubspot.values import Definition
from connectors.sandbox.wire import Refusal, Response

TYPES = ("bool", "date", "datetime", "enumeration", "number", "phone_number", "string")
FIELD_TYPES = (
    "booleancheckbox",
    "calculation_equation",
    "checkbox",
    "date",
    "file",
    "html",
    "number",
    "phonenumber",
    "radio",
    "select",
    "text",
    "textarea",
)
REQUIRED = ("groupName", "name", "label", "type", "fieldType")
CHANGEABLE = (
    "groupName",
    "hidden",
    "options",
    "displayOrder",
    "description",
    "label",
    "type",
    "fieldType",
    "formField",
)
_ALREADY = "OBJECT_ALREADY_EXISTS"


def _sensitivity(given: Any) -> str:
    level = given or schema.PLAIN
    if level not in (schema.PLAIN, *schema.SENSITIVE):
        raise invalid(f"Invalid dataSensitivity: {level}")
    return str(level)


def _find(call: Call, kind: Kind, name: str, level: str, archived: bool) -> Definition:
    found = schema.lookup(call.portal, kind, name, archived)
    if found is None or found["dataSensitivity"] != level:
        raise not_found(f"Property {name} does not exist")
    return found


def _list(call: Call, kind: Kind) -> Response:
    """Only the definitions of one sensitivity, the non-sensitive ones unless another is asked for."""
    level = _sensitivity(call.request.one("dataSensitivity"))
    found = schema.every(call.portal, kind, call.request.flag("archived"))
    return Response(200, {"results": [definition for definition in found if definition["dataSensitivity"] == level]})


def _get(call: Call, kind: Kind, name: str) -> Response:
    level = _sensitivity(call.request.one("dataSensitivity"))
    return Response(200, _find(call, kind, name, level, call.request.flag("archived")))


def _create(call: Call, kind: Kind) -> Response:
    return Response(201, _define(call, kind, call.body()))


def _define(call: Call, kind: Kind, given: dict[str, Any]) -> Definition:
    missing = [field for field in REQUIRED if not given.get(field)]
    if missing:
        raise invalid(f"Some required fields were not set: [{', '.join(missing)}]")
    _check_types(given)
    group(call.portal, kind, given["groupName"])
    if _sensitivity(given.get("dataSensitivity")) != schema.PLAIN and call.portal.settings().tier != "enterprise":
        raise refuse(403, "FORBIDDEN", "Sensitive data is not enabled for this account")
    if call.portal.state.get(schema.store(call.portal, kind), given["name"]) or given["name"] in schema.defaults(kind):
        raise conflict(f"A property named '{given['name']}' already exists.", _ALREADY)
    return schema.define(call.portal, kind, {k: v for k, v in given.items() if k != "modificationMetadata"})


def _check_types(given: dict[str, Any]) -> None:
    if given.get("type", TYPES[0]) not in TYPES or given.get("fieldType", FIELD_TYPES[0]) not in FIELD_TYPES:
        raise invalid(f"Invalid type or fieldType: {given.get('type')}, {given.get('fieldType')}")


def _own(call: Call, kind: Kind, name: str, archived: bool = False) -> Definition:
    """A definition of the account's own; the vendor's cannot be changed."""
    found = schema.lookup(call.portal, kind, name, archived)
    if found is None:
        raise not_found(f"Property {name} does not exist")
    if found["modificationMetadata"]["readOnlyDefinition"]:
        raise invalid(f"Property {name} is defined by HubSpot and cannot be changed")
    return found


def _update(call: Call, kind: Kind, name: str) -> Response:
    """Changes a definition; its sensitivity is fixed at creation."""
    definition, given = _own(call, kind, name), call.body()
    _check_types(given)
    changes = {field: given[field] for field in CHANGEABLE if given.get(field) is not None}
    schema.keep(call.portal, kind, definition | changes | {"updatedAt": call.portal.now()})
    return Response(200, schema.lookup(call.portal, kind, name))


def _archive(call: Call, kind: Kind, name: str) -> Response:
    _bin(call, kind, _own(call, kind, name))
    return Response(204)


def _bin(call: Call, kind: Kind, definition: Definition) -> None:
    schema.keep(call.portal, kind, definition | {"archived": True, "archivedAt": call.portal.now()})


def _names(call: Call) -> list[str]:
    return [str(row.get("name")) for row in rows(call)]


def _batch_read(call: Call, kind: Kind) -> Response:
    body = call.body()
    level, results, errors = _sensitivity(body.get("dataSensitivity")), [], []
    for name in _names(call):
        try:
            results.append(_find(call, kind, name, level, bool(body.get("archived"))))
        except Refusal as refusal:
            errors.append(row_error(refusal, {"name": [name]}))
    return outcome(call, results, errors)


def _batch_create(call: Call, kind: Kind) -> Response:
    results, errors = [], []
    for given in rows(call):
        try:
            results.append(_define(call, kind, given))
        except Refusal as refusal:
            errors.append(row_error(refusal, {"name": [str(given.get("name"))]}))
    return outcome(call, results, errors, 201)


def _batch_archive(call: Call, kind: Kind) -> Response:
    for definition in [_own(call, kind, name) for name in _names(call)]:
        _bin(call, kind, definition)
    return Response(204)


_PATH = "/crm/v3/properties/{kind}"

ROUTES = (
    Route("GET", _PATH, _list, schema_scopes("read")),
    Route("POST", _PATH, _create, schema_scopes("write"), write=True),
    Route("POST", f"{_PATH}/batch/read", _batch_read, schema_scopes("read")),
    Route("POST", f"{_PATH}/batch/create", _batch_create, schema_scopes("write"), write=True),
    Route("POST", f"{_PATH}/batch/archive", _batch_archive, schema_scopes("write"), write=True),
    Route("GET", f"{_PATH}/{{name}}", _get, schema_scopes("read")),
    Route("PATCH", f"{_PATH}/{{name}}", _update, schema_scopes("write"), write=True),
    Route("DELETE", f"{_PATH}/{{name}}", _archive, schema_scopes("write"), write=True),
)
