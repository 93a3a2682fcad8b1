"""After a crash between intent and outcome: what took effect is closed, what did not is open again, nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.actions import Bin, Command
from core.connector import AlreadyDone, Changed, Done, Gone, Receipt, Refused
from core.judge import Judge
from core.model import Moment, Objection
from core.outcomes import Ticket
from core.periods import Period
from core.recover import recover
from policies.retention import Retention, Rule
from policies.suppression import Suppression
from tests.engine import NOW, OLD, Engine, record, ref

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


def interrupted(engine: Engine, given: tuple[Receipt, ...] = ()) -> None:
    """A run dies in an erasure: with some receipts given, and nothing done to the last record."""
    plan = engine.plan()
    engine.crms["a"].apply = dying(given)  # type: ignore[method-assign]  # the power goes
    with pytest.raises(Crash):
        engine.apply(plan)
    del engine.crms["a"].apply


def dying(given: tuple[Receipt, ...]) -> Any:
    """An `apply` that gives these receipts and dies."""

    def apply(batch: Sequence[Command]) -> Iterator[Receipt]:
        yield from given
        raise Crash

    return apply


def resolve(engine: Engine, *answers: Receipt) -> list[Command]:
    """Recovers with an adapter that gives these answers; the commands it was asked."""
    asked: list[Command] = []

    def apply(batch: Sequence[Command]) -> Iterator[Receipt]:
        asked.extend(batch)
        return iter(answers)

    engine.crms["a"].apply = apply  # type: ignore[method-assign]  # an adapter that knows more
    recover(engine.store, engine.crms, engine.judge, engine.outcomes, NOW)
    del engine.crms["a"].apply
    return asked


def told(engine: Engine) -> list[tuple[str, str]]:
    """Receipt, and what was told with it, of each outcome."""
    bodies = [entry.body for entry in engine.store.ledger.entries() if entry.kind == "outcome"]
    return [(body["receipt"], body["why"] + body["remains"]) for body in bodies]


DOUBT = "gone while its removal was under way; whether by it cannot be told"
FOUND = "resolved after an interruption"


@pytest.mark.parametrize(
    ("answer", "outcome", "remembered"),
    [
        (Gone(), ("gone", DOUBT), 0),
        (Gone("1 notes"), ("gone", f"{DOUBT}; 1 notes"), 0),
        (Done(remains="backups"), ("done", f"{FOUND}; backups"), 1),
        (AlreadyDone("backups"), ("done", f"{FOUND}; backups"), 1),
        (AlreadyDone(), ("done", FOUND), 1),
        (Changed(), ("changed", ""), 0),
        (Refused("locked"), ("refused", "locked"), 0),
    ],
)
def test_absent_is_no_erasure_unless_the_adapter_says_so(
    tmp_path: Path, answer: Receipt, outcome: tuple[str, str], remembered: int
) -> None:
    """Archived or merged away meanwhile by a user, or erased: only the adapter can tell; else nobody is counted erased."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    interrupted(engine)
    del engine.crms["a"].records["1"]
    asked = resolve(engine, answer)

    assert [command.ref for command in asked] == [ref("a1")]
    assert told(engine) == [outcome]
    assert engine.store.tombstones.count() == remembered
    assert len(engine.store.ledger.owed("erasure")) == remembered


def test_an_erasure_is_not_asked_again_for_somebody_held_since(tmp_path: Path) -> None:
    """What is in the bin by now stays there; nobody is taken for erased."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    interrupted(engine)
    del engine.crms["a"].records["1"]
    engine.store.holds.add(["a:person:1"], "litigation", "legal", NOW, NOW)

    assert resolve(engine, Done()) == []
    assert told(engine) == [("gone", DOUBT)]
    assert engine.store.tombstones.count() == 0


def test_a_record_that_was_to_go_to_the_bin_and_is_absent_is_in_doubt_too(tmp_path: Path) -> None:
    """There is nothing to be finished in a bin, so nobody is asked."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    plan = engine.plan()
    engine.outcomes.intend([Ticket(plan.digest, 0, replace(plan.items[0], action=Bin()))], NOW)
    del engine.crms["a"].records["1"]

    assert resolve(engine) == []
    assert told(engine) == [("gone", DOUBT)]


