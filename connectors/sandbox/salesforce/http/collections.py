"""composite/sobjects: up to 200 rows a call, always 200, one result a row in the rows' order (reference §3.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from connectors.sandbox.salesforce.dml.remove import delete
from connectors.sandbox.salesforce.dml.write import insert, update, upsert
from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.http.body import Routes, json_body, resource, values_of
from connectors.sandbox.salesforce.http.rows import record
from connectors.sandbox.salesforce.ids import full
from connectors.sandbox.salesforce.schema import Field, Object
from connectors.sandbox.salesforce.session import Session, record_id
from connectors.sandbox.wire import Request, Response

_ROWS, _RETRIEVED, _IN_URL, _RUNS = 200, 2000, 800, 10
_ROLLED_BACK = Fail(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
Item = Any
Act = Callable[[Any], dict[str, Any]]


def _create(session: Session, request: Request) -> Response:
    body, records = _records(request)

    def act(item: Item) -> dict[str, Any]:
        return {"id": insert(session, _typed(session, item), values_of(item))}

    return Response(200, results(session, records, body.get("allOrNone") is True, act))


def _update(session: Session, request: Request) -> Response:
    body, records = _records(request)
    seen: set[str] = set()

    def act(item: Item) -> dict[str, Any]:
        kind, id = _typed(session, item), _id(item)
        if id in seen:
            raise Fail("DUPLICATE_VALUE", "duplicate id in the list of records", ["Id"])
        seen.add(id)
        _alike(kind, id)
        update(session, kind, id, values_of(item))
        return {"id": id}

    return Response(200, results(session, records, body.get("allOrNone") is True, act))


def _upsert(session: Session, request: Request, name: str, field: str) -> Response:
    body, records = _records(request)
    kind = resource(session, name)
    key = kind.field(field)
    if key is None or not key.lookup:
        raise Fail("INVALID_FIELD", f"Field name provided, {field} is not an External ID or indexed field for {name}")
    own: Field = key

    def act(item: Item) -> dict[str, Any]:
        values = {each: value for each, value in values_of(item).items() if each.lower() != own.name.lower()}
        given = next((value for each, value in item.items() if each.lower() == own.name.lower()), None)
        if own.name == "Id" and given is None:
            return {"id": insert(session, kind, values), "created": True}
        if given is None:
            raise Fail("MISSING_ARGUMENT", f"{own.name} not specified", [])
        id, created = upsert(session, kind, own, record_id(given) if own.name == "Id" else str(given), values)
        return {"id": id, "created": created}

    return Response(200, results(session, records, body.get("allOrNone") is True, act))


def _delete(session: Session, request: Request) -> Response:
    ids = (request.one("ids") or "").split(",")
    _check_count(len(ids), _ROWS)

    def act(text: Item) -> dict[str, Any]:
        id = record_id(text.strip())
        delete(session, _kind_of(session, id), id)
        return {"id": id}

    return Response(200, results(session, ids, request.flag("allOrNone"), act))


def results(session: Session, items: Iterable[Item], all_or_none: bool, act: Act) -> list[dict[str, Any]]:
    """Acts on each item; a refused one is a failed result. Raises Fail when the request as a whole cannot be read."""
    found: list[dict[str, Any]] = []
    try:
        with session.rows.undoable():
            found.extend(_result(item, act) for item in items)
            if all_or_none and not all(each["success"] for each in found):
                raise _ROLLED_BACK
    except Fail as fail:
        if fail is not _ROLLED_BACK:
            raise
        return [failed(fail) if each["success"] else each for each in found]
    return found


def _result(item: Item, act: Act) -> dict[str, Any]:
    try:
        done = act(item)
    except Fail as fail:
        if fail.spoils_request:
            raise
        if fail.code == "NOT_FOUND":
            return failed(Fail("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"))
        return failed(fail)
    return {"id": done.pop("id"), "success": True, "errors": [], **done}


def failed(fail: Fail) -> dict[str, Any]:
    """The result of a refused row."""
    return {"success": False, "errors": [fail.row()]}


def _records(request: Request) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    body = json_body(request)
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise Fail("JSON_PARSER_ERROR", "records must be a list of objects")
    _check_count(len(records), _ROWS)
    kinds = [str((each.get("attributes") or {}).get("type")).lower() for each in records]
    if len(list(groupby(kinds))) > _RUNS:
        raise Fail(
            "LIMIT_EXCEEDED", "Cannot have more than 10 chunks in a single operation. Please rearrange the data."
        )
    return body, records


def _check_count(count: int, most: int) -> None:
    if count > most:
        raise Fail("EXCEEDED_ID_LIMIT", f"record limit reached. cannot submit more than {most} records into this call")


def _typed(session: Session, item: dict[str, Any]) -> Object:
    name = (item.get("attributes") or {}).get("type")
    kind = session.find_object(str(name))
    if kind is None:
        raise Fail("INVALID_TYPE", f"sObject type '{name}' is not supported.", [])
    return kind


def _id(item: dict[str, Any]) -> str:
    given = next((value for name, value in item.items() if name.lower() == "id"), None)
    if given is None:
        raise Fail("MISSING_ARGUMENT", "Id not specified in an update call", [])
    return record_id(given)


def _alike(kind: Object, id: str) -> None:
    if id[:3] != kind.prefix:
        raise Fail("INVALID_ID_FIELD", f"invalid record id for {kind.name}", ["Id"])


def _kind_of(session: Session, id: str) -> Object:
    found = session.rows.locate(id)
    kind = session.find_object(found[0].name) if found else None
    if kind is None:
        raise Fail("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
    return kind


def _retrieve_few(session: Session, request: Request, name: str) -> Response:
    ids, fields = ((request.one(key) or "").split(",") for key in ("ids", "fields"))
    _check_count(len(ids), _IN_URL)
    return _retrieve(session, name, ids, fields)


def _retrieve_many(session: Session, request: Request, name: str) -> Response:
    body = json_body(request)
    ids, fields = body.get("ids"), body.get("fields")
    if not isinstance(ids, list) or not isinstance(fields, list):
        raise Fail("JSON_PARSER_ERROR", "ids and fields must be lists")
    _check_count(len(ids), _RETRIEVED)
    return _retrieve(session, name, ids, fields)


def _retrieve(session: Session, name: str, ids: list[str], fields: list[str]) -> Response:
    kind = resource(session, name)
    names = [each.strip() for each in fields if each.strip()] or ["Id"]
    for each in names:
        if "." not in each and not kind.has(each):
            raise Fail("INVALID_FIELD", f"No such column '{each}' on sobject of type {kind.name}")
    return Response(200, [_one(session, kind, text, names) for text in ids])


def _one(session: Session, kind: Object, text: str, names: list[str]) -> Any:
    row = session.rows.get(kind, full(str(text).strip()) or "")
    if row is None or "_deleted" in row or not session.sees(kind, row):
        return None
    return record(session, kind, row, names)


ROUTES: Routes = [
    ("POST", "/composite/sobjects", _create),
    ("PATCH", "/composite/sobjects", _update),
    ("DELETE", "/composite/sobjects", _delete),
    ("GET", "/composite/sobjects/{name}", _retrieve_few),
    ("POST", "/composite/sobjects/{name}", _retrieve_many),
    ("PATCH", "/composite/sobjects/{name}/{field}", _upsert),
]
