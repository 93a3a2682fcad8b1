"""Bin and Erase in Salesforce: children, business records, the recycle bin, the Individual (salesforce.md §5, Traps 11-12)."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.salesforce.connector import Salesforce
from connectors.salesforce.erase import MAY_BE_IN_BIN
from connectors.salesforce.options import CASCADE, SalesforceOptions
from connectors.salesforce.purge import IN_BIN
from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.world import Sandbox
from connectors.transport import Tools
from core.actions import Action, Bin, Command, Erase
from core.connector import AlreadyDone, Changed, Done, Gone, Receipt, Refused
from core.errors import Unreachable
from core.model import Ref

ANN, BOB, ZOE = id_of("003", 501), id_of("003", 502), id_of("00Q", 501)
ACME, DEAL, CASE = id_of("001", 501), id_of("006", 501), id_of("500", 501)
ALL = Erase(CASCADE)
REGULAR = id_of("005", 2)
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


def load(org: Sandbox, *lines: tuple[str, dict[str, Any]]) -> None:
    org.load(json.dumps({"crm": "salesforce", "kind": kind, **values}) for kind, values in lines)


def connect(org: Sandbox, token: str = "sandbox", naps: list[float] | None = None, **options: Any) -> Salesforce:
    given = {"connector": "salesforce", "base_url": org.urls["salesforce"], "token": token, **options}
    return Salesforce("sf", SalesforceOptions(**given), Tools(sleep=(naps if naps is not None else []).append))


def fault(org: Sandbox, **what: Any) -> None:
    body = json.dumps([{"crm": "salesforce", **what}]).encode()
    urllib.request.urlopen(
        urllib.request.Request(f"{org.urls['salesforce']}/_sandbox/faults", body, method="POST")
    ).close()


def asked(org: Sandbox, path: str, method: str = "POST") -> int:
    url = f"{org.urls['salesforce']}/_sandbox/requests?method={method}&path={path}"
    with urllib.request.urlopen(url) as answer:
        return int(json.load(answer)["count"])


def contact(id: str = ANN, **values: Any) -> tuple[str, dict[str, Any]]:
    return "Contact", {"Id": id, "LastName": "Test", "CreatedDate": "2020-01-01T00:00:00Z", **values}


def lead(id: str = ZOE, **values: Any) -> tuple[str, dict[str, Any]]:
    return "Lead", {"Id": id, "LastName": "Test", "Company": "X", "CreatedDate": "2020-01-01T00:00:00Z", **values}


def file(id: str, *entities: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A file and its links to records besides its owner."""
    data = base64.b64encode(b"scan").decode()
    version = id_of("068", 700 + int(id[-5], 36))
    yield (
        "ContentVersion",
        {"Id": version, "ContentDocumentId": id, "Title": "f", "PathOnClient": "f.pdf", "VersionData": data},
    )
    for entity in entities:
        yield ("ContentDocumentLink", {"ContentDocumentId": id, "LinkedEntityId": entity, "ShareType": "V"})


def ref(id: str = ANN, kind: str = "Contact") -> Ref:
    return Ref("sf", kind, id)


def command(crm: Salesforce, action: Action, target: Ref) -> Command:
    found = crm.get([target])[target]
    assert found is not None
    return Command(target, found.version, action)


def do(crm: Salesforce, action: Action, target: Ref | None = None) -> Receipt:
    (receipt,) = crm.apply([command(crm, action, target or ref())])
    return receipt


def row(org: Sandbox, kind: str, id: str) -> dict[str, Any] | None:
    """A row as the sandbox keeps it: None once it is gone for good."""
    return org.app("salesforce").state.get(f"salesforce.{kind}", id)


def live(org: Sandbox, kind: str, id: str) -> bool:
    return "_deleted" not in (row(org, kind, id) or {"_deleted": ""})


def rows(org: Sandbox, kind: str) -> list[dict[str, Any]]:
    return [body for _, body in org.app("salesforce").state.all(f"salesforce.{kind}")]


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
    """§5: restrictedDelete answers DELETE_FAILED; fall back to anonymising is the core's to decide."""
    load(org, ("_settings", {"restrictedDelete": ["Case.ContactId"]}), ("Case", {"Id": CASE, "ContactId": ANN}))
    assert do(connect(org), Erase()) == Refused("DELETE_FAILED")
    assert live(org, "Contact", ANN)


def test_a_case_only_loses_its_contact(org: Sandbox) -> None:
    """Traps 12: a lookup is emptied by the vendor; the business record stays."""
    load(org, ("Case", {"Id": CASE, "ContactId": ANN, "Subject": "s"}))
    assert do(connect(org), ALL) == Done()
    assert live(org, "Case", CASE)


