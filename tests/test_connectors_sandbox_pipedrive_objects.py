"""Deals, activities, fields and the rest of the local Pipedrive API v2 (pipedrive.md §5, §6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.test_connectors_sandbox_pipedrive_client import NOW, Api, refusal

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


def test_archived_deals_are_listed_apart_and_cannot_be_changed(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    api.load("deals", id=1, title="Live", person_id=1)
    api.load("deals", id=2, title="Filed", person_id=1, is_archived=True)
    assert [deal["id"] for deal in api.data("GET", "/api/v2/deals", person_id=1)] == [1]
    assert [deal["id"] for deal in api.data("GET", "/api/v2/deals/archived", person_id=1)] == [2]
    assert api.call("PATCH", "/api/v2/deals/2", {"title": "x"}).status_code == 403
    assert api.data("PATCH", "/api/v2/deals/2", {"is_archived": False})["is_archived"] is False
    assert api.data("PATCH", "/api/v2/deals/2", {"person_id": None, "title": "x"})["person_id"] is None


def test_deleted_deals_are_listed_by_status_for_30_days(api: Api) -> None:
    api.load("deals", id=1, title="Gone", update_time="2024-01-01T00:00:00Z")
    api.load("deals", id=2, title="Won", status="won")
    api.data("DELETE", "/api/v2/deals/1")
    assert [deal["id"] for deal in api.data("GET", "/api/v2/deals")] == [2]
    assert [deal["id"] for deal in api.data("GET", "/api/v2/deals", status="deleted")] == [1]
    assert [deal["id"] for deal in api.data("GET", "/api/v2/deals", status="won,deleted")] == [1, 2]
    api.sandbox.clock.set(NOW + timedelta(days=31))
    assert api.data("GET", "/api/v2/deals", status="deleted") == []


def test_participants_are_seen_in_v1_and_not_in_the_deals_of_a_person(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    api.load("deals", id=1, title="Deal", participants=[1])
    assert api.data("GET", "/api/v2/deals", person_id=1) == []
    row = api.data("GET", "/v1/deals/1/participants")[0]
    assert row["person_id"]["value"] == 1
    api.data("DELETE", f"/v1/deals/1/participants/{row['id']}")
    assert api.call("GET", "/v1/deals/1/participants").json()["data"] is None


def test_an_activity_is_linked_by_participants_never_by_person_id(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    api.load("persons", id=2, name="C D")
    refusal(api.call("POST", "/api/v2/activities", {"subject": "Call", "person_id": 1}))
    people = [{"person_id": 2, "primary": False}, {"person_id": 1, "primary": True}]
    made = api.data("POST", "/api/v2/activities", {"subject": "Call", "participants": people})
    assert made["person_id"] == 1
    assert [one["id"] for one in api.data("GET", "/api/v2/activities", person_id=1)] == [made["id"]]
    assert api.data("GET", "/api/v2/activities", person_id=2) == []
    refusal(api.call("POST", "/api/v2/activities", {"subject": "x", "type": "no such type"}))


def test_activities_are_listed_by_due_date_and_done_and_show_attendees_only_when_asked(api: Api) -> None:
    guest = [{"email": "g@x.example", "name": "G"}]
    api.load("activities", id=1, subject="Late", due_date="2024-03-01", done=True, attendees=guest)
    api.load("activities", id=2, subject="Soon", due_date="2024-01-01")
    assert [one["id"] for one in api.data("GET", "/api/v2/activities", sort_by="due_date")] == [2, 1]
    done = api.data("GET", "/api/v2/activities", done="true", include_fields="attendees")
    assert [(one["id"], one["attendees"]) for one in done] == [(1, guest)]
    assert "attendees" not in api.data("GET", "/api/v2/activities/1")
    refusal(api.call("GET", "/api/v2/activities", type="call"))


def test_a_custom_field_gets_a_code_of_40_hex_digits_and_options_with_ids(api: Api) -> None:
    body = {"field_name": "GDPR consent", "field_type": "enum", "options": [{"label": "yes"}, {"label": "no"}]}
    made = api.data("POST", "/api/v2/personFields", body)
    assert len(made["field_code"]) == 40
    assert made["is_custom_field"] is True
    api.load("persons", id=1, name="A B")
    value = {made["field_code"]: made["options"][0]["id"]}
    assert api.data("PATCH", "/api/v2/persons/1", {"custom_fields": value})["custom_fields"] == value
    assert api.data("POST", "/api/v2/personFields", body)["field_code"] != made["field_code"]


def test_metadata_names_email_and_phone_in_the_singular_and_pages_like_any_list(api: Api) -> None:
    codes = [one["field_code"] for one in api.data("GET", "/api/v2/personFields", limit=500)]
    assert {"email", "phone", "name", "marketing_status"} <= set(codes)
    assert api.call("GET", "/api/v2/personFields", limit=2).json()["additional_data"]["next_cursor"]
    refusal(api.call("GET", "/api/v2/personFields", limit=501))


def test_description_and_unknown_types_are_refused_on_person_fields(api: Api) -> None:
    body = {"field_name": "X", "field_type": "text"}
    refusal(api.call("POST", "/api/v2/personFields", body | {"description": "why"}))
    refusal(api.call("POST", "/api/v2/personFields", {"field_name": "X", "field_type": "boolean"}))
    refusal(api.call("POST", "/api/v2/personFields", {"field_name": "X", "field_type": "enum"}))
    assert api.call("POST", "/api/v2/dealFields", body | {"description": "why"}).status_code == 200


def test_options_are_added_renamed_and_removed_in_arrays_all_or_none(api: Api) -> None:
    custom_fields(api)
    path = f"/api/v2/personFields/{DIET}/options"
    added = api.data("POST", path, [{"label": "halal"}])
    refusal(api.call("PATCH", path, [{"id": added[0]["id"], "label": "x"}, {"id": 9999, "label": "y"}]))
    refusal(api.call("POST", path, {"label": "alone"}))
    assert api.data("PATCH", path, [{"id": 17, "label": "none"}]) == [{"id": 17, "label": "none"}]
    assert api.data("DELETE", path, [{"id": added[0]["id"]}]) == added
    assert api.data("GET", f"/api/v2/personFields/{DIET}")["options"] == [{"id": 17, "label": "none"}]


def test_a_deleted_field_takes_its_values_away_and_is_then_unknown(api: Api) -> None:
    custom_fields(api)
    api.load("persons", id=1, name="A B", custom_fields={NOTE: "x"})
    api.data("DELETE", f"/api/v2/personFields/{NOTE}")
    assert NOTE not in api.data("GET", "/api/v2/persons/1")["custom_fields"]
    refusal(api.call("PATCH", "/api/v2/persons/1", {"custom_fields": {NOTE: None}}))
    assert api.call("DELETE", "/api/v2/personFields/email").status_code == 403


def test_the_plan_caps_custom_fields(api: Api) -> None:
    api.load("settings", plan="lite")
    for number in range(30):
        api.load("personFields", field_code=f"{number:040x}", field_name=str(number), field_type="text")
    answer = api.call("POST", "/api/v2/personFields", {"field_name": "One too many", "field_type": "text"})
    assert answer.status_code == 403
    assert answer.json()["code"].startswith("feature_capping_")


def test_pipelines_and_stages_are_served(api: Api) -> None:
    assert [one["name"] for one in api.data("GET", "/api/v2/pipelines")] == ["Pipeline"]
    stages = api.data("GET", "/api/v2/stages", pipeline_id=1, sort_by="order_nr", sort_direction="desc")
    assert [stage["order_nr"] for stage in stages] == [5, 4, 3, 2, 1]


def test_a_picture_is_read_in_v2_and_removed_in_v1(api: Api) -> None:
    api.load("persons", id=1, name="A B", picture_id=9)
    assert set(api.data("GET", "/api/v2/persons/1/picture")["pictures"]) == {"128", "512"}
    assert api.data("DELETE", "/v1/persons/1/picture") == {"id": 9}
    assert api.call("GET", "/api/v2/persons/1/picture").status_code == 404


def test_a_reset_forgets_records_and_switches(api: Api) -> None:
    api.load("settings", contactSync=True)
    api.load("persons", id=1, name="A B")
    api.sandbox.reset()
    assert api.data("GET", "/api/v2/persons") == []
    assert api.call("POST", "/api/v2/persons", {"name": "A", "job_title": "x"}).status_code == 403


@pytest.mark.parametrize("record", [{"kind": "unicorns"}, {"kind": "settings", "unknown": 1}, {"kind": "personFields"}])
def test_a_load_line_that_is_not_understood_is_refused(api: Api, record: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="ipedrive"):
        api.app().load({"crm": "pipedrive", **record})


def test_the_type_of_a_loaded_activity_exists_beside_the_others(api: Api) -> None:
    api.load("activities", subject="a", type="inbound_call")
    api.load("activities", subject="b", type="inbound_call")
    types = [one["key_string"] for one in api.data("GET", "/v1/activityTypes")]
    assert types == ["call", "meeting", "task", "deadline", "email", "lunch", "inbound_call"]
    assert api.call("POST", "/api/v2/activities", {"subject": "c", "type": "inbound_call"}).status_code == 200
