"""Legal holds: what no destruction may touch, who said so, and until when it is to be looked at again (RET-24)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from core.errors import ConfigError
from core.index import Row
from core.store.database import Database
from core.store.tables import hold, hold_scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One hold. `scope` holds refs and subject keys as text; a hold on one record is a hold on its person."""

    id: str
    scope: tuple[str, ...]
    reason: str
    author: str
    start: datetime
    review_on: datetime
    released_at: datetime | None = None


class Holds:
    """The holds of the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, scope: Sequence[str], reason: str, author: str, now: datetime, review_on: datetime) -> Hold:
        """Places a hold on refs or subject keys. Raises ConfigError when it has no scope, reason or author."""
        if not (scope and reason.strip() and author.strip()):
            raise ConfigError("A hold needs a record, a reason and an author.", "Give --reason and --author.")
        with self._database.transaction():
            number = self._database.rows(select(func.count()).select_from(hold))[0][0] + 1
            made = Hold(
                id=f"H-{number}", scope=tuple(scope), reason=reason, author=author, start=now, review_on=review_on
            )
            values = {"id": made.id, "reason": reason, "author": author, "start": now, "review_on": review_on}
            self._database.execute(hold.insert(), [values])
            self._database.execute(
                hold_scope.insert(), [{"hold_id": made.id, "target": target} for target in dict.fromkeys(scope)]
            )
        return made

    def release(self, id: str, by: str, now: datetime) -> None:
        """Ends a hold. Raises ConfigError when there is none of that id in force."""
        where = (hold.c.id == id, hold.c.released_at.is_(None))
        done = self._database.execute(update(hold).where(*where).values(released_at=now, released_by=by))
        if not done.rowcount:
            raise ConfigError(f"There is no hold {id!r} in force.", "See `repoussoir hold list`.")

    def all(self) -> list[Hold]:
        """Every hold, also the released ones, oldest first."""
        scopes: dict[str, list[str]] = {}
        for line in self._database.rows(select(hold_scope).order_by(hold_scope.c.target)):
            scopes.setdefault(line.hold_id, []).append(line.target)
        return [
            Hold(
                id=row.id, scope=tuple(scopes[row.id]), reason=row.reason, author=row.author, start=row.start,
                review_on=row.review_on, released_at=row.released_at,
            )
            for row in self._database.rows(select(hold).order_by(hold.c.start, hold.c.id))
        ]  # fmt: skip

    def matcher(self) -> Matcher:
        """A look-up of the holds in force."""
        return Matcher([(target, item.id) for item in self.all() if not item.released_at for target in item.scope])


class Matcher:
    """Which holds a record is under by itself."""

    def __init__(self, targets: Iterable[tuple[str, str]]) -> None:
        self._holds: dict[str, list[str]] = defaultdict(list)
        for target, id in targets:
            self._holds[target].append(id)

    def __call__(self, row: Row) -> tuple[str, ...]:
        """The ids of the holds on a record's ref or on one of its subject keys."""
        if not self._holds:
            return ()
        names = [str(row.ref), *(str(key) for item in row.identifiers for key in item.keys)]
        return tuple(dict.fromkeys(id for name in names for id in self._holds.get(name, ())))
