"""sObject rows: describe, create, read, update, delete, upsert, deleted and updated (reference §3.1)."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.salesforce import times
from connectors.sandbox.salesforce.describe import describe, summary
from connectors.sandbox.salesforce.dml.remove import delete
from connectors.sandbox.salesforce.dml.write import by_external_id, existing, insert, unchanged_since, update, upsert
from connectors.sandbox.salesforce.errors import Fail, no_such_record
from connectors.sandbox.salesforce.http.body import Routes, json_body, path_id, resource, values_of
from connectors.sandbox.salesforce.ids import full
from connectors.sandbox.salesforce.schema import Field, Object
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.salesforce.soql.access import RowScope
from connectors.sandbox.salesforce.soql.shape import shape
from connectors.sandbox.salesforce.soql.syntax import Column, Query
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Request, Response

_DELETED_BACK = timedelta(days=15)
_UPDATED_BACK = timedelta(days=30)


def _list(session: Session, request: Request) -> Response:
    names = (kind.name for kind in session.org.schema.values() if not kind.is_("tooling"))
    kinds = [kind for name in names if (kind := session.find_object(name))]
    return Response(
        200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [summary(session, each) for each in kinds]}
    )


def _info(session: Session, request: Request, name: str) -> Response:
    return Response(200, {"objectDescribe": summary(session, resource(session, name)), "recentItems": []})


def _describe(session: Session, request: Request, name: str) -> Response:
    kind = session.find_object(name)
    if kind is None:
        raise no_such_record()
    return Response(200, describe(session, kind))


def _create(session: Session, request: Request, name: str) -> Response:
    kind = resource(session, name)
    body = json_body(request)
    if any(key.lower() == "id" for key in body):
        raise Fail("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    id = insert(session, kind, values_of(body))
    return Response(
        201, {"id": id, "success": True, "errors": []}, {"Location": f"{session.base}/sobjects/{name}/{id}"}
    )


def _read(session: Session, request: Request, name: str, id: str) -> Response:
    kind = resource(session, name)
    return _shown(session, request, kind, existing(session, kind, path_id(id)))


def _shown(session: Session, request: Request, kind: Object, row: Doc) -> Response:
    changed = times.moment(row["LastModifiedDate"]).replace(microsecond=0)
    headers = {"Last-Modified": times.http_text(changed)}
    since = times.http_date(request.headers.get("if-modified-since", ""))
    if since is not None and changed <= since:
        return Response(304, headers=headers)
    wanted = request.one("fields")
    return Response(200, record(session, kind, row, wanted.split(",") if wanted else None), headers)


def record(session: Session, kind: Object, row: Doc, names: list[str] | None = None) -> Doc:
    """A row with these fields, or all the user sees. Raises Fail INVALID_FIELD."""
    paths = names or [field.name for field in kind.fields.values()]
    columns = tuple(Column(tuple(path.strip().split("."))) for path in paths)
    return shape(RowScope(session, kind), Query(columns, kind.name), _no_children).emit(row)


def _no_children(parent: Object, query: Query) -> Any:
    raise no_such_record()


def _update(session: Session, request: Request, name: str, id: str) -> Response:
    kind = resource(session, name)
    whole = path_id(id)
    body = json_body(request)
    if any(key.lower() == "id" for key in body):
        raise Fail("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    unchanged_since(existing(session, kind, whole), request.headers.get("if-unmodified-since"))
    update(session, kind, whole, values_of(body))
    return Response(204)


def _delete(session: Session, request: Request, name: str, id: str) -> Response:
    kind = resource(session, name)
    whole = path_id(id)
    unchanged_since(existing(session, kind, whole), request.headers.get("if-unmodified-since"))
    delete(session, kind, whole)
    return Response(204)


def _read_by(session: Session, request: Request, name: str, field: str, value: str) -> Response:
    kind = resource(session, name)
    own = kind.field(value)
    if full(field) and own is not None and own.type == "base64":
        return _blob(session, kind, own, path_id(field))
    found = by_external_id(session, kind, _key(kind, field), value)
    if len(found) > 1:
        return _several(session, kind, found)
    if not found:
        raise no_such_record()
    return _shown(session, request, kind, existing(session, kind, found[0]))


def _blob(session: Session, kind: Object, field: Field, id: str) -> Response:
    data = existing(session, kind, id).get(field.name)
    if data is None:
        raise no_such_record()
    return Response(200, base64.b64decode(data), {"Content-Type": "application/octet-stream"})


def _key(kind: Object, name: str) -> Field:
    """A field that may stand for the id in a path."""
    field = kind.field(name)
    if field is None or not field.lookup:
        message = f"Provided external ID field does not exist or is not accessible: {name}"
        raise Fail("NOT_FOUND", message)
    return field


def _several(session: Session, kind: Object, found: list[str]) -> Response:
    return Response(300, [f"{session.base}/sobjects/{kind.name}/{id}" for id in found])


def _upsert(session: Session, request: Request, name: str, field: str, value: str) -> Response:
    kind = resource(session, name)
    key = _key(kind, field)
    body = json_body(request)
    if any(each.lower() in {"id", key.name.lower()} for each in body):
        raise Fail("INVALID_FIELD", f"The {key.name} field should not be specified in the sobject data.")
    known = by_external_id(session, kind, key, value) if key.name != "Id" else []
    if len(known) > 1:
        return _several(session, kind, known)
    id, created = upsert(session, kind, key, path_id(value) if key.name == "Id" else value, values_of(body))
    return Response(201 if created else 200, {"id": id, "success": True, "errors": [], "created": created})


def _delete_by(session: Session, request: Request, name: str, field: str, value: str) -> Response:
    kind = resource(session, name)
    found = by_external_id(session, kind, _key(kind, field), value)
    if len(found) > 1:
        return _several(session, kind, found)
    if not found:
        raise no_such_record()
    delete(session, kind, found[0])
    return Response(204)


def _deleted(session: Session, request: Request, name: str) -> Response:
    kind = resource(session, name)
    start, end = _window(session, request, _DELETED_BACK)
    rows = (session.rows.get(kind, id) for id in session.rows.ids(kind, live=False))
    gone = [row for row in rows if row and start <= row.get("_deleted", "") < end and session.sees(kind, row)]
    return Response(
        200,
        {
            "deletedRecords": [{"id": row["Id"], "deletedDate": row["_deleted"]} for row in gone],
            "earliestDateAvailable": times.stamp(session.org.now() - _DELETED_BACK),
            "latestDateCovered": end,
        },
    )


def _updated(session: Session, request: Request, name: str) -> Response:
    kind = resource(session, name)
    start, end = _window(session, request, _UPDATED_BACK)
    rows = (session.rows.get(kind, id) for id in session.rows.ids(kind, live=True))
    changed = [row["Id"] for row in rows if row and start <= row["SystemModstamp"] < end and session.sees(kind, row)]
    return Response(200, {"ids": changed, "latestDateCovered": end})


def _window(session: Session, request: Request, back: timedelta) -> tuple[str, str]:
    start, end = (_moment(request, name) for name in ("start", "end"))
    if start < session.org.now() - back:
        message = f"startDate cannot be more than {back.days} days ago"
        raise Fail("INVALID_REPLICATION_DATE", message)
    if end <= start:
        raise Fail("INVALID_REPLICATION_DATE", "endDate must be at least one minute after the startDate")
    return times.stamp(start), times.stamp(end)


def _moment(request: Request, name: str) -> datetime:
    text = (request.one(name) or "").replace(" ", "+")
    try:
        return times.moment(text)
    except ValueError:
        message = f"The value '{text}' of the {name} parameter is not a valid dateTime"
        raise Fail("INVALID_REPLICATION_DATE", message) from None


ROUTES: Routes = [
    ("GET", "/sobjects", _list),
    ("GET", "/sobjects/{name}", _info),
    ("POST", "/sobjects/{name}", _create),
    ("GET", "/sobjects/{name}/describe", _describe),
    ("GET", "/sobjects/{name}/deleted", _deleted),
    ("GET", "/sobjects/{name}/updated", _updated),
    ("GET", "/sobjects/{name}/{id}", _read),
    ("PATCH", "/sobjects/{name}/{id}", _update),
    ("DELETE", "/sobjects/{name}/{id}", _delete),
    ("GET", "/sobjects/{name}/{field}/{value}", _read_by),
    ("PATCH", "/sobjects/{name}/{field}/{value}", _upsert),
    ("DELETE", "/sobjects/{name}/{field}/{value}", _delete_by),
]
