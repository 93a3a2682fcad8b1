"""Associations v4 of the local HubSpot: type ids, paging, batches (hubspot.md §2.6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests import test_connectors_sandbox_hubspot_hub as kit
from tests.test_connectors_sandbox_hubspot_hub import Hub

running, hub = kit.running, kit.hub


BATCH = "/crm/v4/associations/contacts/notes/batch"


def one(start: str, id: str, end: str, end_id: str = "") -> str:
    """The path of an association, or of all of a kind."""
    return f"/crm/v4/objects/{start}/{id}/associations/{end}" + (f"/{end_id}" if end_id else "")


def specs(*types: int) -> list[dict[str, Any]]:
    """Association types as a request names them."""
    return [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id} for type_id in types]


def types(hub: Hub, start: str, id: str, end: str) -> list[int]:
    """The type ids of the first association of a kind; none when there is none."""
    rows = hub.call("GET", one(start, id, end)).json()["results"]
    return [shown["typeId"] for shown in rows[0]["associationTypes"]] if rows else []


@pytest.fixture
def loaded(hub: Hub) -> Hub:
    """One record of each kind, with the id 7."""
    hub.load({"kind": "contacts", "id": "7", "properties": {"email": "a@b.fr"}})
    for kind in ("companies", "deals", "tickets", "notes", "tasks", "emails", "calls", "meetings"):
        hub.load({"kind": kind, "id": "7"})
    return hub


@pytest.mark.parametrize(
    ("start", "end", "there", "back"),
    [
        ("contacts", "companies", 279, 280),
        ("contacts", "deals", 4, 3),
        ("contacts", "notes", 201, 202),
        ("contacts", "tasks", 203, 204),
        ("contacts", "emails", 197, 198),
        ("companies", "notes", 189, 190),
        ("companies", "tasks", 191, 192),
        ("deals", "notes", 213, 214),
        ("deals", "tasks", 215, 216),
        ("tickets", "notes", 227, 228),
    ],
)
def test_default_types(loaded: Hub, start: str, end: str, there: int, back: int) -> None:
    """§2.6: the vendor's type ids, seen from both ends."""
    answer = loaded.call("PUT", f"/crm/v4/objects/{start}/7/associations/default/{end}/7")
    assert answer.status_code == 200
    assert (types(loaded, start, "7", end), types(loaded, end, "7", start)) == ([there], [back])


def test_an_association_is_created_shown_and_taken_away(loaded: Hub) -> None:
    """§2.6: PUT 201, a numeric toObjectId on the wire, DELETE 204 whatever there was."""
    made = loaded.call("PUT", one("notes", "7", "contacts", "7"), specs(202))
    expected = {"fromObjectTypeId": "0-46", "fromObjectId": 7, "toObjectTypeId": "0-1", "toObjectId": 7, "labels": []}
    assert (made.status_code, made.json()) == (201, expected)
    (row,) = loaded.call("GET", one("0-46", "7", "0-1")).json()["results"]
    shown = {"category": "HUBSPOT_DEFINED", "typeId": 202, "label": None}
    assert row == {"toObjectId": 7, "associationTypes": [shown]}
    for _ in range(2):
        assert loaded.call("DELETE", one("contacts", "7", "notes", "7")).status_code == 204
    assert loaded.call("GET", one("notes", "7", "contacts")).json()["results"] == []


def test_a_primary_association_is_an_ordinary_one_too(loaded: Hub) -> None:
    """§2.6: contact->company 1 beside 279; only the named label is archived."""
    made = loaded.call("PUT", one("contacts", "7", "companies", "7"), specs(1))
    assert made.json()["labels"] == ["Primary"]
    assert (types(loaded, "contacts", "7", "companies"), types(loaded, "companies", "7", "contacts")) == (
        [1, 279],
        [2, 280],
    )
    label = {"inputs": [{"from": {"id": "7"}, "to": {"id": "7"}, "types": specs(1)}]}
    path = "/crm/v4/associations/contacts/companies/batch/labels/archive"
    assert loaded.call("POST", path, label).status_code == 204
    assert types(loaded, "companies", "7", "contacts") == [280]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (one("contacts", "7", "notes", "7"), specs(202), 400),
        (one("contacts", "7", "notes", "7"), [], 400),
        (one("contacts", "7", "notes", "7"), {"type": 201}, 400),
        (one("contacts", "7", "notes", "9"), specs(201), 404),
        (one("contacts", "9", "notes", "7"), specs(201), 404),
        (one("contacts", "7", "people", "7"), specs(201), 400),
    ],
)
def test_what_cannot_be_associated(loaded: Hub, path: str, body: Any, status: int) -> None:
    """§2.6: the type must be of the pair and its direction, the records must be there."""
    assert loaded.call("PUT", path, body).status_code == status


