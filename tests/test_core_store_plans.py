"""Plans at rest: receipts by place, the records that a plan under way has ended, and what a file may not change."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import PlanRefused
from core.model import Objection
from core.plan import Plan
from core.store.plans import head_of, parts_of, read
from tests.engine import NOW, Engine, record, ref


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Two list entries, three items and a report."""
    flag = {"objections": (Objection("email", "flag"),), "suppressed": frozenset({"email"})}
    return Engine(
        tmp_path,
        record("a1", "x@x.example", collected=NOW),
        record("b1", "x@x.example", "y@x.example", collected=NOW, **flag),
        record("a2", "z@x.example"),
        record("a3", "w@x.example"),
        record("b2", collected=NOW, requests=("erasure",)),
    )


def test_a_receipt_is_kept_with_the_item_it_is_for(engine: Engine) -> None:
    """Counted among the items, whatever else a plan holds; another plan has its own."""
    plan = engine.plan()
    plans = engine.store.plans
    assert (len(plan.entries), len(plan.items), len(plan.reports)) == (2, 3, 1)

    plans.answer(plan.digest, 2, "done")
    plans.answer(plan.digest, 0, "changed")

    assert dict(plans.answered(plan.digest)) == {0: "changed", 2: "done"}
    assert dict(plans.answered("0" * 64)) == {}
    plans.keep(plan, NOW + timedelta(days=1))
    assert dict(plans.answered(plan.digest)) == {}


def test_only_what_a_plan_under_way_has_really_ended_is_evidence(engine: Engine) -> None:
    """Not the suppressed, not what was left alone, not of a plan that is only looked at or is over."""
    plan, plans = engine.plan(), engine.store.plans
    for place, receipt in enumerate(("done", "changed", "done")):
        plans.answer(plan.digest, place, receipt)

    assert plans.ended() == frozenset()
    plans.close(plan.digest, "applying")
    assert plans.ended() == {ref("a3")}
    plans.close(plan.digest, "applied")
    assert plans.ended() == frozenset()


def _tampered(plan: Plan, part: str, key: str, value: object) -> list[tuple[str, dict[str, Any]]]:
    lines = [(name, dict(body)) for name, body in parts_of(plan)]
    next(body for name, body in lines if name == part)[key] = value
    return lines


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("item", "ref", "a:person:999"),
        ("item", "ref", "nonsense"),
        ("item", "version", "99"),
        ("item", "action", {"do": "erase", "cascade": []}),
        ("item", "action", {"do": "suppress", "channels": [["email"]]}),
        ("item", "because", "no reason"),
        ("entry", "channel", "telephone"),
        ("entry", "key", "email:k1"),
        ("entry", "at", "yesterday"),
    ],
)
def test_a_plan_that_was_changed_in_a_file_is_refused(engine: Engine, part: str, key: str, value: object) -> None:
    """R-S5.2: by any line, with one kind of refusal and without quoting it."""
    plan = engine.plan()
    assert read(head_of(plan), parts_of(plan)) == plan

    with pytest.raises(PlanRefused) as refusal:
        read(head_of(plan), _tampered(plan, part, key, value))
    assert "999" not in str(refusal.value)


@pytest.mark.parametrize("key", ["policy", "accounts", "what_if", "digest"])
def test_a_head_that_was_changed_is_refused(engine: Engine, key: str) -> None:
    """Another policy, another account, a what-if made real."""
    plan = engine.plan()

    with pytest.raises(PlanRefused):
        read({**head_of(plan), key: {"a": "other"} if key == "accounts" else not plan.what_if}, parts_of(plan))
