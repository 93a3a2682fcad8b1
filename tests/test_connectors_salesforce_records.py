"""Salesforce rows as records: identifiers, dates, objections (salesforce.md §5, §6; RET-20, SUP-01)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.salesforce.client import full_id
from connectors.salesforce.options import SalesforceOptions
from connectors.salesforce.records import ACCOUNT, CONTACT, LEAD, Facts, Kind, Reading, moment, reading, record
from connectors.salesforce.schema import Object
from core.errors import BadAnswer
from core.model import Moment, Objection

ID = "003000000000001AAA"
STAMP = "2026-01-02T03:04:05.000+0000"
FIELDS = {
    "Id": "id",
    "Email": "email",
    "Second__c": "email",
    "Phone": "phone",
    "MobilePhone": "phone",
    "Fax": "phone",
    "AssistantPhone": "phone",
    "Private__c": "phone",
    "LeadSource": "picklist",
    "CreatedDate": "datetime",
    "SystemModstamp": "datetime",
    "HasOptedOutOfEmail": "boolean",
    "DoNotCall": "boolean",
    "IndividualId": "reference",
    "IsConverted": "boolean",
    "Given__c": "date",
    "Religion__c": "multipicklist",
    "Vegan__c": "boolean",
    "RepoussoirRestricted__c": "boolean",
}


def seen(*without: str) -> Object:
    fields: dict[str, dict[str, Any]] = {
        name: {"name": name, "type": kind, "custom": name.endswith("__c"), "updateable": True, "nillable": True}
        for name, kind in FIELDS.items()
        if name not in without
    }
    return Object("Contact", fields, (), True, True, True)


INDIVIDUAL = Object("Individual", {"HasOptedOutSolicit": {}, "ShouldForget": {}}, (), True, True, True)


def plan(kind: Kind = CONTACT, without: tuple[str, ...] = (), asked: tuple[str, ...] = (), **options: Any) -> Reading:
    settings = SalesforceOptions(connector="salesforce", **options)
    return reading("sf", kind, settings, seen(*without), INDIVIDUAL, asked)


def row(**values: Any) -> dict[str, Any]:
    return {
        "attributes": {},
        "Id": ID,
        "SystemModstamp": STAMP,
        "CreatedDate": "2021-05-06T07:08:09.000+0000",
        **values,
    }


def test_identifiers_hold_every_email_field_and_every_phone_but_the_fax_and_the_assistants() -> None:
    """SUP-05: all e-mails and phones of the record, the main one first, each once."""
    read = record(
        plan(),
        row(
            Second__c="b@x.fr",
            Email="a@x.fr",
            MobilePhone="2",
            Phone="1",
            Private__c="1",
            Fax="9",
            AssistantPhone="8",
        ),
        Facts(),
    )
    assert read.emails == ("a@x.fr", "b@x.fr")
    assert read.phones == ("1", "2")


def test_version_is_system_modstamp_and_id_has_18_characters() -> None:
    """Traps 1: a record is named by the 18-character id whatever the wire says."""
    read = record(plan(), row(Id=ID[:15]), Facts())
    assert (read.ref.id, read.version) == (ID, STAMP)


@pytest.mark.parametrize("missing", ["Id", "SystemModstamp"])
def test_a_row_without_id_or_version_is_no_answer(missing: str) -> None:
    """A record that cannot be named or bound to a version must never be judged."""
    with pytest.raises(BadAnswer):
        record(plan(), row(**{missing: None}), Facts())


def test_each_opt_out_flag_objects_on_its_channel_and_suppresses_it() -> None:
    """SUP-01: HasOptedOutOfEmail is e-mail, DoNotCall is telephone."""
    read = record(plan(), row(HasOptedOutOfEmail=True, DoNotCall=True), Facts())
    assert read.objections == (Objection("email", "HasOptedOutOfEmail"), Objection("telephone", "DoNotCall"))
    assert read.suppressed == {"email", "telephone"}


def test_solicit_on_the_individual_objects_on_both_channels_but_suppresses_none() -> None:
    """SUP-01: nothing in the CRM heeds the Individual's flag, so the flags on the record are still to be set."""
    read = record(plan(), row(Individual={"HasOptedOutSolicit": True, "ShouldForget": False}), Facts())
    assert {(each.channel, each.source) for each in read.objections} == {
        ("email", "Individual.HasOptedOutSolicit"),
        ("telephone", "Individual.HasOptedOutSolicit"),
    }
    assert read.suppressed == frozenset()
    assert read.requests == ()


def test_should_forget_is_a_request_and_not_an_objection() -> None:
    """§6.2: ShouldForget triggers nothing; it is reported as a request for erasure."""
    read = record(plan(), row(Individual={"HasOptedOutSolicit": False, "ShouldForget": True}), Facts())
    assert (read.requests, read.objections) == (("erasure",), ())


def test_no_individual_is_no_objection() -> None:
    """§6.2: IndividualId is often null."""
    assert record(plan(), row(Individual=None), Facts()).objections == ()


