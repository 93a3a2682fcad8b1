"""The last contact from the person and open business (RET-20; pipedrive.md §5, §12)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from core.errors import Unreachable
from core.model import Moment, Query, Record
from tests.test_connectors_pipedrive_connector import Company, read, ref, scanned

COUNTS = ("open_deals_count", "participant_open_deals_count", "participant_closed_deals_count", "won_deals_count")


@pytest.fixture(scope="module")
def running() -> Iterator[Company]:
    """One server for the file."""
    company = Company()
    yield company
    company.sandbox.stop()


@pytest.fixture
def company(running: Company) -> Company:
    """The server in its first state, with two persons."""
    running.reset()
    running.person(1)
    running.person(2)
    return running


def at(day: str) -> datetime:
    """Noon of a day."""
    return datetime.fromisoformat(f"{day}T12:00:00+00:00").astimezone(UTC)


def won(company: Company, day: str, **more: Any) -> None:
    """Loads a won deal, edited later by somebody."""
    stamps = {"add_time": "2020-01-01T00:00:00Z", "update_time": "2024-01-01T00:00:00Z"}
    company.load("deals", {"title": "d", "status": "won", "won_time": f"{day}T12:00:00Z", **stamps, **more})


def activity(company: Company, kind: str, day: str, **more: Any) -> None:
    """Loads an activity that is done."""
    stamps = {"due_date": "2020-05-05", "marked_as_done_time": f"{day}T12:00:00Z"}
    company.load("activities", {"subject": "a", "type": kind, "done": True, **stamps, **more})


def inbound(record: Record) -> set[tuple[datetime, str]]:
    """The moments of a record."""
    return {(moment.at, moment.source) for moment in record.inbound}


def test_mail_from_the_person_counts_and_mail_to_the_person_does_not(company: Company) -> None:
    """RET-20."""
    company.person(3, last_incoming_mail_time="2022-03-01T12:00:00Z", last_outgoing_mail_time="2025-01-01T12:00:00Z")
    assert scanned(company.connect())["3"].inbound == (Moment(at("2022-03-01"), "incoming_mail"),)


def test_the_latest_won_deal_counts_and_signals_a_customer(company: Company) -> None:
    """Its won time, not its last edit; archived deals too (trap 13)."""
    won(company, "2021-03-01", person_id=1)
    won(company, "2022-03-01", person_id=1, is_archived=True)
    company.load("deals", {"title": "d", "status": "lost", "person_id": 2, "lost_time": "2023-01-01T12:00:00Z"})
    found = scanned(company.connect())
    assert inbound(found["1"]) == {(at("2022-03-01"), "won_deal")}
    assert (found["1"].signals, found["2"].signals, found["2"].inbound) == (frozenset({"won_deal"}), frozenset(), ())


def test_a_participant_of_a_won_deal_was_in_contact_too(company: Company) -> None:
    """Trap 12: deals are listed by their main person only."""
    won(company, "2022-03-01", person_id=1, participants=[2])
    crm = company.connect()
    assert inbound(scanned(crm)["2"]) == {(at("2022-03-01"), "won_deal")}
    assert inbound(read(crm, 2)) == {(at("2022-03-01"), "won_deal")}


def test_who_joined_an_old_deal_since_the_scan_is_found(company: Company) -> None:
    """The deal need not show that it changed: the person's own count does."""
    won(company, "2022-03-01", id=9, person_id=1, participants=[3])
    company.person(3)
    crm = company.connect()
    assert scanned(crm)["2"].inbound == ()
    company.load(
        "deals",
        {
            "id": 9,
            "title": "d",
            "status": "won",
            "won_time": "2022-03-01T12:00:00Z",
            "person_id": 1,
            "update_time": "2020-01-01T00:00:00Z",
            "participants": [3, 2],
        },
    )
    assert inbound(read(crm, 2)) == {(at("2022-03-01"), "won_deal")}


