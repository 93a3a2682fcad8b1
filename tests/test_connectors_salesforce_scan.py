"""Reading Salesforce: complete scans, reads by id, and the clock's inputs from child records (salesforce.md §2; RET-20)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.salesforce.connector import Salesforce
from connectors.salesforce.options import SalesforceOptions
from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.world import Sandbox
from connectors.transport import Tools
from core.errors import ConfigError, NotAllowed
from core.model import Moment, Query, Record, Ref

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


def load(org: Sandbox, *lines: tuple[str, dict[str, Any]]) -> None:
    org.load(json.dumps({"crm": "salesforce", "kind": kind, **values}) for kind, values in lines)


def connect(org: Sandbox, token: str = "sandbox", **options: Any) -> Salesforce:
    given = {"connector": "salesforce", "base_url": org.urls["salesforce"], "token": token, **options}
    return Salesforce("sf", SalesforceOptions(**given), Tools(sleep=lambda seconds: None))


ANN, BOB, ZOE = id_of("003", 501), id_of("003", 502), id_of("00Q", 501)
ACME, DEAL, CASE = id_of("001", 501), id_of("006", 501), id_of("500", 501)


def contact(id: str = ANN, **values: Any) -> tuple[str, dict[str, Any]]:
    return "Contact", {
        "Id": id,
        "LastName": "Test",
        "LeadSource": "Web",
        "CreatedDate": "2020-01-01T00:00:00Z",
        **values,
    }


def lead(id: str = ZOE, **values: Any) -> tuple[str, dict[str, Any]]:
    return "Lead", {"Id": id, "LastName": "Test", "Company": "X", "CreatedDate": "2020-01-01T00:00:00Z", **values}


def ref(id: str = ANN, kind: str = "Contact") -> Ref:
    return Ref("sf", kind, id)


def scanned(crm: Salesforce, kind: str = "Contact", properties: tuple[str, ...] = ()) -> dict[str, Record]:
    pages = list(crm.scan(Query(kind, properties)))
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    return {record.ref.id: record for page in pages for record in page.records}


def both_ways(crm: Salesforce, id: str = ANN, kind: str = "Contact", properties: tuple[str, ...] = ()) -> Record:
    """The record as `scan` reads it, having checked that `get` reads the same."""
    record = scanned(crm, kind, properties)[id]
    assert crm.get([ref(id, kind)], properties) == {ref(id, kind): record}
    return record


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_scan_enumerates_every_page(org: Sandbox) -> None:
    """§2.1: pages follow nextRecordsUrl; nothing is left out and the last page says so."""
    load(org, ("_settings", {"queryBatch": 3}), *(contact(id_of("003", number)) for number in range(600, 610)))
    pages = list(connect(org).scan(Query("Contact")))
    assert [len(page.records) for page in pages] == [3, 3, 3, 1]
    assert {page.total for page in pages} == {10}
    assert len({record.ref for page in pages for record in page.records}) == 10


def test_an_empty_kind_is_one_empty_last_page(org: Sandbox) -> None:
    """Page: the last page may be empty, and says so."""
    assert [(page.records, page.last) for page in connect(org).scan(Query("Lead"))] == [((), True)]


def test_deleted_rows_and_losers_of_a_merge_are_not_records(org: Sandbox) -> None:
    """§2.3 and Traps 8: the bin is queryAll's; a merged id is gone, not another record's."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    load(org, contact(), contact(BOB, IsDeleted=True, MasterRecordId=ANN, SystemModstamp=now))
    crm = connect(org)
    assert set(scanned(crm)) == {ANN}
    assert crm.get([ref(BOB)]) == {ref(BOB): None}


def test_get_answers_every_ref(org: Sandbox) -> None:
    """Contract: None for gone, unknown, malformed or miscased ids; 15 characters name the same record (Traps 1)."""
    load(org, contact(), lead())
    crm = connect(org)
    asked = [ref(), ref(ANN[:15]), ref(ZOE, "Lead"), ref(BOB), ref("nonsense"), ref(ANN.swapcase()), ref(ZOE)]
    found = crm.get(asked)
    assert list(found) == asked
    assert [record.ref.id if record else None for record in found.values()] == [ANN, ANN, ZOE, None, None, None, None]
    assert crm.get([]) == {}


def test_get_takes_more_refs_than_one_query_holds(org: Sandbox) -> None:
    """§2.2: at most 400 ids an IN()."""
    ids = [id_of("003", number) for number in range(1000, 1450)]
    load(org, *(contact(id) for id in ids))
    assert all(connect(org).get([ref(id) for id in ids]).values())


