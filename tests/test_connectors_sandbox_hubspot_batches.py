"""Batches of CRM objects in the local HubSpot: 207s, all or nothing, rows that vanish (hubspot.md §2.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests import test_connectors_sandbox_hubspot_hub as kit
from tests.test_connectors_sandbox_hubspot_hub import Hub, link

running, hub = kit.running, kit.hub


BATCH = "/crm/v3/objects/contacts/batch"


def rows(*properties: dict[str, Any], traced: bool = False) -> dict[str, Any]:
    """Inputs of a create, each with a trace id when asked for."""
    made = [{"properties": values} for values in properties]
    return {"inputs": [{**row, "objectWriteTraceId": f"t{n}"} for n, row in enumerate(made)] if traced else made}


@pytest.mark.parametrize("name", ["read", "create", "update", "upsert", "archive"])
def test_a_batch_has_at_most_a_hundred_inputs(hub: Hub, name: str) -> None:
    """§2.3: 100 a call on every batch endpoint; none is no batch."""
    inputs = [{"id": str(n), "properties": {}} for n in range(101)]
    assert hub.call("POST", f"{BATCH}/{name}", {"inputs": inputs}).status_code == 400
    assert hub.call("POST", f"{BATCH}/{name}", {"inputs": []}).status_code == 400
    assert hub.call("POST", f"{BATCH}/{name}", {"inputs": ["1"]}).status_code == 400


def test_a_batch_read_answers_207_with_the_ids_it_lacks(hub: Hub) -> None:
    """§2.3: OBJECT_NOT_FOUND with context.ids, beside the rows that were found."""
    id = hub.create(email="a@example.fr")
    answer = hub.call("POST", f"{BATCH}/read", {"inputs": [{"id": id}, {"id": "8"}, {"id": "9"}]})
    body = answer.json()
    assert (answer.status_code, body["status"], body["numErrors"]) == (207, "COMPLETE", 1)
    assert [row["id"] for row in body["results"]] == [id]
    assert (body["errors"][0]["category"], body["errors"][0]["context"]) == ("OBJECT_NOT_FOUND", {"ids": ["8", "9"]})


def test_a_batch_read_goes_by_address_and_by_bin(hub: Hub) -> None:
    """§2.1: idProperty email; `archived` reads the bin alone; history halves the batch."""
    id = hub.create(email="a@example.fr")
    body = {"inputs": [{"id": "a@example.fr"}], "idProperty": "email", "properties": ["email"]}
    assert hub.call("POST", f"{BATCH}/read", body).json()["results"][0]["id"] == id
    assert hub.call("POST", f"{BATCH}/read", body, archived="true").status_code == 207
    hub.call("DELETE", f"/crm/v3/objects/contacts/{id}")
    assert hub.call("POST", f"{BATCH}/read", body, archived="true").json()["results"][0]["id"] == id
    many = {"inputs": [{"id": str(n)} for n in range(51)], "propertiesWithHistory": ["email"]}
    assert hub.call("POST", f"{BATCH}/read", many).status_code == 400


@pytest.mark.parametrize(("bad", "status"), [({"nope": "x"}, 400), ({"email": "a@example.fr"}, 409)])
def test_one_bad_row_fails_the_whole_create(hub: Hub, bad: dict[str, str], status: int) -> None:
    """§2.3, §12.4: without trace ids nothing is created."""
    hub.create(email="a@example.fr")
    answer = hub.call("POST", f"{BATCH}/create", rows({"email": "b@example.fr"}, bad))
    assert answer.status_code == status
    assert len(hub.call("GET", "/crm/v3/objects/contacts").json()["results"]) == 1


def test_two_rows_with_one_address_fail_the_create(hub: Hub) -> None:
    """§2.3: the rows of a batch are checked against each other."""
    assert hub.call("POST", f"{BATCH}/create", rows(*[{"email": "a@example.fr"}] * 2)).status_code == 409


def test_traced_rows_fail_one_by_one(hub: Hub) -> None:
    """§2.3: 207 with objectWriteTraceId when every input has one of its own."""
    given = rows({"email": "a@example.fr"}, {"email": "a@example.fr"}, {"nope": "x"}, traced=True)
    answer = hub.call("POST", f"{BATCH}/create", given)
    body = answer.json()
    assert (answer.status_code, [row["objectWriteTraceId"] for row in body["results"]]) == (207, ["t0"])
    found = [(error["category"], error["context"]["objectWriteTraceId"]) for error in body["errors"]]
    assert found == [("CONFLICT", ["t1"]), ("VALIDATION_ERROR", ["t2"])]


def test_trace_ids_that_repeat_are_none(hub: Hub) -> None:
    """§2.3: the trace id must be unique for each input."""
    given = rows({"email": "a@example.fr"}, {"nope": "x"}, traced=True)
    given["inputs"][1]["objectWriteTraceId"] = "t0"
    assert hub.call("POST", f"{BATCH}/create", given).status_code == 400


def test_a_good_create_is_a_201(hub: Hub) -> None:
    """§2: the success code of batch/create, with the records in order."""
    contact = hub.create(email="a@example.fr")
    notes = {
        "inputs": [
            {"properties": {"hs_timestamp": "2026-01-01T00:00:00Z", "hs_note_body": text}, "associations": [end]}
            for text, end in (("one", link(contact, 202)), ("two", link(contact, 202)))
        ]
    }
    answer = hub.call("POST", "/crm/v3/objects/notes/batch/create", notes)
    assert answer.status_code == 201
    assert [row["properties"]["hs_note_body"] for row in answer.json()["results"]] == ["one", "two"]
    assert hub.values(contact, "num_notes")["num_notes"] == "2"


def test_an_update_reports_unknown_ids_and_refuses_bad_values_whole(hub: Hub) -> None:
    """§2.3, §2.5: 207 for ids that are not there; one read-only property is a 400 for the call."""
    id = hub.create(email="a@example.fr")
    good, bad = {"id": id, "properties": {"city": "Lyon"}}, {"id": "9", "properties": {"city": "Lyon"}}
    answer = hub.call("POST", f"{BATCH}/update", {"inputs": [good, bad]})
    assert (answer.status_code, answer.json()["errors"][0]["context"]) == (207, {"ids": ["9"]})
    bad = {"id": id, "properties": {"city": "Nice", "hs_email_optout": "true"}}
    assert (
        hub.call("POST", f"{BATCH}/update", {"inputs": [good | {"properties": {"zip": "1"}}, bad]}).status_code == 400
    )
    found = hub.values(id, "city", "zip")
    assert (found["city"], found["zip"]) == ("Lyon", None)


def test_an_update_leaves_a_merged_id_out_without_a_word(hub: Hub) -> None:
    """§2.3, §2.4: old ids do not work in batch update; the row is in neither list."""
    first, second = hub.create(email="a@example.fr"), hub.create(email="b@example.fr")
    merge = {"primaryObjectId": first, "objectIdToMerge": second}
    hub.call("POST", "/crm/v3/objects/contacts/merge", merge)
    answer = hub.call("POST", f"{BATCH}/update", {"inputs": [{"id": first, "properties": {"city": "Lyon"}}]})
    assert (answer.status_code, answer.json()["results"]) == (200, [])
    assert "errors" not in answer.json()


def test_an_upsert_by_address_creates_or_changes_all_or_nothing(hub: Hub) -> None:
    """§2.3, §12.21: result rows carry `new`; by e-mail there is no partial upsert, trace ids or not."""
    id = hub.create(email="a@example.fr")

    def row(address: str, **properties: str) -> dict[str, Any]:
        return {"id": address, "idProperty": "email", "properties": properties, "objectWriteTraceId": address}

    both = {"inputs": [row("a@example.fr", city="Lyon"), row("b@example.fr", city="Nice")]}
    answer = hub.call("POST", f"{BATCH}/upsert", both)
    assert answer.status_code == 200
    assert [(r["id"] == id, r["new"]) for r in answer.json()["results"]] == [(True, False), (False, True)]
    bad = {"inputs": [row("c@example.fr"), row("a@example.fr", nope="x")]}
    assert hub.call("POST", f"{BATCH}/upsert", bad).status_code == 400
    assert len(hub.call("GET", "/crm/v3/objects/contacts").json()["results"]) == 2


def test_an_upsert_by_a_unique_property_may_be_partial(hub: Hub) -> None:
    """§2.3: a custom unique property, trace ids, 207."""
    hub.load({"kind": "property", "objectType": "contacts", "name": "external_id", "hasUniqueValue": True})

    def row(key: str, **properties: str) -> dict[str, Any]:
        return {"id": key, "idProperty": "external_id", "properties": properties, "objectWriteTraceId": key}

    inputs = [row("x1", email="a@example.fr"), row("x2", email="bad"), row("x3", firstname="Ana")]
    answer = hub.call("POST", f"{BATCH}/upsert", {"inputs": inputs})
    body = answer.json()
    assert (answer.status_code, [row["new"] for row in body["results"]]) == (207, [True, True])
    assert body["errors"][0]["context"] == {"objectWriteTraceId": ["x2"]}
    assert hub.call("GET", "/crm/v3/objects/contacts/x3", idProperty="external_id").status_code == 200
    taken = hub.call("POST", "/crm/v3/objects/contacts", {"properties": {"firstname": "B", "external_id": "x1"}})
    assert taken.json()["errors"][0]["code"] == "CONFLICTING_UNIQUE_VALUE"


def test_a_batch_archive_is_a_204_whatever_it_finds(hub: Hub) -> None:
    """§2.4: archive answers 204 with no body."""
    id = hub.create(email="a@example.fr")
    answer = hub.call("POST", f"{BATCH}/archive", {"inputs": [{"id": id}, {"id": "9"}]})
    assert (answer.status_code, answer.content) == (204, b"")
    assert hub.call("GET", "/crm/v3/objects/contacts").json()["results"] == []
