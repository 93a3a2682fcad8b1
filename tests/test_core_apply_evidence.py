"""What `apply` builds on: evidence of the whole person, fresh or nothing; what a plan has ended still counts until it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.actions import Command
from core.brakes import Brakes
from core.connector import Done, Receipt, Refused
from core.errors import Unreachable
from core.identity import Identity
from core.judge import Judge
from core.lift import lift
from core.model import Channel, Moment, Objection, Record, Ref
from core.people import Entry
from core.periods import Period
from core.recover import recover
from policies.retention import Retention, Rule
from tests.engine import LOOSE, NOW, Engine, record, ref

LONG_AGO = (Moment(NOW - timedelta(days=1500), "click"),)
YESTERDAY = (Moment(NOW - timedelta(days=1), "click"),)
MOBILE, OTHER = "0639981011", "0639981012"


def flagged(name: str, channel: Channel, *emails: str, **facts: object) -> Record:
    """A recent record that shows an objection."""
    shown = {"objections": (Objection(channel, "flag"),), "suppressed": frozenset({channel})}
    return record(name, *emails, **{"collected": NOW, **shown, **facts})


def one_batch() -> Callable[[], bool]:
    """Stops after the first batch."""
    turns = iter([False])
    return lambda: next(turns, True)


def down(*_: object) -> dict[Ref, Record | None]:
    """A CRM that does not answer."""
    raise Unreachable("b: no answer")


def retained(engine: Engine, *rules: Rule) -> None:
    """Puts other rules of retention in force."""
    policy = Retention(rules, ZoneInfo("Europe/Paris"), otherwise="prospect")
    engine.judge = Judge((policy,), "v2")


def test_ret_20_what_the_plan_left_alone_is_read_again_before_it_counts(tmp_path: Path) -> None:
    """a1 was edited, so it stayed; then the person clicked there: after an interruption b1 must not go on the old reading."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("b1", "x@x.example"))
    plan = engine.plan()
    engine.edit("a1", origin="edited")
    engine.apply(plan, between=one_batch())
    engine.edit("a1", inbound=YESTERDAY)

    engine.apply(plan)

    assert engine.has("b1")


def test_ret_22_evidence_outlives_a_reading_between_the_parts_of_a_plan(tmp_path: Path) -> None:
    """a1, which dates b1, is erased; the machine stops; everything is read anew; the plan is taken up and b1 goes too."""
    dated = [record("a1", "x@x.example", inbound=LONG_AGO), record("b1", "x@x.example", collected=None)]
    engine = Engine(tmp_path, *dated)
    plan = engine.plan()
    engine.apply(plan, between=one_batch())
    reading = engine.read()

    tally = engine.apply(plan, tuple(reading.gaps))

    assert not engine.has("b1")
    assert tally.clean
    assert reading.records["a", "person"] == 0
    engine.read()
    assert engine.store.index.count("a", "person") == 0


def test_ret_25_anonymising_a_person_in_one_crm_takes_no_evidence_from_the_next(tmp_path: Path) -> None:
    """The click that dates b1 was seen on a1, which has no address any more; afterwards nothing is asked of either again."""
    dated = [record("a1", "x@x.example", inbound=LONG_AGO), record("b1", "x@x.example", collected=None)]
    engine = Engine(tmp_path, *dated)
    retained(engine, Rule("all", Period(months=36), outcome="anonymise"))

    tally = engine.run()

    assert [engine.get(name).emails for name in ("a1", "b1")] == [(), ()]
    assert tally.clean
    assert engine.plan().empty()
    assert {len(notes) for crm in engine.crms.values() for notes in crm.notes.values()} == {1}


