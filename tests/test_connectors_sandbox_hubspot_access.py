"""Tokens, scopes, limits and the account of the local HubSpot (hubspot.md §1.1, §6, §7, §8)."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from connectors.sandbox.hubspot.traffic import Traffic
from tests import test_connectors_sandbox_hubspot_hub as kit
from tests.test_connectors_sandbox_hubspot_hub import Hub

running, hub = kit.running, kit.hub


CONTACTS, SEARCH = "/crm/v3/objects/contacts", "/crm/v3/objects/contacts/search"
ASSOCIATED = "/crm/v4/objects/contacts/1/associations/notes"


def test_a_call_without_a_valid_token_is_a_401(hub: Hub) -> None:
    """§8: the vendor's two categories; an unknown path needs a token too."""
    for path in (CONTACTS, "/nothing"):
        answer = hub.call("GET", path, token="stranger")
        assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    answer = hub.call("GET", CONTACTS, token="sandbox-expired")
    assert (answer.status_code, answer.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert "X-HubSpot-RateLimit-Max" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", CONTACTS, "crm.objects.contacts.read"),
        ("POST", SEARCH, "crm.objects.contacts.read"),
        ("POST", f"{CONTACTS}/batch/read", "crm.objects.contacts.read"),
        ("POST", f"{CONTACTS}/gdpr-delete", "crm.objects.contacts.write"),
        ("PATCH", f"{CONTACTS}/1", "crm.objects.contacts.write"),
        ("GET", "/crm/v3/objects/companies", "crm.objects.companies.read"),
        ("DELETE", "/crm/v3/objects/deals/1", "crm.objects.deals.write"),
        ("GET", "/crm/v3/objects/tickets", "tickets"),
        ("POST", "/crm/v3/objects/notes", "crm.objects.contacts.write"),
        ("GET", "/crm/v4/objects/contacts/1/associations/deals", "crm.objects.deals.read"),
        ("GET", "/crm/v3/properties/contacts", "crm.schemas.contacts.read"),
        ("POST", "/crm/v3/properties/contacts", "crm.schemas.contacts.write"),
        ("POST", "/crm/v3/lists", "crm.lists.write"),
        ("GET", "/crm/v3/lists/1", "crm.lists.read"),
        ("GET", "/crm/v3/owners", "crm.objects.owners.read"),
        ("GET", "/settings/v3/users", "settings.users.read"),
        ("GET", "/settings/v3/users/teams", "settings.users.teams.read"),
        ("GET", "/account-info/v3/activity/login", "account-info.security.read"),
        ("GET", "/communication-preferences/v4/definitions", "communication_preferences.read"),
        ("POST", "/communication-preferences/v4/statuses/a@b.fr", "communication_preferences.write"),
        ("POST", "/communication-preferences/v3/unsubscribe", "communication_preferences.write"),
        ("POST", "/communication-preferences/v4/statuses/batch/read", "communication_preferences.statuses.batch.read"),
    ],
)
def test_a_missing_scope_is_a_403_that_names_it(hub: Hub, method: str, path: str, scope: str) -> None:
    """§1.1: errors[].context.requiredGranularScopes lists the scopes the call would accept."""
    answer = hub.call(method, path, {}, token=f"sandbox-lacks:{scope}")
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
    assert scope in answer.json()["errors"][0]["context"]["requiredGranularScopes"]


def test_an_association_asked_for_inline_needs_its_scope(hub: Hub) -> None:
    """§1.1: reading deals through a contact is reading deals."""
    hub.create(email="a@example.fr")
    lacking = "sandbox-lacks:crm.objects.deals.read"
    assert hub.call("GET", CONTACTS, token=lacking, associations="deals").status_code == 403
    assert hub.call("GET", CONTACTS, token=lacking).status_code == 200


