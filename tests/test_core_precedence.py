"""What stands above destruction, for every policy alike: RET-23, RET-24, incomplete readings, and never above an objection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions import ACTIONS, Action, Annotate, Anonymise, Bin, Clear, Erase, Redact, Restrict, Span, Suppress, name
from core.facts import NOTHING, Facts
from core.findings import Finding
from core.model import Ref
from core.precedence import obstacle, settle

DESTROYING = (
    Erase(),
    Erase(("notes",)),
    Bin(),
    Anonymise(),
    Clear(("x",)),
    Clear(("x",), ("y",), (0,)),
    Redact("x", (Span(0, 1, "y"),)),
)
KEEPING = (Suppress(("email",)), Suppress(("email", "telephone")), Restrict("undatable"))
FACTS = st.builds(
    Facts,
    holds=st.lists(st.sampled_from(["H-1", "H-2"]), unique=True).map(tuple),
    restricted=st.booleans(),
    gaps=st.lists(st.sampled_from(["a: not reached", "b: no View All"]), unique=True).map(tuple),
)
HELD, RESTRICTED, BLIND = Facts(holds=("H-1",)), Facts(restricted=True), Facts(gaps=("a: not reached",))


def finding(action: Action | None) -> Finding:
    """A finding that asks for an action."""
    return Finding(ref=Ref("a", "person", "1"), version="1", policy="p", rule="R", because="because", action=action)


def test_these_tests_know_every_action() -> None:
    """A new action must be put on one side or the other."""
    assert {name(action) for action in DESTROYING + KEEPING} | {"annotate"} == set(ACTIONS)
    assert Annotate.__name__.lower() in ACTIONS


@pytest.mark.parametrize("action", DESTROYING)
@pytest.mark.parametrize("facts", [HELD, RESTRICTED, BLIND])
def test_ret_23_everything_destructive_is_blocked(action: Action, facts: Facts) -> None:
    """RET-23, RET-24: a hold, a restriction and an incomplete reading each stop every kind of destruction."""
    settled = settle(finding(action), facts)

    assert settled.blocked
    assert settled.action == action


@given(FACTS, st.sampled_from([action for action in KEEPING if not isinstance(action, Restrict)]))
def test_ret_23_an_objection_is_never_blocked(facts: Facts, action: Action) -> None:
    """RET-23: this order governs destruction only; a marketing objection goes out even under hold or restriction."""
    assert settle(finding(action), facts).blocked == ""


@given(FACTS)
def test_a_quarantine_waits_for_a_whole_reading_and_for_nothing_else(facts: Facts) -> None:
    """Undatable on half of what there is says nothing of the person: the date may stand in what was not read."""
    assert bool(settle(finding(Restrict(reason="undatable")), facts).blocked) is bool(facts.gaps)


@given(FACTS, st.sampled_from(DESTROYING))
def test_destruction_goes_on_exactly_when_nothing_stands_above_it(facts: Facts, action: Action) -> None:
    """Blocked if and only if there is a hold, a restriction or a gap."""
    assert bool(settle(finding(action), facts).blocked) is bool(facts.holds or facts.restricted or facts.gaps)


def test_ret_24_a_hold_is_named_and_stands_first() -> None:
    """RET-24: every hold is listed by its id; RET-23: a hold is told before a restriction, that before a gap."""
    everything = Facts(holds=("H-1", "H-2"), restricted=True, gaps=("a: not reached",))

    assert "H-1, H-2" in obstacle(everything)
    assert "RET-24" in obstacle(everything)
    assert "RET-23" in obstacle(Facts(restricted=True, gaps=everything.gaps))
    assert "a: not reached" in obstacle(BLIND)
    assert obstacle(NOTHING) == ""


def test_a_report_stays_a_report() -> None:
    """A finding without an action has nothing to block."""
    assert settle(finding(None), HELD) == finding(None)


def test_a_finding_that_comes_blocked_and_destroys_is_settled_by_the_facts_of_now() -> None:
    """RET-24: a released hold lets the record re-enter the queue; what blocked before does not linger."""
    blocked = settle(finding(Erase()), HELD)

    assert settle(blocked, NOTHING).blocked == ""
