"""Clear, Redact, Restrict, Anonymise and Bin against the local HubSpot: versions, twice, 207s, lost answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.hubspot.connector import HubSpotConnector
from core.actions import Anonymise, Bin, Clear, Command, Redact, Restrict, Span
from core.connector import AlreadyDone, Changed, Done, Gone, Refused
from core.errors import BadAnswer, NotAllowed, Unreachable
from core.model import Ref
from tests.test_connectors_hubspot_connector import Place, do, fresh


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


@pytest.fixture
def crm(place: Place) -> HubSpotConnector:
    """A connector to it."""
    return place.connect()


def gone(id: str) -> Ref:
    """A contact that is not there."""
    return Ref("hubspot", "contact", id)


def test_clear_empties_and_tells_the_new_version(place: Place, crm: HubSpotConnector) -> None:
    """§2.5: the empty text clears; history stays and the receipt says so."""
    ref = place.contact("101", jobtitle="CEO", city="Lyon")
    (receipt,) = do(crm, Clear(("jobtitle",)), ref)
    assert isinstance(receipt, Done) and "history" in receipt.remains
    assert receipt.version == fresh(crm, ref).version
    assert place.values("101", "jobtitle", "city")["jobtitle"] is None
    assert place.values("101", "city")["city"] == "Lyon"


def test_twice_is_once(place: Place, crm: HubSpotConnector) -> None:
    """The same batch again, with its old versions, writes nothing."""
    ref = place.contact("101", jobtitle="CEO")
    batch = [Command(ref, fresh(crm, ref).version, Clear(("jobtitle",)))]
    assert isinstance(next(iter(crm.apply(batch))), Done)
    assert isinstance(next(iter(crm.apply(batch))), AlreadyDone)
    assert place.calls("/batch/update") == 1


def test_a_record_that_changed_is_not_written(place: Place, crm: HubSpotConnector) -> None:
    """Every write carries the version that was read; HubSpot has no conditional write."""
    ref = place.contact("101", jobtitle="CEO")
    version = fresh(crm, ref).version
    place.raw("PATCH", "/crm/v3/objects/contacts/101", {"properties": {"city": "Paris"}})
    for action in (
        Clear(("jobtitle",)),
        Restrict("Art. 18"),
        Anonymise(),
        Bin(),
        Redact("jobtitle", (Span(0, 1, "x"),)),
    ):
        crm.declare()
        assert list(crm.apply([Command(ref, version, action)])) == [Changed()], action
    assert place.values("101", "jobtitle")["jobtitle"] == "CEO"
    assert place.calls("/contacts/batch/(update|archive)") == 0


def test_a_record_that_is_not_there_is_gone(place: Place, crm: HubSpotConnector) -> None:
    """Receipts keep the order of the commands."""
    ref = place.contact("101", jobtitle="CEO")
    batch = [Command(gone("9"), "v", Clear(("jobtitle",))), Command(ref, fresh(crm, ref).version, Clear(("jobtitle",)))]
    first, second = crm.apply(batch)
    assert isinstance(first, Gone) and isinstance(second, Done)


def test_an_option_is_taken_out_of_a_multiple_choice(place: Place, crm: HubSpotConnector) -> None:
    """§2.5: no leading `;`, which would append."""
    options = [{"label": name, "value": name} for name in ("golf", "church", "wine")]
    many = {"type": "enumeration", "fieldType": "checkbox", "options": options}
    place.load({"kind": "property", "objectType": "contacts", "name": "hobbies", **many})
    ref = place.contact("101", hobbies="golf;church;wine")
    other = place.contact("102", hobbies="golf")
    action = Clear(("hobbies",), options=("church",), places=(1,))
    assert [type(item) for item in do(crm, action, ref, other)] == [Done, AlreadyDone]
    assert place.values("101", "hobbies")["hobbies"] == "golf;wine"
    assert place.values("102", "hobbies")["hobbies"] == "golf"


def test_a_read_only_property_is_refused_before_anything_is_written(place: Place, crm: HubSpotConnector) -> None:
    """§2.5: one such name refuses the whole call."""
    ref = place.contact("101", jobtitle="CEO", ip_city="Lyon")
    (receipt,) = do(crm, Clear(("jobtitle", "ip_city")), ref)
    assert isinstance(receipt, Refused) and "ip_city" in receipt.why
    assert place.calls("/batch/update") == 0


def test_a_binning_that_was_put_off_is_sent_again_once_looked_at(place: Place, crm: HubSpotConnector) -> None:
    """ADR 0007: meanwhile the id may have been merged away, and would take the survivor along."""
    ref = place.contact("101", jobtitle="CEO")
    place.fault("/contacts/batch/archive", status=429, body={"category": "RATE_LIMITS"})
    (receipt,) = do(crm, Bin(), ref)
    assert isinstance(receipt, Done)
    log = place.raw("GET", "/_sandbox/requests", path="contacts/batch/(archive|read)$")["requests"]
    assert [entry["path"].rpartition("/")[2] for entry in log][-4:] == ["archive", "read", "read", "archive"]


def test_one_bad_row_does_not_refuse_the_others(place: Place, crm: HubSpotConnector) -> None:
    """§2.3: a 400 is for the whole call; each record is then written alone."""
    refs = [place.contact(str(number), jobtitle="CEO") for number in (101, 102, 103)]
    body = {"category": "VALIDATION_ERROR", "errors": [{"code": "RULE", "context": {"propertyName": ["jobtitle"]}}]}
    place.fault("/batch/update", status=400, body=body)
    place.fault("/batch/update", status=400, body=body, skip=1)
    receipts = do(crm, Clear(("jobtitle",)), *refs)
    assert [type(item) for item in receipts] == [Done, Refused, Done]
    assert isinstance(receipts[1], Refused) and receipts[1].why == "400 VALIDATION_ERROR RULE jobtitle"


def test_a_row_in_neither_list_of_an_update_is_read_back(place: Place, crm: HubSpotConnector) -> None:
    """§2.3: what an answer leaves out is neither done nor gone until it was looked at."""
    ref = place.contact("101", jobtitle="CEO")
    place.fault("/batch/update", status=200, body={"status": "COMPLETE", "results": []})
    (receipt,) = do(crm, Clear(("jobtitle",)), ref)
    assert receipt == Refused("not taken: jobtitle")


@pytest.mark.parametrize("shown", [{"jobtitle": "CEO"}, {}])
def test_a_row_that_does_not_show_what_was_written_is_read_back(
    place: Place, crm: HubSpotConnector, shown: dict[str, str]
) -> None:
    """§2.5: some writes are ignored without a word."""
    ref = place.contact("101", jobtitle="CEO")
    row = {"id": "101", "updatedAt": "2026-11-24T00:00:00Z", "properties": shown}
    place.fault("/batch/update", status=200, body={"status": "COMPLETE", "results": [row]})
    assert do(crm, Clear(("jobtitle",)), ref) == [Refused("not taken: jobtitle")]


def test_a_row_error_of_an_update_gives_its_reason(place: Place, crm: HubSpotConnector) -> None:
    """A 207 is a mixed result."""
    ref = place.contact("101", jobtitle="CEO")
    error = {"status": "error", "category": "LOCKED_BY_IMPORT", "message": "x@y.fr", "context": {"ids": ["101"]}}
    place.fault("/batch/update", status=207, body={"results": [], "numErrors": 1, "errors": [error]})
    (receipt,) = do(crm, Clear(("jobtitle",)), ref)
    assert receipt == Refused("LOCKED_BY_IMPORT")


def test_a_write_whose_answer_was_lost_is_resolved_by_reading_back(place: Place, crm: HubSpotConnector) -> None:
    """§12.23: it took effect, and is not repeated."""
    ref = place.contact("101", jobtitle="CEO")
    place.fault("/batch/update", cut="after")
    assert [type(item) for item in do(crm, Clear(("jobtitle",)), ref)] == [Done]
    assert place.calls("/batch/update") == 1


@pytest.mark.parametrize(
    ("effect", "error"),
    [({"cut": "before"}, Unreachable), ({"garbage": True}, BadAnswer), ({"status": 502}, Unreachable)],
)
def test_a_write_that_had_no_effect_raises(
    place: Place, crm: HubSpotConnector, effect: dict[str, Any], error: type[Exception]
) -> None:
    """It may be called neither done nor refused, nor be repeated blindly."""
    ref = place.contact("101", jobtitle="CEO")
    place.fault("/batch/update", **effect)
    with pytest.raises(error):
        do(crm, Clear(("jobtitle",)), ref)
    assert place.values("101", "jobtitle")["jobtitle"] == "CEO"
    assert place.calls("/batch/update") == 1


def test_the_same_record_twice_in_a_batch_is_written_once(place: Place, crm: HubSpotConnector) -> None:
    """The second command is bound to a version that the first one moved."""
    ref = place.contact("101", jobtitle="CEO", city="Lyon")
    version = fresh(crm, ref).version
    receipts = list(crm.apply([Command(ref, version, Clear((name,))) for name in ("jobtitle", "city")]))
    assert [type(item) for item in receipts] == [Done, Changed]


def test_redact_replaces_the_spans_and_keeps_the_rest(place: Place, crm: HubSpotConnector) -> None:
    """Spans count characters of the value as read."""
    text = "Très bien. Diabète suivi; aime le vin."
    ref = place.contact("101", message=text)
    action = Redact("message", (Span(11, 18, "health"),))
    assert fresh(crm, ref, "message").values["message"] == text
    batch = [Command(ref, fresh(crm, ref).version, action)]
    assert isinstance(next(iter(crm.apply(batch))), Done)
    assert place.values("101", "message")["message"] == "Très bien. [health] suivi; aime le vin."
    assert isinstance(next(iter(crm.apply(batch))), AlreadyDone)
    assert place.values("101", "message")["message"] == "Très bien. [health] suivi; aime le vin."


def test_several_spans_are_known_again(place: Place, crm: HubSpotConnector) -> None:
    """Labels are shorter or longer than what they replace."""
    ref = place.contact("101", message="ab cancer cd juif ef")
    batch = [Command(ref, fresh(crm, ref).version, Redact("message", (Span(3, 9, "health"), Span(13, 17, "x"))))]
    assert [type(item) for item in (*crm.apply(batch), *crm.apply(batch))] == [Done, AlreadyDone]
    assert place.values("101", "message")["message"] == "ab [health] cd [x] ef"


def test_spans_that_do_not_fit_are_refused(place: Place, crm: HubSpotConnector) -> None:
    """Never cut what was not judged."""
    ref = place.contact("101", message="short")
    (receipt,) = do(crm, Redact("message", (Span(3, 99, "health"),)), ref)
    assert isinstance(receipt, Refused)


def test_restrict_writes_the_declared_property_and_no_opt_out(place: Place, crm: HubSpotConnector) -> None:
    """Art. 18; never an opt-out flag."""
    ref = place.contact("101", email="a@example.fr")
    (before,) = do(crm, Restrict("Art. 18"), ref)
    assert isinstance(before, Refused) and "init" in before.why
    crm.declare()
    assert [type(item) for _ in range(2) for item in do(crm, Restrict("Art. 18"), ref)] == [Done, AlreadyDone]
    record = fresh(crm, ref)
    assert record.restricted and not record.objections and not place.opted_out("a@example.fr")


def test_anonymise_empties_all_that_may_identify(place: Place, crm: HubSpotConnector) -> None:
    """RET-25: custom values too; stages, owner and our own flags stay, history is told."""
    crm.declare()
    place.load({"kind": "property", "objectType": "contacts", "name": "nickname"})
    given: dict[str, Any] = {
        "email": "a@example.fr",
        "firstname": "Ada",
        "phone": "01",
        "nickname": "Ad",
        "city": "Lyon",
    }
    ref = place.contact("101", **given, lifecyclestage="customer", repoussoir_restricted="true", ip_city="Lyon")
    (receipt,) = do(crm, Anonymise(), ref)
    assert isinstance(receipt, Done) and "history" in receipt.remains and "IP" in receipt.remains
    left = place.values("101", *given, "lifecyclestage", "repoussoir_restricted")
    assert not any(left[name] for name in given)
    assert (left["lifecyclestage"], left["repoussoir_restricted"]) == ("customer", "true")
    assert [type(item) for item in do(crm, Anonymise(), ref)] == [AlreadyDone]


def test_a_contact_with_additional_addresses_cannot_be_anonymised(place: Place, crm: HubSpotConnector) -> None:
    """hs_additional_emails is read-only: leaving a name is not anonymising."""
    ref = place.contact("101", email="a@example.fr", hs_additional_emails="b@example.fr")
    (receipt,) = do(crm, Anonymise(), ref)
    assert isinstance(receipt, Refused)
    assert place.values("101", "email")["email"] == "a@example.fr"


def test_bin_is_recoverable_and_says_how_long(place: Place, crm: HubSpotConnector) -> None:
    """§2.4: archive; the second time the record is gone."""
    ref = place.contact("101", email="a@example.fr")
    batch = [Command(ref, fresh(crm, ref).version, Bin())]
    (receipt,) = crm.apply(batch)
    assert isinstance(receipt, Done) and "90 days" in receipt.remains
    assert list(crm.apply(batch)) == [Gone()]
    archived = place.raw("GET", "/crm/v3/objects/contacts", archived="true")["results"]
    assert [row["id"] for row in archived] == ["101"]


def test_a_contact_that_is_edited_while_a_429_of_its_bin_is_waited_out_stays(place: Place) -> None:
    """It is not what was judged."""
    ref = place.contact("101", email="a@example.fr")
    change = {"properties": {"city": "Paris"}}
    crm = place.connect(sleep=lambda _: place.raw("PATCH", "/crm/v3/objects/contacts/101", change))
    order = Command(ref, fresh(crm, ref).version, Bin())
    place.fault("/contacts/batch/archive", status=429, body={"policyName": "TEN_SECONDLY_ROLLING"})
    assert list(crm.apply([order])) == [Changed()]
    assert place.there("contacts", "101") and place.calls("/contacts/batch/archive") == 1


def test_a_survivor_is_not_binned_for_one_that_merged_into_it_while_a_429_is_waited_out(place: Place) -> None:
    """§2.4: the old id leads to the survivor."""
    ref, _ = place.contact("101", email="a@example.fr"), place.contact("102", email="b@example.fr")
    survivor: list[str] = []

    def merge(_: float) -> None:
        both = {"primaryObjectId": "102", "objectIdToMerge": "101"}
        survivor.append(place.raw("POST", "/crm/v3/objects/contacts/merge", both)["id"])

    crm = place.connect(sleep=merge)
    order = Command(ref, fresh(crm, ref).version, Bin())
    place.fault("/contacts/batch/archive", status=429, body={"policyName": "TEN_SECONDLY_ROLLING"})
    assert list(crm.apply([order])) == [Gone()]
    assert place.there("contacts", survivor[0]) and place.calls("/contacts/batch/archive") == 1


@pytest.mark.parametrize(
    ("effect", "sent"), [({"status": 429, "body": {}}, 2), ({"cut": "before"}, 2), ({"cut": "after"}, 1)]
)
def test_a_bin_that_failed_halfway_is_read_back(place: Place, effect: dict[str, Any], sent: int) -> None:
    """It is sent again only for a contact that is there, unchanged."""
    ref = place.contact("101", email="a@example.fr")
    crm = place.connect()
    place.fault("/contacts/batch/archive", **effect)
    (receipt,) = do(crm, Bin(), ref)
    assert isinstance(receipt, Done) and not place.there("contacts", "101")
    assert place.calls("/contacts/batch/archive") == sent


def test_a_token_that_may_not_write_stops_the_account(place: Place) -> None:
    """The scope is named."""
    ref = place.contact("101", jobtitle="CEO")
    with pytest.raises(NotAllowed) as caught:
        do(place.connect("sandbox-readonly"), Clear(("jobtitle",)), ref)
    assert caught.value.missing == ("crm.objects.contacts.write",)
