"""What is looked for in one property of a record: that it is filled, that a choice is made, that a text reveals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.actions import Action, Clear, Redact, Span
from core.findings import Finding
from core.model import Record
from core.schema import Property
from policies.sensitive.categories import BANNED, CATEGORIES, MASKS, Category, Confidence, label, rule
from policies.sensitive.detect import Hit, detect
from policies.sensitive.lexicon import Meaning
from policies.sensitive.markup import visible
from policies.sensitive.names import Verdict
from policies.sensitive.settings import SensitiveSettings, Verb

TEXTS = frozenset({"text", "longtext", "html"})
_UNTICKED = frozenset({"false", "0", "no"})

Place = tuple[Category, Confidence]
Located = tuple[Hit, tuple[tuple[int, int], ...]]


class Check(Protocol):
    """Something to look for in the value of one property. Must not put the value, or a part of it, into words."""

    def findings(self, record: Record, value: str) -> Iterator[Finding]:
        """What was found in this value of this record."""
        ...


@dataclass(frozen=True, slots=True)
class Filled:
    """The property as a whole is banned, by what it is called or, without a verdict, by the admin: its value is not read.

    An unticked box is not filled: it is how vendors write an empty one.
    """

    item: Property
    settings: SensitiveSettings
    verdict: Verdict | None

    @property
    def verb(self) -> Verb:
        """What to do about it. A label can only be written into a text; any other shape is then only reported."""
        if self.verdict is None:
            return "clear"
        wanted = (
            self.settings.for_property(self.verdict.category) if self.verdict.confidence == "explicit" else "report"
        )
        return "report" if wanted == "redact" and self.item.shape not in TEXTS else wanted

    @property
    def acts(self) -> bool:
        """Whether it takes the whole value out, so that there is nothing more to look for."""
        return self.item.clearable and self.verb != "report"

    def findings(self, record: Record, value: str) -> Iterator[Finding]:
        """One finding when the property is filled."""
        if (self.item.shape == "bool" and value.lower() in _UNTICKED) or (self.verb == "redact" and value in MASKS):
            return
        if self.verdict is None:
            reason = Reason("banned", BANNED, f"{called(self.item)} is banned by the configuration", {})
        else:
            place, told_by = (self.verdict.category, self.verdict.confidence), f"schema.{self.verdict.told_by}"
            reason = Reason.of(place, f"{called(self.item)} is a property for", told_by)
        yield reason.finding(record, self.item, self._action(len(value)), _why_not(self.verb))

    def _action(self, length: int) -> Action | None:
        if not self.acts:
            return None
        if self.verdict is None or self.verb == "clear":
            return Clear((self.item.name,))
        return Redact(self.item.name, (Span(0, length, label(self.verdict.category, self.settings.label_language)),))


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice of a picklist reveals, or is banned by the admin. Beside others just it is taken out; else all is emptied."""

    item: Property
    settings: SensitiveSettings
    meanings: Mapping[str, Meaning]
    banned: frozenset[str] = frozenset()

    def findings(self, record: Record, value: str) -> Iterator[Finding]:
        """One finding a choice that reveals or is banned."""
        chosen = [part.strip() for part in value.split(";")] if self.item.shape == "choices" else [value.strip()]
        verbs = {part: self._verb(part) for part in chosen if part in self.meanings or part in self.banned}
        going = {part for part, verb in verbs.items() if verb == "clear" and self.item.clearable}
        for part, verb in verbs.items():
            action = self._action(chosen, going) if part in going else None
            yield self._reason(part).finding(record, self.item, action, _why_not(verb))

    def _reason(self, part: str) -> Reason:
        if part in self.banned:
            return Reason("banned", BANNED, f"a choice of {called(self.item)} is banned by the configuration", {})
        meaning = self.meanings[part]
        begins = f"a choice of {called(self.item)} reveals"
        return Reason.of((meaning.category, meaning.confidence), begins, meaning.rule)

    def _action(self, chosen: Sequence[str], going: set[str]) -> Clear:
        """One action for all the choices that go, whichever finding asks for it."""
        if going.issuperset(chosen):
            return Clear((self.item.name,))
        places = tuple(place for place, part in enumerate(chosen) if part in going)
        return Clear((self.item.name,), tuple(chosen[place] for place in places), places)

    def _verb(self, part: str) -> Verb:
        if part in self.banned:
            return "clear"
        meaning = self.meanings[part]
        return self.settings.for_option(meaning.category, explicit=meaning.confidence == "explicit")


