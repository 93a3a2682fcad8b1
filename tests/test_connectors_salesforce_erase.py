"""Bin and Erase in Salesforce: children, business records, the recycle bin, the Individual (salesforce.md §5, Traps 11-12)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from connectors.salesforce.erase import MAY_BE_IN_BIN
from connectors.salesforce.options import CASCADE
from connectors.salesforce.purge import IN_BIN
from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.world import Sandbox
from core.actions import Action, Bin, Command, Erase
from core.connector import AlreadyDone, Changed, Done, Gone, Refused
from core.errors import Unreachable
from tests.connectors_salesforce import (
    ACME,
    ANN,
    BOB,
    CASE,
    DEAL,
    MADE,
    ZOE,
    asked,
    command,
    connect,
    contact,
    do,
    fault,
    lead,
    live,
    load,
    ref,
    row,
    rows,
)

ALL = Erase(CASCADE)
NOW = datetime.now(UTC).isoformat(timespec="milliseconds")


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox(vendors=[SandboxOrg]) as running:
        yield running


@pytest.fixture
def org(world: Sandbox) -> Sandbox:
    world.reset()
    load(world, ("Account", {"Id": ACME, "Name": "Acme"}), contact(), contact(BOB), lead())
    return world


@pytest.mark.parametrize(("id", "kind"), [(ANN, "Contact"), (ZOE, "Lead")])
def test_bin_can_be_undone_and_says_for_how_long(org: Sandbox, id: str, kind: str) -> None:
    """§5: collections DELETE goes to the recycle bin, 15 days; the second time the record is gone."""
    crm = connect(org)
    order = command(crm, Bin(), ref(id, kind))
    assert list(crm.apply([order])) == [Done(remains=IN_BIN)]
    assert row(org, kind, id) is not None
    assert not live(org, kind, id)
    assert list(crm.apply([order])) == [Gone()]
    assert crm.get([ref(id, kind)]) == {ref(id, kind): None}


@pytest.mark.parametrize("action", [Bin(), Erase()])
def test_a_stale_version_is_not_deleted(org: Sandbox, action: Action) -> None:
    """Contract: nothing is written to a record that is another version than the one judged."""
    crm = connect(org)
    order = command(crm, action, ref())
    load(org, contact(Title="new", SystemModstamp="2026-01-01T00:00:00Z"))
    assert list(crm.apply([order])) == [Changed()]
    assert live(org, "Contact", ANN)


@pytest.mark.parametrize(("id", "kind"), [(ANN, "Contact"), (ZOE, "Lead")])
def test_erase_is_for_good_where_hard_delete_is_permitted(org: Sandbox, id: str, kind: str) -> None:
    """§4.1: Bulk 2.0 hardDelete after the collections DELETE; nothing remains, not even for queryAll."""
    crm = connect(org)
    order = command(crm, Erase(), ref(id, kind))
    assert list(crm.apply([order])) == [Done()]
    assert row(org, kind, id) is None
    assert list(crm.apply([order])) == [Gone()]


def test_without_hard_delete_the_bin_is_emptied(org: Sandbox) -> None:
    """§5: emptyRecycleBin by SOAP; queryAll may still show the row for a day, so that is no proof of failure."""
    crm = connect(org, "sandbox-lacks:BulkApiHardDelete")
    order = command(crm, Erase(), ref())
    assert list(crm.apply([order])) == [Done()]
    assert "_emptied" in (row(org, "Contact", ANN) or {})
    assert asked(org, "jobs/ingest") == 0
    assert list(crm.apply([order])) == [AlreadyDone(MAY_BE_IN_BIN)]


def test_an_erasure_that_stays_in_the_bin_says_so(org: Sandbox) -> None:
    """Traps 11: soft delete leaves 15 days; the receipt tells which one happened."""
    fault(org, path="/services/Soap", status=500, body="<fault/>", times=None)
    assert do(connect(org, "sandbox-lacks:BulkApiHardDelete"), Erase()) == Done(remains=IN_BIN)
    assert not live(org, "Contact", ANN)


def test_a_hard_delete_that_fails_falls_back_to_emptying_the_bin(org: Sandbox) -> None:
    """§4.1: a Failed job does not roll back and may leave rows; only rows named as successful are gone for good."""
    load(org, ("_settings", {"bulkFailAfter": 1, "bulkPolls": 3}))
    naps: list[float] = []
    crm = connect(org, naps=naps)
    receipts = list(crm.apply([command(crm, Erase(), ref(id)) for id in (ANN, BOB)]))
    assert receipts == [Done(), Done()]
    states = [row(org, "Contact", id) for id in (ANN, BOB)]
    assert [state is None or "_emptied" in state for state in states] == [True, True]
    assert states.count(None) == 1
    assert len(naps) == 3


def test_a_record_already_in_the_bin_is_finished(org: Sandbox) -> None:
    """Contract: a crash between delete and purge leaves the record in the bin; applying again erases it for good."""
    crm = connect(org)
    order = command(crm, Erase(), ref())
    load(org, contact(IsDeleted=True, SystemModstamp=NOW))
    assert list(crm.apply([order])) == [Done()]
    assert row(org, "Contact", ANN) is None


def test_the_loser_of_a_merge_is_left_in_the_bin(org: Sandbox) -> None:
    """§5 Merge: the person lives on in the winner; the lost id is gone and nothing is purged."""
    crm = connect(org)
    order = command(crm, Erase(), ref())
    load(org, contact(IsDeleted=True, MasterRecordId=BOB, SystemModstamp=NOW))
    assert list(crm.apply([order])) == [Gone()]
    assert row(org, "Contact", ANN) is not None


@pytest.mark.parametrize("action", [Bin(), ALL])
@pytest.mark.parametrize("kind", ["Opportunity", "Contract", "Order"])
def test_a_person_account_that_would_take_business_with_it_is_refused(org: Sandbox, action: Action, kind: str) -> None:
    """Traps 12: vendor cascades are inspected first; an opportunity, order or contract is never taken along."""
    person = id_of("001", 600)
    load(
        org,
        ("_settings", {"personAccounts": True}),
        ("Account", {"Id": person, "LastName": "P", "IsPersonAccount": True}),
    )
    business = {
        "Opportunity": {"Name": "d", "StageName": "Closed Won", "CloseDate": "2025-01-01"},
        "Contract": {"Status": "Draft"},
        "Order": {"Status": "Draft", "EffectiveDate": "2025-01-01"},
    }
    load(org, (kind, {"AccountId": person, **business[kind]}))
    crm = connect(org, person_accounts=True)
    assert do(crm, action, ref(person, "Account")) == Refused(f"deleting it would delete a {kind} too")
    assert live(org, "Account", person)


def test_a_cascade_that_the_org_has_added_is_refused_too(org: Sandbox) -> None:
    """§5: childRelationships tell, also those of the contact behind a person account."""
    person, shadow = id_of("001", 600), id_of("003", 600)
    account = {"Id": person, "LastName": "P", "PersonContactId": shadow, "IsPersonAccount": True}
    load(
        org,
        ("_settings", {"personAccounts": True}),
        ("_field", {"object": "Case", "name": "ContactId", "onDelete": "cascade"}),
        ("Account", account),
        ("Case", {"ContactId": shadow}),
        ("Case", {"ContactId": ANN}),
    )
    crm = connect(org, person_accounts=True)
    for target in (ref(), ref(person, "Account")):
        assert do(crm, ALL, target) == Refused("deleting it would delete a Case too")


def test_a_person_account_without_business_is_erased_with_its_contact(org: Sandbox) -> None:
    """§5: deleting is done through the Account; the shadow contact goes with it."""
    person, shadow = id_of("001", 600), id_of("003", 600)
    account = {"Id": person, "LastName": "P", "PersonContactId": shadow, "IsPersonAccount": True}
    load(
        org, ("_settings", {"personAccounts": True}), ("Account", account), ("Task", {"WhoId": shadow, "Subject": "x"})
    )
    crm = connect(org, person_accounts=True)
    assert do(crm, ALL, ref(person, "Account")) == Done()
    assert row(org, "Account", person) is None
    assert row(org, "Contact", shadow) is None
    assert rows(org, "Task") == []


def test_a_cascade_that_cannot_be_inspected_is_refused(org: Sandbox) -> None:
    """Fail closed: who cannot see opportunities cannot tell whether one would go too."""
    person = id_of("001", 600)
    load(
        org,
        ("_settings", {"personAccounts": True}),
        ("Account", {"Id": person, "LastName": "P", "IsPersonAccount": True}),
    )
    crm = connect(org, person_accounts=True)
    order = command(crm, Bin(), ref(person, "Account"))
    list(crm.apply([Command(ref(id_of("001", 999), "Account"), "v", Bin())]))
    fault(
        org,
        method="GET",
        path="query",
        status=403,
        body=[{"errorCode": "INSUFFICIENT_ACCESS", "message": ""}],
        times=None,
    )
    (receipt,) = crm.apply([order])
    assert isinstance(receipt, Refused)
    assert "cannot tell" in receipt.why
    assert live(org, "Account", person)


@pytest.mark.parametrize("lacks", ["Object:Opportunity", "ViewAllData"])
def test_business_that_we_may_not_see_is_not_taken_for_none(org: Sandbox, lacks: str) -> None:
    """Traps 14: hidden objects are missing from childRelationships, hidden rows from queries, without a word."""
    person = id_of("001", 600)
    account = {"Id": person, "LastName": "P", "IsPersonAccount": True, "OwnerId": id_of("005", 1)}
    load(org, ("_settings", {"personAccounts": True}), ("Account", account))
    crm = connect(org, f"sandbox-lacks:{lacks}", person_accounts=True)
    receipt = do(crm, ALL, ref(person, "Account"))
    assert receipt == Refused("cannot tell whether deleting it would delete business records too")
    assert live(org, "Account", person)


def test_a_vendor_refusal_to_delete_is_a_receipt(org: Sandbox) -> None:
    """§5: DELETE_FAILED; fall back to anonymising is the core's to decide."""
    crm = connect(org)
    order = command(crm, Erase())
    failed = {"success": False, "errors": [{"statusCode": "DELETE_FAILED", "message": "a@x.fr", "fields": []}]}
    fault(org, method="DELETE", path="composite/sobjects", status=200, body=[failed])
    assert list(crm.apply([order])) == [Refused("DELETE_FAILED")]
    assert live(org, "Contact", ANN)


