"""The cases about what records say: banned properties, revealing notes and harmless ones. Each makes one person."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.seed import content
from connectors.sandbox.seed.draw import Draw
from connectors.sandbox.seed.people import CONTACT, PERSON, SF_CONTACT, SF_LEAD, Copy, Made, line

_PLACES = (CONTACT, SF_CONTACT, PERSON, SF_LEAD)
_WHY_KEPT = "in contact within the period"


def banned(draw: Draw, number: int) -> Made:
    """A property filled that must not be; a picklist with harmless options takes its banned one."""
    ban = content.BANNED[number % len(content.BANNED)]
    copies = draw.meet(draw.recent(), ban.place)
    value = draw.rng.choice(ban.values)
    _fill(copies[0], ban.name, value)
    truth = [line(copy, "keep", _WHY_KEPT) for copy in copies]
    secret = () if ban.name in content.OPTIONS else (value,)
    cleared = line(copies[0], "clear", f"{ban.label} is banned", property=ban.name)
    return Made(copies, [*truth, cleared], planted=secret)


def harmless_option(draw: Draw, number: int) -> Made:
    """A harmless option of a picklist that also has a banned one."""
    bans = [ban for ban in content.BANNED if ban.harmless]
    ban = bans[number % len(bans)]
    copies = draw.meet(draw.recent(), ban.place)
    _fill(copies[0], ban.name, draw.rng.choice(ban.harmless))
    return _untouched(copies, ban.name, "a harmless option")


def revealing_note(draw: Draw, number: int) -> Made:
    """A note with an identifier or a remark of a special category, between two sentences of business."""
    kinds = (*content.IDENTIFIERS, *content.REMARKS)
    kind, place = kinds[number % len(kinds)], _PLACES[number % len(_PLACES)]
    copies = draw.meet(draw.recent(), place)
    make = content.identifier if kind in content.IDENTIFIERS else content.remark
    note = make(draw.rng, kind, copies[0].persona.language)
    _fill(copies[0], content.TEXT[place], note.text)
    details = {"property": content.TEXT[place], "class": kind, "gone": note.gone, "survives": list(note.survives)}
    truth = [line(copy, "keep", _WHY_KEPT) for copy in copies]
    redacted = line(copies[0], "redact", f"the note reveals: {kind}", **details)
    return Made(copies, [*truth, redacted], planted=(note.secret,))


def harmless_note(draw: Draw, number: int) -> Made:
    """A note that only looks as if it revealed something."""
    place = _PLACES[number % len(_PLACES)]
    copies = draw.meet(draw.recent(), place)
    _fill(copies[0], content.TEXT[place], content.harmless(draw.rng, number, copies[0].persona.language))
    return _untouched(copies, content.TEXT[place], "a note that only looks revealing")


def _untouched(copies: list[Copy], name: str, why: str) -> Made:
    truth = [line(copy, "keep", _WHY_KEPT) for copy in copies]
    return Made(copies, [*truth, line(copies[0], "keep", why, property=name)])


def _fill(copy: Copy, name: str, value: Any) -> None:
    if copy.place == PERSON:
        copy.values.setdefault("custom_fields", {})[name] = value
    else:
        copy.values[name] = value
