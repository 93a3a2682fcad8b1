"""The conformance kit on the reference adapter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.memory import KIND, MemoryCrm
from connectors.testkit import ConnectorContract, Fault, Person, World
from connectors.transport import Tools
from core.model import Moment, Objection, Record, Ref
from core.schema import Option, Property

MADE = datetime(2020, 1, 1, tzinfo=UTC)
OPTIONS = ("golf", "tea", "wine")
PROPERTIES = (
    Property(name="memo", label="Memo", shape="longtext"),
    Property(name="hobbies", label="Hobbies", shape="choices", options=tuple(Option(one, one) for one in OPTIONS)),
)


class MemoryWorld(World):
    """A CRM in a dict: nothing of it can fail, and everybody may do everything."""

    kind, text, choice, options = KIND, "memo", "hobbies", OPTIONS
    token, page, emails, phones = "no token at all", 2, 3, 3

    def __init__(self, crm: MemoryCrm | None = None) -> None:
        self.crm = crm or MemoryCrm("memory", properties=PROPERTIES)

    def connect(self, tools: Tools, lacks: str = "") -> MemoryCrm:
        """The one there is."""
        return self.crm

    def seed(self, people: Sequence[Person]) -> list[Ref]:
        """Records as the adapter keeps them."""
        first = len(self.crm.records) + 1
        refs = [Ref(self.crm.name, KIND, f"{number:05}") for number in range(first, first + len(people))]
        self.crm.records |= {ref.id: record(ref, person) for ref, person in zip(refs, people, strict=True)}
        return refs

    def edit(self, ref: Ref, text: str) -> None:
        """Another state, under a new version."""
        held = self.crm.records[ref.id]
        self.crm.edit(replace(held, values={**held.values, "memo": text}))

    def remove(self, ref: Ref) -> None:
        """Not there any more."""
        del self.crm.records[ref.id]

    def look(self, ref: Ref) -> str | None:
        """Every field of the record."""
        held = self.crm.records.get(ref.id)
        return f"{held} {held.emails} {held.phones} {held.values}" if held and not held.archived else None

    def notes(self, ref: Ref) -> list[str]:
        """The texts."""
        return list(self.crm.notes.get(ref.id, {}).values())

    def writes(self) -> int:
        """What took effect."""
        return len(self.crm.writes)

    def fault(self, fault: Fault) -> None:
        """Never asked: `faults` is empty."""


def record(ref: Ref, person: Person) -> Record:
    """A person as the adapter keeps them."""
    return Record(
        ref=ref,
        version="1",
        emails=person.emails,
        phones=person.phones,
        values={"memo": person.text, "hobbies": ";".join(person.chosen)},
        created=MADE,
        collected=MADE,
        inbound=(Moment(person.replied, "reply"),) if person.replied else (),
        objections=tuple(Objection(channel, "opt_out") for channel in person.objects),
        suppressed=frozenset(person.objects),
    )


class TestMemory(ConnectorContract):
    """Everything but what needs a vendor that fails or refuses."""

    @pytest.fixture
    def world(self) -> World:
        """An empty CRM."""
        return MemoryWorld()
