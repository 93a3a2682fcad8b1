"""The categories of data that a CRM must not hold, the rule each falls under and the label that replaces it in a text."""

from __future__ import annotations

from typing import Literal, get_args

Category = Literal[
    "racial_or_ethnic_origin",
    "political_opinions",
    "religious_or_philosophical_beliefs",
    "trade_union_membership",
    "genetic_data",
    "biometric_data_unique_id",
    "health",
    "sex_life_or_sexual_orientation",
    "criminal",
    "national_id",
    "bank",
    "card",
]
CATEGORIES: tuple[Category, ...] = get_args(Category)

Confidence = Literal["explicit", "indirect"]
"""`explicit` states it; `indirect` only lets it be inferred, as a menu lets a religion be (SEN-02)."""

Language = Literal["fr", "en"]

BANNED = "R-B1"
"""The rule of what the admin's own list bans."""

_RULES: dict[Category, str] = {"criminal": "SEN-04", "national_id": "SEN-05", "bank": "SEN-07", "card": "SEN-07"}

_LABELS: dict[Category, tuple[str, str]] = {
    "racial_or_ethnic_origin": ("origine", "origin"),
    "political_opinions": ("opinion", "opinion"),
    "religious_or_philosophical_beliefs": ("croyance", "belief"),
    "trade_union_membership": ("syndicat", "union"),
    "genetic_data": ("génétique", "genetic"),
    "biometric_data_unique_id": ("biométrie", "biometric"),
    "health": ("santé", "health"),
    "sex_life_or_sexual_orientation": ("vie intime", "private life"),
    "criminal": ("justice", "justice"),
    "national_id": ("numéro d'identité", "national id"),
    "bank": ("compte bancaire", "bank account"),
    "card": ("carte bancaire", "payment card"),
}

MASKS = frozenset(f"[{label}]" for pair in _LABELS.values() for label in pair)
"""What a value that was redacted as a whole reads like."""


def rule(category: Category, confidence: Confidence) -> str:
    """The rule id of gdpr.md §7: SEN-01 for article 9, SEN-02 where it is only inferred, and the others' own."""
    return _RULES.get(category) or ("SEN-01" if confidence == "explicit" else "SEN-02")


def label(category: Category, language: Language) -> str:
    """The word that stands, in brackets, for what was taken out."""
    return _LABELS[category][0 if language == "fr" else 1]
