"""Periods and due days: the vectors of RET-21, clamping, zones, and the rule that rounding never shortens a period."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.periods import Period, due_on, is_overdue

PARIS = ZoneInfo("Europe/Paris")
DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
PERIODS = st.builds(Period, months=st.integers(0, 400), days=st.integers(0, 900), minutes=st.integers(0, 5000))


def noon(day: date) -> datetime:
    """Noon of a day in Paris."""
    return datetime.combine(day, time(12), PARIS)


def clamped(day: date, months: int) -> date:
    """RET-21 by hand: the same day of the month, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@pytest.mark.parametrize(
    ("start", "months", "due"),
    [
        ("2023-11-24", 36, "2026-11-24"),
        ("2024-02-29", 36, "2027-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2023-02-28", 12, "2024-02-28"),
        ("2023-08-31", 36, "2026-08-31"),
        ("2023-08-31", 6, "2024-02-29"),
        ("2022-08-31", 6, "2023-02-28"),
        ("2023-10-31", 1, "2023-11-30"),
        ("2023-12-31", 36, "2026-12-31"),
    ],
)
def test_ret_21_vectors(start: str, months: int, due: str) -> None:
    """RET-21: the due day is kept, the day after it is overdue."""
    found = due_on(noon(date.fromisoformat(start)), Period(months=months), PARIS)

    assert found.isoformat() == due
    assert not is_overdue(found, noon(found), PARIS)
    assert is_overdue(found, noon(found + timedelta(days=1)), PARIS)


@given(DAYS, st.integers(0, 400))
def test_ret_21_months_are_calendar_months_clamped_to_the_end(start: date, months: int) -> None:
    """RET-21: due = add_months(start, n), clamped, for every day there is."""
    assert due_on(noon(start), Period(months=months), PARIS) == clamped(start, months)


@given(DAYS, PERIODS)
def test_ret_21_nobody_is_overdue_before_the_period_is_over(start: date, period: Period) -> None:
    """RET-21: overdue begins at midnight, and never before the period counted to the minute has run out."""
    begun = datetime.combine(start, time(23, 30), PARIS)
    first_day_over = due_on(begun, period, PARIS) + timedelta(days=1)

    assert datetime.combine(first_day_over, time(0), PARIS).replace(tzinfo=None) > period.after(
        begun.replace(tzinfo=None)
    )


@given(DAYS, DAYS, PERIODS)
def test_ret_21_a_later_contact_is_never_due_earlier(one: date, other: date, period: Period) -> None:
    """RET-21: a newer contact can only postpone."""
    first, last = sorted((one, other))

    assert due_on(noon(first), period, PARIS) <= due_on(noon(last), period, PARIS)


def test_ret_21_the_day_is_that_of_the_controller_on_both_ends() -> None:
    """RET-21: 23:30 UTC is the next day in Paris, for the start of the clock and for today."""
    start = datetime(2023, 11, 23, 23, 30, tzinfo=UTC)
    due = due_on(start, Period(months=36), PARIS)

    assert due == date(2026, 11, 24)
    assert due_on(start, Period(months=36), UTC) == date(2026, 11, 23)
    assert is_overdue(due, datetime(2026, 11, 24, 23, 30, tzinfo=UTC), PARIS)
    assert not is_overdue(due, datetime(2026, 11, 24, 22, 30, tzinfo=UTC), PARIS)


def test_ret_21_the_change_to_summer_time_costs_no_day() -> None:
    """RET-21: days are days of the calendar, of 23 or 25 hours as they come."""
    assert due_on(datetime(2026, 3, 28, 0, 5, tzinfo=PARIS), Period(days=2), PARIS) == date(2026, 3, 30)
    assert due_on(datetime(2026, 10, 24, 23, 55, tzinfo=PARIS), Period(days=2), PARIS) == date(2026, 10, 26)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("P36M", Period(months=36)),
        ("P3Y", Period(months=36)),
        ("P1Y6M", Period(months=18)),
        ("P2W", Period(days=14)),
        ("P30D", Period(days=30)),
        ("PT24H", Period(minutes=1440)),
        ("PT5M", Period(minutes=5)),
        (" P1M2DT3H4M ", Period(months=1, days=2, minutes=184)),
    ],
)
def test_a_period_is_read_as_iso_8601(text: str, period: Period) -> None:
    """M before T is months, after T minutes."""
    assert Period.parse(text) == period


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "36M", "P0D", "P0M", "P-3M", "p36m", "P1.5Y", "P36", "36", "P1D1M", "3 years"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    """No period, and a period of nothing, raise: a policy never falls back to keeping nothing."""
    with pytest.raises(ValueError, match="is no period"):
        Period.parse(text)


@given(PERIODS)
def test_a_period_survives_being_written(period: Period) -> None:
    """What is written is read back as the same period."""
    if period != Period():
        assert Period.parse(str(period)) == period


@given(DAYS, st.integers(1, 120), st.integers(1, 120))
def test_the_longer_of_two_periods_of_months_or_years_is_due_later(start: date, one: int, other: int) -> None:
    """The longest applicable period wins: `length` orders months as the calendar does, and days too."""
    months = sorted((Period(months=one), Period(months=other)), key=lambda item: item.length)
    days = sorted((Period(days=one), Period(days=other)), key=lambda item: item.length)

    assert due_on(noon(start), months[0], PARIS) <= due_on(noon(start), months[1], PARIS)
    assert due_on(noon(start), days[0], PARIS) <= due_on(noon(start), days[1], PARIS)


@pytest.mark.parametrize(
    ("shorter", "longer"),
    [("P36M", "P1096D"), ("P1095D", "P36M"), ("P12M", "P366D"), ("P13M", "P2Y"), ("PT47H", "P2D")],
)
def test_months_and_days_are_compared_as_they_run(shorter: str, longer: str) -> None:
    """The longest applicable period wins, also between months and days."""
    assert Period.parse(shorter).length < Period.parse(longer).length


def test_a_moment_after_a_period_keeps_its_minutes() -> None:
    """Plans expire by the minute, not by the day."""
    assert Period.parse("PT24H").after(datetime(2026, 11, 24, 9, 30, tzinfo=UTC)) == datetime(
        2026, 11, 25, 9, 30, tzinfo=UTC
    )
    assert Period.parse("P1M").after(datetime(2026, 1, 31, tzinfo=UTC)) == datetime(2026, 2, 28, tzinfo=UTC)


@given(st.text("PYMWDTH0123456789 -.,\u0663", max_size=14) | st.from_regex(r"PT?[0-9]{1,12}[YMWDH]", fullmatch=True))
def test_whatever_is_written_for_a_period_is_one_that_the_calendar_holds_or_no_period(text: str) -> None:
    """A mistyped number neither ends the program nor reaches beyond the last year there is, or before the first."""
    try:
        period = Period.parse(text)
    except ValueError:
        return
    first, last = datetime(1900, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)
    assert period.after(last) > last
    assert first - (period.after(first) - first) < first


@pytest.mark.parametrize("text", ["P1000Y", "P12000M", "P999Y", "P365000D"])
def test_a_thousand_years_is_the_longest_period(text: str) -> None:
    """And is one."""
    assert str(Period.parse(text))
