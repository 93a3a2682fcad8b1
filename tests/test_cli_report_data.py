"""What the report says of periods, plans, refusals and holds: every verdict errs on the side of asking a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli import report_data
from cli.report_data import Reading, Rule, answered, attention, doubt, gaps, masked, reading, readings, refusals
from cli.report_ledger import Undone
from core import canonical
from core.actions import Erase, Restrict
from core.brakes import Trip
from core.findings import Finding
from core.model import Ref
from core.plan import Item, Plan
from core.store.holds import Hold
from core.store.plans import Kept, Status
from policies.settings import RuleSettings

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
RULES = {"prospects": RuleSettings.model_validate({"period": "P36M", "audience": "prospect"})}
TRIP = Trip("first_run", "destruction", "never ran")
QUIET: dict[str, Any] = {
    "rules": [Rule("prospects", "P36M", "prospect", "erase", "RET-01", "", {}, "pass", "")],
    "gaps": (),
    "waiting": [],
    "refusals": [],
    "holds": [],
    "open_intents": 0,
    "reported": [("retention/prospects", "R-S4.2", "will be due", 3)],
    "warnings": [],
}


def item(id: str, due: str = "2026-11-20", rule: str = "RET-01") -> Item:
    """An erasure of a record of CRM a, due on a day."""
    action = Restrict("undatable") if rule == "RET-22" else Erase()
    return Item(Ref("a", "person", id), "1", action, "retention/prospects", rule, "silent", {"due": due})


def finding(id: str, rule: str = "RET-01", blocked: str = "", due: str = "2026-11-20") -> Finding:
    """A finding that only reports, or is blocked."""
    return Finding(
        ref=Ref("a", "person", id), version="1", policy="retention/prospects", rule=rule, because="silent",
        action=Erase() if blocked else None, facts={"due": due}, blocked=blocked,
    )  # fmt: skip


def kept(
    *items: Item,
    reports: tuple[Finding, ...] = (),
    at: datetime = NOW,
    status: Status = "open",
    approved: str | None = None,
    **more: Any,
) -> Kept:
    """A stored plan of one CRM, made at a moment under the policy `v1`."""
    values = {"entries": (), "accounts": {"a": "1"}, "policy": "v1"} | more
    plan = Plan(items=items, reports=reports, made_at=at, **values)
    return Kept(plan, plan.made_at + timedelta(days=3), status, approved)


def seen(*plans: Kept) -> Reading:
    """The reading that some plans were made of."""
    found = reading(readings(plans), ("a",))
    assert found
    return found


def answers(plan: Kept, receipts: Mapping[str, str], at: datetime = NOW) -> dict[tuple[str, str, str], Any]:
    """Receipts by record id, as the ledger gave them at a moment."""
    return {
        (plan.plan.digest, str(one.ref), canonical.dumps(canonical.encode(one.action))): (at, receipts[one.ref.id])
        for one in plan.plan.items
        if one.ref.id in receipts
    }


def judged(*plans: Kept, told: Mapping[tuple[str, str, str], Any] | None = None) -> Rule:
    """The one period as the report tells it."""
    look = seen(*plans)
    (rule,) = report_data.retention(RULES, look, told or {}, doubt(look, ("a",), "v1", NOW), NOW)
    return rule


def test_r_s3_2_every_overdue_record_is_in_one_state() -> None:
    """Done, waiting and not done of the items; held and blocked of the reports; what is not overdue apart.

    Who came back is overdue when they are to go again (RET-26), and apart when they are quarantined or only told.
    """
    plan = kept(
        item("1"), item("2"), item("3"), item("4", rule="RET-22"), item("11", rule="RET-26"),
        replace(item("12", rule="RET-26"), action=Restrict("returned")),
        reports=(
            finding("5", blocked="legal hold H-1 (RET-24)"),
            finding("6", blocked="restriction of processing (RET-23)"),
            finding("7", blocked="the connector cannot do this on this kind"),
            finding("8", rule="RET-20"), finding("9", rule="R-S4.2"), finding("10", rule="RET-22"),
            finding("13", rule="RET-26"), finding("14", rule="RET-26", blocked="legal hold H-1 (RET-24)"),
        ),
    )  # fmt: skip
    rule = judged(plan, told=answers(plan, {"1": "done", "3": "refused"}))

    assert rule.counts == {
        "done": 1, "waiting": 2, "not done": 1, "held": 3, "blocked": 1,
        "open business": 1, "due soon": 1, "undatable": 2, "came back": 2,
    }  # fmt: skip
    assert (rule.overdue, rule.kept) == (8, 4)


def test_ret_27_a_period_passes_when_a_fresh_whole_reading_leaves_nobody() -> None:
    """What is held may be kept, and is said."""
    assert judged(kept()).verdict == "pass"
    held = judged(kept(reports=(finding("1", blocked="legal hold H-1 (RET-24)"),)))
    assert (held.verdict, held.why) == ("pass", "nobody is kept beyond it, holds and restrictions aside")


@pytest.mark.parametrize(("days", "verdict"), [(35, "pass"), (36, "fail")])
def test_ret_27_a_reading_older_than_35_days_fails(days: int, verdict: str) -> None:
    """P35D to the day."""
    assert judged(kept(at=NOW - timedelta(days=days))).verdict == verdict


@pytest.mark.parametrize(("due", "verdict"), [("2026-10-20", "wait"), ("2026-10-19", "fail")])
def test_ret_27_who_waits_for_over_35_days_fails_the_period(due: str, verdict: str) -> None:
    """A plan that nobody approves is not an applied period, however often it is made again."""
    rule = judged(kept(item("1", due), item("2"), trips=(TRIP,)))

    assert rule.verdict == verdict
    assert f"the oldest was due on {due}" in rule.why


def test_ret_27_a_refusal_keeps_the_period_from_passing() -> None:
    """Tried is not applied."""
    plan = kept(item("1"))

    assert judged(plan, told=answers(plan, {"1": "done"})).verdict == "pass"
    assert judged(plan, told=answers(plan, {"1": "refused"})).verdict == "wait"
    assert judged(plan, told=answers(plan, {"1": "changed"})).verdict == "wait"


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (kept(policy="v0"), "the policies were changed since the last reading: they were not applied yet"),
        (kept(accounts={"b": "2"}), "no reading was whole: a: not read"),
        (
            kept(gaps=("b: token refused", "c: left out")),
            "no reading was whole: b: token refused; c: left out",
        ),
    ],
    ids=["policy", "crm", "gap"],
)
def test_ret_27_a_reading_that_proves_nothing_fails_and_says_why(plan: Kept, why: str) -> None:
    """Another policy, a CRM that was not read, a scan that broke off."""
    assert doubt(seen(plan), ("a",), "v1", NOW) == why
    assert judged(plan).verdict == "fail"


def test_ret_27_nothing_ever_read_fails() -> None:
    """Declared on the first day is not applied."""
    assert doubt(None, ("a",), "v1", NOW) == "nothing was ever read under this period"


def test_figures_come_from_the_last_reading_that_was_whole() -> None:
    """A later look at one CRM alone says nothing of the others; its gap is told apart."""
    whole = kept(item("1"), at=NOW - timedelta(days=1))
    part = kept(accounts={"b": "2"})
    looks = readings([part, whole])

    assert reading(looks, ("a",)) == Reading(NOW - timedelta(days=1), (whole,))
    assert gaps(looks[0], ("a",)) == ("a: not read",)
    assert reading(looks, ("b", "c")) == looks[0]


def test_a_what_if_is_no_reading_and_waits_for_nothing() -> None:
    """It cannot be applied, so it neither proves nor hides anything."""
    what_if, real = kept(item("1"), what_if=NOW), kept(item("2"), at=NOW - timedelta(hours=1))

    assert readings([what_if, real]) == [Reading(real.plan.made_at, (real,))]
    (waiting,) = report_data.waiting([what_if, real], seen(real), {}, "v1", NOW)
    assert waiting.digest == real.plan.digest


def test_the_parts_of_a_run_are_one_reading() -> None:
    """What was applied and what waits for approval were made at one moment of one reading."""
    done, waits = kept(item("1"), status="applied"), kept(item("2"), trips=(TRIP,))
    look = seen(done, waits)

    assert [i.ref.id for i, _ in look.items({})] == ["1", "2"]
    assert judged(done, waits, told=answers(done, {"1": "done"})).counts["waiting"] == 1


def test_a_plan_made_again_has_none_of_the_receipts_of_the_first() -> None:
    """The same things to do give the same digest; what was refused yesterday is open again today."""
    plan = kept(item("1"))
    told = answers(plan, {"1": "refused"}, at=NOW - timedelta(days=1))

    assert [receipt for _, receipt in answered(plan, told)] == [""]
    assert [receipt for _, receipt in answered(plan, answers(plan, {"1": "refused"}))] == ["refused"]


@pytest.mark.parametrize(
    ("plan", "now", "why", "command"),
    [
        (kept(item("1"), trips=(TRIP,)), NOW, "brakes stop it", "repoussoir apply {} --approve-as NAME"),
        (kept(item("1"), trips=(TRIP,), approved="Claire"), NOW, "planned and not applied", "repoussoir apply {}"),
        (kept(item("1")), NOW, "planned and not applied", "repoussoir apply {}"),
        (kept(item("1")), NOW + timedelta(days=4), "expired", "repoussoir run"),
        (kept(item("1"), policy="v0"), NOW, "policies were changed", "repoussoir run"),
        (kept(item("1"), status="applying"), NOW, "interrupted", "repoussoir run"),
    ],
    ids=["brakes", "approved", "planned", "expired", "policy", "interrupted"],
)
def test_what_waits_says_why_and_the_next_command(plan: Kept, now: datetime, why: str, command: str) -> None:
    """The command is one that would work now."""
    (waiting,) = report_data.waiting([plan], seen(plan), {}, "v1", now)

    assert why in waiting.why
    assert waiting.command == command.format(plan.plan.digest[:12])
    assert (waiting.counts, waiting.items) == ({"a, person: erase": 1}, 1)


def test_plans_that_are_done_or_replaced_do_not_wait() -> None:
    """Applied, answered, empty, or older than the last whole reading; an interrupted one waits however old it is."""
    old = NOW - timedelta(days=1)
    full = kept(item("1"))
    plans = [full, kept(item("2"), status="applied"), kept(), kept(item("3"), at=old)]

    assert report_data.waiting(plans, seen(*plans), answers(full, {"1": "done"}), "v1", NOW) == []
    interrupted = kept(item("3"), at=old, status="applying")
    assert [w.digest for w in report_data.waiting([*plans[1:], interrupted], seen(*plans), {}, "v1", NOW)] == [
        interrupted.plan.digest
    ]


def test_refusals_are_grouped_by_reason_and_say_which_are_asked_for_again() -> None:
    """Refs are kept: somebody must act on them."""
    undone = [
        Undone(f"a:person:{id}", "erase", "refused", f"cannot delete {id}1234: two contracts", NOW) for id in "123"
    ]
    (found,) = refusals(undone, seen(kept(item("1"))))

    assert (found.crm, found.action, found.why) == ("a", "erase", "cannot delete …: two contracts")
    assert (found.refs, found.asked) == (("a:person:1", "a:person:2", "a:person:3"), 1)


def test_a_changed_record_counts_until_the_next_reading() -> None:
    """After that it was judged again, and is done, planned or not due."""
    undone = [Undone("a:person:1", "erase", "changed", "changed", NOW - timedelta(hours=1))]

    assert len(refusals(undone, seen(kept(at=NOW - timedelta(days=1))))) == 1
    assert refusals(undone, seen(kept())) == []


def test_ret_24_holds_tell_their_review_and_what_they_kept() -> None:
    """Released ones are left out; keyed hashes are counted, not shown; the one to review first stands first."""
    key = f"email:k1:{'0' * 64}"
    made = Hold(
        id="H-1", scope=("a:person:1", key), reason="call 06 12 34 56 78 or jean@x.example", author="Legal",
        start=NOW - timedelta(days=400), review_on=NOW - timedelta(days=1),
    )  # fmt: skip
    others = [
        replace(made, id="H-2", review_on=NOW + timedelta(days=9)),
        replace(made, id="H-12", review_on=NOW + timedelta(days=10)),
        replace(made, id="H-3", released_at=NOW),
    ]
    look = seen(kept(reports=(finding("1", blocked="legal hold H-1, H-12 (RET-24)"),)))
    first, second, third = report_data.holds([*others, made], look, "FR", NOW)

    assert (first.id, first.overdue, first.blocked, first.reason) == ("H-1", True, 1, "call [number] or [address]")
    assert (first.records, first.identifiers) == (("a:person:1",), 1)
    assert (second.id, second.overdue, second.blocked) == ("H-2", False, 0)
    assert (third.id, third.blocked) == ("H-12", 1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("letter of Jean.Dupond+crm@exämple.fr, box 3", "letter of [address], box 3"),
        ("<jean@x.example>", "<[address]>"),
        ("tel. +33 6 12 34 56 78, again 06.12.34.56.78", "tel. [number], again [number]"),
        ("case 24/0117 of 2026-11-24", "case 24/0117 of 2026-11-24"),
        ("hubspot:hs_email_optout", "hubspot:hs_email_optout"),
    ],
)
def test_what_operators_type_loses_addresses_and_numbers(text: str, shown: str) -> None:
    """File numbers and dates stay."""
    assert masked(text, "FR") == shown


def test_findings_that_nothing_is_done_about_are_counted_by_reason() -> None:
    """Blocked ones by what blocks them, the others without the dates of each record."""
    soon = [replace(finding(id, rule="R-S4.2"), because=f"will be due after 2026-12-0{id}") for id in "12"]
    opened = replace(finding("3", rule="RET-20"), because="open deal on a:person:9: not due, though silent")
    held = finding("4", blocked="legal hold H-1 (RET-24)")

    assert report_data.reported(seen(kept(reports=(*soon, opened, held)))) == [
        ("retention/prospects", "R-S4.2", "will be due", 2),
        ("retention/prospects", "RET-01", "would be due, blocked by: legal hold H-1 (RET-24)", 1),
        ("retention/prospects", "RET-20", "open deal: not due, though silent", 1),
    ]
    assert report_data.reported(None) == []


def test_a_quiet_report_asks_for_nobody() -> None:
    """Nothing but the reminders of what will be due."""
    assert attention(QUIET) == []


@pytest.mark.parametrize(
    ("what", "level", "word"),
    [
        ({"rules": []}, "fail", "R-S3.2"),
        ({"rules": [replace(QUIET["rules"][0], verdict="fail", why="36 days")]}, "fail", "RET-27"),
        ({"rules": [replace(QUIET["rules"][0], verdict="wait", why="1 waiting")]}, "wait", "RET-27"),
        ({"gaps": ("b: not read",)}, "fail", "b: not read"),
        ({"waiting": report_data.waiting([kept(item("1"))], seen(kept()), {}, "v1", NOW)}, "wait", "not finished"),
        ({"refusals": [report_data.Refusal("a", "erase", "refused", "no", ("a:person:1",), 1)]}, "fail", "not done: 1"),
        ({"open_intents": 2}, "wait", "Writes without an outcome: 2"),
        ({"reported": [("suppression", "DSR-08", "a request", 4)]}, "fail", "Requests of people marked in the CRMs: 4"),
        ({"reported": [("retention", "R-S3.2", "no period", 3)]}, "fail", "no retention period covers (R-S3.2): 3"),
        ({"reported": [("sensitive/health", "SEN-02", "named so", 5)]}, "wait", "only reported: 5"),
        ({"warnings": ["RET-01: too long"]}, "wait", "RET-01: too long"),
    ],
    ids=["none", "fail", "wait", "gap", "plan", "refusal", "intent", "request", "uncovered", "finding", "warning"],
)
def test_whatever_needs_a_person_is_told_first(what: dict[str, Any], level: str, word: str) -> None:
    """One sentence each, as bad as it is."""
    (found,) = attention(QUIET | what)

    assert found[0] == level
    assert word in found[1]


def test_ret_24_a_hold_overdue_for_review_needs_a_person() -> None:
    """And one that is not, does not."""
    made = Hold(id="H-1", scope=("a:person:1",), reason="r", author="Legal", start=NOW, review_on=NOW)

    assert [
        level
        for days in (-1, 1)
        for level, _ in attention(QUIET | {"holds": report_data.holds([made], None, "FR", NOW + timedelta(days=days))})
    ] == ["fail"]