def test_a_read_only_token_reads_and_searches_but_writes_nothing(hub: Hub) -> None:
    """The sandbox's token grammar: every write is refused as for want of its scope."""
    id = hub.create(email="a@example.fr")
    for method, path in (("GET", CONTACTS), ("POST", SEARCH), ("GET", "/crm/v3/owners")):
        assert hub.call(method, path, {}, token="sandbox-readonly").status_code == 200
    for method, path in (
        ("POST", CONTACTS),
        ("PATCH", f"{CONTACTS}/{id}"),
        ("DELETE", f"{CONTACTS}/{id}"),
        ("POST", f"{CONTACTS}/merge"),
        ("POST", f"{CONTACTS}/gdpr-delete"),
        ("POST", f"{CONTACTS}/batch/archive"),
        ("PUT", "/crm/v4/objects/contacts/1/associations/default/notes/1"),
        ("POST", "/communication-preferences/v4/statuses/a@b.fr/unsubscribe-all"),
        ("POST", "/crm/v3/properties/contacts"),
        ("PUT", "/crm/v3/lists/1/memberships/add"),
    ):
        assert hub.call(method, path, {}, token="sandbox-readonly").status_code == 403
    assert hub.call("GET", f"{CONTACTS}/{id}").status_code == 200


def test_another_account_is_another_account(hub: Hub) -> None:
    """The sandbox's token grammar: portal 7654321 sees nothing of portal 1234567."""
    id = hub.create(email="a@example.fr")
    details = "/account-info/v3/details"
    assert hub.call("GET", details).json()["portalId"] == 1234567
    assert hub.call("GET", details, token="sandbox-other").json()["portalId"] == 7654321
    assert hub.call("GET", CONTACTS, token="sandbox-other").json()["results"] == []
    assert hub.call("GET", f"{CONTACTS}/{id}", token="sandbox-other").status_code == 404
    assert hub.call("POST", CONTACTS, {"properties": {"email": "a@example.fr"}}, "sandbox-other").status_code == 201
    assert len(hub.call("GET", CONTACTS).json()["results"]) == 1