def test_participants_are_asked_for_only_when_somebody_is_one(company: Company) -> None:
    """Ten tokens a deal."""
    won(company, "2022-03-01", person_id=1)
    scanned(company.connect())
    assert company.log(path="participants") == []


@pytest.mark.parametrize("archived", [False, True])
def test_an_open_deal_is_open_business_archived_or_not(company: Company, archived: bool) -> None:
    """DESIGN §6: an open deal is never due."""
    company.load("deals", {"title": "d", "person_id": 1, "is_archived": archived})
    company.load("deals", {"title": "d", "participants": [2], "is_archived": archived})
    found = scanned(company.connect())
    assert [item.open for item in found.values()] == [("deal",), ("deal",)]


def test_done_activities_of_the_types_that_count_are_taken(company: Company) -> None:
    """By participants and attendees; our own calls, and what is not done, do not count."""
    activity(company, "inbound_call", "2022-01-01", participants=[{"person_id": 1, "primary": True}, {"person_id": 2}])
    activity(company, "inbound_call", "2021-01-01", person_id=2)
    activity(company, "form", "2023-01-01", attendees=[{"email": "x@example.org", "person_id": 2}])
    activity(company, "call", "2025-01-01", person_id=1)
    activity(company, "form", "2025-01-01", person_id=1, done=False)
    found = scanned(company.connect())
    assert inbound(found["1"]) == {(at("2022-01-01"), "activity:inbound_call")}
    assert inbound(found["2"]) == {(at("2022-01-01"), "activity:inbound_call"), (at("2023-01-01"), "activity:form")}


def test_an_activity_without_a_done_time_is_dated_by_when_it_was_due(company: Company) -> None:
    """RET-20."""
    activity(company, "form", "2022-01-01", person_id=1, marked_as_done_time=None, due_time="15:30")
    assert inbound(scanned(company.connect())["1"]) == {(datetime(2020, 5, 5, 15, 30, tzinfo=UTC), "activity:form")}


def test_the_configuration_chooses_sources_and_types(company: Company) -> None:
    """A source that is left out is not read as a contact, but a won deal still says customer."""
    activity(company, "call", "2022-01-01", person_id=1)
    won(company, "2022-03-01", person_id=1)
    crm = company.connect(inbound=["activity"], inbound_activity_types=["call"])
    found = scanned(crm)["1"]
    assert inbound(found) == {(at("2022-01-01"), "activity:call")}
    assert found.signals == {"won_deal"}
    assert crm.capabilities.inbound == ("activity:call",)
    assert scanned(company.connect(inbound=["incoming_mail"]))["1"].inbound == ()


@pytest.mark.parametrize(
    ("scope", "unreadable"),
    [
        ("deals:read", {"won_deal", "deal"}),
        ("activities:read", {"activity:inbound_call", "activity:form", "activity:meeting_booked"}),
    ],
)
def test_a_source_that_cannot_be_read_is_named(company: Company, scope: str, unreadable: set[str]) -> None:
    """DESIGN §6: undatable, never erased."""
    crm = company.connect(f"sandbox-lacks:{scope}")
    assert set(scanned(crm)["1"].unreadable) == unreadable
    assert set(read(crm).unreadable) == unreadable


@pytest.mark.parametrize(
    ("missing", "unreadable"), [("last_incoming_mail_time", "incoming_mail"), *((name, "won_deal") for name in COUNTS)]
)
def test_a_missing_optional_field_is_unreadable_not_silence(company: Company, missing: str, unreadable: str) -> None:
    """Trap 8: else everybody looks inactive."""
    row = {"id": 1, "update_time": "2021-01-02T00:00:00Z", "add_time": "2021-01-01T00:00:00Z"}
    row |= {name: 0 for name in COUNTS if name != missing}
    row |= {"last_incoming_mail_time": None} if missing in COUNTS else {}
    body = {"success": True, "data": [row], "additional_data": {"next_cursor": None}}
    company.fault("v2/persons$", status=200, body=body, times=None)
    assert unreadable in scanned(company.connect())["1"].unreadable


