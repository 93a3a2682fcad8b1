"""Bulk API 2.0 of the Salesforce sandbox: ingest and query jobs (reference salesforce.md §4)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.connectors_sandbox_salesforce import Sandbox, code, sandbox


@pytest.fixture
def org() -> Iterator[Sandbox]:
    """A running sandbox."""
    with sandbox() as running:
        yield running


def start(org: Sandbox, operation: str, text: str, kind: str = "Contact", **more: Any) -> str:
    """Creates a job, uploads a file and closes it; the job's id."""
    job = org.post("jobs/ingest", {"object": kind, "operation": operation, "contentType": "CSV", **more}).json()
    assert job["state"] == "Open"
    assert job["contentUrl"] == f"services/data/v66.0/jobs/ingest/{job['id']}/batches"
    headers = {"Content-Type": "text/csv; charset=UTF-8"}
    put = org.call("PUT", f"jobs/ingest/{job['id']}/batches", data=text.encode(), headers=headers)
    assert (put.status_code, put.content) == (201, b"")
    assert org.patch(f"jobs/ingest/{job['id']}", {"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    return str(job["id"])


def finish(org: Sandbox, id: str, path: str = "jobs/ingest") -> dict[str, Any]:
    """Polls a job until it has ended."""
    job: dict[str, Any] = {"state": "InProgress"}
    while job["state"] in {"UploadComplete", "InProgress"}:
        job = org.get(f"{path}/{id}").json()
    return job


def table(answer: requests.Response) -> list[dict[str, str]]:
    """A result file as records."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def result(org: Sandbox, id: str, name: str) -> list[dict[str, str]]:
    """One of the three result files."""
    return table(org.get(f"jobs/ingest/{id}/{name}/"))


def test_update_by_file(org: Sandbox) -> None:
    """An empty cell leaves a field as it is, #N/A empties it; rows fail one by one in a job that completes (§4.1)."""
    a, b = (org.make("Contact", LastName=name, Email=f"{name}@x.example", Phone="1") for name in "ab")
    id = start(
        org, "update", f"Id,Email,Phone,DoNotCall\n{a},,#N/A,true\n{b[:15]},nonsense,2,\n003000000000009AAA,,3,\n"
    )
    assert org.get(f"jobs/ingest/{id}").json()["state"] == "InProgress"
    job = finish(org, id)
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 3, 2)
    assert job["apiActiveProcessingTime"] == job["apexProcessingTime"] == 0
    assert org.rows("SELECT Email, Phone, DoNotCall FROM Contact WHERE LastName = 'a'") == [
        {"Email": "a@x.example", "Phone": None, "DoNotCall": True}
    ]
    assert result(org, id, "successfulResults") == [
        {"sf__Id": a, "sf__Created": "false", "Id": a, "Email": "", "Phone": "#N/A", "DoNotCall": "true"}
    ]
    failed = {row["sf__Id"]: row["sf__Error"] for row in result(org, id, "failedResults")}
    assert failed[b[:15]] == "INVALID_EMAIL_ADDRESS:Email: invalid email address: nonsense:Email --"
    assert failed["003000000000009AAA"].startswith("INVALID_CROSS_REFERENCE_KEY:")
    assert result(org, id, "unprocessedrecords") == []


def test_results_come_in_another_order_and_keep_newlines(org: Sandbox) -> None:
    """Result rows must be matched by id; a quoted newline survives."""
    ids = [org.make("Contact", LastName=name) for name in "abc"]
    id = start(org, "update", "Id,Description\n" + "".join(f'{each},"one\ntwo"\n' for each in ids))
    finish(org, id)
    rows = result(org, id, "successfulResults")
    assert [row["sf__Id"] for row in rows] == ids[::-1]
    assert {row["Description"] for row in rows} == {"one\ntwo"}
    assert org.column("SELECT Description FROM Contact") == ["one\ntwo"] * 3


def test_insert_and_upsert(org: Sandbox) -> None:
    """Rows are made, with a parent by external id, or upserted by an external id, with other delimiters and endings."""
    for kind in ("Account", "Contact"):
        org.load({"kind": "_field", "object": kind, "name": "Ext__c", "type": "string", "externalId": True})
    org.load({"kind": "Account", "Id": "001000000000001AAA", "Name": "Acme", "Ext__c": "acme"})
    text = "LastName;Ext__c;Account.Ext__c;CreatedDate\r\nA;1;acme;\r\nB;2;;\r\n"
    id = start(org, "insert", text, lineEnding="CRLF", columnDelimiter="SEMICOLON")
    assert finish(org, id)["numberRecordsFailed"] == 0
    assert "\r\n" in org.get(f"jobs/ingest/{id}/successfulResults").content.decode()
    assert org.rows("SELECT LastName, AccountId FROM Contact ORDER BY LastName") == [
        {"LastName": "A", "AccountId": "001000000000001AAA"},
        {"LastName": "B", "AccountId": None},
    ]
    id = start(org, "upsert", "Ext__c,LastName\n1,AA\n3,C\n,D\n", externalIdFieldName="Ext__c")
    assert finish(org, id)["numberRecordsFailed"] == 1
    assert {row["LastName"]: row["sf__Created"] for row in result(org, id, "successfulResults")} == {
        "AA": "false",
        "C": "true",
    }


def test_cells_are_read_by_the_fields_type(org: Sandbox) -> None:
    """Numbers and checkboxes are read from text; a cell that does not fit fails its row, as does a missing cell."""
    text = "Name,AnnualRevenue,Website\nA,1500.5,\nB,much,\nC,1\n"
    id = start(org, "insert", text, kind="Account")
    assert finish(org, id)["numberRecordsFailed"] == 2
    assert org.rows("SELECT Name, AnnualRevenue FROM Account") == [{"Name": "A", "AnnualRevenue": 1500.5}]
    errors = [row["sf__Error"].partition(":")[0] for row in result(org, id, "failedResults")]
    assert errors == ["INVALID_NUMBER_OF_FIELDS", "JSON_PARSER_ERROR"]
    finish(org, start(org, "upsert", "Id,LastName\n,A\n", externalIdFieldName="Id"))
    assert org.column("SELECT LastName FROM Contact") == ["A"]


def test_delete_and_hard_delete(org: Sandbox) -> None:
    """delete fills the bin, hardDelete passes it by; both know live rows, hardDelete also those in the bin."""
    a, b, c = (org.make("Contact", LastName=name) for name in "abc")
    org.make("Note", ParentId=b, Title="t")
    finish(org, start(org, "delete", f"Id\n{a}\n"))
    assert org.column("SELECT LastName FROM Contact WHERE IsDeleted = true", "queryAll") == ["a"]
    id = start(org, "hardDelete", f"Id\n{a}\n{b}\n003000000000009AAA\n")
    assert finish(org, id)["numberRecordsFailed"] == 1
    assert org.column("SELECT Id FROM Contact", "queryAll") == [c]
    assert org.column("SELECT Id FROM Note", "queryAll") == []


@pytest.mark.parametrize("how", ["token", "org"])
def test_hard_delete_needs_its_permission(org: Sandbox, how: str) -> None:
    """Without Bulk API Hard Delete the job is not even created (§4.1)."""
    if how == "org":
        org.load({"kind": "_settings", "hardDelete": False})
    token = "sandbox-lacks:BulkApiHardDelete" if how == "token" else "sandbox"
    refused = org.post(
        "jobs/ingest", {"object": "Contact", "operation": "hardDelete", "contentType": "CSV"}, token=token
    )
    assert code(refused) == (400, "FEATURENOTENABLED")


def test_a_failed_job_takes_nothing_back(org: Sandbox) -> None:
    """Rows done before a job fails stay done; the rest is in unprocessedrecords, to be counted (Traps 9)."""
    org.load({"kind": "_settings", "bulkFailAfter": 2, "bulkPolls": 0})
    id = start(org, "insert", "LastName\nA\nB\nC\n")
    job = finish(org, id)
    assert (job["state"], job["numberRecordsProcessed"]) == ("Failed", 2)
    assert org.column("SELECT LastName FROM Contact") == ["A", "B"]
    assert result(org, id, "unprocessedrecords") == [{"LastName": "C"}]


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        ("insert", "LastName,Nope\nA,B\n"),
        ("insert", "Id,LastName\n003000000000001AAA,A\n"),
        ("insert", ""),
        ("insert", "LastName\r\nA\r\n"),
        ("update", "LastName\nA\n"),
        ("delete", "Id,LastName\n003000000000001AAA,A\n"),
        ("delete", "LastName\nA\n"),
    ],
)
def test_a_file_that_does_not_fit_fails_the_job(org: Sandbox, operation: str, text: str) -> None:
    """A header, ending or file that cannot be used fails the job before any row; all rows are unprocessed."""
    id = start(org, operation, text)
    job = finish(org, id)
    assert (job["state"], job["errorMessage"].startswith("InvalidBatch : ")) == ("Failed", True)
    assert org.get(f"jobs/ingest/{id}/unprocessedrecords").content.decode() == text
    assert org.column("SELECT Id FROM Contact") == []


