"""From HubSpot's rows to records: pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.hubspot.options import SOURCES, HubSpotOptions
from connectors.hubspot.records import Activity, Around, Consent, moment, names, record
from core.errors import BadAnswer
from core.model import Moment, Objection, Record, Ref

REF = Ref("hubspot", "contact", "101")
WHEN = datetime(2021, 5, 5, 8, tzinfo=UTC)


def options(**given: Any) -> HubSpotOptions:
    """The account's options."""
    return HubSpotOptions(connector="hubspot", **given)


def read(around: Around | None = None, settings: HubSpotOptions | None = None, **properties: Any) -> Record:
    """The record of a row."""
    row = {"id": "101", "updatedAt": "2024-01-01T00:00:00Z", "properties": properties}
    return record(REF, row, ("jobtitle",), around or Around(), settings or options())


def test_every_address_and_number_is_an_identifier() -> None:
    """SUP-05: secondary ones too, the main one first, each once whatever its case."""
    found = read(
        settings=options(phones=["work_phone"]),
        email="a@example.fr",
        hs_additional_emails="b@example.fr; A@example.fr ;;c@example.fr",
        phone="01 02",
        mobilephone="06 07",
        work_phone="01 02",
    )
    assert found.emails == ("a@example.fr", "b@example.fr", "c@example.fr")
    assert found.phones == ("01 02", "06 07")


def test_only_what_was_asked_for_is_in_the_values() -> None:
    """The contract: `values` holds the asked properties that are filled."""
    assert read(jobtitle="CEO", firstname="Ada").values == {"jobtitle": "CEO"}
    assert read(jobtitle=None).values == {}


def test_no_value_is_in_the_repr_of_a_record() -> None:
    """No personal value in a log or a traceback."""
    assert "secret" not in repr(read(email="secret@example.fr", phone="secret", jobtitle="secret"))


def test_a_row_without_a_version_is_not_understood() -> None:
    """Every write is bound to a version."""
    with pytest.raises(BadAnswer):
        record(REF, {"id": "101", "properties": {}}, (), Around(), options())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-05-05T08:00:00.000Z", WHEN),
        ("2021-05-05T10:00:00+02:00", WHEN),
        ("1620201600000", WHEN),
        ("2021-05-05", datetime(2021, 5, 5, tzinfo=UTC)),
        ("", None),
        ("soon", None),
        ("99999999999999999999", None),
    ],
)
def test_every_stamp_that_hubspot_writes_is_read(text: str, expected: datetime | None) -> None:
    """ISO, a date, or milliseconds; anything else is no date."""
    assert moment(text) == expected


@pytest.mark.parametrize("source", ["IMPORT", "INTEGRATION", "MIGRATION", "BATCH_UPDATE", "API", "import"])
def test_the_creation_date_of_an_import_is_not_the_date_of_collection(source: str) -> None:
    """RET-20, RET-22: then the date of collection is unknown."""
    found = read(createdate="2021-05-05T08:00:00Z", hs_object_source=source)
    assert (found.created, found.collected) == (WHEN, None)


@pytest.mark.parametrize("source", ["FORM", "CRM_UI", "MEETINGS", ""])
def test_the_creation_date_counts_as_collection_otherwise(source: str) -> None:
    """A record without a source counts too, unless the list says not."""
    assert read(createdate="2021-05-05T08:00:00Z", hs_object_source=source).collected == WHEN
    told = options(imported=[source])
    assert read(settings=told, createdate="2021-05-05T08:00:00Z", hs_object_source=source).collected is None


def test_the_property_named_in_the_configuration_wins_over_the_creation_date() -> None:
    """Filled with something that is no date, it is no reason to fall back on one that may be wrong."""
    told = options(collected="first_seen")
    assert read(settings=told, createdate="2021-05-05T08:00:00Z", first_seen="2019-01-01").collected == datetime(
        2019, 1, 1, tzinfo=UTC
    )
    assert read(settings=told, createdate="2021-05-05T08:00:00Z").collected == WHEN
    assert read(settings=told, createdate="2021-05-05T08:00:00Z", first_seen="unknown").collected is None


