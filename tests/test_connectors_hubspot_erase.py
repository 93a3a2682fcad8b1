"""Erase against the local HubSpot: never another person, own children only, once, and sure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.hubspot.connector import HubSpotConnector
from connectors.sandbox.wire import Request, Response
from core.actions import Command, Erase
from core.connector import Changed, Done, Gone, Refused
from core.errors import NotAllowed, Unreachable
from core.model import Ref
from tests.test_connectors_hubspot_connector import Place, do, fresh

ALL = Erase(("notes", "activities", "emails", "files"))
PLAIN = Erase()
WHEN: dict[str, Any] = {"hs_timestamp": "2024-01-01T00:00:00Z"}
NOTE: dict[str, Any] = {**WHEN, "hs_note_body": "met at the fair"}
KINDS = ("notes", "calls", "tasks", "meetings", "emails")
THROTTLED = {"policyName": "TEN_SECONDLY_ROLLING"}
TAKEN = "/objects/notes/batch/archive"


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


def archived(place: Place, kind: str) -> set[str]:
    """The ids in the bin."""
    return {row["id"] for row in place.raw("GET", f"/crm/v3/objects/{kind}", archived="true")["results"]}


def happening(place: Place, monkeypatch: pytest.MonkeyPatch, route: str, act: Callable[[], object]) -> None:
    """Something that happens once, right after the server answered a request whose path ends in `route`."""
    app = place.sandbox.app("hubspot")
    answer, waiting = app.answer, [act]

    def answered(request: Request) -> Response:
        response = answer(request)
        if waiting and request.path.endswith(route):
            waiting.pop()()
        return response

    monkeypatch.setattr(app, "answer", answered)


def test_the_contact_is_gone_for_good_and_the_receipt_says_what_stays(place: Place, crm: HubSpotConnector) -> None:
    """§2.4: gdpr-delete by id; not in the bin."""
    ref = place.contact("101", email="a@example.fr")
    (receipt,) = do(crm, PLAIN, ref)
    assert isinstance(receipt, Done) and "30 days" in receipt.remains
    assert crm.get([ref]) == {ref: None}
    assert archived(place, "contacts") == set()


def test_twice_is_gone(place: Place, crm: HubSpotConnector) -> None:
    """Nothing is sent the second time: a mistyped id must not be tried."""
    ref = place.contact("101", email="a@example.fr")
    batch = [Command(ref, fresh(crm, ref).version, PLAIN)]
    assert [type(item) for item in (*crm.apply(batch), *crm.apply(batch))] == [Done, Gone]
    assert place.calls("/gdpr-delete") == 1


def test_a_changed_contact_is_not_erased(place: Place, crm: HubSpotConnector) -> None:
    """Nor are its children touched."""
    ref = place.contact("101", email="a@example.fr")
    place.child("notes", "1", [("contacts", "101")], **NOTE)
    version = fresh(crm, ref).version
    place.raw("PATCH", "/crm/v3/objects/contacts/101", {"properties": {"city": "Paris"}})
    assert list(crm.apply([Command(ref, version, ALL)])) == [Changed()]
    assert place.there("contacts", "101") and place.there("notes", "1")


def test_a_merged_away_id_never_erases_the_survivor(place: Place, crm: HubSpotConnector) -> None:
    """§12.20: erasing "id A" may erase the merged person B."""
    ref, other = place.contact("101", email="a@example.fr"), place.contact("102", email="b@example.fr")
    version = fresh(crm, ref).version
    merged = place.raw("POST", "/crm/v3/objects/contacts/merge", {"primaryObjectId": "102", "objectIdToMerge": "101"})
    receipts = list(crm.apply([Command(item, version, ALL) for item in (ref, other)]))
    assert isinstance(receipts[0], Gone)
    assert not isinstance(receipts[1], Done)
    assert place.there("contacts", merged["id"]) and place.calls("/gdpr-delete") == 0


def test_a_contact_that_merges_while_its_children_go_is_left(place: Place, crm: HubSpotConnector) -> None:
    """The ids are compared once more right before the purge."""
    ref = place.contact("101", email="a@example.fr")
    version = fresh(crm, ref).version
    survivor = {"id": "102", "updatedAt": "2026-01-01T00:00:00Z", "properties": {}, "archived": False}
    place.fault("/contacts/batch/read", status=200, body={"status": "COMPLETE", "results": [survivor]}, skip=1)
    place.fault("/contacts/101$", status=200, body=survivor)
    assert list(crm.apply([Command(ref, version, ALL)])) == [Gone()]
    assert place.there("contacts", "101") and place.calls("/gdpr-delete") == 0


def test_own_children_go_first(place: Place, crm: HubSpotConnector) -> None:
    """§12.8: notes, calls, tasks and meetings into the bin, e-mails for good; the receipt says where they are."""
    ref = place.contact("101", email="a@example.fr")
    for number, kind in enumerate(("notes", "calls", "tasks", "meetings", "emails")):
        place.child(kind, str(number), [("contacts", "101")], hs_timestamp="2024-01-01T00:00:00Z")
    (receipt,) = do(crm, ALL, ref)
    assert isinstance(receipt, Done)
    assert (
        "1 notes in the recycle bin for 90 days" in receipt.remains and "1 emails deleted for good" in receipt.remains
    )
    paths = [
        row["path"] for row in place.raw("GET", "/_sandbox/requests", path="batch/archive|gdpr-delete")["requests"]
    ]
    assert [path.split("/")[4] for path in paths] == ["notes", "calls", "tasks", "meetings", "emails", "contacts"]
    assert not any(
        place.there(kind, str(n)) for n, kind in enumerate(("notes", "calls", "tasks", "meetings", "emails"))
    )


def test_a_contact_that_changes_while_the_batch_waits_is_left(place: Place, crm: HubSpotConnector) -> None:
    """The versions are compared once more, too, as long as it was not us who moved them."""
    ref = place.contact("101", email="a@example.fr")
    version = fresh(crm, ref).version
    edited = {"id": "101", "updatedAt": "2026-11-24T00:00:00Z", "properties": {}, "archived": False}
    place.fault("/contacts/batch/read", status=200, body={"status": "COMPLETE", "results": [edited]}, skip=1)
    assert list(crm.apply([Command(ref, version, PLAIN)])) == [Changed()]
    assert place.there("contacts", "101")


def test_a_child_whose_own_links_do_not_lead_back_stays(place: Place, crm: HubSpotConnector) -> None:
    """What it belongs to is then not known."""
    ref = place.contact("101", email="a@example.fr")
    place.child("notes", "2", [("contacts", "101")], **NOTE)
    place.fault("/associations/notes/contacts", status=200, body={"status": "COMPLETE", "results": []})
    (receipt,) = do(crm, ALL, ref)
    assert isinstance(receipt, Done) and "1 notes kept" in receipt.remains
    assert place.calls("/objects/notes/batch/archive") == 0


@pytest.mark.parametrize("owner", ["contacts", "companies", "deals", "tickets"])
def test_a_child_of_somebody_else_too_stays(place: Place, crm: HubSpotConnector, owner: str) -> None:
    """Only the link goes, and the receipt says so; the business record stays."""
    ref = place.contact("101", email="a@example.fr")
    place.child(owner, "900")
    place.child("notes", "1", [("contacts", "101"), (owner, "900")], **NOTE)
    place.child("notes", "2", [("contacts", "101")], **NOTE)
    (receipt,) = do(crm, ALL, ref)
    assert isinstance(receipt, Done) and "1 notes kept with other records, link removed" in receipt.remains
    assert place.there("notes", "1") and not place.there("notes", "2") and place.there(owner, "900")
    assert place.calls("/associations/contacts/notes/batch/archive") == 1


def test_only_the_children_that_were_asked_for_go(place: Place, crm: HubSpotConnector) -> None:
    """The cascade is a choice; what HubSpot does with the rest is its own."""
    ref = place.contact("101", email="a@example.fr")
    place.child("notes", "1", [("contacts", "101")], **NOTE)
    place.child("calls", "2", [("contacts", "101")], hs_timestamp="2024-01-01T00:00:00Z")
    (receipt,) = do(crm, Erase(("notes",)), ref)
    assert isinstance(receipt, Done) and "calls" not in receipt.remains
    assert (place.calls("/notes/batch/archive"), place.calls("/calls/batch/archive")) == (1, 0)


def test_a_child_shared_by_two_that_are_erased_together_goes(place: Place, crm: HubSpotConnector) -> None:
    """It belongs to nobody who stays: left alone, it would be an orphan with their data."""
    refs = place.contact("101", email="a@example.fr"), place.contact("102", email="b@example.fr")
    place.child("notes", "1", [("contacts", "101"), ("contacts", "102")], **NOTE)
    assert [type(item) for item in do(crm, ALL, *refs)] == [Done, Done]
    assert place.calls("/objects/notes/batch/archive") == 1 and not place.there("notes", "1")


def test_without_the_scope_to_see_other_owners_nothing_goes(place: Place) -> None:
    """A child whose owners may not be read might be a deal's."""
    ref = place.contact("101", email="a@example.fr")
    place.child("notes", "1", [("contacts", "101")], **NOTE)
    with pytest.raises(NotAllowed):
        do(place.connect("sandbox-lacks:crm.objects.companies.read"), ALL, ref)
    assert place.there("contacts", "101") and place.there("notes", "1")


