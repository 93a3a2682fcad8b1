"""The one loop that writes: what changed is left alone, what is written is read back, nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.actions import Command
from core.brakes import Brakes
from core.connector import Changed, Done, Gone, Receipt, Refused
from core.errors import BadAnswer, Unreachable
from core.model import Moment, Objection, Page, Query
from core.notes import write_notes
from tests.engine import NOW, Engine, record, ref

CLICK = (Moment(NOW - timedelta(days=3), "click"),)
NO_MAIL = (Objection("email", "opt_out"),)


def receipts(tally: object) -> dict[tuple[str, str], int]:
    """The counts of a tally."""
    return dict(tally.counts)  # type: ignore[attr-defined]  # a Tally


def test_an_edited_held_or_answering_person_is_left_alone(tmp_path: Path) -> None:
    """A plan is permission, not evidence: each is judged again right before the write."""
    engine = Engine(tmp_path, *(record(f"a{n}", f"p{n}@x.example") for n in range(5)), record("b3", "P3@x.example"))
    plan = engine.plan()
    engine.edit("a1", origin="edited")
    engine.store.holds.add(["a:person:2"], "litigation", "legal", NOW, NOW)
    engine.edit("b3", inbound=CLICK)
    del engine.crms["a"].records["4"]

    tally = engine.apply(plan)

    assert [engine.has(name) for name in ("a0", "a1", "a2", "a3", "b3", "a4")] == [False, True, True, True, True, False]
    assert receipts(tally) == {("erase", "done"): 1, ("erase", "changed"): 4, ("erase", "gone"): 1}


def test_a_hold_by_identifier_placed_after_the_plan_protects(tmp_path: Path) -> None:
    """By subject key, on a record that the hold does not name."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    plan = engine.plan()
    (row,) = engine.store.index.get([ref("a1")])
    engine.store.holds.add([str(row.identifiers[0].key)], "litigation", "legal", NOW, NOW)
    engine.apply(plan)

    assert engine.has("a1")


def test_our_own_earlier_write_hands_its_version_on(tmp_path: Path) -> None:
    """Suppressed first, stripped next, erased last, all in one plan: no step takes the one before for a stranger's."""
    engine = Engine(
        tmp_path,
        record("a1", "x@x.example"),
        record("b1", "X@x.example", objections=NO_MAIL, suppressed=frozenset({"email"})),
        record("a2", "y@x.example", collected=NOW, values={"religion": "a", "comment": "Il est diabétique. Rappeler."}),
    )

    tally = engine.apply(engine.plan())

    assert not engine.has("a1")
    assert engine.get("a2").values == {"religion": "", "comment": "Il est [santé]. Rappeler."}
    assert receipts(tally) == {
        ("suppress", "done"): 1, ("redact", "done"): 1, ("clear", "done"): 1, ("erase", "done"): 2,
    }  # fmt: skip


def test_erasing_a_person_in_one_crm_takes_no_evidence_from_the_next(tmp_path: Path) -> None:
    """The click that dates the undated copy was seen on the record that goes first: both go, also after an interruption."""
    long_ago = (Moment(NOW - timedelta(days=1500), "click"),)
    records = [record("a1", "x@x.example", inbound=long_ago), record("b1", "x@x.example", collected=None)]
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    whole, cut = Engine(tmp_path / "one", *records), Engine(tmp_path / "two", *records)
    turns = iter([False, True])

    whole.run()
    cut.apply(cut.plan(), between=lambda: next(turns, True))
    between = (cut.has("a1"), cut.has("b1"))
    cut.run()

    assert (whole.has("a1"), whole.has("b1")) == (False, False)
    assert between == (False, True)
    assert (cut.has("a1"), cut.has("b1")) == (False, False)


