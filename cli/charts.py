"""Charts as inline SVG, made from counts. Pure.

Positions across are shares of the width and heights are pixels, so that text keeps its size on a phone and on paper.
Colours are the classes `s-NAME` of the page; every chart has a title and says its figures in words for screen readers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

_ROW = 38
_BAR = 12
_GAP = 20
_PLOT = 180
_TOP = 18


@dataclass(frozen=True, slots=True)
class Row:
    """One bar: its label and its counts by series."""

    label: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.counts.values())


def css(series: str) -> str:
    """The class of a series: `not done` is `s-not-done`."""
    return f"s-{series.replace(' ', '-')}"


def bars(id: str, title: str, rows: Sequence[Row], series: Sequence[str], scale: int) -> Markup:
    """Stacked bars, one below the other, each with its label and total above it. `scale` is what fills the width."""
    parts = [part for place, row in enumerate(rows) for part in _bar(place * _ROW, row, series, scale or 1)]
    return _svg(id, title, rows, len(rows) * _ROW, parts)


def columns(id: str, title: str, rows: Sequence[Row], series: Sequence[str]) -> Markup:
    """Stacked columns side by side, such as days, with the highest total as the scale."""
    highest = max((row.total for row in rows), default=0) or 1
    parts = [_scale(highest)]
    for place, row in enumerate(rows):
        parts += _column(place, len(rows), row, series, highest)
    parts += _ticks(rows)
    return _svg(id, title, rows, _TOP + _PLOT + 24, parts)


def _svg(id: str, title: str, rows: Sequence[Row], height: int, parts: Sequence[Markup]) -> Markup:
    head = Markup(
        '<svg class="chart" role="img" aria-labelledby="{0}-t {0}-d" width="100%" height="{1}">'
        '<title id="{0}-t">{2}</title><desc id="{0}-d">{3}</desc>'
    ).format(id, height, title, "; ".join(map(_words, rows)) or "nothing")
    return head + Markup("").join(parts) + Markup("</svg>")


def _words(row: Row) -> str:
    counted = ", ".join(f"{count} {name}" for name, count in row.counts.items() if count)
    return f"{row.label}: {counted or 'none'}"


def _bar(top: int, row: Row, series: Sequence[str], scale: int) -> list[Markup]:
    parts = [
        Markup('<text class="label" x="0" y="{}">{}</text>').format(top + 13, row.label),
        Markup('<text class="total" x="100%" y="{}">{:,}</text>').format(top + 13, row.total),
        Markup('<rect class="track" x="0" y="{}" width="100%" height="{}"/>').format(top + _GAP, _BAR),
    ]
    x = 0.0
    for name in series:
        count = row.counts.get(name, 0)
        width = 100 * count / scale
        if count:
            parts.append(_rect(name, count, x, top + _GAP, width, _BAR))
        x += width
    return parts


def _column(place: int, places: int, row: Row, series: Sequence[str], highest: int) -> list[Markup]:
    slot = 100 / places
    width = min(slot * 0.8, 12.0)
    parts, bottom = [], float(_TOP + _PLOT)
    for name in series:
        count = row.counts.get(name, 0)
        height = _PLOT * count / highest
        bottom -= height
        if count:
            parts.append(_rect(name, count, place * slot + (slot - width) / 2, bottom, width, height))
    return parts


def _rect(name: str, count: int, x: float, y: float, width: float, height: float) -> Markup:
    return Markup(
        '<rect class="{}" x="{:.3f}%" y="{:.1f}" width="{:.3f}%" height="{:.1f}"><title>{}: {:,}</title></rect>'
    ).format(css(name), x, y, width, max(height, 1.0), name, count)


def _scale(highest: int) -> Markup:
    lines = ((_TOP, highest), (_TOP + _PLOT // 2, None), (_TOP + _PLOT, None))
    drawn = (Markup('<line class="grid" x1="0" x2="100%" y1="{0}" y2="{0}"/>').format(y) for y, _ in lines)
    return Markup("").join(drawn) + Markup('<text class="tick" x="0" y="{}">{:,}</text>').format(_TOP - 5, highest)


def _ticks(rows: Sequence[Row]) -> list[Markup]:
    """Labels below the first, the middle and the last column, as far as they are different ones."""
    shown = sorted({0, len(rows) // 2, len(rows) - 1}) if len(rows) > 2 else range(len(rows))
    return [
        Markup('<text class="tick" text-anchor="{}" x="{:.3f}%" y="{}">{}</text>').format(
            _anchor(place, len(rows)), _centre(place, len(rows)), _TOP + _PLOT + 16, rows[place].label
        )
        for place in shown
    ]


def _anchor(place: int, places: int) -> str:
    if places < 3:
        return "middle"
    return "start" if place == 0 else "end" if place == places - 1 else "middle"


def _centre(place: int, places: int) -> float:
    if places >= 3 and place in {0, places - 1}:
        return 0.0 if place == 0 else 100.0
    return (place + 0.5) * 100 / places
