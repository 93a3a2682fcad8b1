"""The lock of a run is kept for as long as it reads, however long that is, and a run that lost it writes nothing more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from cli import work
from cli.config import load
from cli.runtime import clock, open_store, runtime
from connectors.transport import Tools
from core.errors import Busy
from core.store.runs import LEASE
from core.store.store import Store
from tests.workbench import Desk, ago, desk, hubspot

OVERDUE = "hubspot:contact:101"


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """One overdue contact."""
    with desk(tmp_path, capsys) as made:
        made.load(hubspot("101", "overdue@a.example", created=ago(months=50)))
        yield made


class Slow:
    """A run whose every page takes so long, watched by a process on another machine that wants to work too."""

    def __init__(self, at: Desk, page: timedelta) -> None:
        self.config = load(at.config, os.environ)
        self.now = clock()
        self.page = page
        self.taken = 0
        self.pages = 0

    def run(self) -> None:
        """The whole job."""
        with runtime(self.config, tools=Tools(now=lambda: self.now)) as parts:
            work.run(parts, self._read, lambda _: None)

    def plans(self) -> int:
        """How many plans the store keeps."""
        store = open_store(self.config)
        found = len(store.plans.recent(9))
        store.close()
        return found

    def _read(self, what: str, count: int, total: int | None) -> None:
        self.now += self.page
        self.pages += 1
        store = open_store(self.config)
        self._try(store)
        store.close()

    def _try(self, store: Store) -> None:
        other = store.lock("write", "another machine", lambda: self.now)
        try:
            with other.held():
                self.taken += 1
        except Busy:
            return


def test_a_reading_that_outlives_the_lease_keeps_the_lock(at: Desk) -> None:
    """Some pages of six minutes, a lease of ten: nobody else gets in, and the run ends as any other."""
    slow = Slow(at, timedelta(minutes=6))

    slow.run()

    assert slow.pages * slow.page > 2 * LEASE
    assert slow.taken == 0
    assert not at.exists(OVERDUE)


def test_a_lock_that_was_lost_while_reading_stops_the_run_before_it_writes(at: Desk) -> None:
    """The machine slept and another one went to work: no plan is kept, nothing is done."""
    slow = Slow(at, LEASE + timedelta(minutes=1))

    with pytest.raises(Busy, match="lost"):
        slow.run()

    assert slow.taken == 1
    assert slow.plans() == 0
    assert at.exists(OVERDUE)