def test_job_states(org: Sandbox) -> None:
    """A job takes one upload while open, can be aborted while open, is read once it has ended, and deleted then."""
    job = org.post("jobs/ingest", {"object": "Contact", "operation": "insert"}).json()["id"]
    path = f"jobs/ingest/{job}"
    put: dict[str, Any] = {"data": b"LastName\nA\n", "headers": {"Content-Type": "text/csv"}}
    assert code(org.patch(path, {"state": "UploadComplete"})) == (400, "INVALIDJOBSTATE")
    assert (
        org.call("PUT", f"{path}/batches", data=b"x", headers={"Content-Type": "application/json"}).status_code == 415
    )
    assert org.call("PUT", f"{path}/batches", **put).status_code == 201
    assert code(org.call("PUT", f"{path}/batches", **put)) == (400, "INVALIDJOBSTATE")
    assert code(org.get(f"{path}/failedResults")) == (400, "INVALIDJOBSTATE")
    assert code(org.delete(path)) == (400, "INVALIDJOBSTATE")
    assert org.patch(path, {"state": "Aborted"}).json()["state"] == "Aborted"
    assert org.get("jobs/ingest").json()["records"][0]["state"] == "Aborted"
    assert code(org.get(path, token="sandbox-readonly")) == (404, "NOT_FOUND")
    assert org.delete(path).status_code == 204
    assert code(org.get(path)) == (404, "NOT_FOUND")
    assert org.column("SELECT Id FROM Contact") == []


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"object": "TaskStatus", "operation": "insert"}, "INVALIDENTITY"),
        ({"object": "Nope", "operation": "insert"}, "INVALIDENTITY"),
        ({"object": "Contact", "operation": "erase"}, "API_ERROR"),
        ({"object": "Contact", "operation": "upsert"}, "INVALIDJOB"),
        ({"object": "Contact", "operation": "insert", "contentType": "XML"}, "API_ERROR"),
    ],
)
def test_refused_ingest_jobs(org: Sandbox, body: dict[str, str], error: str) -> None:
    """A job that makes no sense is refused when it is created."""
    assert code(org.post("jobs/ingest", body)) == (400, error)


