"""What child records say of a person: contact from them, deals, orders, open business (RET-20, RET-22)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.world import Sandbox
from core.model import Moment
from tests.connectors_salesforce import (
    ACME,
    ANN,
    BOB,
    ZOE,
    both_ways,
    connect,
    contact,
    lead,
    load,
    ref,
    scanned,
)

TASK = {"Subject": "Call", "CallType": "Inbound", "CreatedDate": "2025-03-04T10:00:00Z"}
DAY = "2024-05-06"


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox(vendors=[SandboxOrg]) as running:
        yield running


@pytest.fixture
def org(world: Sandbox) -> Sandbox:
    world.reset()
    return world


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_an_inbound_call_is_contact_from_the_person_and_an_outbound_one_is_not(org: Sandbox) -> None:
    """RET-20: inbound call yes; our own calls, tasks and LastActivityDate no."""
    load(
        org,
        contact(LastActivityDate="2026-01-01"),
        ("Task", {**TASK, "WhoId": ANN}),
        ("Task", {**TASK, "WhoId": ANN, "CreatedDate": "2024-01-01T00:00:00Z"}),
        ("Task", {**TASK, "WhoId": ANN, "CallType": "Outbound", "CreatedDate": "2026-01-01T00:00:00Z"}),
        ("Task", {"WhoId": ANN, "Subject": "x", "Status": "Completed", "CreatedDate": "2026-01-01T00:00:00Z"}),
    )
    assert both_ways(connect(org)).inbound == (Moment(at("2025-03-04T10:00:00"), "inbound_call"),)


def test_an_archived_call_still_counts(org: Sandbox) -> None:
    """§2.3 trap: a plain query leaves out activities archived after a year, and the person would seem silent."""
    load(org, contact(), ("Task", {**TASK, "WhoId": ANN, "IsArchived": True}))
    assert both_ways(connect(org)).inbound == (Moment(at("2025-03-04T10:00:00"), "inbound_call"),)


def test_a_deleted_call_does_not_count(org: Sandbox) -> None:
    """§2.3: queryAll shows the bin as well."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    load(org, contact(), ("Task", {**TASK, "WhoId": ANN, "IsDeleted": True, "SystemModstamp": now}))
    assert both_ways(connect(org)).inbound == ()


def test_a_mail_counts_for_its_sender_only(org: Sandbox) -> None:
    """RET-20: a reply is contact from who sent it; not from who received it, nor any mail of ours."""
    mails = [id_of("02s", number) for number in (1, 2)]
    load(
        org,
        contact(),
        contact(BOB),
        ("EmailMessage", {"Id": mails[0], "Incoming": True, "MessageDate": "2025-06-01T08:00:00Z"}),
        ("EmailMessage", {"Id": mails[1], "Incoming": False, "MessageDate": "2026-06-01T08:00:00Z"}),
        ("EmailMessageRelation", {"EmailMessageId": mails[0], "RelationId": ANN, "RelationType": "FromAddress"}),
        ("EmailMessageRelation", {"EmailMessageId": mails[0], "RelationId": BOB, "RelationType": "CcAddress"}),
        ("EmailMessageRelation", {"EmailMessageId": mails[1], "RelationId": ANN, "RelationType": "ToAddress"}),
    )
    crm = connect(org)
    assert both_ways(crm).inbound == (Moment(at("2025-06-01T08:00:00"), "inbound_email"),)
    assert both_ways(crm, BOB).inbound == ()


def test_a_case_the_person_opened_counts_and_an_open_one_is_open_business(org: Sandbox) -> None:
    """RET-20: customer service contact; DESIGN §6: an open case is not due. The origins are configured."""
    opened = {"ContactId": ANN, "CreatedDate": "2025-07-01T08:00:00Z"}
    load(
        org,
        contact(),
        contact(BOB),
        ("Case", {**opened, "Origin": "Web", "IsClosed": True}),
        ("Case", {**opened, "ContactId": BOB, "Origin": "Import", "IsClosed": False}),
    )
    crm = connect(org)
    assert both_ways(crm).inbound == (Moment(at("2025-07-01T08:00:00"), "case"),)
    assert both_ways(crm).open == ()
    assert (both_ways(crm, BOB).inbound, both_ways(crm, BOB).open) == ((), ("case",))


def test_a_campaign_response_counts_and_mere_membership_does_not(org: Sandbox) -> None:
    """RET-20: FirstRespondedDate of who has responded, of leads and of contacts."""
    campaign = id_of("701", 1)
    load(
        org,
        contact(),
        lead(),
        ("Campaign", {"Id": campaign, "Name": "c"}),
        ("CampaignMember", {"CampaignId": campaign, "ContactId": ANN, "HasResponded": False, "Status": "Sent"}),
        (
            "CampaignMember",
            {
                "CampaignId": campaign,
                "LeadId": ZOE,
                "HasResponded": True,
                "FirstRespondedDate": DAY,
                "Status": "Responded",
            },
        ),
    )
    crm = connect(org)
    assert both_ways(crm, ZOE, "Lead").inbound == (Moment(at(DAY), "campaign_response"),)
    assert both_ways(crm).inbound == ()


