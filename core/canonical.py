"""Values as canonical JSON: the one form that digests, the ledger and plan files are made of. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from core import actions
from core.actions import Action, Annotate, Anonymise, Bin, Clear, Erase, Note, Redact, Restrict, Span, Suppress
from core.model import CHANNELS


def dumps(value: Any) -> str:
    """JSON with sorted keys, no spaces, and no float: the same value always gives the same text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(*lines: str) -> str:
    """The SHA-256 of some lines, in hex."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def encode(action: Action) -> dict[str, Any]:
    """An action as JSON. Holds names, offsets and labels, never a value."""
    body: dict[str, Any] = {"do": actions.name(action)}
    match action:
        case Suppress(channels):
            body["channels"] = list(channels)
        case Restrict(reason):
            body["reason"] = reason
        case Redact(prop, spans):
            body |= {"property": prop, "spans": [[span.start, span.end, span.label] for span in spans]}
        case Clear(properties, _, places):
            body |= {"properties": list(properties), "places": list(places)}
        case Erase(cascade):
            body["cascade"] = list(cascade)
        case Annotate(note):
            body |= {"note": note.id}
    return body


def decode(body: Mapping[str, Any]) -> Action:
    """The action of `encode`. Raises ValueError on what is none; a note is not read back, it is made anew."""
    match body:
        case {"do": "suppress", "channels": list(channels)} if set(channels) <= set(CHANNELS):
            return Suppress(tuple(channels))
        case {"do": "restrict", "reason": str(reason)}:
            return Restrict(reason)
        case {"do": "redact", "property": str(prop), "spans": list(spans)}:
            return Redact(prop, tuple(Span(int(start), int(end), str(label)) for start, end, label in spans))
        case {"do": "clear", "properties": list(properties), "places": list(places)}:
            return Clear(tuple(map(str, properties)), places=tuple(map(int, places)))
        case {"do": "anonymise"}:
            return Anonymise()
        case {"do": "bin"}:
            return Bin()
        case {"do": "erase", "cascade": list(cascade)}:
            return Erase(tuple(map(str, cascade)))
    raise ValueError(f"not an action: {sorted(body)}")


def label(action: Action) -> str:
    """An action in a few words for people: `suppress email`, `clear religion`, `erase`."""
    match action:
        case Suppress(channels):
            return f"suppress {' and '.join(channels)}"
        case Redact(prop, spans):
            return f"redact {len(spans)} span{'s' if len(spans) > 1 else ''} of {prop}"
        case Clear(properties, _, places):
            return f"clear {f'{len(places)} of the choices of ' if places else ''}{', '.join(properties)}"
        case Annotate(Note(id=id)):
            return f"annotate {id}"
        case Restrict() | Anonymise() | Bin() | Erase():
            return actions.name(action)
