"""Reading contacts from the local HubSpot: completeness, children, statuses, merged and missing records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import BadAnswer, ConfigError, NotAllowed
from core.model import Moment, Objection, Query, Ref
from tests.test_connectors_hubspot_connector import Place, everything, fresh


@pytest.fixture(scope="module")
def running() -> Iterator[Place]:
    """One server for the file."""
    place = Place()
    yield place
    place.close()


@pytest.fixture
def place(running: Place) -> Place:
    """The server in its first state."""
    running.sandbox.reset()
    return running


def contact(id: str) -> Ref:
    """A contact's ref."""
    return Ref("hubspot", "contact", id)


def test_a_scan_reads_every_contact_by_the_list_and_never_by_search(place: Place) -> None:
    """§12.1: search lags, stops at 10,000 and hides; ten pages share the calls for links."""
    for number in range(1005):
        place.contact(str(1000 + number), email=f"p{number}@example.fr")
    pages = list(place.connect().scan(Query("contact")))
    assert [len(page.records) for page in pages] == [1000, 5]
    assert [page.last for page in pages] == [False, True]
    assert len({record.ref.id for page in pages for record in page.records}) == 1005
    assert place.calls("/search") == 0
    assert (place.calls("/objects/contacts$"), place.calls("/associations/")) == (11, 8)


def test_an_empty_account_has_one_last_page(place: Place) -> None:
    """The last page, which may be empty, says so."""
    assert [(page.records, page.last) for page in place.connect().scan(Query("contact"))] == [((), True)]


def test_archived_contacts_are_not_scanned_and_read_as_gone(place: Place) -> None:
    """§12.5: the list leaves them out; a batch read does not find them."""
    place.load({"kind": "contacts", "id": "9", "properties": {"email": "a@example.fr"}, "archived": True})
    assert everything(place.connect()) == []
    assert place.connect().get([contact("9")]) == {contact("9"): None}


def test_a_cursor_that_does_not_move_is_no_end(place: Place) -> None:
    """A scan that cannot be complete raises, and does not turn for ever."""
    body = {"results": [], "paging": {"next": {"after": "7"}}}
    place.fault("/objects/contacts$", status=200, body=body, times=None)
    with pytest.raises(BadAnswer):
        everything(place.connect())


def turning(place: Place, path: str, *cursors: str, rows: tuple[dict[str, Any], ...] = ()) -> None:
    """Answers whose cursors go round and round, and do not end before a reader that trusts them has been caught."""
    for _ in range(20):
        for after in cursors:
            paging = {"paging": {"next": {"after": after}}}
            results = [{**row, **paging} for row in rows]
            place.fault(path, status=200, body={"status": "COMPLETE", "results": results, **({} if rows else paging)})


def test_cursors_that_alternate_are_no_list(place: Place) -> None:
    """Each one moves, and yet the list never ends: what is after them is never read."""
    turning(place, "/objects/contacts$", "7", "8")
    with pytest.raises(BadAnswer, match="cursor"):
        everything(place.connect())
    assert place.calls("/objects/contacts$") == 3


def test_cursors_that_come_back_later_are_no_list(place: Place) -> None:
    """Also over the border of the blocks that a scan answers."""
    turning(place, "/objects/contacts$", *(str(number) for number in range(1, 15)))
    with pytest.raises(BadAnswer, match="cursor"):
        everything(place.connect())
    assert place.calls("/objects/contacts$") == 15


def test_cursors_of_links_that_alternate_are_no_list(place: Place) -> None:
    """§2.6: each record's links have a cursor of their own."""
    place.contact("101")
    turning(place, "/associations/contacts/deals", "7", "8", rows=({"from": {"id": "101"}, "to": []},))
    with pytest.raises(BadAnswer, match="cursor"):
        place.connect().get([contact("101")])


def test_cursors_of_users_that_alternate_are_no_list(place: Place) -> None:
    """The access audit must not turn for ever either."""
    turning(place, "/settings/v3/users", "7", "8")
    with pytest.raises(BadAnswer, match="cursor"):
        list(place.connect().users())


@pytest.mark.parametrize("paging", [None, {}, {"next": None}])
def test_an_empty_paging_is_the_end(place: Place, paging: object) -> None:
    """§12.26."""
    place.fault("/objects/contacts$", status=200, body={"results": [], "paging": paging})
    assert everything(place.connect()) == []


