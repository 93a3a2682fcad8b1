"""Erasing persons and their children (pipedrive.md §4.5, §5; DESIGN §6 "Erase means erase")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.pipedrive.connector import Pipedrive
from core.actions import Bin, Command, Erase
from core.connector import Changed, Done, Gone, Receipt, Refused
from core.errors import BadAnswer, NotAllowed, Unreachable
from tests.test_connectors_pipedrive_connector import Company, apply, read, ref

ALL = Erase(("notes", "activities", "emails", "files"))


@pytest.fixture(scope="module")
def running() -> Iterator[Company]:
    """One server for the file."""
    company = Company()
    yield company
    company.sandbox.stop()


@pytest.fixture
def company(running: Company) -> Company:
    """The server in its first state, with two persons, an organisation and a deal."""
    running.reset()
    running.person(1)
    running.person(2)
    running.load("organizations", {"id": 5, "name": "Org"})
    running.load("deals", {"id": 6, "title": "Deal", "person_id": 1})
    return running


@pytest.fixture
def crm(company: Company) -> Pipedrive:
    """A connector."""
    return company.connect()


def done(receipts: list[Receipt]) -> str:
    """What remains, of the one thing that was done."""
    (receipt,) = receipts
    assert isinstance(receipt, Done)
    return receipt.remains


@pytest.mark.parametrize("action", [Erase(), Bin()])
@pytest.mark.parametrize("shown", ["404", "flag"])
def test_an_erased_person_is_gone_and_what_remains_is_said(
    company: Company, crm: Pipedrive, action: Erase | Bin, shown: str
) -> None:
    """Trap 17: 30 days in which any user can restore it; twice is Gone, however the vendor shows a deleted one."""
    company.load("settings", {"deletedGet": shown})
    remains = done(apply(crm, action))
    assert "2026-12-24" in remains
    assert "restore" in remains
    assert crm.get([ref(1)]) == {ref(1): None}
    assert list(crm.apply([Command(ref(1), "v", action)])) == [Gone()]
    assert company.ask("GET", "/v2/deals/6")["title"] == "Deal"


def test_a_person_that_changed_keeps_its_children(company: Company, crm: Pipedrive) -> None:
    """Nothing is written before the version is looked at."""
    company.load("notes", {"id": 1, "person_id": 1, "content": "x"})
    assert list(crm.apply([Command(ref(1), "other", ALL)])) == [Changed()]
    assert company.writes() == []


def test_own_children_go_along(company: Company, crm: Pipedrive) -> None:
    """Trap 16: the vendor leaves notes, mails and the rest where they are."""
    company.load("notes", {"id": 1, "person_id": 1, "content": "x"}, {"id": 2, "person_id": 2, "content": "other"})
    company.load("comments", {"note_id": 1, "content": "y"})
    company.load("activities", {"id": 1, "subject": "a", "person_id": 1})
    company.load("files", {"id": 1, "person_id": 1})
    mail: dict[str, Any] = {"id": 1, "mail_thread_id": 1, "from": [{"email_address": "p1@example.org"}]}
    company.load("mailMessages", mail)
    company.load("persons", company.shown(1) | {"picture_id": 3})
    remains = done(apply(crm, ALL))
    assert "kept," not in remains and "stay" not in remains
    gone = ("/v1/notes/1", "/v2/activities/1", "/v1/files/1", "/v1/mailbox/mailThreads/1")
    assert [company.ask("GET", path) for path in gone] == [None] * 4
    assert len(company.log("DELETE", "comments")) == len(company.log("DELETE", "picture")) == 1
    assert company.ask("GET", "/v1/notes/2")["content"] == "other"


def test_children_of_others_too_are_unlinked_or_kept_and_never_deleted(company: Company, crm: Pipedrive) -> None:
    """DESIGN §6: the link is removed, the receipt says so."""
    company.load("notes", {"id": 1, "person_id": 1, "deal_id": 6, "content": "x"})
    company.load("activities", {"id": 1, "subject": "a", "participants": [{"person_id": 1}, {"person_id": 2}]})
    company.load("activities", {"id": 2, "subject": "b", "person_id": 1, "org_id": 5})
    attendees = [{"email": "p1@example.org", "person_id": 1}, {"email": "p2@example.org", "person_id": 2}]
    company.load("activities", {"id": 3, "subject": "c", "person_id": 1, "attendees": attendees})
    company.load("files", {"id": 1, "person_id": 1, "deal_id": 6})
    sides = {"from": [{"email_address": "p1@example.org"}], "to": [{"email_address": "p2@example.org"}]}
    company.load("mailMessages", {"id": 1, "mail_thread_id": 1, **sides})
    remains = done(apply(crm, ALL))
    for said in ("1 notes unlinked", "3 activities unlinked", "1 files kept", "1 mail threads kept"):
        assert said in remains
    assert company.ask("GET", "/v1/notes/1")["person_id"] is None
    first = company.ask("GET", "/v2/activities/1")
    assert (first["person_id"], first["participants"]) == (2, [{"person_id": 2, "primary": True}])
    assert company.ask("GET", "/v2/activities/2")["participants"] == []
    third = company.ask("GET", "/v2/activities/3?include_fields=attendees")
    assert [item["person_id"] for item in third["attendees"]] == [2]
    assert company.ask("GET", "/v1/files/1") is not None
    assert company.ask("GET", "/v1/mailbox/mailThreads/1") is not None
    assert company.log("DELETE", "notes|activities|files|mailThreads") == []


def test_a_success_that_leaves_the_link_is_told_apart(company: Company, crm: Pipedrive) -> None:
    """§13: what null does to a note's link is unknown, so its answer is believed and nothing else."""
    company.load("notes", {"id": 1, "person_id": 1, "deal_id": 6, "content": "x"})
    now = {"success": True, "data": {"id": 1, "person_id": 1, "deal_id": 6}}
    company.fault("notes/1", method="PUT", status=200, body=now)
    assert "1 notes kept" in done(apply(crm, ALL))