def test_ret_25_who_gets_an_address_again_is_judged_again(tmp_path: Path) -> None:
    """Anonymised once, refilled by a user: no longer anonymous, still overdue."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    retained(engine, Rule("all", Period(months=36), outcome="anonymise"))
    engine.run()
    engine.edit("a1", emails=("x@x.example",))

    assert [item.ref for item in engine.plan().items] == [ref("a1")]


def test_ret_25_an_address_that_is_still_there_is_no_anonymity(tmp_path: Path) -> None:
    """The vendor says done and keeps the e-mail: refused, read back."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    retained(engine, Rule("all", Period(months=36), outcome="anonymise"))
    engine.crms["a"].apply = lambda batch: iter([Done()] * len(batch))  # type: ignore[method-assign]  # a vendor that lies

    assert dict(engine.apply(engine.plan()).counts) == {("anonymise", "refused"): 1}
    assert len(engine.plan().items) == 1


@pytest.mark.parametrize("after", [False, True])
def test_ret_25_an_interrupted_anonymisation_is_done_in_the_end(tmp_path: Path, after: bool) -> None:
    """Before or after it took effect: the next runs finish it, and then nothing is left to do."""
    engine = Engine(tmp_path, record("a1", "x@x.example", values={"comment": "a name"}))
    retained(engine, Rule("all", Period(months=36), outcome="anonymise"))
    real = engine.crms["a"].apply

    def breaks(batch: Sequence[Command]) -> Iterator[Receipt]:
        if after:
            list(real(batch))
        raise Unreachable("a: the connection broke")

    engine.crms["a"].apply = breaks  # type: ignore[method-assign]  # the line goes
    engine.run()
    engine.crms["a"].apply = real  # type: ignore[method-assign]
    engine.run()

    assert (engine.get("a1").emails, engine.get("a1").values) == ((), {})
    assert engine.plan().empty()


def test_ret_22_our_quarantine_of_one_copy_keeps_no_other_copy(tmp_path: Path) -> None:
    """An imported copy is undatable and restricted by us; the dated one goes all the same, in the same run."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("b1", "x@x.example", collected=None))

    tally = engine.run()

    assert (engine.has("a1"), engine.get("b1").restricted) == (False, True)
    assert tally.clean
    assert engine.plan().empty()


def test_ret_23_a_restriction_by_somebody_else_keeps_the_whole_person(tmp_path: Path) -> None:
    """Art. 18: set in the CRM on one copy, it stands above the destruction of the other; lifted, it does no more."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("b1", "x@x.example", collected=NOW, restricted=True))
    retained(engine, Rule("old", Period(months=36), crms=("a",)))
    engine.crms["b"].records["1"] = replace(engine.get("b1"), collected=None)

    reports = {report.ref: (report.rule, report.blocked) for report in engine.plan().reports}
    assert reports == {ref("a1"): ("RET-01", "restriction of processing (RET-23)"), ref("b1"): ("R-S3.2", "")}
    engine.edit("b1", restricted=False)
    assert [item.ref for item in engine.plan().destructive] == [ref("a1")]


def test_ret_22_a_quarantined_record_that_got_a_date_goes_when_the_quarantine_is_lifted(tmp_path: Path) -> None:
    """Nobody can tell whether Art. 18 was asked for meanwhile: as long as the mark is there, the record stays."""
    engine = Engine(tmp_path, record("b1", "x@x.example", collected=None))
    engine.run()
    engine.edit("b1", collected=NOW - timedelta(days=2000))

    assert [report.blocked for report in engine.plan().reports] == ["restriction of processing (RET-23)"]
    engine.edit("b1", restricted=False)
    assert [item.ref for item in engine.plan().destructive] == [ref("b1")]


