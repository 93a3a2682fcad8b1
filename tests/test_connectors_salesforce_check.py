"""Who we are in Salesforce, what we lack, what we cannot see, and who else may do everything (salesforce.md §7, §9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.world import Sandbox
from core.actions import ACTIONS
from core.connector import Account
from core.errors import NotAllowed
from tests.connectors_salesforce import connect, load


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox(vendors=[SandboxOrg]) as running:
        yield running


@pytest.fixture
def org(world: Sandbox) -> Sandbox:
    world.reset()
    return world


def check(org: Sandbox, token: str = "sandbox", **options: Any) -> Account:
    return connect(org, token, **options).check()


def test_check_tells_the_org_and_the_calls_of_the_day(org: Sandbox) -> None:
    """Organization id and name, Sforce-Limit-Info; a user with every right lacks nothing."""
    account = check(org)
    assert (account.id, account.name) == ("00D000000000000EAA", "Repoussoir Sandbox")
    assert (account.missing, account.blind) == ((), ())
    assert account.quota is not None
    assert account.quota[1] == 100_000


def test_another_org_has_another_id(org: Sandbox) -> None:
    """WrongAccount is the core's to raise; the id tells them apart."""
    assert check(org, "sandbox-other").id != check(org).id


def test_an_expired_or_unknown_token_is_not_allowed(org: Sandbox) -> None:
    """check must authenticate."""
    for token in ("sandbox-expired", "nobody"):
        with pytest.raises(NotAllowed):
            check(org, token)


@pytest.mark.parametrize("token", ["sandbox-regular", "sandbox-lacks:ViewAllData"])
def test_without_view_all_data_we_are_blind(org: Sandbox, token: str) -> None:
    """Traps 14: sharing hides rows; zero rows is not no data."""
    account = check(org, token)
    assert "ViewAllData" in account.missing
    assert any("View All Data" in sentence for sentence in account.blind)


@pytest.mark.parametrize(
    ("hidden", "missing", "blind"),
    [
        ("FLS:Contact.HasOptedOutOfEmail", "Contact.HasOptedOutOfEmail", "HasOptedOutOfEmail"),
        ("FLS:Lead.DoNotCall", "Lead.DoNotCall", "DoNotCall"),
        ("FLS:Lead.Email", "Lead.Email", "Email"),
        ("FLS:Contact.IndividualId", "", "Individual"),
        ("FLS:Individual.HasOptedOutSolicit", "", "Individual"),
        ("Object:Individual", "", "Individual"),
        ("FLS:Contact.LeadSource", "Contact.LeadSource", ""),
        ("Object:Lead", "Lead.read", "Lead is not there"),
        ("ViewSetup", "", ""),
    ],
)
def test_what_is_hidden_is_named(org: Sandbox, hidden: str, missing: str, blind: str) -> None:
    """§7: field-level security hides a field without a word; a hidden opt-out flag is a missed objection."""
    account = check(org, f"sandbox-lacks:{hidden}")
    assert (missing in account.missing) if missing else account.missing == ()
    assert any(blind in sentence for sentence in account.blind) if blind else account.blind == ()


def test_a_configured_field_that_is_not_there_is_named_on_each_kind(org: Sandbox) -> None:
    """Configured but not visible is reported, never taken for clean."""
    missing = check(org, collected="Given__c", stage="Stage__c").missing
    assert missing == ("Contact.Given__c", "Contact.Stage__c", "Lead.Given__c", "Lead.Stage__c")


def test_person_accounts_that_are_not_configured_make_us_blind(org: Sandbox) -> None:
    """§5: their people would not be read at all."""
    load(org, ("_settings", {"personAccounts": True}))
    assert any("person accounts" in sentence for sentence in check(org).blind)
    assert check(org, person_accounts=True).blind == ()


def test_check_sees_what_has_changed_since(org: Sandbox) -> None:
    """A connector may live longer than a permission."""
    crm = connect(org)
    assert crm.check().blind == ()
    load(org, ("_settings", {"hiddenFields": ["Contact.Email"]}))
    assert crm.check().blind != ()


def test_users_are_listed_with_their_rights_and_last_log_in(org: Sandbox) -> None:
    """§9: one query over profiles, permission sets and groups tells who may modify all data."""
    found = {user.name: user for user in connect(org).users()}
    assert {name: user.admin for name, user in found.items()} == {
        "Ines Admin": True,
        "Rita Reader": True,
        "Remi Regular": False,
    }
    assert all(user.active and len(user.id) == 18 for user in found.values())


def test_rights_that_cannot_be_read_are_unknown_and_not_denied(org: Sandbox) -> None:
    """Operator: admin is None when the vendor does not tell."""
    users = list(connect(org, "sandbox-lacks:Object:PermissionSetAssignment").users())
    assert users
    assert {user.admin for user in users} == {None}


def test_capabilities_name_permissions_as_check_does(org: Sandbox) -> None:
    """Account.missing are names of Capabilities.scopes, so that the core can tell which action lacks what."""
    crm = connect(org)
    named = {scope for scopes in crm.capabilities.scopes.values() for scope in scopes}
    assert {"ViewAllData", "Contact.read", "Lead.edit", "Contact.delete", "Lead.DoNotCall"} <= named
    lacks = "sandbox-lacks:ViewAllData,FLS:Contact.LeadSource,FLS:Contact.Email,FLS:Lead.DoNotCall,Object:Lead"
    assert set(check(org, lacks).missing) <= named
    assert "Account" in crm.capabilities.actions["annotate"]
    assert set(crm.capabilities.actions) == set(ACTIONS) == set(crm.capabilities.batch)
    assert crm.capabilities.native == {"Contact": ("email", "telephone"), "Lead": ("email", "telephone")}
    assert set(crm.capabilities.remains) == {"redact", "clear", "anonymise", "bin", "erase"}
