"""The plan as a value: one total order, a digest of what would be done, brakes, and nothing of a person in it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import canonical
from core.actions import Action, Anonymise, Bin, Clear, Erase, Redact, Restrict, Span, Suppress, redacted
from core.brakes import Brakes, Known, trips
from core.connector import Capabilities
from core.findings import Finding
from core.model import Ref
from core.plan import Item, Plan, items_of, plan

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ABLE = {
    crm: Capabilities(
        kinds=("person",),
        actions=dict.fromkeys(("suppress", "restrict", "redact", "clear", "anonymise", "bin", "erase"), ("person",)),
        batch={},
    )
    for crm in "abcdefgh"
}
ACTIONS: list[Action] = [
    Suppress(("email",)), Suppress(("email", "telephone")), Restrict("undatable"), Redact("note", (Span(1, 3, "santé"),)),
    Clear(("religion",)), Clear(("diet",), ("halal",), (1,)), Anonymise(), Bin(), Erase(), Erase(("notes",)),
]  # fmt: skip


def finding(id: str = "1", action: Action | None = None, crm: str = "a", because: str = "b", **more: str) -> Finding:
    """A finding on a record of a CRM."""
    return Finding(
        ref=Ref(crm, "person", id), version="1", policy="p", rule="R", because=because, action=action, **more
    )  # type: ignore[arg-type]  # fields of Finding


def made(*findings: Finding, at: datetime = NOW) -> Plan:
    """A plan of some findings."""
    return plan(findings, (), ABLE, {"a": "1"}, "v1", at)


found = st.lists(
    st.builds(finding, st.integers(1, 12).map(str), st.sampled_from(ACTIONS), st.sampled_from("abc")), max_size=12
)


@given(found, st.randoms(use_true_random=False))
def test_the_order_is_total_and_does_not_depend_on_how_findings_came(findings: list[Finding], dice: object) -> None:
    """Shuffled findings give the same items, the same digest."""
    shuffled = list(findings)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random

    assert made(*findings).items == made(*shuffled).items
    assert made(*findings).digest == made(*shuffled).digest


@given(found)
def test_a_record_that_goes_is_only_silenced_before_and_objections_come_first(findings: list[Finding]) -> None:
    """Per record: suppress, then at most one final action and nothing else; over all: suppress before what destroys."""
    items = made(*findings).items
    kinds = [canonical.encode(item.action)["do"] for item in items]
    final = {"anonymise", "bin", "erase"}

    assert kinds == sorted(kinds, key=["suppress", "restrict", "redact", "clear", "anonymise", "bin", "erase"].index)
    for ref in {item.ref for item in items}:
        own = [canonical.encode(item.action)["do"] for item in items if item.ref == ref]
        if final & set(own):
            assert set(own) - final <= {"suppress"}
            assert len(final & set(own)) == 1


def test_ids_are_ordered_as_numbers() -> None:
    """9 comes before 10."""
    assert [item.ref.id for item in made(*(finding(id, Erase()) for id in ("10", "9", "100"))).items] == [
        "9",
        "10",
        "100",
    ]


def test_the_digest_is_of_what_would_be_done_not_of_when() -> None:
    """Another day, the same digest; another version, reason, account or policy, another one."""
    one = made(finding(action=Erase()))

    assert made(finding(action=Erase()), at=NOW + timedelta(days=2)).digest == one.digest
    others = [
        replace(one, policy="v2"), replace(one, accounts={"a": "2"}), replace(one, what_if=True),
        replace(one, items=(replace(one.items[0], version="2"),)), made(finding(action=Erase(), because="c")),
    ]  # fmt: skip
    assert len({one.digest, *(other.digest for other in others)}) == 6


@pytest.mark.parametrize("action", ACTIONS)
def test_an_item_survives_json_and_holds_no_value(action: Action) -> None:
    """What is stored is what was planned; the choice that a person made stays in memory."""
    (item,) = items_of([finding(action=action)])
    text = json.dumps(item.body())

    assert Item.read(json.loads(text)) == item
    assert "halal" not in text + repr(item)


def test_a_blocked_finding_and_an_impossible_one_are_reported_not_planned() -> None:
    """What stands above, or what the connector cannot do."""
    blocked = finding("1", Erase(), blocked="legal hold H-1 (RET-24)")
    unable = finding("2", Erase(), crm="x")
    told = made(blocked, unable, finding("3"))

    assert told.items == ()
    assert [report.blocked for report in told.reports] == [
        "legal hold H-1 (RET-24)",
        "",
        "the connector cannot do this on this kind",
    ]


@given(st.text(min_size=1, max_size=40), st.data())
def test_redacting_keeps_the_rest_to_the_letter(text: str, data: st.DataObject) -> None:
    """Everything outside the spans is what it was."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))

    assert redacted(text, (Span(start, end, "x"),)) == text[:start] + "[x]" + text[end:]
    with pytest.raises(ValueError, match="does not fit"):
        redacted(text, (Span(start, len(text) + 1, "x"),))


def pulled(count: int, records: int, limits: Brakes = Brakes(), **known: object) -> list[str]:  # noqa: B008 # a frozen value
    """The brakes that a plan erasing so many of so many records pulls."""
    facts = {"records": {("a", "person"): records}, "before": {}, "objecting": {}, "policy_seen": True, **known}
    return [
        trip.brake for trip in trips(made(*(finding(str(n), Erase()) for n in range(count))), Known(**facts), limits)
    ]  # type: ignore[arg-type]  # fields of Known


def test_each_brake_is_pulled_at_its_size_and_not_before() -> None:
    """Share from the floor on, count, first run, sudden loss, and the jump of objections."""
    assert pulled(10, 100) == []
    assert pulled(11, 100) == ["max_share"]
    assert pulled(19, 19) == []
    assert pulled(501, 100_000) == ["max_count"]
    assert pulled(1, 100, policy_seen=False) == ["first_run"]
    assert pulled(0, 100, policy_seen=False) == []
    assert pulled(1, 49, before={("a", "person"): 100}) == ["sudden_loss"]
    assert pulled(1, 50, before={("a", "person"): 100}) == []
    assert pulled(1, 0, before={("b", "person"): 100}) == ["sudden_loss"]
    assert pulled(0, 100, before={("a", "person"): 100}, objecting={"a": 6}) == ["objection_jump"]
    assert pulled(0, 100, before={("a", "person"): 100}, objecting={"a": 5}) == []
    assert pulled(0, 100, objecting={"a": 50}) == []


def test_brakes_on_destruction_leave_objections_in_the_part_that_goes_out() -> None:
    """The plan in two parts."""
    whole = made(finding("1", Erase()), finding("2", Suppress(("email",))))

    assert [item.ref.id for item in whole.without_destruction().items] == ["2"]
    assert [item.ref.id for item in whole.only_destruction().items] == ["1"]
