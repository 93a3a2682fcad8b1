"""A person as they stand: looked at before anything is deleted, and once more before the record goes after its children."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from connectors.salesforce import scan
from connectors.salesforce.schema import Org
from core.model import Record

RECENT = timedelta(minutes=15)
_EDITED = "LastModifiedDate"


@dataclass(frozen=True, slots=True)
class Sight:
    """A record that is there. `news`: a child that counts as contact or business was written within RECENT.

    A child does not move the record's version, and an order does not tell when its record was read: what was written in
    the last minutes may have come after that, and is judged first.
    """

    record: Record
    news: bool


def look(org: Org, kind: str, ids: Iterable[str]) -> dict[str, Sight]:
    """The records that are there, by id, clock inputs and the date of the last edit included. Two calls for 200 of them."""
    since = org.client.now() - RECENT
    found = scan.seen(org, kind, ids, (_EDITED,))
    return {id: Sight(record, bool(facts.touched and facts.touched > since)) for id, (record, facts) in found.items()}


def stirred(before: Record, after: Record) -> bool:
    """True when somebody else changed the record, or more is known of the person, since the first look.

    Removing children takes moments, signals and open business away and adds none; it may move SystemModstamp, as any
    change of the system's does, but not the date of the last edit (§2.3).
    """
    known = {moment.source: moment.at for moment in before.inbound}
    return (
        _own(before) != _own(after)
        or any(moment.source not in known or moment.at > known[moment.source] for moment in after.inbound)
        or not after.signals <= before.signals
        or not {*after.open, *after.unreadable} <= {*before.open, *before.unreadable}
    )


def _own(record: Record) -> Record:
    """What the record itself holds, without what is told from its children."""
    return replace(record, version="", inbound=(), signals=frozenset(), open=(), unreadable=())
