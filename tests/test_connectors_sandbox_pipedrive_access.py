"""Tokens, scopes, visibility, users and limits in the local Pipedrive (pipedrive.md §2, §7, §8, §9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from connectors.sandbox.pipedrive.limiter import Limiter
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


class Seconds:
    """A running clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds(api: Api) -> Seconds:
    """The clock of the limits, which are on."""
    clock = Seconds()
    api.app().limits = True
    api.app().limiter = Limiter(clock)
    return clock


# --- tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_may_come_in_its_header_as_a_bearer_or_in_the_query(api: Api) -> None:
    url = api.url + "/api/v2/persons"
    for given in ({"headers": {"x-api-token": "sandbox"}}, {"headers": {"Authorization": "Bearer sandbox"}}):
        assert requests.get(url, timeout=10, **given).status_code == 200  # type: ignore[arg-type]  # one of two shapes
    assert requests.get(url, params={"api_token": "sandbox"}, timeout=10).status_code == 200


@pytest.mark.parametrize("token", ["", "wrong", "sandbox-expired"])
def test_a_bad_token_is_401_from_the_gateway(api: Api, token: str) -> None:
    answer = api.call("GET", "/v1/users/me", token=token)
    assert (answer.status_code, answer.headers["x-401-by-gw"]) == (401, "true")
    assert answer.json() | {"error_info": ""} == {
        "success": False,
        "error": "unauthorized access",
        "errorCode": 401,
        "error_info": "",
    }


