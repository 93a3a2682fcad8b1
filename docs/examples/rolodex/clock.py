"""When the person was last in touch (RET-20), and what of it could not be read. Pure.

Never an edit, an import, or what our side did; a source that is hidden from us does not say "never".
"""

from __future__ import annotations

from datetime import UTC, datetime

from core.model import Moment

from .client import Row

REPLY = "wrote"
SOURCES = (REPLY,)


def inbound(card: Row) -> tuple[Moment, ...]:
    """The last contact coming from the person."""
    return (Moment(moment(card[REPLY]), REPLY),) if card.get(REPLY) else ()


def unreadable(card: Row) -> tuple[str, ...]:
    """The sources that this card does not show."""
    return tuple(source for source in SOURCES if source not in card)


def moment(stamp: int) -> datetime:
    """A date of the vendor: milliseconds since 1970. Raises TypeError on anything else."""
    return datetime.fromtimestamp(stamp / 1000, UTC)