def test_receipts_given_before_a_crash_are_believed(tmp_path: Path) -> None:
    """Erased and told so, then the power went: the adapter is asked only about the one that nobody answered for."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("a2", "y@x.example"))
    interrupted(engine, (Done(remains="backups"),))
    engine.crms["a"].records.clear()
    asked = resolve(engine, Gone())

    assert [command.ref for command in asked] == [ref("a2")]
    assert told(engine) == [("done", "backups"), ("gone", DOUBT)]
    assert engine.store.tombstones.count() == 1


@pytest.mark.parametrize(("cascade", "why"), [(("notes",), "its children may be gone already"), ((), "")])
def test_an_erasure_that_did_not_happen_says_what_it_may_have_taken(
    tmp_path: Path, cascade: tuple[str, ...], why: str
) -> None:
    """Children go before the record: it is there, and whether they are nobody can tell. Its item is open again."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    engine.crms["a"].capabilities = replace(engine.crms["a"].capabilities, cascade=cascade)
    interrupted(engine)
    resolve(engine)
    (struck,) = [entry.body for entry in engine.store.ledger.entries() if entry.kind == "recovery"]
    engine.run()

    assert (struck["ref"], struck["result"], struck["why"]) == ("a:person:1", "undone", why)
    assert told(engine) == [("done", "")]


def imported_and_dated(tmp_path: Path) -> Engine:
    """An undated copy, to be quarantined, and the same person's dated and overdue record."""
    return Engine(tmp_path, record("a1", "x@x.example", collected=None), record("b1", "x@x.example"))


def test_ret_23_a_restriction_set_by_hand_after_a_crash_is_not_taken_for_our_quarantine(tmp_path: Path) -> None:
    """Killed before anything was sent; in the morning somebody restricts the record under Art. 18."""
    engine = imported_and_dated(tmp_path)
    real = engine.crms["a"].apply

    def die(batch: Sequence[Command]) -> Iterator[Receipt]:
        raise Crash

    engine.crms["a"].apply = die  # type: ignore[method-assign]  # the power goes
    with pytest.raises(Crash):
        engine.run()
    engine.crms["a"].apply = real  # type: ignore[method-assign]
    engine.edit("a1", restricted=True)
    engine.run()
    engine.run()

    assert engine.has("b1")


def test_ret_23_a_restriction_set_by_hand_under_our_hand_is_not_taken_for_our_quarantine(tmp_path: Path) -> None:
    """Between our read and our write: the answer is `Changed`, and the mark is not ours."""
    engine = imported_and_dated(tmp_path)
    real = engine.crms["a"].apply

    def late(batch: Sequence[Command]) -> Iterator[Receipt]:
        engine.edit("a1", restricted=True)
        engine.crms["a"].apply = real  # type: ignore[method-assign]
        return real(batch)

    engine.crms["a"].apply = late  # type: ignore[method-assign]  # somebody else is quicker
    engine.run()
    engine.run()

    assert engine.has("b1")


@pytest.mark.parametrize("killed", [False, True])
def test_ret_25_an_anonymisation_cut_off_after_it_took_effect_leaves_its_tombstone_and_its_evidence(
    tmp_path: Path, killed: bool
) -> None:
    """The undated copy in the other CRM is dated by the row of the first: anonymised with it, not quarantined."""
    form = (Moment(OLD, "form"),)
    engine = Engine(
        tmp_path,
        record("a1", "x@x.example", inbound=form),
        record("b1", "x@x.example", collected=None, origin="IMPORT"),
    )
    rule = Rule("all", Period(months=36), outcome="anonymise")
    retention = Retention((rule,), ZoneInfo("Europe/Paris"), otherwise="prospect")
    engine.judge = Judge((Suppression(), retention), "v1")
    real = engine.crms["a"].apply

    def die(batch: Sequence[Command]) -> Iterator[Receipt]:
        list(real(batch))
        raise Crash

    if killed:
        engine.crms["a"].apply = die  # type: ignore[method-assign]  # the power goes
        with pytest.raises(Crash):
            engine.run()
        engine.crms["a"].apply = real  # type: ignore[method-assign]
    engine.run()
    engine.run()

    assert (engine.get("b1").emails, engine.get("b1").restricted) == ((), False)
    assert engine.store.tombstones.count() == 1