def test_pages_of_five_hundred(hub: Hub) -> None:
    """§2.6: limit 500 at most; a row's own paging in a batch read, by `after` beside the id."""
    ends = [{"to": "notes", "id": str(n)} for n in range(1, 502)]
    hub.load(
        *({"kind": "notes", "id": end["id"]} for end in ends),
        {"kind": "contacts", "id": "7", "properties": {"email": "a@b.fr"}, "associations": ends},
    )
    page = hub.call("GET", one("contacts", "7", "notes"), limit=2).json()
    assert ([row["toObjectId"] for row in page["results"]], page["paging"]["next"]["after"]) == ([1, 2], "3")
    page = hub.call("GET", one("contacts", "7", "notes"), limit=2, after="501").json()
    assert [row["toObjectId"] for row in page["results"]] == [501] and "paging" not in page
    assert hub.call("GET", one("contacts", "7", "notes"), limit=501).status_code == 400
    (row,) = hub.call("POST", f"{BATCH}/read", {"inputs": [{"id": "7"}]}).json()["results"]
    assert (len(row["to"]), row["paging"]["next"]["after"]) == (500, "501")
    (row,) = hub.call("POST", f"{BATCH}/read", {"inputs": [{"id": "7", "after": "501"}]}).json()["results"]
    assert [end["toObjectId"] for end in row["to"]] == [501] and "paging" not in row


def test_a_batch_read_names_the_records_without_any(loaded: Hub) -> None:
    """§2.6: a record without associations is an error of a 207, not a row."""
    loaded.load({"kind": "contacts", "id": "8", "properties": {"email": "c@d.fr"}})
    loaded.call("PUT", one("contacts", "7", "notes", "7"), specs(201))
    answer = loaded.call("POST", f"{BATCH}/read", {"inputs": [{"id": id} for id in ("7", "8", "9")]})
    body = answer.json()
    assert answer.status_code == 207
    assert [row["from"]["id"] for row in body["results"]] == ["7"]
    assert [error["context"]["fromObjectId"] for error in body["errors"]] == [["8"], ["9"]]
    assert {error["subCategory"] for error in body["errors"]} == {"crm.associations.NO_ASSOCIATIONS_FOUND"}
    assert loaded.call("POST", f"{BATCH}/read", {"inputs": [{"id": "7"}] * 1001}).status_code == 400


def test_batches_create_and_archive(loaded: Hub) -> None:
    """§2.6: 201, or 207 with the pairs that failed; default types 200; archive 204 takes every type of a pair."""
    pair = {"from": {"id": "7"}, "to": {"id": "7"}}
    bad = {"from": {"id": "9"}, "to": {"id": "7"}}
    assert loaded.call("POST", f"{BATCH}/create", {"inputs": [pair | {"types": specs(201)}]}).status_code == 201
    mixed = loaded.call("POST", f"{BATCH}/create", {"inputs": [row | {"types": specs(201)} for row in (pair, bad)]})
    assert (mixed.status_code, mixed.json()["errors"][0]["context"]["fromObjectId"]) == (207, ["9"])
    default = loaded.call("POST", f"{BATCH}/associate/default", {"inputs": [pair, bad]})
    assert (default.status_code, default.json()["numErrors"]) == (200, 1)
    gone = {"inputs": [{"from": {"id": "7"}, "to": [{"id": "7"}]}]}
    assert loaded.call("POST", f"{BATCH}/archive", gone).status_code == 204
    assert types(loaded, "contacts", "7", "notes") == []


def test_associating_an_activity_logs_it_once(loaded: Hub) -> None:
    """§2.5, §2.6: the record's stamp and num_notes move when a note is associated, not when it is again."""
    loaded.clock("2026-05-01T00:00:00+00:00")
    for _ in range(2):
        loaded.call("PUT", one("contacts", "7", "notes", "7"), specs(201))
    found = loaded.values("7", "num_notes", "notes_last_updated", "notes_last_contacted")
    assert (found["num_notes"], found["notes_last_contacted"]) == ("1", None)
    assert found["lastmodifieddate"] == found["notes_last_updated"] == "2026-05-01T00:00:00.000Z"