def test_a_read_only_user_fails_row_by_row(org: Sandbox) -> None:
    """Rights are looked at row by row."""
    a = org.make("Contact", LastName="a")
    body = {"object": "Contact", "operation": "delete", "contentType": "CSV"}
    only = {"token": "sandbox-readonly"}
    id = org.post("jobs/ingest", body, **only).json()["id"]
    headers = {"Content-Type": "text/csv"}
    org.call("PUT", f"jobs/ingest/{id}/batches", data=f"Id\n{a}\n".encode(), headers=headers, **only)
    org.patch(f"jobs/ingest/{id}", {"state": "UploadComplete"}, **only)
    while org.get(f"jobs/ingest/{id}", **only).json()["state"] != "JobComplete":
        pass
    failed = table(org.get(f"jobs/ingest/{id}/failedResults", **only))
    assert failed[0]["sf__Error"].startswith("INSUFFICIENT_ACCESS_OR_READONLY:")
    assert org.column("SELECT Id FROM Contact") == [a]


def query_job(org: Sandbox, soql: str, operation: str = "query") -> str:
    """A query job that has ended."""
    answer = org.post("jobs/query", {"operation": operation, "query": soql})
    assert answer.json()["state"] == "UploadComplete", answer.text
    assert finish(org, answer.json()["id"], "jobs/query")["state"] == "JobComplete"
    return str(answer.json()["id"])


