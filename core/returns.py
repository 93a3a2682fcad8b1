"""Who came back: a record that showed up after everybody of its identifier had been erased (RET-26; DESIGN §6). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.facts import Returned, Seen
from core.identity import Identifier, SubjectKey
from core.index import Row
from core.model import Ref
from core.people import People


@dataclass(frozen=True, slots=True)
class Erasure:
    """What a tombstone says of one identifier: the rule that erased its person, and when.

    `absent_from` are the CRMs that were read whole then, once no record in any of them carried the identifier any more;
    empty as long as one did. A CRM that is not among them may have had the record all along.
    """

    rule: str
    at: datetime
    absent_from: frozenset[str] = frozenset()


Erasures = Mapping[SubjectKey, tuple[Erasure, ...]]


def returned(people: People, ref: Ref, erasures: Erasures) -> Returned | None:
    """The erasure that a record came back from; None for one that was there before, or whose person never was gone.

    Of several the best match counts: a strong identifier before a weak one, an e-mail before a phone, then the latest.
    """
    row = people.rows[ref]
    if not erasures or row.first_seen is None:
        return None
    matches = [
        (people.strong(item), item.kind == "email", erasure.at, erasure.rule, item)
        for item in row.identifiers
        for erasure in _of(item, erasures)
        if row.ref.crm in erasure.absent_from and row.first_seen > erasure.at
    ]
    if not matches:
        return None
    strong, _, at, rule, item = max(matches, key=lambda match: match[:4])
    apart = _apart(people, row, item, erasures)
    return Returned(rule=rule, at=at, by=item.kind, weak=not strong, apart=apart, acted=_acted(people, ref))


def _of(item: Identifier, erasures: Erasures) -> list[Erasure]:
    return [erasure for key in item.keys for erasure in erasures.get(key, ())]


def _apart(people: People, row: Row, matched: Identifier, erasures: Erasures) -> bool:
    """True when the strong identifiers of the other kind are there and none of them is known of an erased person."""
    others = [item for item in row.identifiers if item.kind != matched.kind and people.strong(item)]
    return bool(others) and not any(_of(item, erasures) for item in others)


def _acted(people: People, ref: Ref) -> Seen | None:
    """The latest contact from the person; unlike the clock, being collected is none: an import has such a date too."""
    rows = [people.rows[item] for item in (ref, *people.linked(ref))]
    seen = [Seen(row.inbound, row.ref) for row in rows if row.inbound]
    return max(seen, key=lambda item: (item.moment, item.ref), default=None)
