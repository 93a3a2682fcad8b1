"""What protects a person: everything that can only keep their records, added up over some rows (DESIGN §6). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from core.facts import Seen
from core.index import Row
from core.model import Moment, Ref

Held = Mapping[Ref, tuple[str, ...]]
"""The holds on records, by ref; whoever is under none is not in it."""


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


def of_person(rows: Sequence[Row], held: Held) -> Protection:
    """What protects one person, of whom these are the rows; that they gave us their data counts as a contact."""
    return _over(rows, held, latest(map(start, rows)))


def of_neighbours(rows: Sequence[Row], held: Held) -> Protection:
    """What protects everybody who carries a weak key, of which these are all the rows.

    When a neighbour was collected is no contact of anybody else. Of open business and of what could not be read, one
    record of each kind stands for all: a switchboard has thousands.
    """
    whole = _over(rows, held, latest(map(contact, rows)))
    return replace(whole, open=_first_of_each(whole.open), unreadable=_first_of_each(whole.unreadable))


def together(some: Sequence[Protection]) -> Protection:
    """What protects by any of them. `some` holds at least one."""
    return reduce(_both, some)


def start(row: Row) -> Seen | None:
    """When the clock of a row by itself begins: the latest contact, or the moment the person gave us their data."""
    if row.collected and not (row.inbound and row.inbound.at >= row.collected):
        return Seen(Moment(row.collected, "collected"), row.ref)
    return contact(row)


def contact(row: Row) -> Seen | None:
    """The latest contact from the person that a row bears witness of."""
    return Seen(row.inbound, row.ref) if row.inbound else None


def latest(seen: Iterable[Seen | None]) -> Seen | None:
    """The latest of some contacts, if there is any."""
    return max([item for item in seen if item], key=_when, default=None)


def signals(rows: Sequence[Row]) -> frozenset[str]:
    """The signals that any of some rows shows."""
    return rows[0].signals if len(rows) == 1 else frozenset[str]().union(*[row.signals for row in rows])


def _over(rows: Sequence[Row], held: Held, inbound: Seen | None) -> Protection:
    return Protection(
        inbound=inbound,
        signals=signals(rows),
        open=tuple([(row.ref, kind) for row in rows for kind in row.open]),
        unreadable=tuple([(row.ref, source) for row in rows for source in row.unreadable]),
        holds=_words([held[row.ref] for row in rows if row.ref in held]) if held else (),
        restricted=bool([row for row in rows if row.restricted and "restriction" not in row.ours]),
        requests=_words([row.requests for row in rows if row.requests]),
    )


def _both(one: Protection, other: Protection) -> Protection:
    return Protection(
        inbound=latest((one.inbound, other.inbound)),
        signals=one.signals | other.signals,
        open=tuple(dict.fromkeys(one.open + other.open)),
        unreadable=tuple(dict.fromkeys(one.unreadable + other.unreadable)),
        holds=_words([one.holds, other.holds]),
        restricted=one.restricted or other.restricted,
        requests=_words([one.requests, other.requests]),
    )


def _words(some: list[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({word for words in some for word in words})) if some else ()


def _first_of_each(places: Sequence[tuple[Ref, str]]) -> tuple[tuple[Ref, str], ...]:
    """One place for each CRM and word."""
    first: dict[tuple[str, str], tuple[Ref, str]] = {}
    for ref, what in places:
        first.setdefault((ref.crm, what), (ref, what))
    return tuple(first.values())


def _when(seen: Seen) -> tuple[Moment, Ref]:
    return seen.moment, seen.ref
