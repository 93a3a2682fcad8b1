"""After a crash between intent and outcome: what took effect is closed, what did not is open again, nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from core.actions import Command
from core.connector import Receipt
from core.model import Objection
from core.recover import recover
from tests.engine import NOW, Engine, record, ref

NO_MAIL = (Objection("email", "opt_out"),)


class Crash(BaseException):
    """The process dies here."""


def people() -> list[object]:
    """Somebody for each kind of action."""
    return [
        record("a1", "old@x.example"),
        record("b2", "no@x.example", collected=NOW, objections=NO_MAIL, suppressed=frozenset({"email"})),
        record("a2", "no@x.example", collected=NOW),
        record("a3", "imported@x.example", collected=None),
        record("a4", "x@x.example", collected=NOW, values={"religion": "Catholique"}),
        record("a5", "y@x.example", collected=NOW, values={"comment": "Elle est lesbienne. Rappeler lundi."}),
    ]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("instant", range(1, 6))
def test_a_crash_at_any_write_before_or_after_it_took_effect(tmp_path: Path, instant: int, after: bool) -> None:
    """Each of the five kinds of action: the end is the same, every effect happened once, the ledger owes nothing."""
    engine = Engine(tmp_path, *people())  # type: ignore[arg-type]  # records
    crm = engine.crms["a"]
    real, left = crm.apply, [instant]

    def dying(batch: Sequence[Command]) -> Iterator[Receipt]:
        left[0] -= 1
        if left[0]:
            return real(batch)
        if after:
            list(real(batch))
        raise Crash

    crm.apply = dying  # type: ignore[method-assign]  # the power goes
    with pytest.raises(Crash):
        engine.run()
    crm.apply = real  # type: ignore[method-assign]
    owed = len(engine.store.ledger.owed("outcome"))
    resolved = recover(engine.store, engine.crms, engine.judge, engine.outcomes, NOW)
    engine.run()

    assert owed == resolved == 1
    assert engine.store.ledger.owed("outcome") == []
    assert not engine.has("a1")
    assert engine.get("a2").suppressed == {"email"}
    assert engine.get("a3").restricted
    assert engine.get("a4").values["religion"] == ""
    assert engine.get("a5").values["comment"] == "Elle est [vie intime]. Rappeler lundi."
    effects = [write for write in crm.writes if write[0] != "annotate"]
    assert sorted(effects) == sorted(set(effects))
    assert len(effects) == 5
    assert {len(notes) for notes in crm.notes.values()} == {1}
    assert set(crm.notes) == {"2", "3", "4", "5"}
    assert engine.store.ledger.verify() > 0
    assert engine.plan().items == ()


def test_an_intent_that_is_struck_out_forgets_the_mark_it_had_noted(tmp_path: Path) -> None:
    """The flag was never set; the person sets it before anything is read again: it is an objection of theirs."""
    engine = Engine(
        tmp_path,
        record("a1", "x@x.example", "y@x.example", collected=NOW),
        record("b1", "x@x.example", collected=NOW, objections=NO_MAIL, suppressed=frozenset({"email"})),
    )
    plan = engine.plan()
    real = engine.crms["a"].apply

    def dying(batch: Sequence[Command]) -> Iterator[Receipt]:
        raise Crash

    engine.crms["a"].apply = dying  # type: ignore[method-assign]  # the power goes
    with pytest.raises(Crash):
        engine.apply(plan)
    engine.crms["a"].apply = real  # type: ignore[method-assign]
    noted = engine.store.index.pushed([ref("a1")])
    recover(engine.store, engine.crms, engine.judge, engine.outcomes, NOW)
    engine.edit("a1", objections=NO_MAIL, suppressed=frozenset({"email"}))
    engine.read()

    assert noted == {ref("a1"): {"email"}}
    assert engine.store.index.pushed([ref("a1")]) == {}
    (row,) = engine.store.index.get([ref("a1")])
    assert row.objections == NO_MAIL
