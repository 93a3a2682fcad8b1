"""What the vendor may say that must neither be kept nor be believed (pipedrive.md §3, §9, §12)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connectors.pipedrive.connector import Pipedrive
from core.actions import Action, Anonymise, Clear, Command, Erase, Restrict, Suppress
from core.connector import Refused
from core.errors import BadAnswer, RepoussoirError
from core.model import Record
from tests.test_connectors_pipedrive_connector import CHOICES, NOW, TEXT, Company, read, ref, scanned

PLANT = "jean.dupont@example.org"
ALL = Erase(("notes", "activities", "emails", "files"))
SUPPORTED = r"/api/v1/(users(/me)?|notes(/\d+(/comments(/\w+)?)?)?|leads(/archived)?|activityTypes|files/\d+"
SUPPORTED += (
    r"|persons/\d+/(files|mailMessages|picture)|mailbox/mailThreads/\d+(/mailMessages)?|deals/\d+/participants)"
)


@pytest.fixture(scope="module")
def running() -> Iterator[Company]:
    """One server for the file."""
    company = Company()
    yield company
    company.sandbox.stop()


@pytest.fixture
def company(running: Company) -> Company:
    """The server in its first state, with a text and a multiple choice."""
    running.reset()
    running.field(TEXT, "Notes internes", "text")
    running.field(CHOICES, "Provenance", "enum", "Import", "Web form")
    return running


def kept(record: Record) -> str:
    """All of a record that goes into the store as it is."""
    parts = (record.ref, record.version, record.origin, record.inbound, record.unreadable, record.signals)
    return repr((*parts, record.open, record.objections, record.suppressed, record.requests))


def planted(company: Company) -> None:
    """A person, and everything around it, that hold an address wherever a text can be."""
    for child in ("notes", "files"):
        company.load(child, {"person_id": 1, "content": PLANT, "name": PLANT})
    company.load("activities", {"subject": PLANT, "note": PLANT, "type": PLANT, "done": True, "person_id": 1})
    company.load("activities", {"subject": PLANT, "person_id": 1, "org_id": 5, "location": {"value": PLANT}})
    company.load("organizations", {"id": 5, "name": PLANT})
    company.load("leads", {"title": PLANT, "person_id": 1, "source_name": PLANT, "origin": PLANT, "origin_id": PLANT})
    company.load("deals", {"title": PLANT, "person_id": 1, "status": "won", "won_time": "2022-01-01T00:00:00Z"})
    company.load("mailMessages", {"subject": PLANT, "from": [{"email_address": PLANT}], "person_id": 1})
    company.person(1, name=PLANT, custom_fields={TEXT: PLANT}, emails=[{"value": PLANT, "primary": True}])


def connected(company: Company) -> Pipedrive:
    """A connector that reads where a person came from."""
    return company.connect(imported={"field": "Provenance", "values": ["Import"]}, collected="Notes internes")


def test_nothing_that_is_kept_of_a_person_holds_a_text_of_it(company: Company) -> None:
    """Only ids, times and words known beforehand reach the store."""
    planted(company)
    assert PLANT not in kept(scanned(connected(company))["1"])


@pytest.mark.parametrize("imported", [{"field": "Notes internes", "values": ["Import"]}, None])
def test_a_free_text_is_never_the_origin(company: Company, imported: Any) -> None:
    """It is one of the configured values, or nothing."""
    planted(company)
    assert scanned(company.connect(imported=imported))["1"].origin == ""


def test_an_option_that_was_not_configured_is_never_the_origin(company: Company) -> None:
    """The options of a field that was chosen by mistake may be the names of persons."""
    company.field("d" * 40, "Apporteur", "set", "Import", "Jean Martin")
    company.person(1, custom_fields={"d" * 40: [2]})
    company.person(2, custom_fields={"d" * 40: [1, 2]})
    company.person(3)
    got = scanned(company.connect(imported={"field": "Apporteur", "values": ["import"]}))
    assert [got[id].origin for id in ("1", "2", "3")] == ["other", "Import", ""]
    assert [got[id].collected is None for id in ("1", "2", "3")] == [False, True, False]


@pytest.mark.parametrize("value", [PLANT, 77])
def test_an_origin_that_is_no_option_of_its_field_is_unknown_and_dates_nothing(company: Company, value: Any) -> None:
    """RET-22: it may mean import. Its text is not kept."""
    row: dict[str, Any] = {"id": 1, "update_time": "2021-01-02T00:00:00Z", "add_time": "2021-01-01T00:00:00Z"}
    row |= {"custom_fields": {CHOICES: value}}
    body = {"success": True, "data": [row], "additional_data": {}}
    company.fault("v2/persons$", status=200, body=body, times=None)
    got = scanned(company.connect(imported={"field": "Provenance", "values": ["Import"]}))["1"]
    assert (got.origin, got.collected) == ("", None)


@pytest.mark.parametrize(
    "action", [Suppress(("email", "telephone")), Restrict("x"), Clear((TEXT, "email", "name")), Anonymise(), ALL]
)
def test_no_receipt_holds_a_value(company: Company, action: Action) -> None:
    """Receipts go into the ledger."""
    planted(company)
    crm = connected(company)
    crm.declare()
    receipts = list(crm.apply([Command(ref(1), read(crm).version, action)]))
    assert "example.org" not in repr(receipts)


@pytest.mark.parametrize("status", [200, 400, 402, 403, 404, 409, 410, 415, 422, 500])
@pytest.mark.parametrize("action", [Suppress(("email",)), Clear((TEXT,)), Erase()])
def test_no_refusal_repeats_what_the_vendor_says(company: Company, status: int, action: Action) -> None:
    """§9: its text, and whatever it puts where a code should be, may be a value."""
    planted(company)
    crm = connected(company)
    crm.declare()
    command = Command(ref(1), read(crm).version, action)
    body = {"success": False, "error": PLANT, "error_info": PLANT, "code": "Jean_Dupont", "message": PLANT}
    company.fault("v2/persons/1$", status=status, body=body, times=None)
    try:
        said = repr(list(crm.apply([command])))
    except RepoussoirError as error:
        said = repr(error)
    assert not re.search("jean|dupont|example.org", said, re.IGNORECASE)


def test_a_vendor_code_is_told(company: Company) -> None:
    """§9: those of its two known forms say what to mend."""
    company.person(custom_fields={TEXT: "words"})
    crm = company.connect()
    command = Command(ref(1), read(crm).version, Clear((TEXT,)))
    body = {"success": False, "code": "feature_capping_fields_limit"}
    company.fault("v2/persons/1$", method="PATCH", status=400, body=body)
    (receipt,) = crm.apply([command])
    assert isinstance(receipt, Refused) and "feature_capping_fields_limit" in receipt.why


def test_only_what_v1_still_supports_is_called(company: Company) -> None:
    """Trap 1: persons, deals and activities of v1 are out of support; trap 3: no token in a URL."""
    planted(company)
    crm = connected(company)
    crm.declare()
    crm.check()
    list(crm.users())
    scanned(crm)
    for action in (Suppress(("email", "telephone")), Anonymise(), ALL):
        list(crm.apply([Command(ref(1), read(crm).version, action)]))
    v1 = [entry["path"] for entry in company.log() if "/v1/" in entry["path"]]
    assert {path for path in v1 if not re.fullmatch(SUPPORTED, path)} == set()
    assert not any({"api_token", "filter_id"} & set(entry.get("query", ())) for entry in company.log())
    assert {entry["method"] for entry in company.log(path="/v2/")} <= {"GET", "POST", "PATCH", "DELETE"}


def test_a_token_is_in_no_error_of_a_connection_that_breaks(company: Company) -> None:
    """Trap 3: the package's own exceptions hold the whole URL."""
    crm = company.connect("sandbox-lacks:s3cr3t")
    company.fault("users/me", cut="before", times=None)
    with pytest.raises(RepoussoirError) as caught:
        crm.check()
    assert "s3cr3t" not in repr(caught.value) and caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_stamp_with_fractions_is_asked_for_without_them(company: Company) -> None:
    """Trap 21: the vendor rejects them; cut off, never rounded up, since what lies between would be missed."""
    company.person()
    row = {"id": 5, "status": "won", "update_time": "2026-01-01T00:00:00.900Z"}
    company.fault("v2/deals$", status=200, body={"success": True, "data": [row], "additional_data": {}})
    crm = company.connect()
    scanned(crm)
    stamps = {"add_time": "2020-01-01T00:00:00Z", "update_time": "2026-01-01T00:00:00Z"}
    company.load("deals", {"title": "d", "status": "won", "won_time": "2022-01-01T00:00:00Z", "person_id": 1} | stamps)
    assert [moment.source for moment in read(crm).inbound] == ["won_deal"]


