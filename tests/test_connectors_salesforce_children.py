"""What hangs on a person: own children go, shared ones lose the link, the Individual goes last (salesforce.md §5, §6.2)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.salesforce.options import CASCADE
from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.world import Sandbox
from core.actions import Erase
from core.connector import Done, Refused
from tests.connectors_salesforce import (
    ACME,
    ANN,
    BOB,
    CASE,
    DEAL,
    MADE,
    ZOE,
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
REGULAR = id_of("005", 2)


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox(vendors=[SandboxOrg]) as running:
        yield running


@pytest.fixture
def org(world: Sandbox) -> Sandbox:
    world.reset()
    load(world, ("Account", {"Id": ACME, "Name": "Acme"}), contact(), contact(BOB), lead())
    return world


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


def test_a_case_only_loses_its_contact(org: Sandbox) -> None:
    """Traps 12: a lookup is emptied by the vendor; the business record stays, text and all."""
    load(org, ("Case", {"Id": CASE, "ContactId": ANN, "Subject": "s", "CreatedDate": MADE}))
    assert do(connect(org), ALL) == Done(remains="the text of a Case")
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
        ("EmailMessage", {"Id": mail, "Incoming": True, "CreatedDate": MADE}),
        (
            "EmailMessageRelation",
            {"EmailMessageId": mail, "RelationId": ANN, "RelationType": "FromAddress", "CreatedDate": MADE},
        ),
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
    assert do(connect(org), Erase(("activities",))) == Done(remains="the text of 1 ContentDocument")
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
    assert do(crm, Erase()) == Done(remains="the linked Individual; the text of 1 ContentDocument")


def test_children_that_cannot_be_read_keep_the_record(org: Sandbox) -> None:
    """Fail closed: what cannot be seen cannot be taken along."""
    crm = connect(org, "sandbox-lacks:FLS:Task.WhatId")
    assert do(crm, Erase(("activities",))) == Refused("not all of its children can be read")
    assert do(crm, Erase(("notes",))) == Done(remains="Tasks that could not be read")


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


def test_an_individual_that_a_hidden_link_may_hold_stays(org: Sandbox) -> None:
    """§7: a hidden IndividualId on another object could still point to it."""
    own = id_of("0PK", 1)
    load(org, ("Individual", {"Id": own, "LastName": "I"}), contact(IndividualId=own))
    crm = connect(org, "sandbox-lacks:FLS:Lead.IndividualId")
    assert do(crm, Erase()) == Done(remains="the linked Individual")
    assert live(org, "Individual", own)


def test_the_cascade_of_the_configuration_is_taken_along(org: Sandbox) -> None:
    """An erasure that names no children takes those that the org's table names."""
    load(org, ("Task", {"WhoId": ANN, "Subject": "x"}))
    assert isinstance(do(connect(org, cascade=("activities",)), Erase()), Done)
    assert rows(org, "Task") == []