def test_a_link_that_the_vendor_will_not_remove_is_reported(company: Company, crm: Pipedrive) -> None:
    """§13: whether it takes null or an empty list is unknown."""
    company.load("notes", {"id": 1, "person_id": 1, "deal_id": 6, "content": "x"})
    company.load("activities", {"id": 2, "subject": "b", "person_id": 1, "org_id": 5})
    company.fault("notes/1", method="PUT", status=400, body={"success": False})
    company.fault("activities/2", method="PATCH", status=400, body={"success": False})
    remains = done(apply(crm, ALL))
    assert "1 notes kept" in remains
    assert "1 activities kept" in remains


def test_leads_stay_and_are_counted(company: Company, crm: Pipedrive) -> None:
    """A lead is business; its title often holds the name. Archived ones too (trap 13)."""
    archived = {"title": "Jean", "person_id": 1, "is_archived": True}
    company.load("leads", {"title": "Jean", "person_id": 1}, archived, archived)
    remains = done(apply(crm, ALL))
    assert "3 leads kept" in remains
    assert "Jean" not in remains


def test_mails_of_other_mailboxes_are_left_and_told(company: Company, crm: Pipedrive) -> None:
    """§5: only threads of the token's own user can be reached."""
    company.load("mailMessages", {"id": 1, "user_id": 2, "from": [{"email_address": "p1@example.org"}]})
    assert "1 mail threads kept" in done(apply(crm, ALL))
    assert "mailbox not readable" in done(apply(company.connect("sandbox-lacks:mail:read"), ALL, 2))


def test_without_a_right_to_a_child_the_person_stays(company: Company) -> None:
    """Children first: else they could not be found again."""
    company.load("activities", {"id": 1, "subject": "a", "person_id": 1})
    with pytest.raises(NotAllowed):
        apply(company.connect("sandbox-lacks:activities:full"), Erase(("activities",)))
    assert company.shown() is not None


def test_the_configured_children_go_when_the_action_names_none(company: Company) -> None:
    """`cascade` of the account."""
    company.load("notes", {"id": 1, "person_id": 1, "content": "x"})
    apply(company.connect(cascade=["notes"]), Erase())
    assert company.ask("GET", "/v1/notes/1") is None


def test_with_children_each_person_is_read_right_before_its_turn(company: Company, crm: Pipedrive) -> None:
    """Erasing children takes long: the second person is looked at after the first is done."""
    company.load("notes", {"id": 1, "person_id": 1, "content": "x"}, {"id": 2, "person_id": 2, "content": "y"})
    receipts = crm.apply([Command(ref(id), read(crm, id).version, ALL) for id in (1, 2)])
    assert isinstance(next(receipts), Done)
    company.ask("PATCH", "/v2/persons/2", {"name": "Edited"})
    assert list(receipts) == [Changed()]
    assert company.ask("GET", "/v1/notes/2") is not None


def test_children_that_are_not_known_are_refused(company: Company, crm: Pipedrive) -> None:
    """Rather than left behind in silence."""
    (receipt,) = apply(crm, Erase(("deals",)))
    assert receipt == Refused("Pipedrive has no children called deals")
    assert company.writes() == []


