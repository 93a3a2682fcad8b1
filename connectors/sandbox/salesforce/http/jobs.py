"""What ingest and query jobs of Bulk API 2.0 share: their documents, their states, their answers (reference §4)."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.salesforce import ids
from connectors.sandbox.salesforce.errors import Fail, no_such_record
from connectors.sandbox.salesforce.http.csvs import DELIMITERS, ENDINGS
from connectors.sandbox.salesforce.schema import Object
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.state import Doc

OPEN, UPLOADED, RUNNING, DONE, FAILED, ABORTED = (
    "Open",
    "UploadComplete",
    "InProgress",
    "JobComplete",
    "Failed",
    "Aborted",
)


def new_job(session: Session, body: dict[str, Any], job_type: str, state: str) -> Doc:
    """A fresh job document, kept."""
    delimiter, ending = str(body.get("columnDelimiter", "COMMA")), str(body.get("lineEnding", "LF"))
    if body.get("contentType", "CSV") != "CSV" or delimiter not in DELIMITERS or ending not in ENDINGS:
        raise Fail("API_ERROR", "contentType, columnDelimiter or lineEnding is not supported")
    now = session.org.stamp()
    job: Doc = {
        "id": ids.make("750", session.org.state.next_id(session.org.kind("_job"))),
        "operation": body["operation"],
        "createdById": session.user,
        "createdDate": now,
        "systemModstamp": now,
        "state": state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(session.version),
        "jobType": job_type,
        "lineEnding": ending,
        "columnDelimiter": delimiter,
        "numberRecordsProcessed": 0,
        "retries": 0,
        "totalProcessingTime": 0,
        "_polls": session.org.settings.bulk_polls,
    }
    return job


def keep(session: Session, job: Doc) -> None:
    """Writes a job document."""
    session.org.state.put(session.org.kind("_job"), job["id"], {**job, "systemModstamp": session.org.stamp()})


def known(session: Session, id: str, job_type: str) -> Doc:
    """A job of this user. Raises Fail NOT_FOUND."""
    job = session.org.state.get(session.org.kind("_job"), ids.full(id) or "")
    if job is None or job["jobType"] != job_type or job["createdById"] != session.user:
        raise no_such_record()
    return job


def polled(session: Session, job: Doc) -> Doc:
    """A job after one more look at it: it says InProgress for a while before it shows how it ended."""
    if job["state"] not in {UPLOADED, RUNNING}:
        return job
    ended = job["_polls"] <= 0
    job |= {"state": job["_end"] if ended else RUNNING, "_polls": job["_polls"] - 1}
    keep(session, job)
    return job


def shown(job: Doc) -> dict[str, Any]:
    """A job as the API answers it."""
    return {name: value for name, value in job.items() if not name.startswith("_")}


def bulkable(session: Session, name: str) -> Object:
    """An object of a job. Raises Fail INVALIDENTITY when Bulk API has none."""
    kind = session.find_object(name)
    if kind is None or kind.is_("nobulk") or kind.is_("virtual") or kind.is_("tooling"):
        raise Fail("INVALIDENTITY", f"Entity '{name}' is not supported by the Bulk API.")
    return kind


def wrong_state(message: str) -> Fail:
    """A step that the job's state does not allow."""
    return Fail("INVALIDJOBSTATE", message)
