"""CRM search of the local HubSpot: operators, limits, lag and the 10,000 cap (hubspot.md §2.2)."""

from __future__ import annotations

from typing import Any

import pytest

from tests import test_connectors_sandbox_hubspot_hub as kit
from tests.test_connectors_sandbox_hubspot_hub import Hub

running, hub = kit.running, kit.hub


SEARCH = "/crm/v3/objects/contacts/search"


def names(hub: Hub, *filters: dict[str, Any], **more: Any) -> list[str]:
    """The first names that a search with one group of filters finds, in its order."""
    groups = [{"filters": list(filters)}] if filters else []
    answer = hub.call("POST", SEARCH, {"filterGroups": groups, "properties": ["firstname"], "limit": 200, **more})
    assert answer.status_code == 200, answer.text
    return [row["properties"]["firstname"] for row in answer.json()["results"]]


def where(name: str, operator: str, **more: Any) -> dict[str, Any]:
    """One filter."""
    return {"propertyName": name, "operator": operator, **more}


@pytest.fixture
def people(hub: Hub) -> Hub:
    """Three contacts with different values."""
    hub.load(
        {
            "kind": "contacts",
            "id": "1",
            "properties": {
                "firstname": "Ana",
                "email": "ana@acme.fr",
                "lifecyclestage": "lead",
                "num_notes": "3",
                "notes_last_contacted": "2026-01-01T00:00:00.000Z",
                "hs_legal_basis": "Not applicable;Performance of a contract",
            },
        },
        {
            "kind": "contacts",
            "id": "2",
            "properties": {
                "firstname": "Bea",
                "email": "bea@other.fr",
                "lifecyclestage": "customer",
                "num_notes": "12",
                "notes_last_contacted": "2026-03-01T00:00:00.000Z",
            },
        },
        {"kind": "contacts", "id": "10", "properties": {"firstname": "Cid", "company": "Acme Industrie"}},
    )
    return hub


MARCH = str(1_772_323_200_000)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (where("email", "EQ", value="ANA@acme.fr"), ["Ana"]),
        (where("lifecyclestage", "EQ", value="LEAD"), []),
        (where("lifecyclestage", "NEQ", value="lead"), ["Bea"]),
        (where("num_notes", "GT", value="3"), ["Bea"]),
        (where("num_notes", "LTE", value="3"), ["Ana"]),
        (where("num_notes", "BETWEEN", value="3", highValue="12"), ["Ana", "Bea"]),
        (where("notes_last_contacted", "LT", value=MARCH), ["Ana"]),
        (where("notes_last_contacted", "GTE", value=MARCH), ["Bea"]),
        (where("notes_last_contacted", "NOT_HAS_PROPERTY"), ["Cid"]),
        (where("email", "HAS_PROPERTY"), ["Ana", "Bea"]),
        (where("firstname", "IN", values=["ana", "cid"]), ["Ana", "Cid"]),
        (where("firstname", "IN", values=["Ana"]), []),
        (where("lifecyclestage", "NOT_IN", values=["lead"]), ["Bea"]),
        (where("hs_legal_basis", "EQ", value="Not applicable"), ["Ana"]),
        (where("email", "CONTAINS_TOKEN", value="*@acme.fr"), ["Ana"]),
        (where("company", "CONTAINS_TOKEN", value="industrie"), ["Cid"]),
        (where("email", "NOT_CONTAINS_TOKEN", value="acme"), ["Bea"]),
        (where("hs_object_id", "GT", value="2"), ["Cid"]),
    ],
)
def test_operators(people: Hub, given: dict[str, Any], found: list[str]) -> None:
    """§2.2: enumerations by exact case, strings by any, IN by lower case, times in milliseconds, empties in none."""
    assert names(people, given) == found


def test_filters_of_a_group_must_all_fit_and_one_group_must(people: Hub) -> None:
    """§2.2: AND within a group, OR between groups."""
    both = [where("email", "HAS_PROPERTY"), where("num_notes", "GT", value="5")]
    assert names(people, *both) == ["Bea"]
    groups = [{"filters": both}, {"filters": [where("company", "HAS_PROPERTY")]}]
    found = people.call("POST", SEARCH, {"filterGroups": groups}).json()
    assert [row["id"] for row in found["results"]] == ["2", "10"]


def test_sorts_and_query(people: Hub) -> None:
    """§2.2: by id unless one sort is given, rows without a value last; `query` looks through the usual properties."""
    assert names(people) == ["Ana", "Bea", "Cid"]
    down = {"propertyName": "num_notes", "direction": "DESCENDING"}
    assert names(people, sorts=[down]) == ["Bea", "Ana", "Cid"]
    assert names(people, sorts=["-firstname"]) == ["Cid", "Bea", "Ana"]
    assert names(people, query="acme") == ["Ana", "Cid"]


