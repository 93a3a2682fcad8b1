"""What is known of the *person* behind a record, over all CRMs: the input of every judgement that is not about one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.identity import Kind
from core.model import Channel, Moment, Ref


@dataclass(frozen=True, slots=True)
class Seen:
    """A moment and the record it was read on."""

    moment: Moment
    ref: Ref


@dataclass(frozen=True, slots=True)
class Objected:
    """An objection that reaches this record: what says so, when, and by which kind of identifier it was matched."""

    source: str
    at: datetime | None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A person who was erased, after which nobody of them was left, and whose identifier a newer record carries (RET-26).

    `rule` and `at` say which erasure, the latest; `by` which kind of identifier matched. `weak` is True when that one is a
    generic mailbox or on too many records. `apart` is True when a strong identifier of the other kind speaks for somebody
    else. `acted` is the latest contact from the person on any record.
    """

    rule: str
    at: datetime
    by: Kind
    weak: bool = False
    apart: bool = False
    acted: Seen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The person behind one record.

    `linked` are the other records that share a strong key with it, directly or through another record: the person's own.
    `neighbours` in what follows are the records that carry a weak key of one of these: a key on too many records, or a
    generic mailbox. They can only protect (ADR 0004).
    `inbound` is the latest contact from the person on any of them, or of a neighbour; `anchored` is the latest one that
    dates *this* record: seen on itself or on a record matched by e-mail with no strong phone that says otherwise (a shared
    phone protects, it does not date). `signals`, `open`, `unreadable`, `holds` (ids of legal holds) and `requests` are
    unions over the person and the neighbours; `loose` are the signals seen only where a phone or a weak key leads: they
    may lengthen a period, never shorten it. `objected` are the channels on which this record must not be solicited.
    `restricted` is True when this record is, or a linked one or a neighbour is by another hand than ours. `anonymised`
    says that we anonymised this record.
    `gaps` say which CRMs could not be read whole: then nothing may be destroyed, anywhere.
    `shared` says that a key of this record is weak; `crowded` that this is so of an address which is no generic mailbox:
    the person's contacts elsewhere cannot be told. `returned` is there when the record showed up after its person had
    been erased.
    """

    linked: tuple[Ref, ...] = ()
    inbound: Seen | None = None
    anchored: Seen | None = None
    signals: frozenset[str] = frozenset()
    loose: frozenset[str] = frozenset()
    open: tuple[tuple[Ref, str], ...] = ()
    unreadable: tuple[tuple[Ref, str], ...] = ()
    objected: Mapping[Channel, Objected] = field(default_factory=dict)
    holds: tuple[str, ...] = ()
    restricted: bool = False
    anonymised: bool = False
    requests: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    shared: bool = False
    crowded: bool = False
    returned: Returned | None = None


NOTHING = Facts()