def erased(place: Place, crm: HubSpotConnector, action: Erase, *kinds: str) -> int:
    """The calls to erase a whole batch as the core does it: read, write, read back; three children of a kind a person."""
    size = crm.capabilities.batch["erase"]
    refs = [place.contact(str(1000 + number), email=f"p{number}@example.fr") for number in range(size)]
    for number in range(3 * size):
        for kind in kinds:
            place.child(kind, str(5000 + number), [("contacts", str(1000 + number % size))], **WHEN)
    crm.get(refs[:1])
    place.raw("DELETE", "/_sandbox/requests")
    versions = {ref: record.version for ref, record in crm.get(refs).items() if record}
    receipts = list(crm.apply([Command(ref, versions[ref], action) for ref in refs]))
    crm.get(refs)
    assert {type(item) for item in receipts} == {Done}
    return place.calls()


def test_the_calls_for_a_hundred_are_few(place: Place, crm: HubSpotConnector) -> None:
    """§8 of the design: at most 2.1 calls a person. Read 5, look 1 + 2, purge 100, read back 1."""
    assert erased(place, crm, PLAIN) == 109


def test_the_calls_for_a_hundred_with_children_are_few(place: Place, crm: HubSpotConnector) -> None:
    """The same for five kinds of children, 300 of each. Read 11, look 8 + 16, owners 20, files 15, bin 15, purge 100, and
    read back 1."""
    assert erased(place, crm, ALL, *KINDS) == 186


