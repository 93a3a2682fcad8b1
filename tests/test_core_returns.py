"""RET-26: telling who came back from who was there all along; the engine on memory CRMs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.actions import Command
from core.connector import AlreadyDone, Gone, Receipt, Refused
from core.errors import KeyProblem
from core.findings import Finding
from core.identity import Identity, Keyring
from core.model import Moment, Objection, Record
from core.plan import Item
from core.store.store import Store
from tests.engine import NOW, Engine, record, ref

MOBILE, OTHER = "0639981011", "0639981012"
A_DAY = timedelta(days=1)


def imported(name: str, *emails: str, **facts: object) -> Record:
    """A record that came by import, dated as the old list has it."""
    return record(name, *emails, **{"origin": "IMPORT", **facts})


def undated(name: str, *emails: str, **facts: object) -> Record:
    """A record that came by import and does not say when it was collected."""
    return imported(name, *emails, **{"collected": None, **facts})


def add(engine: Engine, *records: Record) -> None:
    """Somebody puts records into their CRMs."""
    for item in records:
        engine.crms[item.ref.crm].records[item.ref.id] = item


def later(engine: Engine, *records: Record) -> None:
    """A day passes, and some records are there."""
    engine.now += A_DAY
    add(engine, *records)


def asked(engine: Engine) -> dict[str, tuple[str, str]]:
    """The next plan: rule and action by record."""
    return {_name(item): (item.rule, type(item.action).__name__) for item in engine.plan().items}


def told(engine: Engine) -> dict[str, str]:
    """What the next plan only reports: rules by record."""
    return {_name(item): item.rule for item in engine.plan().reports}


def _name(item: Item | Finding) -> str:
    return f"{item.ref.crm}{item.ref.id}"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """Somebody who was erased in both CRMs."""
    made = Engine(tmp_path, record("a1", "x@x.example", phones=(MOBILE,)), record("b1", "X@x.example"))
    made.run()
    assert not made.has("a1")
    assert not made.has("b1")
    return made


def refuses(engine: Engine, crm: str) -> None:
    """A CRM that erases nobody."""

    def one(command: Command) -> Receipt:
        return Refused("not allowed")

    engine.crms[crm]._one = one  # type: ignore[method-assign]  # a vendor that refuses


def test_ret_26_an_import_is_erased_again_in_every_crm_in_one_run(engine: Engine) -> None:
    """Two copies: erasing the first takes nothing from the second; the tombstone says so afterwards."""
    later(engine, imported("a2", "x@x.example"), imported("b2", "x@x.example", phones=(MOBILE,)))

    assert asked(engine) == {"a2": ("RET-26", "Erase"), "b2": ("RET-26", "Erase")}
    assert engine.run().clean
    assert not engine.has("a2")
    assert not engine.has("b2")


def test_ret_26_who_is_imported_again_and_again_is_erased_each_time(engine: Engine) -> None:
    """The second return is told from the second erasure, in both CRMs."""
    for number in "23":
        later(engine, imported(f"a{number}", "x@x.example"), imported(f"b{number}", "x@x.example"))
        engine.run()

    later(engine, imported("a4", "x@x.example"), imported("b4", "x@x.example"))
    (because,) = {item.because for item in engine.plan().items}

    assert "erased on 2026-11-26 (RET-26)" in because
    assert engine.run().clean
    assert not engine.has("b4")


def test_ret_26_after_an_interruption_between_two_copies_the_second_goes_too(engine: Engine) -> None:
    """What the same plan erased a moment ago is nothing that the second copy came back from."""
    later(engine, imported("a2", "x@x.example"), imported("b2", "x@x.example"))
    turns = iter([False, True])
    engine.apply(engine.plan(), between=lambda: next(turns, True))
    assert (engine.has("a2"), engine.has("b2")) == (False, True)

    engine.run()

    assert not engine.has("b2")


def test_ret_26_the_same_record_restored_from_the_bin_is_erased_again(engine: Engine) -> None:
    """Same id, same dates as before."""
    later(engine, record("a1", "x@x.example", phones=(MOBILE,)))

    assert asked(engine) == {"a1": ("RET-26", "Erase")}


def test_ret_26_a_contact_since_on_any_record_of_the_person_starts_a_new_clock(engine: Engine) -> None:
    """They wrote through CRM b; the copy imported into a stays with it."""
    wrote = (Moment(NOW + A_DAY, "form"),)
    later(engine, imported("a2", "x@x.example"), record("b2", "x@x.example", collected=NOW + A_DAY, inbound=wrote))

    assert asked(engine) == {}
    assert told(engine) == {}


def test_ret_26_an_import_without_dates_is_quarantined_as_it_may_be_the_leads_of_today(engine: Engine) -> None:
    """Nothing says that the data is older than the erasure."""
    later(engine, undated("a2", "x@x.example"))

    assert asked(engine) == {"a2": ("RET-26", "Restrict")}


def test_ret_26_created_by_hand_is_quarantined_once(engine: Engine) -> None:
    """Restricted and reported; nothing is asked for again, and nothing is destroyed."""
    later(engine, record("a2", "x@x.example", collected=NOW + A_DAY, origin="CRM_UI"))

    assert asked(engine) == {"a2": ("RET-26", "Restrict")}
    engine.run()
    assert engine.get("a2").restricted
    assert (asked(engine), told(engine)) == ({}, {"a2": "RET-26"})


def test_ret_26_a_record_that_was_there_all_along_did_not_come_back(tmp_path: Path) -> None:
    """CRM b refuses; its record, by then held back, is judged as ever, also when an import joins it in a."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("b1", "x@x.example"))
    refuses(engine, "b")
    engine.run()
    assert (engine.has("a1"), engine.has("b1")) == (False, True)

    later(engine)

    assert asked(engine) == {"b1": ("RET-01", "Erase")}