def test_a_long_list_of_properties_goes_in_a_body(place: Place) -> None:
    """§12.27: HubSpot answers 414 to long URLs; the list then gives ids only."""
    names = [f"custom_{'x' * 40}_{number}" for number in range(150)]
    for name in names:
        place.load({"kind": "property", "objectType": "contacts", "name": name})
    filled: dict[str, Any] = {names[-1]: "here"}
    place.contact("101", email="a@example.fr", **filled)
    (record,) = everything(place.connect(), *names)
    assert record.values == {names[-1]: "here"}
    assert record.emails == ("a@example.fr",)


def test_get_answers_every_ref_and_in_batches(place: Place) -> None:
    """Gone is None; any number of refs; what is no id cannot be there."""
    for number in range(120):
        place.contact(str(1000 + number))
    refs = [contact(str(1000 + number)) for number in range(120)]
    odd = [contact("999999"), contact("a@example.fr"), contact("../1000"), Ref("hubspot", "robot", "1")]
    found = place.connect().get([*refs, *odd])
    assert list(found) == [*refs, *odd]
    assert all(found[ref] for ref in refs) and not any(found[ref] for ref in odd)
    assert place.calls("/contacts/batch/read") == 2


def test_a_merged_away_contact_is_gone_and_not_the_survivor(place: Place) -> None:
    """§12.20: a batch read answers the survivor under another id; nobody may erase B for A."""
    place.contact("101", email="a@example.fr")
    place.contact("102", email="b@example.fr")
    place.raw("POST", "/crm/v3/objects/contacts/merge", {"primaryObjectId": "101", "objectIdToMerge": "102"})
    survivors = [record.ref for record in everything(place.connect())]
    found = place.connect().get([contact("101"), contact("102"), *survivors])
    assert {ref for ref, record in found.items() if record} == set(survivors)


