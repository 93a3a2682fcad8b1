"""The vendor's package, wrapped: what pipedrive.md §1.3, §8 and §9 say bites, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.pipedrive import OPTIONS
from connectors.pipedrive.client import Api, Invalid, Missing
from connectors.transport import Tools
from core.errors import BadAnswer, NotAllowed, QuotaSpent, StopCrm, Unreachable
from tests.test_connectors_pipedrive_connector import NOW, Company

HTML = "<html><body>Error 1015</body></html>"


@pytest.fixture(scope="module")
def running() -> Iterator[Company]:
    """One server for the file."""
    company = Company()
    yield company
    company.sandbox.stop()


@pytest.fixture
def company(running: Company) -> Company:
    """The server in its first state."""
    return running.reset()


def api(company: Company, **options: Any) -> Api:
    """The calls of a connector."""
    given = {"connector": "pipedrive", "base_url": company.url, "token": "sandbox", "burst": 480, **options}
    return Api("pd", OPTIONS.model_validate(given), Tools(sleep=company.slept.append, now=lambda: NOW))


def persons(calls: Api) -> list[dict[str, Any]]:
    """Every person."""
    return [row for page, _ in calls.pages("persons.list", "persons") for row in page]


@pytest.mark.parametrize("auth", ["api_token", "bearer"])
def test_the_token_goes_in_a_header_and_never_in_a_url(company: Company, auth: str) -> None:
    """L1: the package would put it into every URL, and so into logs and errors."""
    assert persons(api(company, auth=auth)) == []
    assert all("api_token" not in entry.get("query", ()) for entry in company.log())


def test_an_html_403_stops_the_crm_and_is_no_success(company: Company) -> None:
    """L2, trap 4: the package answers Cloudflare's page as if it were data."""
    company.fault("persons", status=403, body=HTML)
    with pytest.raises(StopCrm) as caught:
        persons(api(company))
    assert not isinstance(caught.value, NotAllowed)


def test_a_403_right_after_a_429_is_a_block_not_a_missing_scope(company: Company) -> None:
    """§8: going on would make it worse, so it must not be taken for one unreadable source."""
    company.fault("persons", status=429, body={"success": False})
    company.fault("persons", status=403, body={"success": False, "error": "no"})
    with pytest.raises(StopCrm) as caught:
        persons(api(company))
    assert not isinstance(caught.value, NotAllowed)


def test_a_403_with_a_body_is_a_missing_right(company: Company) -> None:
    """§9."""
    with pytest.raises(NotAllowed):
        persons(api(company, token="sandbox-lacks:contacts:read"))


def test_a_burst_is_waited_out_as_long_as_the_vendor_asks_for_writes_too(company: Company) -> None:
    """§8: waited out, and then told, so that the caller looks at the person again before it sends the same."""
    company.person()
    company.fault("persons/1", status=429, body={"success": False}, headers={"x-ratelimit-reset": "7"})
    with pytest.raises(Unreachable):
        api(company).write("persons.update", "patch", "persons/1", {"name": "New"})
    assert company.slept == [7.0]
    assert company.shown()["name"] != "New"


@pytest.mark.parametrize("headers", [{"x-daily-ratelimit-token-remaining": "0"}, {"Retry-After": "30000"}])
def test_a_spent_day_is_not_retried_like_a_burst(company: Company, headers: dict[str, str]) -> None:
    """Trap 26."""
    company.fault("persons", status=429, body={"success": False}, headers=headers)
    with pytest.raises(QuotaSpent):
        persons(api(company))
    assert company.slept == []


def test_our_share_of_the_day_is_not_exceeded(company: Company) -> None:
    """Everybody else needs the rest."""
    company.sandbox.app("pipedrive").limits = True
    company.load("settings", {"dailyTokens": 100})
    calls = api(company, daily_quota_share=0.2)
    persons(calls)
    persons(calls)
    with pytest.raises(QuotaSpent):
        persons(calls)
    assert calls.meter.quota == (20, 100)


def test_success_false_in_a_200_is_no_success(company: Company) -> None:
    """L3."""
    company.fault("persons", status=200, body={"success": False, "data": []})
    with pytest.raises(BadAnswer):
        persons(api(company))


def test_an_empty_answer_to_a_read_is_no_empty_list(company: Company) -> None:
    """Else a whole scan would look like nobody at all."""
    company.fault("persons", status=200)
    with pytest.raises(BadAnswer):
        persons(api(company))


def test_broken_json_is_a_bad_answer_to_a_read_and_an_open_question_after_a_write(company: Company) -> None:
    """A write may have taken effect whatever the answer looks like."""
    company.person()
    company.fault("persons", method="GET", garbage=True)
    with pytest.raises(BadAnswer):
        persons(api(company))
    company.fault("persons", method="PATCH", garbage=True)
    with pytest.raises(Unreachable):
        api(company).write("persons.update", "patch", "persons/1", {"name": "New"})


def test_a_redirect_is_not_followed(company: Company) -> None:
    """L5: the token's header would go along to another host."""
    company.fault("persons", status=302, headers={"Location": f"{company.url}/api/v2/deals"})
    with pytest.raises(BadAnswer):
        persons(api(company))
    assert company.log(path="deals") == []


def test_another_host_is_refused(company: Company) -> None:
    """§1.4."""
    wire = api(company)._wires["v2"]
    with pytest.raises(BadAnswer):
        wire._get("https://elsewhere.example/api/v2/persons")


