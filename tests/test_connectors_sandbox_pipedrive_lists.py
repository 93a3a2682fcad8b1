"""Lists of the local Pipedrive API v2: cursors, sorting, choosing, filters and optional fields (pipedrive.md §3.3, §4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.test_connectors_sandbox_pipedrive_client import Api, emails, refusal


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


def walked(api: Api, **query: Any) -> list[list[int]]:
    """The ids of every page, to the end."""
    pages: list[list[int]] = []
    cursor: str | None = None
    while True:
        answer = api.call("GET", "/api/v2/persons", **query, **({"cursor": cursor} if cursor else {})).json()
        pages.append([person["id"] for person in answer["data"]])
        cursor = answer["additional_data"]["next_cursor"]
        if cursor is None:
            return pages


def people(api: Api, count: int) -> None:
    for number in range(1, count + 1):
        day = f"2024-01-{number:02d}T00:00:00Z"
        other = f"2024-02-{count + 1 - number:02d}T00:00:00Z"
        api.load("persons", id=number, name=f"P {number}", add_time=day, update_time=other)


def test_pages_end_by_a_null_cursor_not_by_a_short_page(api: Api) -> None:
    people(api, 6)
    assert walked(api, limit=3) == [[1, 2, 3], [4, 5, 6]]
    assert walked(api, limit=4) == [[1, 2, 3, 4], [5, 6]]
    assert walked(api, limit=2, sort_by="update_time") == [[6, 5], [4, 3], [2, 1]]
    assert walked(api, limit=4, sort_by="add_time", sort_direction="desc") == [[6, 5, 4, 3], [2, 1]]


def test_deleting_behind_the_cursor_loses_no_one(api: Api) -> None:
    people(api, 6)
    first = api.call("GET", "/api/v2/persons", limit=2).json()
    for id in (1, 2, 3):
        api.data("DELETE", f"/api/v2/persons/{id}")
    rest = api.call("GET", "/api/v2/persons", limit=5, cursor=first["additional_data"]["next_cursor"]).json()
    assert [person["id"] for person in rest["data"]] == [4, 5, 6]


def test_a_changed_row_moves_in_a_walk_by_update_time(api: Api) -> None:
    people(api, 4)
    first = api.call("GET", "/api/v2/persons", limit=2, sort_by="update_time").json()
    assert [person["id"] for person in first["data"]] == [4, 3]
    api.data("PATCH", "/api/v2/persons/4", {"name": "Seen twice"})
    cursor = first["additional_data"]["next_cursor"]
    rest = api.call("GET", "/api/v2/persons", limit=5, sort_by="update_time", cursor=cursor).json()
    assert [person["id"] for person in rest["data"]] == [2, 1, 4]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 501},
        {"limit": 0},
        {"cursor": "not-a-cursor"},
        {"email": "a@x.example"},
        {"sort_by": "name"},
        {"include_fields": "last_activity_date"},
        {"ids": ",".join(map(str, range(1, 102)))},
        {"custom_fields": ",".join(f"{number:040x}" for number in range(16))},
        {"updated_since": "2024-01-01T00:00:00.000Z"},
        {"updated_since": "2024-01-01"},
    ],
)
def test_what_a_list_does_not_take_is_refused(api: Api, query: dict[str, Any]) -> None:
    refusal(api.call("GET", "/api/v2/persons", **query))


def test_updated_since_is_inclusive_and_updated_until_is_not(api: Api) -> None:
    people(api, 4)
    window = {"updated_since": "2024-02-02T00:00:00Z", "updated_until": "2024-02-04T00:00:00Z"}
    assert walked(api, **window) == [[2, 3]]
    assert walked(api, limit=1, sort_by="update_time", **window) == [[3], [2]]


def test_lists_are_narrowed_by_ids_owner_organisation_and_deal(api: Api) -> None:
    api.load("organizations", id=5, name="Org")
    people(api, 4)
    api.load("persons", id=5, name="Of org", org_id=5, owner_id=2)
    api.load("deals", id=1, title="Deal", person_id=2, participants=[3])
    assert walked(api, ids="4,1,99") == [[1, 4]]
    assert walked(api, org_id=5) == [[5]]
    assert walked(api, owner_id=2) == [[5]]
    assert walked(api, deal_id=1) == [[2, 3]]
    assert walked(api, deal_id=1, ids="3,4") == [[3]]


def test_a_filter_makes_the_other_choices_of_records_be_ignored(api: Api) -> None:
    people(api, 4)
    by_name = next(one for one in api.data("GET", "/v1/personFields") if one["key"] == "name")
    leaf = {"object": "person", "field_id": str(by_name["id"]), "operator": "=", "value": "P 2", "extra_value": None}
    groups = [{"glue": "and", "conditions": [leaf]}, {"glue": "or", "conditions": []}]
    body = {"name": "Two", "type": "people", "conditions": {"glue": "and", "conditions": groups}}
    made = api.data("POST", "/v1/filters", body)
    assert walked(api, filter_id=made["id"], ids="1,3", owner_id=99) == [[2]]
    refusal(api.call("GET", "/api/v2/deals", filter_id=made["id"]))


def test_a_filter_takes_16_conditions_and_reads_dates(api: Api) -> None:
    people(api, 4)
    field = next(one["id"] for one in api.data("GET", "/v1/personFields") if one["key"] == "update_time")
    leaf = {"object": "person", "field_id": str(field), "operator": "<", "value": "2024-02-03", "extra_value": None}
    whole = {"glue": "and", "conditions": [{"glue": "and", "conditions": [leaf]}, {"glue": "or", "conditions": []}]}
    made = api.data("POST", "/v1/filters", {"name": "Old", "type": "people", "conditions": whole})
    assert walked(api, filter_id=made["id"]) == [[3, 4]]
    whole["conditions"] = [{"glue": "and", "conditions": [leaf] * 17}]
    assert api.call("POST", "/v1/filters", {"name": "Big", "type": "people", "conditions": whole}).status_code == 400


def test_optional_fields_are_computed_from_mails_deals_and_activities(api: Api) -> None:
    api.load("persons", id=1, name="A B", emails=emails("a@x.example"))
    api.load("deals", title="Open", person_id=1)
    api.load("deals", title="Won", person_id=1, status="won")
    api.load("deals", title="Part", participants=[1])
    api.load("activities", id=70, subject="Old", person_id=1, done=True, due_date="2023-01-01")
    api.load("activities", id=71, subject="New", person_id=1, done=True, due_date="2023-05-01")
    api.load("activities", id=72, subject="Next", person_id=1, due_date="2027-01-01")
    party = {"from": [{"email_address": "A@x.example"}], "message_time": "2025-03-01T10:00:00.000Z"}
    api.load("mailMessages", subject="Hello", **party)
    api.load("mailMessages", subject="Re", to=party["from"], sent_flag=1, message_time="2025-04-01T10:00:00.000Z")
    names = "last_activity_id next_activity_id last_incoming_mail_time last_outgoing_mail_time open_deals_count"
    names += " closed_deals_count participant_open_deals_count activities_count"
    read = api.data("GET", "/api/v2/persons/1", include_fields=names.replace(" ", ","))
    assert {name: read[name] for name in names.split()} == {
        "last_activity_id": 71,
        "next_activity_id": 72,
        "last_incoming_mail_time": "2025-03-01T10:00:00Z",
        "last_outgoing_mail_time": "2025-04-01T10:00:00Z",
        "open_deals_count": 1,
        "closed_deals_count": 1,
        "participant_open_deals_count": 1,
        "activities_count": 3,
    }


def test_optional_fields_may_be_given_by_a_load_file_and_are_never_shown_unasked(api: Api) -> None:
    api.load("persons", id=1, name="A B", last_incoming_mail_time="2022-01-01T00:00:00Z", open_deals_count=3)
    read = api.data("GET", "/api/v2/persons/1", include_fields="last_incoming_mail_time,open_deals_count")
    assert (read["last_incoming_mail_time"], read["open_deals_count"]) == ("2022-01-01T00:00:00Z", 3)
    assert "open_deals_count" not in api.data("GET", "/api/v2/persons/1")