def test_a_row_error_that_is_not_about_absence_is_not_gone(place: Place) -> None:
    """Never guess: a 207 may hold other errors."""
    error = {"status": "error", "category": "INTERNAL_ERROR", "context": {"ids": ["101"]}}
    body = {"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [error]}
    place.contact("101")
    place.fault("/contacts/batch/read", status=207, body=body)
    with pytest.raises(BadAnswer):
        place.connect().get([contact("101")])


def test_a_row_in_neither_list_is_looked_for_alone(place: Place) -> None:
    """§2.3: it may be missing from both; a record that exists is then not called gone."""
    place.contact("101")
    place.fault("/contacts/batch/read", status=200, body={"status": "COMPLETE", "results": []}, times=None)
    with pytest.raises(BadAnswer):
        place.connect().get([contact("101")])
    assert place.connect().get([contact("102")]) == {contact("102"): None}


def test_an_archived_row_is_gone(place: Place) -> None:
    """Whichever list it comes in."""
    row = {"id": "101", "updatedAt": "2026-11-24T00:00:00Z", "properties": {}, "archived": True}
    place.fault("/contacts/batch/read", status=200, body={"status": "COMPLETE", "results": [row]})
    assert place.connect().get([contact("101")]) == {contact("101"): None}


def test_a_property_of_the_configuration_that_is_not_there_is_an_error(place: Place) -> None:
    """§2.1: a read leaves unknown names out silently, and a phone number or an objection would be missed."""
    for setting in ({"phones": ["nophone"]}, {"collected": "noday"}, {"marketing_subscriptions": ["404"]}):
        with pytest.raises(ConfigError, match=next(iter(setting))):
            everything(place.connect(**setting))


def test_an_inbound_property_that_the_account_lacks_is_unreadable(place: Place) -> None:
    """An account without the product has no such property: silence is not inactivity."""
    place.contact("101")
    rows = place.raw("GET", "/crm/v3/properties/contacts")["results"]
    kept = [row for row in rows if row["name"] != "recent_conversion_date"]
    place.fault("/properties/contacts", status=200, body={"results": kept})
    (record,) = everything(place.connect(inbound=["hs_email_last_click_date", "recent_conversion_date"]))
    assert record.unreadable == ("recent_conversion_date",)


def test_a_property_that_comes_with_a_product_is_read_where_it_is_there(place: Place) -> None:
    """An account without surveys or orders has none of their properties: then nobody can have come that way."""
    when = "2024-05-05T00:00:00Z"
    place.contact("101", hs_feedback_last_survey_date=when)
    assert fresh(place.connect(), contact("101")).unreadable == ()
    name = "hs_feedback_last_csat_survey_date"
    place.load({"kind": "property", "objectType": "contacts", "name": name, "type": "datetime", "fieldType": "date"})
    later: dict[str, Any] = {name: "2024-06-06T00:00:00Z"}
    place.contact("102", **later)
    first, second = everything(place.connect())
    assert first.inbound == (Moment(datetime(2024, 5, 5, tzinfo=UTC), "hs_feedback_last_survey_date"),)
    assert second.inbound == (Moment(datetime(2024, 6, 6, tzinfo=UTC), name),)


@pytest.mark.parametrize("name", ["hs_email_optout", "hs_additional_emails", "email"])
def test_an_account_that_hides_what_objections_are_read_from_is_not_understood(place: Place, name: str) -> None:
    """§2.1: unknown names are left out silently: every objection would be missed."""
    rows = place.raw("GET", "/crm/v3/properties/contacts")["results"]
    place.fault("/properties/contacts", status=200, body={"results": [row for row in rows if row["name"] != name]})
    with pytest.raises(BadAnswer, match=name):
        everything(place.connect())


def test_the_children_tell_the_clock_the_audience_and_open_business(place: Place) -> None:
    """RET-20: what came in, won deals, open deals and tickets; not what we sent."""
    place.contact("101")
    links = [("contacts", "101")]
    place.child("emails", "1", links, hs_timestamp="2023-01-01T00:00:00Z", hs_email_direction="INCOMING_EMAIL")
    place.child("emails", "2", links, hs_timestamp="2024-01-01T00:00:00Z", hs_email_direction="INCOMING_EMAIL")
    place.child("emails", "3", links, hs_timestamp="2025-01-01T00:00:00Z", hs_email_direction="EMAIL")
    place.child("calls", "4", links, hs_timestamp="2023-02-01T00:00:00Z", hs_call_direction="INBOUND")
    place.child("calls", "5", links, hs_timestamp="2025-02-01T00:00:00Z", hs_call_direction="OUTBOUND")
    place.child("notes", "6", links, hs_timestamp="2025-03-01T00:00:00Z", hs_note_body="x")
    place.child("deals", "7", links, dealstage="closedwon", closedate="2022-06-01T00:00:00Z")
    place.child("deals", "8", links, dealstage="appointmentscheduled")
    place.child("tickets", "9", links, hs_pipeline_stage="1")
    record = fresh(place.connect(), contact("101"))
    assert {item.source: item.at for item in record.inbound} == {
        "incoming_email": datetime(2024, 1, 1, tzinfo=UTC),
        "inbound_call": datetime(2023, 2, 1, tzinfo=UTC),
        "won_deal": datetime(2022, 6, 1, tzinfo=UTC),
    }
    assert record.signals == {"won_deal"}
    assert record.open == ("deal", "ticket")


@pytest.mark.parametrize("source", ["CHAT", "EMAIL", "FORM", "PHONE"])
@pytest.mark.parametrize("stage", ["1", "4"])
def test_a_ticket_that_the_person_opened_is_a_contact_closed_or_not(place: Place, source: str, stage: str) -> None:
    """RET-20: its source says through which channel it was submitted."""
    place.contact("101")
    when = "2024-05-05T00:00:00Z"
    place.child("tickets", "9", [("contacts", "101")], hs_pipeline_stage=stage, source_type=source, createdate=when)
    assert fresh(place.connect(), contact("101")).inbound == (Moment(datetime(2024, 5, 5, tzinfo=UTC), "ticket"),)


def test_a_ticket_that_staff_opened_is_no_contact(place: Place) -> None:
    """No source, a source that the configuration does not name, or one that HubSpot marks as opened by writing to the person."""
    for name in ("hs_outbound_ticket", "hs_last_message_received_at"):
        place.load({"kind": "property", "objectType": "tickets", "name": name})
    place.contact("101")
    links, closed = [("contacts", "101")], {"hs_pipeline_stage": "4", "createdate": "2024-05-05T00:00:00Z"}
    place.child("tickets", "7", links, **closed)
    place.child("tickets", "8", links, **closed, source_type="EMAIL", hs_outbound_ticket="true")
    place.child("tickets", "9", links, **closed, source_type="PHONE", closed_date="2025-01-01T00:00:00Z")
    told = place.connect(ticket_sources=["FORM", "EMAIL"])
    assert fresh(told, contact("101")).inbound == ()


@pytest.mark.parametrize("name", ["hs_last_message_received_at", "last_reply_date"])
def test_an_answer_of_the_person_in_a_ticket_is_a_contact_whoever_opened_it(place: Place, name: str) -> None:
    """The date of the visitor's last message, of the customer's last reply; not of the agent's."""
    for each in (name, "hs_last_message_sent_at"):
        place.load({"kind": "property", "objectType": "tickets", "name": each})
    place.contact("101")
    dates = {"createdate": "2022-01-01T00:00:00Z", name: "2024-05-05T00:00:00Z"}
    sent = {"hs_last_message_sent_at": "2025-05-05T00:00:00Z"}
    place.child("tickets", "9", [("contacts", "101")], hs_pipeline_stage="4", **dates, **sent)
    assert fresh(place.connect(), contact("101")).inbound == (Moment(datetime(2024, 5, 5, tzinfo=UTC), "ticket"),)
    assert fresh(place.connect(inbound=["won_deal"]), contact("101")).inbound == ()


def test_a_ticket_whose_answer_has_no_date_is_unreadable(place: Place) -> None:
    """It must not look like silence."""
    place.load({"kind": "property", "objectType": "tickets", "name": "last_reply_date"})
    place.contact("101")
    place.child("tickets", "9", [("contacts", "101")], hs_pipeline_stage="4", last_reply_date="yesterday")
    assert fresh(place.connect(), contact("101")).unreadable == ("ticket",)


def test_a_mail_that_staff_forwarded_came_from_the_person(place: Place) -> None:
    """Mails that we send are logged by BCC; what is forwarded to HubSpot is what was received."""
    place.contact("101")
    told = {"hs_timestamp": "2024-05-05T00:00:00Z", "hs_email_direction": "FORWARDED_EMAIL"}
    place.child("emails", "1", [("contacts", "101")], **told)
    expected = (Moment(datetime(2024, 5, 5, tzinfo=UTC), "incoming_email"),)
    assert fresh(place.connect(), contact("101")).inbound == expected


def test_closed_business_is_not_open(place: Place) -> None:
    """Lost deals and closed tickets; a stage that nobody knows is open."""
    place.contact("101")
    place.child("deals", "7", [("contacts", "101")], dealstage="closedlost")
    place.child("tickets", "9", [("contacts", "101")], hs_pipeline_stage="4")
    assert fresh(place.connect(), contact("101")).open == ()
    place.child("deals", "8", [("contacts", "101")], dealstage="presentationscheduled", hs_is_closed="")
    assert fresh(place.connect(), contact("101")).open == ("deal",)
    assert fresh(place.connect(won_stages=["presentationscheduled"]), contact("101")).signals == {"won_deal"}


def test_a_moment_without_a_date_is_unreadable(place: Place) -> None:
    """A won deal without a close date makes a customer whose clock is not known."""
    place.contact("101")
    place.child("deals", "7", [("contacts", "101")], dealstage="closedwon")
    record = fresh(place.connect(), contact("101"))
    assert record.signals == {"won_deal"}
    assert record.unreadable == ("won_deal",)


@pytest.mark.parametrize(
    ("scope", "lost"), [("crm.objects.deals.read", ("deal", "won_deal")), ("tickets", ("ticket",))]
)
def test_children_that_may_not_be_read_are_named_and_not_asked_twice(
    place: Place, scope: str, lost: tuple[str, ...]
) -> None:
    """RET-22: a missing scope must not look like no open business."""
    place.contact("101")
    connector = place.connect(f"sandbox-lacks:{scope}")
    assert fresh(connector, contact("101")).unreadable == lost
    assert fresh(connector, contact("101")).unreadable == lost
    assert place.calls("/associations/contacts/(deals|tickets)") == 3


def test_every_page_of_links_is_read(place: Place) -> None:
    """§2.6: links are paged by row, 500 at a time; the one that counts may be the last."""
    place.contact("101")
    for number in range(501):
        place.child("calls", str(2000 + number), [("contacts", "101")], hs_call_direction="OUTBOUND")
    place.child(
        "calls", "3000", [("contacts", "101")], hs_call_direction="INBOUND", hs_timestamp="2024-05-05T00:00:00Z"
    )
    record = fresh(place.connect(), contact("101"))
    assert record.inbound == (Moment(datetime(2024, 5, 5, tzinfo=UTC), "inbound_call"),)


def test_links_that_fail_for_another_reason_are_not_none(place: Place) -> None:
    """§2.6: NO_ASSOCIATIONS_FOUND is benign, other errors are not."""
    place.contact("101")
    error = {"status": "error", "category": "INTERNAL_ERROR", "context": {"fromObjectId": ["101"]}}
    place.fault("/associations/contacts/deals", status=207, body={"results": [], "numErrors": 1, "errors": [error]})
    with pytest.raises(BadAnswer):
        place.connect().get([contact("101")])


@pytest.mark.parametrize("tier", ["professional", "enterprise"])
def test_additional_addresses_have_a_status_of_their_own(place: Place, tier: str) -> None:
    """§12.14, §12.15: read by batch on Enterprise, one by one below; only where there are such addresses."""
    place.settings(tier=tier)
    place.contact("101", email="a@example.fr", hs_additional_emails="b@example.fr;c@example.fr")
    place.contact("102", email="d@example.fr", hs_email_optout="true")
    stamp = "2022-02-02T00:00:00.000Z"
    place.load({"kind": "subscription", "email": "b@example.fr", "status": "unsubscribed_all", "timestamp": stamp})
    first, second = everything(place.connect())
    told = Objection("email", "PORTAL_WIDE", datetime(2022, 2, 2, tzinfo=UTC))
    assert (first.objections, first.suppressed) == ((told,), frozenset())
    assert second.suppressed == {"email"}
    assert place.calls("/statuses/[^/]+%40") == (0 if tier == "enterprise" else 2)


@pytest.mark.parametrize("tier", ["professional", "enterprise"])
def test_a_marketing_type_counts_on_additional_addresses_too(place: Place, tier: str) -> None:
    """DESIGN §6: a type only for the purpose that the configuration maps to it."""
    place.settings(tier=tier)
    place.contact("101", email="a@example.fr", hs_additional_emails="b@example.fr")
    place.load({"kind": "subscription", "email": "b@example.fr", "status": "unsubscribed", "subscriptionId": "1001"})
    assert fresh(place.connect(), contact("101")).objections == ()
    (objection,) = fresh(place.connect(marketing_subscriptions=["1001"]), contact("101")).objections
    assert (objection.channel, objection.source) == ("email", "hs_email_optout_1001")


def test_a_refused_batch_is_not_tried_again(place: Place) -> None:
    """§8: errors are to be kept few; and an address may hold what means something in a path."""
    ref = place.contact("101", email="a@example.fr", hs_additional_emails="b?c/d#e@example.fr")
    place.load({"kind": "subscription", "email": "b?c/d#e@example.fr", "status": "unsubscribed_all"})
    connector = place.connect()
    for _ in range(2):
        assert [item.source for item in fresh(connector, ref).objections] == ["PORTAL_WIDE"]
    assert place.calls("/statuses/batch/") == 1


def test_an_address_that_hubspot_does_not_take_stops_nobody_else(place: Place) -> None:
    """One bad address refuses a batch; it alone is unreadable."""
    place.settings(tier="enterprise")
    place.contact("101", email="a@example.fr", hs_additional_emails="not-an-address")
    place.contact("102", email="c@example.fr", hs_additional_emails="d@example.fr")
    place.load({"kind": "subscription", "email": "d@example.fr", "status": "unsubscribed_all"})
    first, second = everything(place.connect())
    assert first.unreadable == ("subscription_status",)
    assert [item.source for item in second.objections] == ["PORTAL_WIDE"]


def test_without_the_scope_for_statuses_nothing_is_said(place: Place) -> None:
    """An objection that may not be read must stop the account, not look like none."""
    place.contact("101", email="a@example.fr", hs_additional_emails="b@example.fr")
    with pytest.raises(NotAllowed):
        everything(place.connect("sandbox-lacks:communication_preferences.read"))


def test_sensitive_values_are_read_where_the_scope_is_there(place: Place) -> None:
    """§12.12."""
    name = {"kind": "property", "objectType": "contacts", "name": "health", "dataSensitivity": "sensitive"}
    place.load(name)
    place.contact("101", health="x")
    assert fresh(place.connect(), contact("101"), "health").values == {"health": "x"}
    with pytest.raises(NotAllowed) as caught:
        everything(place.connect("sandbox-lacks:crm.objects.contacts.sensitive.read"), "health")
    assert "crm.objects.contacts.sensitive.read" in caught.value.missing


def test_nothing_that_people_type_gets_beside_the_values(place: Place) -> None:
    """What a record says besides its values is stored: names of properties and words of ours, whatever is typed where."""
    typed = "Secret Person secret@example.fr 0612345678"
    marks: dict[str, Any] = {"hs_object_source": typed, "hs_object_source_label": typed, "lifecyclestage": typed}
    dates: dict[str, Any] = {"recent_conversion_date": typed, "hs_email_optout": typed}
    place.contact("101", email="secret@example.fr", phone="0612345678", firstname="Secret", **marks, **dates)
    links = [("contacts", "101")]
    place.child("deals", "1", links, dealname=typed, dealstage=typed, closedate=typed, hs_is_closed_won="true")
    place.child("tickets", "2", links, subject=typed, hs_pipeline_stage=typed, source_type="EMAIL", createdate=typed)
    place.child("emails", "3", links, hs_email_direction="INCOMING_EMAIL", hs_timestamp=typed, hs_email_subject=typed)
    record = fresh(place.connect(), contact("101"), "firstname")
    assert record.origin == "OTHER"
    assert record.open == ("ticket",) and record.signals == {"won_deal"}
    assert record.unreadable == ("incoming_email", "recent_conversion_date", "ticket", "won_deal")
    assert record.values == {"firstname": "Secret"}
    assert "ecret" not in repr(record) and "0612345678" not in repr(record)


@pytest.mark.parametrize("id", ["secret@example.fr", None, 7.5])
def test_a_row_without_a_number_for_an_id_is_not_understood(place: Place, id: object) -> None:
    """An id is stored, and a row that could not be read again would be left out silently."""
    row = {"id": id, "updatedAt": "2026-11-24T00:00:00Z", "properties": {}}
    place.fault("/objects/contacts$", status=200, body={"results": [row]})
    with pytest.raises(BadAnswer) as caught:
        everything(place.connect())
    assert "secret" not in str(caught.value)


def test_a_company_is_read_for_its_version(place: Place) -> None:
    """The audit anchor may be a company."""
    place.child("companies", "500", name="Acme")
    ref = Ref("hubspot", "company", "500")
    assert fresh(place.connect(), ref).version
    assert place.connect().get([Ref("hubspot", "company", "501")]) == {Ref("hubspot", "company", "501"): None}


def wide(address: str, *brands: dict[str, Any]) -> dict[str, Any]:
    """The answer to a read of what an address has opted out of as a whole."""
    return {"status": "COMPLETE", "results": [{"subscriberIdString": address, "wideStatuses": [*brands]}]}


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        (("UNSUBSCRIBED", "UNSUBSCRIBED"), {"email"}),
        (("UNSUBSCRIBED", "SUBSCRIBED"), set()),
        (("UNSUBSCRIBED", None), set()),
    ],
)
def test_opted_out_of_every_brand_is_an_objection(
    place: Place, statuses: tuple[str | None, str | None], told: set[str]
) -> None:
    """§5.2: nothing is left that the person may be written for, so it goes to the other CRMs too, dated by the last one."""
    place.settings(tier="enterprise")
    ref = place.contact("101", email="a@example.fr")
    for month, status in enumerate(statuses, 1):
        brand = {"wideStatusType": "BUSINESS_UNIT_WIDE", "status": status, "timestamp": f"2022-0{month}-02T00:00:00Z"}
        body = wide("a@example.fr", *([brand] if status else []))
        place.fault("/batch/unsubscribe-all/read$", status=200, body=body)
    record = fresh(place.connect(business_units=("0", "7")), ref)
    at = datetime(2022, 2, 2, tzinfo=UTC)
    assert record.objections == ((Objection("email", "BUSINESS_UNIT_WIDE", at),) if told else ())
    assert record.suppressed == told


def test_opted_out_of_every_brand_without_a_date_is_an_objection_without_one(place: Place) -> None:
    """Nothing is made up; a status that is not known counts as an objection, and not as silence."""
    place.settings(tier="enterprise")
    ref = place.contact("101", email="a@example.fr")
    for status in ("UNSUBSCRIBED", "SOMETHING_NEW"):
        body = wide("a@example.fr", {"wideStatusType": "BUSINESS_UNIT_WIDE", "status": status})
        place.fault("/batch/unsubscribe-all/read$", status=200, body=body)
    record = fresh(place.connect(business_units=("0", "7")), ref)
    assert record.objections == (Objection("email", "BUSINESS_UNIT_WIDE"),) and record.suppressed == set()