def test_what_a_crm_cannot_do_stands_in_the_way_of_nothing_that_it_can(tmp_path: Path) -> None:
    """a erases nobody: of an overdue record with a banned property, what the plan says is done, and the rest reported."""
    engine = Engine(tmp_path, record("a1", "x@x.example", values={"religion": "a", "comment": "Elle est lesbienne."}))
    able = engine.crms["a"].capabilities
    engine.crms["a"].capabilities = replace(able, actions={**able.actions, "erase": ()})
    plan = engine.plan()

    tally = engine.apply(plan)

    assert receipts(tally) == {("redact", "done"): 1, ("clear", "done"): 1}
    assert engine.get("a1").values == {"religion": "", "comment": "Elle est [vie intime]."}
    assert [report.blocked for report in plan.reports] == ["the connector cannot do this on this kind"]
    assert engine.plan().empty()


def test_gaps_stop_destruction_and_let_objections_out(tmp_path: Path) -> None:
    """One scan is cut: nothing is destroyed in any CRM."""
    engine = Engine(
        tmp_path,
        record("a1", "old@x.example"),
        record("a2", "y@x.example", collected=NOW, objections=NO_MAIL, suppressed=frozenset({"email"})),
        record("b2", "y@x.example", collected=NOW),
        record("b3", "old2@x.example"),
    )

    def cut(query: Query) -> Iterator[Page]:
        yield Page(tuple(r for r in engine.crms["b"].records.values()), last=False)

    engine.crms["b"].scan = cut  # type: ignore[method-assign]  # an adapter that breaks the contract
    engine.run()

    assert engine.has("a1")
    assert engine.has("b3")
    assert engine.get("b2").suppressed == {"email"}


def test_a_silent_refusal_is_no_success(tmp_path: Path) -> None:
    """The vendor says done and does nothing: read back, it is a refusal, and the next plan asks again."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))

    def lie(batch: Sequence[Command]) -> Iterator[Receipt]:
        yield from (Done() for _ in batch)

    engine.crms["a"].apply = lie  # type: ignore[method-assign]  # a vendor that lies
    tally = engine.apply(engine.plan())

    assert receipts(tally) == {("erase", "refused"): 1}
    assert [item.ref for item in engine.plan().items] == [ref("a1")]
    assert engine.store.tombstones.count() == 0


def test_gone_while_it_is_there_is_no_success(tmp_path: Path) -> None:
    """The vendor answers that the record is gone, and reading back shows it: nothing is taken for erased."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    engine.crms["a"].apply = lambda batch: iter([Gone()] * len(batch))  # type: ignore[method-assign]  # a vendor that is wrong

    tally = engine.apply(engine.plan())

    assert receipts(tally) == {("erase", "refused"): 1}
    assert engine.store.tombstones.count() == 0


def test_who_is_gone_by_no_deed_of_ours_is_no_erased_person(tmp_path: Path) -> None:
    """Merged away or archived right before the erasure: gone, and nobody is remembered as erased."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    plan = engine.plan()
    real = engine.crms["a"].apply

    def late(batch: Sequence[Command]) -> Iterator[Receipt]:
        engine.crms["a"].records.clear()
        return real(batch)

    engine.crms["a"].apply = late  # type: ignore[method-assign]  # a user is faster
    tally = engine.apply(plan)

    assert receipts(tally) == {("erase", "gone"): 1}
    assert engine.store.tombstones.count() == 0


def test_an_adapter_that_breaks_its_contract_stops_its_crm_only_and_quotes_no_value(tmp_path: Path) -> None:
    """A KeyError over one row, while scanning and while writing: a gap, a stop, and the other CRM goes on."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("b1", "y@x.example"))
    plan = engine.plan()
    real = engine.crms["a"].scan

    def broken(batch: Sequence[Command]) -> Iterator[Receipt]:
        raise KeyError("secret value")

    engine.crms["a"].apply = broken  # type: ignore[method-assign]  # a fault of an adapter
    tally = engine.apply(plan)
    engine.crms["a"].scan = broken  # type: ignore[method-assign, assignment]  # the same while scanning
    gaps = engine.read().gaps
    engine.crms["a"].scan = real  # type: ignore[method-assign]

    assert tally.stopped == {"a": "a: the connector failed (KeyError)"}
    assert gaps == ["a: the connector failed (KeyError)"]
    assert not engine.has("b1")