def test_query_pages_by_locator(org: Sandbox) -> None:
    """Each page has the header; Sforce-Locator leads to the next and says null at the end (§4.2)."""
    org.load(*({"kind": "Contact", "LastName": name, "CreatedDate": "2026-01-02T03:04:05Z"} for name in "abc"))
    id = query_job(org, "SELECT LastName, CreatedDate, DoNotCall, Account.Name FROM Contact ORDER BY LastName")
    first = org.get(f"jobs/query/{id}/results", params={"maxRecords": 2})
    assert first.headers["Sforce-NumberOfRecords"] == "2"
    assert table(first)[0] == {
        "LastName": "a",
        "CreatedDate": "2026-01-02T03:04:05.000Z",
        "DoNotCall": "false",
        "Account.Name": "",
    }
    last = org.get(f"jobs/query/{id}/results", params={"maxRecords": 2, "locator": first.headers["Sforce-Locator"]})
    assert [row["LastName"] for row in table(last)] == ["c"]
    assert last.headers["Sforce-Locator"] == "null"
    whole = org.get(f"jobs/query/{id}/results")
    assert (len(table(whole)), whole.headers["Sforce-Locator"]) == (3, "null")


def test_query_job_rules(org: Sandbox) -> None:
    """Results wait for the end, need the job's API version and a locator it gave; queryAll shows the bin."""
    a = org.make("Contact", LastName="a")
    org.delete(f"sobjects/Contact/{a}")
    id = org.post("jobs/query", {"operation": "query", "query": "SELECT Id FROM Contact"}).json()["id"]
    assert code(org.get(f"jobs/query/{id}/results")) == (400, "INVALIDJOBSTATE")
    assert org.patch(f"jobs/query/{id}", {"state": "Aborted"}).json()["state"] == "Aborted"
    assert org.delete(f"jobs/query/{id}").status_code == 204
    id = query_job(org, "SELECT Id FROM Contact", "queryAll")
    assert [row["Id"] for row in table(org.get(f"jobs/query/{id}/results"))] == [a]
    assert org.get(f"/services/data/v65.0/jobs/query/{id}/results").status_code == 409
    assert code(org.get(f"jobs/query/{id}/results", params={"locator": "x"})) == (400, "API_ERROR")


@pytest.mark.parametrize(
    ("soql", "error"),
    [
        ("SELECT COUNT(Id) FROM Contact", "API_ERROR"),
        ("SELECT LastName FROM Contact GROUP BY LastName", "API_ERROR"),
        ("SELECT Id FROM Contact LIMIT 1 OFFSET 1", "API_ERROR"),
        ("SELECT Id, (SELECT Id FROM Tasks) FROM Contact", "API_ERROR"),
        ("SELECT MailingAddress FROM Contact", "API_ERROR"),
        ("SELECT ApiName FROM TaskStatus", "INVALIDENTITY"),
        ("SELECT Id FROM ContentDocumentLink", "MALFORMED_QUERY"),
        ("SELECT Nope FROM Contact", "INVALID_FIELD"),
        ("SELECT", "MALFORMED_QUERY"),
    ],
)
def test_refused_query_jobs(org: Sandbox, soql: str, error: str) -> None:
    """What Bulk API cannot query is refused when the job is created."""
    assert code(org.post("jobs/query", {"operation": "query", "query": soql})) == (400, error)