def test_more_children_than_a_page_all_go(company: Company, crm: Pipedrive) -> None:
    """Trap 24: they are collected before the first is deleted, since deleting moves the pages."""
    company.load("files", *({"person_id": 1} for _ in range(150)))
    apply(crm, Erase(("files",)))
    assert company.ask("GET", "/v1/files") is None


@pytest.mark.parametrize("shown", ["404", "flag"])
def test_a_deletion_whose_answer_is_lost_is_read_back(company: Company, crm: Pipedrive, shown: str) -> None:
    """Done when the person is gone, however that shows; repeated once when it is certainly there."""
    company.load("settings", {"deletedGet": shown})
    company.fault("persons/1$", method="DELETE", cut="after")
    company.fault("persons/2$", method="DELETE", cut="before")
    assert [type(receipt) for receipt in apply(crm, Erase(), 1, 2)] == [Done, Done]
    assert company.writes() == ["DELETE"] * 3
    company.person(3)
    company.fault("persons/3$", method="DELETE", cut="before", times=None)
    with pytest.raises(Unreachable):
        apply(crm, Erase(), 3)


def test_a_deletion_is_not_repeated_on_a_person_that_changed_meanwhile(company: Company, crm: Pipedrive) -> None:
    """The version that was read is no longer."""
    command = Command(ref(1), read(crm).version, Erase())
    row = {"id": 1, "update_time": "2026-11-24T10:00:00Z", "custom_fields": {}}
    company.fault("persons/1$", method="DELETE", cut="before")
    company.fault("persons/1$", method="GET", status=200, body={"success": True, "data": row})
    with pytest.raises(Unreachable):
        list(crm.apply([command]))
    assert company.writes() == ["DELETE"]


def test_erasing_costs_one_write_and_a_hundredth_of_a_read(company: Company, crm: Pipedrive) -> None:
    """DESIGN §8: at most 2.1 calls each."""
    company.load("persons", *({"id": id} for id in range(101, 201)))
    refs = [ref(id) for id in range(101, 201)]
    found = crm.get(refs)
    before = len(company.log())
    commands = [Command(item, record.version, Erase()) for item, record in found.items() if record]
    assert {type(receipt) for receipt in crm.apply(commands)} == {Done}
    assert len(company.log()) - before == 101


def test_erasing_with_children_costs_one_list_a_kind_and_one_look(company: Company, crm: Pipedrive) -> None:
    """DESIGN §8. The lists take one person each, and no number on the person is documented to stand in for them."""
    company.load("persons", *({"id": id} for id in range(101, 201)))
    refs = [ref(id) for id in range(101, 201)]
    found = crm.get(refs)
    before = len(company.log())
    commands = [Command(item, record.version, ALL) for item, record in found.items() if record]
    assert {type(receipt) for receipt in crm.apply(commands)} == {Done}
    assert len(company.log()) - before == 1 + 100 * (4 + 1 + 1)


def test_erasing_with_children_that_are_there_costs_their_writes_and_a_last_look(
    company: Company, crm: Pipedrive
) -> None:
    """One more look at the person, its activities and leads, and at what was listed, however many children went."""
    company.load("notes", *({"person_id": 1, "content": "x"} for _ in range(5)))
    company.load("files", *({"person_id": 1} for _ in range(5)))
    command = Command(ref(1), read(crm).version, ALL)
    before = len(company.log())
    assert [type(receipt) for receipt in crm.apply([command])] == [Done]
    comments = 5
    assert len(company.log()) - before == 1 + 4 + 1 + 10 + comments + 3 + 3 + 1


# --- what others do meanwhile ---


def own(company: Company) -> None:
    """A note, a file and an activity that go along with the first person."""
    company.load("notes", {"id": 1, "person_id": 1, "content": "x"})
    company.load("files", {"id": 1, "person_id": 1})
    company.load("activities", {"id": 1, "subject": "a", "person_id": 1})


NEWS: list[dict[str, Any]] = [
    {"emails": [{"value": "new@example.org", "primary": True}]},
    {"last_incoming_mail_time": "2026-11-24T08:59:00Z"},
    {"marketing_status": "unsubscribed"},
    {"open_deals_count": 7},
    {"won_deals_count": 1},
    {"participant_closed_deals_count": 1},
    {"name": "Somebody Else"},
    {"org_id": 5},
    {"custom_fields": {"c" * 40: 1}},
]