def test_ret_23_a_restriction_that_was_there_before_ours_is_not_taken_for_ours(tmp_path: Path) -> None:
    """Somebody restricts b1 in the instant before we do: the vendor answers that it was so already."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("b1", "x@x.example", collected=None))
    real = engine.crms["b"].apply

    def late(batch: Sequence[Command]) -> Iterator[Receipt]:
        engine.crms["b"].records["1"] = replace(engine.get("b1"), restricted=True)
        return real(batch)

    engine.crms["b"].apply = late  # type: ignore[method-assign]  # a user was faster
    engine.run()

    assert engine.has("a1")
    assert [report.blocked for report in engine.plan().reports if report.action] == [
        "restriction of processing (RET-23)"
    ]


def test_a_person_of_many_duplicates_is_reported_never_erased(tmp_path: Path) -> None:
    """shared_key_above: seven silent copies under one address: too many to link, so nothing may be guessed."""
    copies = [record(f"a{number}", "x@x.example") for number in range(7)]
    engine = Engine(tmp_path, *copies)

    plan = engine.plan()

    assert plan.destructive == ()
    assert {report.ref for report in plan.reports} == {item.ref for item in copies}
    assert all("too many records" in report.because for report in plan.reports)


def test_ret_20_a_contact_behind_a_switchboard_or_under_a_generic_mailbox_keeps_whoever_shares_it(
    tmp_path: Path,
) -> None:
    """DESIGN §6: a shared key is enough to protect, unless an address of their own tells them apart (ADR 0004)."""
    number = {"phones": ("0199001234",)}
    colleagues = [record(f"b{n}", f"c{n}@x.example", **number) for n in range(5)]
    engine = Engine(
        tmp_path,
        record("a1", "contact@plomberie.example"),
        record("b9", "contact@plomberie.example", inbound=YESTERDAY),
        record("a2", **number),
        record("b8", "y@x.example", **number, inbound=YESTERDAY),
        *colleagues,
    )

    assert {item.ref for item in engine.plan().destructive} == {item.ref for item in colleagues}


def test_a_switchboard_or_a_generic_mailbox_without_a_contact_keeps_nobody(tmp_path: Path) -> None:
    """Colleagues who were entered lately and never wrote: this person goes on their own clock."""
    colleagues = [
        record(f"b{n}", f"c{n}@x.example", "info@x.example", phones=("0199001234",), collected=NOW) for n in range(6)
    ]
    engine = Engine(tmp_path, record("a1", "x@x.example", "info@x.example", phones=("0199001234",)), *colleagues)

    assert [item.ref for item in engine.plan().destructive] == [ref("a1")]


def test_ret_20_a_contact_under_a_weak_key_counts_when_it_is_judged_again(tmp_path: Path) -> None:
    """A scan between plan and apply saw a colleague call: left alone; and a hold placed on the neighbour holds as well."""
    engine = Engine(
        tmp_path,
        record("a1", "info@x.example"),
        record("b1", "info@x.example", "b1@x.example"),
        record("a2", "info@y.example"),
        record("b2", "info@y.example", collected=NOW),
    )
    plan = engine.plan()
    engine.edit("b1", inbound=YESTERDAY)
    engine.read()
    engine.store.holds.add(["b:person:2"], "litigation", "legal", NOW, NOW)

    engine.apply(plan)

    assert {item.ref for item in plan.destructive} == {ref("a1"), ref("b1"), ref("a2")}
    assert [engine.has(name) for name in ("a1", "b1", "a2")] == [True, True, True]


def test_whoever_shares_a_weak_key_only_is_not_read_again(tmp_path: Path) -> None:
    """Calls in proportion to what is erased, not to the size of the company behind its switchboard."""
    company = [record(f"b{n}", f"b{n}@x.example", phones=("0199001234",), collected=NOW) for n in range(40)]
    engine = Engine(
        tmp_path, record("a1", "x@x.example", phones=("0199001234",)), record("b99", "x@x.example"), *company
    )
    plan = engine.plan()
    real, asked = engine.crms["b"].get, list[Ref]()

    def get(refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
        asked.extend(refs)
        return real(refs, properties)

    engine.crms["b"].get = get  # type: ignore[method-assign]  # listens
    engine.apply(plan)

    assert not engine.has("a1")
    assert set(asked) == {ref("b99")}


def test_a_phone_alone_never_shortens_a_period(tmp_path: Path) -> None:
    """The spouse is a customer, whom another rule keeps for less: who shares only the number stays under the longer one."""
    year_ago = NOW - timedelta(days=500)
    engine = Engine(
        tmp_path,
        record("a1", "x@x.example", phones=(MOBILE,), collected=year_ago),
        record("b1", "y@x.example", phones=(MOBILE,), collected=year_ago, signals=frozenset({"order"})),
        record("b2", "z@x.example", collected=year_ago, signals=frozenset({"order"})),
        record("a2", "Z@x.example", collected=year_ago),
    )
    retained(engine, Rule("p", Period(months=36), "prospect"), Rule("c", Period(months=12), "customer"))

    assert {item.ref for item in engine.plan().destructive} == {ref("a2"), ref("b1"), ref("b2")}


def test_ret_22_two_phones_that_disagree_do_not_date(tmp_path: Path) -> None:
    """DESIGN §6: an e-mail match dates only without a disagreement of other strong keys; a shared or missing phone is none."""
    engine = Engine(
        tmp_path,
        record("a1", "x@x.example", phones=(MOBILE,), collected=None),
        record("b1", "x@x.example", phones=(OTHER,), inbound=LONG_AGO),
        record("a2", "y@x.example", collected=None),
        record("b2", "y@x.example", phones=("0639981013",), inbound=LONG_AGO),
    )

    assert {item.ref for item in engine.plan().destructive} == {ref("b1"), ref("a2"), ref("b2")}


def test_the_error_rate_of_one_crm_stops_that_one_only(tmp_path: Path) -> None:
    """a refuses everything, b nothing: b goes on, and its successes do not hide the refusals of a."""
    limits = Brakes(first_run=False, max_share=1.0, error_floor=3, error_rate=0.5)
    many = [record(f"{crm}{n}", f"{crm}{n}@x.example") for crm in "ab" for n in range(9)]
    engine = Engine(tmp_path, *many, limits=limits)
    engine.crms["a"].apply = lambda batch: iter([Refused("no")] * len(batch))  # type: ignore[method-assign]  # a vendor that refuses

    tally = engine.apply(engine.plan())

    assert list(tally.stopped) == ["a"]
    assert engine.crms["b"].records == {}
    assert tally.counts["erase", "refused"] == 3


def test_nothing_is_destroyed_of_whom_a_crm_that_stopped_knows(tmp_path: Path) -> None:
    """b breaks off: a1, who is there too, stays open; a4, in the next batch and not there, goes; then all is finished."""
    engine = Engine(tmp_path, *(record(f"a{n}", f"p{n}@x.example") for n in range(1, 5)), record("b1", "p1@x.example"))
    plan = engine.plan()
    real = engine.crms["b"].get
    engine.crms["b"].get = down  # type: ignore[method-assign]  # the line is down
    tally = engine.apply(plan)
    left = [engine.has(f"a{n}") for n in range(1, 5)]
    engine.crms["b"].get = real  # type: ignore[method-assign]
    engine.run()

    assert tally.stopped == {"b": "b: no answer"}
    assert left == [True, True, True, False]
    assert engine.crms["a"].records == engine.crms["b"].records == {}


def test_sup_08_a_second_channel_does_not_hold_up_the_first(tmp_path: Path) -> None:
    """Between plan and apply the person also objects to calls: the e-mail is closed now, the telephone by the next run."""
    engine = Engine(
        tmp_path, record("a1", "x@x.example", phones=(MOBILE,), collected=NOW), flagged("b1", "email", "x@x.example")
    )
    plan = engine.plan()
    phone = Identity(engine.keyring).phone(MOBILE)
    assert phone
    engine.store.suppression.add([Entry("telephone", phone.key, NOW, "letter")])

    engine.apply(plan)
    first = engine.get("a1").suppressed
    engine.run()

    assert (first, engine.get("a1").suppressed) == ({"email"}, {"email", "telephone"})


def test_sup_08_a_channel_that_somebody_closed_meanwhile_does_not_hold_up_the_other(tmp_path: Path) -> None:
    """Planned: both; a user closed the e-mail: the telephone is closed, and the e-mail flag is not taken for ours."""
    engine = Engine(
        tmp_path,
        record("a1", "x@x.example", phones=(MOBILE,), collected=NOW),
        flagged("b1", "email", "x@x.example", phones=(MOBILE,)),
        flagged("b2", "telephone", "X@x.example"),
    )
    plan = engine.plan()
    engine.edit("a1", suppressed=frozenset({"email"}), objections=(Objection("email", "user"),))

    engine.apply(plan)

    assert engine.get("a1").suppressed == {"email", "telephone"}
    assert engine.store.index.pushed([ref("a1")]) == {ref("a1"): {"telephone"}}


def test_sup_11_a_lifted_objection_does_not_come_back_from_a_number_it_had_spread_to(tmp_path: Path) -> None:
    """b1 shares the number and has another one, which was closed with it; lifting a1's numbers lasts."""
    engine = Engine(
        tmp_path,
        flagged("a1", "telephone", "x@x.example", phones=(MOBILE,)),
        record("b1", "y@x.example", phones=(MOBILE, OTHER), collected=NOW),
    )
    engine.run()
    engine.edit("a1", objections=(), suppressed=frozenset())
    typed = Identity(engine.keyring).all(("x@x.example",), (MOBILE,))
    lift(engine.store, engine.judge, typed, ("telephone",), {}, NOW)

    engine.run()

    assert engine.get("a1").suppressed == frozenset()


