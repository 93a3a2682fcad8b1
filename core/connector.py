"""The contract of an adapter, and all that a third-party adapter needs to import besides `core.model` and its values.

An adapter translates between a vendor and these values, and does nothing else: no policy, no plan, no ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from core.actions import Command
from core.model import Channel, Page, Query, Record, Ref
from core.schema import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an adapter can do, as data.

    `kinds` are the kinds that hold persons. `actions` maps each action it can do (`core.actions.name`) to the kinds it
    can do it on; what is not there is never asked. `batch` is how many commands one `apply` takes, by action.
    `reads` is how many refs one `get` takes. `scopes` maps each method and action to the vendor's scopes or permissions
    it needs. `native` are the channels with a flag of the vendor's own, by kind; for the others `Suppress`
    writes a property that `declare` makes. `remains` says for each destructive action what the vendor keeps, and how
    long. `inbound` are the sources of `Record.inbound` it knows, `cascade` the children `Erase` can take along.
    """

    kinds: tuple[str, ...]
    actions: Mapping[str, tuple[str, ...]]
    batch: Mapping[str, int]
    reads: int = 100
    scopes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    native: Mapping[str, tuple[Channel, ...]] = field(default_factory=dict)
    remains: Mapping[str, str] = field(default_factory=dict)
    inbound: tuple[str, ...] = ()
    cascade: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Which account the credentials belong to, and how far they reach.

    `id` is the vendor's (portal, organisation, company). `missing` are the scopes or permissions of `Capabilities.scopes`
    that the credentials lack. `blind` says, a sentence each, why they may see only part of the records; not empty means
    that an absent record proves nothing. `quota` is (used, allowed) calls of the day, when the vendor tells.
    `undeclared` are the properties that `declare` would make and that are not there.
    """

    id: str
    name: str
    missing: tuple[str, ...] = ()
    blind: tuple[str, ...] = ()
    quota: tuple[int, int] | None = None
    undeclared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A user of the CRM (an operator, not a data subject). `admin` is None when the vendor does not tell."""

    id: str
    name: str
    active: bool
    admin: bool | None = None
    last_login: datetime | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """It was done now. `version` is the record's new one if the vendor's answer told it; `remains` what is left, until when."""

    version: str | None = None
    remains: str = ""


@dataclass(frozen=True, slots=True)
class AlreadyDone:
    """It was so before: nothing was written."""

    remains: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """The record is not the version that was read: nothing was written to it.

    `taken` says which of its children an erasure had taken along before that was seen; counts and kinds only.
    """

    taken: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The vendor will not do it to this record, or did it only in part. `why` holds codes and names, never a value."""

    why: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The record is not there. `taken` as in `Changed`: it went while its children were taken along."""

    taken: str = ""


Receipt = Done | AlreadyDone | Changed | Refused | Gone


class Connector(Protocol):
    """One account of one vendor.

    Must raise only `core.errors`: TryLater never leaves it (its transport waits), NotAllowed, Unreachable, QuotaSpent and
    BadAnswer stop this CRM. Must not log or raise a value of a record or a secret. May be used from one thread at a time.
    """

    capabilities: Capabilities

    def check(self) -> Account:
        """Asks the vendor who we are and what we may do. Must be cheap, and must authenticate."""
        ...

    def declare(self) -> tuple[str, ...]:
        """Makes the properties that `Suppress` and `Restrict` need and the vendor lacks; answers the names it made.

        Must leave alone what is there already. Doing it twice is the same as once.
        """
        ...

    def schema(self, kind: str) -> Schema:
        """The properties of a kind. Must include what the vendor hides by default (sensitive properties), if allowed."""
        ...

    def scan(self, query: Query) -> Iterator[Page]:
        """Every record, lazily, page by page.

        May repeat a record. Must not leave one out: a scan that cannot be complete raises. The last page, which may be
        empty, says so. Must read each of its inbound sources, or name it in `Record.unreadable`.
        """
        ...

    def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
        """Reads some records as `scan` would, clock inputs included. None means gone: deleted, archived, merged away.

        Must answer every ref asked; must not answer a record under another id than it has. Takes any number of refs.
        An id that a user wrote in another spelling of the vendor's is the same id: the record's own ref has the usual one.
        """
        ...

    def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
        """Does one kind of action to at most its batch size of records, one receipt a command, in order.

        Must write nothing to a record whose version is another than the command's (Changed). Applied twice must be the
        same as once (AlreadyDone, or Gone after an erasure). Of an absent record, Done or AlreadyDone says that it was
        erased and not archived or merged away; an adapter that cannot tell must say Gone. Must not repeat a write that may
        have taken effect before reading back.
        """
        ...

    def users(self) -> Iterator[Operator]:
        """The users of the account, for the access audit."""
        ...
