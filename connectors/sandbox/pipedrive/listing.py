"""Paging in v2: an opaque cursor that names the first item of the next page (§3.3)."""

from __future__ import annotations

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from connectors.sandbox.pipedrive import query
from connectors.sandbox.pipedrive.answers import cursor_page, invalid
from connectors.sandbox.pipedrive.order import Pair
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

DEFAULT_LIMIT = 100
PAGE: dict[str, query.Parse] = {"limit": query.limit(500), "cursor": query.string}
DIRECTION = query.choice("asc", "desc")


def encode(marker: Doc) -> str:
    """A cursor for a place."""
    return base64.urlsafe_b64encode(json.dumps(marker).encode()).decode().rstrip("=")


def decode(cursor: str, *keys: str) -> Doc:
    """The place that a cursor of ours names. Raises Refusal (400) for any other text."""
    try:
        marker = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        marker = None
    if not isinstance(marker, dict) or set(marker) != set(keys):
        raise invalid(("cursor", "is not valid"))
    return marker


def start_of(cursor: str | None) -> int:
    """Where the page of a cursor over a list at hand begins. Raises Refusal (400)."""
    start = decode(cursor, "start")["start"] if cursor else 0
    if not isinstance(start, int):
        raise invalid(("cursor", "is not valid"))
    return start


def plain(rows: Sequence[Any], params: Doc, wrap: Callable[[list[Any]], Any] = list) -> Response:
    """A page of a list that is at hand."""
    start = start_of(params.get("cursor"))
    end = start + params.get("limit", DEFAULT_LIMIT)
    return cursor_page(wrap(list(rows[start:end])), encode({"start": end}) if len(rows) > end else None)


class Walk:
    """A walk over sorted ids from a cursor on, one page long."""

    def __init__(self, params: Doc) -> None:
        self.field: str = params.get("sort_by", "id")
        self.direction: str = params.get("sort_direction", "asc")
        self.limit: int = params.get("limit", DEFAULT_LIMIT)
        self._from = self._marker(params["cursor"]) if params.get("cursor") else None

    def _marker(self, cursor: str) -> Pair:
        marker = decode(cursor, "field", "fieldValue", "sortDirection", "id")
        fits = (marker["field"], marker["sortDirection"]) == (self.field, self.direction)
        if not fits or not isinstance(marker["fieldValue"], int if self.field == "id" else str):
            raise invalid(("cursor", "does not fit the sorting of this request"))
        return marker["fieldValue"], marker["id"]

    def _ids(self, pairs: Sequence[Pair]) -> Iterator[Pair]:
        if self.direction == "asc":
            places = range(bisect_left(pairs, self._from) if self._from else 0, len(pairs))
        else:
            places = range((bisect_right(pairs, self._from) if self._from else len(pairs)) - 1, -1, -1)
        return (pairs[place] for place in places)

    def page(self, pairs: Sequence[Pair], read: Callable[[int], Doc | None]) -> tuple[list[Doc], str | None]:
        """The next records, those that `read` gives, and the cursor of the page after (None at the end)."""
        docs: list[Doc] = []
        for value, id in self._ids(pairs):
            doc = read(id)
            if doc is None:
                continue
            if len(docs) == self.limit:
                marker = {"field": self.field, "fieldValue": value, "sortDirection": self.direction, "id": id}
                return docs, encode(marker)
            docs.append(doc)
        return docs, None
