"""Erasing persons and their children (pipedrive.md §4.5, §5; DESIGN §6 "Erase means erase")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.pipedrive.connector import Pipedrive
from core.actions import Bin, Command, Erase
from core.connector import Changed, Done, Gone, Receipt, Refused
from core.errors import NotAllowed, Unreachable
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
    assert remains.count(";") == 0
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
