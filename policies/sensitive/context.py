"""What stands around a term: the cues that bear it out, and the neighbours that give it another sense."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from policies.sensitive.trie import expression

_BREAK = re.compile(r"[!?;\n]|(?<=[a-z0-9)]{3})\.(?![a-z0-9])")
_SENTENCE = 160
_GLUE = "(?:a|au|aux|d|de|des|du|en|l|la|le|les|et|pour|contre|sur|of|for|the|against|on|and|to|s)"
_NEAR_BEFORE = rf"(?: +{_GLUE})*(?: +[a-z0-9]+)?(?: +{_GLUE})* *$"
_NEAR_AFTER = rf" *(?:(?!(?:{_GLUE}|at|in|from|since|last|this|next|but|par|dans|avec|chez|mais|depuis) )[a-z0-9]+ +)?"
_OPENS = re.compile(r"(?:^|[!?;\n(]|[a-z0-9)]{3}\.(?![a-z0-9]))[ *•>.:]*$")
_CLOSES = re.compile(
    r" *(?:$|[,.;:!?()\n]| (?:depuis|et|mais|car|suite|type|stade|donc|pas|ne|n|l|en|au|notoire|severe|grave|confirme"
    r"|since|and|but|so|after|from|last|this|no)\b)"
)
_TITLED = re.compile(r"\b(?:m|mr|mrs|ms|mme|mlle|dr|me|pr|monsieur|madame|mademoiselle|docteur|sir)\.? +$")


@dataclass(frozen=True, slots=True)
class Cues:
    """Phrases to be found before or after a term, in its sentence and within so many words; or that it stands alone.

    A term stands alone when it opens its sentence or parenthesis and its clause ends with it.
    """

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    words: int = 6
    alone: bool = False

    def find(self, text: str, start: int, end: int) -> tuple[int, int] | None:
        """Where the first cue is; None when there is none."""
        low = _low(text, start, self.words)
        cue = _anywhere(self.before).search(text, low, start) if self.before else None
        if cue is None and self.after:
            cue = _anywhere(self.after).search(text, end, _high(text, end, self.words))
        if cue:
            return cue.span()
        return (start, end) if self.alone and stands_alone(text, start, end) else None


@dataclass(frozen=True, slots=True)
class Spoilers:
    """Phrases right before or after a term, at most one word and some articles away, that make it speak of something else."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def spoil(self, text: str, start: int, end: int) -> bool:
        """Whether one of them stands there."""
        if self.before and _right_before(self.before).search(text, max(0, start - _SENTENCE), start):
            return True
        return bool(self.after and _right_after(self.after).match(text, end))


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether the words at that place are a clause by themselves, as in telegram style: "Diabetic, call in the morning"."""
    opens = _OPENS.search(text[max(0, start - 8) : start]) is not None
    return opens and _CLOSES.match(text, end) is not None


def is_titled(text: str, start: int) -> bool:
    """Whether a title such as Mrs stands right before, so that what looks like a word may be a surname."""
    return _TITLED.search(text, max(0, start - 16), start) is not None


@cache
def _anywhere(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile(expression(phrases))


@cache
def _right_before(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile(expression(phrases) + _NEAR_BEFORE)


@cache
def _right_after(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile(_NEAR_AFTER + expression(phrases))


def _low(text: str, start: int, words: int) -> int:
    low = max(0, start - _SENTENCE)
    for stop in _BREAK.finditer(text, low, start):
        low = stop.end()
    position = start
    for _ in range(words + 1):
        position = text.rfind(" ", low, position)
        if position < 0:
            return low
    return position + 1


def _high(text: str, end: int, words: int) -> int:
    stop = _BREAK.search(text, end, end + _SENTENCE)
    high = stop.start() if stop else min(len(text), end + _SENTENCE)
    position = end
    for _ in range(words + 1):
        position = text.find(" ", position + 1, high)
        if position < 0:
            return high
    return position
