"""What protects a person: everything that can only keep their records, added up over some rows (DESIGN §6). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from core.facts import Seen
from core.index import Row
from core.model import Moment, Ref


@dataclass(frozen=True, slots=True)
class Protection:
    """The fields mean what they mean in `Facts`; `restricted` is by another hand than ours."""

    inbound: Seen | None = None
    signals: frozenset[str] = frozenset()
    open: tuple[tuple[Ref, str], ...] = ()
    unreadable: tuple[tuple[Ref, str], ...] = ()
    holds: tuple[str, ...] = ()
    restricted: bool = False
    requests: tuple[str, ...] = ()


def of_person(rows: Sequence[Row], held: Mapping[Ref, tuple[str, ...]]) -> Protection:
    """What protects one person, of whom these are the rows; that they gave us their data counts as a contact."""
    return _over(rows, held, latest(rows, collected=True))


def of_neighbours(rows: Sequence[Row], held: Mapping[Ref, tuple[str, ...]]) -> Protection:
    """What protects everybody who carries a weak key, of which these are all the rows.

    When a neighbour was collected is no contact of anybody else. Of open business and of what could not be read, one
    record of each kind stands for all: a switchboard has thousands.
    """
    whole = _over(rows, held, latest(rows, collected=False))
    open_, unreadable = _first_of_each(whole.open), _first_of_each(whole.unreadable)
    return Protection(whole.inbound, whole.signals, open_, unreadable, whole.holds, whole.restricted, whole.requests)


def together(some: Sequence[Protection]) -> Protection:
    """What protects by any of them. `some` holds at least one."""
    return reduce(_both, some)


def latest(rows: Sequence[Row], *, collected: bool) -> Seen | None:
    """The latest contact from the person on some rows; giving us their data is one, when `collected` counts."""
    seen = [Seen(row.inbound, row.ref) for row in rows if row.inbound]
    if collected:
        seen += [Seen(Moment(row.collected, "collected"), row.ref) for row in rows if row.collected]
    return max(seen, key=_when, default=None)


def later(one: Seen | None, other: Seen | None) -> Seen | None:
    """The later of two contacts, if there is any."""
    return max((seen for seen in (one, other) if seen), key=_when, default=None)


def signals(rows: Sequence[Row]) -> frozenset[str]:
    """The signals that any of some rows shows."""
    return frozenset(signal for row in rows for signal in row.signals)


def _over(rows: Sequence[Row], held: Mapping[Ref, tuple[str, ...]], inbound: Seen | None) -> Protection:
    return Protection(
        inbound=inbound,
        signals=signals(rows),
        open=tuple((row.ref, kind) for row in rows for kind in row.open),
        unreadable=tuple((row.ref, source) for row in rows for source in row.unreadable),
        holds=tuple(sorted({hold for row in rows for hold in held.get(row.ref, ())})),
        restricted=any(row.restricted and "restriction" not in row.ours for row in rows),
        requests=tuple(sorted({request for row in rows for request in row.requests})),
    )


def _both(one: Protection, other: Protection) -> Protection:
    return Protection(
        inbound=later(one.inbound, other.inbound),
        signals=one.signals | other.signals,
        open=tuple(dict.fromkeys(one.open + other.open)),
        unreadable=tuple(dict.fromkeys(one.unreadable + other.unreadable)),
        holds=tuple(sorted({*one.holds, *other.holds})),
        restricted=one.restricted or other.restricted,
        requests=tuple(sorted({*one.requests, *other.requests})),
    )


def _first_of_each(places: Sequence[tuple[Ref, str]]) -> tuple[tuple[Ref, str], ...]:
    """One place for each CRM and word."""
    first: dict[tuple[str, str], tuple[Ref, str]] = {}
    for ref, what in places:
        first.setdefault((ref.crm, what), (ref, what))
    return tuple(first.values())


def _when(seen: Seen) -> tuple[Moment, Ref]:
    return seen.moment, seen.ref