def test_a_mail_time_that_cannot_be_understood_is_unreadable(company: Company) -> None:
    """Trap 8."""
    row: dict[str, Any] = {"id": 1, "update_time": "2021-01-02T00:00:00Z", **dict.fromkeys(COUNTS, 0)}
    body = {"success": True, "data": [row | {"last_incoming_mail_time": "yesterday"}], "additional_data": {}}
    company.fault("v2/persons$", status=200, body=body, times=None)
    assert scanned(company.connect())["1"].unreadable == ("incoming_mail",)


def test_a_won_deal_that_is_counted_and_not_seen_is_unreadable(company: Company) -> None:
    """Trap 14: visibility hides deals, not their number."""
    company.person(3, won_deals_count=1)
    assert scanned(company.connect())["3"].unreadable == ("won_deal",)


def test_get_knows_what_happened_since_the_scan(company: Company) -> None:
    """DESIGN §6: the clock inputs are read again right before a destructive write, of other participants too."""
    won(company, "2021-03-01", person_id=1)
    crm = company.connect()
    scanned(crm)
    sales = {"title": "d", "person_id": 1, "status": "won", "won_time": "2025-03-01T12:00:00Z"}
    company.ask("POST", "/v2/deals", sales)
    booked = {"subject": "a", "type": "meeting", "done": True, "participants": [{"person_id": 1}, {"person_id": 2}]}
    company.load("activityTypes", {"name": "Form", "key_string": "form"})
    company.ask("POST", "/v2/activities", booked | {"type": "form"})
    company.ask("POST", "/v2/deals", {"title": "open", "person_id": 2})
    assert (at("2025-03-01"), "won_deal") in inbound(read(crm, 1))
    second = read(crm, 2)
    assert {source for _, source in inbound(second)} == {"activity:form"}
    assert second.open == ("deal",)


def test_what_changed_is_asked_for_not_everything_again(company: Company) -> None:
    """A get of a hundred costs six calls; open leads, which are few, are read whole."""
    for number in range(1, 1002):
        won(company, "2021-03-01", id=number, update_time="2026-01-01T00:00:00Z" if number > 1000 else None)
    crm = company.connect()
    scanned(crm)
    before = len(company.log())
    crm.get([ref(1), ref(2)])
    after = company.log()[before:]
    assert [entry["path"] for entry in after] == [
        *("/api/v2/persons", "/api/v2/deals", "/api/v2/deals/archived", "/api/v2/activities", "/api/v1/leads"),
        "/api/v1/leads/archived",
    ]
    assert "updated_since" in after[1]["query"]