@pytest.mark.parametrize("action", [Bin(), Erase(), ALL])
def test_what_the_vendor_will_refuse_is_seen_before_children_go(org: Sandbox, action: Action) -> None:
    """§5: describe says restrictedDelete; the children of a record that stays must stay too."""
    load(org, ("_settings", {"restrictedDelete": ["Case.ContactId"]}), ("Task", {"WhoId": ANN, "Subject": "x"}))
    load(org, ("Case", {"Id": CASE, "ContactId": ANN, "CreatedDate": MADE}))
    assert do(connect(org), action) == Refused("a Case keeps it from being deleted")
    assert live(org, "Contact", ANN)
    assert "_deleted" not in rows(org, "Task")[0]


DEALT = (
    "Opportunity",
    {"Id": DEAL, "Name": "d", "StageName": "Prospecting", "CloseDate": "2027-01-01", "AccountId": ACME},
)


@pytest.mark.parametrize("archived", [False, True])
@pytest.mark.parametrize("action", [Bin(), Erase()])
def test_a_task_that_the_vendor_would_take_along_keeps_the_record(org: Sandbox, action: Action, archived: bool) -> None:
    """§5: many standard children go too; one of an open opportunity is not the person's alone."""
    load(org, DEALT, ("_field", {"object": "Task", "name": "WhoId", "onDelete": "cascade"}))
    load(org, ("Task", {"WhoId": ANN, "WhatId": DEAL, "Subject": "x", "IsArchived": archived}))
    assert do(connect(org), action) == Refused("deleting it would delete a Task too")
    assert live(org, "Contact", ANN)


