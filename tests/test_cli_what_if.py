"""A plan judged as of another moment: applied on this very machine only, and judged again as of that moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cli import work
from core.errors import PlanRefused
from core.model import Moment, Objection
from core.store.plans import head_of, parts_of, read
from tests.office import NOW, Office
from tests.test_cli_work import Kill, there

LATER = NOW + timedelta(days=2000)


def pointed(at: Office, crm: str, url: str) -> None:
    """Where the API of a CRM is."""
    options = at.config.crm[crm].model_copy(update={"base_url": url})
    at.config = at.config.model_copy(update={"crm": {**at.config.crm, crm: options}})


@pytest.fixture
def at(tmp_path: Path) -> Office:
    """Two people of today in CRMs on loopback."""
    office = Office(tmp_path)
    for crm in "ab":
        pointed(office, crm, f"http://127.0.0.1:1/{crm}")
    office.add("a1", "x@a.example", age=5)
    office.add("a2", "y@a.example", age=5)
    return office


def what_if(at: Office, moment: datetime = LATER) -> str:
    """A plan as of another moment, by its digest."""
    return work.make_plan(at.parts, lambda *_: None, moment)[0].digest


def test_a_what_if_is_judged_again_as_of_its_own_moment(at: Office) -> None:
    """Two people due in five years go; one who answers before that is left alone. The ledger has the time of today."""
    digest = what_if(at)
    at.edit("a2", inbound=(Moment(LATER - timedelta(days=9), "reply"),))
    result = at.apply(digest)

    assert not there(at, "a1")
    assert there(at, "a2")
    assert result.tally.counts == {("erase", "done"): 1, ("erase", "changed"): 1}
    assert {entry.at for entry in at.store.ledger.entries()} == {NOW}


def test_nothing_but_a_what_if_is_judged_with_another_moment(at: Office) -> None:
    """The run that follows one judges with now."""
    at.add("a3", "z@a.example", age=5)
    digest = what_if(at)
    at.edit("a3", origin="edited")
    at.apply(digest)
    result = at.run()

    assert there(at, "a3")
    assert result.plan.items == ()
    assert result.plan.what_if is None


def test_the_moment_is_in_the_plan_and_in_its_digest(at: Office) -> None:
    """The same items as of another moment are another plan, and the head of a stored one cannot be moved."""
    digest = what_if(at)
    plan = at.store.plans.find(digest).plan

    assert plan.what_if == LATER
    assert what_if(at, LATER + timedelta(days=1)) != digest
    with pytest.raises(PlanRefused):
        read({**head_of(plan), "what_if": NOW.isoformat()}, parts_of(plan))


@pytest.mark.parametrize("moved", [False, True])
def test_an_interrupted_what_if_goes_on_only_while_every_crm_is_on_this_machine(at: Office, moved: bool) -> None:
    """Killed at its first write; a production CRM is configured meanwhile: it is dropped."""
    digest = what_if(at)
    real = at.crms["a"].apply

    def die(batch: object) -> None:
        raise Kill

    at.crms["a"].apply = die  # type: ignore[method-assign, assignment]  # the power goes
    with pytest.raises(Kill):
        at.apply(digest)
    at.crms["a"].apply = real  # type: ignore[method-assign]
    if moved:
        pointed(at, "b", "https://api.b.example")
    at.run(hours=1)

    assert there(at, "a1") is moved
    assert at.store.plans.find(digest).status == ("expired" if moved else "applied")


def test_an_objection_without_a_date_is_not_dated_into_the_future(at: Office) -> None:
    """The list holds when it was seen, not when the what-if played."""
    at.edit("a1", objections=(Objection("email", "opt_out"),), suppressed=frozenset({"email"}))
    at.apply(what_if(at))

    assert [entry.objected_at for entry in at.store.suppression.listed().values()] == [NOW]
