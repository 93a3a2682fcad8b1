"""Annotate against the local HubSpot: one note a decision, however often and whatever is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from connectors.hubspot.connector import HubSpotConnector
from core.actions import Annotate, Command, Note
from core.connector import AlreadyDone, Changed, Done, Gone, Receipt, Refused
from core.errors import Unreachable
from core.model import Ref
from tests.test_connectors_hubspot_connector import Place, fresh


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


def note(id: str, text: str = "Rule SUP-01 applied.") -> Annotate:
    """A note."""
    return Annotate(Note(id, text, date(2026, 11, 24)))


def write(crm: HubSpotConnector, *notes: tuple[Ref, Annotate], version: str = "") -> list[Receipt]:
    """Applies notes, without a version as the core does."""
    return list(crm.apply([Command(ref, version, action) for ref, action in notes]))


def bodies(place: Place) -> list[str]:
    """The bodies of all notes."""
    rows: list[dict[str, Any]] = place.raw("GET", "/crm/v3/objects/notes", properties="hs_note_body")["results"]
    return [row["properties"]["hs_note_body"] for row in rows]


def test_a_note_hangs_on_its_contact_and_is_found_again(place: Place, crm: HubSpotConnector) -> None:
    """§4: association 202; found through the links, never by search."""
    ref = place.contact("101", email="a@example.fr")
    assert [type(item) for _ in range(2) for item in write(crm, (ref, note("L7")))] == [Done, AlreadyDone]
    assert bodies(place) == ["Rule SUP-01 applied. [repoussoir L7]"]
    found = place.raw("GET", "/crm/v4/objects/contacts/101/associations/notes")["results"]
    assert [spec["typeId"] for row in found for spec in row["associationTypes"]] == [201]
    assert place.calls("/search") == 0


def test_one_id_is_not_found_in_another(place: Place, crm: HubSpotConnector) -> None:
    """L1 is not in L10."""
    ref = place.contact("101")
    assert [type(item) for id in ("L10", "L1") for item in write(crm, (ref, note(id)))] == [Done, Done]


def test_several_notes_on_one_record_in_one_batch(place: Place, crm: HubSpotConnector) -> None:
    """Receipts in order, one a note."""
    ref, other = place.contact("101"), place.contact("102")
    write(crm, (ref, note("L1")))
    receipts = write(crm, (ref, note("L1")), (ref, note("L2")), (other, note("L3")))
    assert [type(item) for item in receipts] == [AlreadyDone, Done, Done]
    assert len(bodies(place)) == 3


def test_a_note_does_not_move_a_retention_clock(place: Place, crm: HubSpotConnector) -> None:
    """RET-20, §12.18: it moves the last modification, which is no clock."""
    ref = place.contact("101", recent_conversion_date="2023-01-01T00:00:00.000Z")
    before = fresh(crm, ref)
    write(crm, (ref, note("L7")))
    after = fresh(crm, ref)
    assert (after.inbound, after.collected, after.open) == (before.inbound, before.collected, before.open)


def test_the_text_is_escaped(place: Place, crm: HubSpotConnector) -> None:
    """§4: a note body is HTML."""
    ref = place.contact("101")
    write(crm, (ref, note("L7", "kept < 3 years & <b>done</b>")))
    assert bodies(place) == ["kept &lt; 3 years &amp; &lt;b&gt;done&lt;/b&gt; [repoussoir L7]"]


def test_a_company_can_be_the_anchor(place: Place, crm: HubSpotConnector) -> None:
    """§2.6: association 190."""
    place.child("companies", "500", name="Acme")
    anchor = Ref("hubspot", "company", "500")
    assert [type(item) for _ in range(2) for item in write(crm, (anchor, note("L1-L9")))] == [Done, AlreadyDone]
    found = place.raw("GET", "/crm/v4/objects/companies/500/associations/notes")["results"]
    assert [spec["typeId"] for row in found for spec in row["associationTypes"]] == [189]


def test_gone_changed_and_unknown_kinds(place: Place, crm: HubSpotConnector) -> None:
    """Nothing is written."""
    ref = place.contact("101")
    assert write(crm, (Ref("hubspot", "contact", "9"), note("L1"))) == [Gone()]
    assert write(crm, (ref, note("L1")), version="2001-01-01T00:00:00Z") == [Changed()]
    assert [type(item) for item in write(crm, (Ref("hubspot", "deal", "9"), note("L1")))] == [Refused]
    assert bodies(place) == []


def test_a_note_whose_answer_was_lost_is_not_written_twice(place: Place, crm: HubSpotConnector) -> None:
    """§12.23: a repeated create duplicates; HubSpot does not dedupe by trace id."""
    ref = place.contact("101")
    place.fault("/notes/batch/create", cut="after")
    assert [type(item) for item in write(crm, (ref, note("L7")))] == [Done]
    assert len(bodies(place)) == 1


def test_a_note_that_never_arrived_raises(place: Place, crm: HubSpotConnector) -> None:
    """The next run looks for it and writes it."""
    ref = place.contact("101")
    place.fault("/notes/batch/create", cut="before")
    with pytest.raises(Unreachable):
        write(crm, (ref, note("L7")))
    assert [type(item) for item in write(crm, (ref, note("L7")))] == [Done]
    assert len(bodies(place)) == 1


def test_a_row_error_is_the_receipt_of_its_own_note(place: Place, crm: HubSpotConnector) -> None:
    """§12.4: errors are told apart by objectWriteTraceId, and one bad note does not refuse the others."""
    ref, other = place.contact("101"), place.contact("102")
    error = {"status": "error", "category": "VALIDATION_ERROR", "context": {"objectWriteTraceId": ["L1"]}}
    body = {"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [error]}
    place.fault("/notes/batch/create", status=207, body=body)
    receipts = write(crm, (ref, note("L1")), (other, note("L2")))
    assert receipts == [Refused("VALIDATION_ERROR"), Refused("HubSpot made no note")]
    place.fault("/notes/batch/create", status=400, body={"category": "VALIDATION_ERROR"})
    assert write(crm, (ref, note("L1"))) == [Refused("400 VALIDATION_ERROR")]
