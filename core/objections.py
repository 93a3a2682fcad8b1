"""What the suppression list gains from the objections that the CRMs show: who else is covered, on which channel.

Pure. Sources: SUP-01, SUP-05, SUP-07; DESIGN §6 "The person, not the record" and "What an objection is".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from core.identity import Identifier, SubjectKey
from core.index import Row
from core.model import Channel, Objection, Ref
from core.people import Entries, Entry, People

Known = dict[tuple[Channel, SubjectKey], Entry]
_BY_PHONE = " (by phone)"


def spread(people: People, listed: Entries, now: datetime) -> Known:
    """The entries to add to the list, by channel and current key; what is listed already, under any live key, is left out.

    An objection covers the identifiers of the record that shows it and, through a strong e-mail, those of every record
    with that e-mail. Through a strong phone alone it covers the phones of the other records, for the telephone only; such
    an entry says so in its source and leads no further, else lifting the objection would let it come back from there.
    """
    known: Known = dict(listed)
    new: Known = {}
    for kind in ("email", "phone"):
        for rows in people.groups("email" if kind == "email" else "phone"):
            for entry in _covered(people, rows, known, now, phone_only=kind == "phone"):
                new[entry.channel, entry.key] = known[entry.channel, entry.key] = entry
    return new


def only(people: People, rest: People, listed: Entries, now: datetime) -> Known:
    """What some people would add to the list and the rest of them alone would not: what is lost with the others."""
    left = spread(rest, listed, now)
    return {place: entry for place, entry in spread(people, listed, now).items() if place not in left}


def objectors(people: People, new: Collection[tuple[Channel, SubjectKey]]) -> Iterator[Ref]:
    """The records that show one of the objections that are new."""
    for ref, row in people.rows.items():
        if any((shown.channel, item.key) in new for shown in row.objections for item in row.identifiers):
            yield ref


def _covered(people: People, rows: list[Row], known: Known, now: datetime, *, phone_only: bool) -> Iterator[Entry]:
    channels: tuple[Channel, ...] = ("telephone",) if phone_only else ("email", "telephone")
    for channel in channels:
        cause = _cause(people, rows, known, channel, now, phone_only=phone_only)
        if cause is None:
            continue
        objected_at, source = cause
        for row in rows:
            showing = any(item.channel == channel for item in row.objections)
            for item in _reached(people, row, channel, showing=showing, phone_only=phone_only):
                if not any((channel, key) in known for key in item.keys):
                    yield Entry(channel, item.key, objected_at, f"{source}{_BY_PHONE if phone_only else ''}")


def _cause(
    people: People, rows: list[Row], known: Known, channel: Channel, now: datetime, *, phone_only: bool
) -> tuple[datetime, str] | None:
    """When and by what the people of some rows objected: the earliest flag among them, else an entry of the list.

    An entry under a shared identifier is not the person's own: it is no cause for anything beyond itself.
    """
    flags = [(item.at or now, _source(row, item)) for row in rows for item in row.objections if item.channel == channel]
    if flags:
        return min(flags)
    entries = [
        (entry.objected_at, entry.source)
        for row in rows
        for item in row.identifiers
        if (item.kind == "phone") == phone_only and people.strong(item)
        for entry in _entries(item, channel, known)
        if not entry.source.endswith(_BY_PHONE)
    ]
    return min(entries, default=None)


def _entries(item: Identifier, channel: Channel, known: Known) -> Iterable[Entry]:
    return (known[channel, key] for key in item.keys if (channel, key) in known)


def _reached(people: People, row: Row, channel: Channel, *, showing: bool, phone_only: bool) -> Iterator[Identifier]:
    """The identifiers of a row that an objection covers: all of them on the record that shows it, else the strong ones."""
    for item in row.identifiers:
        fits = item.kind == "phone" if phone_only else channel == "telephone" or item.kind == "email"
        if fits and (showing or people.strong(item)):
            yield item


def _source(row: Row, objection: Objection) -> str:
    return f"{row.ref.crm}:{objection.source}"
