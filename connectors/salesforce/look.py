"""A person as they stand: looked at before their children are removed, and once more before the record goes itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from connectors.salesforce import scan
from connectors.salesforce.schema import Org
from core.model import Record, Ref

_EDITED = "LastModifiedDate"


def look(org: Org, kind: str, ids: Iterable[str]) -> dict[str, Record]:
    """The records that are there, by id, clock inputs and the date of the last edit included. Two calls for 200 of them."""
    refs = [Ref(org.client.crm, kind, id) for id in ids]
    return {ref.id: record for ref, record in scan.get(org, refs, (_EDITED,)).items() if record}


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
