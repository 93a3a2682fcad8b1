"""What a reader sees of an HTML value, and where each character of it stands in the value as stored."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"<!--.*?-->"
    r"|<(?P<hidden>script|style)\b.*?</(?P=hidden)\s*>"
    r"|</?(?P<tag>[a-z][a-z0-9]*)(?:\"[^\"]*\"|'[^']*'|[^<>\"']){0,5000}>"
    r"|&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});?",
    re.IGNORECASE | re.DOTALL,
)
_INLINE = re.compile(
    r"a|abbr|b|big|cite|code|del|em|font|i|ins|label|mark|s|small|span|strike|strong|sub|sup|u|var|wbr", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Visible:
    """`text` as read on the screen; its character i is `raw[starts[i]:ends[i]]`."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def raw(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The stretches of the value that hold `text[start:end]`, without the tags between them."""
        first = start
        for i in range(start, end):
            if i + 1 == end or self.starts[i + 1] != self.ends[i]:
                if not self.text[first : i + 1].isspace():
                    yield self.starts[first], self.ends[i]
                first = i + 1


def visible(raw: str) -> Visible:
    """Reads an HTML value: tags are gone, those of a block end the sentence, entities are characters."""
    pieces = list(_pieces(raw))
    return Visible(
        "".join(char for char, _, _ in pieces),
        tuple(start for _, start, _ in pieces),
        tuple(end for _, _, end in pieces),
    )


def _pieces(raw: str) -> Iterator[tuple[str, int, int]]:
    position = 0
    for token in _TOKEN.finditer(raw):
        yield from _characters(raw, position, token.start())
        position = token.end()
        if token[0].startswith("&"):
            yield from _entity(raw, token.start(), position)
        elif token["tag"] and not _INLINE.fullmatch(token["tag"]):
            yield "\n", token.start(), position
    yield from _characters(raw, position, len(raw))


def _characters(raw: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    for i in range(start, end):
        yield " " if raw[i].isspace() else raw[i], i, i + 1


def _entity(raw: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    char = html.unescape(raw[start:end])
    if len(char) == 1:
        yield " " if char.isspace() else char, start, end
    else:
        yield from _characters(raw, start, end)
