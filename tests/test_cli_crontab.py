"""A cron expression is one that is kept as cron keeps it, or is refused with a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.crontab import trigger

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    "cron", ["0 0 3 * * *", "0 3 * *", "@daily", "", "0 3 L * *", "0 3 ? * *", "0 3 * * 5L", "*/0 * * * *"]
)
def test_what_other_tools_write_is_refused(cron: str) -> None:
    """Seconds, nicknames, and the letters of Quartz."""
    with pytest.raises(ValueError, match=r"\w"):
        trigger(cron, PARIS)


@given(
    st.text("0123456789*/-,LW#?@ sunmoa\u0663", max_size=16)
    | st.lists(st.text("0123456789*/-,", max_size=3), min_size=5, max_size=5).map(" ".join)
)
def test_whatever_is_written_for_a_cron_expression_comes_or_is_refused(text: str) -> None:
    """Never another error."""
    try:
        made = trigger(text, PARIS)
    except ValueError:
        return
    assert made.get_next_fire_time(None, NOW) is not None
