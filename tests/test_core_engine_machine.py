"""The engine under anything: people edited, held, answering, objecting, scans cut, writes lost, crashes; then a calm run.

Whatever came before, the invariants of DESIGN §6 hold; what is overdue is worked out here anew, not asked of the policies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from core.actions import Command
from core.connector import Receipt
from core.errors import Unreachable
from core.model import Moment, Objection, Page, Query, Record
from tests.engine import NOW, OLD, Engine, record

pytestmark = pytest.mark.timeout(600)
NAMES = ("a1", "a2", "a3", "b1", "b2", "b3")
RECENT = NOW - timedelta(days=10)
name = st.sampled_from(NAMES)


class Crash(BaseException):
    """The process dies."""


class EngineMachine(RuleBasedStateMachine):
    """Two CRMs; a1 and b1, and a2 and b2, are one person each; a3 and b3 are alone."""

    @initialize()
    def begin(self) -> None:
        """Six old records."""
        people = [record(item, f"p{item[1]}{item[0] if item[1] == '3' else ''}@x.example") for item in NAMES]
        self.engine = Engine(None, *people)
        self.protected: set[str] = set()
        self.real = {key: crm.apply for key, crm in self.engine.crms.items()}
        self.erased: dict[str, bool] = {}

    def same(self, item: str) -> list[str]:
        """The records of the person of a record."""
        return [item] if item[1] == "3" else [f"a{item[1]}", f"b{item[1]}"]

    def alive(self, item: str) -> bool:
        """Whether a record is there."""
        return self.engine.has(item)

    @rule(item=name)
    def answers(self, item: str) -> None:
        """The person clicks: nobody may erase any of their records now."""
        if self.alive(item):
            self.engine.edit(item, inbound=(Moment(RECENT, "click"),))
            self.protected |= {other for other in self.same(item) if self.alive(other)}

    @rule(item=name)
    def held(self, item: str) -> None:
        """A hold on one record."""
        if self.alive(item) and len(self.engine.store.index.get([self.engine.get(item).ref])):
            self.engine.store.holds.add([str(self.engine.get(item).ref)], "litigation", "legal", NOW, NOW)
            self.protected |= {other for other in self.same(item) if self.alive(other)}

    @rule(item=name)
    def objects(self, item: str) -> None:
        """The person opts out of e-mail on one record."""
        if self.alive(item):
            self.engine.edit(item, objections=(Objection("email", "opt_out"),), suppressed=frozenset({"email"}))

    @rule(item=name)
    def edited(self, item: str) -> None:
        """A user edits a record."""
        if self.alive(item):
            self.engine.edit(item, origin=self.engine.get(item).origin + ".")

    @rule(crm=st.sampled_from("ab"))
    def run_with_a_cut_scan(self, crm: str) -> None:
        """A run in which one CRM is not read whole destroys nothing at all."""
        before = {item for item in NAMES if self.alive(item)}
        target = self.engine.crms[crm]
        whole = target.scan

        def cut(query: Query) -> Iterator[Page]:
            for page in whole(query):
                if not page.last:
                    yield page

        target.scan = cut  # type: ignore[method-assign]  # breaks off before the last page
        self.engine.run()
        target.scan = whole  # type: ignore[method-assign]
        assert {item for item in NAMES if self.alive(item)} == before

    @rule(crm=st.sampled_from("ab"), instant=st.integers(1, 3), after=st.booleans(), dies=st.booleans())
    def run_that_breaks(self, crm: str, instant: int, after: bool, dies: bool) -> None:
        """A write is lost, or the process dies at it, before or after it took effect."""
        left = [instant]

        def broken(batch: Sequence[Command]) -> Iterator[Receipt]:
            left[0] -= 1
            if left[0]:
                return self.real[crm](batch)
            if after:
                list(self.real[crm](batch))
            raise Crash if dies else Unreachable(f"{crm}: the connection broke")

        self.engine.crms[crm].apply = broken  # type: ignore[method-assign]  # the line or the power goes
        try:
            self.engine.run()
        except Crash:
            pass
        finally:
            self.engine.crms[crm].apply = self.real[crm]  # type: ignore[method-assign]

    @rule()
    def run_calmly(self) -> None:
        """Nothing interferes: afterwards a plan is empty, and every objection holds in both CRMs."""
        self.engine.run()
        assert self.engine.store.ledger.owed("outcome") == []
        assert self.engine.plan().items == ()
        for item in NAMES:
            for other in self.same(item):
                if self.alive(item) and self.alive(other) and self._objected(self.engine.get(item)):
                    assert "email" in self.engine.get(other).suppressed
        overdue = {
            i for i in NAMES if self.alive(i) and i not in self.protected and self.engine.get(i).collected == OLD
        }
        assert overdue == set()

    @staticmethod
    def _objected(found: Record) -> bool:
        return any(item.channel == "email" for item in found.objections)

    @invariant()
    def nobody_protected_was_erased_and_nothing_was_done_twice(self) -> None:
        """Protected people are there; each record was erased at most once; the chain is whole."""
        if not hasattr(self, "engine"):
            return
        assert all(self.alive(item) for item in self.protected)
        for crm in self.engine.crms.values():
            erased = [id for kind, id in crm.writes if kind == "erase"]
            assert len(erased) == len(set(erased))
            assert all(len(notes) == len(set(notes.values())) for notes in crm.notes.values())
        self.engine.store.ledger.verify()

    def teardown(self) -> None:
        """Closes the store."""
        if hasattr(self, "engine"):
            self.engine.store.close()


TestEngine = EngineMachine.TestCase
TestEngine.settings = settings(max_examples=20, stateful_step_count=10, deadline=None)