def test_ret_26_merging_what_was_there_all_along_makes_no_return(tmp_path: Path) -> None:
    """The survivor of a merge has a new id, and is first seen after the erasure in the other CRM."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("b1", "x@x.example"))
    refuses(engine, "b")
    engine.run()
    del engine.crms["b"].records["1"]

    later(engine, undated("b9", "x@x.example"))

    assert asked(engine) == {"b9": ("RET-22", "Restrict")}


def test_ret_26_a_plan_interrupted_between_two_records_makes_no_return(tmp_path: Path) -> None:
    """b1 is left over; the plan expires, and b1 goes by the ordinary rule."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("b1", "x@x.example"))
    turns = iter([False, True])
    plan = engine.plan()
    engine.apply(plan, between=lambda: next(turns, True))
    engine.store.plans.close(plan.digest, "expired")

    later(engine)

    assert asked(engine) == {"b1": ("RET-01", "Erase")}


def test_ret_26_a_record_that_gains_the_identifier_of_an_erased_person_did_not_come_back(tmp_path: Path) -> None:
    """A customer's record was there all along; a user writes a second address into it."""
    engine = Engine(tmp_path, record("a1", "x@x.example"), record("b1", "y@x.example", collected=NOW))
    engine.run()
    engine.now += A_DAY
    engine.edit("b1", emails=("y@x.example", "x@x.example"))

    assert (asked(engine), told(engine)) == ({}, {})


def test_ret_26_a_crm_that_is_connected_later_had_its_records_all_along(tmp_path: Path) -> None:
    """CRM b was in no reading when the person was erased in a."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    b = engine.crms.pop("b")
    engine.run()
    assert not engine.has("a1")

    engine.crms["b"] = b
    later(engine, undated("b1", "x@x.example"))

    assert asked(engine) == {"b1": ("RET-22", "Restrict")}


def test_ret_26_nobody_is_taken_for_gone_while_a_crm_could_not_be_read(tmp_path: Path) -> None:
    """A gap: what is absent from half a reading may be there. The next plan that read everything says so."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    engine.run()
    (item,) = next(iter(engine.store.tombstones.standing(NOW).values()))
    engine.store.tombstones.add([Identity(engine.keyring).email("y@x.example")], "RET-01", NOW)  # type: ignore[list-item]  # an address
    plan = engine.plan()

    def absent() -> list[set[str]]:
        return [set(e.absent_from) for found in engine.store.tombstones.standing(NOW).values() for e in found]

    engine.apply(plan, gaps=("b: away",))
    assert item.absent_from == frozenset("ab")
    assert sorted(absent(), key=len) == [set(), {"a", "b"}]
    engine.apply(plan)
    assert absent() == [{"a", "b"}, {"a", "b"}]


