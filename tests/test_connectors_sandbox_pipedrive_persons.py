"""Persons of the local Pipedrive API v2: shape, strict types, writing and the soft delete (pipedrive.md §4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

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


def test_a_person_is_created_shown_and_read_in_the_v2_shape(api: Api) -> None:
    body = {"name": "Jane Doe", "emails": emails("jane@example.com"), "add_time": "2021-01-01T00:00:00Z"}
    made = api.data("POST", "/api/v2/persons", body)
    read = api.data("GET", f"/api/v2/persons/{made['id']}")
    assert read == {key: value for key, value in made.items() if key != "marketing_status"}
    assert (read["first_name"], read["last_name"], read["is_deleted"]) == ("Jane", "Doe", False)
    assert (read["add_time"], read["update_time"]) == ("2021-01-01T00:00:00Z", "2026-11-24T09:00:00Z")
    assert "last_activity_date" not in read
    assert "birthday" not in read


def test_a_loaded_person_keeps_its_past_timestamps_and_may_have_no_org_id_at_all(api: Api) -> None:
    api.load("persons", id=7, name="Old Hand", add_time="2019-02-03T04:05:06Z", update_time="2020-01-01T00:00:00Z")
    read = api.data("GET", "/api/v2/persons/7")
    assert (read["add_time"], read["update_time"]) == ("2019-02-03T04:05:06Z", "2020-01-01T00:00:00Z")
    assert "org_id" not in read
    assert api.data("POST", "/api/v2/persons", {"name": "New"})["id"] == 8


def test_types_are_strict_numeric_strings_and_0_or_1_for_a_boolean_are_refused(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    assert "owner_id: must be an integer" in refusal(api.call("PATCH", "/api/v2/persons/1", {"owner_id": "1"}))
    assert "done: must be a boolean" in refusal(api.call("POST", "/api/v2/activities", {"done": 1}))
    assert "include_labels: must be a boolean" in refusal(api.call("GET", "/api/v2/persons", include_labels="1"))


def test_a_hash_at_the_root_and_an_unknown_key_are_refused_by_name(api: Api) -> None:
    custom_fields(api)
    api.load("persons", id=1, name="A B")
    error = refusal(api.call("PATCH", "/api/v2/persons/1", {DIET: 17}))
    assert error == f"Validation failed: {DIET}: Parameter '{DIET}' is not allowed for this request"


def test_an_unknown_custom_hash_fails_the_whole_patch_and_changes_nothing(api: Api) -> None:
    custom_fields(api)
    api.load("persons", id=1, name="A B", custom_fields={DIET: 17})
    refusal(api.call("PATCH", "/api/v2/persons/1", {"name": "Z", "custom_fields": {DIET: None, "f" * 40: "x"}}))
    read = api.data("GET", "/api/v2/persons/1")
    assert (read["name"], read["custom_fields"][DIET]) == ("A B", 17)


def test_null_clears_one_custom_field_and_leaves_the_others(api: Api) -> None:
    custom_fields(api)
    api.load("persons", id=1, name="A B", custom_fields={DIET: 17, TAGS: [1], NOTE: "halal"})
    after = api.data("PATCH", "/api/v2/persons/1", {"custom_fields": {DIET: None}})
    assert after["custom_fields"] == {DIET: None, TAGS: [1], NOTE: "halal"}


def test_a_set_is_cleared_by_null_never_by_an_empty_list(api: Api) -> None:
    custom_fields(api)
    api.load("persons", id=1, name="A B", custom_fields={TAGS: [1]})
    assert "use null to clear" in refusal(api.call("PATCH", "/api/v2/persons/1", {"custom_fields": {TAGS: []}}))
    assert api.data("PATCH", "/api/v2/persons/1", {"custom_fields": {TAGS: None}})["custom_fields"][TAGS] is None


def test_an_empty_custom_fields_object_wipes_every_custom_field(api: Api) -> None:
    custom_fields(api)
    api.load("persons", id=1, name="A B", custom_fields={DIET: 17, NOTE: "kosher"})
    assert set(api.data("PATCH", "/api/v2/persons/1", {"custom_fields": {}})["custom_fields"].values()) == {None}


def test_a_list_in_place_of_custom_fields_is_the_vendors_internal_error(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    answer = api.call("PATCH", "/api/v2/persons/1", {"custom_fields": []})
    assert (answer.status_code, answer.json()["code"]) == (500, "ERR_UNKNOWN")


def test_option_values_are_ids_of_options_and_labels_come_only_when_asked_for(api: Api) -> None:
    custom_fields(api)
    api.load("persons", id=1, name="A B", label_ids=[1])
    refusal(api.call("PATCH", "/api/v2/persons/1", {"custom_fields": {DIET: "17"}}))
    refusal(api.call("PATCH", "/api/v2/persons/1", {"custom_fields": {DIET: 99}}))
    api.data("PATCH", "/api/v2/persons/1", {"custom_fields": {DIET: 17, TAGS: [1]}})
    read = api.data("GET", "/api/v2/persons/1", include_option_labels="true", include_labels="true", custom_fields=DIET)
    assert read["custom_fields"] == {DIET: {"id": 17, "label": "vegan"}}
    assert read["labels"] == [{"id": 1, "label": "Customer"}]


def test_emails_are_replaced_as_a_whole_and_cleared_by_an_empty_list_not_null(api: Api) -> None:
    api.load("persons", id=1, name="A B", emails=emails("a@x.example", "b@x.example"))
    assert api.data("PATCH", "/api/v2/persons/1", {"emails": emails("c@x.example")})["emails"] == emails("c@x.example")
    refusal(api.call("PATCH", "/api/v2/persons/1", {"emails": None}))
    assert api.data("PATCH", "/api/v2/persons/1", {"emails": [], "phones": []})["emails"] == []


def test_a_name_cannot_be_empty_and_add_time_is_not_writable_by_patch(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    refusal(api.call("PATCH", "/api/v2/persons/1", {"name": ""}))
    refusal(api.call("POST", "/api/v2/persons", {"emails": []}))
    refusal(api.call("PATCH", "/api/v2/persons/1", {"add_time": "2020-01-01T00:00:00Z"}))
    refusal(api.call("PATCH", "/api/v2/persons/1", {"is_deleted": False}))


def test_org_id_null_detaches_and_a_link_to_nothing_is_refused(api: Api) -> None:
    api.load("organizations", id=5, name="Org")
    api.load("persons", id=1, name="A B", org_id=5)
    refusal(api.call("PATCH", "/api/v2/persons/1", {"org_id": 999}))
    assert api.data("PATCH", "/api/v2/persons/1", {"org_id": None})["org_id"] is None


def test_put_is_405_and_a_body_that_is_not_said_to_be_json_is_refused(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    assert api.call("PUT", "/api/v2/persons/1", {"name": "Z"}).status_code == 405
    url = api.url + "/api/v2/persons/1"
    answer = requests.patch(url, data='{"name":"Z"}', headers={"x-api-token": "sandbox"}, timeout=10)
    refusal(answer)


def test_v2_is_served_under_api_v2_only(api: Api) -> None:
    assert api.call("GET", "/v2/persons").status_code == 404


def test_contact_sync_fields_are_403_without_contact_sync_and_shown_with_it(api: Api) -> None:
    api.load("persons", id=1, name="A B", birthday="1980-01-01", job_title="Chief", im=[], notes="met at fair")
    fields: list[dict[str, Any]] = [
        {"birthday": None},
        {"job_title": "x"},
        {"im": []},
        {"notes": ""},
        {"postal_address": {"value": "x"}},
    ]
    for field in fields:
        assert api.call("PATCH", "/api/v2/persons/1", field).status_code == 403
    assert not {"birthday", "job_title", "im", "notes"} & api.data("GET", "/api/v2/persons/1").keys()
    api.load("settings", contactSync=True)
    assert api.data("GET", "/api/v2/persons/1")["birthday"] == "1980-01-01"
    assert api.data("PATCH", "/api/v2/persons/1", {"birthday": None})["birthday"] is None


def test_update_time_moves_on_every_patch_even_within_one_second(api: Api) -> None:
    api.load("persons", id=1, name="A B", update_time="2024-01-01T00:00:00Z")
    first = api.data("PATCH", "/api/v2/persons/1", {"name": "A C"})["update_time"]
    second = api.data("PATCH", "/api/v2/persons/1", {"name": "A D"})["update_time"]
    assert "2024-01-01T00:00:00Z" < first < second


def test_delete_is_soft_moves_update_time_and_hides_the_person_from_every_list(api: Api) -> None:
    api.load("settings", deletedGet="flag")
    api.load("persons", id=1, name="A B", update_time="2024-01-01T00:00:00Z")
    assert api.call("DELETE", "/api/v2/persons/1").json() == {"success": True, "data": {"id": 1}}
    read = api.data("GET", "/api/v2/persons/1")
    assert (read["is_deleted"], read["update_time"]) == (True, "2026-11-24T09:00:00Z")
    assert api.data("GET", "/api/v2/persons") == []
    assert api.data("GET", "/api/v2/persons", ids="1") == []
    assert api.data("GET", "/api/v2/persons", updated_since="2020-01-01T00:00:00Z") == []
    assert api.call("DELETE", "/api/v2/persons/1").status_code == 404


def test_get_of_a_deleted_person_is_404_unless_the_account_flags_it(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    api.data("DELETE", "/api/v2/persons/1")
    assert api.call("GET", "/api/v2/persons/1").status_code == 404
    assert api.call("PATCH", "/api/v2/persons/1", {"name": "Z"}).status_code == 404


def test_a_deleted_person_is_purged_after_30_days_by_the_clock(api: Api) -> None:
    api.load("settings", deletedGet="flag")
    api.load("persons", id=1, name="A B", update_time="2024-01-01T00:00:00Z")
    api.data("DELETE", "/api/v2/persons/1")
    api.sandbox.clock.set(NOW + timedelta(days=29, hours=23))
    assert api.data("GET", "/api/v2/persons/1")["is_deleted"] is True
    api.sandbox.clock.set(NOW + timedelta(days=30))
    assert api.call("GET", "/api/v2/persons/1").status_code == 404


def test_deleting_a_person_leaves_deals_activities_and_leads(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    api.load("deals", id=4, title="Deal", person_id=1)
    api.load("activities", id=5, subject="Call", person_id=1)
    api.load("leads", id="adf21080-0e10-11eb-879b-05d71fb426ec", title="Lead", person_id=1)
    api.data("DELETE", "/api/v2/persons/1")
    assert [deal["id"] for deal in api.data("GET", "/api/v2/deals", person_id=1)] == [4]
    assert [one["id"] for one in api.data("GET", "/api/v2/activities", person_id=1)] == [5]
    assert len(api.data("GET", "/v1/leads", person_id=1)) == 1
