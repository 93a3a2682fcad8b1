"""The ledger: entries chained by hash, so that none can be changed, dropped or slipped in unseen (R-S5.2). Pure.

An entry holds refs, property names, rule ids, dates and subject keys; never a clear identifier or a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core import canonical
from core.errors import ConfigError, LedgerBroken

ROOT = "0" * 64
_HEAD = re.compile(r"([1-9][0-9]{0,17}):[0-9a-f]{64}")
_MEND = "Keep the store as it is and compare it with your last `ledger export`."
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

    @property
    def head(self) -> str:
        """The entry as the end of a ledger: whoever keeps it elsewhere can tell later that nothing up to it was cut off."""
        return f"{self.seq}:{self.hash}"


def chain(prev: Entry | None, at: datetime, kind: str, body: Mapping[str, Any]) -> Entry:
    """The entry that follows another one (None: the first). Raises ValueError on a kind that is none."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of ledger entry")
    seq, before = (prev.seq + 1, prev.hash) if prev else (1, ROOT)
    return Entry(seq, at, kind, dict(body), before, _hash(seq, at, kind, body, before))


def verify(entries: Iterable[Entry], heads: Iterable[str] = ()) -> int:
    """Checks a whole ledger and answers how many entries it has. Raises LedgerBroken, naming the first wrong line.

    `heads` are those it had before (`Entry.head`): a chain alone does not show that its end is missing. Raises ConfigError
    on one that is none.
    """
    seq, prev = 0, ROOT
    known: dict[int, set[str]] = {}
    for head in heads:
        known.setdefault(_place(head), set()).add(head)
    for entry in entries:
        seq += 1
        expected = _hash(entry.seq, entry.at, entry.kind, entry.body, entry.prev)
        if entry.seq != seq or entry.prev != prev or entry.hash != expected:
            raise LedgerBroken(
                f"The ledger is broken at entry {seq}: it was changed, or an entry before it is missing.",
                _MEND,
            )
        if known.pop(seq, {entry.head}) != {entry.head}:
            raise LedgerBroken(
                f"The ledger is another one from entry {seq} on than the one whose head was kept.", _MEND
            )
        prev = entry.hash
    if known:
        raise LedgerBroken(f"The ledger ends at entry {seq}, and once had {max(known)}: its end is missing.", _MEND)
    return seq


def _place(head: str) -> int:
    found = _HEAD.fullmatch(head)
    if not found:
        raise ConfigError(
            f"{head!r} is no head of a ledger.", "Give it as it was printed: 812:3f9c… to the last letter."
        )
    return int(found[1])


def _hash(seq: int, at: datetime, kind: str, body: Mapping[str, Any], prev: str) -> str:
    return canonical.digest(str(seq), at.astimezone(UTC).isoformat(), kind, canonical.dumps(body), prev)
