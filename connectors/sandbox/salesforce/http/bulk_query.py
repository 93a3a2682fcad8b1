"""Bulk API 2.0 query: a job whose result is read in CSV pages by locator (reference §4.2)."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from connectors.sandbox.salesforce.cursors import Cursor, engine, remember
from connectors.sandbox.salesforce.errors import Fail, no_such_record
from connectors.sandbox.salesforce.http import csvs
from connectors.sandbox.salesforce.http.body import Routes, json_body
from connectors.sandbox.salesforce.http.jobs import (
    ABORTED,
    DONE,
    FAILED,
    UPLOADED,
    bulkable,
    keep,
    known,
    new_job,
    polled,
    shown,
    wrong_state,
)
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.salesforce.soql.access import RowScope
from connectors.sandbox.salesforce.soql.groups import is_aggregate
from connectors.sandbox.salesforce.soql.parser import parse
from connectors.sandbox.salesforce.soql.syntax import Children, Column, Query
from connectors.sandbox.wire import Request, Response

_TYPE = "V2Query"
_BASE = 1_000_000
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000\Z")


def _create(session: Session, request: Request) -> Response:
    body = json_body(request)
    if body.get("operation") not in {"query", "queryAll"} or not isinstance(body.get("query"), str):
        raise Fail("API_ERROR", "A query job needs an operation, query or queryAll, and a query")
    query = parse(body["query"])
    kind = bulkable(session, query.source)
    _refuse(session, query)
    answer = engine(session, body["operation"] == "queryAll").answer(query)
    job = new_job(session, body, _TYPE, UPLOADED) | {"object": kind.name, "_end": DONE}
    job["numberRecordsProcessed"] = answer.total
    remember(session, job["id"], Cursor(answer, answer.total, session.org.now(), session.user))
    keep(session, job)
    return Response(200, shown({**job, "numberRecordsProcessed": 0}))


def _refuse(session: Session, query: Query) -> None:
    if is_aggregate(query):
        raise Fail("API_ERROR", "Aggregate functions and GROUP BY are not supported in Bulk Query")
    if query.offset:
        raise Fail("API_ERROR", "OFFSET is not supported in Bulk Query")
    if any(isinstance(item, Children) for item in query.items):
        raise Fail("API_ERROR", "Aggregate Relationships not supported in Bulk Query")
    scope = RowScope(session, session.object(query.source), query.alias)
    columns = (item for item in query.items if isinstance(item, Column))
    if any(scope.access(column).field.type in {"address", "base64"} for column in columns):
        raise Fail("API_ERROR", "Selecting compound data not supported in Bulk Query")


def _get(session: Session, request: Request, id: str) -> Response:
    return Response(200, shown(polled(session, known(session, id, _TYPE))))


def _patch(session: Session, request: Request, id: str) -> Response:
    job = known(session, id, _TYPE)
    if json_body(request).get("state") != ABORTED or job["state"] in {DONE, FAILED, ABORTED}:
        raise wrong_state("A query job can only be aborted, and only while it runs")
    keep(session, job | {"state": ABORTED})
    return Response(200, shown(job | {"state": ABORTED}))


def _delete(session: Session, request: Request, id: str) -> Response:
    job = known(session, id, _TYPE)
    if job["state"] not in {DONE, FAILED, ABORTED}:
        raise wrong_state("Only a job that has ended can be deleted")
    session.org.state.delete(session.org.kind("_job"), job["id"])
    return Response(204)


def _results(session: Session, request: Request, id: str) -> Response:
    job = known(session, id, _TYPE)
    if float(session.version) != job["apiVersion"]:
        return Response(409, Fail("API_ERROR", "The results must be read with the job's API version").body())
    if job["state"] != DONE:
        raise wrong_state(f"The job is {job['state']}")
    cursor = session.org.cursors.get(job["id"])
    if cursor is None:
        raise no_such_record()
    answer = cursor.answer
    start, size = _offset(request.one("locator")), _size(request, answer.total)
    rows = [[_cell(record, column) for column in answer.columns] for record in answer.page(start, start + size)]
    end = start + size
    headers = {
        "Content-Type": "text/csv",
        "Sforce-NumberOfRecords": str(len(rows)),
        "Sforce-Locator": _locator(end) if end < answer.total else "null",
    }
    text = csvs.write(answer.columns, rows, job["columnDelimiter"], job["lineEnding"])
    return Response(200, text.encode(), headers)


def _size(request: Request, total: int) -> int:
    wanted = request.one("maxRecords")
    if wanted is None:
        return max(total, 1)
    if not wanted.isdigit() or wanted == "0":
        raise Fail("API_ERROR", "maxRecords must be a positive number")
    return int(wanted)


def _locator(offset: int) -> str:
    return base64.urlsafe_b64encode(str(_BASE + offset).encode()).decode().rstrip("=")


def _offset(locator: str | None) -> int:
    if locator is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4))) - _BASE
    except (ValueError, binascii.Error):
        raise Fail("API_ERROR", "The locator is not valid") from None


def _cell(record: Any, column: str) -> str:
    value = record
    for name in column.split("."):
        value = next((each for key, each in (value or {}).items() if key.lower() == name.lower()), None)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    is_stamp = isinstance(value, str) and _STAMP.match(value)
    return str(value).replace("+0000", "Z") if is_stamp else str(value)


ROUTES: Routes = [
    ("POST", "/jobs/query", _create),
    ("GET", "/jobs/query/{id}", _get),
    ("PATCH", "/jobs/query/{id}", _patch),
    ("DELETE", "/jobs/query/{id}", _delete),
    ("GET", "/jobs/query/{id}/results", _results),
]
