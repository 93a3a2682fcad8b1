"""Text without accents, case or typographic variety, and the way back to where each of its characters was read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_FOREIGN = re.compile(r"[^\x00-\x7f]")
_DROPPED = re.compile("[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufeff]")
_OTHERS = {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "’": "'", "‘": "'", "ʼ": "'", "`": "'"}
_SEPARATORS = ("-", "_", "/", "'", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` is the folded form of `source`; its character i was read from `source[starts[i]:ends[i]]`."""

    source: str
    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def raw(self, start: int, end: int) -> tuple[int, int]:
        """The offsets in `source` of `text[start:end]`."""
        return self.starts[start], self.ends[end - 1]

    def is_upper(self, start: int, end: int) -> bool:
        """Whether that part was written in capitals."""
        first, last = self.raw(start, end)
        return self.source[first:last].isupper()

    def is_lower(self, start: int, end: int) -> bool:
        """Whether that part was written in small letters."""
        first, last = self.raw(start, end)
        return self.source[first:last].islower()


def fold(source: str) -> Folded:
    """Folds a text. One character answers to one, save for combining and invisible marks, which are left out."""
    if source.isascii() or not _DROPPED.search(source):
        return Folded(source, plain(source), range(len(source)), range(1, len(source) + 1))
    kept = [i for i, char in enumerate(source) if not _DROPPED.match(char)]
    return Folded(source, plain("".join(source[i] for i in kept)), kept, [*kept[1:], len(source)][: len(kept)])


def plain(text: str) -> str:
    """The text in small unaccented letters, separators as spaces; of the same length."""
    text = text.replace("İ", "I").lower()
    if not text.isascii():
        text = _FOREIGN.sub(_unaccented, text)
    for separator in _SEPARATORS:
        text = text.replace(separator, " ")
    return text


def _unaccented(match: re.Match[str]) -> str:
    char = match[0]
    if char not in _PLAIN:
        _PLAIN[char] = _simplest(char)
    return _PLAIN[char]


def _simplest(char: str) -> str:
    if char in _OTHERS:
        return _OTHERS[char]
    category = unicodedata.category(char)
    if category in {"Zs", "Pd"}:
        return " "
    simple = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part)).lower()
    return simple if len(simple) == 1 else char


_PLAIN: dict[str, str] = {}
