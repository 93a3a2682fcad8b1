"""Search in the local Pipedrive API v2 (pipedrive.md §4.1, traps 11 and 25)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.test_connectors_sandbox_pipedrive_client import NOW, Api, emails, refusal

DIET = "d4de1c1518b4531717c676029a45911c340390a6"
TAGS = "946947d1b02fd3ef20798d6112ec5d895a686a21"
NOTE = "51c27e4a19c3bedd91162a9d446707c1f95174ea"


@pytest.fixture(scope="module")
def running() -> Iterator[Api]:
    """One server for the file."""
    api = Api()
    yield api
    api.close()


@pytest.fixture
def api(running: Api) -> Api:
    """The server in its first state."""
    return running.fresh()


def custom_fields(api: Api) -> None:
    api.load(
        "personFields", field_code=DIET, field_name="Diet", field_type="enum", options=[{"id": 17, "label": "vegan"}]
    )
    api.load("personFields", field_code=TAGS, field_name="Tags", field_type="set", options=[{"id": 1, "label": "a"}])
    api.load("personFields", field_code=NOTE, field_name="Note", field_type="text")


def test_person_search_finds_by_any_email_without_minding_case_in_its_own_shape(api: Api) -> None:
    api.load("persons", id=1, name="Jane", emails=emails("main@x.example", "Jane@Y.example"))
    api.load("persons", id=2, name="Other", emails=emails("jane@y.example.org"))
    query = {"term": "jane@y.example", "fields": "email", "exact_match": "true"}
    answer = api.call("GET", "/api/v2/persons/search", **query).json()
    items = [row["item"] for row in answer["data"]["items"]]
    assert [(item["id"], item["emails"]) for item in items] == [(1, ["main@x.example", "Jane@Y.example"])]
    assert answer["additional_data"] == {"next_cursor": None}
    both = api.data("GET", "/api/v2/persons/search", term="jane@y")["items"]
    assert [row["item"]["id"] for row in both] == [1, 2]


def test_search_refuses_short_terms_and_long_pages(api: Api) -> None:
    refusal(api.call("GET", "/api/v2/persons/search", term="j"))
    refusal(api.call("GET", "/api/v2/itemSearch", term="jane", limit=101))
    assert api.call("GET", "/api/v2/persons/search", term="j", exact_match="true").status_code == 200


def test_search_reads_notes_and_custom_fields_and_forgets_the_deleted(api: Api) -> None:
    custom_fields(api)
    api.load("persons", id=1, name="A B", custom_fields={NOTE: "peanut allergy"})
    api.load("persons", id=2, name="C D")
    api.load("notes", content="<p>peanut butter</p>", person_id=2)
    found = api.data("GET", "/api/v2/itemSearch", term="peanut", item_types="person")["items"]
    assert [row["item"]["id"] for row in found] == [1, 2]
    api.data("DELETE", "/api/v2/persons/1")
    assert [row["item"]["id"] for row in api.data("GET", "/api/v2/persons/search", term="peanut")["items"]] == [2]


def test_field_search_minds_case_where_the_others_do_not(api: Api) -> None:
    api.load("persons", id=1, name="Jane", emails=emails("Jane@x.example"))
    query = {"entity_type": "person", "field": "email"}
    assert api.data("GET", "/api/v2/itemSearch/field", term="jane@x.example", **query) == []
    found = api.data("GET", "/api/v2/itemSearch/field", term="Jane@", match="beginning", **query)
    assert found == [{"id": 1, "name": "Jane"}]


def test_the_search_index_lags_behind_writes_when_the_account_says_so(api: Api) -> None:
    api.load("settings", searchLag=5)
    api.data("POST", "/api/v2/persons", {"name": "Brand New"})
    assert api.data("GET", "/api/v2/persons/search", term="Brand")["items"] == []
    api.sandbox.clock.set(NOW + timedelta(seconds=5))
    assert len(api.data("GET", "/api/v2/persons/search", term="Brand")["items"]) == 1
