"""What others do while a person's children go, and what is said of what went by then (pipedrive.md §5, §9, §12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connectors.pipedrive.connector import Pipedrive
from core.actions import Command, Erase
from core.connector import Changed, Done, Gone, Receipt, Refused
from tests.test_connectors_pipedrive_connector import Company, apply, read, ref

ALL = Erase(("notes", "activities", "emails", "files"))
MAIL: dict[str, Any] = {"mail_thread_id": 1, "from": [{"email_address": "p1@example.org"}]}
SHARED = MAIL | {"to": [{"email_address": "p2@example.org"}]}


@pytest.fixture(scope="module")
def running() -> Iterator[Company]:
    """One server for the file."""
    company = Company()
    yield company
    company.sandbox.stop()


@pytest.fixture
def company(running: Company) -> Company:
    """The server in its first state, with two persons and a note of the first."""
    running.reset()
    running.person(1)
    running.person(2)
    running.load("notes", {"id": 1, "person_id": 1, "content": "x"})
    return running


@pytest.fixture
def crm(company: Company) -> Pipedrive:
    """A connector."""
    return company.connect()


def once(company: Company, monkeypatch: pytest.MonkeyPatch, method: str, path: str, act: Callable[[], Any]) -> None:
    """Lets somebody act right after the first such request was answered."""
    app, todo = company.sandbox.app("pipedrive"), [act]
    real = app.answer

    def answer(request: Any) -> Any:
        response = real(request)
        if todo and request.method == method and request.path.endswith(path):
            todo.pop()()
        return response

    monkeypatch.setattr(app, "answer", answer)


def command(crm: Pipedrive) -> Command:
    """The erasure of the first person as it is now."""
    return Command(ref(1), read(crm).version, ALL)


def remains(receipt: Receipt) -> str:
    """What remains of what was done."""
    assert isinstance(receipt, Done)
    return receipt.remains


# --- mails ---


def test_a_mail_that_arrives_before_its_thread_goes_keeps_thread_and_person(
    company: Company, crm: Pipedrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would go with its thread, and the person's last incoming mail would be an old one again."""
    company.load("mailMessages", {"id": 1, **MAIL, "message_time": "2021-01-05T00:00:00Z"})
    order = command(crm)
    came = {"id": 2, **MAIL, "message_time": "2026-11-24T08:00:00Z"}
    once(company, monkeypatch, "DELETE", "notes/1", lambda: company.load("mailMessages", came))
    assert list(crm.apply([order])) == [Changed("1 notes deleted")]
    assert company.shown(1) is not None
    assert company.log("DELETE", "mailThreads") == []


