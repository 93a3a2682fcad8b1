"""The words that reveal, each with the context it needs: the rules of `fr.toml` and `en.toml`, run in one pass over a text."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from policies.sensitive.categories import Category, Confidence
from policies.sensitive.context import Cues, Spoilers, is_titled
from policies.sensitive.folding import Folded, fold
from policies.sensitive.hit import Hit
from policies.sensitive.trie import expanded, expression

PACKS = ("fr", "en")
_ALONE = "^"


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of wording. `needs` is None when the words are enough alone; `unless` is what spoils them.

    `written` is the case they must be written in, where they mean something else otherwise. `takes` says that the cue
    is part of what reveals. `label` says that as a choice of a picklist they are enough alone.
    """

    id: str
    category: Category
    confidence: Confidence
    needs: Cues | None
    unless: tuple[Spoilers, ...]
    written: str
    takes: bool
    label: bool

    def span(self, folded: Folded, start: int, end: int) -> tuple[int, int] | None:
        """What is to be taken out for the words at that place; None when the context does not bear them out."""
        if self.spoilt(folded, start, end):
            return None
        if self.needs is None:
            return start, end
        cue = self.needs.find(folded.text, start, end)
        if cue is None:
            return None
        return (min(start, cue[0]), max(end, cue[1])) if self.takes else (start, end)

    def spoilt(self, folded: Folded, start: int, end: int) -> bool:
        """Whether the words at that place are written or used in another sense."""
        if self.written == "upper" and not folded.is_upper(start, end):
            return True
        if self.written == "lower" and not folded.is_lower(start, end):
            return True
        if is_titled(folded.text, start) and not folded.is_lower(start, end):
            return True
        return any(spoilers.spoil(folded.text, start, end) for spoilers in self.unless)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Every phrase in one pattern, and the rules of each; a phrase without rules is harmless and hides what is in it."""

    pattern: re.Pattern[str]
    rules: Mapping[str, Sequence[Rule]]

    def candidates(self, folded: Folded) -> Iterator[tuple[int, int, Sequence[Rule]]]:
        """The phrases in a text, the longest at each place, with the rules to be asked."""
        for match in self.pattern.finditer(folded.text):
            rules = self.rules[" ".join(match[0].split())]
            if rules:
                yield match.start(), match.end(), rules


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a choice of a picklist says. `sure` is False for words that need the company of others of their category."""

    category: Category
    rule: str
    confidence: Confidence
    sure: bool


def find(folded: Folded) -> Iterator[Hit]:
    """What the text reveals, at offsets of the folded text."""
    for start, end, rules in lexicon().candidates(folded):
        for rule in rules:
            span = rule.span(folded, start, end)
            if span:
                yield Hit(*span, rule.category, rule.id, rule.confidence)
                break


def meaning(label: str) -> Meaning | None:
    """What the label of a choice says of whom it is chosen for; the surest reading of it."""
    folded = fold(label.strip())
    found = []
    for start, end, rules in lexicon().candidates(folded):
        whole = start == 0 and end == len(folded.text)
        for rule in rules:
            sure = rule.label or rule.span(folded, start, end) is not None
            if (sure or whole) and not rule.spoilt(folded, start, end):
                found.append(Meaning(rule.category, rule.id, rule.confidence, sure))
    return max(found, key=lambda item: (item.sure, item.confidence == "explicit"), default=None)


@cache
def lexicon() -> Lexicon:
    """All packs at once: a note may be in any language, or in two. Compiled once a process."""
    tables = [tomllib.loads(files(__package__).joinpath(f"{pack}.toml").read_text("utf-8")) for pack in PACKS]
    always = tuple(_spoilers(table["unless"], table["cues"]) for table in tables)
    rules: dict[str, list[Rule]] = defaultdict(list)
    for table in tables:
        rules |= {phrase: rules[phrase] for phrase in _phrases(table["harmless"], {})}
        for rule, phrases in _read(table, always):
            for phrase in phrases:
                rules[phrase].append(rule)
    return Lexicon(re.compile(expression(rules)), dict(rules))


def _read(table: Mapping[str, Any], always: tuple[Spoilers, ...]) -> Iterator[tuple[Rule, tuple[str, ...]]]:
    """The rules of a pack with their phrases. The spoilers of every pack count: words of two languages look alike."""
    cues: Mapping[str, list[str]] = table["cues"]
    for entry in table["rule"]:
        needs = _needs(entry, cues)
        rule = Rule(
            id=entry["id"],
            category=entry["category"],
            confidence="indirect" if entry.get("indirect") else "explicit",
            needs=needs,
            unless=(*always, _spoilers(entry.get("unless", {}), cues)),
            written=entry.get("written", ""),
            takes=entry.get("takes", False),
            label=entry.get("label", needs is None),
        )
        yield rule, _phrases(entry["forms"], cues)


def _needs(entry: Mapping[str, Any], cues: Mapping[str, list[str]]) -> Cues | None:
    before = [*entry.get("near", []), *entry.get("before", [])]
    after = [*entry.get("near", []), *entry.get("after", [])]
    if not before and not after:
        return None
    left = [form for form in before if form != _ALONE]
    right = [form for form in after if form != _ALONE]
    return Cues(_phrases(left, cues), _phrases(right, cues), entry.get("window", 6), _ALONE in before)


def _spoilers(table: Mapping[str, list[str]], cues: Mapping[str, list[str]]) -> Spoilers:
    return Spoilers(_phrases(table.get("before", []), cues), _phrases(table.get("after", []), cues))


def _phrases(forms: Iterable[str], cues: Mapping[str, list[str]]) -> tuple[str, ...]:
    """The phrases of forms; `@name` stands for a list of cues."""
    listed = (item for form in forms for item in (cues[form[1:]] if form.startswith("@") else [form]))
    return tuple(phrase for form in listed for phrase in expanded(form))