def test_every_field_of_the_name_may_carry_an_objection(company: Company) -> None:
    """Trap 19, §6: names are not unique, and a field that was made twice must hide nobody."""
    for code in ("d" * 40, "e" * 40):
        company.field(code, "repoussoir_no_email", "enum", "yes", "no")
    company.load("settings", {"campaigns": False})
    company.person(1, custom_fields={"d" * 40: 1})
    company.person(2, custom_fields={"e" * 40: 1})
    found = scanned(company.connect())
    assert [[objection.channel for objection in found[id].objections] for id in ("1", "2")] == [["email"], ["email"]]


def test_a_person_read_back_as_another_is_gone(company: Company) -> None:
    """Trap 27: a merged id may answer as its survivor, whose record must not be taken for the one we changed."""
    company.person(1, custom_fields={TEXT: "words"})
    company.person(2)
    crm = company.connect()
    command = Command(ref(1), read(crm).version, Clear((TEXT,)))
    company.fault("v2/persons/1$", method="PATCH", cut="before")
    company.fault("v2/persons/1$", method="GET", status=200, body={"success": True, "data": company.shown(2)})
    nobody = {"success": True, "data": [], "additional_data": {"next_cursor": None}}
    company.fault("v2/persons$", status=200, body=nobody, skip=2)
    assert [type(receipt).__name__ for receipt in crm.apply([command])] == ["Gone"]
    assert len(company.log("PATCH")) == 1