@pytest.mark.parametrize("news", NEWS, ids=lambda news: next(iter(news)))
def test_a_person_that_changes_while_its_children_go_is_kept(
    company: Company, crm: Pipedrive, news: dict[str, Any]
) -> None:
    """DESIGN §6: the last look is right before the deletion; the receipt says what is gone already."""
    own(company)
    command = Command(ref(1), read(crm).version, ALL)
    include = "marketing_status,last_incoming_mail_time,open_deals_count,participant_open_deals_count"
    include += ",participant_closed_deals_count,won_deals_count"
    now = company.shown(1, include) | news
    company.fault("v2/persons/1$", method="GET", status=200, body={"success": True, "data": now}, skip=1)
    (receipt,) = crm.apply([command])
    assert isinstance(receipt, Changed)
    for gone in ("1 notes", "1 files", "1 activities"):
        assert gone in receipt.taken
    assert "example.org" not in receipt.taken
    assert company.shown(1) is not None
    assert company.log("DELETE", "persons") == []


def test_a_contact_that_comes_in_while_the_children_go_keeps_the_person(company: Company, crm: Pipedrive) -> None:
    """Of any participant: an activity need not be listed as the person's."""
    own(company)
    company.load("activityTypes", {"name": "Form", "key_string": "form"})
    command = Command(ref(1), read(crm).version, ALL)
    came = {"id": 77, "type": "form", "done": True, "marked_as_done_time": "2026-11-24T08:59:00Z"}
    came |= {"participants": [{"person_id": 2}, {"person_id": 1}], "update_time": "2026-11-24T08:59:00Z"}
    page = {"success": True, "data": [came], "additional_data": {"next_cursor": None}}
    company.fault("v2/activities$", method="GET", status=200, body=page, skip=1)
    (receipt,) = crm.apply([command])
    assert isinstance(receipt, Changed) and "1 notes" in receipt.taken
    assert company.shown(1) is not None


def test_a_lead_that_comes_in_while_the_children_go_keeps_the_person(company: Company, crm: Pipedrive) -> None:
    """Open business."""
    own(company)
    command = Command(ref(1), read(crm).version, ALL)
    lead = {"id": "x", "person_id": 1, "source_name": "API", "is_archived": False}
    company.fault("v1/leads$", status=200, body={"success": True, "data": [lead], "additional_data": {}})
    (receipt,) = crm.apply([command])
    assert isinstance(receipt, Changed) and "1 notes" in receipt.taken
    assert company.shown(1) is not None


def test_a_contact_that_came_in_since_the_judgement_is_no_child_to_be_erased(company: Company, crm: Pipedrive) -> None:
    """It is seen when the children are listed, before the first of them is touched."""
    own(company)
    company.load("activityTypes", {"name": "Form", "key_string": "form"})
    command = Command(ref(1), read(crm).version, ALL)
    company.ask(
        "POST",
        "/v2/activities",
        {"subject": "Form", "type": "form", "done": True, "participants": [{"person_id": 1, "primary": True}]},
    )
    writes = len(company.writes())
    assert list(crm.apply([command])) == [Changed()]
    assert len(company.writes()) == writes
    assert company.ask("GET", "/v1/notes/1") is not None


@pytest.mark.parametrize("moves", [True, False])
def test_what_we_did_to_the_children_ourselves_is_no_change(company: Company, crm: Pipedrive, moves: bool) -> None:
    """§13: whether a note moves the person's stamp is unknown; a picture does, and mail times go back with the mails."""
    company.load("settings", {"noteMovesUpdateTime": moves})
    own(company)
    company.load("mailMessages", {"id": 1, "mail_thread_id": 1, "from": [{"email_address": "p1@example.org"}]})
    company.load("persons", company.shown(1) | {"picture_id": 3})
    assert [type(receipt) for receipt in apply(crm, ALL)] == [Done]


def test_a_deletion_with_children_is_not_repeated_on_a_person_that_changed_meanwhile(
    company: Company, crm: Pipedrive
) -> None:
    """The answer to the deletion was lost, and the person is another than at the last look."""
    own(company)
    command = Command(ref(1), read(crm).version, ALL)
    row = {"id": 1, "update_time": "2026-11-24T10:00:00Z", "custom_fields": {}}
    company.fault("persons/1$", method="DELETE", cut="before")
    company.fault("v2/persons/1$", method="GET", status=200, body={"success": True, "data": row}, skip=2)
    with pytest.raises(Unreachable):
        list(crm.apply([command]))
    assert len(company.log("DELETE", "persons/1$")) == 1


# --- whose child it is ---


