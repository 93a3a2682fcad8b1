"""The brakes: each is pulled just above its limit and not at it, stops only what it may, and gives its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions import Action, Anonymise, Bin, Clear, Erase, Redact, Restrict, Span, Suppress
from core.brakes import Brakes, Known, trips
from core.model import Ref
from core.plan import Item, Plan

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ERASE = Erase()


def plan(count: int, action: Action = ERASE, *, crm: str = "a", kind: str = "person", start: int = 0) -> Plan:
    """A plan that does the same to some records."""
    items = [Item(Ref(crm, kind, str(start + n)), "1", action, "p", "R", "because") for n in range(count)]
    return Plan(items=tuple(items), entries=(), reports=(), accounts={}, policy="v1", made_at=NOW)


def both(one: Plan, other: Plan) -> Plan:
    """Two plans in one."""
    return replace(one, items=one.items + other.items)


def known(records: int = 1000, before: int | None = None, objecting: int = 0, *, seen: bool = True) -> Known:
    """One kind of record in CRM a; as many before as now unless said otherwise."""
    then = records if before is None else before
    return Known({("a", "person"): records}, {("a", "person"): then}, {"a": objecting}, seen)


def pulled(plan: Plan, known: Known, **sizes: object) -> list[tuple[str, str]]:
    """The brakes that are pulled and what they stop."""
    return [(trip.brake, trip.stops) for trip in trips(plan, known, Brakes(**sizes))]  # type: ignore[arg-type]  # its fields


def test_brakes_are_on_by_default() -> None:
    """DESIGN §6: without a word in the configuration, a first large plan is stopped by every brake that fits."""
    names = [name for name, _ in pulled(plan(501), known(600, 1300, 100, seen=False))]

    assert names == ["first_run", "max_count", "max_share", "sudden_loss", "objection_jump"]


def test_a_small_plan_of_a_known_policy_pulls_nothing() -> None:
    """An ordinary day goes through."""
    assert pulled(plan(10), known()) == []
    assert pulled(plan(0), known(0, 0, 0, seen=False)) == []


@pytest.mark.parametrize(("count", "trip"), [(100, []), (101, [("max_share", "destruction")])])
def test_the_share_of_records_of_a_kind_is_limited(count: int, trip: list[tuple[str, str]]) -> None:
    """Exactly the share passes, one more does not."""
    assert pulled(plan(count), known(1000), max_share=0.1) == trip


def test_the_share_is_counted_for_each_account_and_kind_apart() -> None:
    """A whole small kind is not hidden behind a large one."""
    figures: Mapping[tuple[str, str], int] = {("a", "person"): 10_000, ("a", "lead"): 30, ("b", "person"): 30}
    measured = Known(figures, figures, {}, True)

    for part in (plan(4, kind="lead"), plan(4, crm="b")):
        told = trips(both(plan(50), part), measured, Brakes())
        assert [trip.brake for trip in told] == ["max_share"]
        assert "4 of 30" in told[0].because


@pytest.mark.parametrize(("records", "trip"), [(19, []), (20, [("max_share", "destruction")])])
def test_shares_are_looked_at_from_a_floor_on(records: int, trip: list[tuple[str, str]]) -> None:
    """Three of nineteen records say nothing about a share; three of twenty do."""
    assert pulled(plan(3), known(records), share_floor=20, max_share=0.1) == trip


@pytest.mark.parametrize(("count", "trip"), [(500, []), (501, [("max_count", "destruction")])])
def test_the_count_is_limited_over_all_accounts(count: int, trip: list[tuple[str, str]]) -> None:
    """The absolute count adds all accounts and kinds."""
    figures: Mapping[tuple[str, str], int] = {("a", "person"): 100_000, ("b", "person"): 100_000}
    split = both(plan(count - 250), plan(250, crm="b"))

    assert pulled(split, Known(figures, figures, {}, True), max_count=500) == trip


def test_the_count_is_of_records_not_of_writes() -> None:
    """A record stripped of two things is one record."""
    twice = both(plan(60, Clear(("x",))), plan(60, Redact("y", (Span(0, 1, "z"),))))

    assert pulled(twice, known(1000), max_count=60) == []


@pytest.mark.parametrize("action", [Erase(), Bin(), Anonymise(), Clear(("x",)), Redact("x", (Span(0, 1, "y"),))])
def test_every_kind_of_destruction_counts(action: Action) -> None:
    """DESIGN §6 "Precedence": Erase, Bin, Anonymise, Clear and Redact destroy."""
    assert pulled(plan(501, action), known(10_000)) == [("max_count", "destruction")]


@pytest.mark.parametrize("action", [Suppress(("email",)), Restrict("x")])
def test_sup_08_what_destroys_nothing_pulls_no_brake_on_destruction(action: Action) -> None:
    """Suppressions still go out, however many, on the first run and from a shrunken source."""
    assert pulled(plan(900, action), known(1000, 5000, 0, seen=False)) == []


@pytest.mark.parametrize(
    ("now", "trip"), [(50, []), (49, [("sudden_loss", "destruction")]), (0, [("sudden_loss", "destruction")])]
)
def test_a_source_that_is_suddenly_empty_stops_destruction(now: int, trip: list[tuple[str, str]]) -> None:
    """More than half of a hundred records gone since the last accepted scan."""
    assert pulled(plan(1), known(now, 100), sudden_loss=0.5, max_share=1.0) == trip


def test_a_source_that_is_gone_stops_destruction_elsewhere_too() -> None:
    """The missing records may be what protects a person in another CRM."""
    measured = Known({("b", "person"): 1000}, {("a", "person"): 100, ("b", "person"): 1000}, {}, True)

    assert pulled(plan(1, crm="b"), measured) == [("sudden_loss", "destruction")]


def test_a_small_source_may_shrink_but_not_vanish() -> None:
    """Below the floor a share says nothing; that there is nobody left does, however few they were."""
    assert pulled(plan(1), known(1, 19), share_floor=20) == []
    assert pulled(plan(1), known(0, 19), share_floor=20) == [("sudden_loss", "destruction")]
    assert pulled(plan(1), known(0, 1), share_floor=20) == [("sudden_loss", "destruction")]


def test_the_first_run_of_a_version_waits_for_a_person_and_can_be_switched_off() -> None:
    """New policies are looked at once before they destroy."""
    assert pulled(plan(1), known(seen=False)) == [("first_run", "destruction")]
    assert pulled(plan(1), known(seen=False), first_run=False) == []
    assert pulled(plan(1), known(seen=True)) == []


@pytest.mark.parametrize(("objecting", "trip"), [(50, []), (51, [("objection_jump", "suppression")])])
def test_a_jump_of_objections_stops_suppression(objecting: int, trip: list[tuple[str, str]]) -> None:
    """The one brake of suppressions, needing no item in the plan: it is the source that is wrong."""
    assert pulled(plan(0), known(1000, objecting=objecting), objection_share=0.05) == trip


def test_the_first_scan_of_a_source_is_no_jump() -> None:
    """Everybody who objected before we came is new to us once."""
    assert pulled(plan(0), known(1000, 0, 900)) == []


def test_a_jump_is_measured_in_the_account_where_it_is() -> None:
    """A jump in a small CRM is not hidden by a large one, and names its account."""
    figures: Mapping[tuple[str, str], int] = {("a", "person"): 50, ("a", "lead"): 50, ("b", "person"): 10_000}
    told = trips(plan(0), Known(figures, figures, {"a": 6, "b": 6}, True), Brakes())

    assert [trip.because.split(" of ")[:2] for trip in told] == [["6", "100 records"]]


@given(st.integers(0, 700), st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000), st.booleans())
def test_more_records_touched_never_pull_fewer_brakes(
    count: int, records: int, before: int, objecting: int, seen: bool
) -> None:
    """Brakes are monotone: what stops a plan stops every larger one; figures never raise."""
    measured = known(records, before, objecting, seen=seen)
    small, large = pulled(plan(count), measured), pulled(plan(count + 1), measured)

    assert set(small) <= set(large)
    assert all(stops == ("suppression" if brake == "objection_jump" else "destruction") for brake, stops in large)