def test_pages_are_offsets_with_a_total(people: Hub) -> None:
    """§2.2, §12.29: `after` is an integer offset; total counts every match."""
    first = people.call("POST", SEARCH, {"limit": 2}).json()
    assert (first["total"], first["paging"]["next"]["after"]) == (3, "2")
    last = people.call("POST", SEARCH, {"limit": 2, "after": "2"}).json()
    assert [row["id"] for row in last["results"]] == ["10"] and "paging" not in last


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"after": "next"},
        {"after": "10000"},
        {"after": "9900", "limit": 200},
        {"sorts": ["firstname", "lastname"]},
        {"query": "x" * 3_001},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [where("email", "HAS_PROPERTY")] * 7}]},
        {"filterGroups": [{"filters": [where("email", "HAS_PROPERTY")] * 5}] * 4},
        {"filterGroups": [{"filters": [where("no_such_thing", "HAS_PROPERTY")]}]},
        {"filterGroups": [{"filters": [where("email", "LIKE", value="a")]}]},
        {"filterGroups": [{"filters": [where("email", "EQ")]}]},
        {"filterGroups": [{"filters": [where("email", "IN", value="a")]}]},
        {"filterGroups": [{"filters": [where("createdate", "GT", value="2026-01-01")]}]},
        {"filterGroups": [{"filters": [where("num_notes", "GT", value="many")]}]},
    ],
)
def test_what_search_refuses(hub: Hub, body: dict[str, Any]) -> None:
    """§2.2: 200 a page, 10,000 rows, one sort, 3,000 characters, 5 groups of 6 filters and 18 in all."""
    answer = hub.call("POST", SEARCH, body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_the_last_page_before_the_cap_offers_one_that_is_refused(hub: Hub) -> None:
    """§2.2, §12.1: only the page that crosses 10,000 is a 400."""
    hub.load(*({"kind": "contacts", "properties": {"firstname": "x"}} for _ in range(10_001)))
    page = hub.call("POST", SEARCH, {"limit": 200, "after": "9800", "properties": ["email"]}).json()
    assert (page["total"], len(page["results"]), page["paging"]["next"]["after"]) == (10_001, 200, "10000")
    assert hub.call("POST", SEARCH, {"limit": 200, "after": "10000"}).status_code == 400


def test_search_lags_behind_writes(hub: Hub) -> None:
    """§2.2, §12.2: for a while new rows are missing and changed ones have their old values; a read by id is exact."""
    hub.settings(searchLagSeconds=8)
    hub.clock("2026-01-01T00:00:00+00:00")
    id = hub.create(firstname="Old")
    assert names(hub) == []
    hub.clock("2026-01-01T00:00:08+00:00")
    assert names(hub) == ["Old"]
    for name in ("New", "Newer"):
        hub.call("PATCH", f"/crm/v3/objects/contacts/{id}", {"properties": {"firstname": name}})
    assert names(hub, where("firstname", "EQ", value="old")) == ["Old"]
    assert hub.values(id)["firstname"] == "Newer"
    hub.clock("2026-01-01T00:00:19+00:00")
    assert names(hub) == ["Newer"]


def test_archived_rows_never_appear(hub: Hub) -> None:
    """§2.2: not even while search lags."""
    hub.settings(searchLagSeconds=8)
    id = hub.create(firstname="Ana")
    hub.call("DELETE", f"/crm/v3/objects/contacts/{id}")
    assert names(hub) == []


def test_the_association_pseudo_property(hub: Hub) -> None:
    """§2.2: `associations.{object}` finds the records that are associated with one."""
    hub.load(
        {"kind": "companies", "id": "7", "properties": {"name": "Acme"}},
        {
            "kind": "contacts",
            "properties": {"firstname": "Ana"},
            "associations": [{"to": "companies", "id": "7"}],
        },
        {"kind": "contacts", "properties": {"firstname": "Bea"}},
    )
    assert names(hub, where("associations.company", "EQ", value="7")) == ["Ana"]


def test_highly_sensitive_properties_cannot_be_searched(hub: Hub) -> None:
    """§2.2: sensitive ones can, with the scope."""
    for level in ("sensitive", "highly_sensitive"):
        hub.load({"kind": "property", "objectType": "contacts", "name": f"p_{level}", "dataSensitivity": level})
    body = {"filterGroups": [{"filters": [where("p_sensitive", "HAS_PROPERTY")]}]}
    assert hub.call("POST", SEARCH, body).status_code == 200
    lacking = "sandbox-lacks:crm.objects.contacts.sensitive.read"
    assert hub.call("POST", SEARCH, body, token=lacking).status_code == 403
    body = {"filterGroups": [{"filters": [where("p_highly_sensitive", "HAS_PROPERTY")]}]}
    assert hub.call("POST", SEARCH, body).status_code == 400
