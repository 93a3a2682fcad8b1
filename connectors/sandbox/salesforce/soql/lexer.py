"""Cuts SOQL into tokens and reads them one by one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.soql.syntax import Path

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>'(?:[^'\\]|\\.)*')
    |(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)(?!\w))
    |(?P<date>\d{4}-\d\d-\d\d(?!\w))
    |(?P<number>[+-]?\d+(?:\.\d+)?(?!\w))
    |(?P<name>[A-Za-z_]\w*)
    |(?P<mark><=|>=|!=|<>|[=<>(),.:])""",
    re.X | re.S,
)
T = TypeVar("T")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Token:
    """One token: `kind` is string, datetime, date, number, name, mark or end."""

    kind: str
    text: str
    at: int

    def is_(self, *words: str) -> bool:
        """True for one of these keywords or marks; a quoted string is neither."""
        return self.kind in {"name", "mark"} and self.text.upper() in words


def malformed(message: str) -> Fail:
    """A query that cannot be read."""
    return Fail("MALFORMED_QUERY", message)


def tokens(query: str) -> list[Token]:
    """The tokens of a query, `end` last. Raises Fail MALFORMED_QUERY at a character that starts none."""
    found, at = [], 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            raise malformed(f"unexpected token: '{query[at]}' (line 1, column {at + 1})")
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match[0], at))
        at = match.end()
    return [*found, Token("end", "<EOF>", at)]


def unquote(text: str, like: bool) -> str:
    r"""The text of a string token; for LIKE `\%` and `\_` keep their backslash. Raises Fail for an unknown escape."""

    def plain(match: re.Match[str]) -> str:
        char = match[1]
        if char in "%_":
            return f"\\{char}" if like else char
        if char == "\\" and like:
            return "\\\\"
        if char not in _ESCAPES:
            raise malformed(f"Illegal escape sequence '\\{char}' in a string")
        return _ESCAPES[char]

    return re.sub(r"\\(.)", plain, text[1:-1], flags=re.S)


class Reader:
    """A place in a list of tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def now(self) -> Token:
        """The token to be read."""
        return self._tokens[self._at]

    @property
    def peek(self) -> Token:
        """The token behind it."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    def step(self) -> Token:
        """Reads one token."""
        token = self.now
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def take(self, *words: str) -> bool:
        """Reads one of these words or marks if it is next."""
        if self.now.is_(*words):
            self.step()
            return True
        return False

    def expect(self, word: str) -> None:
        """Reads this word or mark, or raises Fail."""
        if not self.take(word):
            raise self.unexpected(self.now)

    def end(self) -> None:
        """Raises Fail unless every token is read."""
        if self.now.kind != "end":
            raise self.unexpected(self.now)

    def unexpected(self, token: Token) -> Fail:
        """The refusal of a token."""
        return malformed(f"unexpected token: '{token.text}' (line 1, column {token.at + 1})")

    def name(self) -> str:
        """Reads a name."""
        token = self.step()
        if token.kind != "name":
            raise self.unexpected(token)
        return token.text

    def path(self) -> Path:
        """Reads a dotted name."""
        parts = [self.name()]
        while self.take("."):
            parts.append(self.name())
        return tuple(parts)

    def listed(self, read: Callable[[], T]) -> list[T]:
        """Reads one or more things with commas between them."""
        found = [read()]
        while self.take(","):
            found.append(read())
        return found
