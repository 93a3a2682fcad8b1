"""Who is overdue, due soon, undatable or kept: RET-01, RET-02, RET-20 to RET-24, decided from facts alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions import Anonymise, Bin, Erase, Restrict, Suppress
from core.facts import Facts, Seen
from core.findings import Finding
from core.model import Moment, Record, Ref
from core.periods import Period, due_on, is_overdue
from core.precedence import settle
from policies.retention import Retention, Rule

PARIS = ZoneInfo("Europe/Paris")
REF = Ref("hubspot", "contact", "1")
OTHER = Ref("salesforce", "Contact", "003")
PROSPECTS = Rule("prospects", Period(months=36), "prospect")
CUSTOMERS = Rule("customers", Period(months=60), "customer", source="RET-02")


def day(text: str) -> datetime:
    """Noon of a day in Paris, in UTC."""
    return datetime.fromisoformat(f"{text}T12:00").replace(tzinfo=PARIS).astimezone(UTC)


def seen(text: str, source: str = "click", ref: Ref = REF) -> Seen:
    """A contact from the person on a day."""
    return Seen(Moment(day(text), source), ref)


def judged(
    now: str, facts: Facts, *rules: Rule, record: Record | None = None, otherwise: str = "prospect"
) -> list[Finding]:
    """The findings on a record on a day."""
    policy = Retention(rules or (PROSPECTS,), PARIS, otherwise=otherwise)
    return list(policy.judge(record or Record(ref=REF, version="1"), facts, day(now)))


def since(text: str, **facts: object) -> Facts:
    """The facts on somebody last in contact on a day."""
    return Facts(inbound=seen(text), anchored=seen(text), **facts)  # type: ignore[arg-type]  # fields of Facts


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2023-11-24", "2026-11-24"),
        ("2024-02-29", "2027-02-28"),
        ("2023-08-31", "2026-08-31"),
        ("2020-01-31", "2023-01-31"),
    ],
)
def test_ret_21_due_is_the_last_day_of_being_kept(start: str, due: str) -> None:
    """Months clamp; on the due day it is kept, on the next it is overdue."""
    last = day(due)

    assert due_on(day(start), Period(months=36), PARIS).isoformat() == due
    assert [finding.action for finding in judged(due, since(start))] == [None]
    assert [finding.action for finding in judged((last + timedelta(days=1)).date().isoformat(), since(start))] == [
        Erase()
    ]


def test_ret_21_days_are_those_of_the_time_zone() -> None:
    """Half past eleven at night in Paris is the same day in Paris, although the next one has begun elsewhere."""
    late = datetime(2023, 11, 24, 23, 30, tzinfo=PARIS)

    assert due_on(late.astimezone(UTC), Period(months=36), PARIS).isoformat() == "2026-11-24"
    assert not is_overdue(due_on(late, Period(months=36), PARIS), datetime(2026, 11, 24, 23, 59, tzinfo=PARIS), PARIS)
    assert is_overdue(due_on(late, Period(months=36), PARIS), datetime(2026, 11, 25, 0, 1, tzinfo=PARIS), PARIS)


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(1, 240))
def test_ret_21_a_longer_period_is_never_due_earlier(start: date, months: int) -> None:
    """Adding months is monotone, and never loses more than the end of a month."""
    moment = datetime.combine(start, time(12), UTC)
    due, later = (due_on(moment, Period(months=count), UTC) for count in (months, months + 1))

    assert due < later
    assert due.day <= moment.day
    assert (due.year - moment.year) * 12 + due.month - moment.month == months


def test_ret_20_what_is_known_of_the_person_elsewhere_protects() -> None:
    """The record is dated long ago; a contact last month on another record keeps it."""
    facts = Facts(anchored=seen("2020-01-01"), inbound=seen("2026-10-24", "order", OTHER))

    assert judged("2026-11-24", facts) == []


def test_ret_22_no_date_is_quarantined_once_and_never_erased() -> None:
    """Also when something protects; restricted already: only reported."""
    undated, protected = Facts(), Facts(inbound=seen("2010-01-01", ref=OTHER))
    restricted = Record(ref=REF, version="1", restricted=True)

    assert [f.action for f in judged("2026-11-24", undated)] == [Restrict("undatable")]
    assert [f.action for f in judged("2026-11-24", protected)] == [Restrict("undatable")]
    assert [(f.rule, f.action) for f in judged("2026-11-24", undated, record=restricted)] == [("RET-22", None)]


def test_ret_22_a_source_that_could_not_be_read_makes_undatable_and_restricts_nobody() -> None:
    """A missing scope is no reason to flag everybody: reported, with the source, without an action."""
    (finding,) = judged("2026-11-24", since("2020-01-01", unreadable=((OTHER, "inbound_call"),)))

    assert finding.action is None
    assert finding.rule == "RET-22"
    assert "salesforce inbound_call" in finding.because


def test_ret_20_open_business_is_not_due_and_says_where() -> None:
    """An open opportunity anywhere keeps the person."""
    (finding,) = judged("2026-11-24", since("2020-01-01", open=((OTHER, "opportunity"),)))

    assert finding.action is None
    assert str(OTHER) in finding.because


def test_the_longest_applicable_period_wins_and_an_unknown_audience_gets_the_longest_of_all() -> None:
    """A customer by an order; a prospect by default; unknown when a source of the audience could not be read or nothing says."""
    policy = Retention((PROSPECTS, CUSTOMERS, Rule("all", Period(months=12))), PARIS, otherwise="prospect")
    unsure = Retention((PROSPECTS, CUSTOMERS), PARIS)
    record = Record(ref=REF, version="1")

    def applied(policy: Retention, facts: Facts) -> str:
        rule = policy.applicable(record, facts)
        assert rule
        return rule.id

    assert applied(policy, Facts(signals=frozenset({"order"}))) == "customers"
    assert applied(policy, Facts()) == "prospects"
    assert applied(policy, Facts(unreadable=((REF, "won_deal"),))) == "customers"
    assert applied(unsure, Facts()) == "customers"
    assert applied(unsure, Facts(signals=frozenset({"prospect_stage"}))) == "prospects"


def test_r_s3_2_whom_no_rule_covers_is_reported_and_never_touched() -> None:
    """A rule for other CRMs or kinds, or for another audience: nobody is kept without a period and without a word."""
    elsewhere = Rule("leads", Period(months=12), kinds=("Lead",), crms=("salesforce",))

    for rule in (elsewhere, CUSTOMERS):
        (finding,) = judged("2026-11-24", since("2010-01-01"), rule)
        assert (finding.rule, finding.policy, finding.action) == ("R-S3.2", "retention", None)
        assert finding.because == "no retention period covers a prospect in hubspot contact: kept for ever"
    assert judged("2026-11-24", since("2010-01-01", anonymised=True), elsewhere) == []
    assert [finding.rule for finding in judged("2026-11-24", Facts(), elsewhere)] == ["R-S3.2"]


def test_r_s3_2_somebody_of_two_audiences_is_covered_by_a_rule_for_either() -> None:
    """A phone alone says that they are a customer: the rule for customers is theirs as well."""
    loose = since("2010-01-01", signals=frozenset({"order"}), loose=frozenset({"order"}))

    assert [finding.rule for finding in judged("2026-11-24", loose, CUSTOMERS)] == ["RET-02"]


@pytest.mark.parametrize(
    ("outcome", "action"),
    [("erase", Erase()), ("bin", Bin()), ("anonymise", Anonymise()), ("restrict", Restrict("retention"))],
)
def test_the_outcome_is_the_rules(outcome: str, action: object) -> None:
    """Erase, bin, anonymise, restrict."""
    rule = Rule("r", Period(months=36), outcome=outcome)  # type: ignore[arg-type]  # one of Outcome

    assert [finding.action for finding in judged("2026-11-24", since("2020-01-01"), rule)] == [action]


def test_r_s4_2_due_soon_is_told_thirty_days_before_and_changes_nothing() -> None:
    """Not 31 days before."""
    assert judged("2026-10-24", since("2023-11-24")) == []
    (finding,) = judged("2026-10-26", since("2023-11-24"))
    assert (finding.rule, finding.action) == ("R-S4.2", None)


@pytest.mark.parametrize(
    ("facts", "obstacle"),
    [
        (Facts(holds=("H-1",), restricted=True, gaps=("x: cut",)), "legal hold H-1 (RET-24)"),
        (Facts(restricted=True, gaps=("x: cut",)), "restriction of processing (RET-23)"),
        (Facts(gaps=("salesforce: cut",)), "incomplete reading: salesforce: cut"),
        (Facts(), ""),
    ],
)
def test_ret_23_holds_stand_above_restriction_above_everything_destructive(facts: Facts, obstacle: str) -> None:
    """The highest obstacle is named; an objection goes out whatever stands above."""
    erase = Finding(ref=REF, version="1", policy="p", rule="RET-01", because="b", action=Erase())
    silence = Finding(ref=REF, version="1", policy="p", rule="SUP-07", because="b", action=Suppress(("email",)))

    assert settle(erase, facts).blocked == obstacle
    assert settle(silence, facts).blocked == ""


def test_the_tree_shows_every_rule_and_that_the_longest_which_applies_governs() -> None:
    """`explain` shows it: what is not for this record, what is shorter, what governs, each with its day."""
    short = Rule("short", Period(months=12), "any")
    elsewhere = Rule("elsewhere", Period(months=99), "any", crms=("salesforce",))
    policy = Retention((short, PROSPECTS, CUSTOMERS, elsewhere), PARIS, otherwise="prospect")

    tree = policy.weighed(Record(ref=REF, version="1"), since("2024-02-29"))

    assert [(item.rule.id, item.applies, item.governs, item.until and item.until.isoformat()) for item in tree] == [
        ("short", True, False, "2025-02-28"),
        ("prospects", True, True, "2027-02-28"),
        ("customers", False, False, "2029-02-28"),
        ("elsewhere", False, False, "2032-05-29"),
    ]


def test_the_tree_of_an_undated_record_has_no_days() -> None:
    """Nothing dates it: the rules are there, without a day."""
    tree = Retention((PROSPECTS,), PARIS, otherwise="prospect").weighed(Record(ref=REF, version="1"), Facts())

    assert [(item.until, item.governs) for item in tree] == [(None, True)]
