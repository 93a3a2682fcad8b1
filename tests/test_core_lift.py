"""Lifting an objection on proof: what was typed and the person's own addresses, nobody else's protection (SUP-11)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.identity import Identifier, Identity
from core.lift import Lifted, lift
from core.model import CHANNELS, Channel, Objection, Record
from core.people import Entry
from tests.engine import NOW, Engine, record, ref

HOME, OTHER, SWITCHBOARD = "0639981011", "0639981012", "0199001234"
LATER = NOW + timedelta(days=30)
PROOF = {"channel": "all", "evidence": "form 12", "by": "Claire"}


def fresh(name: str, *emails: str, **facts: Any) -> Record:
    """Somebody whom no period makes due."""
    return record(name, *emails, collected=NOW, **facts)


def flagged(name: str, *emails: str, channel: Channel = "telephone", **facts: Any) -> Record:
    """Somebody who objected in the CRM itself."""
    return fresh(name, *emails, objections=(Objection(channel, "flag"),), suppressed=frozenset({channel}), **facts)


def named(engine: Engine, *texts: str) -> list[Identifier]:
    """Identifiers as an operator types them."""
    mails = tuple(text for text in texts if "@" in text)
    return list(Identity(engine.keyring).all(mails, tuple(text for text in texts if "@" not in text)))


def listed(engine: Engine, *texts: str) -> dict[str, set[str]]:
    """The channels on which each of some identifiers is on the list."""
    return {
        text: {entry.channel for entry in engine.store.suppression.matching(item)}
        for text in texts
        for item in named(engine, text)
    }


def objects(engine: Engine, *texts: str, channels: tuple[Channel, ...] = CHANNELS) -> None:
    """A letter comes in."""
    fits = [(c, i) for c in channels for i in named(engine, *texts) if i.kind == "email" or c == "telephone"]
    engine.store.suppression.add([Entry(channel, item.key, NOW, "letter") for channel, item in fits])


def lifts(engine: Engine, *texts: str, channels: tuple[Channel, ...] = CHANNELS) -> Lifted:
    """The operator lifts what is typed."""
    return lift(engine.store, engine.judge, named(engine, *texts), channels, PROOF, engine.now)


def test_sup_11_a_lift_takes_the_addresses_of_the_person_and_no_number(tmp_path: Path) -> None:
    """The objection had spread to a second address and to the phones; the phones were not typed, and still block."""
    engine = Engine(tmp_path, fresh("a1", "x@x.example", phones=(HOME,)), fresh("b1", "x@x.example", "y@x.example"))
    objects(engine, "x@x.example")
    engine.run()
    result = lifts(engine, "x@x.example")
    engine.run()

    assert listed(engine, "x@x.example", "y@x.example", HOME) == {
        "x@x.example": set(),
        "y@x.example": set(),
        HOME: {"telephone"},
    }
    assert (len(result.entries), result.remaining) == (4, 1)
    assert engine.plan().empty()


@pytest.mark.parametrize("erased", [False, True])
def test_sup_11_an_objection_of_somebody_else_at_the_same_number_survives(tmp_path: Path, erased: bool) -> None:
    """A household: both objected to calls, one opts in again by e-mail; the other one may be gone from the CRM by then."""
    engine = Engine(
        tmp_path, flagged("a1", "x@x.example", phones=(HOME,)), flagged("b1", "y@x.example", phones=(HOME,))
    )
    engine.run()
    if erased:
        del engine.crms["b"].records["1"]
        engine.run()
    engine.edit("a1", objections=(), suppressed=frozenset())
    lifts(engine, "x@x.example")
    engine.run()

    assert listed(engine, "x@x.example", HOME) == {"x@x.example": set(), HOME: {"telephone"}}
    assert engine.get("a1").suppressed == {"telephone"}


def test_sup_11_a_shared_or_generic_address_stays_unless_it_is_typed(tmp_path: Path) -> None:
    """info@ and the address of a whole office were on the record that showed the objection."""
    engine = Engine(
        tmp_path,
        flagged("a1", "x@x.example", "info@x.example", "office@x.example", channel="email"),
        *(fresh(f"b{n}", "office@x.example") for n in range(7)),
    )
    engine.run()
    engine.edit("a1", objections=(), suppressed=frozenset())
    first = lifts(engine, "x@x.example")
    kept = listed(engine, "x@x.example", "info@x.example", "office@x.example")
    lifts(engine, "info@x.example")

    assert kept == {"x@x.example": set(), "info@x.example": {"email"}, "office@x.example": {"email"}}
    assert first.remaining == 2
    assert listed(engine, "info@x.example", "office@x.example") == {
        "info@x.example": set(),
        "office@x.example": {"email"},
    }


def test_sup_11_a_typed_number_leads_to_nobody(tmp_path: Path) -> None:
    """Who answers at a number may be anybody: no address of theirs is lifted with it."""
    engine = Engine(tmp_path, flagged("a1", "x@x.example", phones=(HOME,)))
    engine.run()
    lifts(engine, HOME)

    assert listed(engine, "x@x.example", HOME) == {"x@x.example": {"telephone"}, HOME: set()}


def test_sup_11_one_channel_is_lifted_and_the_other_stays(tmp_path: Path) -> None:
    """The opt-in was for e-mail."""
    engine = Engine(tmp_path, fresh("a1", "x@x.example"))
    objects(engine, "x@x.example")
    engine.run()
    lifts(engine, "x@x.example", channels=("email",))

    assert listed(engine, "x@x.example") == {"x@x.example": {"telephone"}}


@pytest.mark.parametrize("stands", [False, True])
def test_sup_11_a_number_closed_by_another_ones_objection_comes_back_only_while_that_stands(
    tmp_path: Path, stands: bool
) -> None:
    """b shares a's number and was closed "by phone"; b opts in: closed again by a's own objection, not by a lifted one."""
    engine = Engine(
        tmp_path, fresh("a1", "x@x.example", phones=(HOME,)), fresh("b1", "y@x.example", phones=(HOME, OTHER))
    )
    objects(engine, "x@x.example", HOME, channels=("telephone",))
    engine.run()
    before = listed(engine, OTHER)
    lifts(engine, OTHER, *(() if stands else (HOME, "x@x.example")))
    engine.run()

    assert before == {OTHER: {"telephone"}}
    assert listed(engine, OTHER, HOME) == dict.fromkeys((OTHER, HOME), {"telephone"} if stands else set())


def test_sup_11_the_ledger_names_every_key_that_was_lifted(tmp_path: Path) -> None:
    """Not only the one that was typed; with channel, proof and name, and a line for each typed one."""
    engine = Engine(tmp_path, fresh("a1", "x@x.example", "y@x.example"))
    objects(engine, "x@x.example", channels=("email",))
    engine.run()
    lifts(engine, "x@x.example", "stranger@x.example")
    lines = [line.body for line in engine.store.ledger.entries() if line.body.get("do") == "lift"]
    x, y, stranger = (str(item.key) for item in named(engine, "x@x.example", "y@x.example", "stranger@x.example"))

    assert [line["key"] for line in lines] == [x, stranger]
    assert sorted(lines[0]["lifted"]) == sorted([["email", x], ["email", y]])
    assert lines[1]["lifted"] == []
    assert all(line.items() >= PROOF.items() for line in lines)


def pushed(tmp_path: Path) -> Engine:
    """A person on the list, whose record carries our flag."""
    engine = Engine(tmp_path, fresh("a1", "x@x.example"))
    objects(engine, "x@x.example", channels=("email",))
    engine.run()
    assert engine.get("a1").suppressed == {"email"}
    return engine


def shows(engine: Engine, *flags: Objection) -> None:
    """What the record shows beside our flag."""
    engine.edit("a1", objections=(*engine.get("a1").objections, *flags))


def again(engine: Engine) -> bool:
    """Whether a run lists the person again."""
    engine.now += timedelta(days=1)
    engine.run()
    return listed(engine, "x@x.example")["x@x.example"] == {"email"}


def test_sup_11_after_a_lift_our_flag_is_told_and_neither_pushed_nor_listed_again(tmp_path: Path) -> None:
    """It stays in the CRM until somebody clears it there; the answer says where."""
    engine = pushed(tmp_path)
    result = lifts(engine, "x@x.example")
    writes = list(engine.crms["a"].writes)

    assert result.standing == {ref("a1"): ("email",)}
    assert [again(engine) for _ in range(3)] == [False] * 3
    assert engine.crms["a"].writes == writes


def test_sup_11_a_flag_cleared_in_the_crm_and_set_again_is_an_objection(tmp_path: Path) -> None:
    """What no longer shows is no longer ours."""
    engine = pushed(tmp_path)
    lifts(engine, "x@x.example")
    ours = engine.get("a1").objections
    engine.edit("a1", objections=(), suppressed=frozenset())
    cleared = again(engine)
    engine.edit("a1", objections=ours, suppressed=frozenset({"email"}))

    assert (cleared, again(engine)) == (False, True)


@pytest.mark.parametrize(
    ("at", "source", "counts"),
    [
        (LATER, "opt_out", True),
        (None, "individual", True),
        (None, "opt_out", False),
        (NOW - timedelta(days=9), "opt_out", False),
    ],
)
def test_sup_11_a_later_opt_out_beside_our_flag_is_an_objection(
    tmp_path: Path, at: datetime | None, source: str, counts: bool
) -> None:
    """Told by its date, or by a source that had not been seen with our flag; undated and of the same name it is our own."""
    engine = pushed(tmp_path)
    lifts(engine, "x@x.example")
    quiet = again(engine)
    engine.now = LATER
    shows(engine, Objection("email", source, at))

    assert (quiet, again(engine)) == (False, counts)


def test_sup_07_our_own_flag_is_ours_although_the_vendor_dates_it_after_our_clock(tmp_path: Path) -> None:
    """The vendor's stamp of our write is later than the moment we wrote down before it, and its clock may be ahead."""
    engine = Engine(tmp_path, fresh("a1", "x@x.example", "info@x.example"))
    objects(engine, "x@x.example", channels=("email",))
    real = engine.crms["a"].apply

    def dating(batch: Any) -> Any:
        receipts = list(real(batch))
        stamped = (Objection("email", "opt_out", NOW + timedelta(minutes=7)),)
        engine.crms["a"].records["1"] = replace(engine.get("a1"), objections=stamped)
        return iter(receipts)

    engine.crms["a"].apply = dating  # type: ignore[method-assign]  # a vendor that dates flags
    engine.run()
    engine.read()

    assert engine.store.index.pushed([ref("a1")]) == {ref("a1"): {"email"}}
    assert listed(engine, "info@x.example") == {"info@x.example": set()}


def test_sup_11_somebody_else_still_on_the_list_keeps_our_flag(tmp_path: Path) -> None:
    """The answer names the records to clear by hand; one whose own objection stands is none of them."""
    engine = Engine(tmp_path, fresh("a1", "x@x.example", phones=(HOME,)), fresh("b1", "y@x.example", phones=(HOME,)))
    objects(engine, "x@x.example", "y@x.example", channels=("telephone",))
    engine.run()
    result = lifts(engine, "x@x.example", HOME)

    assert result.standing == {ref("a1"): ("telephone",)}
