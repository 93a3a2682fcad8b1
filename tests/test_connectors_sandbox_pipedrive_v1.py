"""Notes, leads, mail, files, history and merging in the local Pipedrive API v1 (pipedrive.md §3.3, §4, §5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import requests

from tests.test_connectors_sandbox_pipedrive_client import NOW, Api, emails


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


LEAD = "adf21080-0e10-11eb-879b-05d71fb426ec"
DIET = "d4de1c1518b4531717c676029a45911c340390a6"


def status_of(answer: requests.Response) -> int:
    """The status of an error, whose body must say so."""
    assert answer.json()["success"] is False
    return answer.status_code


# --- what is gone ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/persons"),
        ("PUT", "/persons/1"),
        ("DELETE", "/persons"),
        ("GET", "/persons/search"),
        ("GET", "/persons/1/deals"),
        ("GET", "/deals/1"),
        ("GET", "/organizations/1/persons"),
        ("POST", "/activities"),
        ("GET", "/itemSearch"),
        ("GET", "/pipelines"),
    ],
)
def test_the_removed_v1_operations_are_410_under_both_prefixes(api: Api, method: str, path: str) -> None:
    api.load("persons", id=1, name="A B")
    for prefix in ("/v1", "/api/v1"):
        answer = api.call(method, prefix + path)
        assert status_of(answer) == 410
        assert answer.json().keys() == {"success", "error"}


def test_the_bulk_deletes_are_gone_and_an_unknown_path_is_404(api: Api) -> None:
    assert api.call("DELETE", "/v1/activityTypes", ids="1,2").status_code == 405
    assert api.call("GET", "/v1/nothing").status_code == 404


# --- notes -----------------------------------------------------------------------------------------------------------


def test_a_note_is_shown_with_its_author_and_the_name_of_what_it_is_on(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    body = {"content": "<p>hi</p>", "person_id": 1, "pinned_to_person_flag": 1, "add_time": "2019-12-09 13:59:21"}
    note = api.data("POST", "/api/v1/notes", body)
    assert (note["add_time"], note["update_time"]) == ("2019-12-09 13:59:21", "2026-11-24 09:00:00")
    assert (note["person"], note["pinned_to_person_flag"], note["active_flag"]) == ({"name": "A B"}, True, True)
    assert note["user"]["is_you"] is True


@pytest.mark.parametrize(
    "body",
    [
        {"person_id": 1},
        {"content": " ", "person_id": 1},
        {"content": "x"},
        {"content": "x", "person_id": 1, "pinned_to_person_flag": True},
        {"content": "x", "person_id": 1, "pinned_to_deal_flag": 1},
        {"content": "x", "person_id": 1, "add_time": "2026-01-01T00:00:00Z"},
        {"content": "x" * 100_001, "person_id": 1},
    ],
)
def test_notes_that_do_not_fit_are_refused(api: Api, body: dict[str, Any]) -> None:
    api.load("persons", id=1, name="A B")
    assert status_of(api.call("POST", "/v1/notes", body)) == 400


def test_note_html_is_cleaned_of_scripts(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    dirty = '<p onclick="x()">ok</p><script>alert(1)</script>'
    assert api.data("POST", "/v1/notes", {"content": dirty, "person_id": 1})["content"] == "<p>ok</p>"


def test_notes_are_chosen_sorted_and_paged_in_the_nested_shape(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    for number in range(1, 6):
        api.load("notes", content=str(number), person_id=1, add_time=f"2024-01-0{number} 10:00:00")
    api.load("notes", content="other", add_time="2024-01-09 10:00:00")
    answer = api.call("GET", "/v1/notes", person_id=1, limit=2, start=2, sort="add_time DESC").json()
    assert [note["content"] for note in answer["data"]] == ["3", "2"]
    pages = {"start": 2, "limit": 2, "more_items_in_collection": True, "next_start": 4}
    assert answer["additional_data"] == {"pagination": pages}
    since = api.data("GET", "/v1/notes", updated_since="2024-01-05T00:00:00Z")
    assert [note["content"] for note in since] == ["5", "other"]
    assert [note["content"] for note in api.data("GET", "/v1/notes", end_date="2024-01-01")] == ["1"]


def test_an_empty_v1_list_is_null_and_v1_takes_parameters_it_does_not_know(api: Api) -> None:
    answer = api.call("GET", "/v1/notes", person_id=99, whatever=1).json()
    assert (answer["success"], answer["data"]) == (True, None)
    assert answer["additional_data"]["pagination"]["more_items_in_collection"] is False


def test_a_loaded_comment_has_a_uuid_like_any_other(api: Api) -> None:
    """The vendor's ids of comments are UUIDs, with their dashes."""
    api.load("persons", id=1, name="A B")
    api.load("notes", id=3, person_id=1, content="x")
    api.load("comments", note_id=3, content="y")
    (comment,) = api.data("GET", "/v1/notes/3/comments")
    assert str(UUID(comment["uuid"])) == comment["uuid"]