class Tick:
    """A clock for the limits, set by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def tick(hub: Hub) -> Tick:
    """The server's limits on a clock of the test's own."""
    clock = Tick()
    hub.app().traffic["main"] = Traffic(hub.app().portals["main"], clock)
    return clock


def spend(hub: Hub, path: str, calls: int, method: str = "GET") -> Any:
    """The last answer to several calls of one path."""
    for _ in range(calls):
        answer = hub.call(method, path, {} if method == "POST" else None)
    return answer


def test_the_ten_secondly_limit_rolls(hub: Hub, tick: Tick) -> None:
    """§8: 190 in 10 s, told by headers; the 191st is a 429 with the vendor's policy name; it passes 10 s later."""
    path = f"{CONTACTS}/1"
    last = spend(hub, path, 190)
    assert (last.status_code, last.headers["X-HubSpot-RateLimit-Max"]) == (404, "190")
    assert last.headers["X-HubSpot-RateLimit-Remaining"] == "0"
    assert last.headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert last.headers["X-HubSpot-RateLimit-Daily-Remaining"] == str(625_000 - 190)
    refused = spend(hub, path, 1)
    body = refused.json()
    assert (refused.status_code, body["errorType"], body["policyName"]) == (429, "RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    assert "Retry-After" not in refused.headers
    tick.seconds = 10
    assert spend(hub, path, 1).status_code == 404


def test_search_has_a_limit_of_its_own_and_no_headers(hub: Hub, tick: Tick) -> None:
    """§2.2, §8: 5 a second per account, exempt from the other limit, told only by its message."""
    last = spend(hub, SEARCH, 5, "POST")
    assert last.status_code == 200
    refused = spend(hub, SEARCH, 1, "POST")
    assert (refused.status_code, refused.json()["message"]) == (429, "You have reached your secondly limit.")
    for answer in (last, refused):
        assert not any(name.lower().startswith("x-hubspot-ratelimit") for name in answer.headers)
    assert spend(hub, CONTACTS, 1).headers["X-HubSpot-RateLimit-Remaining"] == "189"
    tick.seconds = 1
    assert spend(hub, SEARCH, 1, "POST").status_code == 200


def test_associations_have_a_limit_of_their_own(hub: Hub, tick: Tick) -> None:
    """§2.6: 150 in 10 s, beside the others'."""
    assert spend(hub, ASSOCIATED, 150).headers["X-HubSpot-RateLimit-Max"] == "150"
    assert spend(hub, ASSOCIATED, 1).status_code == 429
    assert spend(hub, CONTACTS, 1).headers["X-HubSpot-RateLimit-Remaining"] == "189"


def test_small_tiers_have_less(hub: Hub, tick: Tick) -> None:
    """§8: 100 in 10 s and 250,000 a day on Free and Starter."""
    hub.settings(tier="starter")
    headers = spend(hub, CONTACTS, 1).headers
    assert (headers["X-HubSpot-RateLimit-Max"], headers["X-HubSpot-RateLimit-Daily"]) == ("100", "250000")


def test_the_daily_limit_lasts_until_midnight(hub: Hub, tick: Tick) -> None:
    """§8: policy DAILY, search included, reset at midnight in the account's time zone."""
    hub.settings(dailyLimit=3)
    hub.clock("2026-01-01T23:59:00+00:00")
    spend(hub, SEARCH, 1, "POST")
    used = spend(hub, "/account-info/v3/api-usage/daily/private-apps", 1).json()["results"][0]
    assert (used["usageLimit"], used["currentUsage"]) == (3, 2)
    assert spend(hub, CONTACTS, 1).headers["X-HubSpot-RateLimit-Daily-Remaining"] == "0"
    refused = spend(hub, CONTACTS, 1)
    expected = (429, "DAILY", "You have reached your daily limit.")
    assert (refused.status_code, refused.json()["policyName"], refused.json()["message"]) == expected
    hub.clock("2026-01-02T00:00:00+00:00")
    assert spend(hub, CONTACTS, 1).status_code == 200


def test_limits_can_be_switched_off(hub: Hub, tick: Tick) -> None:
    """The control API's switch: no limit, no headers."""
    hub.app().limits = False
    assert spend(hub, SEARCH, 6, "POST").status_code == 200
    assert "X-HubSpot-RateLimit-Max" not in spend(hub, CONTACTS, 1).headers


def test_a_token_is_refreshed_or_refused(hub: Hub) -> None:
    """§1.1: 30 minutes; a refresh token that is none is a 400."""
    form = {"grant_type": "refresh_token", "client_id": "c", "client_secret": "s", "refresh_token": "sandbox-readonly"}
    good = requests.post(f"{hub.url}/oauth/v1/token", data=form, timeout=10).json()
    assert (good["access_token"], good["expires_in"], good["token_type"]) == ("sandbox-readonly", 1800, "bearer")
    for bad in ({"refresh_token": "stranger"}, {"grant_type": "password"}, {"client_secret": ""}):
        assert requests.post(f"{hub.url}/oauth/v1/token", data=form | bad, timeout=10).status_code == 400


def test_owners_users_roles_and_teams(hub: Hub) -> None:
    """§7, §12.30: owner id and user id differ; archived owners apart; paging; by address."""
    owners = hub.call("GET", "/crm/v3/owners", limit=2).json()
    assert owners["paging"]["next"]["after"] == "953"
    first = owners["results"][0]
    assert first["id"] != str(first["userId"])
    (gone,) = hub.call("GET", "/crm/v3/owners", archived="true").json()["results"]
    assert gone["archived"] and "userId" not in gone and gone["userIdIncludingInactive"]
    assert hub.call("GET", "/crm/v3/owners", email=first["email"]).json()["results"] == [first]
    assert hub.call("GET", f"/crm/v3/owners/{first['userId']}", idProperty="userId").json() == first
    user = hub.call("GET", "/settings/v3/users/ada@repoussoir.test", idProperty="EMAIL").json()
    assert user["superAdmin"] is True
    assert hub.call("GET", "/settings/v3/users/99").status_code == 404
    assert hub.call("GET", "/settings/users/v3", limit=1).json()["results"] == [user]


def test_loaded_users_and_events_take_the_place_of_the_built_in_ones(hub: Hub) -> None:
    """The load format: users, owners, roles, teams and activity; the audit log is for Enterprise accounts (§7)."""
    hub.load(
        {"kind": "users", "id": "1", "email": "x@y.fr", "superAdmin": False},
        {"kind": "owners", "id": "2", "email": "x@y.fr", "userId": 1},
        {"kind": "loginActivity", "id": "3", "userId": 1, "loginSucceeded": True},
        {"kind": "loginActivity", "id": "4", "userId": 2, "loginSucceeded": False},
    )
    assert [user["id"] for user in hub.call("GET", "/settings/v3/users").json()["results"]] == ["1"]
    assert [owner["id"] for owner in hub.call("GET", "/crm/v3/owners").json()["results"]] == ["2"]
    path = "/account-info/v3/activity"
    assert [row["id"] for row in hub.call("GET", f"{path}/login", userId=1).json()["results"]] == ["3"]
    assert hub.call("GET", f"{path}/audit-logs").status_code == 403
    hub.settings(tier="enterprise")
    assert hub.call("GET", f"{path}/audit-logs").json()["results"] == []


def test_a_manual_list_and_its_members(hub: Hub) -> None:
    """§6: create 200, found by name, recordsIdsAdded (sic), ids that are missing, members that are deleted leave."""
    path, made = "/crm/v3/lists", {"name": "Keep out", "objectTypeId": "0-1", "processingType": "MANUAL"}
    answer = hub.call("POST", path, made)
    assert answer.status_code == 200
    id = answer.json()["list"]["listId"]
    assert hub.call("POST", path, made).status_code == 400
    assert hub.call("GET", f"{path}/object-type-id/0-1/name/Keep out").json()["list"]["listId"] == id
    ids = [hub.create(email=f"p{n}@example.fr") for n in range(3)]
    added = hub.call("PUT", f"{path}/{id}/memberships/add", [*ids, "9"]).json()
    assert added == {"recordsIdsAdded": ids, "recordIdsRemoved": [], "recordIdsMissing": ["9"]}
    page = hub.call("GET", f"{path}/{id}/memberships", limit=2).json()
    assert [row["recordId"] for row in page["results"]] == ids[:2] and page["paging"]["next"]["after"] == ids[2]
    both = {"recordIdsToAdd": [], "recordIdsToRemove": [ids[0]]}
    assert hub.call("PUT", f"{path}/{id}/memberships/add-and-remove", both).json()["recordIdsRemoved"] == [ids[0]]
    hub.call("DELETE", f"{CONTACTS}/{ids[1]}")
    assert [r["recordId"] for r in hub.call("GET", f"{path}/{id}/memberships").json()["results"]] == [ids[2]]
    assert hub.call("GET", f"{path}/records/0-1/{ids[2]}/memberships").json()["results"][0]["listId"] == id
    assert hub.call("GET", f"{path}/{id}/memberships", limit=251).status_code == 400


def test_a_deleted_list_can_be_restored_and_a_dynamic_one_takes_no_members(hub: Hub) -> None:
    """§6: 90 days in the bin; membership writes are for MANUAL and SNAPSHOT lists only."""
    path, made = "/crm/v3/lists", {"name": "Keep out", "objectTypeId": "0-1", "processingType": "DYNAMIC"}
    id = hub.call("POST", path, made).json()["list"]["listId"]
    assert hub.call("PUT", f"{path}/{id}/memberships/add", ["1"]).status_code == 400
    assert hub.call("DELETE", f"{path}/{id}").status_code == 204
    assert hub.call("GET", f"{path}/object-type-id/0-1/name/Keep out").status_code == 404
    assert hub.call("PUT", f"{path}/{id}/restore").status_code == 204
    assert hub.call("GET", f"{path}/{id}").json()["list"]["size"] == 0
