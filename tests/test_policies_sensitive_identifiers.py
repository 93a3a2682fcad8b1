"""SEN-05, SEN-07 and RET-10: numbers that name a person or open an account, told from others by their checksums."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.fr import nir

from core.actions import Span, redacted
from policies.sensitive.checks import merged
from policies.sensitive.detect import detect

IBANS = (
    "FR7630006000011234567890189", "GB29NWBK60161331926819", "DE89370400440532013000", "ES9121000418450200051332",
    "NL91ABNA0417164300", "IT60X0542811101000000123456", "BE68539007547034",
)  # fmt: skip
CARDS = (
    "4111111111111111",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "3530111333300000",
)
HARMLESS = (
    "2550814168025", "255081416802539", "NIR 255081416802539", "FR7630006000011234567890188", "4111111111111112",
    "SIRET 732 829 320 00074", "73282932000074", "IMEI 490154203237518", "IMEI : 378282246310005", "CVC 350 kW",
    "Tél. 06 12 34 56 78 ou +33 6 12 34 56 78", "Facture 2026-000123 du 12/03/2026 : 1 234,50 €", "EAN 3017620422003",
    "550e8400-e29b-41d4-a716-446655440000", "1111222233334444",
)  # fmt: skip


def rules(text: str) -> list[tuple[str, str]]:
    """The rule and the words of every hit."""
    return [(hit.rule, text[hit.start : hit.end]) for hit in detect(text)]


@pytest.mark.parametrize(
    "written",
    [
        "255081416802538", "2 55 08 14 168 025 38", "2.55.08.14.168.025.38", "2-55-08-14-168-025-38",
        "2 55 08 14 168 025 clé 38", "2 55 08 14 168 025 38",
    ],
)  # fmt: skip
def test_a_nir_is_found_however_it_is_written(written: str) -> None:
    """SEN-05: the vector of the reference, 2550814168025 with key 38."""
    assert rules(f"Son numéro est le {written}, à vérifier.") == [("id.nir", written)]


def test_a_nir_of_corsica_is_found() -> None:
    """SEN-05: departments 2A and 2B count as 19 and 18."""
    for body in ("253072A073004", "253072b073004"):
        number = body + nir.calc_check_digits(body.upper())
        assert rules(f"NIR {number}") == [("id.nir", number)]


def test_a_nir_without_its_key_needs_to_be_called_one() -> None:
    """SEN-05: thirteen digits may be anything."""
    assert rules("Numéro de sécu : 2550814168025") == [("id.nir", "2550814168025")]
    assert rules("Colis 2550814168025") == []


def test_a_nir_is_found_before_another_number() -> None:
    """SEN-05: the telephone number that follows is not a part of it."""
    assert rules("2 55 08 14 168 025 38 06 12 34 56 78") == [("id.nir", "2 55 08 14 168 025 38")]


@pytest.mark.parametrize("number", IBANS)
def test_an_iban_is_found_in_free_text(number: str) -> None:
    """SEN-07: of any country, in one piece, in groups and in small letters, without the word after it."""
    groups = " ".join(number[i : i + 4] for i in range(0, len(number), 4))
    for written in (number, groups, number.lower()):
        assert rules(f"Virement sur {written} merci") == [("id.iban", written)]


@pytest.mark.parametrize("number", CARDS)
def test_a_card_is_found(number: str) -> None:
    """SEN-07: by its issuer's prefix and Luhn, in one piece and in groups."""
    groups = "-".join(number[i : i + 4] for i in range(0, len(number), 4))
    for written in (number, groups):
        assert rules(f"CB {written} de madame") == [("id.card", written)]


def test_the_code_and_the_date_beside_a_card_are_found() -> None:
    """RET-09, RET-10: the CVV is never kept, with or without its name."""
    expected = [("id.card", "4111 1111 1111 1111"), ("id.card.expiry", "12/27"), ("id.cvv", "123")]
    assert rules("CB 4111 1111 1111 1111 exp 12/27 cvv 123") == expected
    assert rules("CB 4111 1111 1111 1111 12/27 123") == expected
    assert rules("cryptogramme visuel : 123") == [("id.cvv", "123")]


def test_an_amount_beside_a_card_is_kept() -> None:
    """RET-10: three digits before a currency are no code."""
    assert rules("payé par 4111 1111 1111 1111 150 €") == [("id.card", "4111 1111 1111 1111")]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_number_with_a_wrong_checksum_or_of_another_kind_is_none(text: str) -> None:
    """SEN-05, SEN-07: wrong keys, SIRET, IMEI, telephone numbers and references are left alone."""
    assert rules(text) == []


@st.composite
def _nirs(draw: st.DrawFn) -> str:
    month, department = draw(st.integers(1, 12)), draw(st.sampled_from(["01", "14", "2A", "2B", "75", "97", "99"]))
    body = f"{draw(st.sampled_from('12'))}{draw(st.integers(0, 99)):02}{month:02}{department}"
    body += f"{draw(st.integers(1, 990)):03}{draw(st.integers(1, 999)):03}"
    separator = draw(st.sampled_from(["", " ", ".", "-"]))
    parts = (body[0], body[1:3], body[3:5], body[5:7], body[7:10], body[10:13], nir.calc_check_digits(body))
    return separator.join(parts)


@st.composite
def _cards(draw: st.DrawFn) -> str:
    body = draw(st.sampled_from(["4", "51", "2221", "6011"])).ljust(15, "0")
    body = body[:6] + f"{draw(st.integers(0, 10**9 - 1)):09}"
    number = body + luhn.calc_check_digit(body)
    separator = draw(st.sampled_from(["", " ", "-"]))
    return separator.join(number[i : i + 4] for i in range(0, 16, 4))


IDENTIFIERS = st.one_of(_nirs(), _cards(), st.sampled_from(IBANS))
PROSE = st.text(st.sampled_from("abc éÈœ İß\u0301\u200b\u00a0’-.,;:!?/\n\t0123456789N°€"), max_size=25)


@given(st.lists(st.tuples(PROSE, IDENTIFIERS), min_size=1, max_size=4), PROSE)
def test_after_redaction_no_identifier_is_left_and_the_rest_is_the_same(
    pieces: list[tuple[str, str]], tail: str
) -> None:
    """SEN-05, SEN-07: what stands outside the spans is kept to the letter, and nothing more is found in it."""
    text = " ; ".join([*(f"{prose} {number}" for prose, number in pieces), tail])
    hits = [hit for hit in detect(text) if hit.rule.startswith("id.")]
    spans = merged([Span(hit.start, hit.end, "masqué") for hit in hits])
    after = redacted(text, spans)
    kept = "".join(
        text[a.end : b.start] for a, b in zip([Span(0, 0, ""), *spans], [*spans, Span(len(text), 0, "")], strict=True)
    )
    assert after.replace("[masqué]", "") == kept
    assert not [hit for hit in detect(after) if hit.rule.startswith("id.")]


@given(PROSE, IDENTIFIERS, PROSE)
def test_a_planted_identifier_is_found_whole(before: str, number: str, after: str) -> None:
    """SEN-05, SEN-07: whatever text stands around it."""
    text = f"{before} : {number} ; {after}"
    start = len(before) + 3
    covered = merged([Span(hit.start, hit.end, "x") for hit in detect(text) if hit.rule.startswith("id.")])
    assert any(span.start <= start and start + len(number) <= span.end for span in covered)
