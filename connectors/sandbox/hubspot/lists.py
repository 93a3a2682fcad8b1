"""Lists v3, the part a suppression list needs: manual lists and their members (hubspot.md §6)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.sandbox.hubspot import paging, records
from connectors.sandbox.hubspot.access import Call, Route, need
from connectors.sandbox.hubspot.errors import invalid, not_found
from connectors.sandbox.hubspot.kinds import kind_named
from connectors.sandbox.wire import Response

PAGE = 250
_TYPES = ("MANUAL", "SNAPSHOT", "DYNAMIC")

Doc = dict[str, Any]


def _store(call: Call) -> str:
    return call.portal.kind("lists")


def _find(call: Call, id: str, deleted: bool = False) -> Doc:
    found = call.portal.state.get(_store(call), id)
    if found is None or bool(found.get("deletedAt")) != deleted:
        raise not_found(f"List {id} does not exist")
    return found


def _keep(call: Call, doc: Doc) -> None:
    live = [] if doc.get("deletedAt") else [_key(doc["objectTypeId"], doc["name"])]
    call.portal.state.put(_store(call), doc["listId"], doc, {"name": live})


def _key(type_id: str, name: str) -> str:
    return f"{type_id}/{name.lower()}"


def _shown(call: Call, doc: Doc) -> Doc:
    return {name: value for name, value in doc.items() if name != "members"} | {"size": len(_members(call, doc))}


def _members(call: Call, doc: Doc) -> dict[str, str]:
    """The members that still exist: an archived or deleted record leaves its lists."""
    kind = kind_named(doc["objectTypeId"])
    where = records.live(call.portal, kind)
    return {id: since for id, since in doc["members"].items() if call.portal.state.get(where, id)}


def _create(call: Call) -> Response:
    given = call.body()
    name, kind = given.get("name"), kind_named(str(given.get("objectTypeId", "")))
    if not name or given.get("processingType") not in _TYPES:
        raise invalid("Some required fields were not set: [name, processingType]")
    if call.portal.state.find(_store(call), "name", _key(kind.type_id, name)):
        raise invalid(f"A list with the name {name} already exists")
    now = call.portal.now()
    doc: Doc = {
        "listId": str(call.portal.state.next_id(_store(call))),
        "name": name,
        "objectTypeId": kind.type_id,
        "processingType": given["processingType"],
        "processingStatus": "COMPLETE",
        "listVersion": 1,
        "createdAt": now,
        "updatedAt": now,
        "members": {},
    }
    _keep(call, doc)
    return Response(200, {"list": _shown(call, doc)})


def _get(call: Call, id: str) -> Response:
    return Response(200, {"list": _shown(call, _find(call, id))})


def _by_name(call: Call, type_id: str, name: str) -> Response:
    ids = call.portal.state.find(_store(call), "name", _key(type_id, name))
    if not ids:
        raise not_found(f"List {name} does not exist")
    return _get(call, ids[0])


def _delete(call: Call, id: str) -> Response:
    _keep(call, _find(call, id) | {"deletedAt": call.portal.now()})
    return Response(204)


def _restore(call: Call, id: str) -> Response:
    doc = _find(call, id, deleted=True)
    del doc["deletedAt"]
    _keep(call, doc)
    return Response(204)


def _page(call: Call, id: str) -> Response:
    members = _members(call, _find(call, id))
    page, more = paging.listed(call, members, call.limit(100, PAGE), str)
    results = [{"recordId": member, "membershipTimestamp": members[member]} for member in page]
    return Response(200, {"total": len(members), "results": results, **more})


def _change(call: Call, id: str, add: Iterable[Any], remove: Iterable[Any]) -> Response:
    doc = _find(call, id)
    if doc["processingType"] == "DYNAMIC":
        raise invalid("Members of a DYNAMIC list cannot be changed")
    kind, asked = kind_named(doc["objectTypeId"]), [str(member) for member in add]
    there = [member for member in asked if records.fetch(call.portal, kind, member)]
    new = [member for member in there if member not in doc["members"]]
    gone = [str(member) for member in remove if str(member) in doc["members"]]
    kept = {member: since for member, since in doc["members"].items() if member not in gone}
    _keep(call, doc | {"members": kept | dict.fromkeys(new, call.portal.now())})
    missing = [member for member in asked if member not in there]
    return Response(200, {"recordsIdsAdded": new, "recordIdsRemoved": gone, "recordIdsMissing": missing})


def _ids(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise invalid("Invalid input JSON: a list of record ids is required")
    return given


def _add(call: Call, id: str) -> Response:
    return _change(call, id, _ids(call.json()), [])


def _remove(call: Call, id: str) -> Response:
    return _change(call, id, [], _ids(call.json()))


def _add_and_remove(call: Call, id: str) -> Response:
    given = call.body()
    return _change(call, id, _ids(given.get("recordIdsToAdd", [])), _ids(given.get("recordIdsToRemove", [])))


def _clear(call: Call, id: str) -> Response:
    _change(call, id, [], list(_find(call, id)["members"]))
    return Response(204)


def _of_record(call: Call, type_id: str, id: str) -> Response:
    found = [doc for _, doc in call.portal.state.all(_store(call)) if doc["objectTypeId"] == type_id]
    results = [
        {"listId": doc["listId"], "listVersion": 1, "firstAddedTimestamp": since, "lastAddedTimestamp": since}
        for doc in found
        if not doc.get("deletedAt") and (since := _members(call, doc).get(id))
    ]
    return Response(200, {"total": len(results), "results": results})


_PATH, _READ, _WRITE = "/crm/v3/lists", need("crm.lists.read"), need("crm.lists.write")

ROUTES = (
    Route("POST", _PATH, _create, _WRITE, write=True),
    Route("GET", f"{_PATH}/object-type-id/{{type_id}}/name/{{name}}", _by_name, _READ),
    Route("GET", f"{_PATH}/records/{{type_id}}/{{id}}/memberships", _of_record, _READ),
    Route("GET", f"{_PATH}/{{id}}", _get, _READ),
    Route("DELETE", f"{_PATH}/{{id}}", _delete, _WRITE, write=True),
    Route("PUT", f"{_PATH}/{{id}}/restore", _restore, _WRITE, write=True),
    Route("GET", f"{_PATH}/{{id}}/memberships", _page, _READ),
    Route("DELETE", f"{_PATH}/{{id}}/memberships", _clear, _WRITE, write=True),
    Route("PUT", f"{_PATH}/{{id}}/memberships/add", _add, _WRITE, write=True),
    Route("PUT", f"{_PATH}/{{id}}/memberships/remove", _remove, _WRITE, write=True),
    Route("PUT", f"{_PATH}/{{id}}/memberships/add-and-remove", _add_and_remove, _WRITE, write=True),
)