def test_notes_and_comments_survive_the_person_and_go_one_by_one(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    api.load("notes", id=3, content="about A", person_id=1)
    comment = api.data("POST", "/v1/notes/3/comments", {"content": "allergic"})
    api.data("DELETE", "/api/v2/persons/1")
    api.sandbox.clock.set(NOW + timedelta(days=40))
    assert [note["id"] for note in api.data("GET", "/v1/notes", person_id=1)] == [3]
    assert [one["content"] for one in api.data("GET", "/v1/notes/3/comments")] == ["allergic"]
    assert api.data("DELETE", f"/v1/notes/3/comments/{comment['uuid']}") is True
    assert api.call("GET", "/v1/notes/3/comments").json()["data"] is None
    assert api.data("DELETE", "/v1/notes/3") is True
    assert status_of(api.call("GET", "/v1/notes/3")) == 404


def test_a_note_on_two_records_can_lose_one_link_but_not_its_last(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    api.load("deals", id=2, title="D")
    api.load("notes", id=3, content="about both", person_id=1, deal_id=2)
    after = api.data("PUT", "/v1/notes/3", {"person_id": None})
    assert (after["person_id"], after["deal_id"]) == (None, 2)
    assert status_of(api.call("PUT", "/v1/notes/3", {"deal_id": None})) == 400


@pytest.mark.parametrize(("moves", "after"), [(False, "2024-01-01T00:00:00Z"), (True, "2026-11-24T09:00:00Z")])
def test_whether_a_note_moves_the_persons_update_time_is_a_switch(api: Api, moves: bool, after: str) -> None:
    api.load("settings", noteMovesUpdateTime=moves)
    api.load("persons", id=1, name="A B", update_time="2024-01-01T00:00:00Z")
    api.data("POST", "/v1/notes", {"content": "x", "person_id": 1})
    assert api.data("GET", "/api/v2/persons/1")["update_time"] == after


# --- leads -----------------------------------------------------------------------------------------------------------


def test_leads_are_paged_in_the_flat_shape_archived_ones_apart(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    for number in range(3):
        api.load("leads", title=f"L{number}", person_id=1, add_time=f"2024-01-0{number + 1}T00:00:00.500Z")
    api.load("leads", id=LEAD, title="Filed", person_id=1, is_archived=True)
    answer = api.call("GET", "/v1/leads", person_id=1, limit=2).json()
    assert [lead["title"] for lead in answer["data"]] == ["L0", "L1"]
    assert answer["data"][0]["add_time"] == "2024-01-01T00:00:00.500Z"
    assert answer["additional_data"] == {"start": 0, "limit": 2, "more_items_in_collection": True}
    assert [lead["id"] for lead in api.data("GET", "/v1/leads/archived", person_id=1)] == [LEAD]


def test_an_archived_lead_cannot_be_changed_but_can_come_back_or_go(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    api.load("leads", id=LEAD, title="Filed", person_id=1, is_archived=True)
    assert status_of(api.call("PATCH", f"/v1/leads/{LEAD}", {"title": "x"})) == 403
    assert api.data("PATCH", f"/v1/leads/{LEAD}", {"is_archived": False})["is_archived"] is False
    assert api.data("DELETE", f"/v1/leads/{LEAD}") == {"id": LEAD}
    assert status_of(api.call("GET", f"/v1/leads/{LEAD}")) == 404


def test_a_lead_needs_a_person_or_an_organisation_and_takes_deal_fields_at_the_root(api: Api) -> None:
    api.load("dealFields", field_code=DIET, field_name="Diet", field_type="varchar")
    api.load("persons", id=1, name="A B")
    assert status_of(api.call("POST", "/v1/leads", {"title": "Nobody"})) == 400
    made = api.call("POST", "/v1/leads", {"title": "A", "person_id": 1, DIET: "vegan"})
    assert (made.status_code, made.json()["data"][DIET]) == (201, "vegan")
    cleared = api.data("PATCH", f"/v1/leads/{made.json()['data']['id']}", {DIET: None})
    assert DIET not in cleared
    assert status_of(api.call("POST", "/v1/leads", {"title": "A", "person_id": 1, "f" * 40: "x"})) == 400


# --- mail and files --------------------------------------------------------------------------------------------------


def test_mail_of_a_person_is_linked_by_address_and_shows_its_text_only_when_asked(api: Api) -> None:
    api.load("persons", id=1, name="A B", emails=emails("a@x.example"))
    sender = [{"email_address": "A@x.example"}]
    api.load(
        "mailMessages",
        id=8,
        subject="Hi",
        body="<p>secret</p>",
        message_time="2025-01-01T00:00:00.000Z",
        **{"from": sender},
    )
    answer = api.call("GET", "/v1/persons/1/mailMessages").json()
    assert answer["data"][0]["object"] == "mailMessage"
    assert "body" not in answer["data"][0]["data"]
    assert answer["additional_data"] == {"start": 0, "limit": 100, "more_items_in_collection": False}
    assert api.data("GET", "/v1/persons/1/mailMessages", include_body=1)[0]["data"]["body"] == "<p>secret</p>"
    assert api.data("GET", "/v1/mailbox/mailMessages/8", include_body=1)["from"][0]["linked_person_id"] == 1


def test_only_threads_of_ones_own_mailbox_can_be_deleted(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    for number, user in ((1, 1), (2, 2)):
        party = [{"email_address": "a@x.example", "linked_person_id": 1}]
        api.load("mailMessages", id=number, user_id=user, mail_thread_id=number, subject="S", **{"from": party})
    assert [thread["id"] for thread in api.data("GET", "/v1/mailbox/mailThreads")] == [1]
    assert status_of(api.call("DELETE", "/v1/mailbox/mailThreads/2")) == 404
    assert api.data("DELETE", "/v1/mailbox/mailThreads/1") == {"id": 1}
    assert [one["data"]["id"] for one in api.data("GET", "/v1/persons/1/mailMessages")] == [2]


def test_files_are_listed_100_at_most_downloaded_and_deleted_for_30_days(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    for _ in range(101):
        api.load("files", name="cv.pdf", person_id=1, content="text", update_time="2026-11-01 00:00:00")
    answer = api.call("GET", "/v1/persons/1/files", limit=500).json()
    assert (len(answer["data"]), answer["additional_data"]["more_items_in_collection"]) == (100, True)
    assert answer["data"][0]["person_name"] == "A B"
    assert api.call("GET", "/v1/files/1/download").content == b"text"
    assert api.data("DELETE", "/v1/files/1") == {"id": 1}
    assert status_of(api.call("GET", "/v1/files/1")) == 404
    assert len(api.data("GET", "/v1/persons/1/files")) == 100


# --- history ---------------------------------------------------------------------------------------------------------


def test_the_changelog_keeps_old_values_newest_first_with_a_cursor(api: Api) -> None:
    api.load("personFields", field_code=DIET, field_name="Diet", field_type="text")
    api.load("persons", id=1, name="A B", emails=emails("a@x.example"), custom_fields={DIET: "halal"})
    api.data("PATCH", "/api/v2/persons/1", {"custom_fields": {DIET: None}})
    api.data("PATCH", "/api/v2/persons/1", {"emails": []})
    first = api.call("GET", "/v1/persons/1/changelog", limit=1).json()
    assert (first["data"][0]["field_key"], first["data"][0]["old_value"]) == ("email", "a@x.example")
    cursor = first["additional_data"]["next_cursor"]
    rest = api.call("GET", "/v1/persons/1/changelog", cursor=cursor).json()
    assert [(one["field_key"], one["old_value"], one["new_value"]) for one in rest["data"]] == [(DIET, "halal", None)]
    assert rest["additional_data"]["next_cursor"] is None


def test_the_flow_tells_custom_changes_only_when_asked_and_activities_of_any_participant(api: Api) -> None:
    api.load("personFields", field_code=DIET, field_name="Diet", field_type="text")
    api.load("persons", id=1, name="A B", custom_fields={DIET: "halal"})
    api.load("persons", id=2, name="C D")
    people = [{"person_id": 2, "primary": True}, {"person_id": 1, "primary": False}]
    api.load("activities", id=5, subject="Meeting", participants=people, done=True)
    api.load("notes", content="note", person_id=1)
    api.data("PATCH", "/api/v2/persons/1", {"custom_fields": {DIET: "vegan"}})
    plain = {one["object"] for one in api.data("GET", "/v1/persons/1/flow")}
    assert plain == {"activity", "note"}
    everything = api.data("GET", "/v1/persons/1/flow", all_changes=1, items="change")
    assert [(one["object"], one["data"]["old_value"]) for one in everything] == [("personChange", "halal")]


def test_a_merge_destroys_the_person_in_the_path_and_the_other_wins(api: Api) -> None:
    api.load("persons", id=1, name="Lost One", emails=emails("lost@x.example"), phones=emails("123"))
    api.load("persons", id=2, name="Kept One", emails=emails("kept@x.example"))
    api.load("notes", content="n", person_id=1)
    api.load("activities", id=5, subject="a", person_id=1)
    api.load("deals", id=6, title="d", person_id=1)
    party = [{"email_address": "lost@x.example", "linked_person_id": 1}]
    api.load("mailMessages", id=7, subject="m", **{"from": party})
    merged = api.data("PUT", "/v1/persons/1/merge", {"merge_with_id": 2})
    assert (merged["id"], merged["name"], merged["merge_what_id"]) == (2, "Kept One", 1)
    assert [one["value"] for one in merged["email"]] == ["kept@x.example", "lost@x.example"]
    assert status_of(api.call("GET", "/api/v2/persons/1")) == 404
    assert len(api.data("GET", "/v1/notes", person_id=2)) == 1
    assert [one["id"] for one in api.data("GET", "/api/v2/activities", person_id=2)] == [5]
    assert [one["id"] for one in api.data("GET", "/api/v2/deals", person_id=2)] == [6]
    assert [one["data"]["id"] for one in api.data("GET", "/v1/persons/2/mailMessages")] == [7]


def test_recents_reach_back_a_month_at_most_without_saying_so(api: Api) -> None:
    api.load("persons", id=1, name="Old", update_time="2026-09-01T00:00:00Z")
    api.load("persons", id=2, name="New", update_time="2026-11-20T00:00:00Z")
    found = api.data("GET", "/v1/recents", since_timestamp="2026-01-01 00:00:00", items="person")
    assert [one["id"] for one in found] == [2]
    assert status_of(api.call("GET", "/v1/recents")) == 400


# --- the company -----------------------------------------------------------------------------------------------------


def test_person_fields_have_numbers_in_v1_and_are_paged_nested(api: Api) -> None:
    api.load("personFields", field_code=DIET, field_name="Diet", field_type="text")
    rows = api.data("GET", "/v1/personFields", limit=500)
    diet = next(row for row in rows if row["key"] == DIET)
    assert (diet["edit_flag"], isinstance(diet["id"], int)) == (True, True)
    assert api.data("GET", f"/v1/personFields/{diet['id']}")["name"] == "Diet"
    assert api.data("DELETE", f"/v1/personFields/{diet['id']}") == {"id": diet["id"]}
    assert api.call("GET", f"/api/v2/personFields/{DIET}").status_code == 404


def test_small_lists_are_served(api: Api) -> None:
    assert "task" in [one["key_string"] for one in api.data("GET", "/v1/activityTypes")]
    assert [one["code"] for one in api.data("GET", "/v1/currencies", term="eur")] == ["EUR"]
    assert api.data("GET", "/v1/userSettings")["list_limit"] == 100


def test_webhooks_are_kept_and_need_https_and_a_name(api: Api) -> None:
    body = {"subscription_url": "https://hook.example", "event_action": "delete", "event_object": "person", "name": "H"}
    plain = api.call("POST", "/v1/webhooks", body | {"subscription_url": "http://hook.example"})
    assert (plain.status_code, plain.json()["status"]) == (400, "error")
    assert api.call("POST", "/v1/webhooks", {**body, "name": ""}).status_code == 400
    made = api.call("POST", "/v1/webhooks", body)
    assert (made.status_code, made.json()["data"]["version"]) == (201, "2.0")
    assert len(api.data("GET", "/v1/webhooks")) == 1
    assert api.call("DELETE", f"/v1/webhooks/{made.json()['data']['id']}").json() == {"status": "ok", "success": True}
