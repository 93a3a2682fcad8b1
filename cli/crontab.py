"""Cron expressions, read as cron reads them: it counts weekdays from Sunday, APScheduler from Monday. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAY = rf"[0-7]|{'|'.join(DAYS)}"
_PART = re.compile(rf"(?:\*|(?P<first>{_DAY})(?:-(?P<last>{_DAY}))?)(?:/(?P<step>[1-9]))?")
_LEAP_YEAR = datetime(2024, 1, 1, tzinfo=UTC)


def trigger(cron: str, where: ZoneInfo) -> CronTrigger:
    """When a cron expression is due. Raises ValueError when it is none, is ambiguous or never comes."""
    minute, hour, day, month, weekday = cron.split()
    if "*" not in (day, weekday):
        raise ValueError("a day of the month and a weekday together mean `either` to some and `both` to others")
    made = CronTrigger(None, month, day, None, weekdays(weekday), hour, minute, timezone=where)
    if made.get_next_fire_time(None, _LEAP_YEAR) is None:
        raise ValueError("that day never comes")
    return made


def weekdays(field: str) -> str:
    """The fifth part of a cron expression with names for numbers: 0 and 7 are Sunday, 1 is Monday. Raises ValueError."""
    if field == "*":
        return field
    found = {day % 7 for part in field.lower().split(",") for day in _days(part)}
    return ",".join(DAYS[day] for day in sorted(found))


def _days(part: str) -> range:
    match = _PART.fullmatch(part)
    single = match and match["first"] and not match["last"]
    if not match or (single and match["step"]):
        raise ValueError(f"{part!r} is no weekday")
    step = int(match["step"] or 1)
    if not match["first"]:
        return range(0, 7, step)
    first, last = _number(match["first"]), _number(match["last"] or match["first"])
    # From Friday to Sunday goes over the end of the week.
    return range(first, (last if first <= last else last + 7) + 1, step)


def _number(day: str) -> int:
    return DAYS.index(day) if day in DAYS else int(day)
