"""`config.example.toml`, made from the model: every key with its docstring and its default. `python -m cli.example` prints it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from cli.catalogue import Item, Table, catalogue, heading
from cli.keys import dotted

WIDTH = 118
SET: Mapping[str, Any] = {
    "controller": "Acme SAS",
    "extends": "fr_prospection_b2b",
    "retention.rules.prospects.period": "P24M",
    "retention.rules.prospects.audience": "prospect",
    "retention.rules.prospects.rule": "RET-01",
    "schedule.jobs.nightly.cron": "0 3 * * *",
    "schedule.jobs.nightly.do": "run",
    "schedule.jobs.proof.cron": "0 7 * * 1",
    "schedule.jobs.proof.do": "verify",
    "crm.hubspot.connector": "hubspot",
    "crm.salesforce.connector": "salesforce",
    "crm.salesforce.domain": "acme.my",
    "crm.pipedrive.connector": "pipedrive",
}
"""What the example sets; all other keys stand behind a `#`, with their defaults."""

SHOWN: Mapping[str, Any] = {
    "include": ["policies/*.toml"],
    "sensitive.categories": {"criminal": "report"},
    "crm.hubspot.base_url": "https://api.hubapi.com",
    "crm.salesforce.base_url": "https://acme.my.salesforce.com",
    "crm.pipedrive.base_url": "https://api.pipedrive.com",
    "crm.pipedrive.campaigns": True,
    "crm.pipedrive.imported.field": "Record source",
    "crm.pipedrive.imported.values": ["Import"],
}
"""What stands behind the `#` of a key without a telling default."""

_HEAD = """\
#:schema docs/config.schema.json
# Every key of Repoussoir's configuration. A key behind a # shows its default: take the # away to change it.
# The ready policy that `extends` names may set another one; what stands here is above it.
# Made by `python -m cli.example` from the models: change their docstrings, not this file.
"""


def example() -> str:
    """The whole file."""
    return "\n".join([_HEAD, *(line for table in catalogue() for line in _table(table))])


def written(value: Any) -> str:
    """A value as TOML writes it; a long list goes over several lines."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{name} = {written(inner)}" for name, inner in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple | set | frozenset):
        items = [written(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
        line = f"[{', '.join(items)}]"
        return line if len(line) < WIDTH - 30 else "[\n" + "".join(f"    {part}\n" for part in _folded(items)) + "]"
    return json.dumps(value if isinstance(value, bool | int | float) else str(value), ensure_ascii=False)


def _folded(items: list[str]) -> list[str]:
    return wrap(", ".join(items) + ",", WIDTH - 6, break_long_words=False, break_on_hyphens=False)


def _table(table: Table) -> Iterator[str]:
    if table.key:
        yield from ["", *_comment(table.text), ("#" if table.optional else "") + heading(table), ""]
    for item in table.items:
        yield from [*_item(item, table.optional), ""]


def _item(item: Item, optional: bool) -> Iterator[str]:
    name, key = str(item.key[-1]), dotted(item.key)
    if item.secret:
        yield from _comment(f"{name}: {item.text}")
        return
    yield from _comment(item.text)
    value = SET.get(key, SHOWN.get(key, item.default))
    for line in f"{name} = {written(value)}".splitlines():
        yield line if key in SET and not optional else f"#{line}"


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in wrap(" ".join(text.split()), WIDTH)]


if __name__ == "__main__":
    sys.stdout.write(example())
