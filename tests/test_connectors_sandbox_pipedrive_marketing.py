"""Marketing status in the local Pipedrive: by address, changed once, refused in silence (pipedrive.md §4.4)."""

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


STATUS = {"include_fields": "marketing_status,doi_status"}


def status(api: Api, id: int) -> Any:
    """The status as a read-back finds it."""
    return api.data("GET", f"/api/v2/persons/{id}", **STATUS)["marketing_status"]


def set_status(api: Api, id: int, wanted: str) -> Any:
    """What a PATCH of the status answers, which must be a success."""
    return api.data("PATCH", f"/api/v2/persons/{id}", {"marketing_status": wanted})["marketing_status"]


def test_a_subscribed_person_can_be_unsubscribed_and_the_answer_and_the_read_back_agree(api: Api) -> None:
    api.load(
        "persons", id=1, name="A B", emails=emails("a@x.example"), marketing_status="subscribed", doi_status="CONFIRMED"
    )
    assert set_status(api, 1, "unsubscribed") == "unsubscribed"
    read = api.data("GET", "/api/v2/persons/1", **STATUS)
    assert (read["marketing_status"], read["doi_status"]) == ("unsubscribed", "CONFIRMED")


def test_the_status_is_shown_only_when_included(api: Api) -> None:
    api.load("persons", id=1, name="A B", emails=emails("a@x.example"), marketing_status="subscribed")
    assert "marketing_status" not in api.data("GET", "/api/v2/persons/1")


@pytest.mark.parametrize(
    ("old", "wanted"),
    [
        ("unsubscribed", "subscribed"),
        ("unsubscribed", "no_consent"),
        ("subscribed", "no_consent"),
        ("archived", "subscribed"),
        ("no_consent", "archived"),
    ],
)
def test_the_way_is_one_way_and_a_refused_change_is_a_success_with_the_old_value(
    api: Api, old: str, wanted: str
) -> None:
    api.load("persons", id=1, name="A B", emails=emails("a@x.example"), marketing_status=old)
    assert set_status(api, 1, wanted) == old
    assert status(api, 1) == old


def test_a_status_changes_once_only_so_who_was_subscribed_by_us_cannot_be_unsubscribed_by_us(api: Api) -> None:
    api.load("persons", id=1, name="A B", emails=emails("a@x.example"), marketing_status="no_consent")
    assert set_status(api, 1, "subscribed") == "subscribed"
    assert set_status(api, 1, "unsubscribed") == "subscribed"


def test_two_persons_with_one_address_share_its_status(api: Api) -> None:
    api.load("persons", id=1, name="A B", emails=emails("a@x.example"), marketing_status="subscribed")
    api.load("persons", id=2, name="A Bis", emails=emails("A@X.example"))
    set_status(api, 1, "unsubscribed")
    assert status(api, 2) == "unsubscribed"


def test_the_status_outlives_the_person_and_a_new_person_of_the_address_cannot_undo_it(api: Api) -> None:
    api.load("persons", id=1, name="A B", emails=emails("a@x.example"), marketing_status="subscribed")
    set_status(api, 1, "unsubscribed")
    api.data("DELETE", "/api/v2/persons/1")
    body = {"name": "Back", "emails": emails("a@x.example"), "marketing_status": "subscribed"}
    assert api.data("POST", "/api/v2/persons", body)["marketing_status"] == "unsubscribed"


def test_clearing_the_address_in_the_same_patch_loses_the_objection(api: Api) -> None:
    api.load("persons", id=1, name="A B", emails=emails("a@x.example"), marketing_status="subscribed")
    api.data("PATCH", "/api/v2/persons/1", {"emails": [], "marketing_status": "unsubscribed"})
    api.load("persons", id=2, name="Same address", emails=emails("a@x.example"))
    assert (status(api, 1), status(api, 2)) == ("no_consent", "subscribed")


@pytest.mark.parametrize("address", [[], emails("not an address")])
def test_without_a_valid_address_the_status_is_no_consent_whatever_is_written(api: Api, address: list[Any]) -> None:
    made = api.data("POST", "/api/v2/persons", {"name": "A", "emails": address, "marketing_status": "subscribed"})
    assert made["marketing_status"] == "no_consent"
    assert set_status(api, made["id"], "unsubscribed") == "no_consent"


def test_a_new_person_brings_a_first_status_which_may_then_change_once(api: Api) -> None:
    body = {"name": "A", "emails": emails("a@x.example"), "marketing_status": "subscribed"}
    made = api.data("POST", "/api/v2/persons", body)
    assert set_status(api, made["id"], "unsubscribed") == "unsubscribed"


def test_an_unknown_status_is_refused_and_doi_status_is_not_writable(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    refusal(api.call("PATCH", "/api/v2/persons/1", {"marketing_status": "bounced"}))
    refusal(api.call("PATCH", "/api/v2/persons/1", {"doi_status": "CONFIRMED"}))


def test_without_campaigns_the_field_is_absent_and_a_write_is_refused(api: Api) -> None:
    api.load("settings", campaigns=False)
    api.load("persons", id=1, name="A B", emails=emails("a@x.example"), marketing_status="subscribed")
    assert not {"marketing_status", "doi_status"} & api.data("GET", "/api/v2/persons/1", **STATUS).keys()
    assert api.call("PATCH", "/api/v2/persons/1", {"marketing_status": "unsubscribed"}).status_code == 403
    codes = [one["field_code"] for one in api.data("GET", "/api/v2/personFields", limit=500)]
    assert "marketing_status" not in codes
    assert {"code": "campaigns"} not in api.data("GET", "/v1/billing/subscriptions/addons")


def test_without_campaigns_a_write_may_also_be_ignored_in_silence(api: Api) -> None:
    api.load("settings", campaigns=False, campaignsRefusal="silent")
    api.load("persons", id=1, name="A B", emails=emails("a@x.example"))
    assert "marketing_status" not in api.data("PATCH", "/api/v2/persons/1", {"marketing_status": "unsubscribed"})


def test_the_flow_tells_who_changed_the_status_and_when(api: Api) -> None:
    api.load("persons", id=1, name="A B", emails=emails("a@x.example"), marketing_status="subscribed")
    set_status(api, 1, "unsubscribed")
    (entry,) = api.data("GET", "/v1/persons/1/flow", items="marketing_status_change")
    assert (entry["data"]["old_value"], entry["data"]["new_value"]) == ("subscribed", "unsubscribed")
    assert (entry["timestamp"], entry["data"]["user_id"]) == ("2026-11-24 09:00:00", 1)
