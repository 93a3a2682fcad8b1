"""Dates and date-times as Salesforce writes them: `2026-01-02T03:04:05.000+0000`, always UTC (reference, Traps 2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime


def stamp(moment: datetime) -> str:
    """A moment as the API writes it; such strings sort by time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"


def moment(text: str) -> datetime:
    """A date-time with a zone, as the API writes or takes it. Raises ValueError for anything else."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None or len(text) < 11:
        raise ValueError("a dateTime needs a time and a zone")
    return parsed.astimezone(UTC)


def normal(text: str) -> str:
    """A date-time in the form the API writes. Raises ValueError when it is none."""
    return text if len(text) == 28 and text.endswith(".000+0000") else stamp(moment(text))


def day(text: str) -> str:
    """A date in the form the API writes. Raises ValueError when it is none."""
    return date.fromisoformat(text[:10]).isoformat()


def after(text: str) -> str:
    """The next stamp that can be told from this one."""
    return stamp(moment(text) + timedelta(milliseconds=1))


def http_date(text: str) -> datetime | None:
    """A date of an HTTP header, whole seconds; None when it is none."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None


def http_text(moment: datetime) -> str:
    """A moment in UTC as an HTTP header has it."""
    return format_datetime(moment, usegmt=True)