def test_ret_26_a_household_phone_is_reported_and_a_phone_alone_quarantined(engine: Engine) -> None:
    """The first has an e-mail of their own, the second has nothing else."""
    later(
        engine,
        record("a2", "spouse@x.example", phones=(MOBILE,), collected=NOW + A_DAY),
        record("b2", phones=(OTHER,), collected=NOW + A_DAY),
    )
    assert (asked(engine), told(engine)) == ({}, {"a2": "RET-26"})

    add(engine, record("b2", phones=(MOBILE,), collected=NOW + A_DAY))
    assert asked(engine) == {"b2": ("RET-26", "Restrict")}


def test_ret_26_a_switchboard_number_brings_nobody_back(tmp_path: Path) -> None:
    """Seven had it; one was erased, a colleague comes new: all the others had it all along, so it never was gone."""
    colleagues = [record(f"b{n}", f"c{n}@x.example", phones=(MOBILE,), collected=NOW) for n in range(6)]
    engine = Engine(tmp_path, record("a1", "x@x.example", phones=(MOBILE,)), *colleagues)
    engine.run()
    assert not engine.has("a1")

    later(engine, record("b9", "c9@x.example", phones=(MOBILE,), collected=NOW))

    assert (asked(engine), told(engine)) == ({}, {})


def test_ret_26_another_phone_on_the_return_is_not_erased(engine: Engine) -> None:
    """The e-mail matches and a strong phone speaks for somebody else."""
    later(engine, undated("a2", "x@x.example", phones=(OTHER,)))

    assert asked(engine) == {"a2": ("RET-26", "Restrict")}


def test_ret_26_a_generic_mailbox_is_only_reported(tmp_path: Path) -> None:
    """info@ was on a record that was erased, and is on one that is new."""
    engine = Engine(tmp_path, record("a1", "info@x.example"))
    engine.run()
    later(engine, record("b2", "info@x.example", "y@x.example", collected=NOW))

    assert (asked(engine), told(engine)) == ({}, {"b2": "RET-26"})


def test_ret_26_an_address_on_too_many_records_is_only_reported(engine: Engine) -> None:
    """Six of them came back with it: nobody can tell who they are."""
    later(engine, *(record(f"a{n}", "x@x.example", collected=NOW) for n in range(2, 8)))

    assert asked(engine) == {}
    assert set(told(engine).values()) == {"RET-26"}


def test_ret_24_a_hold_stands_above_the_second_erasure(engine: Engine) -> None:
    """The finding says so."""
    later(engine, imported("a2", "x@x.example"))
    engine.store.holds.add(["a:person:2"], "litigation", "legal", NOW, NOW)

    (report,) = engine.plan().reports

    assert (report.rule, report.blocked) == ("RET-26", "legal hold H-1 (RET-24)")
    assert engine.run().clean
    assert engine.has("a2")


def test_ret_23_somebody_elses_restriction_stands_above_the_second_erasure(engine: Engine) -> None:
    """An import into one CRM, a restriction on the other record of the person."""
    later(engine, imported("a2", "x@x.example"), imported("b2", "x@x.example", restricted=True))

    assert asked(engine) == {}
    assert {item.blocked for item in engine.plan().reports} == {"restriction of processing (RET-23)"}


