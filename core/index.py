"""One record in the index: what must be remembered of it to judge its person, without a clear identifier (DESIGN §7)."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from core.identity import Identifier, Identity
from core.model import Channel, Mark, Moment, Objection, Record, Ref

_ZERO = datetime(1970, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record, pseudonymised. The fields mean what they mean in `Record`; `inbound` is the latest of them only.

    `objections` leaves out the flags that we pushed ourselves: these are no source (DESIGN §6 "What an objection is").
    `ours` are the marks on the record that we made: channels, its restriction, its being anonymised. `first_seen` is when
    the record came into the index; None when that was before this was noted.
    """

    ref: Ref
    version: str
    identifiers: tuple[Identifier, ...] = ()
    collected: datetime | None = None
    origin: str = ""
    inbound: Moment | None = None
    unreadable: tuple[str, ...] = ()
    signals: frozenset[str] = frozenset()
    open: tuple[str, ...] = ()
    objections: tuple[Objection, ...] = ()
    suppressed: frozenset[Channel] = frozenset()
    restricted: bool = False
    requests: tuple[str, ...] = ()
    ours: frozenset[Mark] = frozenset()
    first_seen: datetime | None = None

    def record(self) -> Record:
        """The record as a policy of scope `person` sees it: without values and identifiers."""
        return Record(
            ref=self.ref,
            version=self.version,
            collected=self.collected,
            origin=self.origin,
            inbound=(self.inbound,) if self.inbound else (),
            unreadable=self.unreadable,
            signals=self.signals,
            open=self.open,
            objections=self.objections,
            suppressed=self.suppressed,
            restricted=self.restricted,
            requests=self.requests,
        )


@dataclass(frozen=True, slots=True)
class Push:
    """A mark that we made: when, under which names its flags were seen since, and whether its objection was lifted."""

    at: datetime
    sources: frozenset[str] = frozenset()
    lifted: bool = False

    def explains(self, flags: Iterable[Objection]) -> bool:
        """True when all flags on its channel may be this mark.

        What shows first after it was made is. A flag that the vendor dates after that is somebody's objection, and so is
        one under a new name once ours was lifted; before, the vendor may still be setting one flag after the other.
        """
        return not self.sources or all(
            (flag.at is None or flag.at <= self.at) and (not self.lifted or flag.source in self.sources)
            for flag in flags
        )

    def learnt(self, flags: Iterable[Objection], now: datetime) -> Push:
        """What is known of it once these flags were seen with it.

        The first time dates it anew: the vendor's stamp of our write is later than what we noted before it.
        """
        flags = tuple(flags)
        at = self.at if self.sources else max([now, *(flag.at for flag in flags if flag.at)])
        return replace(self, at=at, sources=self.sources | {flag.source for flag in flags}) if flags else self


def row(record: Record, identity: Identity, ours: Set[Mark] = frozenset(), seen: datetime | None = None) -> Row:
    """The index row of a record. `ours` are the marks on it that we made ourselves, `seen` the moment it was read."""
    made = Row(
        ref=record.ref,
        version=record.version,
        identifiers=identity.all(record.emails, record.phones),
        collected=record.collected if record.collected and _dated(record.collected) else None,
        origin=record.origin,
        inbound=max((item for item in record.inbound if _dated(item.at)), default=None),
        unreadable=record.unreadable,
        signals=record.signals,
        open=record.open,
        objections=record.objections,
        suppressed=record.suppressed,
        restricted=record.restricted,
        requests=record.requests,
        first_seen=seen,
    )
    return marked(made, ours)


def marked(made: Row, ours: Set[Mark]) -> Row:
    """A row some marks of which are ours: their flags are left out."""
    flags = tuple(item for item in made.objections if item.channel not in ours)
    return replace(made, objections=flags, ours=frozenset(ours))


def _dated(moment: datetime) -> bool:
    """False for the zero that some tools write where there is no date: taken for one, it would be long overdue."""
    return moment > _ZERO


def shown(made: Row) -> frozenset[Mark]:
    """The marks that a record shows, whoever made them: channels closed, restriction, no identifier left.

    Must be given the row before flags of ours were left out of it.
    """
    closed: frozenset[Mark] = frozenset({*made.suppressed, *(item.channel for item in made.objections)})
    restricted: frozenset[Mark] = frozenset({"restriction"} if made.restricted else ())
    return closed | restricted | frozenset(() if made.identifiers else {"anonymised"})