def test_the_origin_says_source_and_label() -> None:
    """For findings."""
    assert read(hs_object_source="INTEGRATION", hs_object_source_label="API").origin == "INTEGRATION (API)"
    assert read(hs_object_source="FORM", hs_object_source_label="FORM").origin == "FORM"
    assert read().origin == ""


@pytest.mark.parametrize("planted", ["Jeanne Secret", "secret@example.fr", "+33612345678", "secret", "0612345678"])
def test_no_value_can_pass_for_an_origin(planted: str) -> None:
    """An origin is stored with findings: codes of HubSpot's only."""
    assert read(hs_object_source=planted, hs_object_source_label=planted).origin == "OTHER"
    assert read(hs_object_source="FORM", hs_object_source_label=planted).origin == "FORM (OTHER)"


def test_a_version_is_a_stamp() -> None:
    """It is stored with a plan."""
    with pytest.raises(BadAnswer):
        record(REF, {"id": "101", "updatedAt": "secret@example.fr", "properties": {}}, (), Around(), options())


def test_only_contacts_from_the_person_are_inbound() -> None:
    """RET-20: clicks, replies, forms; never opens, our own mails, sales activity, notes or edits."""
    stamp = "2023-01-01T00:00:00Z"
    never = ("hs_email_last_open_date", "hs_email_last_send_date", "notes_last_contacted", "notes_last_updated")
    more = (
        "hs_last_sales_activity_timestamp",
        "lastmodifieddate",
        "hs_analytics_last_timestamp",
        "hs_lastmodifieddate",
    )
    stamps: dict[str, Any] = dict.fromkeys((*never, *more), stamp)
    assert read(**stamps).inbound == ()
    found = read(hs_email_last_click_date=stamp, hs_email_last_reply_date=stamp, recent_conversion_date=stamp)
    assert [item.source for item in found.inbound] == [
        "hs_email_last_click_date",
        "hs_email_last_reply_date",
        "recent_conversion_date",
    ]
    assert not set(names(options())) & {*never, "hs_last_sales_activity_timestamp"}


@pytest.mark.parametrize("name", ["hs_sales_email_last_clicked", "engagements_last_meeting_booked"])
def test_clicks_in_sales_mails_and_booked_meetings_are_inbound(name: str) -> None:
    """RET-20: the person clicked, or picked a date on a meetings page; a meeting that staff logged is no such thing."""
    dated: dict[str, Any] = {name: "2023-01-01T00:00:00Z", "hs_latest_meeting_activity": "2024-01-01T00:00:00Z"}
    found = read(**dated, hs_sales_email_last_opened="2024-01-01T00:00:00Z", hs_document_last_revisited="2024-01-01")
    assert [item.source for item in found.inbound] == [name]
    assert name in names(options())


def test_a_source_that_cannot_be_dated_is_unreadable() -> None:
    """A moment that is not understood must not look like silence."""
    assert read(recent_conversion_date="soon").unreadable == ("recent_conversion_date",)


def test_sources_that_the_configuration_leaves_out_are_not_read() -> None:
    """TOML overrides; an unknown name is an error that names the known ones."""
    told = options(inbound=["incoming_email"])
    assert read(settings=told, recent_conversion_date="2023-01-01").inbound == ()
    assert "recent_conversion_date" not in names(told)
    with pytest.raises(ValidationError, match="hs_email_last_click_date"):
        options(inbound=["hs_email_last_open_date"])
    assert options().inbound == SOURCES


def test_what_the_children_tell_is_added() -> None:
    """Moments, signals, open business and what could not be read."""
    told = Activity(
        (Moment(WHEN, "won_deal"),), frozenset({"won_deal"}), frozenset({"ticket", "deal"}), frozenset({"ticket"})
    )
    found = read(Around(told), lifecyclestage="customer")
    assert found.inbound == (Moment(WHEN, "won_deal"),)
    assert found.signals == {"won_deal", "customer_stage"}
    assert (found.open, found.unreadable) == (("deal", "ticket"), ("ticket",))