def test_a_task_that_the_vendor_would_take_along_is_unlinked_first(org: Sandbox) -> None:
    """With its cascade declared, the shared one loses the link and the own one goes, before the record is deleted."""
    load(org, DEALT, ("_field", {"object": "Task", "name": "WhoId", "onDelete": "cascade"}))
    load(org, ("Task", {"WhoId": ANN, "WhatId": DEAL, "Subject": "x"}), ("Task", {"WhoId": ANN, "Subject": "y"}))
    assert do(connect(org), ALL) == Done(remains="the text of a shared Task")
    assert [each["Subject"] for each in rows(org, "Task")] == ["x"]


def test_business_of_a_sort_that_nobody_named_keeps_the_record(org: Sandbox) -> None:
    """Traps 12: what is not known to be harmless is business; no list of business objects is ever whole."""
    sponsor = {"object": "Campaign", "name": "Sponsor__c", "type": "reference", "referenceTo": ["Contact"]}
    load(org, ("_field", {**sponsor, "onDelete": "cascade"}), ("Campaign", {"Name": "c", "Sponsor__c": ANN}))
    assert do(connect(org), ALL) == Refused("deleting it would delete a Campaign too")


@pytest.mark.parametrize("path", ["query", "jobs/ingest", "Soap"])
def test_what_fails_after_the_deletion_does_not_lose_its_receipt(org: Sandbox, path: str) -> None:
    """The record is deleted by then; the day's last call may have been that one."""
    own = id_of("0PK", 1)
    load(org, ("Individual", {"Id": own, "LastName": "I"}), contact(IndividualId=own))
    crm = connect(org)
    order = command(crm, Erase(), ref())
    spent = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    # The first query looks at the person before the deletion.
    fault(org, path=path, status=403, body=spent, skip=int(path == "query"), times=None)
    (receipt,) = crm.apply([order])
    assert isinstance(receipt, Done)
    assert ("Individual" in receipt.remains) is (path == "query")
    assert not live(org, "Contact", ANN)


