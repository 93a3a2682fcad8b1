"""Every erasure, at the instant it is asked of a CRM, checked against the rules worked out anew from what the CRMs hold then.

People are linked by e-mail, by phone alone, or not at all; some copies have no date; users edit, restrict, lift and answer
between plan and apply; pages repeat; writes are lost. What the policies say is not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from core.actions import Command, Erase, Restrict
from core.connector import Receipt
from core.errors import Unreachable
from core.model import Moment, Page, Query, Record
from core.plan import Plan
from tests.engine import NOW, OLD, Engine, record

LIMIT = NOW - relativedelta(months=36)
CLICKED = NOW - timedelta(days=1500)
# One person a line: their records, and how they are linked.
BY_MAIL = (("a1", "b1"), ("a2", "b2", "b3"))
BY_PHONE = (("a4", "b4"),)
NAMES = ("a1", "b1", "a2", "b2", "b3", "a4", "b4", "a5", "b5")
UNDATED = ("b2", "b4", "b5")
# These CRMs cannot say of who is gone that it was by us: after a lost answer that is what the ledger tells.
TOLD = {"done", "gone"}
name = st.sampled_from(NAMES)


class Crash(BaseException):
    """The process dies."""


def mates(item: str, groups: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The other records that some kind of key links to one."""
    return tuple(other for group in groups if item in group for other in group if other != item)


def made(item: str) -> Record:
    """A record of the population: what links it, and whether it has a date."""
    number = next((i for i, group in enumerate(BY_MAIL) if item in group), None)
    facts: dict[str, object] = {"collected": None if item in UNDATED else OLD}
    if item in {"a2", "a4"}:
        facts["inbound"] = (Moment(CLICKED, "click"),)
    if any(item in group for group in BY_PHONE):
        facts["phones"] = ("0639981011",)
    return record(item, f"{item if number is None else f'p{number}'}@x.example", **facts)