def reply(place: Place) -> None:
    """HubSpot sets the date; its stamp tells nothing here."""
    place.contact("101", email="a@example.fr", hs_email_last_reply_date="2026-11-20T00:00:00Z")


def edit(place: Place) -> None:
    """By a user."""
    place.raw("PATCH", "/crm/v3/objects/contacts/101", {"properties": {"city": "Paris"}})


def opt_out(place: Place) -> None:
    """The objection must reach the list before the address is gone."""
    place.load({"kind": "subscription", "email": "a@example.fr", "status": "unsubscribed_all"})


def comes(kind: str, **properties: str) -> Callable[[Place], None]:
    """Another object that hangs on the contact; or another state of one that did."""
    return lambda place: place.child(kind, "90", [("contacts", "101")], **(properties or WHEN))


EVENTS: dict[str, Callable[[Place], None]] = {
    "the person replied": reply,
    "the person opted out": opt_out,
    "a user edited the contact": edit,
    **{f"one of the {kind} was logged": comes(kind) for kind in KINDS},
    "a deal was opened": comes("deals", dealstage="appointmentscheduled"),
    "a deal was won": comes("deals", dealstage="closedwon", closedate="2026-11-20T00:00:00Z"),
    "a ticket was reopened": comes("tickets", hs_pipeline_stage="1"),
}


@pytest.mark.parametrize("event", EVENTS)
def test_what_happens_while_the_children_go_is_seen(
    place: Place, crm: HubSpotConnector, monkeypatch: pytest.MonkeyPatch, event: str
) -> None:
    """There is no way back: right before it the contact is looked at again; the receipt says what went already."""
    ref = place.contact("101", email="a@example.fr")
    place.child("notes", "1", [("contacts", "101")], **NOTE)
    place.child("emails", "2", [("contacts", "101")], **WHEN)
    comes("tickets", hs_pipeline_stage="4")(place)
    version = fresh(crm, ref).version
    happening(place, monkeypatch, TAKEN, lambda: EVENTS[event](place))
    taken = "1 emails deleted for good; 1 notes in the recycle bin for 90 days"
    assert list(crm.apply([Command(ref, version, ALL)])) == [Changed(taken)]
    assert place.there("contacts", "101") and place.calls("/gdpr-delete") == 0


