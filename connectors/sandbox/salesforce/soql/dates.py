"""Date literals: TODAY, LAST_N_DAYS:30 and the like, as half-open spans of days in the user's time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

Span = tuple[date, date]

_UNITS = ("DAYS", "WEEKS", "MONTHS", "QUARTERS", "YEARS")
_SINGLE = {"WEEK": "WEEKS", "MONTH": "MONTHS", "QUARTER": "QUARTERS", "YEAR": "YEARS"}
NAMED = frozenset(
    {"YESTERDAY", "TODAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS"}
    | {f"{when}_{unit}" for when in ("LAST", "THIS", "NEXT") for unit in _SINGLE}
)
COUNTED = frozenset(
    {f"{when}_N_{unit}" for when in ("LAST", "NEXT") for unit in _UNITS} | {f"N_{unit}_AGO" for unit in _UNITS}
)


def span(word: str, count: int, today: date) -> Span:
    """The first day of a date literal and the day after its last."""
    if word in {"YESTERDAY", "TODAY", "TOMORROW"}:
        offset = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}[word]
        return _units("DAYS", offset, offset + 1, today)
    if word.endswith("_90_DAYS"):
        word, count = word.replace("90", "N"), 90
    if word.startswith("N_"):
        unit = word.removeprefix("N_").removesuffix("_AGO")
        return _units(unit, -count, 1 - count, today)
    when, _, rest = word.partition("_")
    if not rest.startswith("N_"):
        offset = {"LAST": -1, "THIS": 0, "NEXT": 1}[when]
        return _units(_SINGLE[rest], offset, offset + 1, today)
    unit = rest.removeprefix("N_")
    if when == "NEXT":
        return _units(unit, 1, count + 1, today)
    return _units(unit, -count, 1 if unit == "DAYS" else 0, today)


def _units(unit: str, start: int, end: int, today: date) -> Span:
    begin = _BEGIN[unit]
    return begin(today, start), begin(today, end)


def _month(today: date, months: int) -> date:
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _day(today: date, days: int) -> date:
    return today + timedelta(days=days)


def _week(today: date, weeks: int) -> date:
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    return sunday + timedelta(weeks=weeks)


def _quarter(today: date, quarters: int) -> date:
    first = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    return _month(first, quarters * 3)


def _year(today: date, years: int) -> date:
    return date(today.year + years, 1, 1)


_BEGIN: dict[str, Callable[[date, int], date]] = {
    "DAYS": _day,
    "WEEKS": _week,
    "MONTHS": _month,
    "QUARTERS": _quarter,
    "YEARS": _year,
}
