"""Communication preferences v3 and v4 of the local HubSpot (hubspot.md §5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests import test_connectors_sandbox_hubspot_hub as kit
from tests.test_connectors_sandbox_hubspot_hub import Hub

running, hub = kit.running, kit.hub


V4 = "/communication-preferences/v4"
ALL, MARKETING, SALES = "unsubscribe-all", 1001, 1002
EMAIL = {"channel": "EMAIL"}


def statuses(hub: Hub, email: str) -> dict[int, str]:
    """The status of each subscription type."""
    rows = hub.call("GET", f"{V4}/statuses/{email}", **EMAIL).json()["results"]
    return {row["subscriptionId"]: row["status"] for row in rows}


def wide(hub: Hub, email: str) -> list[dict[str, Any]]:
    """The opt-outs from everything."""
    found: list[dict[str, Any]] = hub.call("GET", f"{V4}/statuses/{email}/{ALL}", **EMAIL).json()["results"]
    return found


def choose(hub: Hub, email: str, state: str, **more: Any) -> Any:
    """The answer to setting the marketing type."""
    return hub.call(
        "POST", f"{V4}/statuses/{email}", {"subscriptionId": MARKETING, "statusState": state} | EMAIL | more
    )


def opt_out(hub: Hub, email: str, **query: str) -> Any:
    """The answer to an opt-out from everything."""
    return hub.call("POST", f"{V4}/statuses/{email}/{ALL}", **EMAIL, **query)


def flag(hub: Hub, id: str, name: str = "hs_email_optout") -> str | None:
    """A contact's opt-out property."""
    value: str | None = hub.values(id, name)[name]
    return value


def test_an_address_is_unspecified_until_it_chooses(hub: Hub) -> None:
    """§5.2: a status for every definition, with no contact at all; nothing wide means not opted out."""
    named = {int(row["id"]) for row in hub.call("GET", f"{V4}/definitions").json()["results"]}
    assert statuses(hub, "a@example.fr") == dict.fromkeys(named, "NOT_SPECIFIED")
    assert wide(hub, "a@example.fr") == []


def test_an_opt_out_from_everything(hub: Hub) -> None:
    """§5.2: an empty body without verbose, PORTAL_WIDE when read back, every type unsubscribed."""
    answer = opt_out(hub, "A@example.fr")
    assert (answer.status_code, answer.content) == (200, b"")
    (row,) = wide(hub, "a@example.fr")
    assert (row["wideStatusType"], row["status"], row["channel"]) == ("PORTAL_WIDE", "UNSUBSCRIBED", "EMAIL")
    assert set(statuses(hub, "a@example.fr").values()) == {"UNSUBSCRIBED"}
    rows = opt_out(hub, "a@example.fr", verbose="true").json()["results"]
    assert {row["setStatusSuccessReason"] for row in rows} == {"NO_STATUS_CHANGE"}


def test_a_status_is_the_address_s_and_not_the_contact_s(hub: Hub) -> None:
    """§5.2, §12.14: it drives hs_email_optout of whoever has the address first, and outlives the contact."""
    id = hub.create(email="a@example.fr")
    assert flag(hub, id) is None
    opt_out(hub, "a@example.fr")
    assert flag(hub, id) == "true"
    hub.call("POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": id})
    again = hub.create(email="a@example.fr")
    assert flag(hub, again) == "true"
    hub.call("PATCH", f"/crm/v3/objects/contacts/{again}", {"properties": {"email": "b@example.fr"}})
    assert flag(hub, again) is None


def test_a_second_address_has_a_status_of_its_own(hub: Hub) -> None:
    """§5.2: hs_additional_emails do not drive the contact's property."""
    hub.load({"kind": "contacts", "id": "5", "properties": {"email": "a@b.fr", "hs_additional_emails": "c@d.fr"}})
    opt_out(hub, "c@d.fr")
    assert flag(hub, "5") is None and wide(hub, "a@b.fr") == []


def test_an_opt_out_moves_the_contact_s_stamp(hub: Hub) -> None:
    """§2.5: a property that HubSpot writes is a write."""
    hub.clock("2026-01-01T00:00:00+00:00")
    id = hub.create(email="a@example.fr")
    hub.clock("2026-02-01T00:00:00+00:00")
    opt_out(hub, "a@example.fr")
    opt_out(hub, "a@example.fr")
    assert hub.values(id)["lastmodifieddate"] == "2026-02-01T00:00:00.000Z"


