"""Retention where facts are about a person of several records, periods of several kinds, and dates at the ends of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions import Erase
from core.facts import Facts, Seen
from core.findings import Finding
from core.model import Moment, Record, Ref
from core.periods import Period, due_on, is_overdue
from policies.retention import Retention, Rule

PARIS = ZoneInfo("Europe/Paris")
REF = Ref("hubspot", "contact", "1")
RECORD = Record(ref=REF, version="1")
RULE = Rule("all", Period(months=36))


def noon(text: str) -> datetime:
    """Noon of a day in Paris."""
    return datetime.fromisoformat(f"{text}T12:00").replace(tzinfo=PARIS)


def since(start: datetime, **facts: object) -> Facts:
    """The facts on somebody last in contact at a moment."""
    seen = Seen(Moment(start, "click"), REF)
    return Facts(inbound=seen, anchored=seen, **facts)  # type: ignore[arg-type]  # fields of Facts


def judged(now: str, facts: Facts, *rules: Rule, **settings: object) -> list[Finding]:
    """The findings on a day."""
    policy = Retention(rules or (RULE,), PARIS, **{"otherwise": "prospect", **settings})  # type: ignore[arg-type]  # settings
    return list(policy.judge(RECORD, facts, noon(now)))


@pytest.mark.parametrize(("today", "told"), [("2026-10-24", 0), ("2026-10-25", 1), ("2026-11-24", 1)])
def test_r_s4_2_the_reminder_comes_thirty_days_before_the_last_day(today: str, told: int) -> None:
    """R-S4.2 e: with the clock set to T-30 one reminder is made; RET-21: T is 24 November."""
    found = judged(today, since(noon("2023-11-24")))

    assert [(finding.rule, finding.action) for finding in found] == [("R-S4.2", None)] * told


def test_r_s4_2_a_reminder_may_be_set_in_months() -> None:
    """`remind_before = "P2M"` is two months, not nothing."""
    assert judged("2026-09-23", since(noon("2023-11-24")), remind_before=Period(months=2)) == []
    assert len(judged("2026-09-24", since(noon("2023-11-24")), remind_before=Period(months=2))) == 1


def test_the_longest_period_is_the_one_that_ends_last_for_this_person() -> None:
    """From 1 February one month ends before thirty days do; from 1 March it does not."""
    rules = (Rule("month", Period(months=1)), Rule("days", Period(days=30)))

    assert [finding.action for finding in judged("2026-03-03", since(noon("2026-02-01")), *rules)] == [None]
    assert [finding.policy for finding in judged("2026-03-04", since(noon("2026-02-01")), *rules)] == ["retention/days"]
    assert [finding.policy for finding in judged("2026-04-02", since(noon("2026-03-01")), *rules)] == [
        "retention/month"
    ]


PERIODS = st.builds(Period, months=st.integers(1, 60), days=st.integers(0, 400))


@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.lists(PERIODS, min_size=1, max_size=4), st.integers(0, 4000))
def test_nobody_is_erased_before_every_period_that_applies_is_over(
    start: date, periods: list[Period], days: int
) -> None:
    """RET-01, RET-21: the rule worked out by hand over all periods."""
    begun = datetime(start.year, start.month, start.day, 12, tzinfo=PARIS)
    now = begun + timedelta(days=days)
    rules = tuple(Rule(f"r{number}", period) for number, period in enumerate(periods))
    found = Retention(rules, PARIS).judge(RECORD, since(begun), now)
    over = all(is_overdue(due_on(begun, period, PARIS), now, PARIS) for period in periods)

    assert any(isinstance(finding.action, Erase) for finding in found) is over


def test_what_a_phone_alone_says_of_the_audience_only_lengthens() -> None:
    """`loose` signals: the longer of the two audiences' periods, whichever it is; the person's own signals decide else."""
    short, long = Rule("c", Period(months=12), "customer"), Rule("p", Period(months=36), "prospect")
    loose = since(noon("2024-01-01"), signals=frozenset({"order"}), loose=frozenset({"order"}))
    own = since(noon("2024-01-01"), signals=frozenset({"order"}))

    assert judged("2026-06-01", loose, short, long) == []
    assert [finding.policy for finding in judged("2026-06-01", own, short, long)] == ["retention/c"]
    turned = (Rule("c", Period(months=36), "customer"), Rule("p", Period(months=12), "prospect"))
    assert judged("2026-06-01", loose, *turned) == []


def test_an_address_on_too_many_records_is_reported_and_nothing_more() -> None:
    """DESIGN §6: reported only; with open business it is that which is told."""
    (finding,) = judged("2026-11-25", since(noon("2023-11-24"), crowded=True))
    (business,) = judged("2026-11-25", since(noon("2023-11-24"), crowded=True, open=((REF, "deal"),)))

    assert finding.action is None
    assert "too many records" in finding.because
    assert "open deal" in business.because


def test_who_we_anonymised_is_asked_for_no_more() -> None:
    """RET-25: nobody is left to keep or to erase, also when undated."""
    assert judged("2026-11-25", since(noon("2010-01-01"), anonymised=True)) == []
    assert judged("2026-11-25", Facts(anonymised=True)) == []


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Asia/Tokyo"])
def test_a_date_at_the_end_of_time_stops_no_run_and_erases_nobody(zone: str) -> None:
    """9999-12-31 stands for "never" in some tools; the calendar ends there."""
    start = datetime.max.replace(tzinfo=UTC)
    policy = Retention((RULE,), ZoneInfo(zone), otherwise="prospect")

    assert list(policy.judge(RECORD, since(start), noon("2026-11-25"))) == []
