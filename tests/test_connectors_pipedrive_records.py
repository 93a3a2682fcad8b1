"""A person of the wire as a Record: pure, without a server (pipedrive.md §4.2, §4.4, §12)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.pipedrive import OPTIONS
from connectors.pipedrive.client import Row
from connectors.pipedrive.clock import Inputs, moment
from connectors.pipedrive.options import PipedriveOptions
from connectors.pipedrive.records import record
from connectors.pipedrive.schema import Layout, field, layout
from core.errors import BadAnswer
from core.model import Objection, Record

SOURCE, SINCE, NO_PHONE, NO_EMAIL, MANY, MONEY = (letter * 40 for letter in "abcdef")
TWIN = "0" * 39 + "1"
NOTHING = Inputs(inbound=(), unreadable=(), won=False, open=())
FIELDS = (
    (SOURCE, "Record source", "enum", ("Import", "Web form")),
    (SINCE, "Since", "date", ()),
    (NO_PHONE, "repoussoir_no_telephone", "enum", ("yes", "no")),
    (NO_EMAIL, "repoussoir_no_email", "enum", ("yes", "no")),
    (MANY, "Régime", "set", ("sans sel", "végétarien")),
    (MONEY, "Spent", "monetary", ()),
    (TWIN, "Twin", "date", ()),
    (TWIN[::-1], "Twin", "date", ()),
)


def known(options: PipedriveOptions) -> Layout:
    """The fields of an account, the built-in e-mail among them."""
    rows: list[Row] = [{"field_code": "email", "field_name": "Email", "field_type": "varchar"}]
    for code, name, kind, labels in FIELDS:
        choices = [{"id": number, "label": label} for number, label in enumerate(labels, 1)]
        rows.append({"field_code": code, "field_name": name, "field_type": kind, "options": choices})
        rows[-1]["is_custom_field"] = True
    return layout([field(row) for row in rows], options)


def made(row: Row, *wanted: str, **configured: Any) -> Record:
    """The record of a person."""
    options = OPTIONS.model_validate({"connector": "pipedrive", **configured})
    whole: Row = {"id": 7, "update_time": "2021-02-01T00:00:00Z", "add_time": "2021-01-01T00:00:00Z", **row}
    return record("pd", whole, known(options), options, NOTHING, wanted)


def test_every_address_is_taken_the_main_one_first() -> None:
    """Trap 25: secondary addresses and numbers identify too; empty ones do not."""
    emails = [{"value": "b@x.org", "primary": False}, {"value": "a@x.org", "primary": True}, {"value": ""}]
    got = made({"emails": emails, "phones": None})
    assert got.emails == ("a@x.org", "b@x.org")
    assert got.phones == ()


@pytest.mark.parametrize("status", ["no_consent", "archived", "subscribed", "bounced", "pending", None])
def test_only_unsubscribed_is_a_native_objection(status: str | None) -> None:
    """SUP-01: never no_consent, archived, a bounce, or a state we do not know."""
    got = made({"marketing_status": status})
    assert got.objections == ()
    assert got.suppressed == frozenset()


def test_unsubscribed_is_an_objection_and_suppresses() -> None:
    """§4.4."""
    got = made({"marketing_status": "unsubscribed"})
    assert got.objections == (Objection("email", "marketing_status"),)
    assert got.suppressed == {"email"}


def test_a_declared_field_set_by_a_person_is_an_objection_a_word_for_no_is_none() -> None:
    """Options are numbers here, and texts elsewhere (trap 19)."""
    got = made({"custom_fields": {NO_PHONE: 1, NO_EMAIL: 2}})
    assert got.objections == (Objection("telephone", "repoussoir_no_telephone"),)
    assert got.suppressed == {"telephone"}


@pytest.mark.parametrize(
    ("status", "suppressed"),
    [("subscribed", False), ("pending", False), ("no_consent", True), ("archived", True), ("unsubscribed", True)],
)
def test_the_declared_email_field_does_not_stop_campaigns(status: str, suppressed: bool) -> None:
    """§4.4: a person whom Campaigns may still mail is not suppressed, whatever our field says."""
    got = made({"marketing_status": status, "custom_fields": {NO_EMAIL: 1}})
    assert ("email" in got.suppressed) is suppressed
    assert Objection("email", "repoussoir_no_email") in got.objections


def test_without_campaigns_the_declared_field_suppresses() -> None:
    """§4.4: then it is all there is."""
    assert made({"custom_fields": {NO_EMAIL: 1}}).suppressed == {"email"}


def test_the_version_moves_with_the_record_and_with_the_status_of_its_address() -> None:
    """§4.4: the status hangs on the address, so it can change without the person."""
    one = made({"marketing_status": "subscribed"}).version
    assert one != made({"marketing_status": "unsubscribed"}).version
    assert one != made({"marketing_status": "subscribed", "update_time": "2021-02-01T00:00:01Z"}).version


def test_a_person_without_a_stamp_is_a_bad_answer() -> None:
    """A write could not be bound to anything."""
    with pytest.raises(BadAnswer):
        made({"update_time": None})


def test_a_record_that_came_by_import_is_not_dated_by_its_creation() -> None:
    """DESIGN §6: the field is known by name or code, its options by label, its values by number."""
    configured: dict[str, Any] = {"imported": {"field": "Record source", "values": ["import"]}}
    got = made({"custom_fields": {SOURCE: 1}}, **configured)
    assert (got.collected, got.origin) == (None, "Import")
    got = made({"custom_fields": {SOURCE: 2}}, imported={"field": SOURCE, "values": ["Import"]})
    assert (got.collected, got.origin) == (datetime(2021, 1, 1, tzinfo=UTC), "other")
    assert made({}, **configured).collected == got.created


def test_a_configured_source_field_that_is_not_there_dates_nothing() -> None:
    """RET-22: fail closed."""
    got = made({}, imported={"field": "Elsewhere", "values": ["Import"]})
    assert got.collected is None
    assert made({}, collected="Elsewhere").collected is None
    assert made({"custom_fields": {TWIN: "2019-05-06", TWIN[::-1]: "2019-05-06"}}, collected="Twin").collected is None


def test_the_collection_date_may_be_a_field() -> None:
    """Empty or unintelligible: unknown, not the creation date."""
    assert made({"custom_fields": {SINCE: "2019-05-06"}}, collected="Since").collected == datetime(
        2019, 5, 6, tzinfo=UTC
    )
    assert made({"custom_fields": {SINCE: "long ago"}}, collected="Since").collected is None
    assert made({}, collected="Since").collected is None


def test_only_the_values_that_were_asked_for_are_held_as_text() -> None:
    """A multiple choice is joined by `;`, an object says its main part."""
    row = {
        "emails": [{"value": "a@x.org", "label": "work"}],
        "custom_fields": {MANY: [1, 2], MONEY: {"value": 500, "currency": "EUR"}, SINCE: None, SOURCE: 1},
    }
    assert made(row).values == {}
    assert made(row, MANY, MONEY, SINCE, "email", "unknown").values == {
        MANY: "1;2",
        MONEY: "500 EUR",
        "email": "a@x.org",
    }


def test_no_personal_value_is_in_a_repr() -> None:
    """Records end up in logs and tracebacks."""
    got = made({"emails": [{"value": "jean@x.org"}], "custom_fields": {SOURCE: "secret"}}, SOURCE)
    assert "jean" not in repr(got)
    assert "secret" not in repr(got)


@pytest.mark.parametrize(
    "text", ["2023-05-01T15:00:00Z", "2023-05-01 15:00:00", "2023-05-01T17:00:00+02:00", "2023-05-01T15:00:00.000Z"]
)
def test_times_of_both_versions_are_read_as_utc(text: str) -> None:
    """§3.3."""
    assert moment(text) == datetime(2023, 5, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize("text", [None, "", "0000-00-00 00:00:00", "soon", 5])
def test_no_time_is_none(text: object) -> None:
    """§7: never signed in may be null or zero."""
    assert moment(text) is None
