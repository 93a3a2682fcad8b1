"""Property groups of Properties v3 (hubspot.md §3)."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.hubspot import schema
from connectors.sandbox.hubspot.access import Call, Route, schema_scopes
from connectors.sandbox.hubspot.errors import conflict, invalid, not_found
from connectors.sandbox.hubspot.kinds import Kind
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.wire import Response

Group = dict[str, Any]


def _store(portal: Portal, kind: Kind) -> str:
    return portal.kind("groups", kind.name)


def _shape(name: str, label: str, order: int = -1) -> Group:
    return {"name": name, "label": label, "displayOrder": order, "archived": False}


def _every(portal: Portal, kind: Kind) -> dict[str, Group]:
    own = dict(portal.state.all(_store(portal, kind)))
    names = dict.fromkeys(definition["groupName"] for definition in schema.defaults(kind).values())
    return {name: _shape(name, name.replace("_", " ").capitalize()) for name in names} | own


def group(portal: Portal, kind: Kind, name: str) -> Group:
    """A group by name. Raises Refusal (400) when there is none, as creating a property in it does."""
    found = _every(portal, kind).get(name)
    if found is None:
        raise invalid(f"Property group {name} does not exist")
    return found


def _list(call: Call, kind: Kind) -> Response:
    return Response(200, {"results": list(_every(call.portal, kind).values())})


def _get(call: Call, kind: Kind, name: str) -> Response:
    found = _every(call.portal, kind).get(name)
    if found is None:
        raise not_found(f"Property group {name} does not exist")
    return Response(200, found)


def _create(call: Call, kind: Kind) -> Response:
    given = call.body()
    if not given.get("name") or not given.get("label"):
        raise invalid("Some required fields were not set: [name, label]")
    if given["name"] in _every(call.portal, kind):
        raise conflict(f"A property group named '{given['name']}' already exists.", "OBJECT_ALREADY_EXISTS")
    made = _shape(given["name"], given["label"], given.get("displayOrder", -1))
    call.portal.state.put(_store(call.portal, kind), made["name"], made)
    return Response(201, made)


def _own(call: Call, kind: Kind, name: str) -> Group:
    found = call.portal.state.get(_store(call.portal, kind), name)
    if found is None:
        raise not_found(f"Property group {name} does not exist or is defined by HubSpot")
    return found


def _update(call: Call, kind: Kind, name: str) -> Response:
    given = call.body()
    changes = {field: given[field] for field in ("label", "displayOrder") if given.get(field) is not None}
    changed = _own(call, kind, name) | changes
    call.portal.state.put(_store(call.portal, kind), name, changed)
    return Response(200, changed)


def _archive(call: Call, kind: Kind, name: str) -> Response:
    _own(call, kind, name)
    call.portal.state.delete(_store(call.portal, kind), name)
    return Response(204)


_PATH = "/crm/v3/properties/{kind}/groups"

ROUTES = (
    Route("GET", _PATH, _list, schema_scopes("read")),
    Route("POST", _PATH, _create, schema_scopes("write"), write=True),
    Route("GET", f"{_PATH}/{{name}}", _get, schema_scopes("read")),
    Route("PATCH", f"{_PATH}/{{name}}", _update, schema_scopes("write"), write=True),
    Route("DELETE", f"{_PATH}/{{name}}", _archive, schema_scopes("write"), write=True),
)
