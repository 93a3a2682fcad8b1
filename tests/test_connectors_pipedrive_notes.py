"""Audit notes: once, found by their id, and no trace in a clock (pipedrive.md §5, §9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from connectors.pipedrive.connector import Pipedrive
from core.actions import Annotate, Command, Note
from core.connector import AlreadyDone, Done, Gone
from core.model import Ref
from tests.test_connectors_pipedrive_connector import Company, apply, read, ref

NOTE = Note("L-0007", "RET-01 applied", date(2026, 11, 24))


@pytest.fixture(scope="module")
def running() -> Iterator[Company]:
    """One server for the file."""
    company = Company()
    yield company
    company.sandbox.stop()


@pytest.fixture
def company(running: Company) -> Company:
    """The server in its first state."""
    return running.reset()


@pytest.fixture
def crm(company: Company) -> Pipedrive:
    """A connector."""
    return company.connect()


def test_a_note_is_written_once(company: Company, crm: Pipedrive) -> None:
    """DESIGN §6: found by its id before it is written; it does not move the record."""
    company.person()
    before = read(crm)
    command = Command(ref(1), before.version, Annotate(NOTE))
    assert list(crm.apply([command])) == [Done()]
    assert list(crm.apply([command])) == [AlreadyDone()]
    (note,) = company.ask("GET", "/v1/notes?person_id=1")
    assert all(text in note["content"] for text in ("L-0007", "RET-01 applied", "2026-11-24"))
    assert read(crm) == before


def test_a_note_is_bound_to_no_version_but_needs_a_person(company: Company, crm: Pipedrive) -> None:
    """It only adds: the core gives none."""
    company.person()
    assert list(crm.apply([Command(ref(id), "", Annotate(NOTE)) for id in (1, 2)])) == [Done(), Gone()]


def test_a_note_whose_answer_is_lost_is_looked_for(company: Company, crm: Pipedrive) -> None:
    """§9: no idempotency keys; a POST is not repeated blindly."""
    company.person()
    company.fault("v1/notes", method="POST", cut="after")
    assert apply(crm, Annotate(NOTE)) == [Done()]
    company.fault("v1/notes", method="POST", cut="before")
    assert apply(crm, Annotate(Note("L-0008", "x", NOTE.on))) == [Done()]
    assert len(company.ask("GET", "/v1/notes?person_id=1")) == 2


def test_a_notes_text_is_no_markup(company: Company, crm: Pipedrive) -> None:
    """§5: the content is HTML."""
    company.person()
    apply(crm, Annotate(Note("L-9", "a < b & c", NOTE.on)))
    assert "a &lt; b &amp; c" in company.ask("GET", "/v1/notes?person_id=1")[0]["content"]


def test_an_organisation_can_be_the_audit_anchor(company: Company, crm: Pipedrive) -> None:
    """One note a run about erased people, on a record that holds none."""
    company.load("organizations", {"id": 5, "name": "Registre"})
    anchor = Command(Ref("pd", "organization", "5"), "", Annotate(NOTE))
    assert list(crm.apply([anchor])) == [Done()]
    assert list(crm.apply([anchor])) == [AlreadyDone()]
    assert len(company.ask("GET", "/v1/notes?org_id=5")) == 1
