"""A card as a record, and its fields as an action wants them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import BadAnswer
from core.model import Objection, Record, Ref

from .client import Row
from .clock import inbound, moment, unreadable
from .schema import FLAGS, KIND, RESTRICTED


def record(crm: str, card: Row, wanted: Sequence[str], imported: Sequence[str]) -> Record:
    """One read of a card. Raises BadAnswer on what is not understood; the error itself would quote a value."""
    try:
        held, source, created = fields(card), card["source"], moment(card["created"])
        closed = [channel for channel, flag in FLAGS.items() if held.get(flag)]
        return Record(
            ref=Ref(crm, KIND, id_of(card)),
            version=version(card),
            emails=tuple(card["emails"]),
            phones=tuple(card["phones"]),
            values={name: str(held[name]) for name in wanted if held.get(name)},
            created=created,
            collected=None if source in imported else created,
            origin=source,
            inbound=inbound(card),
            unreadable=unreadable(card),
            signals=frozenset({"customer_stage"} if card["customer"] else ()),
            objections=tuple(Objection(channel, FLAGS[channel]) for channel in closed),
            suppressed=frozenset(closed),
            restricted=bool(held.get(RESTRICTED)),
        )
    except (AttributeError, TypeError, ValueError):
        raise BadAnswer("Cardbox: a card is not understood") from None


def id_of(card: Row) -> str:
    """The id, as text."""
    return str(card["id"])


def version(card: Row) -> str:
    """The change stamp: it moves with every edit."""
    return str(card["version"])


def fields(card: Row) -> Mapping[str, Any]:
    """What a card holds, by the name of the field."""
    held: Mapping[str, Any] = card["fields"]
    return held


def left(card: Row, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The part of what is wanted that is not so yet; empty and missing are one."""
    return {name: value for name, value in wanted.items() if (fields(card).get(name) or None) != value}