@pytest.mark.parametrize(
    ("stage", "signals"),
    [("evangelist", {"customer_stage"}), ("lead", {"prospect_stage"}), ("other", set()), ("", set())],
)
def test_the_lifecycle_stage_tells_the_audience(stage: str, signals: set[str]) -> None:
    """Stages that are in neither list tell nothing."""
    assert read(lifecyclestage=stage).signals == signals


def test_an_opt_out_from_everything_is_an_objection_and_silences_the_main_address() -> None:
    """SUP-01."""
    found = read(email="a@example.fr", hs_email_optout="true")
    assert found.objections == (Objection("email", "hs_email_optout"),)
    assert found.suppressed == {"email"}


@pytest.mark.parametrize("value", ["false", "", None, "False"])
def test_no_opt_out_is_no_objection(value: str | None) -> None:
    """Unset is not an objection."""
    found = read(email="a@example.fr", hs_email_optout=value, hs_email_bad_address="true", hs_email_quarantined="true")
    assert (found.objections, found.suppressed) == ((), frozenset())


def test_one_subscription_type_counts_only_when_it_means_marketing() -> None:
    """DESIGN §6: and it is an objection without silencing the address."""
    assert read(email="a@example.fr", hs_email_optout_1002="true").objections == ()
    found = read(settings=options(marketing_subscriptions=["1001"]), email="a@example.fr", hs_email_optout_1001="true")
    assert found.objections == (Objection("email", "hs_email_optout_1001"),)
    assert found.suppressed == frozenset()


def test_the_declared_property_is_the_telephone_flag_whoever_set_it() -> None:
    """A channel without a native flag."""
    found = read(phone="01", repoussoir_no_telephone="true")
    assert found.objections == (Objection("telephone", "repoussoir_no_telephone"),)
    assert found.suppressed == {"telephone", "email"}


def test_an_additional_address_that_still_gets_mail_is_not_suppressed() -> None:
    """§12.14: hs_email_optout tells of the main address only."""
    row: dict[str, Any] = {"email": "a@example.fr", "hs_additional_emails": "B@example.fr", "hs_email_optout": "true"}
    assert read(Around(consents={"b@example.fr": Consent()}), **row).suppressed == frozenset()
    assert read(Around(), **row).suppressed == frozenset()
    assert read(Around(consents={"b@example.fr": Consent(True)}), **row).suppressed == {"email"}


def test_an_objection_on_an_additional_address_is_one_of_the_person() -> None:
    """SUP-05, with the time that HubSpot tells."""
    told = Objection("email", "PORTAL_WIDE", WHEN)
    consents = {"b@example.fr": Consent(True, (told,)), "z@example.fr": Consent(True, (Objection("email", "other"),))}
    found = read(Around(consents=consents), email="a@example.fr", hs_additional_emails="b@example.fr")
    assert found.objections == (told,)
    assert found.suppressed == frozenset()


def test_a_status_that_hubspot_would_not_tell_is_named() -> None:
    """An objection that could not be read must not look like none."""
    around = Around(consents={"b@example": Consent(read=False)})
    assert read(around, email="a@example.fr", hs_additional_emails="b@example").unreadable == ("subscription_status",)


def test_with_brands_the_flag_of_the_row_does_not_silence() -> None:
    """§5.2: an opt-out may cover one brand only; the statuses of every brand decide."""
    told = options(business_units=["0", "7"])
    row: dict[str, Any] = {"email": "a@example.fr", "hs_email_optout": "true"}
    assert read(Around(), told, **row).suppressed == frozenset()
    assert read(Around(consents={"a@example.fr": Consent(True)}), told, **row).suppressed == {"email"}


def test_the_restriction_is_read_from_its_property() -> None:
    """Art. 18."""
    assert read(repoussoir_restricted="true").restricted
    assert not read(repoussoir_restricted="false").restricted
