"""Runs, and the lock that keeps two of them from working at once, even from two machines."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, desc, select, update

from core.errors import Busy
from core.store.database import Database
from core.store.tables import lock, run

LEASE = timedelta(minutes=10)


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


class Lock:
    """A lease by name in the store.

    It passes on at once when its holder's process on this machine is gone, and after `LEASE` when it was on another one.
    """

    def __init__(self, database: Database, name: str, owner: str, now: Callable[[], datetime]) -> None:
        self._database = database
        self._name = name
        self._owner = owner
        self._now = now

    @contextmanager
    def held(self) -> Iterator[None]:
        """Holds the lock for the block. Raises Busy when somebody else does."""
        self._take()
        try:
            yield
        finally:
            where = and_(lock.c.name == self._name, lock.c.owner == self._owner)
            self._database.execute(delete(lock).where(where))

    def renew(self) -> None:
        """Keeps the lease. Raises Busy when it was lost meanwhile: the caller must stop writing."""
        where = and_(lock.c.name == self._name, lock.c.owner == self._owner)
        values = {"expires_at": self._now() + LEASE}
        if not self._database.execute(update(lock).where(where).values(**values)).rowcount:
            raise Busy(
                "The lock of this run was lost to another process.", "Nothing more was written; run again later."
            )

    def _take(self) -> None:
        now = self._now()
        with self._database.transaction():
            rows = self._database.rows(select(lock).where(lock.c.name == self._name))
            if rows and _alive(rows[0], now):
                since = rows[0].since.isoformat(timespec="minutes")
                raise Busy(
                    f"Another process (pid {rows[0].pid} on {rows[0].host}) is at work since {since}.",
                    "Wait until it has ended; nothing was changed.",
                )
            self._database.execute(delete(lock).where(lock.c.name == self._name))
            values = {
                "name": self._name, "owner": self._owner, "host": platform.node(), "pid": os.getpid(),
                "since": now, "expires_at": now + LEASE,
            }  # fmt: skip
            self._database.execute(lock.insert(), [values])


def _alive(row: Any, now: datetime) -> bool:
    if row.host == platform.node() and row.pid != os.getpid():
        return _running(row.pid)
    # Our own number may be that of a process before us: a container that is started again has the same one.
    return bool(row.expires_at > now)


def _running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