@pytest.mark.parametrize("source", ["Purchased List", "purchased list", "Import", "MIGRATION"])
def test_an_imported_record_has_no_date_of_collection(source: str) -> None:
    """DESIGN §6: the creation stamp of an import is not when the person gave the data; picklists differ in case."""
    read = record(plan(), row(LeadSource=source), Facts())
    assert read.collected is None
    assert read.created == datetime(2021, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert read.origin == next(word for word in plan().options.imported if word.casefold() == source.casefold())


def test_what_somebody_typed_as_the_lead_source_is_no_origin() -> None:
    """LeadSource takes any text through the API: only the words of the configuration may reach a finding."""
    read = record(plan(), row(LeadSource="met Ada at the fair"), Facts())
    assert read.origin == ""


def test_a_record_of_another_source_was_collected_when_it_was_created() -> None:
    """DESIGN §6: else the vendor's creation stamp."""
    assert record(plan(), row(LeadSource="Web"), Facts()).collected == datetime(2021, 5, 6, 7, 8, 9, tzinfo=UTC)


def test_the_named_field_dates_the_collection_even_of_an_import() -> None:
    """DESIGN §6: the property named in TOML comes first."""
    read = record(plan(collected="Given__c"), row(Given__c="2020-02-29", LeadSource="Import"), Facts())
    assert read.collected == datetime(2020, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize("hidden", ["LeadSource", "Given__c"])
def test_a_hidden_field_of_the_clock_makes_records_undatable(hidden: str) -> None:
    """RET-22: field-level security hides a field without a word (§7), so what it would say is unknown."""
    read = record(plan(without=(hidden,), collected="Given__c"), row(LeadSource="Web", Given__c="2020-01-01"), Facts())
    assert read.collected is None
    assert hidden in read.unreadable


def test_values_hold_only_what_was_asked_for_and_is_filled() -> None:
    """Query: values hold what Query.properties asked for; a blank checkbox is empty, a multiple choice joined by `;`."""
    read = record(
        plan(asked=("Religion__c", "Vegan__c")), row(Religion__c="a;b", Vegan__c=False, Email="a@x.fr"), Facts()
    )
    assert read.values == {"Religion__c": "a;b"}
    assert record(plan(asked=("Vegan__c",)), row(Vegan__c=True), Facts()).values == {"Vegan__c": "true"}


def test_a_lead_is_a_prospect_until_it_is_converted() -> None:
    """RET-01: a lead is the vendor's word for a prospect."""
    assert record(plan(LEAD), row(IsConverted=False), Facts()).signals == {"prospect_stage"}
    assert record(plan(LEAD), row(IsConverted=True), Facts()).signals == frozenset()


def test_a_configured_stage_tells_customers_from_prospects() -> None:
    """DESIGN §6: audience comes from named facts."""
    told = plan(stage="Religion__c", customer=("yes",), prospect=("no",))
    assert record(told, row(Religion__c="yes"), Facts()).signals == {"customer_stage"}
    assert record(told, row(Religion__c="no"), Facts()).signals == {"prospect_stage"}
    assert record(told, row(Religion__c=None), Facts()).signals == frozenset()


def test_what_children_say_is_taken_over() -> None:
    """RET-20: inbound moments, signals, open business and unreadable sources come from child records."""
    when = Moment(datetime(2026, 1, 1, tzinfo=UTC), "case")
    facts = Facts((when,), frozenset({"won_deal"}), ("case",), frozenset({"order"}))
    read = record(plan(), row(LeadSource="Web"), facts)
    assert (read.inbound, read.signals, read.open) == ((when,), frozenset({"won_deal"}), ("case",))
    assert read.unreadable == ("order",)


def test_restricted_is_the_declared_checkbox() -> None:
    """Art. 18: only the property that Restrict writes."""
    assert record(plan(), row(RepoussoirRestricted__c=True), Facts()).restricted
    assert not record(plan(), row(DoNotCall=True), Facts()).restricted


def test_a_person_account_is_read_from_its_person_fields() -> None:
    """§5: Person… fields, never the shadow contact's."""
    fields = ("PersonEmail", "PersonHasOptedOutOfEmail", "PersonMobilePhone", "PersonContactId")
    known = {name: {"name": name, "type": "string", "custom": False} for name in (*fields, "Id", "SystemModstamp")}
    read = reading(
        "sf",
        ACCOUNT,
        SalesforceOptions(connector="salesforce"),
        Object("Account", known, (), True, True, True),
        None,
        (),
    )
    made = record(read, row(PersonEmail="p@x.fr", PersonMobilePhone="3", PersonHasOptedOutOfEmail=True), Facts())
    assert (made.emails, made.phones, made.suppressed) == (("p@x.fr",), ("3",), frozenset({"email"}))
    assert "PersonContactId" in read.fields


def test_no_value_shows_in_the_repr_of_a_record() -> None:
    """Personal values never appear in a repr."""
    shown = repr(record(plan(asked=("Religion__c",)), row(Email="a@x.fr", Phone="0611", Religion__c="secret"), Facts()))
    assert not any(word in shown for word in ("a@x.fr", "0611", "secret"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T03:04:05.000+0000", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.000+0200", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        (None, None),
        ("", None),
    ],
)
def test_dates_of_the_wire_are_read_in_utc(text: str | None, expected: datetime | None) -> None:
    """Traps 2: offsets without a colon; dates have no zone."""
    assert moment(text) == expected


def test_a_date_that_is_none_is_no_answer() -> None:
    """A clock input that cannot be read must not be taken for an empty one."""
    with pytest.raises(BadAnswer):
        moment("soon")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("70130000001tcyI", "70130000001tcyIAAQ"),
        ("70130000001tcyIAAQ", "70130000001tcyIAAQ"),
        ("70130000001TCYIAAQ", None),
        ("7013", None),
        ("003'); DROP--xx", None),
    ],
)
def test_ids_are_18_characters_and_never_case_folded(text: str, expected: str | None) -> None:
    """Traps 1: the vector of the reference; an id whose last three do not fit is another record's or nobody's."""
    assert full_id(text) == expected
