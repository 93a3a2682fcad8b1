"""The charts: to scale, in words as well, escaped, and with nothing drawn for nothing."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from cli.charts import Row, bars, columns, css

SERIES = ("done", "not done")


def drawn(svg: str) -> list[tuple[str, float, float, float]]:
    """Class, start, width and height of each coloured piece, in the order of drawing."""
    tree = ElementTree.fromstring(svg)
    found = [node for node in tree.iter("rect") if node.get("class", "").startswith("s-")]
    return [(node.get("class", ""), share(node, "x"), share(node, "width"), share(node, "height")) for node in found]


def share(node: ElementTree.Element, name: str) -> float:
    """An attribute as a number, a share of the width or pixels."""
    return float(node.get(name, "").rstrip("%"))


def test_bars_are_to_one_scale_and_stacked_without_gaps() -> None:
    """The scale fills the width; each piece begins where the last one ends."""
    svg = bars("b", "Bars", [Row("one", {"done": 3, "not done": 1}), Row("two", {"done": 2})], SERIES, 8)

    assert [piece[:3] for piece in drawn(svg)] == [
        ("s-done", 0.0, 37.5),
        ("s-not-done", 37.5, 12.5),
        ("s-done", 0.0, 25.0),
    ]


def test_columns_stand_side_by_side_and_the_highest_fills_the_height() -> None:
    """An empty day has its place and nothing in it."""
    rows = [Row("1", {"done": 2, "not done": 2}), Row("2", {}), Row("3", {"done": 1})]
    pieces = drawn(columns("c", "Columns", rows, SERIES))

    assert [round(piece[3]) for piece in pieces] == [90, 90, 45]
    assert pieces[0][1] == pieces[1][1] < 33.4 < 66.6 < pieces[2][1]


def test_every_chart_says_its_figures_in_words() -> None:
    """For who cannot see it: a title and a description that holds every count."""
    svg = bars("b", "Bars", [Row("one", {"done": 3, "not done": 1}), Row("none", {})], SERIES, 4)
    tree = ElementTree.fromstring(svg)

    assert tree.get("role") == "img"
    assert tree.get("aria-labelledby") == "b-t b-d"
    assert (tree.findtext("title"), tree.findtext("desc")) == ("Bars", "one: 3 done, 1 not done; none: none")


def test_labels_are_escaped() -> None:
    """A label is somebody's word, never markup."""
    svg = bars("b", "<i>", [Row("<script>x</script>", {"done": 1})], SERIES, 1)

    assert "<script>" not in svg
    assert "&lt;script&gt;x&lt;/script&gt;" in svg


def test_nothing_is_drawn_for_nothing() -> None:
    """No rows, no division by zero."""
    assert drawn(bars("b", "Bars", [], SERIES, 0)) == []
    assert drawn(columns("c", "Columns", [], SERIES)) == []


def test_a_series_has_the_class_of_its_name() -> None:
    """As the page colours it."""
    assert css("objections pushed") == "s-objections-pushed"
    assert re.fullmatch(r"[a-z-]+", css("not done"))
