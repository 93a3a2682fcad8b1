"""A moment on the command line is one that every part of the program can reckon with, or one clear error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.common import moment
from core.errors import ConfigError
from core.periods import Period

NEAR = st.datetimes(timezones=st.timezones()).map(lambda found: found.isoformat())
ANY = st.text("0123456789-:TZ+.W ", max_size=30)


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59-12:00",
        "9999-12-31T23:59Z",
        "0001-01-01T00:00+14:00",
        "3000-01-01T00:00Z",
        "10000-01-01T00:00Z",
    ],
)
def test_a_moment_at_the_ends_of_the_calendar_is_a_mistake(text: str) -> None:
    """Nothing could be reckoned from it."""
    with pytest.raises(ConfigError, match="Write it as"):
        moment(text)


@given(NEAR | ANY)
def test_whatever_is_written_for_a_moment_can_be_reckoned_with_or_is_said_to_be_none(text: str) -> None:
    """In any time zone, with the longest period added."""
    try:
        found = moment(text)
    except ConfigError:
        return
    assert found is not None
    assert Period.parse("P1000Y").after(found).astimezone(ZoneInfo("Pacific/Auckland")) > found.astimezone(UTC)
    assert found - timedelta(days=366_000) > datetime(1, 1, 1, tzinfo=UTC)
