"""The words of the trade as values: ref, record, moment, objection. Frozen; personal values never appear in a repr.

ref      where a record lives: (crm, kind, id). `crm` is the name of the account in the configuration
record   one read of a ref, with the values that were asked for; lives in memory only
version  the vendor's change stamp as read, opaque to everybody but its adapter
moment   something that happened at a time, and the source that says so
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from core.errors import ConfigError

Channel = Literal["email", "telephone"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
Mark = Literal["email", "telephone", "restriction", "anonymised"]


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Where a record lives. Written `crm:kind:id`."""

    crm: str
    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.crm}:{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Reads `crm:kind:id`. Raises ConfigError."""
        parts = text.strip().split(":", 2)
        if len(parts) != 3 or not all(parts):
            raise ConfigError(f"{text!r} is not a record.", "Write it as CRM:KIND:ID, for example hubspot:contact:101.")
        return cls(*parts)


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """Something that happened: when (UTC), and which source says so (`hs_email_last_click_date`, `order`)."""

    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class Objection:
    """A person's objection to marketing on one channel, as a flag of the vendor states it (SUP-01).

    `source` is the vendor's name of the flag; `at` when it was set, if the vendor tells.
    Must come only from the flags DESIGN §6 "What an objection is" lists; never from a bounce or an unset status.
    """

    channel: Channel
    source: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One read of one person's record.

    `emails` and `phones` hold every address and number of the record, the main one first, as written in the CRM.
    `values` holds the properties that were asked for and are filled, as text; a multiple choice is joined by `;`.
    `collected` is when the person gave the data: None when it came by import, migration or integration, or is unknown.
    `inbound` are contacts coming *from the person*, at most one (the latest) a source (RET-20).
    `unreadable` names the sources of `inbound`, `signals` or `open` that could not be read for this record.
    `signals` are named facts the audience is told from: `won_deal`, `order`, `contract`, `customer_stage` …
    `open` are kinds of open business: `deal`, `opportunity`, `ticket`, `case`.
    `objections` are the flags set on it; `suppressed` the channels on which the CRM would no longer solicit *any* of its
    identifiers. `restricted` is the property that `Restrict` writes. `requests` names rights requests seen on it.
    `origin` says in the vendor's words how the record came to be (for findings; never a personal value).
    """

    ref: Ref
    version: str
    emails: tuple[str, ...] = field(default=(), repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    created: datetime | None = None
    collected: datetime | None = None
    origin: str = ""
    inbound: tuple[Moment, ...] = ()
    unreadable: tuple[str, ...] = ()
    signals: frozenset[str] = frozenset()
    open: tuple[str, ...] = ()
    objections: tuple[Objection, ...] = ()
    suppressed: frozenset[Channel] = frozenset()
    restricted: bool = False
    archived: bool = False
    requests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """What to scan: all records of a kind that holds persons, archived ones not included.

    `properties` are the names whose values are wanted in `Record.values`; what the core needs besides (identifiers,
    clock, flags) an adapter adds by itself.
    """

    kind: str
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of a scan. `last` is True on the page after which there is no more, and only there.

    `total` is how many records the scan will yield, when the vendor tells (for progress bars only).
    """

    records: tuple[Record, ...]
    last: bool
    total: int | None = None
