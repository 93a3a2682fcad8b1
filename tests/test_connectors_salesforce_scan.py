"""Reading Salesforce: complete scans, reads by id, and the clock's inputs from child records (salesforce.md §2; RET-20)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.world import Sandbox
from core.errors import ConfigError, NotAllowed
from core.model import Query
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