def test_too_many_refusals_stop_the_destruction_of_that_crm(tmp_path: Path) -> None:
    """The error-rate brake: the rest is left and the reason is told."""
    limits = Brakes(first_run=False, max_share=1.0, error_floor=3, error_rate=0.5)
    engine = Engine(tmp_path, *(record(f"a{n}", f"p{n}@x.example") for n in range(9)), limits=limits)
    engine.crms["a"].apply = lambda batch: iter([Refused("no")] * len(batch))  # type: ignore[method-assign]  # a vendor that refuses

    tally = engine.apply(engine.plan())

    assert receipts(tally) == {("erase", "refused"): 3}
    assert tally.left == 6
    assert "refused" in tally.stopped["a"]


def test_what_an_erasure_took_before_it_saw_a_change_is_in_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is silent: the record stays, and what of its children went is said."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    monkeypatch.setattr(engine.crms["a"], "apply", lambda batch: iter([Changed("1 notes in the bin")] * len(batch)))
    tally = engine.apply(engine.plan())
    bodies = [entry.body for entry in engine.store.ledger.entries() if entry.kind == "outcome"]

    assert receipts(tally) == {("erase", "changed"): 1} and engine.has("a1")
    assert [(body["receipt"], body["why"]) for body in bodies] == [("changed", "1 notes in the bin")]


def test_a_crm_that_breaks_off_leaves_the_others_going_and_is_taken_up_again(tmp_path: Path) -> None:
    """Unreachable while writing: its items stay open; the next run finishes them, and nothing is done twice."""
    engine = Engine(tmp_path, *(record(f"a{n}", f"p{n}@x.example") for n in range(4)), record("b9", "q@x.example"))
    real, calls = engine.crms["a"].apply, []

    def broken(batch: Sequence[Command]) -> Iterator[Receipt]:
        calls.append(len(batch))
        yield from real(batch[:1])
        raise Unreachable("a: the connection broke")

    engine.crms["a"].apply = broken  # type: ignore[method-assign]  # a line that breaks after one write
    tally = engine.apply(engine.plan())
    engine.crms["a"].apply = real  # type: ignore[method-assign]
    engine.run()

    assert tally.stopped == {"a": "a: the connection broke"}
    assert not engine.has("b9")
    assert engine.crms["a"].records == {}
    assert sorted(engine.crms["a"].writes) == [("erase", str(n)) for n in range(4)]
    assert engine.store.ledger.owed("outcome") == []


def breaking_off(engine: Engine, monkeypatch: pytest.MonkeyPatch, *given: Receipt, down: bool = False) -> None:
    """a gives some receipts for an erasure and breaks off; `down`: nor can it be read from there on."""
    real = engine.crms["a"].apply

    def down_now(*_: object) -> None:
        raise Unreachable("a: the connection broke")

    def apply(batch: Sequence[Command]) -> Iterator[Receipt]:
        for command, receipt in zip(batch, given, strict=False):
            assert not isinstance(receipt, Done) or list(real([command])) == [Done()]
            yield receipt
        if down:
            monkeypatch.setattr(engine.crms["a"], "get", down_now)
        raise Unreachable("a: the connection broke")

    monkeypatch.setattr(engine.crms["a"], "apply", apply)


def said(engine: Engine) -> list[tuple[str, str, str, str]]:
    """Ref, receipt, and what was told with it, of each outcome."""
    bodies = [entry.body for entry in engine.store.ledger.entries() if entry.kind == "outcome"]
    return [(body["ref"], body["receipt"], body["why"] + body["remains"], body["read_back"]) for body in bodies]


