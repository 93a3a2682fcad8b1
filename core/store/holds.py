"""Legal holds: what no destruction may touch, who said so, and until when it is to be looked at again (RET-24)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, func, select, update

from core.errors import ConfigError
from core.identity import Identifier
from core.index import Row
from core.store.database import Database, batched
from core.store.tables import hold, hold_scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One hold. `scope` is what was named, refs and subject keys as text; a hold on one record is a hold on its person.

    `added` are the subject keys of that person which it gained, so as to outlive the ref.
    """

    id: str
    scope: tuple[str, ...]
    reason: str
    author: str
    start: datetime
    review_on: datetime
    released_at: datetime | None = None
    added: tuple[str, ...] = ()

    @property
    def targets(self) -> frozenset[str]:
        """All that it is on."""
        return frozenset(self.scope + self.added)


class Holds:
    """The holds of the store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, scope: Sequence[str], reason: str, author: str, now: datetime, review_on: datetime) -> Hold:
        """Places a hold on refs or subject keys. Raises ConfigError when it has no scope, reason or author."""
        if not (scope and reason.strip() and author.strip()):
            raise ConfigError("A hold needs a record, a reason and an author.", "Give --reason and --author.")
        targets = tuple(dict.fromkeys(scope))
        with self._database.transaction():
            self._database.serialise(hold)
            number = self._database.rows(select(func.count()).select_from(hold))[0][0] + 1
            made = Hold(id=f"H-{number}", scope=targets, reason=reason, author=author, start=now, review_on=review_on)
            values = {"id": made.id, "reason": reason, "author": author, "start": now, "review_on": review_on}
            self._database.execute(hold.insert(), [values])
            self._database.execute(hold_scope.insert(), [{"hold_id": made.id, "target": item} for item in targets])
        return made

    def extend(self, gained: Mapping[str, Iterable[str]], now: datetime) -> None:
        """Puts subject keys beside what holds name, by id of the hold; what one has already stays as it is."""
        lines = [{"hold_id": id, "target": key, "added_at": now} for id, keys in gained.items() for key in keys]
        if lines:
            self._database.execute(self._database.insert(hold_scope).on_conflict_do_nothing(), lines)

    def release(self, id: str, by: str, now: datetime) -> None:
        """Ends a hold. Raises ConfigError when there is none of that id in force."""
        where = (hold.c.id == id, hold.c.released_at.is_(None))
        done = self._database.execute(update(hold).where(*where).values(released_at=now, released_by=by))
        if not done.rowcount:
            raise ConfigError(f"There is no hold {id!r} in force.", "See `repoussoir hold list`.")

    def rekey(self, identifiers: Iterable[Identifier]) -> int:
        """Moves keys of holds under an old secret to the current one, for identifiers that were just seen. Answers how many."""
        moves = {str(old): str(item.key) for item in identifiers for old in item.keys[1:]}
        moved = 0
        with self._database.transaction():
            for part in batched(list(moves)):
                for line in self._database.rows(select(hold_scope).where(hold_scope.c.target.in_(part))):
                    where = and_(hold_scope.c.hold_id == line.hold_id, hold_scope.c.target == line.target)
                    self._database.execute(delete(hold_scope).where(where))
                    values = {**line._mapping, "target": moves[line.target]}
                    self._database.execute(self._database.insert(hold_scope).on_conflict_do_nothing(), [values])
                    moved += 1
        return moved

    def all(self) -> list[Hold]:
        """Every hold, also the released ones, oldest first."""
        scopes: dict[tuple[str, bool], list[str]] = defaultdict(list)
        for line in self._database.rows(select(hold_scope).order_by(hold_scope.c.target)):
            scopes[line.hold_id, line.added_at is None].append(line.target)
        return [
            Hold(
                id=row.id, scope=tuple(scopes[row.id, True]), reason=row.reason, author=row.author, start=row.start,
                review_on=row.review_on, released_at=row.released_at, added=tuple(scopes[row.id, False]),
            )
            for row in self._database.rows(select(hold).order_by(hold.c.start, hold.c.id))
        ]  # fmt: skip

    def in_force(self) -> list[Hold]:
        """Those that are not released."""
        return [item for item in self.all() if not item.released_at]

    def matcher(self) -> Matcher:
        """A look-up of the holds in force."""
        return Matcher([(target, item.id) for item in self.in_force() for target in item.targets])


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
