"""What the admin decides about sensitive data: `[policies.sensitive]` in the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from policies.sensitive.categories import CATEGORIES, Category, Language
from policies.sensitive.patterns import Pattern

Verb = Literal["clear", "redact", "report"]


class SensitiveSettings(BaseModel):
    """Which sensitive data are taken out, and how. What is left out here is cleared, redacted or reported by default."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    properties: Verb = "clear"
    """A property whose name says that it holds sensitive data: empty it, replace its text by a label, or only report it."""

    options: Literal["clear", "report"] = "clear"
    """A choice of a picklist that reveals: take it out and keep the other choices, or only report it."""

    text: Verb = "redact"
    """Words in a free text that state it, and numbers such as a NIR: replace just them, empty the text, or only report them."""

    indirect: Verb = "report"
    """Words and choices from which it can only be inferred, such as a halal menu (SEN-02)."""

    categories: dict[Category, Verb] = Field(default_factory=dict)
    """What to do about one category wherever it is found, instead of the above. What is only inferred is never raised by it."""

    scan: tuple[Literal["text", "longtext", "html"], ...] = ("text", "longtext", "html")
    """Which kinds of the company's own properties are read as free text; the vendors' own note fields always are."""

    scan_also: tuple[str, ...] = ()
    """Further properties to read as free text, by name or label."""

    label_language: Language = "fr"
    """The language of the label that replaces what was redacted: [santé] or [health]."""

    banned: tuple[str, ...] = ()
    """Properties to empty whatever they hold, by name or label: religion, *syndicat*, hubspot:contact.religion."""

    banned_options: tuple[str, ...] = ()
    """Choices to take out of any picklist, by label or value, keeping the other choices: halal, casher, *cgt*."""

    allow: tuple[str, ...] = ()
    """Properties never to read or touch, by name or label. It has the last word."""

    @field_validator("categories", mode="before")
    @classmethod
    def _known_categories(cls, value: Any) -> Any:
        for name in value if isinstance(value, Mapping) else ():
            if name not in CATEGORIES:
                close = get_close_matches(str(name), CATEGORIES, n=1, cutoff=0.4)
                meant = f"; did you mean {close[0]}?" if close else ""
                raise ValueError(f"{name!r} is no category{meant} The categories are {', '.join(CATEGORIES)}.")
        return value

    @field_validator("banned", "banned_options", "allow", "scan_also")
    @classmethod
    def _readable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            Pattern.parse(text)
        return value

    @model_validator(mode="after")
    def _agreeing(self) -> Self:
        both = sorted(set(self.banned) & set(self.allow))
        if both:
            raise ValueError(f"{', '.join(both)}: both banned and allowed; take it out of one of the lists")
        return self

    def for_property(self, category: Category) -> Verb:
        """What to do about a property of a category."""
        return self.categories.get(category, self.properties)

    def for_option(self, category: Category, *, explicit: bool) -> Verb:
        """What to do about a choice that reveals; a choice that is to be redacted is taken out."""
        verb = self._for(category, self.options, explicit=explicit)
        return "report" if verb == "report" else "clear"

    def for_text(self, category: Category, *, explicit: bool) -> Verb:
        """What to do about words that reveal."""
        return self._for(category, self.text, explicit=explicit)

    def _for(self, category: Category, default: Verb, *, explicit: bool) -> Verb:
        own = self.categories.get(category)
        if explicit:
            return own or default
        return "report" if own == "report" else self.indirect
