"""Access to the Salesforce sandbox: tokens, versions, permissions, field security (reference salesforce.md §1, §7)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest
import requests

from tests.connectors_sandbox_salesforce import ORG, Sandbox, code, sandbox


@pytest.fixture
def org() -> Iterator[Sandbox]:
    """A running sandbox."""
    with sandbox() as running:
        yield running


def exchange(org: Sandbox, form: dict[str, str], secret: str | None = None) -> requests.Response:
    """A token request, with a client secret where given."""
    basic = base64.b64encode(f"sandbox:{secret}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"} if secret is not None else {}
    return org.call("POST", "/services/oauth2/token", token=None, data=form, headers=headers)


def test_client_credentials(org: Sandbox) -> None:
    """The client's secret is a sandbox token, and comes back as access token with this server as instance."""
    answer = exchange(org, {"grant_type": "client_credentials"}, "sandbox").json()
    assert (answer["access_token"], answer["instance_url"], answer["token_type"]) == ("sandbox", org.url, "Bearer")
    form = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox-other"}
    assert exchange(org, form).json()["access_token"] == "sandbox-other"
    wrong = exchange(org, {"grant_type": "client_credentials"}, "nonsense")
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_client")
    expired = exchange(org, {"grant_type": "client_credentials"}, "sandbox-expired")
    assert (expired.status_code, expired.json()["error"]) == (400, "invalid_grant")
    assert exchange(org, {"grant_type": "password"}).json()["error"] == "unsupported_grant_type"


