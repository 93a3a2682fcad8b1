"""Salesforce record ids: 15 case-sensitive characters, answered as 18 with a checksum (reference, Traps 1)."""

from __future__ import annotations

import re

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\Z")
_INSTANCE = "Sb0"


def checksum(short: str) -> str:
    """The three characters that make a 15-character id an 18-character one."""
    blocks = (short[start : start + 5] for start in (0, 5, 10))
    return "".join(_CHECK[sum(1 << at for at, char in enumerate(block) if char.isupper())] for block in blocks)


def full(text: object) -> str | None:
    """The 18-character form of a 15- or 18-character id; None when it is no id or its checksum is wrong."""
    if not isinstance(text, str) or not _ID.match(text):
        return None
    short = text[:15]
    whole = short + checksum(short)
    return whole if text in (short, whole) else None


def make(prefix: str, number: int) -> str:
    """The 18-character id with a key prefix and a number; ids of one prefix sort by number."""
    digits = ""
    for _ in range(9):
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    short = prefix + _INSTANCE + digits
    return short + checksum(short)


def number(whole: str) -> int | None:
    """The number `make` would need to give this id again; None when it is not one of its ids."""
    if whole[3:6] != _INSTANCE:
        return None
    value = 0
    for char in whole[6:15]:
        value = value * 62 + _DIGITS.index(char)
    return value