def test_sup_07_who_objected_and_comes_back_by_themselves_is_suppressed_and_nothing_else(tmp_path: Path) -> None:
    """Erased with their objection on the list; a form brings them back in another CRM, in capitals."""
    no = {"objections": (Objection("email", "flag"),), "suppressed": frozenset({"email"})}
    engine = Engine(tmp_path, record("a1", "x@x.example", **no))
    engine.run()
    form = (Moment(NOW + A_DAY, "form"),)
    later(engine, record("b2", " X@X.EXAMPLE", collected=NOW + A_DAY, inbound=form))

    engine.run()

    assert engine.crms["b"].writes == [("suppress", "2"), ("annotate", "2")]
    assert (asked(engine), told(engine)) == ({}, {})


def test_ret_26_a_tombstone_is_no_more_once_its_stated_period_has_passed(engine: Engine) -> None:
    """Five years, to the day, purged or not."""
    engine.now += timedelta(days=365 * 5 + 10)
    add(engine, undated("a2", "x@x.example"))

    assert asked(engine) == {"a2": ("RET-22", "Restrict")}
    assert engine.store.tombstones.purge(engine.now) > 0


def test_ret_26_the_same_is_asked_for_under_a_new_key_and_the_old_one_can_be_retired(tmp_path: Path) -> None:
    """Who comes back is told by the old key and moved to the new one; after that nobody needs the old one."""
    old, new = b"k" * 32, b"n" * 32
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    engine.run()
    engine.keyring = Keyring({"k1": old, "k2": new}, "k2")
    engine.store.keys.confirm(engine.keyring, NOW)
    later(engine, imported("a2", "x@x.example"))
    assert asked(engine) == {"a2": ("RET-26", "Erase")}
    with pytest.raises(KeyProblem, match="k1"):
        engine.store.keys.confirm(Keyring({"k2": new}, "k2"), NOW)

    (seen,) = engine.store.index.get([ref("a2")])

    assert engine.store.tombstones.rekey(seen.identifiers) == 1
    engine.store.keys.confirm(Keyring({"k2": new}, "k2"), NOW)
    assert asked(engine) == {"a2": ("RET-26", "Erase")}


def test_ret_26_of_two_tombstones_for_one_identifier_the_later_erasure_stands(tmp_path: Path) -> None:
    """Re-keyed onto one that is there under the new key."""
    store = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    engine = Engine(None, record("a1", "x@x.example"))
    engine.keyring = Keyring({"k1": b"k" * 32, "k2": b"n" * 32}, "k2")
    engine.read()
    (item,) = engine.store.index.get([ref("a1")])[0].identifiers
    store.tombstones.add([replace(item, keys=item.keys[1:])], "RET-01", NOW)
    store.tombstones.add([item], "RET-01", NOW + A_DAY)

    assert store.tombstones.rekey([item]) == 1
    ((erasure,),) = store.tombstones.standing(NOW).values()
    assert erasure.at == NOW + A_DAY


@pytest.mark.parametrize(("answer", "rule"), [(AlreadyDone(), "RET-26"), (Gone(), "RET-01")])
def test_ret_26_an_erasure_that_is_resolved_after_a_crash_is_remembered_when_the_crm_knows_of_it(
    tmp_path: Path, answer: Receipt, rule: str
) -> None:
    """The machine stops right after the write; the import comes after the next run. In doubt it is judged like anybody."""
    engine = Engine(tmp_path, record("a1", "x@x.example"))
    write = engine.crms["a"].apply

    def breaks(batch: Sequence[Command]) -> Iterator[Receipt]:
        list(write(batch))
        raise KeyboardInterrupt

    engine.crms["a"].apply = breaks  # type: ignore[method-assign]  # the machine stops
    with pytest.raises(KeyboardInterrupt):
        engine.run()
    engine.crms["a"].apply = lambda batch: iter([answer])  # type: ignore[method-assign]  # is asked whether it did it
    engine.run()
    engine.crms["a"].apply = write  # type: ignore[method-assign]  # and is back
    later(engine, imported("a2", "x@x.example"))

    assert asked(engine) == {"a2": (rule, "Erase")}
