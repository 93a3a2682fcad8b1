"""A source that is suddenly (nearly) empty is measured against the last count that was accepted, night after night."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from core.model import Moment, Objection, Record
from core.plan import Plan
from tests.engine import NOW, Engine, record, ref

YESTERDAY = (Moment(NOW - timedelta(days=1), "click"),)


def recent(numbers: Iterable[int]) -> list[Record]:
    """Records of CRM b that nobody would touch."""
    return [record(f"b{n}", f"p{n}@x.example", collected=NOW) for n in numbers]


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """a1 is overdue; b has a hundred records; one whole scan was accepted."""
    made = Engine(tmp_path, record("a1", "x@x.example"), *recent(range(100)))
    made.read()
    return made


def left(engine: Engine, count: int) -> None:
    """All but so many records vanish from CRM b."""
    keep = sorted(engine.crms["b"].records, key=int)[:count]
    engine.crms["b"].records = {id: engine.crms["b"].records[id] for id in keep}


def back(engine: Engine, numbers: Iterable[int]) -> None:
    """Records of CRM b are there again."""
    engine.crms["b"].records |= {item.ref.id: item for item in recent(numbers)}


def brakes(plan: Plan) -> list[str]:
    """The brakes that stop a plan."""
    return [trip.brake for trip in plan.trips]


def approve(engine: Engine, plan: Plan) -> None:
    """Somebody approves a plan that was stopped."""
    for trip in plan.trips:
        if trip.lost:
            engine.store.index.accept(*trip.lost)


@pytest.mark.parametrize("nights", [2, 3])
def test_an_empty_scan_does_not_become_what_the_next_is_measured_against(engine: Engine, nights: int) -> None:
    """Stopped on the first night, and on every night after it."""
    left(engine, 0)

    assert [brakes(engine.plan()) for _ in range(nights)] == [["sudden_loss"]] * nights
    assert "100" in engine.plan().trips[0].because


def test_a_loss_counts_although_nothing_was_to_be_destroyed_that_night(engine: Engine) -> None:
    """No plan, so no brake, on the first night; the second night has one."""
    overdue = engine.crms["a"].records.pop("1")
    left(engine, 0)
    first = engine.plan()
    engine.crms["a"].records["1"] = overdue

    assert (brakes(first), first.destructive) == ([], ())
    assert brakes(engine.plan()) == ["sudden_loss"]


def test_many_small_losses_are_no_sudden_one(engine: Engine) -> None:
    """100, 60, 35, 25: each is measured against the one before."""
    for count in (60, 35, 25):
        left(engine, count)
        assert brakes(engine.plan()) == []


def test_a_count_that_recovers_is_accepted_by_itself(engine: Engine) -> None:
    """Empty for a night, then ninety: from now on ninety are expected."""
    left(engine, 0)
    stopped = brakes(engine.plan())
    back(engine, range(90))
    recovered = brakes(engine.plan())
    left(engine, 44)

    assert (stopped, recovered) == (["sudden_loss"], [])
    assert "90" in engine.plan().trips[0].because


def test_an_approval_accepts_the_count_that_was_looked_at_and_no_smaller_one(engine: Engine) -> None:
    """Forty of a hundred are approved; then none are left: that is another loss."""
    left(engine, 40)
    plan = engine.plan()
    left(engine, 0)
    engine.read()
    approve(engine, plan)
    emptied = engine.plan()
    back(engine, range(40))

    assert brakes(plan) == brakes(emptied) == ["sudden_loss"]
    assert "40" in emptied.trips[0].because
    assert brakes(engine.plan()) == []


def test_what_an_approved_empty_scan_found_is_the_new_measure(engine: Engine) -> None:
    """The CRM was emptied on purpose: approved once, it stops nobody any more."""
    left(engine, 0)
    approve(engine, engine.plan())

    assert brakes(engine.plan()) == []


def test_the_approval_of_one_loss_does_not_accept_another(engine: Engine) -> None:
    """b was looked at; a, which is empty the next night, was not."""
    engine.crms["a"].records |= {str(n): record(f"a{n}", f"q{n}@x.example", collected=NOW) for n in range(2, 42)}
    engine.read()
    left(engine, 0)
    plan = engine.plan()
    engine.crms["a"].records = {"1": engine.crms["a"].records["1"]}
    engine.read()
    approve(engine, plan)

    assert [trip.lost for trip in engine.plan().trips] == [("a", "person", 1)]


def test_ret_20_the_records_of_a_lost_source_protect_until_the_loss_is_accepted(engine: Engine) -> None:
    """The click of a1's person was seen in b, which is empty: not even planned; once accepted, a1 goes on its own clock."""
    engine.crms["b"].records["200"] = record("b200", "x@x.example", inbound=YESTERDAY)
    engine.crms["a"].records["2"] = record("a2", "y@x.example")
    engine.read()
    left(engine, 0)
    plan = engine.plan()
    before = [item.ref for item in plan.destructive]
    kept = engine.store.index.count("b", "person")
    approve(engine, plan)

    assert (before, kept) == ([ref("a2")], 101)
    assert [item.ref for item in engine.plan().destructive] == [ref("a1"), ref("a2")]
    assert engine.store.index.count("b", "person") == 0


def test_a_lost_source_is_a_gap_for_a_plan_that_was_made_before_it(engine: Engine) -> None:
    """Yesterday's plan was stopped by nothing: tonight's reading says why it must wait; one stopped by this loss need not."""
    old = engine.plan()
    left(engine, 10)
    stopped = engine.plan()
    reading = engine.read()
    left(engine, 0)

    assert list(reading.gaps_for(old)) == ["b: only 10 of 100 records of person were found"]
    assert reading.gaps_for(stopped) == ()
    assert len(engine.read().gaps_for(stopped)) == 1


def test_what_we_erased_ourselves_is_not_missed(tmp_path: Path) -> None:
    """Sixty of a hundred are overdue and go, as approved: the next scan lost nothing."""
    engine = Engine(tmp_path, *(record(f"b{n}", f"o{n}@x.example") for n in range(100, 160)), *recent(range(40)))
    engine.run()
    engine.edit("b0", collected=NOW - timedelta(days=2000))

    assert engine.crms["b"].records.keys() == {str(n) for n in range(40)}
    plan = engine.plan()
    assert (brakes(plan), [item.ref for item in plan.destructive]) == ([], [ref("b0")])


def test_objections_of_a_lost_source_are_no_jump(engine: Engine) -> None:
    """Four objectors, planned and not applied, vanish with seventy others: nobody turned to an objector that night."""
    for number in range(96, 100):
        engine.edit(f"b{number}", objections=(Objection("email", "flag"),), suppressed=frozenset({"email"}))
    before = brakes(engine.plan())
    left(engine, 30)

    assert (before, brakes(engine.plan())) == ([], ["sudden_loss"])