def test_one_type_is_not_everything(hub: Hub) -> None:
    """§5.2, §5.3: hs_email_optout_<id> and not hs_email_optout; the other types are untouched."""
    id = hub.create(email="a@example.fr")
    (row,) = choose(hub, "a@example.fr", "UNSUBSCRIBED").json()["results"]
    assert (row["setStatusSuccessReason"], row["subscriptionId"]) == ("REQUESTED_CHANGE_OCCURRED", MARKETING)
    assert (flag(hub, id), flag(hub, id, f"hs_email_optout_{MARKETING}")) == (None, "true")
    assert statuses(hub, "a@example.fr")[SALES] == "NOT_SPECIFIED" and wide(hub, "a@example.fr") == []


def test_v4_can_take_back_an_opt_out(hub: Hub) -> None:
    """§5.2: subscribing someone who opted out is allowed and says so; the other types stay unsubscribed."""
    id = hub.create(email="a@example.fr")
    opt_out(hub, "a@example.fr")
    (row,) = choose(hub, "a@example.fr", "SUBSCRIBED").json()["results"]
    assert row["setStatusSuccessReason"] == "RESUBSCRIBE_OCCURRED"
    assert wide(hub, "a@example.fr") == [] and flag(hub, id) is None
    assert statuses(hub, "a@example.fr")[SALES] == "UNSUBSCRIBED"


def test_data_privacy_demands_a_legal_basis(hub: Hub) -> None:
    """§5.2, §12.16: both legal fields, and a basis that exists."""
    legal = {"legalBasis": "CONSENT_WITH_NOTICE", "legalBasisExplanation": "form"}
    assert choose(hub, "a@example.fr", "SUBSCRIBED").status_code == 200
    hub.settings(dataPrivacy=True)
    assert choose(hub, "b@example.fr", "SUBSCRIBED").status_code == 400
    assert choose(hub, "b@example.fr", "SUBSCRIBED", legalBasis=legal["legalBasis"]).status_code == 400
    assert choose(hub, "b@example.fr", "SUBSCRIBED", **legal | {"legalBasis": "NONE"}).status_code == 400
    (row,) = choose(hub, "b@example.fr", "SUBSCRIBED", **legal).json()["results"]
    assert {field: row[field] for field in legal} == legal


def test_what_v4_refuses(hub: Hub) -> None:
    """§5.2: a bad address, type, state, channel or brand."""
    assert opt_out(hub, "nobody").status_code == 400
    assert opt_out(hub, "a@example.fr", businessUnitId="3").status_code == 400
    assert hub.call("GET", f"{V4}/statuses/a@example.fr").status_code == 400
    assert choose(hub, "a@example.fr", "GONE").status_code == 400
    assert choose(hub, "a@example.fr", "SUBSCRIBED", channel="WHATSAPP").status_code == 400
    assert choose(hub, "a@example.fr", "SUBSCRIBED", subscriptionId=9).status_code == 400


@pytest.mark.parametrize("path", ["read", "write", ALL, f"{ALL}/read"])
def test_batches_are_for_enterprise_accounts(hub: Hub, path: str) -> None:
    """§5.2, §12.15: 403 on lower tiers, and at most 100 inputs."""
    answer = hub.call("POST", f"{V4}/statuses/batch/{path}", {"inputs": ["a@example.fr"]}, **EMAIL)
    assert answer.status_code == 403
    scope = answer.json()["errors"][0]["context"]["requiredGranularScopes"][0]
    assert scope.startswith("communication_preferences.statuses.batch.")
    hub.settings(tier="enterprise")
    many = {"inputs": [f"p{n}@example.fr" for n in range(101)]}
    assert hub.call("POST", f"{V4}/statuses/batch/{path}", many, **EMAIL).status_code == 400


def test_batches_read_by_address(hub: Hub) -> None:
    """§5.2: 200, or 207 with the addresses that are none."""
    hub.settings(tier="enterprise")
    opt_out(hub, "a@example.fr")
    body = {"inputs": ["a@example.fr", "b@example.fr"]}
    read = hub.call("POST", f"{V4}/statuses/batch/{ALL}/read", body, **EMAIL)
    assert read.status_code == 200
    found = {row["subscriberIdString"]: len(row["wideStatuses"]) for row in read.json()["results"]}
    assert found == {"a@example.fr": 1, "b@example.fr": 0}
    read = hub.call("POST", f"{V4}/statuses/batch/read", {"inputs": ["a@example.fr", "nobody"]}, **EMAIL)
    assert (read.status_code, read.json()["numErrors"]) == (207, 1)
    assert {row["status"] for row in read.json()["results"][0]["statuses"]} == {"UNSUBSCRIBED"}


