"""Traps of Salesforce that no other file holds: ids of 15 characters, lost answers about children, locks, text copies (Traps)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.salesforce.options import CASCADE
from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.world import Sandbox
from core.actions import Command, Erase, Suppress
from core.connector import Done, Gone, Refused
from core.model import Query
from tests.connectors_salesforce import (
    ANN,
    BOB,
    CASE,
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
TASK = id_of("00T", 1)


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox(vendors=[SandboxOrg]) as running:
        yield running


@pytest.fixture
def org(world: Sandbox) -> Sandbox:
    world.reset()
    load(world, contact(), contact(BOB), lead(), ("Task", {"Id": TASK, "WhoId": ANN, "Subject": "x"}))
    return world


def test_an_id_of_15_characters_erases_that_record_and_its_children(org: Sandbox) -> None:
    """Traps 1: users give what the pages of the CRM show; the second order for the same record finds it gone."""
    crm = connect(org)
    short = command(crm, ALL, ref(ANN[:15]))
    assert list(crm.apply([short, command(crm, ALL)])) == [Done(), Gone()]
    assert row(org, "Contact", ANN) is None
    assert rows(org, "Task") == []


def test_an_id_in_other_case_is_another_record(org: Sandbox) -> None:
    """Traps 1: the 15 characters tell capitals apart; a folded id must not reach a record."""
    upper, lower = "003000000000ABCEA2"[:15], "003000000000abcEA2"[:15]
    load(org, contact(upper), contact(lower))
    crm = connect(org)
    assert do(crm, ALL, ref(lower)) == Done()
    assert crm.get([ref(upper)])[ref(upper)] is not None


def test_an_id_of_another_object_is_gone(org: Sandbox) -> None:
    """A ref that says Contact and means a lead reaches neither."""
    crm = connect(org)
    order = Command(ref(ZOE), command(crm, ALL, ref(ZOE, "Lead")).version, ALL)
    assert list(crm.apply([order])) == [Gone()]
    assert live(org, "Lead", ZOE)


def test_children_whose_deletion_was_not_answered_are_purged_as_well(org: Sandbox) -> None:
    """The call is repeated, the vendor says that they are deleted: by us, and they lie in the bin."""
    crm = connect(org)
    order = command(crm, ALL)
    fault(org, method="DELETE", path="composite/sobjects", cut="after")
    assert list(crm.apply([order])) == [Done()]
    assert rows(org, "Task") == []


def test_a_child_that_stays_locked_keeps_the_record(org: Sandbox) -> None:
    """Traps 20, §10: a lock passes; when it does not, the record waits for the next run."""
    naps: list[float] = []
    crm = connect(org, naps=naps)
    order = command(crm, ALL)
    locked = {"success": False, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "", "fields": []}]}
    fault(org, method="DELETE", path="composite/sobjects", status=200, body=[locked], times=None)
    assert list(crm.apply([order])) == [Refused("Task: UNABLE_TO_LOCK_ROW")]
    assert naps
    assert live(org, "Contact", ANN)


def test_cases_keep_copies_of_the_person_and_the_receipt_says_so(org: Sandbox) -> None:
    """Traps 15: SuppliedName, SuppliedEmail and the texts of a case outlive the contact that it loses."""
    load(org, ("Case", {"Id": CASE, "ContactId": ANN, "Subject": "s", "SuppliedEmail": "a@x.fr", "CreatedDate": MADE}))
    assert do(connect(org), ALL) == Done(remains="the text of a Case")
    assert live(org, "Case", CASE)


def test_a_converted_lead_still_says_that_the_person_objected(org: Sandbox) -> None:
    """Traps 7: read-only, but read; and no prospect any more."""
    load(org, lead(IsConverted=True, HasOptedOutOfEmail=True, ConvertedContactId=ANN))
    (page,) = connect(org).scan(Query("Lead"))
    (record,) = page.records
    assert [objection.channel for objection in record.objections] == ["email"]
    assert "prospect_stage" not in record.signals


def test_a_converted_lead_is_erased_and_its_contact_stays(org: Sandbox) -> None:
    """§5 Cascade: the lead points to the contact, not the other way round."""
    load(org, lead(IsConverted=True, ConvertedContactId=ANN))
    assert do(connect(org), ALL, ref(ZOE, "Lead")) == Done()
    assert live(org, "Contact", ANN)


def test_one_row_that_fails_takes_no_other_along(org: Sandbox) -> None:
    """Traps 9: never all or none: an objection must not wait for somebody else's validation rule."""
    rule = {"object": "Contact", "when": f"Id = '{ANN}'", "message": "no", "fields": []}
    load(org, ("_settings", {"validationRules": [rule]}))
    crm = connect(org)
    receipts = list(crm.apply([command(crm, Suppress(("email",)), ref(id)) for id in (ANN, BOB)]))
    assert receipts[0] == Refused("FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert isinstance(receipts[1], Done)
    assert asked(org, "composite/sobjects", "PATCH") == 1