def assertion(claims: dict[str, object], alg: str = "RS256") -> str:
    """An unsigned JWT."""
    parts = ({"alg": alg}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2ln"])


@pytest.mark.parametrize(
    ("token", "status"),
    [
        (assertion({"iss": "sandbox", "sub": "u", "aud": "https://login.salesforce.com", "exp": "1900000000"}), 200),
        (assertion({"iss": "sandbox", "sub": "u", "aud": "https://login.salesforce.com", "exp": 1900000000}), 200),
        (assertion({"iss": "nonsense", "sub": "u", "aud": "https://login.salesforce.com", "exp": 1900000000}), 400),
        (assertion({"iss": "sandbox", "sub": "u", "aud": "https://login.salesforce.com"}), 400),
        (assertion({"iss": "sandbox", "sub": "u", "aud": "x", "exp": 1}, alg="none"), 400),
        ("sandbox", 400),
        ("", 400),
    ],
)
def test_jwt_bearer(org: Sandbox, token: str, status: int) -> None:
    """A well-formed assertion of a sandbox token is taken; its signature is not looked at."""
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": token}
    assert exchange(org, form).status_code == status


@pytest.mark.parametrize("token", [None, "nonsense", "sandbox-expired", f"{ORG}!sandbox-expired"])
def test_no_session(org: Sandbox, token: str | None) -> None:
    """Without a valid token every resource answers 401 with an array."""
    for path in ("limits", "query", "nope", "/services/oauth2/userinfo"):
        assert code(org.get(path, token=token)) == (401, "INVALID_SESSION_ID")


def test_token_with_the_orgs_prefix(org: Sandbox) -> None:
    """A session id may carry the org's id in front; userinfo says whose it is."""
    info = org.get("/services/oauth2/userinfo", token=f"{ORG}!sandbox").json()
    assert info["organization_id"] == ORG
    assert org.column("SELECT Id FROM Organization", token=f"{ORG}!sandbox") == [ORG]
    assert info["user_id"] == org.column("SELECT Id FROM User WHERE Username LIKE 'ines%'")[0]


def test_versions_are_listed_without_a_token(org: Sandbox) -> None:
    """Versions 51 to 68 are served; 21 to 30 are gone, others unknown."""
    versions = org.get("/services/data/", token=None).json()
    assert [versions[0]["version"], versions[-1]["version"], len(versions)] == ["51.0", "68.0", 18]
    assert versions[-1] == {"label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"}
    assert org.get("/services/data/v51.0/limits").status_code == 200
    assert org.get("/services/data/v30.0/limits").status_code == 410
    assert org.get("/services/data/v69.0/limits").status_code == 404
    assert "sobjects" in org.get("/services/data/v68.0/").json()


def test_the_resources_name_the_callers_identity(org: Sandbox) -> None:
    """Clients follow that URL, with the token in the header or, as older ones do, in the query."""
    url = org.get("/services/data/v68.0/").json()["identity"].removeprefix(org.url)
    assert org.get(url).json()["organization_id"] == ORG
    assert org.get(f"{url}?format=json&oauth_token=sandbox", token=None).json()["organization_id"] == ORG
    assert org.get(f"{url}?oauth_token=nonsense", token=None).status_code == 401


def test_a_body_may_come_in_chunks(org: Sandbox) -> None:
    """As clients send that stream what they upload."""
    body = iter([b'{"LastNa', b'me": "Piece', b'meal"}'])
    answer = org.call(
        "POST", "/services/data/v66.0/sobjects/Contact", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 201
    assert org.column("SELECT LastName FROM Contact") == ["Piecemeal"]


def test_the_other_account_is_another_empty_org(org: Sandbox) -> None:
    """sandbox-other sees none of the main org's rows, and writes where the main org does not see them."""
    org.load({"kind": "Contact", "LastName": "A"})
    assert org.column("SELECT Id FROM Contact", token="sandbox-other") == []
    assert org.column("SELECT Id FROM Organization", token="sandbox-other") == ["00D000000000001EAA"]
    org.post("sobjects/Contact", {"LastName": "B"}, token="sandbox-other")
    assert org.column("SELECT LastName FROM Contact") == ["A"]


def test_a_regular_user_sees_only_own_rows(org: Sandbox) -> None:
    """Without View All and Modify All Data, rows of others are not there, and cannot be written (Traps 14)."""
    user = org.get("/services/oauth2/userinfo", token="sandbox-regular").json()["user_id"]
    org.load(
        {"kind": "Contact", "Id": "003000000000001AAA", "LastName": "Mine", "OwnerId": user},
        {"kind": "Contact", "Id": "003000000000002AAA", "LastName": "Theirs"},
        *({"kind": "ContactHistory", "ContactId": f"00300000000000{at}AAA", "Field": "Email"} for at in (1, 2)),
    )
    regular = {"token": "sandbox-regular"}
    assert org.column("SELECT LastName FROM Contact", **regular) == ["Mine"]
    assert org.column("SELECT ContactId FROM ContactHistory", **regular) == ["003000000000001AAA"]
    assert org.ask("SELECT COUNT() FROM Contact", **regular).json()["totalSize"] == 1
    assert code(org.get("sobjects/Contact/003000000000002AAA", **regular)) == (404, "NOT_FOUND")
    assert org.patch("sobjects/Contact/003000000000001AAA", {"Phone": "1"}, **regular).status_code == 204
    body = {"ids": ["003000000000001AAA", "003000000000002AAA"], "fields": ["LastName"]}
    mine, theirs = org.post("composite/sobjects/Contact", body, **regular).json()
    assert (mine["LastName"], theirs) == ("Mine", None)


def test_view_without_modify(org: Sandbox) -> None:
    """View All Data alone shows rows of others but does not change them."""
    org.load({"kind": "Contact", "Id": "003000000000001AAA", "LastName": "A", "OwnerId": _OTHER})
    lacking = {"token": "sandbox-lacks:ModifyAllData"}
    assert org.column("SELECT LastName FROM Contact", **lacking) == ["A"]
    refused = org.patch("sobjects/Contact/003000000000001AAA", {"Phone": "1"}, **lacking)
    assert code(refused) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    assert code(org.delete("sobjects/Contact/003000000000001AAA", **lacking))[1] == "INSUFFICIENT_ACCESS_OR_READONLY"


_OTHER = "005Sb0000000002IAA"


def test_permissions_can_be_read(org: Sandbox) -> None:
    """UserPermissionAccess says what the caller may do; a lacking View All takes Modify All along."""
    soql = (
        "SELECT PermissionsViewAllData, PermissionsModifyAllData, PermissionsBulkApiHardDelete, PermissionsApiEnabled, "
        "PermissionsAllowViewEditConvertedLeads FROM UserPermissionAccess"
    )

    def lost(token: str) -> set[str]:
        return {name.removeprefix("Permissions") for name, has in org.rows(soql, token=token)[0].items() if not has}

    assert lost("sandbox") == set()
    assert lost("sandbox-regular") == {"ViewAllData", "ModifyAllData", "BulkApiHardDelete"}
    assert lost("sandbox-lacks:ViewAllData") == {"ViewAllData", "ModifyAllData"}
    assert lost("sandbox-lacks:BulkApiHardDelete,EditConvertedLeads") == {
        "BulkApiHardDelete",
        "AllowViewEditConvertedLeads",
    }


def test_permission_sets_cover_profiles(org: Sandbox) -> None:
    """One query over PermissionSetAssignment finds who may modify all data, through the profiles' own sets (§9)."""
    rows = org.rows(
        "SELECT Assignee.Name, PermissionSet.IsOwnedByProfile, PermissionSet.Profile.Name FROM PermissionSetAssignment "
        "WHERE PermissionSet.PermissionsModifyAllData = true AND Assignee.IsActive = true ORDER BY Assignee.Name"
    )
    assert [row["Assignee"]["Name"] for row in rows] == ["Ines Admin", "Rita Reader"]
    assert rows[0]["PermissionSet"]["Profile"]["Name"] == "System Administrator"
    assert rows[0]["PermissionSet"]["IsOwnedByProfile"] is True


def test_a_read_only_token_reads_and_writes_nothing(org: Sandbox) -> None:
    """Every kind of write is refused, reading is not."""
    org.load({"kind": "Contact", "Id": "003000000000001AAA", "LastName": "A"})
    only = {"token": "sandbox-readonly"}
    one = "sobjects/Contact/003000000000001AAA"
    assert org.get(one, **only).status_code == 200
    for answer in (org.post("sobjects/Contact", {"LastName": "B"}, **only), org.patch(one, {"Phone": "1"}, **only),
                   org.delete(one, **only)):  # fmt: skip
        assert code(answer) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    rows = org.delete("composite/sobjects", params={"ids": "003000000000001AAA"}, **only).json()
    assert rows[0]["errors"][0]["statusCode"] == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert org.column("SELECT Phone FROM Contact") == [None]


def test_api_disabled_and_no_setup(org: Sandbox) -> None:
    """A user without API Enabled is refused everywhere; one without View Setup cannot read the limits."""
    assert code(org.get("sobjects", token="sandbox-lacks:ApiEnabled")) == (403, "API_DISABLED_FOR_ORG")
    assert code(org.get("limits", token="sandbox-lacks:ViewSetup")) == (403, "INSUFFICIENT_ACCESS")


@pytest.mark.parametrize("token", ["sandbox", "sandbox-lacks:FLS:Contact.Email"])
def test_hidden_fields_are_absent(org: Sandbox, token: str) -> None:
    """A field hidden by a token or by the org is absent in describe and rows, and unknown when named (§7)."""
    if token == "sandbox":
        org.load({"kind": "_settings", "hiddenFields": ["Contact.Email"]})
    org.load({"kind": "Contact", "Id": "003000000000001AAA", "LastName": "A", "Email": "a@b.example"})
    names = {field["name"] for field in org.get("sobjects/Contact/describe", token=token).json()["fields"]}
    assert "Email" not in names
    assert "LastName" in names
    assert "Email" not in org.get("sobjects/Contact/003000000000001AAA", token=token).json()
    assert code(org.ask("SELECT Email FROM Contact", token=token)) == (400, "INVALID_FIELD")
    assert code(org.ask("SELECT Id FROM Case WHERE Contact.Email = 'a'", token=token)) == (400, "INVALID_FIELD")
    refused = org.patch("sobjects/Contact/003000000000001AAA", {"Email": None}, token=token)
    assert code(refused) == (400, "INVALID_FIELD")


def test_hidden_objects_are_absent(org: Sandbox) -> None:
    """An object a user may not read is not listed, not described and not queried."""
    lacking = {"token": "sandbox-lacks:Object:Task"}
    assert "Task" not in {each["name"] for each in org.get("sobjects", **lacking).json()["sobjects"]}
    assert code(org.get("sobjects/Task/describe", **lacking)) == (404, "NOT_FOUND")
    assert code(org.ask("SELECT Id FROM Task", **lacking)) == (400, "INVALID_TYPE")
    children = org.get("sobjects/Contact/describe", **lacking).json()["childRelationships"]
    assert "Task" not in {each["childSObject"] for each in children}


def test_daily_limit(org: Sandbox) -> None:
    """Each answer says what is used of the day; past it, 403 until a day has gone by; limits can be off."""
    org.at("2026-11-24T12:00:00+00:00")
    org.load({"kind": "_settings", "dailyApiRequests": 3})
    assert org.get("sobjects").headers["Sforce-Limit-Info"] == "api-usage=1/3"
    assert org.get("limits").json()["DailyApiRequests"] == {"Max": 3, "Remaining": 1}
    assert org.get("nope").headers["Sforce-Limit-Info"] == "api-usage=3/3"
    refused = org.get("sobjects")
    assert code(refused) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert refused.json()[0]["message"] == "TotalRequests Limit exceeded."
    assert refused.headers["Sforce-Limit-Info"] == "api-usage=3/3"
    org.app.limits = False
    assert org.get("sobjects").status_code == 200
    org.app.limits = True
    org.at("2026-11-25T12:00:01+00:00")
    assert org.get("sobjects").headers["Sforce-Limit-Info"] == "api-usage=1/3"


def test_reset_starts_over(org: Sandbox) -> None:
    """After a reset the org has its first rows only, and its standard settings."""
    org.load({"kind": "_settings", "personAccounts": True}, {"kind": "Contact", "LastName": "A"})
    org.app.state.clear()
    org.app.reset()
    assert org.column("SELECT Id FROM Contact") == []
    assert org.column("SELECT Id FROM Organization") == [ORG]
    assert code(org.ask("SELECT IsPersonAccount FROM Account")) == (400, "INVALID_FIELD")