def test_a_read_only_token_reads_and_every_write_is_403(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    assert api.call("GET", "/api/v2/persons/1", token="sandbox-readonly").status_code == 200
    assert api.call("DELETE", "/api/v2/persons/1", token="sandbox-readonly").status_code == 403
    assert api.call("POST", "/v1/notes", {"content": "x", "person_id": 1}, "sandbox-readonly").status_code == 403
    assert api.data("GET", "/api/v2/persons/1")["is_deleted"] is False


@pytest.mark.parametrize(
    ("scopes", "method", "path"),
    [
        ("contacts:full", "GET", "/api/v2/persons"),
        ("deals:full", "GET", "/api/v2/deals"),
        ("activities:full", "GET", "/api/v2/activities"),
        ("leads:full", "GET", "/v1/leads"),
        ("mail:full", "GET", "/v1/persons/1/mailMessages"),
        ("mail:read", "GET", "/v1/mailbox/mailThreads"),
        ("users:read", "GET", "/v1/users"),
        ("recents:read", "GET", "/v1/persons/1/changelog"),
        ("search:read", "GET", "/api/v2/itemSearch"),
        ("admin", "GET", "/v1/roles"),
        ("admin", "GET", "/api/v2/activityFields"),
        ("contact-fields:full,admin", "POST", "/api/v2/personFields"),
        ("contacts:full,deals:full", "GET", "/v1/notes"),
    ],
)
def test_a_token_without_the_scope_is_403_and_with_it_is_not(api: Api, scopes: str, method: str, path: str) -> None:
    api.load("persons", id=1, name="A B")
    assert api.call(method, path, token=f"sandbox-lacks:{scopes}").status_code == 403
    assert api.call(method, path).status_code != 403


def test_one_of_several_scopes_is_enough(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    assert api.call("GET", "/v1/notes", token="sandbox-lacks:deals:full").status_code == 200
    assert api.call("GET", "/v1/users/me", token="sandbox-lacks:users:read").status_code == 200


def test_another_companys_token_sees_another_empty_company(api: Api) -> None:
    api.load("persons", id=1, name="A B")
    me = api.call("GET", "/v1/users/me", token="sandbox-other").json()["data"]
    assert (me["company_id"], me["company_domain"]) == (202, "other")
    assert api.call("GET", "/api/v2/persons", token="sandbox-other").json()["data"] == []
    assert api.call("DELETE", "/api/v2/persons/1", token="sandbox-other").status_code == 404
    api.call("POST", "/api/v2/persons", {"name": "Theirs"}, "sandbox-other")
    assert [person["name"] for person in api.data("GET", "/api/v2/persons")] == ["A B"]


# --- a user who is no admin ------------------------------------------------------------------------------------------


def test_a_regular_user_silently_sees_only_own_and_open_records(api: Api) -> None:
    api.load("persons", id=1, name="Of the admin", visible_to=1, owner_id=1)
    api.load("persons", id=2, name="Own", visible_to=1, owner_id=2)
    api.load("persons", id=3, name="Open", visible_to=3)
    api.load("notes", content="on hidden", person_id=1)
    api.load("notes", content="on open", person_id=3)
    regular = "sandbox-regular"
    found = api.call("GET", "/api/v2/persons", token=regular).json()["data"]
    assert [person["id"] for person in found] == [2, 3]
    assert api.call("GET", "/api/v2/persons/1", token=regular).status_code == 404
    assert api.call("GET", "/api/v2/persons", token=regular, ids="1").json()["data"] == []
    assert [note["content"] for note in api.call("GET", "/v1/notes", token=regular).json()["data"]] == ["on open"]
    hits = api.call("GET", "/api/v2/persons/search", token=regular, term="admin").json()["data"]["items"]
    assert hits == []
    assert api.data("GET", "/v1/persons/1/permittedUsers") == [1]
    assert api.data("GET", "/v1/persons/3/permittedUsers") == [1, 2]


def test_a_regular_user_is_told_by_access_and_may_not_audit_or_define(api: Api) -> None:
    me = api.call("GET", "/v1/users/me", token="sandbox-regular").json()["data"]
    assert not any(one["admin"] for one in me["access"])
    for path in ("/v1/users/1/permissions", "/v1/roles", "/v1/permissionSets", "/v1/webhooks"):
        assert api.call("GET", path, token="sandbox-regular").status_code == 403
    body = {"field_name": "X", "field_type": "text"}
    assert api.call("POST", "/api/v2/personFields", body, "sandbox-regular").status_code == 403


def test_a_mail_marked_private_is_hidden_from_admins_too(api: Api) -> None:
    api.load("persons", id=1, name="A B", emails=emails("a@x.example"))
    party = {"from": [{"email_address": "a@x.example"}]}
    api.load("mailMessages", id=1, subject="Mine", user_id=2, private=True, **party)
    assert api.call("GET", "/v1/persons/1/mailMessages").json()["data"] is None
    seen = api.call("GET", "/v1/persons/1/mailMessages", token="sandbox-regular").json()["data"]
    assert len(seen) == 1


# --- the access audit ------------------------------------------------------------------------------------------------


def test_users_have_access_entries_and_no_is_admin_and_loaded_ones_join_them(api: Api) -> None:
    access = [{"app": "nova", "admin": False, "permission_set_id": "x"}]
    api.load("users", id=9, name="New", last_login=None, active_flag=False, access=access)
    users = {user["id"]: user for user in api.data("GET", "/v1/users")}
    assert set(users) == {1, 2, 9}
    assert (users[9]["last_login"], users[9]["active_flag"], users[9]["access"]) == (None, False, access)
    assert "is_admin" not in users[1]
    assert api.data("GET", "/v1/users/find", term="new")[0]["id"] == 9
    assert api.data("PUT", "/v1/users/9", {"active_flag": True})["active_flag"] is True


def test_permissions_list_only_what_is_granted(api: Api) -> None:
    regular, admin = (api.data("GET", f"/v1/users/{id}/permissions") for id in (2, 1))
    assert "can_export_data_from_lists" not in regular
    assert admin["can_export_data_from_lists"] is True
    assert set(regular.values()) == {True}


def test_permission_sets_come_in_a_list_and_those_of_nobody_have_no_assignments_404(api: Api) -> None:
    sets = {one["name"]: one for one in api.data("GET", "/v1/permissionSets")}
    assert "contents" not in sets["Global admin"]
    (whole,) = api.data("GET", f"/v1/permissionSets/{sets['Global admin']['id']}")
    assert "can_use_api" in whole["contents"]
    held = api.data("GET", f"/v1/permissionSets/{sets['Global admin']['id']}/assignments")
    assert [one["user_id"] for one in held] == [1]
    nobody = sets["Projects manager"]
    assert nobody["assignment_count"] == 0
    assert api.call("GET", f"/v1/permissionSets/{nobody['id']}/assignments").status_code == 404
    assert [one["app"] for one in api.data("GET", "/v1/permissionSets", app="sales")] == ["sales", "sales"]


def test_roles_count_in_texts_and_tell_visibility(api: Api) -> None:
    roles = {role["id"]: role for role in api.data("GET", "/v1/roles")}
    assert (roles[2]["assignment_count"], roles[1]["sub_role_count"]) == ("1", "2")
    assert [one["user_id"] for one in api.data("GET", "/v1/roles/2/assignments")] == [1]
    assert "person_access_level" in api.data("GET", "/v1/roles/2/settings")
    assert [one["role_id"] for one in api.data("GET", "/v1/users/1/roleAssignments")] == [2]


# --- limits ----------------------------------------------------------------------------------------------------------


def statuses(api: Api, count: int, path: str = "/v1/users/me", **query: Any) -> list[int]:
    """The statuses of some calls in a row."""
    return [api.call("GET", path, **query).status_code for _ in range(count)]


@pytest.mark.parametrize(("plan", "limit"), [("lite", 20), ("growth", 40), ("premium", 100), ("ultimate", 120)])
def test_a_burst_over_the_plans_limit_is_429_until_two_seconds_have_passed(
    api: Api, seconds: Seconds, plan: str, limit: int
) -> None:
    api.load("settings", plan=plan)
    first = api.call("GET", "/v1/users/me")
    assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == (str(limit), str(limit - 1))
    assert set(statuses(api, limit - 1)) == {200}
    refused = api.call("GET", "/v1/users/me")
    assert refused.status_code == 429
    assert refused.json() == {"success": False, "error": "request over limit", "errorCode": 429}
    headers = {name: refused.headers[name] for name in ("x-ratelimit-remaining", "x-ratelimit-reset", "Retry-After")}
    assert headers == {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2", "Retry-After": "2"}
    seconds.now = 2.0
    assert statuses(api, 1) == [200]


def test_an_oauth_token_has_a_limit_of_its_own(api: Api, seconds: Seconds) -> None:
    headers = {"Authorization": "Bearer sandbox"}
    answer = requests.get(api.url + "/v1/users/me", headers=headers, timeout=10)
    assert answer.headers["x-ratelimit-limit"] == "480"


def test_searches_are_ten_in_two_seconds_on_every_plan(api: Api, seconds: Seconds) -> None:
    assert statuses(api, 11, "/api/v2/persons/search", term="jane") == [200] * 10 + [429]
    assert statuses(api, 1) == [200]


def test_who_goes_on_ten_times_after_a_429_is_blocked_in_html(api: Api, seconds: Seconds) -> None:
    api.load("settings", plan="lite")
    assert statuses(api, 20 + 1 + 10) == [200] * 20 + [429] * 11
    answer = api.call("GET", "/v1/users/me")
    assert answer.status_code == 403
    assert answer.headers["Content-Type"].startswith("text/html")
    seconds.now = 30.0
    assert statuses(api, 1) == [403]
    seconds.now = 61.0
    assert statuses(api, 1) == [200]


def test_a_day_costs_tokens_by_operation_and_ends_with_none_remaining(api: Api, seconds: Seconds) -> None:
    api.load("settings", dailyTokens=25)
    first = api.call("GET", "/api/v2/persons")
    assert first.headers["x-daily-ratelimit-token-limit"] == "25"
    assert first.headers["x-daily-ratelimit-token-remaining"] == "15"
    made = api.call("POST", "/api/v2/persons", {"name": "A"})
    assert made.headers["x-daily-requests-left"] == "10"
    refused = api.call("GET", "/v1/notes")
    assert refused.status_code == 429
    assert refused.headers["x-daily-ratelimit-token-remaining"] == "0"
    assert refused.headers["Retry-After"] == "2"
    assert statuses(api, 1) == [429]
    api.sandbox.clock.set(NOW + timedelta(days=1))
    assert statuses(api, 1) == [200]


def test_plans_and_seats_make_the_budget_of_a_day(api: Api, seconds: Seconds) -> None:
    for settings, budget in (({"plan": "lite", "seats": 1}, "30000"), ({"plan": "ultimate", "seats": 2}, "420000")):
        api.load("settings", **settings)
        answer = api.call("GET", "/v1/users/me")
        assert answer.headers["x-daily-ratelimit-token-limit"] == budget


def test_limits_can_be_switched_off_and_every_answer_has_a_correlation_id(api: Api) -> None:
    api.load("settings", plan="lite", dailyTokens=1)
    answers = [api.call("GET", "/v1/users/me") for _ in range(25)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["x-correlation-id"] for answer in answers}) == 25
