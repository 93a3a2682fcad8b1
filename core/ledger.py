"""The ledger: entries chained by hash, so that none can be changed, dropped or slipped in unseen (R-S5.2). Pure.

An entry holds refs, property names, rule ids, dates and subject keys; never a clear identifier or a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core import canonical
from core.errors import LedgerBroken

ROOT = "0" * 64
KINDS = ("run", "intent", "outcome", "note", "list", "hold", "approval", "recovery", "forget")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. `hash` covers everything else, the hash of the line before included."""

    seq: int
    at: datetime
    kind: str
    body: Mapping[str, Any]
    prev: str
    hash: str

    @property
    def id(self) -> str:
        """The short name under which notes quote it: its place and the head of its hash."""
        return f"L{self.seq}-{self.hash[:8]}"


def chain(prev: Entry | None, at: datetime, kind: str, body: Mapping[str, Any]) -> Entry:
    """The entry that follows another one (None: the first). Raises ValueError on a kind that is none."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of ledger entry")
    seq, before = (prev.seq + 1, prev.hash) if prev else (1, ROOT)
    return Entry(seq, at, kind, dict(body), before, _hash(seq, at, kind, body, before))


def verify(entries: Iterable[Entry]) -> int:
    """Checks a whole ledger and answers how many entries it has. Raises LedgerBroken, naming the first wrong line."""
    seq, prev = 0, ROOT
    for entry in entries:
        seq += 1
        expected = _hash(entry.seq, entry.at, entry.kind, entry.body, entry.prev)
        if entry.seq != seq or entry.prev != prev or entry.hash != expected:
            raise LedgerBroken(
                f"The ledger is broken at entry {seq}: it was changed, or an entry before it is missing.",
                "Keep the store as it is and compare it with your last `ledger export`.",
            )
        prev = entry.hash
    return seq


def _hash(seq: int, at: datetime, kind: str, body: Mapping[str, Any], prev: str) -> str:
    return canonical.digest(str(seq), at.astimezone(UTC).isoformat(), kind, canonical.dumps(body), prev)
