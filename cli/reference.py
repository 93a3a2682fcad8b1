"""The reference part of docs/configuration.md, made from the model. `python -m cli.reference` prints it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping

from cli.catalogue import NAMES, Item, Table, catalogue
from cli.example import written
from cli.keys import dotted
from cli.tomlfile import Key

LONGEST = 60


def reference() -> str:
    """A section for each table, with its keys, defaults and meaning."""
    return "\n".join(line for table in catalogue() for line in _section(table))


def _section(table: Table) -> Iterator[str]:
    yield from [f"### {_title(table.key)}", ""]
    if table.key:
        yield from [_flat(table.text), ""]
    yield from ["| key | default | meaning |", "| --- | --- | --- |"]
    yield from (f"| `{item.key[-1]}` | {_default(item)} | {_flat(item.text)} |" for item in table.items)
    yield ""


def _title(key: Key) -> str:
    if not key:
        return "At the top"
    own = key[:2] if key[:2] in NAMES else key[:1]
    if own not in NAMES:
        return f"`[{dotted(key)}]`"
    title = f"`[{dotted((*own, 'NAME', *key[len(own) + 1 :]))}]`"
    return f'{title} with `connector = "{key[1]}"`' if own == ("crm",) else title


def _default(item: Item) -> str:
    if item.secret:
        return "secret"
    if item.required:
        return "required"
    empty = item.default is None or (isinstance(item.default, str | tuple | list | Mapping) and not item.default)
    text = "" if empty else written(item.default)
    if len(text) > LONGEST:
        return "see config.example.toml"
    return f"`{text}`" if text else "none"


def _flat(text: str) -> str:
    return re.sub(r"([|<*])", r"\\\1", " ".join(text.split()))


if __name__ == "__main__":
    sys.stdout.write(reference())
