"""The trace that a verb leaves in the store when somebody types it: that of a job, under a name that no job should have."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar
from uuid import uuid4

from cli.duties import Ended, failure
from cli.runtime import Runtime
from core.errors import StoreProblem

T = TypeVar("T")


def traced(parts: Runtime, verb: str, do: Callable[[], T], told: Callable[[T], Ended]) -> T:
    """Does a verb and answers what it came to, between its two lines in the store. Raises what it raises."""
    run, now = uuid4().hex[:12], parts.tools.now
    parts.store.runs.begin(run, f"{verb} by hand", now())
    try:
        found = do()
    except Exception as error:
        ended = failure(error)
        with suppress(StoreProblem):  # perhaps the very reason
            parts.store.runs.end(run, ended.outcome, ended.summary, now())
        raise
    ended = told(found)
    parts.store.runs.end(run, ended.outcome, ended.summary, now())
    return found