def test_deals_tell_customers_and_open_business(org: Sandbox) -> None:
    """DESIGN §6: a won deal is a signal and a moment; an open opportunity is not due; a lost one is neither."""
    people = [id_of("003", number) for number in (601, 602, 603)]
    deals = [id_of("006", number) for number in (601, 602, 603)]
    stages = (
        {"IsWon": True, "IsClosed": True},
        {"IsWon": False, "IsClosed": False},
        {"IsWon": False, "IsClosed": True},
    )
    names = ("Closed Won", "Prospecting", "Closed Lost")
    for person, deal, stage, name in zip(people, deals, stages, names, strict=True):
        load(
            org,
            contact(person),
            ("Opportunity", {"Id": deal, "Name": "d", "StageName": name, "CloseDate": DAY, **stage}),
            ("OpportunityContactRole", {"OpportunityId": deal, "ContactId": person}),
        )
    won, pending, lost = (both_ways(connect(org), person) for person in people)
    assert (won.signals, won.inbound, won.open) == (frozenset({"won_deal"}), (Moment(at(DAY), "won_deal"),), ())
    assert (pending.signals, pending.inbound, pending.open) == (frozenset(), (), ("opportunity",))
    assert (lost.signals, lost.inbound, lost.open) == (frozenset(), (), ())


def test_an_order_is_a_signal_and_a_moment(org: Sandbox) -> None:
    """RET-02: an order makes a customer and dates their last contact."""
    load(
        org,
        contact(),
        ("Account", {"Id": ACME, "Name": "Acme"}),
        ("Order", {"AccountId": ACME, "BillToContactId": ANN, "EffectiveDate": DAY, "Status": "Draft"}),
    )
    record = both_ways(connect(org))
    assert (record.signals, record.inbound) == (frozenset({"order"}), (Moment(at(DAY), "order"),))


@pytest.mark.parametrize(
    ("hidden", "source"),
    [
        ("FLS:Task.CallType", "inbound_call"),
        ("Object:EmailMessageRelation", "inbound_email"),
        ("FLS:EmailMessage.Incoming", "inbound_email"),
        ("FLS:CampaignMember.FirstRespondedDate", "campaign_response"),
        ("Object:Case", "case"),
        ("FLS:Opportunity.IsWon", "won_deal"),
        ("FLS:Opportunity.IsWon", "opportunity"),
        ("FLS:Order.BillToContactId", "order"),
    ],
)
def test_a_source_that_cannot_be_read_makes_every_record_undatable(org: Sandbox, hidden: str, source: str) -> None:
    """RET-22: a configured source that cannot be read is named on each record, and never taken for silence."""
    load(org, contact(), contact(BOB))
    crm = connect(org, f"sandbox-lacks:{hidden}")
    assert all(source in record.unreadable for record in scanned(crm).values())
    record = crm.get([ref()])[ref()]
    assert record is not None
    assert source in record.unreadable


def test_a_source_that_is_not_configured_is_not_missed(org: Sandbox) -> None:
    """Options.inbound: what the operator left out need not be readable, but open business always."""
    load(org, contact(), ("Task", {**TASK, "WhoId": ANN}), ("Case", {"ContactId": ANN, "Origin": "Web"}))
    record = both_ways(connect(org, "sandbox-lacks:FLS:Task.CallType", inbound=("case",)))
    assert record.unreadable == ()
    assert [moment.source for moment in record.inbound] == ["case"]
    assert both_ways(connect(org, inbound=("inbound_call",))).open == ("case",)


@pytest.mark.parametrize(("token", "missed"), [("sandbox-lacks:ViewAllData", True), ("sandbox", False)])
def test_an_org_without_orders_is_told_from_orders_we_may_not_see(org: Sandbox, token: str, missed: bool) -> None:
    """An object that is not there and a hidden one are refused alike: only who sees all data can tell."""
    load(org, ("_settings", {"hiddenObjects": ["Order"]}), contact(OwnerId=id_of("005", 1)))
    assert ("order" in both_ways(connect(org, token)).unreadable) is missed


def test_a_child_without_a_date_makes_its_person_undatable(org: Sandbox) -> None:
    """RET-22: contact of unknown date is not no contact."""
    campaign = id_of("701", 1)
    member = {"CampaignId": campaign, "HasResponded": True, "FirstRespondedDate": None, "Status": "Responded"}
    load(org, contact(), contact(BOB), ("Campaign", {"Id": campaign, "Name": "c"}))
    load(org, ("CampaignMember", {**member, "ContactId": ANN}))
    app = org.app("salesforce")
    ((id, row),) = app.state.all("salesforce.CampaignMember")
    app.state.put("salesforce.CampaignMember", id, {**row, "HasResponded": True, "FirstRespondedDate": None})
    crm = connect(org)
    assert both_ways(crm).unreadable == ("campaign_response",)
    assert both_ways(crm, BOB).unreadable == ()
