"""Runs, and the lock that keeps two of them from working at once, even from two machines."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, desc, func, select, update

from core.errors import Busy
from core.store.database import Database
from core.store.tables import lock, run

LEASE = timedelta(minutes=10)
_BEAT = timedelta(minutes=1)


class Runs:
    """What ran when, and how it ended."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, id: str, job: str, now: datetime) -> None:
        """Notes the start of a run."""
        self._database.execute(run.insert(), [{"id": id, "job": job, "started_at": now}])

    def end(self, id: str, outcome: str, summary: Mapping[str, Any], now: datetime) -> None:
        """Notes how a run ended."""
        values = {"ended_at": now, "outcome": outcome, "summary": dict(summary)}
        self._database.execute(update(run).where(run.c.id == id).values(**values))

    def last_start(self, job: str) -> datetime | None:
        """When a job last began; None when it never did."""
        rows = self._database.rows(select(run).where(run.c.job == job).order_by(desc(run.c.started_at)).limit(1))
        return rows[0].started_at if rows else None

    def latest(self, limit: int = 20) -> list[Any]:
        """The newest runs: id, job, started_at, ended_at, outcome, summary."""
        return self._database.rows(select(run).order_by(desc(run.c.started_at)).limit(limit))

    def last_of_each(self) -> list[Any]:
        """The newest run of each job by each way to end, and of those the newest that read; the newest first, as `latest`.

        However seldom a job runs, it is not lost behind a busy one.
        """
        read = run.c.summary["gaps"].as_string().is_not(None)
        last = func.max(run.c.started_at).label("last")
        newest = select(run.c.job, run.c.outcome, last).group_by(run.c.job, run.c.outcome, read).subquery()
        same = (run.c.job == newest.c.job, run.c.outcome == newest.c.outcome, run.c.started_at == newest.c.last)
        return self._database.rows(select(run).join(newest, and_(*same)).order_by(desc(run.c.started_at)))


class Lock:
    """A lease by name in the store, which its holder renews while it works.

    It passes on at once when its holder's process is known to be gone, else when the lease ends: a number that lives may
    be another process's by now, and one of another machine, container or start cannot be looked at.
    """

    def __init__(self, database: Database, name: str, owner: str, now: Callable[[], datetime]) -> None:
        self._database = database
        self._name = name
        self._owner = owner
        self._now = now
        self._renewed: datetime | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the lock for the block. Raises Busy when somebody else does."""
        self._take()
        try:
            yield
        finally:
            self._renewed = None
            self._database.execute(delete(lock).where(self._mine()))

    def beat(self) -> None:
        """Renews the lease when it is held and a minute old. Must be called wherever time passes. Raises Busy."""
        if self._renewed and self._now() >= self._renewed + _BEAT:
            self.renew()

    def renew(self) -> None:
        """Keeps the lease. Raises Busy when it was lost meanwhile: the caller must stop writing."""
        now = self._now()
        if not self._database.execute(update(lock).where(self._mine()).values(expires_at=now + LEASE)).rowcount:
            raise Busy(
                "The lock of this run was lost to another process.", "Nothing more was written; run again later."
            )
        self._renewed = now

    def _mine(self) -> ColumnElement[bool]:
        return and_(lock.c.name == self._name, lock.c.owner == self._owner)

    def _take(self) -> None:
        now = self._now()
        with self._database.transaction():
            rows = self._database.rows(select(lock).where(lock.c.name == self._name))
            if rows and _alive(rows[0], now):
                raise _busy(rows[0])
            self._database.execute(delete(lock).where(lock.c.name == self._name))
            values = {
                "name": self._name, "owner": self._owner, "host": _here(), "pid": os.getpid(),
                "since": now, "expires_at": now + LEASE,
            }  # fmt: skip
            self._database.execute(lock.insert(), [values])
        self._renewed = now


def _busy(row: Any) -> Busy:
    since, until = (moment.isoformat(timespec="minutes") for moment in (row.since, row.expires_at))
    machine = row.host.partition(" ")[0]
    return Busy(
        f"Another process (pid {row.pid} on {machine}) is at work since {since}.",
        f"Wait until it has ended; nothing was changed. Should it be gone, its lock ends by itself at {until}.",
    )


def _alive(row: Any, now: datetime) -> bool:
    return bool(row.expires_at > now) and (row.host != _here() or _running(row.pid))


def _here() -> str:
    """Where a process has its number to itself: the name of the machine; on Linux also its start and the container in it."""
    parts = [platform.node()[:64] or "localhost"]
    with suppress(OSError):
        start = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        parts += [start[:8], str(Path("/proc/self/ns/pid").readlink())]
    return " ".join(parts)


def _running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
