"""The ready policies of `policies/packs`: every value with its source and how binding it is (gdpr.md §11)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, get_args

from cli.tomlfile import Key
from core.errors import ConfigError
from core.periods import Period

Kind = Literal["law", "guidance", "decision", "choice"]
Limit = Literal["", "at_most", "at_least"]
_PARTS = frozenset({"v", "src", "kind", "limit"})


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from.

    `src` names the sources of the reference or the article; `kind` how binding it is: law, guidance of the authority, a
    decision against a company, or our choice. `limit` says that a period may be only shorter, or only longer.
    """

    value: Any
    src: str
    kind: Kind
    pack: str
    limit: Limit = ""

    def weakened_by(self, value: Any) -> bool:
        """True when a value protects less: a period beyond the limit, or any other value where there is no limit."""
        if not self.limit:
            return bool(value != self.value)
        ours, given = Period.parse(self.value).length, Period.parse(str(value)).length
        return given > ours if self.limit == "at_most" else given < ours


@dataclass(frozen=True, slots=True)
class Pack:
    """A ready policy: its table as a configuration has it, and the source of each value."""

    name: str
    table: Mapping[str, Any]
    sources: Mapping[Key, Source]


def names() -> tuple[str, ...]:
    """The packs there are."""
    found = (item.name for item in (files("policies") / "packs").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml")))


def pack(name: str) -> Pack:
    """The pack of that name, one of `names()`."""
    return parse(name, (files("policies") / "packs" / f"{name}.toml").read_text(encoding="utf-8"))


def parse(name: str, text: str) -> Pack:
    """A pack from its text. Raises ConfigError on a value without `v`, `src` or `kind`."""
    sources = dict(_sources(name, tomllib.loads(text), ()))
    table: dict[str, Any] = {}
    for key, source in sources.items():
        inner = table
        for step in key[:-1]:
            inner = inner.setdefault(str(step), {})
        inner[str(key[-1])] = source.value
    return Pack(name, table, sources)


def chosen(extends: object) -> tuple[Pack, ...]:
    """The packs that `extends` names, the last first: it has precedence. Unknown names are left to the validation."""
    listed = [extends] if isinstance(extends, str) else extends if isinstance(extends, list | tuple) else []
    return tuple(pack(name) for name in reversed(listed) if name in names())


def sources(packs: Iterable[Pack]) -> Mapping[Key, Source]:
    """The source of every value of some packs, the first pack on top."""
    known: dict[Key, Source] = {}
    for item in packs:
        known = {**item.sources, **known}
    return known


def _sources(pack: str, table: Mapping[str, Any], before: Key) -> Iterator[tuple[Key, Source]]:
    for name, value in table.items():
        key = (*before, name)
        if isinstance(value, dict) and _PARTS.isdisjoint(value):
            yield from _sources(pack, value, key)
        elif isinstance(value, dict) and _whole(value):
            yield key, Source(value["v"], value["src"], value["kind"], pack, value.get("limit", ""))
        else:
            raise _incomplete(pack, key)


def _whole(value: Mapping[str, Any]) -> bool:
    known = value.get("kind") in get_args(Kind) and value.get("limit", "") in get_args(Limit)
    return known and "v" in value and bool(value.get("src")) and set(value) <= _PARTS


def _incomplete(pack: str, key: Key) -> ConfigError:
    place = f"The pack {pack}: {'.'.join(map(str, key))}"
    return ConfigError(f"{place} has no source.", f"Write {{ v = …, src = …, kind = {' | '.join(get_args(Kind))} }}.")
