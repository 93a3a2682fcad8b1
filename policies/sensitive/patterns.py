"""How an admin names properties: a name or a label with `*` for anything, for every CRM or for one kind of one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.schema import Property, Schema
from policies.sensitive.folding import plain

_PLACED = re.compile(r"([\w-]+):([\w-]+)\.(.+)")
_MISPLACED = re.compile(r"[\w-]+:\S")


@dataclass(frozen=True, slots=True)
class Pattern:
    """`religion`, `*santé*` or `hubspot:contact.religion`. Accents, case and separators do not count."""

    crm: str
    kind: str
    name: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Reads a pattern. Raises ValueError, with the mend, on one that names nothing or everything."""
        placed = _PLACED.fullmatch(text.strip())
        if placed is None and _MISPLACED.match(text.strip()):
            raise ValueError(f"{text!r} names no property: write CRM:KIND.NAME, for example hubspot:contact.religion")
        crm, kind, name = placed.groups() if placed else ("", "", text.strip())
        if not re.search(r"\w", name):
            raise ValueError(f"{text!r} would match every property: name at least a part of one")
        parts = (re.escape(plain(part)) for part in name.split("*"))
        return cls(crm, kind, re.compile(".*".join(parts), re.DOTALL))

    def matches(self, schema: Schema, item: Property) -> bool:
        """Whether it names this property of this kind of record."""
        if self.crm and (self.crm, self.kind) != (schema.crm, schema.kind):
            return False
        return self.names(item.name, item.label)

    def names(self, *texts: str) -> bool:
        """Whether it names one of these texts, wherever they stand."""
        return any(self.name.fullmatch(plain(text)) for text in texts)
