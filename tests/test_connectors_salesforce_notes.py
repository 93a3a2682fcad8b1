"""Audit notes in Salesforce: once, found again, and no retention clock moves (salesforce.md §8; RET-20)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from connectors.salesforce.connector import Salesforce
from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.world import Sandbox
from core.actions import Annotate, Command, Note
from core.connector import AlreadyDone, Changed, Done, Gone, Receipt, Refused
from core.errors import Unreachable
from core.model import Ref
from tests.connectors_salesforce import ACME, ANN, ZOE, connect, fault, load, ref

TEXT = "Rule RET-01 <applied> & logged."


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox(vendors=[SandboxOrg]) as running:
        yield running


@pytest.fixture
def org(world: Sandbox) -> Sandbox:
    world.reset()
    load(
        world,
        ("Contact", {"Id": ANN, "LastName": "Test"}),
        ("Lead", {"Id": ZOE, "LastName": "Test", "Company": "X"}),
        ("Account", {"Id": ACME, "Name": "Acme"}),
    )
    return world


def annotate(crm: Salesforce, target: Ref, note: str = "L-1") -> Command:
    found = crm.get([target])[target]
    assert found is not None
    return Command(target, found.version, Annotate(Note(note, TEXT, date(2026, 11, 24))))


def do(crm: Salesforce, target: Ref, note: str = "L-1") -> Receipt:
    (receipt,) = crm.apply([annotate(crm, target, note)])
    return receipt


def rows(org: Sandbox, kind: str) -> list[dict[str, Any]]:
    return [body for _, body in org.app("salesforce").state.all(f"salesforce.{kind}") if "_deleted" not in body]


def titles(org: Sandbox, id: str = ANN) -> list[str]:
    linked = {link["ContentDocumentId"] for link in rows(org, "ContentDocumentLink") if link["LinkedEntityId"] == id}
    return sorted(note["Title"] for note in rows(org, "ContentNote") if note["Id"] in linked)


@pytest.mark.parametrize("target", [ref(), ref(ZOE, "Lead"), ref(ACME, "Account")], ids=["contact", "lead", "anchor"])
def test_a_note_is_written_once_and_found_again(org: Sandbox, target: Ref) -> None:
    """DESIGN §6 Notes: found by its id before it is written; on the audit anchor as on a person."""
    crm = connect(org)
    assert do(crm, target) == Done()
    assert do(crm, target) == AlreadyDone()
    assert do(connect(org), target, "L-10") == Done()
    assert titles(org, target.id) == ["Repoussoir L-1", "Repoussoir L-10"]


def test_a_note_holds_its_text_escaped(org: Sandbox) -> None:
    """§8: base64 of escaped HTML."""
    do(connect(org), ref())
    (note,) = rows(org, "ContentNote")
    assert base64.b64decode(note["Content"]).decode() == "<p>Rule RET-01 &lt;applied&gt; &amp; logged.</p>"


def test_a_note_moves_no_clock(org: Sandbox) -> None:
    """RET-20, §8: never a Task, whose closing moves LastActivityDate; the record keeps its version."""
    crm = connect(org)
    before = crm.get([ref()])
    do(crm, ref())
    assert crm.get([ref()]) == before
    assert rows(org, "Task") == []


def test_an_org_without_enhanced_notes_gets_plain_ones(org: Sandbox) -> None:
    """§8: ContentNote needs the Notes feature; then the legacy Note."""
    load(org, ("_settings", {"contentNotes": False}))
    crm = connect(org)
    assert do(crm, ref()) == Done()
    assert do(crm, ref()) == AlreadyDone()
    (note,) = rows(org, "Note")
    assert (note["Title"], note["ParentId"], note["Body"]) == ("Repoussoir L-1", ANN, TEXT)


def test_a_note_without_a_version_is_bound_to_none(org: Sandbox) -> None:
    """core.notes owes notes on records, not on versions of them: a note changes nothing in the record."""
    crm = connect(org)
    order = Command(ref(), "", annotate(crm, ref()).action)
    load(org, ("Contact", {"Id": ANN, "LastName": "New", "SystemModstamp": "2026-01-01T00:00:00Z"}))
    assert list(crm.apply([order])) == [Done()]
    assert list(crm.apply([order])) == [AlreadyDone()]


def test_a_missing_or_changed_record_gets_no_note(org: Sandbox) -> None:
    """Contract: Gone and Changed, and nothing is written."""
    crm = connect(org)
    order = annotate(crm, ref())
    load(org, ("Contact", {"Id": ANN, "LastName": "New", "SystemModstamp": "2026-01-01T00:00:00Z"}))
    absent = Command(ref(id_of("003", 999)), "v", order.action)
    assert list(crm.apply([order, absent])) == [Changed(), Gone()]
    assert rows(org, "ContentNote") == []


def test_a_note_whose_answer_was_lost_is_not_written_twice(org: Sandbox) -> None:
    """§10: creates are not idempotent; after a timeout look it up."""
    crm = connect(org)
    order = annotate(crm, ref())
    fault(org, method="POST", path="composite$", cut="after")
    assert list(crm.apply([order])) == [Done()]
    assert titles(org) == ["Repoussoir L-1"]


def test_a_note_that_was_not_written_stops_the_crm(org: Sandbox) -> None:
    """Unreachable: never taken for done."""
    crm = connect(org)
    order = annotate(crm, ref())
    fault(org, method="POST", path="composite$", cut="before")
    with pytest.raises(Unreachable):
        list(crm.apply([order]))
    assert list(crm.apply([order])) == [Done()]


def test_one_refused_note_does_not_refuse_the_others(org: Sandbox) -> None:
    """§3.3: a composite call is all or none, and 200 even so; it is then tried one by one."""
    rule = {"object": "ContentNote", "when": "Title = 'Repoussoir L-2'", "message": "no"}
    load(org, ("_settings", {"validationRules": [rule]}))
    crm = connect(org)
    batch = [annotate(crm, ref(), "L-1"), annotate(crm, ref(ZOE, "Lead"), "L-3")]
    batch.insert(1, annotate(crm, ref(ZOE, "Lead"), "L-2"))
    assert list(crm.apply(batch)) == [Done(), Refused("FIELD_CUSTOM_VALIDATION_EXCEPTION"), Done()]
    assert titles(org) == ["Repoussoir L-1"]
    assert titles(org, ZOE) == ["Repoussoir L-3"]


def test_a_full_batch_of_notes_is_one_call(org: Sandbox) -> None:
    """§3.3: 12 notes a composite call."""
    ids = [id_of("003", number) for number in range(700, 712)]
    load(org, *(("Contact", {"Id": id, "LastName": "Test"}) for id in ids))
    crm = connect(org)
    batch = [annotate(crm, ref(id)) for id in ids]
    assert len(batch) == crm.capabilities.batch["annotate"]
    assert set(crm.apply(batch)) == {Done()}
    assert len(rows(org, "ContentNote")) == 12
