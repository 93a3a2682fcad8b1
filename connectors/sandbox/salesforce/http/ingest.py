"""Bulk API 2.0 ingest: create a job, upload, close, poll, read the three result files (reference §4.1)."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.salesforce.dml.bulk import Outcome, process
from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.http import csvs
from connectors.sandbox.salesforce.http.body import Routes, json_body
from connectors.sandbox.salesforce.http.jobs import (
    ABORTED,
    DONE,
    FAILED,
    OPEN,
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
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Request, Response

_TYPE = "V2Ingest"
_OPERATIONS = frozenset({"insert", "update", "upsert", "delete", "hardDelete"})
_CSV = {"Content-Type": "text/csv"}
_TIMES = {"apiActiveProcessingTime": 0, "apexProcessingTime": 0}


def _create(session: Session, request: Request) -> Response:
    body = json_body(request)
    operation = body.get("operation")
    if operation not in _OPERATIONS:
        raise Fail("API_ERROR", f"operation {operation} is not supported")
    kind = bulkable(session, str(body.get("object")))
    if operation == "hardDelete" and not (session.may("BulkApiHardDelete") and session.org.settings.hard_delete):
        raise Fail(
            "FEATURENOTENABLED",
            "hardDelete operation requires special user profile permission, please contact your system administrator",
        )
    key = kind.field(str(body.get("externalIdFieldName")))
    if operation == "upsert" and (key is None or not key.lookup):
        raise Fail("INVALIDJOB", "externalIdFieldName is required for upsert and must be an external id")
    job = new_job(session, body, _TYPE, OPEN) | {"object": kind.name, "numberRecordsFailed": 0, **_TIMES}
    job["contentUrl"] = f"{session.base.removeprefix('/')}/jobs/ingest/{job['id']}/batches"
    if operation == "upsert" and key is not None:
        job["externalIdFieldName"] = key.name
    keep(session, job)
    return Response(200, shown(job))


def _upload(session: Session, request: Request, id: str) -> Response:
    job = known(session, id, _TYPE)
    if job["state"] != OPEN or "_uploaded" in job:
        raise wrong_state("The job takes one upload, while it is open")
    if not request.headers.get("content-type", "").lower().startswith("text/csv"):
        return Response(415, Fail("API_ERROR", "Content-Type must be text/csv").body())
    _file(session, job, "upload", request.body.decode("utf-8", "surrogateescape"))
    keep(session, job | {"_uploaded": True})
    return Response(201)


def _patch(session: Session, request: Request, id: str) -> Response:
    job = known(session, id, _TYPE)
    state = json_body(request).get("state")
    if state == UPLOADED and job["state"] == OPEN and job.get("_uploaded"):
        _work(session, job)
        keep(session, job)
    elif state == ABORTED and job["state"] == OPEN:
        job["state"] = ABORTED
        keep(session, job)
    else:
        raise wrong_state(f"The job cannot go from {job['state']} to {state}")
    return Response(200, shown({**job, "numberRecordsProcessed": 0, "numberRecordsFailed": 0}))


def _work(session: Session, job: Doc) -> None:
    """Does the job's rows at once; the job says so only after a few looks at it."""
    text = _read(session, job, "upload")
    try:
        header, rows = csvs.read(text.encode("utf-8", "surrogateescape"), job["columnDelimiter"], job["lineEnding"])
        outcome = process(session, job, header, rows)
    except Fail as fail:
        job |= {"state": UPLOADED, "_end": FAILED, "errorMessage": f"{fail.code} : {fail.message}"}
        _file(session, job, "unprocessedrecords", text)
        return
    _keep_results(session, job, header, outcome)
    job |= {"state": UPLOADED, "_end": FAILED if outcome.stopped else DONE, "totalProcessingTime": 100}
    job["numberRecordsProcessed"] = len(outcome.succeeded) + len(outcome.failed)
    job["numberRecordsFailed"] = len(outcome.failed)
    if outcome.stopped:
        job["errorMessage"] = "TooManyLockFailure : the batch was retried too often"


def _keep_results(session: Session, job: Doc, header: list[str], outcome: Outcome) -> None:
    """Result rows come in another order than they were uploaded in."""
    files: dict[str, tuple[list[str], list[list[str]]]] = {
        "successfulResults": (["sf__Id", "sf__Created", *header], outcome.succeeded[::-1]),
        "failedResults": (["sf__Id", "sf__Error", *header], outcome.failed[::-1]),
        "unprocessedrecords": (header, outcome.unprocessed),
    }
    for name, (columns, rows) in files.items():
        _file(session, job, name, csvs.write(columns, rows, job["columnDelimiter"], job["lineEnding"]))


def _file(session: Session, job: Doc, name: str, text: str) -> None:
    data = text.encode("utf-8", "surrogateescape").decode("latin-1")
    session.org.state.put(session.org.kind("_file"), f"{job['id']}/{name}", {"text": data})


def _read(session: Session, job: Doc, name: str) -> str:
    doc = session.org.state.get(session.org.kind("_file"), f"{job['id']}/{name}")
    return "" if doc is None else str(doc["text"]).encode("latin-1").decode("utf-8", "surrogateescape")


def _get(session: Session, request: Request, id: str) -> Response:
    job = polled(session, known(session, id, _TYPE))
    ended = job["state"] in {DONE, FAILED}
    return Response(200, shown(job if ended else {**job, "numberRecordsProcessed": 0, "numberRecordsFailed": 0}))


def _list(session: Session, request: Request) -> Response:
    jobs = [shown(job) for _, job in session.org.state.all(session.org.kind("_job")) if job["jobType"] == _TYPE]
    return Response(200, {"done": True, "records": jobs, "nextRecordsUrl": None})


def _result(session: Session, request: Request, id: str, name: str) -> Response:
    job = known(session, id, _TYPE)
    known_name = {"successfulresults": "successfulResults", "failedresults": "failedResults"}.get(name.lower(), name)
    if job["state"] not in {DONE, FAILED, ABORTED}:
        raise wrong_state(f"The job is {job['state']}")
    return Response(200, _read(session, job, known_name).encode("utf-8", "surrogateescape"), dict(_CSV))


def _delete(session: Session, request: Request, id: str) -> Response:
    job: dict[str, Any] = known(session, id, _TYPE)
    if job["state"] not in {DONE, FAILED, ABORTED}:
        raise wrong_state("Only a job that has ended can be deleted")
    session.org.state.delete(session.org.kind("_job"), job["id"])
    return Response(204)


ROUTES: Routes = [
    ("POST", "/jobs/ingest", _create),
    ("GET", "/jobs/ingest", _list),
    ("PUT", "/jobs/ingest/{id}/batches", _upload),
    ("PATCH", "/jobs/ingest/{id}", _patch),
    ("GET", "/jobs/ingest/{id}", _get),
    ("DELETE", "/jobs/ingest/{id}", _delete),
    ("GET", "/jobs/ingest/{id}/{name}", _result),
]