def test_own_children_go_and_are_purged_with_the_record(org: Sandbox) -> None:
    """RET-25, §5: activities (archived ones too), mails, notes old and new, files, attachments, memberships."""
    campaign, mail, document, note = id_of("701", 1), id_of("02s", 1), id_of("069", 1), id_of("069", 2)
    load(
        org,
        ("Campaign", {"Id": campaign, "Name": "c"}),
        ("Task", {"WhoId": ANN, "Subject": "x"}),
        ("Task", {"WhoId": ANN, "Subject": "old", "IsArchived": True}),
        ("Event", {"WhoId": ANN, "Subject": "x"}),
        ("EmailMessage", {"Id": mail, "Incoming": True}),
        ("EmailMessageRelation", {"EmailMessageId": mail, "RelationId": ANN, "RelationType": "FromAddress"}),
        ("EmailMessageRelation", {"EmailMessageId": mail, "RelationId": REGULAR, "RelationType": "ToAddress"}),
        ("Note", {"ParentId": ANN, "Title": "n"}),
        ("Attachment", {"ParentId": ANN, "Name": "a", "Body": "AA=="}),
        ("CampaignMember", {"CampaignId": campaign, "ContactId": ANN}),
        *file(document, ANN),
        ("ContentNote", {"Id": note, "Title": "n", "Content": "AA=="}),
        ("ContentDocumentLink", {"ContentDocumentId": note, "LinkedEntityId": ANN, "ShareType": "V"}),
    )
    assert do(connect(org), ALL) == Done()
    for kind in (
        "Task",
        "Event",
        "EmailMessage",
        "Note",
        "Attachment",
        "CampaignMember",
        "ContentDocument",
        "ContentNote",
    ):
        assert rows(org, kind) == [], kind
    assert live(org, "Campaign", campaign)


def test_children_not_named_by_the_cascade_stay(org: Sandbox) -> None:
    """DESIGN §6: children go by declared rules."""
    load(org, ("Task", {"WhoId": ANN, "Subject": "x"}), *file(id_of("069", 1), ANN))
    assert do(connect(org), Erase(("activities",))) == Done()
    assert rows(org, "Task") == []
    assert live(org, "ContentDocument", id_of("069", 1))


def test_a_shared_activity_only_loses_the_person(org: Sandbox) -> None:
    """DESIGN §6: a child also linked to a deal is never deleted; its text is told in the receipt."""
    task = id_of("00T", 1)
    load(
        org,
        ("Opportunity", {"Id": DEAL, "Name": "d", "StageName": "Closed Won", "CloseDate": "2025-01-01"}),
        ("Task", {"Id": task, "WhoId": ANN, "WhatId": DEAL, "Subject": "x"}),
    )
    assert do(connect(org), ALL) == Done(remains="the text of a shared Task")
    assert live(org, "Task", task)
    assert "WhoId" not in (row(org, "Task", task) or {})


def test_an_activity_with_several_people_only_loses_this_one(org: Sandbox) -> None:
    """DESIGN §6: shared with other persons; WhoCount is looked at where the org shows it."""
    task = id_of("00T", 1)
    load(
        org,
        ("_field", {"object": "Task", "name": "WhoCount", "type": "int"}),
        ("Task", {"Id": task, "WhoId": ANN, "WhoCount": 2, "Subject": "x"}),
        ("Task", {"Id": id_of("00T", 2), "WhoId": ANN, "WhoCount": 1, "Subject": "x"}),
    )
    assert do(connect(org), ALL) == Done(remains="the text of a shared Task")
    assert [each["Id"] for each in rows(org, "Task")] == [task]


@pytest.mark.parametrize(
    ("extra", "other"),
    [({}, BOB), ({"ParentId": CASE}, None), ({"RelatedToId": ACME}, None)],
)
def test_a_shared_mail_only_loses_the_link(org: Sandbox, extra: dict[str, str], other: str | None) -> None:
    """A mail to another person, of a case or about an organisation is not the erased person's alone."""
    mail = id_of("02s", 1)
    load(
        org,
        ("Case", {"Id": CASE, "Subject": "s"}),
        ("EmailMessage", {"Id": mail, **extra}),
        ("EmailMessageRelation", {"EmailMessageId": mail, "RelationId": ANN, "RelationType": "ToAddress"}),
    )
    if other:
        load(org, ("EmailMessageRelation", {"EmailMessageId": mail, "RelationId": other, "RelationType": "CcAddress"}))
    assert do(connect(org), ALL) == Done(remains="the text of a shared EmailMessage")
    assert live(org, "EmailMessage", mail)
    assert [each["RelationId"] for each in rows(org, "EmailMessageRelation")] == ([other] if other else [])


@pytest.mark.parametrize("other", [BOB, ACME, DEAL])
def test_a_shared_file_only_loses_the_link(org: Sandbox, other: str) -> None:
    """§5 Files: see whether others link; the document stays with them."""
    document = id_of("069", 1)
    load(org, ("Opportunity", {"Id": DEAL, "Name": "d", "StageName": "Closed Won", "CloseDate": "2025-01-01"}))
    load(org, *file(document, ANN, other))
    assert do(connect(org), ALL) == Done(remains="a shared file")
    assert live(org, "ContentDocument", document)
    linked = {each["LinkedEntityId"] for each in rows(org, "ContentDocumentLink")}
    assert other in linked
    assert ANN not in linked