def test_a_write_that_is_answered_with_another_person_is_no_success(company: Company) -> None:
    """The same, of the answer to the change itself."""
    company.person(1, custom_fields={TEXT: "words"})
    company.person(2)
    crm = company.connect()
    command = Command(ref(1), read(crm).version, Clear((TEXT,)))
    company.fault("v2/persons/1$", method="PATCH", status=200, body={"success": True, "data": company.shown(2)})
    (receipt,) = crm.apply([command])
    assert isinstance(receipt, Refused)


def test_a_list_of_persons_that_were_not_asked_for_answers_nobody_else(company: Company) -> None:
    """Trap 10: a vendor may take no notice of the ids."""
    for id in (1, 2, 3):
        company.person(id)
    every = requests.get(f"{company.url}/api/v2/persons", headers={"x-api-token": "sandbox"}, timeout=5).json()
    crm = company.connect()
    read(crm)
    company.fault("v2/persons$", status=200, body=every, times=None)
    assert set(crm.get([ref(2)])) == {ref(2)}
    list(crm.apply([Command(ref(2), "other", Erase())]))
    assert company.writes() == []


def test_a_deleted_person_is_gone_whatever_its_version(company: Company) -> None:
    """§4.5: within the 30 days too, however the vendor shows it."""
    company.person(1)
    crm = company.connect()
    command = Command(ref(1), read(crm).version, ALL)
    company.ask("DELETE", "/v2/persons/1")
    assert [type(receipt).__name__ for receipt in crm.apply([command])] == ["Gone"]
    company.sandbox.clock.set(NOW.replace(month=12, day=31))
    assert crm.get([ref(1)]) == {ref(1): None}


def test_a_v1_path_that_is_gone_stops_and_is_no_empty_list(company: Company) -> None:
    """§3.1: 410, or 404, for what v1 has no longer; open leads that cannot be listed are not none."""
    company.person()
    for status in (410, 404):
        company.fault("v1/leads$", status=status, body={"success": False})
        with pytest.raises(BadAnswer):
            scanned(company.connect())


@pytest.mark.parametrize("path", ["v1/notes$", "v2/activities$", "persons/1/files$", "persons/1/mailMessages$"])
def test_a_404_of_a_list_does_not_make_the_person_gone(company: Company, path: str) -> None:
    """§3.1, §9: a path that v1 has no longer is no proof of an erasure; the person itself is asked."""
    company.person()
    crm = company.connect()
    command = Command(ref(1), read(crm).version, ALL)
    company.fault(path, status=404, body={"success": False}, times=None)
    with pytest.raises(BadAnswer):
        list(crm.apply([command]))
    assert company.writes() == []


def test_lists_that_are_walked_by_cursor_are_pinned_to_the_id(company: Company) -> None:
    """§3.3, trap 24: what a cursor remembers is not documented, and any other order moves while it is walked."""
    company.person()
    crm = company.connect()
    scanned(crm)
    before = len(company.log())
    read(crm)
    lists = [entry for entry in company.log()[before:] if "/v2/" in entry["path"]]
    assert len(lists) == 4
    assert all("sort_by" in entry["query"] for entry in lists)


def test_archived_leads_in_another_order_than_asked_for_are_read_whole(company: Company) -> None:
    """An old one at the top would else be taken for the end of the news."""
    company.person()
    old = {"id": "a", "title": "x", "is_archived": True, "update_time": "2022-01-01T00:00:00.000Z"}
    company.load("leads", old)
    crm = company.connect()
    scanned(crm)
    older = {"id": "b", "update_time": "2021-01-01T00:00:00.000Z"}
    new = {"id": "c", "update_time": "2025-01-01T00:00:00.000Z", "add_time": "2025-01-01T00:00:00.000Z"}
    new |= {"person_id": 1, "source_name": "Web forms", "is_archived": True}
    body = {"success": True, "data": [older, old, new], "additional_data": {"more_items_in_collection": False}}
    company.fault("leads/archived$", status=200, body=body)
    assert [moment.source for moment in read(crm).inbound] == ["web_lead"]
