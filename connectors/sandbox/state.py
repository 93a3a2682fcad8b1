"""What the sandbox remembers: JSON documents in one SQLite database, and a clock that tests can set."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

Doc = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS doc (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (kind, id));
CREATE INDEX IF NOT EXISTS doc_kind ON doc (kind, seq);
CREATE TABLE IF NOT EXISTS tag (
    kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
    PRIMARY KEY (kind, name, value, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tag_id ON tag (kind, id);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


class Clock:
    """The sandbox's time: the machine's, or the one a test has set."""

    def __init__(self) -> None:
        self._set: datetime | None = None

    def now(self) -> datetime:
        """The current time, UTC, in whole milliseconds."""
        moment = self._set or datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def set(self, moment: datetime | None) -> None:
        """Stops the clock at a moment; None lets it run again."""
        self._set = moment


class State:
    """Documents by (kind, id), in order of insertion, findable by tags. A kind is `<vendor>.<object>`.

    Every method may be called from any thread. `lock` makes several calls one step.
    """

    def __init__(self, path: str = ":memory:") -> None:
        self.lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + _SCHEMA)
        self._depth = 0

    def __enter__(self) -> State:
        """One transaction over several calls; may nest. Every change is kept, also when the block raises."""
        self.lock.acquire()
        if self._depth == 0:
            self._db.execute("BEGIN")
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._db.execute("COMMIT")
        self.lock.release()

    def next_id(self, kind: str, first: int = 1) -> int:
        """A fresh number for a kind, never given twice and above every number reserved for it."""
        with self.lock:
            row = self._db.execute(
                "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
                (kind, first),
            ).fetchone()
            return int(row[0])

    def reserve(self, kind: str, number: int) -> None:
        """Keeps `next_id` above a number that a loaded document already uses."""
        with self.lock:
            self._db.execute(
                "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, ?)",
                (kind, number, number),
            )

    def put(self, kind: str, id: str, body: Doc, tags: Mapping[str, Iterable[str]] | None = None) -> None:
        """Writes a document, new or again (it keeps its place). Tags, when given, replace the ones it had."""
        with self.lock:
            self._db.execute(
                "INSERT INTO doc (kind, id, body) VALUES (?, ?, ?) "
                "ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                (kind, id, json.dumps(body, ensure_ascii=False)),
            )
            if tags is not None:
                self._db.execute("DELETE FROM tag WHERE kind = ? AND id = ?", (kind, id))
                rows = [(kind, name, value, id) for name, values in tags.items() for value in values]
                self._db.executemany("INSERT OR IGNORE INTO tag VALUES (?, ?, ?, ?)", rows)

    def get(self, kind: str, id: str) -> Doc | None:
        """One document, a fresh copy; None when there is none."""
        with self.lock:
            row = self._db.execute("SELECT body FROM doc WHERE kind = ? AND id = ?", (kind, id)).fetchone()
        return json.loads(row[0]) if row else None

    def delete(self, kind: str, id: str) -> bool:
        """Forgets a document and its tags; False when there was none."""
        with self.lock:
            self._db.execute("DELETE FROM tag WHERE kind = ? AND id = ?", (kind, id))
            return self._db.execute("DELETE FROM doc WHERE kind = ? AND id = ?", (kind, id)).rowcount > 0

    def find(self, kind: str, name: str, value: str) -> list[str]:
        """The ids of the documents of a kind that carry a tag value, in order of insertion."""
        with self.lock:  # CROSS JOIN: SQLite must start from the tag, else it walks every document of the kind
            rows = self._db.execute(
                "SELECT t.id FROM tag t CROSS JOIN doc d ON d.kind = t.kind AND d.id = t.id "
                "WHERE t.kind = ? AND t.name = ? AND t.value = ? ORDER BY d.seq",
                (kind, name, value),
            ).fetchall()
        return [row[0] for row in rows]

    def page(self, kind: str, after: int = 0, limit: int = 1000) -> list[tuple[int, str, Doc]]:
        """The documents of a kind after a place, in order of insertion: (place, id, body)."""
        with self.lock:
            rows = self._db.execute(
                "SELECT seq, id, body FROM doc WHERE kind = ? AND seq > ? ORDER BY seq LIMIT ?", (kind, after, limit)
            ).fetchall()
        return [(seq, id, json.loads(body)) for seq, id, body in rows]

    def all(self, kind: str) -> Iterator[tuple[str, Doc]]:
        """Every document of a kind, in order of insertion, read in pages."""
        after = 0
        while rows := self.page(kind, after, 2000):
            yield from ((id, body) for _, id, body in rows)
            after = rows[-1][0]

    def count(self, kind: str) -> int:
        """How many documents a kind has."""
        with self.lock:
            return int(self._db.execute("SELECT count(*) FROM doc WHERE kind = ?", (kind,)).fetchone()[0])

    def clear(self) -> None:
        """Forgets everything, counters included."""
        with self:
            for table in ("doc", "tag", "counter"):
                self._db.execute(f"DELETE FROM {table}")

    def close(self) -> None:
        """Closes the database; nothing may be asked afterwards."""
        with self.lock:
            self._db.close()


def iso(moment: datetime) -> str:
    """A moment as `2026-11-24T09:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
