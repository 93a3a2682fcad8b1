"""Plans: one total order, one digest of what would be done, nothing that an adapter cannot do, no value in anything written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import actions, canonical
from core.actions import (
    Action,
    Anonymise,
    Bin,
    Clear,
    Erase,
    Redact,
    Restrict,
    Span,
    Suppress,
)
from core.brakes import Trip
from core.connector import Capabilities
from core.findings import Finding
from core.identity import SubjectKey
from core.model import Ref
from core.people import Entry
from core.plan import ORDER, Plan, items_of, plan

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
ABLE = Capabilities(kinds=("person",), actions=dict.fromkeys(actions.ACTIONS, ("person",)), batch={})
SECRET = "Prefers kosher meals"
NAMES = st.text(min_size=1, max_size=6)
SPANS = st.lists(st.integers(0, 60), max_size=8, unique=True).map(
    lambda cuts: tuple(Span(a, b, "health") for a, b in zip(*[iter(sorted(cuts))] * 2, strict=False))
)
PLAIN: st.SearchStrategy[Action] = st.one_of(
    st.sampled_from([Suppress(("email",)), Suppress(("telephone",)), Suppress(("email", "telephone"))]),
    NAMES.map(Restrict),
    st.builds(Redact, NAMES, SPANS),
    st.builds(Clear, st.lists(NAMES, min_size=1, max_size=3).map(tuple)),
    st.builds(Clear, NAMES.map(lambda name: (name,)), st.just((SECRET,)), st.just((0,))),
    st.sampled_from([Anonymise(), Bin(), Erase(), Erase(("notes",)), Erase(("notes", "emails"))]),
)
IDS = st.text("0123456789aA²٣-", min_size=1, max_size=6)
REFS = st.builds(Ref, st.sampled_from("ab"), st.just("person"), IDS)
FINDINGS = st.builds(
    Finding, ref=REFS, version=st.just("1"), policy=st.sampled_from(["p", "q"]), rule=st.just("SEN-05"),
    because=st.sampled_from(["one", "two"]), action=PLAIN,
)  # fmt: skip


def finding(id: str, action: Action | None, *, crm: str = "a", kind: str = "person", **rest: str) -> Finding:
    """A finding on a record of CRM a."""
    return Finding(
        ref=Ref(crm, kind, id), version="1", policy="p", rule="R-1", because=rest.get("because", "because"),
        action=action, blocked=rest.get("blocked", ""),
    )  # fmt: skip


def entry(digest: str, at: datetime = NOW, channel: str = "email") -> Entry:
    """A suppression entry."""
    return Entry(channel, SubjectKey("email", "k1", digest), at, "a:flag")  # type: ignore[arg-type]  # a channel


def made(
    *findings: Finding,
    entries: tuple[Entry, ...] = (),
    at: datetime = NOW,
    policy: str = "v1",
    able: Capabilities = ABLE,
) -> Plan:
    """A plan for CRM a and b."""
    return plan(findings, entries, {"a": able, "b": able}, {"a": "A1", "b": "B1"}, policy, at)


def done(*findings: Finding) -> list[Action]:
    """The actions of a plan, in order."""
    return [item.action for item in made(*findings).items]


# --- the order ---------------------------------------------------------------------------------------------------------


def test_the_order_is_that_of_the_design_and_knows_every_action() -> None:
    """DESIGN §6: opt-outs before anything is destroyed, the record last; every kind of action has a place."""
    assert sorted(ORDER) == sorted(actions.ACTIONS)
    assert ORDER[0] == "suppress"
    assert ORDER.index("erase") > max(map(ORDER.index, ("suppress", "restrict", "redact", "clear", "anonymise", "bin")))
    found = done(
        finding("1", Erase()), finding("2", Clear(("x",))), finding("3", Suppress(("email",))), finding("4", Bin())
    )
    assert found == [Suppress(("email",)), Clear(("x",)), Bin(), Erase()]


def test_numbers_in_ids_stand_in_the_order_of_numbers() -> None:
    """Record 9 stands before record 10, and text and number ids meet without failing."""
    ids = [item.ref.id for item in items_of(finding(id, Bin()) for id in ("10", "a2", "9", "a10", "100", "x", "²"))]

    assert ids.index("9") < ids.index("10") < ids.index("100")
    assert ids.index("a2") < ids.index("a10")


def test_ids_that_count_alike_do_not_tie() -> None:
    """Record 1 and record 01 are two records, each with its place."""
    one, other = items_of([finding("01", Bin()), finding("1", Bin())])

    assert one.place() != other.place()


def test_the_digest_of_one_action_asked_for_by_two_policies_does_not_depend_on_who_came_first() -> None:
    """Reasons are joined in one order."""
    one, other = finding("1", Restrict("x"), because="one"), replace(finding("1", Restrict("x")), policy="q")

    assert made(one, other).digest == made(other, one).digest


def test_reports_come_in_one_order() -> None:
    """Two reports on one record are told in the same order every time."""
    one, other = finding("1", None, because="one"), finding("1", None, because="two")

    assert made(one, other).reports == made(other, one).reports


@given(st.lists(FINDINGS, max_size=12), st.randoms())
def test_r_s3_the_order_is_total_and_independent_of_how_findings_come(findings: list[Finding], random: object) -> None:
    """Two different items never tie, so the same findings in any order make the same plan and the same digest."""
    shuffled = list(findings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random
    one, other = made(*findings), made(*shuffled)
    places = [item.place() for item in one.items]

    assert places == sorted(places)
    assert all(one != other for one, other in pairwise(places))
    assert [(item.ref, item.action) for item in one.items] == [(item.ref, item.action) for item in other.items]


@given(st.lists(FINDINGS, max_size=12), st.randoms())
def test_the_digest_does_not_depend_on_how_findings_and_entries_come(findings: list[Finding], random: object) -> None:
    """The digest is one of what would be done, not of the order in which it was found."""
    entries = [entry(str(number)) for number in range(4)]
    shuffled, mixed = list(findings), list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random
    random.shuffle(mixed)  # type: ignore[attr-defined]  # the same

    assert made(*findings, entries=tuple(entries)).digest == made(*shuffled, entries=tuple(mixed)).digest


# --- the digest --------------------------------------------------------------------------------------------------------


@given(st.integers(1, 10**8))
def test_the_digest_does_not_depend_on_time(seconds: int) -> None:
    """A plan made later of the same findings is the same permission; an undated objection is dated by the run."""
    later = NOW + timedelta(seconds=seconds)
    one = made(finding("1", Erase()), entries=(entry("d"),))

    assert one.digest == made(finding("1", Erase()), entries=(entry("d", later),), at=later).digest
    assert one.digest == replace(one, trips=(Trip("max_count", "destruction", "x"),)).digest


@pytest.mark.parametrize(
    "other",
    [
        made(finding("2", Erase())),
        made(finding("1", Bin())),
        made(finding("1", Erase(("notes",)))),
        made(finding("1", Erase(), because="else")),
        made(finding("1", Erase(), crm="b")),
        made(replace(finding("1", Erase()), version="2")),
        made(replace(finding("1", Erase()), rule="R-2")),
        made(replace(finding("1", Erase()), facts={"due": "2026-01-01"})),
        made(finding("1", Erase()), policy="v2"),
        made(finding("1", Erase()), entries=(entry("d"),)),
        made(finding("1", Erase()), finding("2", Suppress(("email",)))),
        replace(made(finding("1", Erase())), what_if=NOW),
        replace(made(finding("1", Erase())), accounts={"a": "A2", "b": "B1"}),
    ],
)
def test_the_digest_tells_everything_that_would_be_done_otherwise(other: Plan) -> None:
    """Another record, version, action, reason, policy, account, entry or a what-if is another plan."""
    assert other.digest != made(finding("1", Erase())).digest


@pytest.mark.parametrize("other", [entry("e"), entry("d", channel="telephone"), replace(entry("d"), source="b:flag")])
def test_the_digest_tells_one_entry_from_another(other: Entry) -> None:
    """Key, channel and source of an entry count."""
    assert made(entries=(entry("d"),)).digest != made(entries=(other,)).digest


# --- what becomes an item ----------------------------------------------------------------------------------------------


def test_ret_23_a_blocked_finding_is_reported_and_never_an_item() -> None:
    """What stands above destruction leaves a report in the plan and nothing to do."""
    found = made(finding("1", Erase(), blocked="legal hold H-1"), finding("2", None))

    assert found.empty()
    assert [item.ref.id for item in found.reports] == ["1", "2"]


@pytest.mark.parametrize(
    "able",
    [
        Capabilities(kinds=("person",), actions={"suppress": ("person",)}, batch={}),
        Capabilities(kinds=("person",), actions={"erase": ("company",)}, batch={}),
    ],
)
def test_what_an_adapter_cannot_do_is_reported_and_never_asked(able: Capabilities) -> None:
    """Capabilities decide by action and by kind of record."""
    found = made(finding("1", Erase()), able=able)

    assert found.items == ()
    assert [item.blocked for item in found.reports] == ["the connector cannot do this on this kind"]


def test_an_unknown_account_can_do_nothing() -> None:
    """A finding on a CRM that was not scanned asks for nothing."""
    found = made(finding("1", Erase(), crm="z"))

    assert found.items == ()
    assert len(found.reports) == 1


def test_a_record_that_is_to_go_gets_its_opt_out_and_its_end_and_nothing_between() -> None:
    """DESIGN §6: flags first; clearing or restricting what goes anyway would be work for nothing."""
    found = done(
        finding("1", Suppress(("email",))), finding("1", Clear(("religion",))), finding("1", Restrict("x")),
        finding("1", Redact("note", (Span(0, 2, "health"),))), finding("1", Bin()), finding("1", Anonymise()),
        finding("1", Erase()),
    )  # fmt: skip

    assert found == [Suppress(("email",)), Erase()]


def test_two_erasures_of_one_record_take_the_children_of_both() -> None:
    """Erase means erase: a rule without a cascade never spares the children that another rule takes."""
    found = made(
        finding("1", Erase(("notes",)), because="one"),
        finding("1", Erase(), because="two"),
        finding("1", Erase(("emails",))),
    )

    assert [item.action for item in found.items] == [Erase(("emails", "notes"))]


def test_the_same_action_for_two_reasons_is_done_once_and_gives_both() -> None:
    """One action of a kind a record; the reasons are kept."""
    found = made(finding("1", Suppress(("email",)), because="one"), finding("1", Suppress(("email",)), because="two"))
    ended = made(
        finding("1", Suppress(("email",)), because="one"),
        finding("1", Suppress(("email",)), because="two"),
        finding("1", Erase()),
    )

    assert [item.because for item in found.items] == ["one; two"]
    assert [item.action for item in ended.items] == [Suppress(("email",)), Erase()]


def test_plain_clears_of_one_record_become_one_and_choices_stay_their_own() -> None:
    """SEN: one write empties every banned property; taking out a choice is another write."""
    choice = Clear(("diet",), (SECRET,), (1,))
    found = done(finding("1", Clear(("religion",))), finding("1", Clear(("health", "religion"))), finding("1", choice))

    assert sorted(found, key=repr) == sorted([Clear(("health", "religion")), choice], key=repr)


@given(st.lists(FINDINGS, max_size=14))
def test_no_record_gets_two_final_actions_or_the_same_action_twice(findings: list[Finding]) -> None:
    """Whatever policies ask together, a record is destroyed at most once, and nothing is written twice."""
    items = made(*findings).items
    final = [item.ref for item in items if isinstance(item.action, actions.FINAL)]
    pairs = [(item.ref, canonical.dumps(canonical.encode(item.action))) for item in items]

    assert len(final) == len(set(final))
    assert len(pairs) == len(set(pairs))
    assert {item.ref for item in items} == {item.ref for item in findings}


def test_counts_are_by_account_kind_and_action() -> None:
    """The figures people approve."""
    found = made(finding("1", Erase()), finding("2", Erase()), finding("2", Suppress(("email",)), crm="b"))

    assert found.counts() == {("a", "person", "erase"): 2, ("b", "person", "suppress"): 1}