def test_a_deletion_whose_answer_was_lost_is_read_back(org: Sandbox) -> None:
    """Contract: resolved by reading, never repeated blindly."""
    crm = connect(org)
    order = command(crm, Bin(), ref())
    fault(org, method="DELETE", path="composite/sobjects", cut="after")
    assert list(crm.apply([order])) == [Done(remains=IN_BIN)]
    assert asked(org, "composite/sobjects", "DELETE") == 1


def test_a_deletion_that_keeps_failing_stops_the_crm(org: Sandbox) -> None:
    """Unreachable: the next run finds out by reading."""
    crm = connect(org)
    order = command(crm, Erase(), ref())
    fault(org, method="DELETE", path="composite/sobjects", cut="before", times=None)
    with pytest.raises(Unreachable):
        list(crm.apply([order]))
    assert live(org, "Contact", ANN)


def test_erasing_many_costs_few_calls(org: Sandbox) -> None:
    """DESIGN §8: at most 2.1 calls each, children included."""
    ids = [id_of("003", number) for number in range(1000, 1200)]
    load(org, *(contact(id) for id in ids), *(("Task", {"WhoId": id, "Subject": "x"}) for id in ids))
    crm = connect(org)
    found = crm.get([ref(id) for id in ids])
    batch = [Command(each, record.version, ALL) for each, record in found.items() if record]
    app = org.app("salesforce")
    before = app._orgs[0].used  # type: ignore[attr-defined]  # the sandbox's own count of calls
    assert set(crm.apply(batch)) == {Done()}
    assert app._orgs[0].used - before <= 60  # type: ignore[attr-defined]  # for 200 people
