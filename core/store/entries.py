"""The liste repoussoir at rest, and the HMAC keys' check values. Keyed hashes only (SUP-03, SUP-04).

Reads of the list are `listed()`, for matching, and `export_for_processor()`; there is no other (SUP-02).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, select

from core.errors import KeyProblem
from core.identity import Identifier, Keyring, SubjectKey
from core.index import Row
from core.model import Channel
from core.people import Entry
from core.periods import Period
from core.store.database import Database, batched
from core.store.tables import hmac_key, hold, hold_scope, suppression, tombstone

PURPOSE = "direct_marketing"


class Keys:
    """Which HMAC keys the store knows, by check value; the secrets themselves are never in it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def confirm(self, keyring: Keyring, now: datetime) -> None:
        """Lets a keyring in, or raises KeyProblem: a wrong key would silently match no objection.

        Every key that entries are kept under must be live and be the very key it was. A new key id is remembered.
        """
        known = {row.key_id: row.check_value for row in self._database.rows(select(hmac_key))}
        given = keyring.check_values()
        for key_id, value in known.items():
            if key_id in given and given[key_id] != value:
                raise KeyProblem(
                    f"The HMAC key {key_id!r} is not the one this store was made with.", "Restore the backup."
                )
        missing = self.in_use() - set(given)
        if missing:
            names = ", ".join(sorted(missing))
            raise KeyProblem(
                f"The store holds entries or legal holds under the key {names}, which is not given.",
                "Give it beside the new one.",
            )
        new = [{"key_id": k, "check_value": v, "added_at": now} for k, v in given.items() if k not in known]
        if new:
            self._database.execute(hmac_key.insert(), new)

    def known(self) -> frozenset[str]:
        """The key ids the store has ever seen."""
        return frozenset(row.key_id for row in self._database.rows(select(hmac_key.c.key_id)))

    def in_use(self) -> frozenset[str]:
        """The key ids that an entry, a tombstone, or a hold in force still carries."""
        found = [self._database.rows(select(table.c.key_id).distinct()) for table in (suppression, tombstone)]
        in_force = select(hold_scope.c.target).join(hold).where(hold.c.released_at.is_(None))
        held = (SubjectKey.find(row.target) for row in self._database.rows(in_force))
        return frozenset(row.key_id for rows in found for row in rows) | {key.key_id for key in held if key}


class SuppressionList:
    """The list. Entries are only ever added, re-keyed, or lifted by a later proven opt-in (SUP-11)."""

    def __init__(self, database: Database, keep: Period) -> None:
        self._database = database
        self._keep = keep

    def listed(self) -> dict[tuple[Channel, SubjectKey], Entry]:
        """Every entry, to match records against."""
        return {(entry.channel, entry.key): entry for entry in self._entries()}

    def listed_for(self, rows: Iterable[Row]) -> dict[tuple[Channel, SubjectKey], Entry]:
        """The entries that some records are on."""
        digests = sorted({key.digest for row in rows for item in row.identifiers for key in item.keys})
        query = select(suppression)
        found = (self._database.rows(query.where(suppression.c.digest.in_(part))) for part in batched(digests))
        return {(entry.channel, entry.key): entry for lines in found for entry in map(_entry, lines)}

    def matching(self, identifier: Identifier) -> tuple[Entry, ...]:
        """The entries that one identifier is on."""
        digests = [key.digest for key in identifier.keys]
        rows = self._database.rows(select(suppression).where(suppression.c.digest.in_(digests)))
        return tuple(_entry(row) for row in rows if SubjectKey(row.kind, row.key_id, row.digest) in identifier.keys)

    def add(self, entries: Iterable[Entry], evidence: str = "") -> int:
        """Adds entries; one that is there already keeps its first date. Answers how many were new."""
        rows = [
            {
                "channel": entry.channel,
                "kind": entry.key.kind,
                "key_id": entry.key.key_id,
                "digest": entry.key.digest,
                "purpose": PURPOSE,
                "objected_at": entry.objected_at,
                "source": entry.source,
                "evidence": evidence,
                "review_on": self._keep.after(entry.objected_at),
            }
            # In one order always: two who add the same entries must not wait for each other.
            for entry in sorted(entries, key=lambda entry: (entry.channel, entry.key))
        ]
        before = self.count()
        if rows:
            self._database.execute(self._database.insert(suppression).on_conflict_do_nothing(), rows)
        return self.count() - before

    def lift(self, channel: Channel, identifier: Identifier) -> int:
        """Takes an identifier off the list for a channel; the caller has the proof (SUP-11). Answers how many entries went."""
        digests = [key.digest for key in identifier.keys]
        where = (suppression.c.channel == channel, suppression.c.digest.in_(digests))
        return self._database.execute(delete(suppression).where(*where)).rowcount

    def rekey(self, identifiers: Iterable[Identifier]) -> int:
        """Moves entries under an old key to the current one, for identifiers that were just seen. Answers how many."""
        moves = {old: item.key for item in identifiers for old in item.keys[1:]}
        moved = 0
        with self._database.transaction():
            for part in batched([old.digest for old in moves]):
                for line in self._database.rows(select(suppression).where(suppression.c.digest.in_(part))):
                    self._move(line, moves[SubjectKey(line.kind, line.key_id, line.digest)])
                    moved += 1
        return moved

    def export_for_processor(self, channel: Channel) -> Iterator[SubjectKey]:
        """The keys of a channel, for a processor that shares the secret."""
        yield from (entry.key for entry in self._entries() if entry.channel == channel)

    def count(self) -> int:
        """How many entries there are."""
        return int(self._database.rows(select(func.count()).select_from(suppression))[0][0])

    def counts(self) -> dict[tuple[str, str], int]:
        """How many entries by channel and source."""
        found: dict[tuple[str, str], int] = {}
        for entry in self._entries():
            found[entry.channel, entry.source] = found.get((entry.channel, entry.source), 0) + 1
        return found

    def _move(self, line: Any, key: SubjectKey) -> None:
        """Puts an entry under another key, evidence included; of two for one person the earlier one stands."""
        old, new = suppression.c, self._database.insert(suppression)
        where = and_(old.channel == line.channel, old.digest == line.digest, old.purpose == line.purpose)
        self._database.execute(delete(suppression).where(where))
        names = ("objected_at", "source", "evidence", "review_on")
        upsert = new.on_conflict_do_update(
            index_elements=[column.name for column in suppression.primary_key],
            set_={name: new.excluded[name] for name in names},
            where=new.excluded.objected_at < old.objected_at,
        )
        self._database.execute(upsert, [{**line._mapping, "key_id": key.key_id, "digest": key.digest}])

    def _entries(self) -> Iterator[Entry]:
        yield from map(_entry, self._database.rows(select(suppression)))


def _entry(row: Any) -> Entry:
    return Entry(row.channel, SubjectKey(row.kind, row.key_id, row.digest), row.objected_at, row.source)
