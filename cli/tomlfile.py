"""TOML files with the line of every key, and the files that a configuration includes. Must not know the model."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import ConfigError

Key = tuple[str | int, ...]
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}\n]|[^"\'#\[\]{}\n]+',
    re.S,
)
_POSITION = re.compile(r" ?\(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A file as read: its name for messages, its table, and the line of each key."""

    name: str
    table: Mapping[str, Any]
    lines: Mapping[Key, int]

    def where(self, key: Key) -> str:
        """The file and the line of a key, or of the nearest table around it."""
        known = next((self.lines[key[:n]] for n in range(len(key), 0, -1) if key[:n] in self.lines), None)
        return f"{self.name}:{known}" if known else self.name


def read(path: Path, name: str) -> TomlFile:
    """Reads a file. Raises ConfigError that names the file and, when it is no TOML, the line; never what is on it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{name} is no UTF-8 text.", "Save it as UTF-8.") from None
    except FileNotFoundError:
        raise ConfigError(f"There is no {path}.", "Run `repoussoir init` to make one.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}).", "Check the path and its rights.") from None
    try:
        return TomlFile(name, tomllib.loads(text), dict(_lines(text)))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(name, text, str(error)), "Strings need quotes, tables [brackets].") from None


def included(main: Path, patterns: object) -> Iterator[TomlFile]:
    """The files that `include` of the main file names, the last first: it has precedence.

    Raises ConfigError when a file without `*` in its name is missing, or when an included one includes others.
    """
    for pattern in reversed(patterns if isinstance(patterns, list) else []):
        for path in reversed(_matching(main, str(pattern))):
            file = read(path, str(path.relative_to(main.parent)))
            if "include" in file.table:
                where = file.where(("include",))
                raise ConfigError(f"{where}: an included file includes no other.", "List it in the first file.")
            yield file


def _matching(main: Path, pattern: str) -> list[Path]:
    fixed = not set("*?[") & set(pattern)
    found = [] if not pattern or Path(pattern).is_absolute() else sorted(main.parent.glob(pattern))
    if not found and (fixed or Path(pattern).is_absolute()):
        raise ConfigError(
            f"{main.name}: include: there is no {pattern}.", f"Paths count from the folder of {main.name}."
        )
    return [path for path in found if path != main]


def _syntax(name: str, text: str, message: str) -> str:
    found = _POSITION.search(message)
    line = int(found[1]) if found and found[1] else _broken(text)
    return f"{name}:{line}: this is no TOML: {_POSITION.sub('', message)}."


def _broken(text: str) -> int:
    """The line of the first statement that is no TOML by itself: where what never ends begins."""
    for line, statement in _statements(text):
        try:
            tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            return line
    return text.count("\n") + 1


def _lines(text: str) -> Iterator[tuple[Key, int]]:
    """Every key with its line. Keys inside a value that spans lines have the line on which the value begins."""
    table: Key = ()
    for line, statement in _statements(text):
        keys = list(_keys(tomllib.loads(statement)))
        if statement.startswith("["):
            table = max(keys, key=len)
            yield from ((key, line) for key in keys)
        else:
            yield from ((table + key, line) for key in keys)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each table header and each assignment, with the line on which it begins; comments are left out.

    What never ends, in a text that is no TOML, comes last.
    """
    line, start, depth, statement = 1, 1, 0, ""
    for token in _TOKEN.findall(text + "\n"):
        if token == "\n" and not depth:
            if statement.strip():
                yield start, statement.strip()
            start, statement = line + 1, ""
        elif not token.startswith("#"):
            statement += token
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token, 0)
        line += token.count("\n")
    if statement.strip():
        yield start, statement.strip()


def _keys(table: Mapping[str, Any]) -> Iterator[Key]:
    for name, value in table.items():
        yield (name,)
        inner = value[-1] if isinstance(value, list) and value else value
        if isinstance(inner, dict):
            yield from ((name, *key) for key in _keys(inner))
