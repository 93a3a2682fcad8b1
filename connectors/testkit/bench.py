"""What the tests of the kit work with: a world, connectors to it that never really wait, and made-up people."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cached_property
from random import Random

import pytest
from structlog.testing import capture_logs

from connectors.testkit.world import Fault, Person, World
from connectors.transport import Tools
from core import actions
from core.actions import Action, Annotate, Anonymise, Bin, Clear, Command, Erase, Note, Redact, Restrict, Span, Suppress
from core.connector import Capabilities, Connector, Receipt
from core.model import Channel, Page, Query, Record, Ref

SURNAME, NUMBER, SECRET = "Quillsleigh", "63998", "diabetic"
TEXT = f"Wants a quote. Is {SECRET}. Call again in May."
EDITED = "Has moved to Lyon."
REPLIED = datetime(2025, 3, 4, 10, 30, tzinfo=UTC)
ADDRESS = f"ada0@{SURNAME.lower()}.example"
"""The address of `person()`, which a vendor that refuses may quote."""


def note(id: str) -> Note:
    """An audit note, as the core words it."""
    return Note(id, f"Repoussoir, rule RET-01, entry {id} of the ledger.", date(2026, 1, 1))


def person(number: int = 0, *, chosen: tuple[str, ...] = (), objects: tuple[Channel, ...] = ()) -> Person:
    """Somebody who does not exist; the number range is the one that ARCEP keeps for fiction."""
    return Person(
        name=f"Ada {SURNAME}",
        emails=(f"ada{number}@{SURNAME.lower()}.example",),
        phones=(f"+33{NUMBER}{number:04}",),
        text=TEXT,
        chosen=chosen,
        objects=objects,
        replied=REPLIED,
    )


def planted(text: str) -> list[str]:
    """What of a person stands in a text."""
    return [word for word in (SURNAME, NUMBER, SECRET) if word.lower() in text.lower()]


class Bench:
    """A world and what a test does with it. `waits` are the seconds that connectors were told to sleep."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.waits: list[float] = []

    def connect(self, lacks: str = "") -> Connector:
        """A new connector; skips the test when the world cannot take that right away."""
        if lacks and lacks not in self.world.lesser:
            pytest.skip(f"{type(self.world).__name__}.lesser does not name {lacks}")
        return self.world.connect(Tools(sleep=self.waits.append, random=Random(1)), lacks)

    @cached_property
    def crm(self) -> Connector:
        """A connector that may do everything, with all that it needs declared."""
        made = self.connect()
        made.check()
        made.declare()
        return made

    @property
    def can(self) -> Capabilities:
        """What the adapter says it can do."""
        return self.crm.capabilities

    def needs(self, *names: str) -> None:
        """Skips the test when the adapter does not offer one of these actions on the kind under test."""
        for name in names:
            if self.world.kind not in self.can.actions.get(name, ()):
                pytest.skip(f"capabilities.actions offers no {name} on {self.world.kind}")

    def fault(self, fault: Fault) -> None:
        """Makes the vendor go wrong; skips the test when the world cannot."""
        if fault not in self.world.faults:
            pytest.skip(f"{type(self.world).__name__}.faults does not name {fault}")
        self.world.fault(fault)

    def seed(self, *people: Person) -> Ref:
        """Puts people into the CRM, `person()` when nobody is named; the ref of the first."""
        return self.world.seed(people or (person(),))[0]

    def crowd(self, size: int) -> list[Ref]:
        """Puts so many people into the CRM."""
        return self.world.seed([person(number) for number in range(size)])

    def action(self, name: str) -> Action:
        """An action of that name that has something to do on anybody of this kit."""
        at = TEXT.index(SECRET)
        made: dict[str, Action] = {
            "suppress": Suppress(("email",)),
            "restrict": Restrict("Art. 18"),
            "redact": Redact(self.world.text, (Span(at, at + len(SECRET), "health"),)),
            "clear": Clear((self.world.text,)),
            "anonymise": Anonymise(),
            "bin": Bin(),
            "erase": Erase(),
            "annotate": Annotate(note("L-1")),
        }
        return made[name]

    def pages(self, crm: Connector | None = None, *properties: str) -> list[Page]:
        """A whole scan."""
        return list((crm or self.crm).scan(Query(self.world.kind, properties)))

    def scan(self, crm: Connector | None = None, *properties: str) -> dict[Ref, Record]:
        """Everybody whom a scan yields, by ref."""
        return {record.ref: record for page in self.pages(crm, *properties) for record in page.records}

    def scanned(self, ref: Ref, *properties: str) -> Record:
        """One record out of a scan, where it must be."""
        found = self.scan(None, *properties).get(ref)
        assert found is not None, f"the scan does not find {ref}, which is in the CRM"
        return found

    def get(self, *refs: Ref, properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
        """Some records, or None, for every ref."""
        found = self.crm.get(refs, properties)
        assert set(found) == set(refs), "get must answer every ref, and no other"
        return found

    def read(self, ref: Ref, *properties: str) -> Record:
        """One record, which must be there."""
        found = self.get(ref, properties=properties)[ref]
        assert found is not None, f"get does not find {ref}, which is in the CRM"
        return found

    def command(self, ref: Ref, action: Action) -> Command:
        """An order for the record as it is now."""
        return Command(ref, self.read(ref).version, action)

    def apply(self, *batch: Command) -> list[Receipt]:
        """The receipts of a batch, one a command."""
        receipts = list(self.crm.apply(batch))
        assert len(receipts) == len(batch), "apply must answer one receipt a command"
        return receipts

    def do(self, ref: Ref, action: Action) -> Receipt:
        """The receipt of one order for the record as it is now."""
        return self.apply(self.command(ref, action))[0]


def final(action: Action) -> bool:
    """True for what leaves no record to read."""
    return actions.name(action) in ("bin", "erase")


@contextmanager
def overheard() -> Iterator[list[str]]:
    """Everything that is logged meanwhile, by structlog and by the standard library, the HTTP libraries' debugging too."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    root, ear = logging.getLogger(), Ear(logging.DEBUG)
    before = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        with capture_logs() as events:
            yield heard
    finally:
        heard += map(repr, events)
        root.removeHandler(ear)
        root.setLevel(before)