def test_batches_write_with_errors_inside_a_200(hub: Hub) -> None:
    """§5.2, §12.3: a 200 may carry errors and numErrors; rows are listed only when verbose."""
    hub.settings(tier="enterprise")
    body = {"inputs": ["a@example.fr", "nobody"]}
    answer = hub.call("POST", f"{V4}/statuses/batch/{ALL}", body, **EMAIL)
    assert (answer.status_code, answer.json()["results"], answer.json()["numErrors"]) == (200, [], 1)
    assert answer.json()["errors"][0]["context"] == {"subscriberIdString": ["nobody"]}
    assert len(wide(hub, "a@example.fr")) == 1
    verbose = hub.call("POST", f"{V4}/statuses/batch/{ALL}", body, **EMAIL, verbose="true").json()["results"]
    assert [row["subscriberIdString"] for row in verbose] == ["a@example.fr"]

    def row(email: str, type_id: int) -> dict[str, Any]:
        return {"subscriberIdString": email, "subscriptionId": type_id, "statusState": "UNSUBSCRIBED"} | EMAIL

    inputs = [row("c@example.fr", SALES), row("c@example.fr", 9)]
    answer = hub.call("POST", f"{V4}/statuses/batch/write", {"inputs": inputs})
    assert (answer.status_code, len(answer.json()["results"]), answer.json()["numErrors"]) == (200, 1, 1)
    assert statuses(hub, "c@example.fr")[SALES] == "UNSUBSCRIBED"


def test_v3_cannot_take_back_an_opt_out(hub: Hub) -> None:
    """§5.1: subscribing someone who opted out is a 400; so is any change of a portal-wide opt-out."""
    path, body = "/communication-preferences/v3", {"emailAddress": "a@example.fr", "subscriptionId": str(MARKETING)}
    assert hub.call("POST", f"{path}/subscribe", body).json()["status"] == "SUBSCRIBED"
    assert hub.call("POST", f"{path}/unsubscribe", body).json()["status"] == "NOT_SUBSCRIBED"
    assert hub.call("POST", f"{path}/subscribe", body).status_code == 400
    opt_out(hub, "a@example.fr")
    refused = hub.call("POST", f"{path}/unsubscribe", body)
    assert refused.status_code == 400 and "they have unsubscribed" in refused.json()["message"]
    rows = hub.call("GET", f"{path}/status/email/a@example.fr").json()["subscriptionStatuses"]
    assert {row["sourceOfStatus"] for row in rows} == {"PORTAL_WIDE_STATUS"}
    assert hub.call("POST", f"{path}/subscribe", body | {"subscriptionId": "9"}).status_code == 400
    assert len(hub.call("GET", f"{path}/definitions").json()["subscriptionDefinitions"]) == 3


@pytest.mark.parametrize("subscription_first", [True, False])
def test_loaded_opt_outs_reach_loaded_contacts(hub: Hub, subscription_first: bool) -> None:
    """The load format: contact and subscription lines in either order; timestamps and stamps as given."""
    contact = {"kind": "contacts", "id": "5", "properties": {"email": "A@b.fr", "createdate": "2020-01-01T00:00:00Z"}}
    since = "2021-02-03T04:05:06.000Z"
    lines = [contact, {"kind": "subscription", "email": "a@b.fr", "status": "unsubscribed_all", "timestamp": since}]
    hub.load(*(reversed(lines) if subscription_first else lines))
    assert flag(hub, "5") == "true" and wide(hub, "a@b.fr")[0]["timestamp"] == since
    assert hub.values("5")["lastmodifieddate"] == "2020-01-01T00:00:00Z"
    hub.load({"kind": "subscription", "email": "x@y.fr", "status": "unsubscribed", "subscriptionId": SALES})
    assert statuses(hub, "x@y.fr")[SALES] == "UNSUBSCRIBED"
    hub.load({"kind": "contacts", "properties": {"email": "z@y.fr", "hs_email_optout": "true"}})
    assert len(wide(hub, "z@y.fr")) == 1
