"""What the vendor says of a person never comes back in a receipt, a record's facts or an error (salesforce.md §10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from connectors.salesforce.codes import UNKNOWN
from connectors.salesforce.options import CASCADE, INBOUND
from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.world import Sandbox
from core.actions import Action, Annotate, Anonymise, Bin, Clear, Erase, Note, Restrict, Suppress
from core.connector import Refused
from core.errors import BadAnswer, RepoussoirError
from core.model import CHANNELS, Record
from tests.connectors_salesforce import (
    ANN,
    BOB,
    MADE,
    command,
    connect,
    contact,
    do,
    fault,
    field,
    load,
    ref,
)

NAME, MAIL, PHONE = "Quillsleigh", "ann@quillsleigh.example", "+33612345678"
PLANTED = (NAME, MAIL, PHONE, "quillsleigh")
ERASE = Erase(CASCADE)
FLAGS = {"HasOptedOutOfEmail", "DoNotCall", "Individual.HasOptedOutSolicit"}


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox(vendors=[SandboxOrg]) as running:
        yield running


@pytest.fixture
def org(world: Sandbox) -> Sandbox:
    world.reset()
    load(
        world,
        field("RepoussoirRestricted__c", "boolean"),
        field("Stage__c"),
        contact(LastName=NAME, FirstName=NAME, Email=MAIL, Phone=PHONE, Title=NAME, LeadSource=NAME, Stage__c=NAME),
        ("Task", {"WhoId": ANN, "Subject": NAME, "CallType": "Inbound", "CreatedDate": MADE}),
    )
    return world


def clean(*said: object) -> None:
    assert [text for text in PLANTED for each in said if text in repr(each)] == []


ROW = {
    "success": False,
    "errors": [{"statusCode": NAME, "message": f"duplicate value found: {MAIL}", "fields": [NAME, MAIL]}],
}
WHOLE = [{"errorCode": NAME, "message": f"No such column '{MAIL}'", "fields": [PHONE]}]
WRITES: tuple[Action, ...] = (
    Suppress(("email",)),
    Restrict("Art. 18"),
    Clear(("Title",)),
    Anonymise(),
    Bin(),
    Erase(),
    ERASE,
)


@pytest.mark.parametrize("action", WRITES)
@pytest.mark.parametrize(("status", "body"), [(200, [ROW]), (400, WHOLE)])
def test_a_refusal_repeats_no_word_that_is_not_ours(org: Sandbox, action: Action, status: int, body: Any) -> None:
    """DUPLICATE_VALUE quotes the value, a rule's text may hold anything: only codes and fields that we know are told."""
    crm = connect(org)
    order = command(crm, action)
    for method in ("PATCH", "DELETE"):
        fault(org, method=method, path="composite/sobjects$", status=status, body=body, times=None)
    try:
        (receipt,) = crm.apply([order])
    except BadAnswer as error:
        said = str(error)
    else:
        assert isinstance(receipt, Refused)
        said = receipt.why
    assert UNKNOWN in said
    clean(said)


def test_a_rule_names_fields_of_the_object_and_nothing_else(org: Sandbox) -> None:
    """Validation rules name fields: those that describe shows are known to be names."""
    rule = {"object": "Contact", "when": "Title = null", "message": f"ask {MAIL}", "fields": ["Title", NAME]}
    load(org, ("_settings", {"validationRules": [rule]}))
    assert do(connect(org), Clear(("Title",))) == Refused("FIELD_CUSTOM_VALIDATION_EXCEPTION Title")


def test_a_note_that_is_refused_repeats_no_text(org: Sandbox) -> None:
    """The same in a composite call, whose parts are refused each with a body of its own."""
    crm = connect(org)
    order = command(crm, Annotate(Note("n1", "text", date(2026, 1, 2))))
    part = {"httpStatusCode": 400, "body": WHOLE}
    fault(org, path="composite$", status=200, body={"compositeResponse": [part, part]}, times=None)
    (receipt,) = crm.apply([order])
    clean(receipt)
    assert receipt == Refused(UNKNOWN)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
@pytest.mark.parametrize("path", ["query", "composite", "describe"])
def test_an_error_repeats_no_text(org: Sandbox, status: int, path: str) -> None:
    """Exceptions go to logs and reports."""
    crm = connect(org)
    order = command(crm, ERASE)
    fresh = connect(org)
    fault(org, path=path, status=status, body=WHOLE, times=None)
    said: list[object] = []
    for each in (crm, fresh):
        try:
            said += list(each.apply([order]))
            said += each.get([ref()]).values()
        except RepoussoirError as error:
            said.append((error, str(error), error.__cause__))
    clean(*[each for each in said if not isinstance(each, Record)])


def test_facts_are_of_a_closed_vocabulary(org: Sandbox) -> None:
    """`origin` is a word of the configuration, `signals`, `open` and `unreadable` are ours, sources are names of fields."""
    own = id_of("0PK", 1)
    load(
        org,
        ("Individual", {"Id": own, "LastName": NAME, "HasOptedOutSolicit": True, "ShouldForget": True}),
        contact(BOB, LastName=NAME, HasOptedOutOfEmail=True, DoNotCall=True, IndividualId=own, LeadSource="iMPort"),
        ("Case", {"ContactId": ANN, "Origin": NAME, "Subject": NAME}),
        ("Opportunity", {"Id": id_of("006", 1), "Name": NAME, "StageName": NAME, "CloseDate": "2025-01-01"}),
        ("OpportunityContactRole", {"OpportunityId": id_of("006", 1), "ContactId": ANN}),
    )
    crm = connect(org, "sandbox-lacks:Object:Order", stage="Stage__c", customer=("Customer",))
    for record in crm.get([ref(), ref(BOB)]).values():
        assert record is not None
        assert record.origin in ("", "Import")
        assert {*record.signals, *record.open} <= {
            "opportunity",
            "case",
            "won_deal",
            "order",
            "customer_stage",
            "prospect_stage",
        }
        assert {moment.source for moment in record.inbound} <= set(INBOUND)
        assert set(record.unreadable) <= {*INBOUND, "opportunity", "Stage__c", "LeadSource"}
        assert {objection.source for objection in record.objections} <= FLAGS
        assert {objection.channel for objection in record.objections} <= set(CHANNELS)
        clean(record)


def test_a_record_in_a_traceback_shows_no_value(org: Sandbox) -> None:
    """Identifiers and values are left out of `repr`."""
    found = connect(org).get([ref()], ("Title", "LastName"))[ref()]
    assert found is not None
    assert found.values["Title"] == NAME
    clean(found)