def test_values_hold_what_was_asked_for(org: Sandbox) -> None:
    """Query.properties, and nothing else."""
    load(
        org,
        ("_field", {"object": "Contact", "name": "Religion__c", "type": "string", "length": 80}),
        contact(Religion__c="x", Description="y", Email="a@x.fr"),
    )
    record = both_ways(connect(org), properties=("Religion__c",))
    assert record.values == {"Religion__c": "x"}
    assert record.emails == ("a@x.fr",)


def test_a_property_that_cannot_be_seen_is_refused_and_never_looks_clean(org: Sandbox) -> None:
    """§7: field-level security hides a field without a word."""
    load(org, contact(Description="x"), lead())
    crm = connect(org, "sandbox-lacks:FLS:Contact.Description")
    with pytest.raises(NotAllowed) as caught:
        list(crm.scan(Query("Contact", ("Description",))))
    assert caught.value.missing == ("Description",)
    with pytest.raises(NotAllowed):
        crm.get([ref()], ("Description",))
    assert crm.get([ref(), ref(ZOE, "Lead")], ("Description",))[ref()] is not None


def test_an_account_is_no_person_in_an_org_without_person_accounts(org: Sandbox) -> None:
    """§5: Account is a kind only when configured, and then the org must have them."""
    load(org, ("Account", {"Id": ACME, "Name": "Acme"}))
    with pytest.raises(ConfigError):
        list(connect(org).scan(Query("Account")))
    with pytest.raises(ConfigError):
        list(connect(org, person_accounts=True).scan(Query("Account")))
    bare = connect(org).get([ref(ACME, "Account")])[ref(ACME, "Account")]
    assert bare is not None
    assert bare.version


def test_a_person_account_is_read_once_as_an_account(org: Sandbox) -> None:
    """§5: the shadow contact shows up in Contact queries; children point to either id."""
    load(
        org,
        ("_settings", {"personAccounts": True}),
        (
            "Account",
            {"Id": ACME, "LastName": "P", "PersonContactId": ANN, "PersonEmail": "p@x.fr", "IsPersonAccount": True},
        ),
        ("Account", {"Id": id_of("001", 502), "Name": "Business"}),
        contact(BOB),
        ("Task", {**TASK, "WhoId": ANN}),
        ("Opportunity", {"AccountId": ACME, "Name": "d", "StageName": "Closed Won", "CloseDate": DAY}),
    )
    crm = connect(org, person_accounts=True)
    assert set(scanned(crm)) == {BOB}
    assert set(scanned(crm, "Account")) == {ACME}
    record = both_ways(crm, ACME, "Account")
    assert record.emails == ("p@x.fr",)
    assert {moment.source for moment in record.inbound} == {"inbound_call", "won_deal"}


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


def test_flags_of_the_individual_are_read(org: Sandbox) -> None:
    """SUP-01: HasOptedOutSolicit is an objection on both channels; ShouldForget a request."""
    individual = id_of("0PK", 1)
    load(
        org,
        ("Individual", {"Id": individual, "LastName": "I", "HasOptedOutSolicit": True, "ShouldForget": True}),
        contact(IndividualId=individual),
    )
    record = both_ways(connect(org))
    assert {each.channel for each in record.objections} == {"email", "telephone"}
    assert record.requests == ("erasure",)


def test_a_scan_costs_the_pages_there_are(org: Sandbox) -> None:
    """§8 of the design: calls in proportion to pages, not to records."""
    load(org, *(contact(id_of("003", number)) for number in range(2000, 4500)))
    crm = connect(org)
    list(crm.scan(Query("Contact")))
    app = org.app("salesforce")
    before = app._orgs[0].used  # type: ignore[attr-defined]  # the sandbox's own count of calls
    list(crm.scan(Query("Contact")))
    assert app._orgs[0].used - before <= 2 + 6  # type: ignore[attr-defined]  # two pages, six child sources


def test_schema_tells_shapes_flags_and_classification(org: Sandbox) -> None:
    """§6.5, §7: names, shapes, options, what can be cleared, the vendor's own marking, what history keeps."""
    load(
        org,
        (
            "_field",
            {
                "object": "Contact",
                "name": "Faith__c",
                "type": "multipicklist",
                "label": "Faith",
                "picklistValues": ["a", "b"],
                "complianceGroup": "GDPR;PII",
            },
        ),
    )
    schema = connect(org).schema("Contact")
    faith, mail, name = schema.get("Faith__c"), schema.get("Email"), schema.get("LastName")
    assert faith is not None and mail is not None and name is not None
    assert (faith.shape, [option.value for option in faith.options], faith.custom) == ("choices", ["a", "b"], True)
    assert faith.sensitivity == "ComplianceGroup=GDPR;PII"
    assert (mail.shape, mail.tracked, faith.tracked) == ("email", True, False)
    assert (name.required, name.clearable, mail.clearable) == (True, False, True)
    created = schema.get("CreatedDate")
    assert created is not None
    assert not created.clearable