def test_two_people_erased_together_do_not_take_each_others_mail(org: Sandbox) -> None:
    """A wrong deletion is worse than a mail that stays and is told: one of the two may be refused."""
    mail = id_of("02s", 1)
    load(org, ("EmailMessage", {"Id": mail}))
    load(
        org,
        *(
            ("EmailMessageRelation", {"EmailMessageId": mail, "RelationId": id, "RelationType": "ToAddress"})
            for id in (ANN, BOB)
        ),
    )
    crm = connect(org)
    receipts = list(crm.apply([command(crm, ALL, ref(id)) for id in (ANN, BOB)]))
    assert receipts == [Done(remains="the text of a shared EmailMessage")] * 2


def test_a_child_that_cannot_be_deleted_keeps_the_record(org: Sandbox) -> None:
    """Traps 20: after the parent is gone the lookup finds nothing, and the child would be lost from sight."""
    task = id_of("00T", 1)
    load(org, ("Task", {"Id": task, "WhoId": ANN, "Subject": "x"}))
    crm = connect(org)
    order = command(crm, ALL, ref())
    failed = {"success": False, "errors": [{"statusCode": "ENTITY_IS_LOCKED", "message": "a@x.fr", "fields": []}]}
    fault(org, method="DELETE", path="composite/sobjects", status=200, body=[failed])
    assert list(crm.apply([order])) == [Refused("Task: ENTITY_IS_LOCKED")]
    assert live(org, "Contact", ANN)


def test_without_view_all_data_nothing_shared_is_taken_for_own(org: Sandbox) -> None:
    """Traps 14: the link to another person may be on a row that is not shared with our user."""
    own, document = id_of("0PK", 1), id_of("069", 1)
    load(org, ("Individual", {"Id": own, "LastName": "I"}), contact(IndividualId=own, OwnerId=id_of("005", 1)))
    load(org, *file(document, ANN, BOB))
    crm = connect(org, "sandbox-lacks:ViewAllData")
    receipt = do(crm, ALL)
    assert isinstance(receipt, Refused)
    assert "View All Data" in receipt.why
    assert live(org, "ContentDocument", document)
    assert do(crm, Erase()) == Done(remains="the linked Individual")


def test_children_that_cannot_be_read_keep_the_record(org: Sandbox) -> None:
    """Fail closed: what cannot be seen cannot be taken along."""
    crm = connect(org, "sandbox-lacks:FLS:Task.WhatId")
    assert do(crm, Erase(("activities",))) == Refused("not all of its children can be read")
    assert do(crm, Erase(("notes",))) == Done()


def test_the_individual_goes_last_and_only_when_nobody_else_has_it(org: Sandbox) -> None:
    """§6.2: Individual is personal data; several records may share one."""
    own, shared = id_of("0PK", 1), id_of("0PK", 2)
    load(org, ("Individual", {"Id": own, "LastName": "I"}), ("Individual", {"Id": shared, "LastName": "J"}))
    load(org, contact(IndividualId=own), contact(BOB, IndividualId=shared), lead(IndividualId=shared))
    crm = connect(org)
    assert do(crm, Erase(), ref(ANN)) == Done()
    assert row(org, "Individual", own) is None
    assert do(crm, Erase(), ref(BOB)) == Done(remains="the linked Individual")
    assert live(org, "Individual", shared)
    assert do(crm, Erase(), ref(ZOE, "Lead")) == Done()
    assert row(org, "Individual", shared) is None


@pytest.mark.parametrize("path", ["query", "jobs/ingest", "Soap"])
def test_what_fails_after_the_deletion_does_not_lose_its_receipt(org: Sandbox, path: str) -> None:
    """The record is deleted by then; the day's last call may have been that one."""
    own = id_of("0PK", 1)
    load(org, ("Individual", {"Id": own, "LastName": "I"}), contact(IndividualId=own))
    crm = connect(org)
    order = command(crm, Erase(), ref())
    spent = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    fault(org, path=path, status=403, body=spent, times=None)
    (receipt,) = crm.apply([order])
    assert isinstance(receipt, Done)
    assert ("Individual" in receipt.remains) is (path == "query")
    assert not live(org, "Contact", ANN)


def test_an_individual_that_a_hidden_link_may_hold_stays(org: Sandbox) -> None:
    """§7: a hidden IndividualId on another object could still point to it."""
    own = id_of("0PK", 1)
    load(org, ("Individual", {"Id": own, "LastName": "I"}), contact(IndividualId=own))
    crm = connect(org, "sandbox-lacks:FLS:Lead.IndividualId")
    assert do(crm, Erase()) == Done(remains="the linked Individual")
    assert live(org, "Individual", own)


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
