"""One record in the index: what must be remembered of it to judge its person, without a clear identifier (DESIGN §7)."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime

from core.identity import Identifier, Identity
from core.model import Channel, Moment, Objection, Record, Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record, pseudonymised. The fields mean what they mean in `Record`; `inbound` is the latest of them only.

    `objections` leaves out the flags that we pushed ourselves: these are no source (DESIGN §6 "What an objection is").
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


def row(record: Record, identity: Identity, pushed: Set[Channel] = frozenset()) -> Row:
    """The index row of a record. `pushed` are the channels whose flag on this record we set ourselves."""
    return Row(
        ref=record.ref,
        version=record.version,
        identifiers=identity.all(record.emails, record.phones),
        collected=record.collected,
        origin=record.origin,
        inbound=max(record.inbound, default=None),
        unreadable=record.unreadable,
        signals=record.signals,
        open=record.open,
        objections=tuple(item for item in record.objections if item.channel not in pushed),
        suppressed=record.suppressed,
        restricted=record.restricted,
        requests=record.requests,
    )