def test_a_mail_that_arrives_while_the_children_are_listed_keeps_them_all(
    company: Company, crm: Pipedrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look that follows shows it on the person."""
    company.load("mailMessages", {"id": 1, **MAIL, "message_time": "2021-01-05T00:00:00Z"})
    order = command(crm)
    came = {"id": 2, **MAIL, "message_time": "2026-11-24T08:00:00Z"}
    once(company, monkeypatch, "GET", "mailThreads/1/mailMessages", lambda: company.load("mailMessages", came))
    assert list(crm.apply([order])) == [Changed()]
    assert company.writes() == []


# --- files ---


@pytest.mark.parametrize("order", [("emails", "files"), ("files", "emails"), ("files",)])
def test_the_attachment_of_a_mail_that_stays_is_kept(company: Company, crm: Pipedrive, order: tuple[str, ...]) -> None:
    """A file that hangs on something that stays belongs to it."""
    company.load("mailMessages", {"id": 5, **SHARED})
    company.load("files", {"id": 1, "person_id": 1, "mail_message_id": "5"})
    (receipt,) = apply(crm, Erase(order))
    assert "1 files kept" in remains(receipt)
    assert company.ask("GET", "/v1/files/1") is not None


def test_the_attachment_of_a_mail_that_goes_goes_too(company: Company, crm: Pipedrive) -> None:
    """In whatever order the children were named."""
    company.load("mailMessages", {"id": 5, **MAIL})
    company.load("files", {"id": 1, "person_id": 1, "mail_message_id": "5"})
    (receipt,) = apply(crm, Erase(("files", "emails")))
    assert "files kept" not in remains(receipt)
    assert company.ask("GET", "/v1/files/1") is None


@pytest.mark.parametrize("link", ["note_id", "activity_id"])
def test_a_file_of_a_note_or_an_activity_that_stays_is_kept(company: Company, crm: Pipedrive, link: str) -> None:
    """The note and the activity belong to a deal too."""
    company.load("deals", {"id": 6, "title": "Deal"})
    company.load("notes", {"id": 4, "person_id": 1, "deal_id": 6, "content": "x"})
    company.load("activities", {"id": 4, "subject": "a", "person_id": 1, "deal_id": 6})
    company.load("files", {"id": 1, "person_id": 1, link: 4})
    (receipt,) = apply(crm, ALL)
    assert "1 files kept" in remains(receipt)
    assert company.ask("GET", "/v1/files/1") is not None


# --- what was taken ---


@pytest.mark.parametrize("status", [400, 404])
def test_a_refused_deletion_says_what_had_gone_and_does_not_stop_the_next(
    company: Company, crm: Pipedrive, status: int
) -> None:
    """404 on a person that is there is its own trouble alone."""
    company.fault("persons/1$", method="DELETE", status=status, body={"success": False, "error": "p1@example.org"})
    first, second = apply(crm, ALL, 1, 2)
    assert isinstance(first, Refused) and "1 notes deleted" in first.why
    assert "example.org" not in first.why
    assert isinstance(second, Done)
    assert company.shown(1) is not None


def test_a_deletion_that_is_answered_404_on_a_person_that_is_there_is_refused(company: Company, crm: Pipedrive) -> None:
    """Without children too."""
    company.fault("persons/1$", method="DELETE", status=404, body={"success": False})
    first, second = apply(crm, Erase(), 1, 2)
    assert isinstance(first, Refused) and "404" in first.why
    assert isinstance(second, Done)


def test_a_person_that_is_merged_away_while_its_children_go_is_gone_with_them(
    company: Company, crm: Pipedrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger must not say that nothing went."""
    order = command(crm)
    merged = {"merge_with_id": 2}
    once(company, monkeypatch, "DELETE", "notes/1", lambda: company.ask("PUT", "/v1/persons/1/merge", merged))
    assert list(crm.apply([order])) == [Gone("1 notes deleted")]


# --- what stays ---


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("role", ["participants", "attendees"])
def test_activities_in_which_the_person_is_a_guest_are_told(
    company: Company, crm: Pipedrive, role: str, done: bool
) -> None:
    """§12, 12: the API lists them under their main person only; their text may hold the name."""
    host = {"participants": [{"person_id": 2, "primary": True}]}
    guest: dict[str, Any] = {"participants": [*host["participants"], {"person_id": 1, "primary": False}]}
    guest = guest if role == "participants" else host | {"attendees": [{"email": "p1@example.org", "person_id": 1}]}
    company.load("activities", {"id": 1, "subject": "a", "done": done, **guest})
    company.load("activities", {"id": 2, "subject": "b", "person_id": 1})
    (receipt,) = apply(crm, ALL)
    assert "1 activities kept, in which the person is a guest" in remains(receipt)


def test_activities_that_were_not_read_are_told(company: Company) -> None:
    """No type of activity is a source: then nobody has read them."""
    (receipt,) = apply(company.connect(inbound_activity_types=[]), ALL)
    assert "guest not read" in remains(receipt)


def test_what_is_deleted_and_how_long_the_vendor_keeps_it_is_told(company: Company, crm: Pipedrive) -> None:
    """§4.5: activities and files lie in the bin; of notes and mails the vendor says nothing (§13)."""
    company.load("activities", {"id": 1, "subject": "a", "person_id": 1})
    company.load("files", {"id": 1, "person_id": 1})
    company.load("mailMessages", {"id": 5, **MAIL})
    (receipt,) = apply(crm, ALL)
    assert "1 activities deleted, 1 files deleted: in Pipedrive's bin for 30 days" in remains(receipt)
    assert "1 notes deleted, 1 mail threads deleted: Pipedrive does not say" in remains(receipt)


@pytest.mark.parametrize("kind", ["notes", "files", "activities"])
def test_a_child_that_is_written_while_the_others_go_keeps_the_person(
    company: Company, crm: Pipedrive, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Nobody has judged it, and it would be left without its person."""
    order = command(crm)
    new = {"id": 7, "person_id": 1, "content": "said on the phone", "subject": "a"}
    once(company, monkeypatch, "DELETE", "notes/1", lambda: company.load(kind, new))
    assert list(crm.apply([order])) == [Changed("1 notes deleted")]
    assert company.shown(1) is not None
