"""Collections, composite, batch and tree of the Salesforce sandbox (reference salesforce.md §3.2, §3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.connectors_sandbox_salesforce import Sandbox, code, sandbox


@pytest.fixture
def org() -> Iterator[Sandbox]:
    """A running sandbox."""
    with sandbox() as running:
        yield running


def contact(**values: object) -> dict[str, object]:
    """A contact of a collection."""
    return {"attributes": {"type": "Contact"}, **values}


def codes(results: list[dict[str, Any]]) -> list[Any]:
    """For each row its success, or the status code of its first error."""
    return [each["success"] or each["errors"][0]["statusCode"] for each in results]


def test_rows_answer_in_order_with_their_own_errors(org: Sandbox) -> None:
    """Always 200; a refused row says statusCode and no id, the others are done (§3.2)."""
    records = [contact(LastName="A"), contact(FirstName="B"), contact(LastName="C", Email="x")]
    answer = org.post("composite/sobjects", {"records": records})
    assert answer.status_code == 200
    assert codes(answer.json()) == [True, "REQUIRED_FIELD_MISSING", "INVALID_EMAIL_ADDRESS"]
    assert answer.json()[1] == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [LastName]",
                "fields": ["LastName"],
            }
        ],
    }
    assert org.column("SELECT Id FROM Contact") == [answer.json()[0]["id"]]


def test_update_and_delete_rows(org: Sandbox) -> None:
    """15-character ids go in and 18 come out; each stale id has its own code."""
    kept, gone = (org.make("Contact", LastName=name) for name in "AB")
    org.delete(f"sobjects/Contact/{gone}")
    ids = [kept[:15], kept, gone, "003000000000009AAA", "nonsense", "00Q000000000009EAA"]
    records = [contact(id=id, Email=None) for id in ids] + [contact(Phone="1")]
    answer = org.patch("composite/sobjects", {"allOrNone": False, "records": records}).json()
    assert codes(answer) == [
        True,
        "DUPLICATE_VALUE",
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
        "INVALID_ID_FIELD",
        "MISSING_ARGUMENT",
    ]
    assert answer[0]["id"] == kept
    removed = org.delete("composite/sobjects", params={"ids": ",".join(ids[:5]), "allOrNone": "false"}).json()
    assert codes(removed) == [
        True,
        "ENTITY_IS_DELETED",
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
    ]
    assert org.column("SELECT Id FROM Contact") == []


def test_all_or_none(org: Sandbox) -> None:
    """With allOrNone one refused row takes everything back, and innocent rows say so."""
    ids = [org.make("Contact", LastName=name) for name in "AB"]
    org.make("Task", WhoId=ids[0])
    records = [contact(id=ids[0], LastName="Changed"), contact(id=ids[1], LastName=None), contact(id=ids[1], Phone="1")]
    answer = org.patch("composite/sobjects", {"allOrNone": True, "records": records}).json()
    assert codes(answer) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING", "DUPLICATE_VALUE"]
    assert org.column("SELECT LastName FROM Contact") == ["A", "B"]
    bad = {"ids": f"{ids[0]},003000000000009AAA", "allOrNone": "true"}
    assert codes(org.delete("composite/sobjects", params=bad).json())[0] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert org.column("SELECT WhoId FROM Task") == [ids[0]]
    created = org.post("composite/sobjects", {"allOrNone": True, "records": [contact(LastName="C"), contact()]}).json()
    assert codes(created) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert org.column("SELECT LastName FROM Contact") == ["A", "B"]


def test_a_body_that_cannot_be_read_is_refused_whole(org: Sandbox) -> None:
    """An unknown field or a wrong JSON type spoils the request: 400, and no row is done."""
    for bad, error in ((contact(LastName="B", Nope=1), "INVALID_FIELD"), (contact(LastName=5), "JSON_PARSER_ERROR")):
        assert code(org.post("composite/sobjects", {"records": [contact(LastName="A"), bad]})) == (400, error)
    assert code(org.post("composite/sobjects", {"records": "A"})) == (400, "JSON_PARSER_ERROR")
    assert org.column("SELECT Id FROM Contact") == []
    untyped = org.post("composite/sobjects", {"records": [{"LastName": "A"}]}).json()
    assert codes(untyped) == ["INVALID_TYPE"]


def test_200_rows_and_10_runs_of_types(org: Sandbox) -> None:
    """201 rows are refused, and so are more than ten runs of one type."""
    full = [contact(LastName=str(at)) for at in range(201)]
    assert code(org.post("composite/sobjects", {"records": full})) == (400, "EXCEEDED_ID_LIMIT")
    assert codes(org.post("composite/sobjects", {"records": full[:200]}).json()) == [True] * 200
    ids = org.column("SELECT Id FROM Contact")
    assert code(org.delete("composite/sobjects", params={"ids": ",".join([*ids, ids[0]])})) == (
        400,
        "EXCEEDED_ID_LIMIT",
    )
    account = {"attributes": {"type": "Account"}, "Name": "A"}
    mixed = [contact(LastName="x"), account] * 6
    assert code(org.post("composite/sobjects", {"records": mixed})) == (400, "LIMIT_EXCEEDED")
    assert codes(org.post("composite/sobjects", {"records": mixed[:10]}).json()) == [True] * 10


def test_upsert_rows(org: Sandbox) -> None:
    """Rows are made or changed by an external id, and say which."""
    org.load({"kind": "_field", "object": "Contact", "name": "Ext__c", "type": "string", "externalId": True})
    known = org.make("Contact", LastName="A", Ext__c="1")
    records = [contact(Ext__c="1", FirstName="B"), contact(Ext__c="2", LastName="C"), contact(LastName="D")]
    answer = org.patch("composite/sobjects/Contact/Ext__c", {"records": records}).json()
    assert codes(answer) == [True, True, "MISSING_ARGUMENT"]
    assert (answer[0]["id"], answer[0]["created"], answer[1]["created"]) == (known, False, True)
    assert code(org.patch("composite/sobjects/Contact/LastName", {"records": records})) == (400, "INVALID_FIELD")


def test_retrieve(org: Sandbox) -> None:
    """Missing, deleted and malformed ids are null; an unknown field is refused; POST takes 2000 ids."""
    kept, gone = (org.make("Contact", LastName=name) for name in "AB")
    org.delete(f"sobjects/Contact/{gone}")
    ids = [kept[:15], gone, "003000000000009AAA", "nonsense"]
    by_get = org.get("composite/sobjects/Contact", params={"ids": ",".join(ids), "fields": "Id,LastName"}).json()
    by_post = org.post("composite/sobjects/Contact", {"ids": ids, "fields": ["id", "lastname"]}).json()
    assert by_get == by_post
    assert (by_get[0]["Id"], by_get[0]["LastName"], by_get[1:]) == (kept, "A", [None] * 3)
    assert code(org.post("composite/sobjects/Contact", {"ids": ids, "fields": ["Nope"]})) == (400, "INVALID_FIELD")
    many = [f"003{at:012d}AAA" for at in range(2001)]
    assert len(org.post("composite/sobjects/Contact", {"ids": many[:2000], "fields": ["Id"]}).json()) == 2000
    assert code(org.post("composite/sobjects/Contact", {"ids": many, "fields": ["Id"]})) == (400, "EXCEEDED_ID_LIMIT")


def note_and_link(parent: str) -> list[dict[str, object]]:
    """The two sub-requests of an enhanced note."""
    base = "/services/data/v66.0/sobjects"
    link = {"ContentDocumentId": "@{n1.id}", "LinkedEntityId": parent, "ShareType": "V", "Visibility": "InternalUsers"}
    return [
        {
            "method": "POST",
            "url": f"{base}/ContentNote",
            "referenceId": "n1",
            "body": {"Title": "t", "Content": "PHA+"},
        },
        {"method": "POST", "url": f"{base}/ContentDocumentLink", "referenceId": "l1", "body": link},
    ]


def test_composite_refers_to_earlier_answers(org: Sandbox) -> None:
    """A later sub-request uses an earlier answer; the whole is one call (§3.3)."""
    parent = org.make("Contact", LastName="A")
    answer = org.post("composite", {"allOrNone": True, "compositeRequest": note_and_link(parent)})
    first, second = answer.json()["compositeResponse"]
    assert (first["httpStatusCode"], second["httpStatusCode"], second["referenceId"]) == (201, 201, "l1")
    assert answer.headers["Sforce-Limit-Info"].startswith("api-usage=2/")
    linked = org.column(f"SELECT ContentDocumentId FROM ContentDocumentLink WHERE LinkedEntityId = '{parent}'")
    assert linked == [first["body"]["id"]]


def test_composite_rolls_back(org: Sandbox) -> None:
    """With allOrNone a failure takes the rest back; without, only those that depend on it halt. Always 200."""
    parts = note_and_link("003000000000009AAA")
    answer = org.post("composite", {"allOrNone": True, "compositeRequest": parts})
    assert answer.status_code == 200
    first, second = answer.json()["compositeResponse"]
    assert (first["httpStatusCode"], first["body"][0]["errorCode"]) == (400, "PROCESSING_HALTED")
    assert second["body"][0]["errorCode"] == "INVALID_CROSS_REFERENCE_KEY"
    assert org.column("SELECT Id FROM ContentNote") == []
    parts[0]["body"] = {}
    failed, halted = org.post("composite", {"compositeRequest": parts}).json()["compositeResponse"]
    assert failed["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert (halted["httpStatusCode"], halted["body"][0]["errorCode"]) == (400, "PROCESSING_HALTED")


def test_composite_reads_queries_and_conditions(org: Sandbox) -> None:
    """Sub-requests may be queries and collections, and carry headers of their own."""
    org.at("2026-11-24T12:00:00+00:00")
    id = org.make("Contact", LastName="A")
    base = "/services/data/v66.0"
    body = {"records": [contact(id="@{q.records[0].Id}", Phone="1")]}
    since = {"If-Unmodified-Since": "Tue, 24 Nov 2026 11:00:00 GMT"}
    parts = [
        {"method": "GET", "url": f"{base}/query?q=SELECT+Id+FROM+Contact", "referenceId": "q"},
        {"method": "PATCH", "url": f"{base}/composite/sobjects", "referenceId": "c", "body": body},
        {"method": "DELETE", "url": f"{base}/sobjects/Contact/{id}", "referenceId": "d", "httpHeaders": since},
        {"method": "GET", "url": "/nope", "referenceId": "n"},
    ]
    answers = org.post("composite", {"compositeRequest": parts}).json()["compositeResponse"]
    assert [each["httpStatusCode"] for each in answers] == [200, 200, 412, 400]
    assert org.column("SELECT Phone FROM Contact") == ["1"]


def test_composite_limits(org: Sandbox) -> None:
    """26 sub-requests, six queries, or one reference id twice are refused."""
    one = {"method": "GET", "url": "/services/data/v66.0/limits"}
    parts = [{**one, "referenceId": f"r{at}"} for at in range(26)]
    assert code(org.post("composite", {"compositeRequest": parts})) == (400, "LIMIT_EXCEEDED")
    assert len(org.post("composite", {"compositeRequest": parts[:25]}).json()["compositeResponse"]) == 25
    queries = [{**part, "url": "/services/data/v66.0/query?q=SELECT+Id+FROM+Contact"} for part in parts[:6]]
    assert code(org.post("composite", {"compositeRequest": queries})) == (400, "LIMIT_EXCEEDED")
    assert code(org.post("composite", {"compositeRequest": [parts[0], parts[0]]})) == (400, "INVALID_INPUT")


def test_batch(org: Sandbox) -> None:
    """A batch answers each request, goes on after an error unless told to halt, and takes nothing back."""
    good = {"method": "GET", "url": "v66.0/sobjects/Contact/describe"}
    bad = {"method": "POST", "url": "/services/data/v66.0/sobjects/Contact", "richInput": {}}
    make = {"method": "POST", "url": "v66.0/sobjects/Contact", "richInput": {"LastName": "A"}}
    answer = org.post("composite/batch", {"batchRequests": [good, bad, make]}).json()
    assert (answer["hasErrors"], [each["statusCode"] for each in answer["results"]]) == (True, [200, 400, 201])
    halted = org.post("composite/batch", {"haltOnError": True, "batchRequests": [bad, make]}).json()
    assert halted["results"][1]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
    assert org.column("SELECT LastName FROM Contact") == ["A"]
    assert code(org.post("composite/batch", {"batchRequests": [good] * 26})) == (400, "LIMIT_EXCEEDED")


def test_tree(org: Sandbox) -> None:
    """A tree is created whole, children tied to their parents, or not at all."""
    child: dict[str, Any] = {"attributes": {"type": "Contact", "referenceId": "c1"}, "LastName": "A"}
    root = {"attributes": {"type": "Account", "referenceId": "a1"}, "Name": "Acme", "Contacts": {"records": [child]}}
    made = org.post("composite/tree/Account", {"records": [root]})
    assert (made.status_code, made.json()["hasErrors"]) == (201, False)
    ids = {each["referenceId"]: each["id"] for each in made.json()["results"]}
    assert org.rows("SELECT Id, AccountId FROM Contact") == [{"Id": ids["c1"], "AccountId": ids["a1"]}]
    child["LastName"] = None
    refused = org.post("composite/tree/Account", {"records": [root]})
    assert (refused.status_code, refused.json()["results"][0]["referenceId"]) == (400, "c1")
    assert refused.json()["results"][0]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert org.column("SELECT COUNT(Id) FROM Account") == [1]
    many = [{"attributes": {"type": "Account", "referenceId": f"r{at}"}, "Name": "A"} for at in range(201)]
    assert org.post("composite/tree/Account", {"records": many}).json()["results"][0]["referenceId"] == "r200"
    assert org.column("SELECT COUNT(Id) FROM Account") == [1]
