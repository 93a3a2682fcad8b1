"""Where a hit stands in the value as stored: accents, invisible characters, HTML tags and entities keep their places."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.actions import Span, redacted
from policies.sensitive.categories import CATEGORIES, label
from policies.sensitive.checks import merged
from policies.sensitive.detect import Hit, detect
from policies.sensitive.folding import fold
from policies.sensitive.markup import visible


def masked(raw: str) -> str:
    """An HTML value with everything that reveals replaced."""
    view = visible(raw)
    return redacted(
        raw, merged([Span(*place, "x") for hit in detect(view.text) for place in view.raw(hit.start, hit.end)])
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("<p>Il est séropositif.</p>", "<p>Il est [x].</p>"),
        ("<p>Il est s&eacute;ropositif &amp; calme</p>", "<p>Il est [x] &amp; calme</p>"),
        ("<p>Il est s&#233;ro<b>posi</b>tif</p>", "<p>Il est [x]<b>[x]</b>[x]</p>"),
        ("<div>délégué&nbsp;syndical</div>", "<div>[x]</div>"),
        ("<p>Zone</p><p>SUD</p>", "<p>Zone</p><p>SUD</p>"),
        ("<ul><li>adhérente</li><li>CGT : 50 PC</li></ul>", "<ul><li>adhérente</li><li>CGT : 50 PC</li></ul>"),
        ("<!-- RQTH --><style>.rqth{}</style>Budget", "<!-- RQTH --><style>.rqth{}</style>Budget"),
        (
            '<a href="https://x.fr?a=1&b=2" title="a > b">RQTH</a>',
            '<a href="https://x.fr?a=1&b=2" title="a > b">[x]</a>',
        ),
        ("marge < 5 % et RQTH > 3", "marge < 5 % et [x] > 3"),
        ("IBAN FR76 3000 6000<br>0112 3456 7890 189", "IBAN FR76 3000 6000<br>0112 3456 7890 189"),
        ("<p>255081416802538</p>", "<p>[x]</p>"),
        ("R&QTH; RQTH &unknown; x", "R&QTH; [x] &unknown; x"),
    ],
)
def test_html_is_redacted_between_its_tags(raw: str, expected: str) -> None:
    """SEN-08: offsets are those of the value as stored; tags and entities outside a hit are kept to the letter."""
    assert masked(raw) == expected


@given(st.text(st.sampled_from("<>/&;pbr =\"'#x12é \n!-a"), max_size=60))
def test_any_markup_is_read_in_order_and_within_its_bounds(raw: str) -> None:
    """SEN-08: broken HTML gives places that follow each other, whatever it is."""
    view = visible(raw)
    assert len(view.text) == len(view.starts) == len(view.ends)
    assert all(start < end <= len(raw) for start, end in zip(view.starts, view.ends, strict=True))
    assert all(a <= b for a, b in zip(view.ends, view.starts[1:], strict=False))


@given(st.text(max_size=80))
@example("\u00ad")
def test_any_text_folds_to_places_within_it(source: str) -> None:
    """SEN-08: one folded character answers to one place, in order."""
    folded = fold(source)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert all(0 <= start < end <= len(source) for start, end in zip(folded.starts, folded.ends, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "Il est séropositif.", "Il est se\u0301ropositif.", "IL EST SÉROPOSITIF.", "Il est séro\u00adpositif.",
        "İl est séropositif.",
        "Il\u00a0est séropositif.", "il est séro\u200bpositif.",
    ],
)  # fmt: skip
def test_typography_hides_nothing(text: str) -> None:
    """SEN-08: composed or not, in capitals, with soft hyphens or hard spaces."""
    [hit] = detect(text)
    assert text[: hit.start].lower().startswith(("il", "i̇l")) and text[hit.end :] == "."
    assert "ositif" in text[hit.start : hit.end].lower()


def test_a_cue_that_belongs_to_it_goes_with_it() -> None:
    """SEN-01: "adhérente à la" would still tell, so it is a part of the hit."""
    text = "Mme Petit, adhérente à la CGT depuis 2012, veut un devis."
    [hit] = detect(text)
    assert text[hit.start : hit.end] == "adhérente à la CGT"


def test_what_lets_infer_is_told_from_what_states() -> None:
    """SEN-02: a halal menu, a wheelchair, a union fee and a spouse's sex are indirect."""
    for text in (
        "Menu halal.",
        "Se déplace en fauteuil roulant.",
        "Sa cotisation syndicale.",
        "His husband calls back.",
    ):
        assert {hit.confidence for hit in detect(text)} == {"indirect"}


def test_a_denial_reveals_as_well() -> None:
    """SEN-01: a negated status is a status."""
    assert detect("Il n'est pas syndiqué.") and detect("She is not a union member.")


def test_a_label_reveals_nothing_anew() -> None:
    """SEN-08: reading a redacted text again finds nothing in the labels."""
    labels = [f"[{label(category, language)}]" for category in CATEGORIES for language in ("fr", "en")]
    assert [text for text in labels if detect(f"Il est {text} et elle a {text}.")] == []


def test_hits_are_in_order_and_hold_no_words() -> None:
    """SEN-08: position, category and rule, never the text."""
    hits = detect("Elle est diabétique ; son mari est en prison. NIR 255081416802538")
    assert list(hits) == sorted(hits)
    assert not [word for word in ("diab", "prison", "2550") if word in repr(hits)]
    assert hits[0] == Hit(9, 19, "health", "fr.health.status", "explicit")
