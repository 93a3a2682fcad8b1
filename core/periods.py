"""ISO 8601 periods, and when something is due (RET-21). Days are those of the controller's time zone."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

from dateutil.relativedelta import relativedelta

_FORM = re.compile(r"^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$")
_LONGEST = 12_000


@dataclass(frozen=True, slots=True)
class Period:
    """A period such as `P36M`, `P3D` or `PT24H`: months, days and minutes, each its own."""

    months: int = 0
    days: int = 0
    minutes: int = 0

    @classmethod
    def parse(cls, text: str) -> Period:
        """Reads an ISO 8601 period of at most a thousand years. Raises ValueError."""
        match = _FORM.match(text.strip())
        parts = [int(part or 0) for part in match.groups()] if match else []
        if not any(parts):
            raise ValueError(f"{text!r} is no period; write P36M for 36 months, P30D for 30 days, PT24H for 24 hours")
        years, months, weeks, days, hours, minutes = parts
        found = cls(years * 12 + months, weeks * 7 + days, hours * 60 + minutes)
        if found.length > cls(months=_LONGEST).length:
            raise ValueError(f"{text!r} is longer than a thousand years; write P36M for 36 months")
        return found

    def __str__(self) -> str:
        hours, minutes = divmod(self.minutes, 60)
        day = "".join(f"{count}{unit}" for count, unit in ((self.months, "M"), (self.days, "D")) if count)
        time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count)
        return f"P{day}" + (f"T{time}" if time else "")

    @property
    def length(self) -> int:
        """A rough length in minutes, to tell the longer of two periods; a month counts 30.44 days."""
        return round(self.months * 30.44 * 1440) + self.days * 1440 + self.minutes

    def after(self, start: datetime) -> datetime:
        """The moment a period after another one; months clamp to the end of a shorter month."""
        return start + relativedelta(months=self.months) + timedelta(days=self.days, minutes=self.minutes)


def due_on(start: datetime, period: Period, zone: tzinfo) -> date:
    """The last day on which a record may be kept: `start` plus the period, as days of the zone (RET-21).

    Hours count as the whole days that hold them, so that nobody is overdue before the period has run out. A moment at
    the end of time, which some tools write for "never", is never due.
    """
    whole = -(-period.minutes // 1440)
    try:
        day = start.astimezone(zone).date()
        return _months_after(day, period.months) + timedelta(days=period.days + whole)
    except (OverflowError, ValueError):
        return date.max


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, day.day if day.day < 29 else min(day.day, monthrange(year, month + 1)[1]))


def is_overdue(due: date, now: datetime, zone: tzinfo) -> bool:
    """True from the day after the due day on (RET-21)."""
    return _day(now, zone) > due


@lru_cache(maxsize=8)
def _day(moment: datetime, zone: tzinfo) -> date:
    """The day of a moment that millions of records are compared with."""
    return moment.astimezone(zone).date()