def test_what_was_read_since_is_not_asked_for_again(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """What we change ourselves must not make every look longer than the one before."""
    company.load("activities", {"id": 1, "subject": "a", "person_id": 1, "update_time": "2021-01-01T00:00:00Z"})
    crm = company.connect()
    scanned(crm)
    asked: list[str] = []
    app = company.sandbox.app("pipedrive")
    real = app.answer

    def answer(request: Any) -> Any:
        asked.extend(request.query.get("updated_since", []) if request.path.endswith("/activities") else [])
        return real(request)

    monkeypatch.setattr(app, "answer", answer)
    for hour in (10, 11, 12):
        company.load("activities", {"id": hour, "subject": "a", "update_time": f"2022-01-01T{hour}:00:00Z"})
        read(crm)
    assert asked == ["2021-01-01T00:00:00Z", "2021-01-01T00:00:00Z", "2022-01-01T10:00:00Z"]


def test_what_changes_behind_the_back_of_a_walk_is_found_by_the_next(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stamped before the later pages that the walk still sees."""
    company.load("activityTypes", {"name": "Form", "key_string": "form"})
    old = {"subject": "a", "type": "form", "update_time": "2021-01-01T00:00:00Z"}
    crm = company.connect()
    company.load("activities", {"id": 1, "person_id": 1, **old}, *({"id": id, **old} for id in range(2, 602)))
    scanned(crm)
    done = {"id": 1, "person_id": 1, **old, "done": True, "marked_as_done_time": "2026-01-01T12:00:00Z"}
    later = {"id": 601, **old, "update_time": "2026-01-01T00:00:05Z"}
    app, todo = company.sandbox.app("pipedrive"), [1]
    real = app.answer

    def answer(request: Any) -> Any:
        response = real(request)
        if todo and request.path.endswith("/activities"):
            todo.pop()
            company.load("activities", done | {"update_time": "2026-01-01T00:00:02Z"}, later)
        return response

    monkeypatch.setattr(app, "answer", answer)
    for _ in range(2):
        found = inbound(read(crm))
    assert found == {(at("2026-01-01"), "activity:form")}


def test_some_hundreds_of_persons_are_read_with_one_look_at_the_leads(company: Company) -> None:
    """Open leads are read whole, so once for all that are asked for together."""
    company.load("persons", *({"id": id} for id in range(101, 401)))
    crm = company.connect()
    scanned(crm)
    before = len(company.log("GET", "v1/leads$"))
    assert all(crm.get([ref(id) for id in range(101, 401)]).values())
    assert len(company.log("GET", "v1/leads$")) - before == 1


def test_a_clock_that_was_read_by_half_is_not_used(company: Company) -> None:
    """A connector that lives on after an error must not take half a read for silence."""
    won(company, "2022-03-01", person_id=1)
    crm = company.connect()
    company.fault("v2/deals$", status=503, times=None)
    with pytest.raises(Unreachable):
        list(crm.scan(Query("person")))
    requests.delete(f"{company.url}/_sandbox/faults", timeout=5)
    assert inbound(read(crm, 1)) == {(at("2022-03-01"), "won_deal")}


def test_an_own_note_is_no_contact(company: Company) -> None:
    """RET-20."""
    company.load("notes", {"person_id": 1, "content": "audit"})
    assert scanned(company.connect())["1"].inbound == ()


def test_a_lead_is_open_business_until_it_is_archived(company: Company) -> None:
    """RET-20: a web form leaves a lead, not a deal."""
    company.person(1)
    company.person(2)
    company.load("leads", {"title": "Web form", "person_id": 1}, {"title": "Old", "person_id": 2, "is_archived": True})
    crm = company.connect()
    assert {id: found.open for id, found in scanned(crm).items()} == {"1": ("lead",), "2": ()}
    assert [read(crm, number).open for number in (1, 2)] == [("lead",), ()]


def test_leads_that_may_not_be_read_are_said(company: Company) -> None:
    """Undatable, not silent."""
    company.person(1)
    crm = company.connect(token="sandbox-lacks:leads:full,leads:read")
    assert crm.check().missing == ("leads:read",)
    assert read(crm, 1).unreadable == ("lead", "web_lead")


@pytest.mark.parametrize("source", ["Web forms", "Live chat", "Leadbooster"])
@pytest.mark.parametrize("archived", [False, True])
def test_a_lead_that_a_form_or_a_chat_made_is_a_contact_from_the_person(
    company: Company, source: str, archived: bool
) -> None:
    """RET-20: the vendor's list of lead sources is closed; the chatbot's leads are called Leadbooster."""
    made = {"title": "x", "add_time": "2022-03-01T12:00:00.000Z", "update_time": "2024-01-01T00:00:00.000Z"}
    company.load("leads", made | {"person_id": 1, "source_name": source, "is_archived": archived})
    crm = company.connect()
    assert inbound(scanned(crm)["1"]) == inbound(read(crm, 1)) == {(at("2022-03-01"), "web_lead")}
    assert scanned(crm)["2"].inbound == ()


@pytest.mark.parametrize("source", ["API", "Import", "Manually created", "Prospector", "Website visitors", "Deal"])
def test_a_lead_that_we_made_is_no_contact(company: Company, source: str) -> None:
    """RET-20: nor one that the vendor guessed from a visit, or found in its own data base."""
    company.load("leads", {"title": "x", "person_id": 1, "source_name": source})
    assert (scanned(company.connect())["1"].inbound, scanned(company.connect())["1"].unreadable) == ((), ())


def test_a_lead_of_a_source_that_is_not_documented_makes_its_person_unreadable(company: Company) -> None:
    """The vendor says that the list may grow: a new kind of form must not look like silence."""
    company.load("leads", {"title": "x", "person_id": 1, "source_name": "Hologram"})
    found = scanned(company.connect())
    assert (found["1"].unreadable, found["2"].unreadable) == (("web_lead",), ())
    assert scanned(company.connect(inbound=["incoming_mail"]))["1"].unreadable == ()


def test_a_lead_that_a_form_made_and_somebody_archived_since_the_scan_is_found(company: Company) -> None:
    """DESIGN §6: archived leads are asked for from the latest change down to what was read, not all again."""
    old = {"title": "x", "is_archived": True}
    company.load("leads", *(old | {"update_time": f"20{10 + n // 100:02}-01-01T00:00:00.000Z"} for n in range(1200)))
    crm = company.connect()
    scanned(crm)
    company.load("leads", {"title": "x", "person_id": 1, "source_name": "Web forms", "is_archived": True})
    before = len(company.log())
    assert {moment.source for moment in read(crm, 1).inbound} == {"web_lead"}
    assert len([entry for entry in company.log()[before:] if entry["path"].endswith("/leads/archived")]) == 1


# --- activity types ---


def test_a_configured_activity_type_that_does_not_exist_makes_everybody_undatable(company: Company) -> None:
    """DESIGN §6: a source that reads nothing would be a wrong erasure in waiting; the types that exist still date."""
    activity(company, "call", "2022-01-01", person_id=1)
    crm = company.connect(inbound_activity_types=["call", "fax"])
    found = scanned(crm)
    assert [found[id].unreadable for id in ("1", "2")] == [("activity:fax",)] * 2
    assert read(crm, 1).unreadable == ("activity:fax",)
    assert inbound(found["1"]) == {(at("2022-01-01"), "activity:call")}


def test_default_types_that_match_nothing_leave_unsorted_activities_unreadable(company: Company) -> None:
    """Nobody said which activities of this account come from the person, so who has one that is done is undatable."""
    activity(company, "call", "2022-01-01", person_id=1, attendees=[{"email": "x@example.org", "person_id": 3}])
    activity(company, "call", "2022-01-01", person_id=2, done=False)
    company.person(3)
    crm = company.connect()
    found = scanned(crm)
    assert [found[id].unreadable for id in ("1", "2", "3")] == [("activity",), (), ("activity",)]
    assert [read(crm, id).unreadable for id in (1, 2, 3)] == [("activity",), (), ("activity",)]
    assert found["1"].inbound == ()


def test_one_default_type_that_exists_or_a_choice_makes_the_others_no_contact(company: Company) -> None:
    """Then the account tells the activities apart, or the operator has."""
    activity(company, "call", "2022-01-01", person_id=1)
    assert scanned(company.connect(inbound_activity_types=[]))["1"].unreadable == ()
    assert scanned(company.connect(inbound=["incoming_mail"]))["1"].unreadable == ()
    company.load("activityTypes", {"name": "Form", "key_string": "form"})
    assert scanned(company.connect())["1"].unreadable == ()


def test_activity_types_that_may_not_be_read_are_unreadable(company: Company) -> None:
    """Fail closed: whether they exist cannot be told."""
    company.fault("activityTypes", status=403, body={"success": False}, times=None)
    assert scanned(company.connect())["1"].unreadable == (
        "activity:inbound_call",
        "activity:form",
        "activity:meeting_booked",
    )
