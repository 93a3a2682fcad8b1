"""What detection answers: where, what, by which rule, how sure. Never the words themselves."""

from __future__ import annotations

from dataclasses import dataclass

from policies.sensitive.categories import Category, Confidence


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """`text[start:end]` says something of `category`. `rule` names the kind of wording, never the wording."""

    start: int
    end: int
    category: Category
    rule: str
    confidence: Confidence = "explicit"
