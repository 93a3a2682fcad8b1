"""How Pipedrive writes a moment: v2 in RFC 3339, whole seconds; v1 without zone; leads and mail in milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from connectors.sandbox.state import iso

_PLAIN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")


def v2(moment: datetime) -> str:
    """`2026-11-24T09:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def v1(moment: datetime) -> str:
    """`2026-11-24 09:00:00`, which is UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


milliseconds = iso


def read(text: str) -> datetime:
    """Any of the three as a moment; without a zone it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parameter(text: str) -> str:
    """A time of a v2 query, in v2 form. Raises ValueError unless it is RFC 3339 without a fraction (§3.3)."""
    if not _PLAIN.fullmatch(text):
        raise ValueError("must be a date-time in RFC3339 format")
    return v2(read(text))


def later(now: datetime, before: str | None) -> str:
    """A v2 change stamp for now that differs from the one before, which counts whole seconds."""
    stamp = v2(now)
    return stamp if not before or stamp > before else v2(read(before) + timedelta(seconds=1))
