"""Numbers that name a person or open an account, told from other numbers by their checksums (SEN-05, SEN-07, RET-10)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import iban, luhn
from stdnum.fr import nir, siret

from policies.sensitive.folding import Folded
from policies.sensitive.hit import Hit

_TEN_DIGITS = re.compile(r"[0-9](?:[ .ab]{0,3}[0-9]){9}")
_START = r"(?<![a-z0-9œæß])"
_NIR = re.compile(
    _START + r"(?=([1-478](?:[ .]{0,3}[0-9]{2}){2}[ .]{0,3}(?:[0-9]{2}|2[ab])(?:[ .]{0,3}[0-9]{3}){2})"
    r"(?:[ .]{0,3}(?:\(?cle *:? *)?([0-9]{2})(?![0-9]))?)"
)
_NIR_MONTHS = frozenset({*range(1, 13), *range(20, 43), *range(50, 100)})
_NIR_CUE = re.compile(r"\b(?:nir|insee|n? ?ss|secu|securite sociale|immatriculation)\b[^0-9\n]{0,20}$")
_IMEI_CUE = re.compile(r"\bimei\b[^0-9\n]{0,12}$")
_IBAN = re.compile(_START + r"(?=([a-z]{2}[0-9]{2}(?:[ .]{0,2}[a-z0-9]){11,30}))")
_CARD = re.compile(_START + r"(?=([23456][0-9]{3}(?:[ .]{0,2}[0-9]){10,12}))")
_ISSUERS = re.compile(
    r"(?P<_16>4|5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720|6011|64[4-9]|65|35(?:2[89]|[3-8])|62|50(?:18|20|38)|6304|676[1-3])"
    r"|(?P<_15>3[47])|(?P<_14>30[0-5]|3[68])"
)
_EXPIRY = re.compile(r"[ ,.;:()|]*(?:(?:exp|valid|fin)[a-z]*)?[ .:]*((?:0[1-9]|1[0-2]) ?(?:20)?[2-4][0-9])(?![0-9])")
_CODE = re.compile(
    r"[ ,.;:()|]*(?:cvv2?|cvc2?|cid|crypto(?:gramme)?(?: visuel)?|code)[ .:=]*([0-9]{3,4})(?![0-9])"
    r"| {1,3}([0-9]{3})(?![0-9]| ?(?:€|\$|£|k|eur|usd|gbp|,[0-9]))"
)
_CVV = re.compile(r"\b(?:cvv2?|cryptogramme(?: visuel)?)[ .:=()]*(?:est )?([0-9]{3,4})(?![0-9])")
_CUE_WIDTH = 40


def find(folded: Folded) -> Iterator[Hit]:
    """Every identifier, at offsets of the folded text. A number whose checksum is wrong is none."""
    text = folded.text
    if _TEN_DIGITS.search(text):
        yield from _nirs(text)
        yield from _ibans(text)
        yield from _cards(text)
    if "cvv" in text or "crypto" in text:
        yield from (Hit(*code.span(1), "card", "id.cvv") for code in _CVV.finditer(text))


def _nirs(text: str) -> Iterator[Hit]:
    for match in _NIR.finditer(text):
        body, key = _compact(match[1]), match[2]
        if int(body[3:5]) not in _NIR_MONTHS or _follows(_IMEI_CUE, text, match.start()):
            continue
        if key and nir.is_valid(body + key):
            yield Hit(match.start(1), match.end(2), "national_id", "id.nir")
        elif not key and not _is_digit(text, match.end(1)) and _follows(_NIR_CUE, text, match.start()):
            yield Hit(*match.span(1), "national_id", "id.nir")


def _ibans(text: str) -> Iterator[Hit]:
    for match in _IBAN.finditer(text):
        ends = [match.start(1) + i + 1 for i, char in enumerate(match[1]) if char.isalnum()]
        for end in reversed(ends[14:]):
            if not text[end : end + 1].isalnum() and iban.is_valid(
                _compact(text[match.start(1) : end]), check_country=False
            ):
                yield Hit(match.start(1), end, "bank", "id.iban")
                break


def _cards(text: str) -> Iterator[Hit]:
    for match in _CARD.finditer(text):
        issuer = _ISSUERS.match(_compact(match[1]))
        if issuer and issuer.lastgroup:
            end = _end_of(text, match.start(1), int(issuer.lastgroup[1:]))
            if end and _is_card(text, match.start(1), end):
                yield Hit(match.start(1), end, "card", "id.card")
                yield from _beside(text, end)


def _is_card(text: str, start: int, end: int) -> bool:
    """Luhn holds, and it is not one of the other numbers that Luhn holds for: SIRET, IMEI."""
    number = _compact(text[start:end])
    return luhn.is_valid(number) and not siret.is_valid(number) and not _follows(_IMEI_CUE, text, start)


def _beside(text: str, end: int) -> Iterator[Hit]:
    """The expiry date and the code that follow a card number."""
    expiry = _EXPIRY.match(text, end)
    if expiry:
        yield Hit(*expiry.span(1), "card", "id.card.expiry")
        end = expiry.end()
    code = _CODE.match(text, end)
    if code:
        yield Hit(*code.span(code.lastindex or 0), "card", "id.cvv")


def _end_of(text: str, start: int, digits: int) -> int | None:
    """Where a number of so many digits ends; None when it has fewer, or more without a space between."""
    end = start
    while digits and (_is_digit(text, end) or text[end : end + 1] in {" ", "."}):
        digits -= _is_digit(text, end)
        end += 1
    return None if digits or _is_digit(text, end) else end


def _follows(cue: re.Pattern[str], text: str, start: int) -> bool:
    return cue.search(text, max(0, start - _CUE_WIDTH), start) is not None


def _is_digit(text: str, position: int) -> bool:
    return "0" <= text[position : position + 1] <= "9"


def _compact(number: str) -> str:
    return number.replace(" ", "").replace(".", "").upper()
