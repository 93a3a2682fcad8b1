"""When the person was last in touch (RET-20), and what of it could not be read. Pure.

Never an edit, an import, or what our side did; a source that is hidden from us does not say "never".
"""

from __future__ import annotations

from datetime import UTC, datetime

from core.model import Moment

from .client import Row

REPLY = "last_reply"
SOURCES = (REPLY,)


def inbound(card: Row) -> tuple[Moment, ...]:
    """The last contact coming from the person."""
    return (Moment(moment(card[REPLY]), REPLY),) if card.get(REPLY) else ()


def unreadable(card: Row) -> tuple[str, ...]:
    """The sources that this card does not show."""
    return tuple(source for source in SOURCES if source not in card)


def moment(text: str) -> datetime:
    """A date of the vendor. Raises ValueError on one that could be of any time zone."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("no offset")
    return found.astimezone(UTC)