def test_what_the_cascade_itself_moves_is_no_change(
    place: Place, crm: HubSpotConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HubSpot moves the stamp and works out counts and dates anew once a mail or a note is gone."""
    told = {"hs_email_last_reply_date": "2023-01-01T00:00:00Z", "hs_sales_email_last_replied": "2023-01-01T00:00:00Z"}
    ref = place.contact("101", email="a@example.fr", num_notes="2", notes_last_updated="2024-01-01T00:00:00Z", **told)
    place.child("notes", "1", [("contacts", "101")], **NOTE)
    version = fresh(crm, ref).version
    anew = {"lastmodifieddate": "2026-11-24T00:00:00Z", "num_notes": "0", "notes_last_updated": ""}

    def recompute() -> None:
        place.contact("101", email="a@example.fr", **anew, hs_email_last_reply_date="2022-01-01T00:00:00Z")

    happening(place, monkeypatch, TAKEN, recompute)
    (receipt,) = crm.apply([Command(ref, version, ALL)])
    assert isinstance(receipt, Done) and "1 notes" in receipt.remains


def test_a_contact_that_was_merged_while_its_children_went_is_gone_and_says_so(
    place: Place, crm: HubSpotConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """§12.20: the person lives on under another id, without them."""
    ref = place.contact("101", email="a@example.fr")
    place.contact("102", email="b@example.fr")
    place.child("notes", "1", [("contacts", "101")], **NOTE)
    version = fresh(crm, ref).version
    both = {"primaryObjectId": "102", "objectIdToMerge": "101"}
    happening(place, monkeypatch, TAKEN, lambda: place.raw("POST", "/crm/v3/objects/contacts/merge", both))
    assert list(crm.apply([Command(ref, version, ALL)])) == [Gone("1 notes in the recycle bin for 90 days")]
    assert place.calls("/gdpr-delete") == 0


def test_a_contact_that_took_in_another_one_is_not_erased(
    place: Place, crm: HubSpotConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """§2.4: whether the survivor keeps its id is not settled; its list of merged ids tells."""
    ref = place.contact("101", email="a@example.fr")
    place.child("notes", "1", [("contacts", "101")], **NOTE)
    version = fresh(crm, ref).version
    both = {"email": "a@example.fr", "hs_merged_object_ids": "102"}
    happening(place, monkeypatch, TAKEN, lambda: place.contact("101", **both))
    assert list(crm.apply([Command(ref, version, ALL)])) == [Changed("1 notes in the recycle bin for 90 days")]


def test_a_contact_whose_purge_is_refused_says_what_went_already(place: Place, crm: HubSpotConnector) -> None:
    """Nothing is silent: it was done in part."""
    ref = place.contact("101", email="a@example.fr")
    place.child("notes", "1", [("contacts", "101")], **NOTE)
    place.fault("/gdpr-delete", status=400, body={"category": "VALIDATION_ERROR"})
    assert do(crm, ALL, ref) == [Refused("400 VALIDATION_ERROR; 1 notes in the recycle bin for 90 days")]


def test_without_the_scope_for_tickets_a_contact_without_children_is_erased(place: Place) -> None:
    """Open business that may not be read was named when the person was judged; it stops no erasure that was asked for."""
    ref = place.contact("101", email="a@example.fr")
    assert [type(item) for item in do(place.connect("sandbox-lacks:tickets"), ALL, ref)] == [Done]


def test_the_second_half_of_a_batch_is_looked_at_once_the_first_is_gone(place: Place, crm: HubSpotConnector) -> None:
    """An erasure is a call of its own: between the last look at a contact and its purge there are few."""
    refs = [place.contact(str(1000 + number), email=f"p{number}@example.fr") for number in range(60)]
    commands = [Command(ref, item.version, PLAIN) for ref, item in crm.get(refs).items() if item]
    receipts = crm.apply(commands)
    assert isinstance(next(receipts), Done)
    place.raw("PATCH", "/crm/v3/objects/contacts/1059", {"properties": {"city": "Paris"}})
    assert [type(item) for item in receipts] == [*[Done] * 58, Changed]


def test_a_purge_whose_answer_was_lost_is_read_back(place: Place, crm: HubSpotConnector) -> None:
    """There is no way back: it is looked at, not repeated."""
    ref = place.contact("101", email="a@example.fr")
    place.fault("/gdpr-delete", cut="after")
    assert [type(item) for item in do(crm, PLAIN, ref)] == [Done]
    assert place.calls("/gdpr-delete") == 1


def test_a_purge_that_never_arrived_is_repeated_once_the_contact_was_seen(place: Place, crm: HubSpotConnector) -> None:
    """By its id it can only ever erase that contact."""
    ref = place.contact("101", email="a@example.fr")
    place.fault("/gdpr-delete", status=502, body="<html/>")
    assert [type(item) for item in do(crm, PLAIN, ref)] == [Done]
    assert place.calls("/gdpr-delete") == 2


def test_a_purge_that_keeps_failing_raises(place: Place, crm: HubSpotConnector) -> None:
    """Neither done nor refused; those before it were answered."""
    refs = place.contact("101", email="a@example.fr"), place.contact("102", email="b@example.fr")
    place.fault("/gdpr-delete", status=502, body="<html/>", skip=1, times=None)
    receipts = crm.apply([Command(ref, fresh(crm, ref).version, PLAIN) for ref in refs])
    assert isinstance(next(receipts), Done)
    with pytest.raises(Unreachable):
        next(receipts)
    assert place.there("contacts", "102")


@pytest.mark.parametrize("status", [400, 404])
def test_a_purge_that_hubspot_rejects(place: Place, crm: HubSpotConnector, status: int) -> None:
    """§14: the codes are not settled; a contact that is still there was refused."""
    ref = place.contact("101", email="a@example.fr")
    place.fault("/gdpr-delete", status=status, body={"category": "VALIDATION_ERROR"})
    assert do(crm, PLAIN, ref) == [Refused(f"{status} VALIDATION_ERROR")]


def test_a_contact_that_hubspot_does_not_find_and_that_is_not_there_is_gone(
    place: Place, crm: HubSpotConnector
) -> None:
    """§14: a 404 for an unknown id is as good as a 204; it was not us who erased it."""
    ref = place.contact("101", email="a@example.fr")
    missing = {"category": "OBJECT_NOT_FOUND", "context": {"ids": ["101"]}}
    body = {"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [missing]}
    place.fault("/gdpr-delete", status=404, body={"category": "OBJECT_NOT_FOUND"})
    place.fault("/contacts/batch/read", status=207, body=body, skip=3)
    assert do(crm, PLAIN, ref) == [Gone()]


def test_nobody_is_erased_by_address(place: Place, crm: HubSpotConnector) -> None:
    """§12.6: a mistyped address would be blocklisted; a ref that is no id is gone, and nothing is sent."""
    ref = Ref("hubspot", "contact", "a@example.fr")
    place.contact("101", email="a@example.fr")
    assert list(crm.apply([Command(ref, "v", PLAIN)])) == [Gone()]
    assert place.there("contacts", "101") and place.calls("/gdpr-delete") == 0


@pytest.mark.parametrize("other", [("companies", "900"), ("contacts", "102")])
def test_no_file_is_deleted_and_the_receipt_names_those_of_the_children_that_went(
    place: Place, crm: HubSpotConnector, other: tuple[str, str]
) -> None:
    """HubSpot does not tell what else uses a file, nor whether one is still there; nothing else leads to it any more."""
    ref = place.contact("101", email="a@example.fr")
    place.child(*other)
    place.child("notes", "1", [("contacts", "101")], **NOTE, hs_attachment_ids="12;7")
    place.child("notes", "2", [("contacts", "101"), other], **NOTE, hs_attachment_ids="7;10")
    place.child("emails", "3", [("contacts", "101")], **WHEN, hs_attachment_ids="12")
    (receipt,) = do(crm, ALL, ref)
    assert isinstance(receipt, Done) and place.calls("/files/") == 0
    assert receipt.remains.endswith("files 7, 12 kept: HubSpot does not tell what else uses them")


def test_files_are_named_only_when_they_were_asked_for(place: Place, crm: HubSpotConnector) -> None:
    """The cascade is a choice."""
    ref = place.contact("101", email="a@example.fr")
    place.child("notes", "1", [("contacts", "101")], **NOTE, hs_attachment_ids="7")
    (receipt,) = do(crm, Erase(("notes",)), ref)
    assert isinstance(receipt, Done) and "file" not in receipt.remains


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_not_be_read_refuses_before_the_first_child_goes(
    place: Place, crm: HubSpotConnector, kind: str
) -> None:
    """E-mails need a scope of their own: found out at the last kind, all the others would be gone already."""
    ref = place.contact("101", email="a@example.fr")
    for name in KINDS:
        place.child(name, "1", [("contacts", "101")], **WHEN)
    order = Command(ref, fresh(crm, ref).version, ALL)
    refused = {"status": "error", "category": "MISSING_SCOPES"}
    place.fault(f"/objects/{kind}/batch/read", status=403, body=refused, times=None)
    with pytest.raises(NotAllowed):
        list(crm.apply([order]))
    assert all(place.there(name, "1") for name in KINDS)


def test_a_note_that_two_share_stays_with_the_one_who_changes(
    place: Place, crm: HubSpotConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever leaves is sure only once they have gone; until then what they share is the other's."""
    refs = place.contact("101", email="a@example.fr"), place.contact("102", email="b@example.fr")
    place.child("notes", "1", [("contacts", "101"), ("contacts", "102")], **NOTE)
    orders = [Command(ref, fresh(crm, ref).version, ALL) for ref in refs]
    change = {"properties": {"city": "Paris"}}
    happening(place, monkeypatch, "/gdpr-delete", lambda: place.raw("PATCH", "/crm/v3/objects/contacts/102", change))
    gone, kept = crm.apply(orders)
    assert isinstance(gone, Done) and kept == Changed()
    linked = place.raw("POST", "/crm/v4/associations/notes/contacts/batch/read", {"inputs": [{"id": "1"}]})["results"]
    assert place.there("notes", "1") and [end["toObjectId"] for end in linked[0]["to"]] in ([102], ["102"])


def test_the_first_of_two_that_share_a_note_changes(
    place: Place, crm: HubSpotConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one leaves without it."""
    refs = place.contact("101", email="a@example.fr"), place.contact("102", email="b@example.fr")
    place.child("notes", "1", [("contacts", "101"), ("contacts", "102")], **NOTE)
    orders = [Command(ref, fresh(crm, ref).version, ALL) for ref in refs]
    edit(place)
    kept, gone = crm.apply(orders)
    assert kept == Changed() and isinstance(gone, Done) and "1 notes kept" in gone.remains
    assert place.there("notes", "1")


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("route", ["/objects/notes/batch/archive", "/associations/contacts/notes/batch/archive"])
def test_what_happens_while_a_429_of_the_children_is_waited_out_saves_them(
    place: Place, event: str, route: str
) -> None:
    """A call that removes is sent again only for those who are still what they were."""
    ref = place.contact("101", email="a@example.fr")
    shared = [("companies", "900")] if "associations" in route else []
    place.child("companies", "900")
    place.child("notes", "1", [("contacts", "101"), *shared], **NOTE)
    place.child("emails", "2", [("contacts", "101")], **WHEN)
    comes("tickets", hs_pipeline_stage="4")(place)
    version = fresh(place.connect(), ref).version
    place.fault(route, status=429, body=THROTTLED)
    crm = place.connect(sleep=lambda _: EVENTS[event](place))
    assert list(crm.apply([Command(ref, version, ALL)])) == [Changed()]
    assert place.there("contacts", "101") and place.there("notes", "1") and place.there("emails", "2")
    assert place.calls(route) == 1


def note_edited(place: Place) -> None:
    """It is not what was judged."""
    place.raw("PATCH", "/crm/v3/objects/notes/1", {"properties": {"hs_note_body": "call back"}})


def note_shared(place: Place) -> None:
    """It belongs to a company now."""
    place.raw("PUT", "/crm/v4/objects/notes/1/associations/default/companies/900")


@pytest.mark.parametrize("event", [note_edited, note_shared])
def test_a_child_that_changes_while_a_429_is_waited_out_stays(place: Place, event: Callable[[Place], None]) -> None:
    """So does its contact; another one's children go on."""
    refs = place.contact("101", email="a@example.fr"), place.contact("102", email="b@example.fr")
    place.child("companies", "900")
    place.child("notes", "1", [("contacts", "101")], **NOTE)
    place.child("notes", "2", [("contacts", "102")], **NOTE)
    orders = [Command(ref, fresh(place.connect(), ref).version, ALL) for ref in refs]
    place.fault("/objects/notes/batch/archive", status=429, body=THROTTLED)
    kept, gone = place.connect(sleep=lambda _: event(place)).apply(orders)
    assert kept == Changed() and isinstance(gone, Done)
    assert place.there("notes", "1") and place.there("contacts", "101") and not place.there("notes", "2")


@pytest.mark.parametrize("effect", [{"status": 429, "body": THROTTLED}, {"cut": "before"}, {"cut": "after"}])
def test_children_whose_call_failed_halfway_are_read_back_and_go(place: Place, effect: dict[str, Any]) -> None:
    """Nothing happened meanwhile; the links of shared ones too."""
    ref = place.contact("101", email="a@example.fr")
    place.child("companies", "900")
    place.child("notes", "1", [("contacts", "101")], **NOTE)
    place.child("notes", "2", [("contacts", "101"), ("companies", "900")], **NOTE)
    version = fresh(place.connect(), ref).version
    for route in ("/objects/notes/batch/archive", "/associations/contacts/notes/batch/archive"):
        place.fault(route, **effect)
    (receipt,) = place.connect().apply([Command(ref, version, ALL)])
    assert isinstance(receipt, Done) and not place.there("notes", "1") and place.there("notes", "2")
    assert "1 notes in the recycle bin" in receipt.remains and "1 notes kept with other records" in receipt.remains


@pytest.mark.parametrize("route", ["/objects/notes/batch/archive", "/associations/contacts/notes/batch/archive"])
def test_children_whose_call_keeps_failing_stop_the_account(place: Place, route: str) -> None:
    """The contact stays: nothing else leads to them."""
    ref = place.contact("101", email="a@example.fr")
    shared = [("companies", "900")] if "associations" in route else []
    place.child("companies", "900")
    place.child("notes", "1", [("contacts", "101"), *shared], **NOTE)
    crm = place.connect()
    place.fault(route, status=502, body="<html/>", times=None)
    with pytest.raises(Unreachable):
        do(crm, ALL, ref)
    assert place.there("contacts", "101") and place.there("notes", "1") and place.calls(route) == 3


def test_a_contact_that_changes_while_a_429_is_waited_out_is_left(place: Place) -> None:
    """§12.20: merged in those seconds, its id would take the survivor along; edited, it is not what was judged."""
    ref = place.contact("101", email="a@example.fr")

    def edit(_: float) -> None:
        place.raw("PATCH", "/crm/v3/objects/contacts/101", {"properties": {"city": "Paris"}})

    crm = place.connect(sleep=edit)
    order = Command(ref, fresh(crm, ref).version, PLAIN)
    place.fault(path="gdpr-delete", method="POST", status=429, body={"policyName": "TEN_SECONDLY_ROLLING"})
    assert list(crm.apply([order])) == [Changed()]
    assert place.there("contacts", "101")


def test_the_cascade_of_the_configuration_is_taken_along(place: Place) -> None:
    """An erasure that names no children takes those that the account's table names."""
    ref = place.contact("101", email="a@example.fr")
    place.child("notes", "1", [("contacts", "101")], **NOTE)
    crm = place.connect(cascade=("notes",))
    (receipt,) = do(crm, PLAIN, ref)
    assert isinstance(receipt, Done) and "1 notes" in receipt.remains
    assert not place.there("notes", "1")


@pytest.mark.parametrize("kind", [*KINDS, "deals", "tickets"])
def test_a_mail_that_comes_within_the_first_look_is_seen(
    place: Place, crm: HubSpotConnector, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """§12.18: it came after the judgement, so it must not go as one of the children that were judged."""
    ref = place.contact("101", email="a@example.fr")
    place.child("notes", "1", [("contacts", "101")], **NOTE)
    order = Command(ref, fresh(crm, ref).version, ALL)
    link = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 198}]
    mail = {
        "properties": {"hs_timestamp": "2026-11-24T00:00:00Z", "hs_email_direction": "INCOMING_EMAIL"},
        "associations": [{"to": {"id": "101"}, "types": link}],
    }
    happening(
        place,
        monkeypatch,
        f"/associations/contacts/{kind}/batch/read",
        lambda: place.raw("POST", "/crm/v3/objects/emails", mail),
    )
    assert [type(item) for item in crm.apply([order])] == [Changed]
    assert place.there("contacts", "101") and len(place.raw("GET", "/crm/v3/objects/emails")["results"]) == 1
