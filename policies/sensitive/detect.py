"""Free text to hits: the one entrance to detection. Knows nothing of properties, settings or actions."""

from __future__ import annotations

from dataclasses import replace

from policies.sensitive import identifiers, lexicon
from policies.sensitive.folding import Folded, fold
from policies.sensitive.hit import Hit

__all__ = ["Hit", "detect"]


def detect(text: str) -> tuple[Hit, ...]:
    """What a text says that a CRM must not hold, in order. Offsets count characters of `text`; hits may overlap.

    Must be plain text, as a reader sees it (`markup.visible` for HTML). A denial is a hit too: "not religious" tells.
    """
    folded = fold(text)
    found = {*identifiers.find(folded), *lexicon.find(folded)}
    return tuple(sorted(_unfolded(folded, hit) for hit in found))


def _unfolded(folded: Folded, hit: Hit) -> Hit:
    start, end = folded.raw(hit.start, hit.end)
    return replace(hit, start=start, end=end)