def test_notes_that_were_not_asked_for_are_never_touched(company: Company, crm: Pipedrive) -> None:
    """A vendor that takes no notice of the person would list everybody's."""
    company.load("notes", {"id": 9, "person_id": 2, "content": "other"})
    body = {"success": True, "data": [{"id": 9, "person_id": 2, "content": "other"}], "additional_data": {}}
    command = Command(ref(1), read(crm).version, Erase(("notes",)))
    company.fault("v1/notes$", status=200, body=body)
    with pytest.raises(BadAnswer):
        list(crm.apply([command]))
    assert company.writes() == []


def test_activities_that_were_not_asked_for_are_never_touched(company: Company, crm: Pipedrive) -> None:
    """The same, of a list in v2."""
    row = {"id": 9, "subject": "a", "person_id": 2, "participants": [{"person_id": 2, "primary": True}]}
    company.load("activities", row)
    command = Command(ref(1), read(crm).version, Erase(("activities",)))
    body = {"success": True, "data": [row], "additional_data": {"next_cursor": None}}
    company.fault("v2/activities$", status=200, body=body)
    with pytest.raises(BadAnswer):
        list(crm.apply([command]))
    assert company.writes() == []


@pytest.mark.parametrize("link", [{"activity_id": 4}, {"product_id": 5}, {"lead_id": "x"}, {"person_id": 2}])
def test_files_of_something_else_too_are_kept(company: Company, crm: Pipedrive, link: dict[str, Any]) -> None:
    """An activity of several persons may hold the file; a person's list may show what is linked elsewhere."""
    company.load("activities", {"id": 4, "subject": "a", "participants": [{"person_id": 1}, {"person_id": 2}]})
    company.load("files", {"id": 1, "person_id": 1})
    row = {"id": 1, "person_id": 1, **link}
    command = Command(ref(1), read(crm).version, ALL)
    company.fault("persons/1/files$", status=200, body={"success": True, "data": [row], "additional_data": {}})
    assert "1 files kept" in done(list(crm.apply([command])))
    assert company.ask("GET", "/v1/files/1") is not None


def test_a_file_of_an_activity_that_goes_along_goes_too(company: Company, crm: Pipedrive) -> None:
    """Nobody else has the activity."""
    company.load("activities", {"id": 4, "subject": "a", "person_id": 1})
    company.load("files", {"id": 1, "person_id": 1, "activity_id": 4})
    assert "files kept" not in done(apply(crm, ALL))
    assert company.ask("GET", "/v1/files/1") is None


@pytest.mark.parametrize("side", ["cc", "bcc"])
def test_a_thread_in_which_another_person_was_copied_is_kept(company: Company, crm: Pipedrive, side: str) -> None:
    """The thread tells its senders and receivers only; who was copied is told by its messages, all of them."""
    first = {"id": 1, "mail_thread_id": 1, "from": [{"email_address": "p1@example.org"}]}
    second = {"id": 2, "mail_thread_id": 1, side: [{"email_address": "p2@example.org"}]}
    company.load("mailMessages", first, second)
    assert "1 mail threads kept" in done(apply(crm, ALL))
    assert company.log("DELETE", "mailThreads") == []


@pytest.mark.parametrize("shown", ["404", "flag"])
def test_a_person_that_is_merged_away_while_its_children_are_listed_keeps_them(
    company: Company, crm: Pipedrive, shown: str
) -> None:
    """They are the survivor's now, and no answer under its id is taken for the one that was asked for."""
    own(company)
    company.load("settings", {"deletedGet": shown})
    command = Command(ref(1), read(crm).version, ALL)
    survivor = company.shown(2)
    company.fault("v2/persons/1$", method="GET", status=200, body={"success": True, "data": survivor})
    nobody = {"success": True, "data": [], "additional_data": {"next_cursor": None}}
    company.fault("v2/persons$", status=200, body=nobody, skip=1)
    assert list(crm.apply([command])) == [Gone()]
    assert company.writes() == []


@pytest.mark.parametrize("link", [{"deal_id": 6}, {"lead_id": "x"}])
def test_a_thread_of_a_deal_or_a_lead_is_kept(company: Company, crm: Pipedrive, link: dict[str, Any]) -> None:
    """DESIGN §6: a child that business is linked to is never deleted."""
    company.load("mailMessages", {"id": 1, "mail_thread_id": 1, "from": [{"email_address": "p1@example.org"}]})
    thread = company.ask("GET", "/v1/mailbox/mailThreads/1") | link
    company.fault("mailThreads/1$", method="GET", status=200, body={"success": True, "data": thread})
    assert "1 mail threads kept" in done(apply(crm, ALL))
    assert company.log("DELETE", "mailThreads") == []
