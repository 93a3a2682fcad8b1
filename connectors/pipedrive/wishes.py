"""What a person should look like after an action: the body of a PATCH, and what cannot be wished for. Pure.

A wish without a body asks for nothing: the person is so already, or it cannot be (`problems`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from connectors.pipedrive.client import Row
from connectors.pipedrive.records import MARKETING, UNSUBSCRIBED, suppressed
from connectors.pipedrive.schema import EMPTY, ENTITY, PLAIN, Field, Layout, filled
from core.actions import Clear, Redact, Restrict, Suppress, redacted
from core.model import Channel

CUSTOM = "custom_fields"
_OWN_TEXTS = ("name", "notes", "job_title")
_QUASI = ("im", "notes", "job_title", "birthday", "postal_address", "org_id", "label_ids")


@dataclass(frozen=True, slots=True)
class Wish:
    """The changes of built-in fields, by the person object's own keys, those of custom fields, and why not more."""

    plain: Row = field(default_factory=dict)
    custom: Row = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def body(self) -> Row:
        """The body of the PATCH. Never an empty `custom_fields`: it might clear them all (§4.3)."""
        return self.plain | ({CUSTOM: self.custom} if self.custom else {})

    def left(self, row: Row) -> tuple[str, ...]:
        """The names of what is not so on a person."""
        parts = ((self.plain, row), (self.custom, row.get(CUSTOM) or {}))
        return tuple(name for wanted, held in parts for name, to in wanted.items() if not _same(to, held.get(name)))


def suppress(row: Row, action: Suppress, known: Layout) -> Wish:
    """The marketing status where Campaigns is there, a declared field elsewhere."""
    wanted = [channel for channel in action.channels if channel not in suppressed(row, known)]
    if MARKETING not in row or "email" not in wanted:
        return marks(row, wanted, known)
    others = [channel for channel in wanted if channel != "email"]
    return _all(Wish(plain={MARKETING: UNSUBSCRIBED}), marks(row, others, known))


def marks(row: Row, channels: Iterable[Channel], known: Layout) -> Wish:
    """The declared field of each channel."""
    return _all(*(mark(known.flags[channel], row, channel) for channel in channels))


def restrict(row: Row, action: Restrict, known: Layout) -> Wish:
    """The declared field, never an opt-out."""
    return mark(known.restricted, row, "restriction")


def mark(fields: tuple[Field, ...], row: Row, what: Channel | str) -> Wish:
    """Sets a declared field, unless it or a namesake is set."""
    if any(item.marks(row) for item in fields):
        return Wish()
    if not fields or fields[0].yes is None:
        return Wish(problems=(f"no person field is declared for {what}",))
    return Wish(custom={fields[0].code: int(fields[0].yes.value)})


def clear(row: Row, action: Clear, known: Layout) -> Wish:
    """Empties properties, or takes some choices out of them."""
    return _all(*(_cleared(name, row, action.options, known) for name in action.properties))


def redact(row: Row, action: Redact, known: Layout) -> Wish:
    """Replaces the spans of a text."""
    item = known.fields.get(action.property)
    if item is None or not _is_text(item):
        return Wish(problems=(f"{action.property} is no text that can be written",))
    text = item.raw(row)
    if not filled(text):
        return Wish()
    try:
        return _set(item, redacted(text, action.spans))
    except ValueError:
        return Wish(problems=(f"the spans do not fit {action.property}",))


def anonymise(row: Row, known: Layout) -> Wish:
    """A neutral name, no addresses, no custom field but our marks, which say nothing of who it was."""
    kept = {item.code for item in known.marks}
    custom = {code: None for code, value in (row.get(CUSTOM) or {}).items() if filled(value) and code not in kept}
    plain: Row = {} if row.get("name") == neutral(row) else {"name": neutral(row)}
    return Wish(plain | {name: [] for name in ("emails", "phones") if filled(row.get(name))}, custom)


def detach(row: Row) -> Wish:
    """The rest of `anonymise`, apart since the vendor's word on emptying it is missing (§13)."""
    return Wish({name: EMPTY[name] for name in _QUASI if filled(row.get(name))})


def neutral(row: Row) -> str:
    """The name of an anonymised person: its number and nothing of its own."""
    return f"Anonymised {row['id']}"


def old_names(row: Row) -> tuple[str, ...]:
    """The parts of the name that did not follow it."""
    return tuple(part for part in ("first_name", "last_name") if str(row.get(part) or "") not in neutral(row))


def _cleared(name: str, row: Row, options: tuple[str, ...], known: Layout) -> Wish:
    item = known.fields.get(name)
    if item is None or not (item.custom or name in EMPTY):
        return Wish(problems=(f"{name} cannot be emptied",))
    value = item.raw(row)
    if not filled(value):
        return Wish()
    if not options:
        return _set(item, None if item.custom else EMPTY[name])
    if item.type not in ("enum", "set"):
        return Wish(problems=(f"{name} has no options",))
    chosen = value if isinstance(value, list) else [value]
    kept = [one for one in chosen if not {str(one), item.label(one)} & set(options)]
    return Wish() if len(kept) == len(chosen) else _set(item, kept or None)


def _is_text(item: Field) -> bool:
    return item.type in PLAIN if item.custom else item.code in _OWN_TEXTS


def _set(item: Field, value: Any) -> Wish:
    if item.custom:
        return Wish(custom={item.code: value})
    return Wish(plain={ENTITY.get(item.code, item.code): value})


def _all(*parts: Wish) -> Wish:
    plain = {name: value for part in parts for name, value in part.plain.items()}
    custom = {name: value for part in parts for name, value in part.custom.items()}
    return Wish(plain, custom, tuple(problem for part in parts for problem in part.problems))


def _same(wanted: Any, held: Any) -> bool:
    if not filled(wanted):
        return not filled(held)
    if isinstance(wanted, str) and isinstance(held, str):
        return wanted.strip() == held.strip()
    if isinstance(wanted, list) and isinstance(held, list):
        return sorted(map(str, wanted)) == sorted(map(str, held))
    return bool(wanted == held)
