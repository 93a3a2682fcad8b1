"""CRM objects v3, one record at a time, and the list (hubspot.md §2, §2.1, §2.5)."""

from __future__ import annotations

from connectors.sandbox.hubspot import creation, paging, records, schema, view
from connectors.sandbox.hubspot.access import Call, Route, object_scopes
from connectors.sandbox.hubspot.errors import invalid, not_found
from connectors.sandbox.hubspot.kinds import CONTACTS, Kind
from connectors.sandbox.hubspot.records import Doc
from connectors.sandbox.wire import Response

PAGE, PAGE_WITH_HISTORY = 100, 50


def find(call: Call, kind: Kind, id: str, archived: bool = False) -> tuple[str, Doc]:
    """The record a path names. Raises Refusal: 404 for none, 400 for an idProperty that names no record."""
    name = call.request.one("idProperty") or "hs_object_id"
    identifying(call, kind, name)
    found = records.fetch_by(call.portal, kind, name, id, archived)
    if found is None:
        raise not_found()
    return found


def identifying(call: Call, kind: Kind, name: str) -> None:
    """Raises Refusal unless a property's values name records: unique ones, and a contact's e-mail."""
    definition = schema.lookup(call.portal, kind, name)
    email = kind == CONTACTS and name == "email"
    if not definition or not (definition["hasUniqueValue"] or email):
        raise invalid(f"Property {name} is not a unique property of {kind.name}")


def _page(call: Call, kind: Kind) -> Response:
    asked = view.from_query(call, kind)
    limit = call.limit(10, PAGE_WITH_HISTORY if asked.history else PAGE)
    store = records.bin_of if call.request.flag("archived") else records.live
    rows, after = paging.stored(call, store(call.portal, kind), limit)
    return Response(200, {"results": [view.show(call.portal, kind, id, doc, asked) for id, doc in rows], **after})


def _get(call: Call, kind: Kind, id: str) -> Response:
    asked = view.from_query(call, kind)
    found, doc = find(call, kind, id, call.request.flag("archived"))
    return Response(200, view.show(call.portal, kind, found, doc, asked))


def _create(call: Call, kind: Kind) -> Response:
    made = creation.draft(call, kind, call.body())
    id, doc = made.save(call, kind)
    return Response(201, written(call, kind, id, doc, made.values))


def written(call: Call, kind: Kind, id: str, doc: Doc, values: dict[str, str]) -> dict[str, object]:
    """A record after a write: the properties that were written, and the defaults."""
    asked = view.Fields(tuple(dict.fromkeys([*kind.shown, *values, *kind.always()])))
    return view.show(call.portal, kind, id, doc, asked)


def _update(call: Call, kind: Kind, id: str) -> Response:
    found, doc = find(call, kind, id)
    values = schema.checked(call, kind, call.body().get("properties"), doc["properties"])
    creation.free(call, kind, values, found)
    records.write(call.portal, kind, found, doc, values)
    return Response(200, written(call, kind, found, doc, values))


def _archive(call: Call, kind: Kind, id: str) -> Response:
    found = records.fetch(call.portal, kind, id)
    if found:
        records.archive(call.portal, kind, *found)
    elif not records.fetch(call.portal, kind, id, archived=True):
        raise not_found()
    return Response(204)


ROUTES = (
    Route("GET", "/crm/v3/objects/{kind}", _page, object_scopes("read")),
    Route("POST", "/crm/v3/objects/{kind}", _create, object_scopes("write"), write=True),
    Route("GET", "/crm/v3/objects/{kind}/{id}", _get, object_scopes("read")),
    Route("PATCH", "/crm/v3/objects/{kind}/{id}", _update, object_scopes("write"), write=True),
    Route("DELETE", "/crm/v3/objects/{kind}/{id}", _archive, object_scopes("write"), write=True),
)
