"""Cursors: the id of the next row (hubspot.md §2.1). Knows no route."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from connectors.sandbox.hubspot.access import Call
from connectors.sandbox.hubspot.errors import invalid
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.state import Doc

Row = tuple[int, str, Doc]


def stored(call: Call, store: str, limit: int) -> tuple[list[tuple[str, Doc]], dict[str, Any]]:
    """A page of stored documents and the `paging` to answer with. Raises Refusal for a cursor that is none."""
    after = call.request.one("after") or ""
    rows = call.portal.state.page(store, _place(call.portal, store, after), limit + 1)
    if len(rows) <= limit:
        return [(id, doc) for _, id, doc in rows], {}
    place, next_id, _ = rows[limit]
    call.portal.cursors[store, next_id] = place - 1
    return [(id, doc) for _, id, doc in rows[:limit]], paging(call, next_id)


def _place(portal: Portal, store: str, after: str) -> int:
    first = _number(after)
    place = portal.cursors.get((store, after)) if first else 0
    return _search(portal, store, first) if place is None else place


def _number(after: str) -> int:
    """A cursor as the id it is; 0 for none."""
    if after and not after.isdigit():
        raise invalid(f"Invalid paging cursor: {after}")
    return int(after or 0)


def _search(portal: Portal, store: str, first: int) -> int:
    """The place before the first row from an id on, for a cursor this process has not handed out."""
    place = 0
    while rows := portal.state.page(store, place):
        for place, id, _ in rows:
            if int(id) >= first:
                return place - 1
    return place


def listed(call: Call, rows: Iterable[Any], limit: int, key: Callable[[Any], str]) -> tuple[list[Any], dict[str, Any]]:
    """A page of rows held in memory, in the order of their ids, from the cursor on."""
    return window(call, rows, call.request.one("after") or "", limit, key)


def window(
    call: Call, rows: Iterable[Any], after: str, limit: int, key: Callable[[Any], str]
) -> tuple[list[Any], dict[str, Any]]:
    """The same for a cursor that did not come in the query."""
    first = _number(after)
    left = sorted((row for row in rows if int(key(row)) >= first), key=lambda row: int(key(row)))
    return left[:limit], paging(call, key(left[limit])) if len(left) > limit else {}


def paging(call: Call, after: str) -> dict[str, Any]:
    """The `paging` block for a cursor."""
    link = f"https://api.hubapi.com{call.request.path}?after={after}"
    return {"paging": {"next": {"after": after, "link": link}}}
