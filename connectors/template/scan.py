"""Reading: every card, or some by id; both see the same. Must not write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.model import Page, Query, Record, Ref

from .client import Api
from .options import CardboxOptions
from .records import record
from .schema import KIND


class Reader:
    """Reads the cards of one account."""

    def __init__(self, crm: str, api: Api, options: CardboxOptions) -> None:
        self._crm, self._api, self._options = crm, api, options

    def scan(self, query: Query) -> Iterator[Page]:
        """Every card, page by page."""
        for cards, last in self._api.pages():
            found = (record(self._crm, card, query.properties, self._options.imported) for card in cards)
            yield Page(tuple(found), last=last)

    def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
        """Some cards; None for what is not there under the very id that was asked."""
        cards = self._api.some([ref.id for ref in refs if ref.kind == KIND])
        found = {id: record(self._crm, card, properties, self._options.imported) for id, card in cards.items()}
        return {ref: found.get(ref.id) if ref.kind == KIND else None for ref in refs}
