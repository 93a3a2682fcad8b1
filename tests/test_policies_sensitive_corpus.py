"""How well free text is read, as figures over a corpus of short CRM notes in French and English.

`policies_sensitive_corpus.tsv` holds a category, or `-` for a hard negative, and a note. It was written in three parts, each
before the lexicon had seen it: at first sight .65, .73 and .77 of the revealing notes were found, and 13, 1.4 and 3.4 % of
the hard negatives flagged. The lexicon was mended after each, so what is asserted here guards against getting worse.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.sandbox.seed.content import REMARKS
from policies.sensitive.detect import detect

ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "policies_sensitive_corpus.tsv").read_text("utf-8").splitlines()
]
REVEALING = [(category, text) for category, text in ROWS if category != "-"]
HARMLESS = [text for category, text in ROWS if category == "-"]


def test_at_least_nine_in_ten_revealing_notes_are_found() -> None:
    """R-B1: recall over the revealing notes, each under its own category."""
    found = [text for category, text in REVEALING if category in {hit.category for hit in detect(text)}]
    assert len(found) >= 0.90 * len(REVEALING)


def test_at_most_one_in_fifty_hard_negatives_is_flagged() -> None:
    """R-B1: a naive word list flags nearly half of such notes."""
    flagged = [text for text in HARMLESS if detect(text)]
    assert len(flagged) <= 0.02 * len(HARMLESS)


def test_what_is_flagged_is_nearly_always_right() -> None:
    """R-B1: precision over the whole corpus, in which hard negatives outnumber the rest."""
    right = sum(1 for category, text in REVEALING if category in {hit.category for hit in detect(text)})
    flagged = sum(1 for _, text in ROWS if detect(text))
    assert right >= 0.95 * flagged


@pytest.mark.parametrize(
    ("text", "revealed"),
    [remark for languages in REMARKS.values() for remarks in languages.values() for remark in remarks],
)
def test_what_a_remark_of_the_made_up_people_reveals_is_cut_out(text: str, revealed: str) -> None:
    """Whichever of them a seed draws: the leave goes, and so does the illness that it is for."""
    cut = {at for hit in detect(text) for at in range(hit.start, hit.end)}

    assert revealed not in "".join(char for at, char in enumerate(text) if at not in cut)