@dataclass(frozen=True, slots=True)
class Said:
    """A free text reveals: the words that do are replaced, the rest is kept to the letter.

    One finding a category and confidence. The first that asks for something carries the one action on the property, with
    the spans of all: each span counts characters of the value as read, so there can be only one.
    """

    item: Property
    settings: SensitiveSettings

    def findings(self, record: Record, value: str) -> Iterator[Finding]:
        """What the text reveals, by category; nothing for a text that reveals nothing."""
        located = self._located(value)
        verbs = {place: self._verb(place) for place in sorted({_place(hit) for hit, _ in located}, key=_order)}
        action = self._action(located, verbs)
        wanted = "clear" if isinstance(action, Clear) else "redact"
        carrier = next((place for place in verbs if action and verbs[place] == wanted), None)
        for place, verb in verbs.items():
            terms = ", ".join(sorted({hit.rule for hit, _ in located if _place(hit) == place}))
            reason = Reason.of(place, f"the text of {called(self.item)} reveals", terms)
            why_not = f"taken out with the {carrier[0]} in it" if carrier and verb != "report" else _why_not(verb)
            yield reason.finding(record, self.item, action if place == carrier else None, why_not)

    def _located(self, value: str) -> list[Located]:
        if self.item.shape != "html":
            return [(hit, ((hit.start, hit.end),)) for hit in detect(value)]
        view = visible(value)
        return [(hit, tuple(view.raw(hit.start, hit.end))) for hit in detect(view.text)]

    def _verb(self, place: Place) -> Verb:
        category, confidence = place
        return self.settings.for_text(category, explicit=confidence == "explicit")

    def _action(self, located: Sequence[Located], verbs: Mapping[Place, Verb]) -> Action | None:
        if not self.item.clearable:
            return None
        if "clear" in verbs.values():
            return Clear((self.item.name,))
        spans = [
            Span(start, end, label(hit.category, self.settings.label_language))
            for hit, stretches in located
            if verbs[_place(hit)] == "redact"
            for start, end in stretches
        ]
        return Redact(self.item.name, merged(spans)) if spans else None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is a finding: its category or `banned`, its rule, the sentence and its inputs."""

    category: str
    rule: str
    because: str
    facts: Mapping[str, str]

    @classmethod
    def of(cls, place: Place, begins: str, term: str) -> Reason:
        """The reason of something that is of a category, borne out by a term: by its id, never by its words."""
        category, confidence = place
        facts = {"term": term, "confidence": confidence}
        return cls(category, rule(category, confidence), f"{begins} {category} ({confidence}, {term})", facts)

    def finding(self, record: Record, item: Property, action: Action | None, why_not: str) -> Finding:
        """The finding on a record; `why_not` is said when there is no action."""
        history = {"history": "the vendor keeps old values"} if item.tracked and action else {}
        return Finding(
            ref=record.ref,
            version=record.version,
            policy=f"sensitive/{self.category}",
            rule=self.rule,
            because=self.because if action else f"{self.because}; {why_not}",
            action=action,
            facts={"property": item.name, "category": self.category, **self.facts, **history},
        )


def called(item: Property) -> str:
    """A property as an admin knows it, and by its name."""
    return item.name if item.label in {"", item.name} else f'"{item.label}" ({item.name})'


def merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """The spans in order, those that overlap made one under the label of the longest."""
    kept: list[Span] = []
    for span in sorted(spans):
        last = kept[-1] if kept else None
        if last and span.start < last.end:
            longest = max(last, span, key=lambda item: item.end - item.start)
            kept[-1] = Span(last.start, max(last.end, span.end), longest.label)
        else:
            kept.append(span)
    return tuple(kept)


def _why_not(verb: Verb) -> str:
    return "only reported" if verb == "report" else "it cannot be changed through the API, so a person must"


def _place(hit: Hit) -> Place:
    return hit.category, hit.confidence


def _order(place: Place) -> tuple[int, bool]:
    return CATEGORIES.index(place[0]), place[1] != "explicit"