def test_a_failing_server_is_asked_again_for_a_read_and_not_for_a_write(company: Company) -> None:
    """§9: 5xx, only what is idempotent."""
    company.person()
    company.fault("persons", method="GET", status=502, body=HTML)
    assert len(persons(api(company))) == 1
    company.fault("persons", method="PATCH", status=500, body={"success": False})
    with pytest.raises(Unreachable):
        api(company).write("persons.update", "patch", "persons/1", {"name": "New"})
    assert company.writes() == ["PATCH"]


def test_no_error_carries_what_the_vendor_echoes(company: Company) -> None:
    """§9: its text may repeat values; only the call, the status and the code are kept, and no id."""
    body = {"success": False, "error": "jean@example.org is wrong", "code": "ERR_SCHEMA_VALIDATION_FAILED"}
    company.fault("persons/123", status=400, body=body)
    with pytest.raises(Invalid) as caught:
        api(company).write("persons.update", "patch", "persons/123", {"name": "New"})
    assert str(caught.value) == "Pipedrive: PATCH /api/v2/persons/{id} answered 400 ERR_SCHEMA_VALIDATION_FAILED"
    assert caught.value.__cause__ is None


def test_what_is_missing_is_told_apart(company: Company) -> None:
    """404, and 410 for what v1 no longer has."""
    with pytest.raises(Missing):
        api(company).one("persons.get", "persons/9")
    with pytest.raises(BadAnswer) as caught:
        api(company).one("persons.get", "persons/9", version="v1")
    assert not isinstance(caught.value, Missing)


def test_a_cursor_that_comes_round_again_is_a_bad_answer(company: Company) -> None:
    """A scan must end or raise."""
    body = {"success": True, "data": [], "additional_data": {"next_cursor": "same"}}
    company.fault("persons", status=200, body=body, times=None)
    with pytest.raises(BadAnswer):
        persons(api(company))


def test_a_short_page_is_not_the_end(company: Company) -> None:
    """Trap 24: only a null cursor is."""
    company.person()
    body = {"success": True, "data": [{"id": 7}], "additional_data": {"next_cursor": None}}
    company.fault("persons", status=200, body=body | {"data": [], "additional_data": {"next_cursor": "x"}})
    company.fault("persons", status=200, body=body)
    assert [row["id"] for row in persons(api(company))] == [7]


def test_both_page_shapes_of_v1_are_followed_to_the_end_and_null_is_empty(company: Company) -> None:
    """§3.3, traps 23 and 24: nested with `next_start` (notes), flat without (files, at most 100)."""
    company.person()
    calls = api(company)
    assert list(calls.rows("notes.list", "notes", only={"person_id": 1})) == []
    company.load("notes", *({"person_id": 1, "content": "x"} for _ in range(501)))
    company.load("files", *({"person_id": 1} for _ in range(201)))
    assert len(list(calls.rows("notes.list", "notes", only={"person_id": 1}))) == 501
    assert len({row["id"] for row in calls.rows("files.list", "persons/1/files", limit=500)}) == 201


def test_rows_that_go_while_a_v1_list_is_read_push_no_other_out_of_sight(company: Company) -> None:
    """Trap 24: its pages are positions; a lead that was skipped would be open business not seen."""
    company.load("leads", *({"id": f"lead-{number}", "title": "x"} for number in range(1201)))
    seen = []
    for row in api(company).rows("leads.list", "leads"):
        seen.append(row["id"])
        if len(seen) == 500:
            company.ask("DELETE", "/v1/leads/lead-3")
            company.ask("DELETE", "/v1/leads/lead-4")
    assert seen == [f"lead-{number}" for number in range(1201)]


def test_a_v1_list_whose_rows_never_stand_still_is_a_bad_answer(company: Company) -> None:
    """It must end or raise."""
    for number in range(40):
        body = {"success": True, "data": [{"id": number}], "additional_data": {"more_items_in_collection": True}}
        company.fault("notes", status=200, body=body)
    with pytest.raises(BadAnswer, match="moves"):
        list(api(company).rows("notes.list", "notes"))
    assert len(company.log()) < 20


@pytest.mark.parametrize("data", [[{"id": 1}], [], None])
def test_a_v1_list_that_says_more_and_brings_nothing_new_does_not_go_on_for_ever(company: Company, data: Any) -> None:
    """Such as a server that takes no notice of `start`."""
    company.fault(
        "notes",
        status=200,
        body={"success": True, "data": data, "additional_data": {"more_items_in_collection": True}},
        times=None,
    )
    with pytest.raises(BadAnswer, match="circles"):
        list(api(company).rows("notes.list", "notes"))


@pytest.mark.parametrize("next_start", [0, -5, "x"])
def test_a_v1_list_that_goes_back_is_a_bad_answer(company: Company, next_start: Any) -> None:
    """It must end or raise."""
    paging = {"pagination": {"more_items_in_collection": True, "next_start": next_start, "limit": 0}}
    body = {"success": True, "data": [{"id": 1}, {"id": 2}], "additional_data": paging}
    company.fault("notes", status=200, body=body, times=None)
    with pytest.raises(BadAnswer):
        list(api(company).rows("notes.list", "notes"))


def test_cursors_that_take_turns_are_found_out(company: Company) -> None:
    """A circle may be longer than one page."""
    for cursor in ("a", "b", "c", "a"):
        body = {"success": True, "data": [], "additional_data": {"next_cursor": cursor}}
        company.fault("persons", status=200, body=body)
    with pytest.raises(BadAnswer, match="circles"):
        persons(api(company))