def test_what_was_to_be_cut_out_and_is_still_there_is_a_refusal(tmp_path: Path) -> None:
    """A redaction that the vendor swallows: neither done nor noted, and asked for again."""
    engine = Engine(tmp_path, record("a1", "x@x.example", collected=NOW, values={"comment": "Elle est lesbienne."}))
    engine.crms["a"].apply = lambda batch: iter([Done()] * len(batch))  # type: ignore[method-assign]  # a vendor that lies

    assert dict(engine.apply(engine.plan()).counts) == {("redact", "refused"): 1}
    assert engine.store.ledger.owed("note") == []
    assert len(engine.plan().items) == 1


def test_a_crm_that_cannot_say_what_became_of_a_write_stops_no_other(tmp_path: Path) -> None:
    """a broke off and is down: the write stays owed, the objection goes out in b, a is written to only when it is known."""
    engine = Engine(
        tmp_path,
        record("a1", "old@x.example"),
        flagged("a2", "email", "x@x.example"),
        record("b2", "x@x.example", collected=NOW),
    )
    plan = engine.plan()
    erasures = replace(plan, items=plan.destructive)
    engine.store.plans.keep(erasures, NOW + timedelta(days=1))
    real, read = engine.crms["a"].apply, engine.crms["a"].get

    def breaks(batch: Sequence[Command]) -> Iterator[Receipt]:
        raise Unreachable("a: the connection broke")

    engine.crms["a"].apply = breaks  # type: ignore[method-assign]  # the line goes
    engine.apply(erasures)
    engine.crms["a"].get = down  # type: ignore[method-assign]  # and stays away
    resolved = recover(engine.store, engine.crms, engine.judge, engine.outcomes, NOW)
    engine.run()
    owed = len(engine.store.ledger.owed("outcome"))
    engine.crms["a"].apply, engine.crms["a"].get = real, read  # type: ignore[method-assign]
    again = engine.apply(erasures)
    engine.run()

    assert (resolved, owed) == (0, 1)
    assert engine.get("b2").suppressed == {"email"}
    assert "could not be looked into" in again.stopped["a"]
    assert not engine.has("a1")
    assert engine.store.ledger.owed("outcome") == []


def test_a_record_in_a_crm_that_is_connected_no_more_keeps_its_person(tmp_path: Path) -> None:
    """b was taken out of the configuration: its rows are old knowledge, so its people wait and the others go."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("b1", "x@x.example"), record("a2", "y@x.example"))
    engine.read()
    del engine.crms["b"]
    plan = engine.plan()

    assert [item.ref for item in plan.items] == [ref("a2")]
    assert [report.blocked for report in plan.reports] == ["incomplete reading: b: not connected"]
    assert plan.trips == ()


def test_a_source_that_is_connected_no_more_is_not_suddenly_empty(tmp_path: Path) -> None:
    """The brake looks at the CRMs that are there; it would never let go otherwise."""
    many = [record(f"b{n}", f"p{n}@x.example", collected=NOW) for n in range(25)]
    engine = Engine(tmp_path, record("a1", "x@x.example"), *many, limits=LOOSE)
    engine.read()
    del engine.crms["b"]

    assert engine.plan().trips == ()
