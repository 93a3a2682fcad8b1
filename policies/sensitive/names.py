"""The schema pass: which category of banned data a property holds, told from what it is called. Pure; sees no value."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from core.schema import Property, Schema
from policies.sensitive import options
from policies.sensitive.categories import CATEGORIES, Category, Confidence
from policies.sensitive.folding import plain
from policies.sensitive.trie import expanded, expression

_HASH = re.compile(r"[0-9a-f]{40}(?:_\w+)?")
_JOINTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])(?![0-9]\b)")
_SUFFIX = re.compile(r"__(?:c|pc|r)$", re.IGNORECASE)
_MARKED: tuple[tuple[re.Pattern[str], Category], ...] = (
    (re.compile(r"\b(?:hipaa|phi)\b"), "health"),
    (re.compile(r"\bpci\b"), "card"),
)
_NEUTRAL_SHAPES = frozenset({"email", "phone"})
_IDENTIFIERS = re.compile(
    r"\b(?:e ?mails?|courriel|phone|mobile|portable|tel|telephone|fax|names?|noms?|prenoms?|firstname|lastname|surname|middlename"
    r"|address|adresse|street|rue|city|ville|zip|postal|postcode|country|pays|state|region|website|url|domain|linkedin|company"
    r"|societe|siret|siren|tva|vat|id|ip)\b"
)
_NOTES = re.compile(
    r"\b(?:message|description|notes?|comments?|commentaires?|remarques?|bio|biography|twitterbio|about|summary)\b"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A property holds data of a category. `told_by` is what says so: name, label, description, group, options or marking."""

    category: Category
    confidence: Confidence
    told_by: str


@dataclass(frozen=True, slots=True)
class Called:
    """What one property is called, as folded words, and the category that all its choices are of."""

    texts: Mapping[str, str]
    chosen: Category | None


@dataclass(frozen=True, slots=True)
class Names:
    """How the properties of one category are called."""

    words: re.Pattern[str] | None
    hints: re.Pattern[str] | None
    unless: re.Pattern[str] | None


def classify(schema: Schema) -> dict[str, Verdict]:
    """The properties that hold banned data, by name; those not in it are harmless as far as their names tell."""
    verdicts = ((item.name, verdict(item)) for item in schema.properties)
    return {name: found for name, found in verdicts if found}


def verdict(item: Property) -> Verdict | None:
    """What one property holds; the surest reading, and of equals the first category."""
    if item.shape in _NEUTRAL_SHAPES:
        return None
    called = _called(item)
    readings = [found for category in CATEGORIES if (found := _reading(item, called, category))]
    return min(readings, key=lambda found: found.confidence != "explicit", default=None) or _by_marking(item)


def words(text: str) -> str:
    """A name or label as folded words: joints of camelCase opened, vendor suffixes and small words left out."""
    opened = _JOINTS.sub(" ", _SUFFIX.sub("", text))
    found = re.findall(r"[a-z0-9œæß]+", plain(opened))
    noise = _tables()["noise"]
    return " ".join(word for word in found if word not in noise)


def is_identifier(item: Property) -> bool:
    """Whether it is a short text that names or locates: a name, an address, a number. Words there are nobody's convictions."""
    return item.shape == "text" and any(_IDENTIFIERS.search(text) for text in _called(item).texts.values())


def is_note(item: Property) -> bool:
    """Whether it is one of the vendors' own fields for free text."""
    return any(_NOTES.search(text) for text in _called(item).texts.values())


def _called(item: Property) -> Called:
    name = "" if _HASH.fullmatch(item.name) else words(item.name)
    return Called({"name": name, "label": words(item.label)}, options.common_category(item))


def _reading(item: Property, called: Called, category: Category) -> Verdict | None:
    names = _names()[category]
    if _first(names.unless, called.texts):
        return None
    told_by = _first(names.words, called.texts)
    if told_by:
        return Verdict(category, "explicit", told_by)
    chosen = called.chosen == category
    told_by = _first(names.hints, called.texts)
    if told_by:
        return Verdict(category, "explicit" if chosen or _is_marked(item) else "indirect", told_by)
    if chosen:
        return Verdict(category, "explicit", "options")
    told_by = _first(names.words, {"description": words(item.description), "group": words(item.group)})
    return Verdict(category, "indirect", told_by) if told_by else None


def _first(pattern: re.Pattern[str] | None, texts: Mapping[str, str]) -> str:
    """Which of the texts the pattern is found in first; empty for none."""
    return next((told_by for told_by, text in texts.items() if pattern and pattern.search(text)), "")


def _by_marking(item: Property) -> Verdict | None:
    marking = plain(item.sensitivity)
    category = next((category for pattern, category in _MARKED if pattern.search(marking)), None)
    return Verdict(category, "indirect", "marking") if category else None


def _is_marked(item: Property) -> bool:
    """Whether the vendor's marking says that the customer holds it for sensitive; that it is personal data says nothing."""
    marking = plain(item.sensitivity)
    return "sensitive" in marking.replace("non sensitive", "") or any(pattern.search(marking) for pattern, _ in _MARKED)


@cache
def _tables() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("names.toml").read_text("utf-8"))


@cache
def _names() -> Mapping[Category, Names]:
    return {
        category: Names(_pattern(table["words"]), _pattern(table["hints"]), _pattern(table["unless"]))
        for category in CATEGORIES
        for table in [_tables()[category]]
    }


def _pattern(forms: Iterable[str]) -> re.Pattern[str] | None:
    phrases = [words(phrase) for form in forms for phrase in expanded(form)]
    return re.compile(expression(phrase for phrase in phrases if phrase)) if phrases else None
