"""Associations v4 (hubspot.md §2.6)."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.hubspot import activity, links, paging, records
from connectors.sandbox.hubspot.access import Call, Route, object_scopes
from connectors.sandbox.hubspot.batches import outcome, rows
from connectors.sandbox.hubspot.errors import invalid, not_found, row_error
from connectors.sandbox.hubspot.kinds import Kind, default_type, opposite_type
from connectors.sandbox.wire import Refusal, Response

PAGE, MOST_READ, MOST_WRITTEN = 500, 1_000, 2_000

Row = dict[str, Any]


def _record(call: Call, kind: Kind, id: str) -> str:
    found = records.fetch(call.portal, kind, id)
    if found is None:
        raise not_found(f"No {kind.singular} with id {id}")
    return found[0]


def _specs(given: Any) -> list[int]:
    try:
        types = [int(spec["associationTypeId"]) for spec in given]
    except (KeyError, TypeError, ValueError) as error:
        raise invalid("Invalid input JSON: association types need associationCategory, associationTypeId") from error
    if not types:
        raise invalid("Some required fields were not set: [associationTypeId]")
    return types


def _shown(start: Kind, end: Kind, link: links.Link) -> Row:
    id, types = link
    shown = [
        {"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": links.label(start, end, type_id)}
        for type_id in types
    ]
    return {"toObjectId": int(id), "associationTypes": shown}


def _page(call: Call, start: Kind, id: str, end: Kind) -> Response:
    found = _record(call, start, id)
    limit = call.limit(PAGE, PAGE)
    known = links.following(call.portal, start, found, end)
    page, more = paging.listed(call, known, limit, lambda link: str(link[0]))
    return Response(200, {"results": [_shown(start, end, link) for link in page], **more})


def _joined(start: Kind, start_id: str, end: Kind, end_id: str, types: list[int]) -> Row:
    labels = [name for type_id in types if (name := links.label(start, end, type_id))]
    return {
        "fromObjectTypeId": start.type_id,
        "fromObjectId": int(start_id),
        "toObjectTypeId": end.type_id,
        "toObjectId": int(end_id),
        "labels": labels,
    }


def _associate(call: Call, start: Kind, id: str, end: Kind, end_id: str, types: list[int]) -> Row:
    ids = _record(call, start, id), _record(call, end, end_id)
    for type_id in types:
        opposite_type(start, end, type_id)
    activity.associate(call.portal, start, ids[0], end, ids[1], types)
    return _joined(start, ids[0], end, ids[1], types)


def _create(call: Call, start: Kind, id: str, end: Kind, end_id: str) -> Response:
    return Response(201, _associate(call, start, id, end, end_id, _specs(call.json())))


def _default(call: Call, start: Kind, id: str, end: Kind, end_id: str) -> list[Row]:
    there, back = default_type(start, end), default_type(end, start)
    _associate(call, start, id, end, end_id, [there])
    return [_both(id, end_id, there), _both(end_id, id, back)]


def _both(id: str, end_id: str, type_id: int) -> Row:
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}
    return {"from": {"id": id}, "to": {"id": end_id}, "associationSpec": spec}


def _create_default(call: Call, start: Kind, id: str, end: Kind, end_id: str) -> Response:
    return outcome(call, _default(call, start, id, end, end_id), [])


def _archive(call: Call, start: Kind, id: str, end: Kind, end_id: str) -> Response:
    links.remove(call.portal, start, id, end, end_id)
    return Response(204)


def _batch_read(call: Call, start: Kind, end: Kind) -> Response:
    """A row per record that has associations; a record with none, or an unknown one, is an error."""
    results, errors = [], []
    for given in rows(call, MOST_READ):
        id = str(given.get("id"))
        found = records.fetch(call.portal, start, id)
        known = links.following(call.portal, start, found[0], end) if found else ()
        page, more = paging.window(call, known, str(given.get("after") or ""), PAGE, lambda link: str(link[0]))
        if page:
            results.append({"from": {"id": id}, "to": [_shown(start, end, link) for link in page], **more})
        else:
            errors.append(_none(start, id, end))
    return outcome(call, results, errors)


def _none(start: Kind, id: str, end: Kind) -> Row:
    refusal = not_found(f"No {end.singular} is associated with {start.singular} {id}.")
    context = {"fromObjectId": [id], "fromObjectType": [start.singular], "toObjectType": [end.singular]}
    return row_error(refusal, context) | {"subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}


def _pair(given: Any) -> tuple[str, str]:
    try:
        return str(given["from"]["id"]), str(given["to"]["id"])
    except (KeyError, TypeError) as error:
        raise invalid("Some required fields were not set: [from.id, to.id]") from error


def _batch_create(call: Call, start: Kind, end: Kind) -> Response:
    results, errors = [], []
    for given in rows(call, MOST_WRITTEN):
        id, end_id = _pair(given)
        try:
            results.append(_associate(call, start, id, end, end_id, _specs(given.get("types"))))
        except Refusal as refusal:
            errors.append(row_error(refusal, {"fromObjectId": [id], "toObjectId": [end_id]}))
    return outcome(call, results, errors, 201)


def _batch_default(call: Call, start: Kind, end: Kind) -> Response:
    results, errors = [], []
    for given in rows(call, MOST_WRITTEN):
        id, end_id = _pair(given)
        try:
            results.extend(_default(call, start, id, end, end_id))
        except Refusal as refusal:
            errors.append(row_error(refusal, {"fromObjectId": [id], "toObjectId": [end_id]}))
    return outcome(call, results, errors, mixed=200)


def _batch_archive(call: Call, start: Kind, end: Kind) -> Response:
    for given in rows(call, MOST_WRITTEN):
        for other in given.get("to") or []:
            id, end_id = _pair(given | {"to": other})
            links.remove(call.portal, start, id, end, end_id)
    return Response(204)


def _batch_archive_labels(call: Call, start: Kind, end: Kind) -> Response:
    for given in rows(call, MOST_WRITTEN):
        id, end_id = _pair(given)
        links.remove(call.portal, start, id, end, end_id, _specs(given.get("types")))
    return Response(204)


_ONE = "/crm/v4/objects/{start}/{id}/associations"
_MANY = "/crm/v4/associations/{start}/{end}/batch"


def _write(method: str, pattern: str, handler: Any) -> Route:
    return Route(method, pattern, handler, object_scopes("write"), write=True)


ROUTES = (
    Route("GET", f"{_ONE}/{{end}}", _page, object_scopes("read")),
    _write("PUT", f"{_ONE}/default/{{end}}/{{end_id}}", _create_default),
    _write("PUT", f"{_ONE}/{{end}}/{{end_id}}", _create),
    _write("DELETE", f"{_ONE}/{{end}}/{{end_id}}", _archive),
    Route("POST", f"{_MANY}/read", _batch_read, object_scopes("read")),
    _write("POST", f"{_MANY}/create", _batch_create),
    _write("POST", f"{_MANY}/associate/default", _batch_default),
    _write("POST", f"{_MANY}/archive", _batch_archive),
    _write("POST", f"{_MANY}/labels/archive", _batch_archive_labels),
)
