"""What can be done to a record: a closed union of small values. They hold names, spans and notes, never a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from core.model import Channel, Ref


@dataclass(frozen=True, slots=True)
class Suppress:
    """Make the CRM stop soliciting the person on these channels, on every identifier of the record (SUP-01)."""

    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Restrict:
    """Mark the record as restricted (Art. 18) in the property that `init` declares; never an opt-out flag."""

    reason: str


@dataclass(frozen=True, slots=True)
class Redact:
    """Replace the spans of one text property, keeping the rest to the letter.

    Spans are sorted, do not overlap, and count characters of the value as read.
    """

    property: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """`text[start:end]` becomes `[label]`."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Empty these properties; with `options`, take just these choices out of one multiple choice.

    The choices are values of a person, so they stay in memory: they are no part of a repr, of equality, or of what is
    stored. `places` stands for them there: their places among the choices of this record, as read. An adapter uses
    `options`; the core sees to it that they are there whenever `places` are.
    """

    properties: tuple[str, ...]
    options: tuple[str, ...] = field(default=(), repr=False, compare=False)
    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Anonymise:
    """Empty or replace every direct and indirect identifier, keep the record (RET-25)."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Put the record where the vendor can still restore it from."""


@dataclass(frozen=True, slots=True)
class Erase:
    """Remove the record for good, after the children named by `cascade` (`notes`, `activities`, `emails`, `files`)."""

    cascade: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """An audit note: which ledger entry, which rule, when. `id` is unique and is how the note is found again.

    Must not hold a value of the record, a subject key, or, for erased people, a ref.
    """

    id: str
    text: str
    on: date


@dataclass(frozen=True, slots=True)
class Annotate:
    """Write an audit note on the record, or on the audit anchor of the account; once, however often it is applied."""

    note: Note


Action = Suppress | Restrict | Redact | Clear | Anonymise | Bin | Erase | Annotate
DESTRUCTIVE = (Redact, Clear, Anonymise, Bin, Erase)
FINAL = (Anonymise, Bin, Erase)

_NAMES: dict[type, str] = {
    Suppress: "suppress",
    Restrict: "restrict",
    Redact: "redact",
    Clear: "clear",
    Anonymise: "anonymise",
    Bin: "bin",
    Erase: "erase",
    Annotate: "annotate",
}
ACTIONS = tuple(_NAMES.values())


def name(action: Action) -> str:
    """The word for the kind of an action: `suppress`, `erase` …"""
    return _NAMES[type(action)]


def redacted(text: str, spans: tuple[Span, ...]) -> str:
    """The text with every span replaced by its label in brackets. Raises ValueError on spans out of order or range."""
    kept, end = [], 0
    for span in spans:
        if not end <= span.start < span.end <= len(text):
            raise ValueError(f"span {span.start}:{span.end} does not fit")
        kept += [text[end : span.start], f"[{span.label}]"]
        end = span.end
    return "".join([*kept, text[end:]])


@dataclass(frozen=True, slots=True)
class Command:
    """One action on one record, bound to the version that was read.

    An Annotate only adds, so it is bound to none: its `version` says nothing, and its ref may be the audit anchor.
    """

    ref: Ref
    version: str
    action: Action