def test_receipts_given_before_a_crm_broke_off_are_outcomes_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One erased, one kept while its children went, then the line broke: both are told at once, the third is open."""
    engine = Engine(tmp_path, *(record(f"a{n}", f"p{n}@x.example") for n in range(3)))
    breaking_off(engine, monkeypatch, Done(remains="in the bin (until 2026-12-24)"), Changed("1 notes in the bin"))
    tally = engine.apply(engine.plan())

    assert receipts(tally) == {("erase", "done"): 1, ("erase", "changed"): 1}
    assert (tally.left, tally.stopped) == (1, {"a": "a: the connection broke"})
    assert said(engine) == [
        ("a:person:0", "done", "in the bin (until 2026-12-24)", "absent"),
        ("a:person:1", "changed", "1 notes in the bin", "present"),
    ]
    assert [item.body["ref"] for item in engine.store.ledger.owed("outcome")] == ["a:person:2"]


@pytest.mark.parametrize("down", [False, True])
def test_receipts_that_could_not_be_read_back_are_kept_until_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, down: bool
) -> None:
    """Read back at once or by the next run: what was told with a receipt is in the ledger to the letter."""
    engine = Engine(tmp_path, *(record(f"a{n}", f"p{n}@x.example") for n in range(3)))
    with monkeypatch.context() as broken:
        breaking_off(engine, broken, Done(remains="in the bin"), Changed("1 notes in the bin"), down=down)
        tally = engine.apply(engine.plan())
    assert tally.counts.total() + tally.left == 3
    assert len(said(engine)) == (0 if down else 2)
    engine.run()

    assert said(engine)[:2] == [
        ("a:person:0", "done", "in the bin", "absent"),
        ("a:person:1", "changed", "1 notes in the bin", "present"),
    ]
    assert [engine.has(f"a{n}") for n in range(3)] == [False] * 3
    assert engine.store.ledger.owed("outcome") == []


def test_too_few_receipts_are_no_answer(tmp_path: Path) -> None:
    """An adapter that forgets a receipt: the CRM stops, nothing is guessed."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("a2", "y@x.example"))
    engine.crms["a"].apply = lambda batch: iter([Done()])  # type: ignore[method-assign]  # one receipt for two commands

    tally = engine.apply(engine.plan())

    assert isinstance(BadAnswer(""), Exception)
    assert "1 receipts for 2 commands" in tally.stopped["a"]
    assert len(engine.store.ledger.owed("outcome")) == 2
    assert not any("received" in item.body for item in engine.store.ledger.owed("outcome"))


def test_no_batch_names_a_record_twice(tmp_path: Path) -> None:
    """Two texts of one record: the second write would carry a stale version."""
    engine = Engine(
        tmp_path, record("a1", "x@x.example", collected=NOW, values={"comment": "Elle est lesbienne.", "religion": ""})
    )
    plan = engine.plan()
    twice = replace(plan, items=(plan.items[0], replace(plan.items[0], rule="SEN-02")))
    engine.store.plans.keep(twice, NOW + timedelta(days=1))

    tally = engine.apply(twice)

    assert receipts(tally) == {("redact", "done"): 1, ("redact", "changed"): 1}


@pytest.mark.parametrize("again", [False, True])
def test_notes_are_written_once_on_what_is_still_there_and_hold_no_value(tmp_path: Path, again: bool) -> None:
    """One a decision; none for the erased; the text names the rule, the ledger entry and the property, never a value."""
    engine = Engine(
        tmp_path,
        record("a1", "gone@x.example"),
        record("a2", "x@x.example", collected=NOW, values={"religion": "Catholique"}),
    )
    engine.run()
    if again:
        write_notes(engine.store, engine.crms, NOW)
        engine.run()

    (note,) = engine.crms["a"].notes["2"].values()
    assert "religion" in note
    assert "SEN-01" in note
    assert "Catholique" not in note
    assert "1" not in engine.crms["a"].notes
    assert engine.store.ledger.owed("note") == []


def test_nothing_of_a_person_is_in_the_store(tmp_path: Path) -> None:
    """SUP-03, SEC-04: after a whole run, neither address, number nor value is in the file."""
    engine = Engine(
        tmp_path,
        record(
            "a1",
            "planted.person@secret.example",
            phones=("0639981011",),
            values={"religion": "Zoroastrien"},
            collected=NOW,
        ),
        record("b1", "planted.person@secret.example", objections=NO_MAIL, suppressed=frozenset({"email"})),
        record("b2", "planted.gone@secret.example", values={"comment": "Elle est lesbienne."}),
    )
    engine.run()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert len(content) > 10_000
    for planted in ("planted", "secret.example", "639981011", "Zoroastrien", "lesbienne"):
        assert planted.encode() not in content
