"""Open queries: a snapshot of ids that a client reads page by page, for two days (reference §2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.salesforce import ids
from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.salesforce.soql.engine import Answer, Engine

_LIFE = timedelta(days=2)
_CHILDREN = 200
_REMEMBERED = 3_000_000


@dataclass(frozen=True, slots=True)
class Cursor:
    """An answer that is longer than its page."""

    answer: Answer
    batch: int
    opened: datetime
    user: str


def engine(session: Session, deleted: bool) -> Engine:
    """An engine whose child sub-queries page like any other query."""
    return Engine(session, deleted, lambda answer: first_page(session, answer, _CHILDREN))


def first_page(session: Session, answer: Answer, batch: int) -> dict[str, Any]:
    """The answer's first page; a cursor is opened when there is more."""
    if answer.counted or answer.total <= batch:
        return _page(session, Cursor(answer, batch, session.org.now(), session.user), "", 0)
    locator = ids.make("01g", session.org.state.next_id(session.org.kind("_cursor")))
    cursor = Cursor(answer, batch, session.org.now(), session.user)
    remember(session, locator, cursor)
    return _page(session, cursor, locator, 0)


def remember(session: Session, key: str, cursor: Cursor) -> None:
    """Keeps a cursor, and forgets the oldest ones while all together hold too many ids for the sandbox's memory."""
    cursors = session.org.cursors
    cursors[key] = cursor
    while len(cursors) > 1 and sum(each.answer.total for each in cursors.values()) > _REMEMBERED:
        del cursors[next(iter(cursors))]


def next_page(session: Session, locator: str) -> dict[str, Any]:
    """A further page, by `<cursor>-<offset>`. Raises Fail INVALID_QUERY_LOCATOR."""
    id, _, offset = locator.partition("-")
    cursor = session.org.cursors.get(id)
    if not isinstance(cursor, Cursor) or not offset.isdigit() or not _open(session, cursor):
        raise Fail("INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(session, cursor, id, int(offset))


def _open(session: Session, cursor: Cursor) -> bool:
    return cursor.user == session.user and session.org.now() <= cursor.opened + _LIFE


def _page(session: Session, cursor: Cursor, locator: str, start: int) -> dict[str, Any]:
    end = start + cursor.batch
    done = cursor.answer.counted or end >= cursor.answer.total
    page: dict[str, Any] = {"totalSize": cursor.answer.total, "done": done}
    if not done:
        page["nextRecordsUrl"] = f"{session.base}/query/{locator}-{end}"
    return {**page, "records": cursor.answer.page(start, end)}
