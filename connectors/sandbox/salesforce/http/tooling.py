"""Tooling API: enough to add a custom field and to find it again (reference §6.5)."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.salesforce import ids
from connectors.sandbox.salesforce.cursors import engine, first_page
from connectors.sandbox.salesforce.customs import from_metadata
from connectors.sandbox.salesforce.errors import Fail, no_rights, no_such_record
from connectors.sandbox.salesforce.http.body import Routes, json_body, path_id
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.salesforce.soql.lexer import malformed
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Request, Response

_OBJECT = "CustomField"


def _create(session: Session, request: Request) -> Response:
    body = json_body(request)
    _must_customise(session)
    name, _, field = str(body.get("FullName", "")).partition(".")
    kind = session.find_object(name)
    if kind is None or not field.endswith("__c"):
        raise Fail("INVALID_TYPE", "FullName must be Object.Field__c", ["FullName"])
    if session.org.object(kind.name).has(field):  # a field this user cannot see is there all the same
        message = f"There is already a field named {field.removesuffix('__c')} on {kind.name}."
        raise Fail("DUPLICATE_DEVELOPER_NAME", message, ["FullName"])
    try:
        session.org.add_field({"object": kind.name, **from_metadata(field, body.get("Metadata") or {})})
    except ValueError as error:
        raise Fail("FIELD_INTEGRITY_EXCEPTION", str(error), ["Metadata"]) from None
    id = _remember(session, kind.name, field)
    return Response(201, {"id": id, "success": True, "errors": [], "warnings": [], "infos": []})


def _remember(session: Session, kind: str, field: str) -> str:
    own = session.org.object(_OBJECT)
    now = session.org.stamp()
    row: Doc = {"Id": session.org.new_id(own), "DeveloperName": field.removesuffix("__c"), "TableEnumOrId": kind}
    row |= {"ManageableState": "unmanaged", "CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
    session.rows.put(own, row)
    return str(row["Id"])


def _must_customise(session: Session) -> None:
    session.must_write()
    if not session.may("CustomizeApplication"):
        raise no_rights()


def _row(session: Session, id: str) -> Doc:
    row = session.rows.get(session.org.object(_OBJECT), path_id(id))
    if row is None:
        raise no_such_record()
    return row


def _full_name(row: Doc) -> str:
    return f"{row['TableEnumOrId']}.{row['DeveloperName']}__c"


def _read(session: Session, request: Request, id: str) -> Response:
    row = _row(session, id)
    spec = session.org.state.get(session.org.kind("_field"), _full_name(row)) or {}
    found: dict[str, Any] = {**row, "FullName": _full_name(row), "Metadata": spec}
    return Response(200, found)


def _delete(session: Session, request: Request, id: str) -> Response:
    _must_customise(session)
    row = _row(session, id)
    session.org.drop_field(_full_name(row))
    session.rows.drop(session.org.object(_OBJECT), ids.full(id) or "")
    return Response(204)


def _query(session: Session, request: Request) -> Response:
    text = request.one("q")
    if not text:
        raise malformed("A query string has to be specified")
    return Response(
        200, first_page(session, engine(session, deleted=False).run(text), session.org.settings.query_batch)
    )


ROUTES: Routes = [
    ("POST", "/tooling/sobjects/CustomField", _create),
    ("GET", "/tooling/sobjects/CustomField/{id}", _read),
    ("DELETE", "/tooling/sobjects/CustomField/{id}", _delete),
    ("GET", "/tooling/query", _query),
]