class ReferenceMachine(RuleBasedStateMachine):
    """Nine records of five people in two CRMs."""

    @initialize()
    def begin(self) -> None:
        """Everybody is silent; the wards stand before the CRMs."""
        self.engine = Engine(None, *map(made, NAMES))
        self.last: dict[str, Record] = {}
        self.held: set[str] = set()
        self.restricted: set[str] = set()
        self.erased: list[str] = []
        self.doubtful: set[str] = set()
        self.left = [0]
        for crm in self.engine.crms.values():
            crm.apply = self.guarded(crm.apply)  # type: ignore[method-assign]  # a ward before the vendor

    def guarded(self, real: Callable[[Sequence[Command]], Iterator[Receipt]]) -> Callable[..., Iterator[Receipt]]:
        """A CRM that checks each erasure by the reference, and breaks off when it is told to."""

        def apply(batch: Sequence[Command]) -> Iterator[Receipt]:
            self.left[0] -= 1
            if self.left[0] == 0 and not self.after:
                raise self.fault
            for command in batch:
                item = f"{command.ref.crm}{command.ref.id}"
                if isinstance(command.action, Erase) and self.engine.has(item):
                    assert self.may_go(item), f"{item} was erased against the rules"
                    self.last[item] = self.engine.get(item)
                    self.erased.append(item)
            receipts = list(real(batch))
            if self.left[0] == 0:
                # Afterwards nobody can say whose restriction it is, so it stands in the way of the whole person.
                marked = [item.ref for item in batch if isinstance(item.action, Restrict)]
                self.doubtful |= {f"{ref.crm}{ref.id}" for ref in marked}
                raise self.fault
            return iter(receipts)

        return apply

    def known(self, item: str) -> Record | None:
        """A record as it is, or as it was when it was erased."""
        return self.engine.get(item) if self.engine.has(item) else self.last.get(item)

    def may_go(self, item: str) -> bool:
        """RET-01, RET-20, RET-22 to RET-24 by hand, from what the CRMs hold at this instant."""
        own = self.engine.get(item)
        mail = [found for other in mates(item, BY_MAIL) if (found := self.known(other))]
        person = [*mail, *(found for other in mates(item, BY_PHONE) if (found := self.known(other)))]
        everybody = {item, *mates(item, BY_MAIL + BY_PHONE)}
        dated = own.collected is not None or any(found.inbound for found in (own, *mail))
        contacts: list[datetime] = [moment.at for found in (own, *person) for moment in found.inbound]
        contacts += [found.collected for found in (own, *person) if found.collected]
        silent = dated and max(contacts).date() < LIMIT.date()
        stopped = everybody & (self.held | {i for i in self.restricted if self.engine.has(i)})
        return silent and not stopped and not own.restricted

    @rule(item=name, days=st.integers(1, 400))
    def answers(self, item: str, days: int) -> None:
        """The person clicks."""
        if self.engine.has(item):
            self.engine.edit(item, inbound=(Moment(NOW - timedelta(days=days), "click"),))

    @rule(item=st.sampled_from(UNDATED), lifted=st.booleans())
    def dated(self, item: str, lifted: bool) -> None:
        """Somebody finds out when an undated record was collected, and lifts the quarantine, or forgets to."""
        if self.engine.has(item) and self.engine.get(item).collected is None:
            restricted = self.engine.get(item).restricted and not (lifted and item not in self.restricted)
            self.engine.edit(item, collected=OLD, restricted=restricted)

    @rule(item=name)
    def restricts(self, item: str) -> None:
        """A user marks a record that nobody marked before: Art. 18."""
        if self.engine.has(item) and not self.engine.get(item).restricted:
            self.engine.edit(item, restricted=True)
            self.restricted.add(item)

    @rule(item=name)
    def holds(self, item: str) -> None:
        """Legal places a hold on a record that is there."""
        if self.engine.has(item):
            self.engine.store.holds.add([str(record(item).ref)], "litigation", "legal", NOW, NOW)
            self.held.add(item)

    @rule(item=name)
    def edits(self, item: str) -> None:
        """A user changes something that does not matter."""
        if self.engine.has(item):
            self.engine.edit(item, origin=self.engine.get(item).origin + ".")

    @rule(crm=st.sampled_from("ab"))
    def pages_repeat(self, crm: str) -> None:
        """A plan made while a page comes twice, applied at once."""
        target = self.engine.crms[crm]
        whole = target.scan

        def twice(query: Query) -> Iterator[Page]:
            for page in whole(query):
                yield from [page] if page.last else [page, page]

        target.scan = twice  # type: ignore[method-assign]  # a vendor whose pages shift
        self.engine.run()
        target.scan = whole  # type: ignore[method-assign]

    @rule(item=name, days=st.integers(1, 400), batches=st.integers(0, 3), again=st.booleans())
    def interrupted(self, item: str, days: int, batches: int, again: bool) -> None:
        """A plan stops after some batches; the person answers; it is taken up again, perhaps after another reading."""
        plan: Plan = self.engine.plan()
        turns = iter([False] * batches)
        self.engine.apply(plan, between=lambda: next(turns, True))
        self.answers(item=item, days=days)
        gaps = tuple(self.engine.read().gaps) if again else ()
        self.engine.apply(plan, gaps)

    @rule(instant=st.integers(1, 4), after=st.booleans(), dies=st.booleans())
    def breaks(self, instant: int, after: bool, dies: bool) -> None:
        """A write is lost, or the process dies at it, before or after it took effect."""
        self.left[0], self.after = instant, after
        self.fault: BaseException = Crash() if dies else Unreachable("the connection broke")
        try:
            self.engine.run()
        except Crash:
            pass
        finally:
            self.left[0] = 0

    @rule()
    def calm(self) -> None:
        """Two runs without interference: whoever may go is gone, nobody else, and nothing is left to do."""
        for _ in range(2):
            self.engine.run()
        assert [item for item in NAMES if self.engine.has(item) and self.may_go(item) and not self.in_doubt(item)] == []
        assert self.engine.plan().empty()
        assert self.engine.store.ledger.owed("outcome") == []
        self.explained()

    def in_doubt(self, item: str) -> bool:
        """Whether a quarantine whose answer was lost is on a record of the person."""
        return any(other in self.doubtful and self.engine.has(other) for other in mates(item, BY_MAIL + BY_PHONE))

    def explained(self) -> None:
        """The ledger verifies, and tells of every record that is gone by a write, once."""
        self.engine.store.ledger.verify()
        gone = [
            entry.body["ref"]
            for entry in self.engine.store.ledger.entries()
            if entry.kind == "outcome" and entry.body["intent"] and entry.body["action"]["do"] == "erase"
            if entry.body["receipt"] in TOLD
        ]
        assert sorted(gone) == sorted(str(record(item).ref) for item in self.erased)

    def teardown(self) -> None:
        """Closes the store."""
        if hasattr(self, "engine"):
            self.engine.store.close()


TestReference = ReferenceMachine.TestCase
TestReference.settings = settings(max_examples=25, stateful_step_count=10, deadline=None)
