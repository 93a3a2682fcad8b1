"""Where the values in force come from, and what is said of those that protect less than their source asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cli import packs
from cli.keys import dotted
from cli.packs import Source
from cli.problems import Problem
from cli.tomlfile import Key

if TYPE_CHECKING:
    from cli.config import Config

AUDIENCES = ("prospect", "customer")
_RULES: Key = ("retention", "rules")
_FINED = (
    "the CNIL held five years to be too long for the prospects of Spartoo (SAN-2020-003) and four for the customers of "
    "Carrefour (SAN-2020-008); be able to justify it"
)


def provenance(config: Config) -> Mapping[str, Source]:
    """The source of every value in force that a pack gave, by dotted key. A value that was changed has none."""
    known = _sources(config)
    table = _table(config)
    return {dotted(key): source for key, source in known.items() if _value(table, key) == source.value}


def warnings(config: Config) -> tuple[str, ...]:
    """A sentence for each value that protects less than guidance or a decision asks for, and for people without a period."""
    return (*_longer(config), *_uncovered(config), *_other(config))


def weakened_law(config: Config) -> Iterator[Problem]:
    """The values of law that the configuration weakens: it is refused."""
    for key, source in _weakened(config):
        if source.kind == "law":
            yield key, f"must not be weakened: {source.pack} takes it from {source.src}"


def _longer(config: Config) -> Iterator[str]:
    """RET-01: a rule that keeps an audience for longer than the pack does, whatever the rule is called."""
    if not config.retention.enabled:
        return
    ceilings = _ceilings(config)
    for name, rule in config.retention.rules.items():
        for audience in AUDIENCES if rule.audience == "any" else (rule.audience,):
            source = ceilings.get(audience)
            if source and source.weakened_by(rule.period):
                yield (
                    f"RET-01: retention.rules.{name}.period keeps a {audience} for {rule.period}, {source.pack} for "
                    f"{source.value} ({source.kind}, {source.src}): {_FINED}"
                )


def _ceilings(config: Config) -> dict[str, Source]:
    """The period that the packs give each audience."""
    known = _sources(config)
    audiences = {key[2]: item.value for key, item in known.items() if key[:2] == _RULES and key[3] == "audience"}
    return {
        audiences[key[2]]: item
        for key, item in known.items()
        if key[:2] == _RULES and key[3] == "period" and item.limit
    }


def _uncovered(config: Config) -> Iterator[str]:
    """R-S3.2: an audience for which no rule holds in every CRM is kept for ever there."""
    rules = config.retention.rules.values()
    for audience in AUDIENCES if config.retention.enabled else ():
        if not any(rule.audience in {audience, "any"} and not rule.crms and not rule.kinds for rule in rules):
            yield f"R-S3.2: no retention rule covers every {audience}; whom none covers is kept for ever"


def _other(config: Config) -> Iterator[str]:
    for key, source in _weakened(config):
        if source.kind in {"guidance", "decision"} and key[:2] != _RULES:
            yield (
                f"{dotted(key)} protects less than {source.pack}, which has {_written(source.value)} "
                f"({source.kind}, {source.src})"
            )


def _weakened(config: Config) -> Iterator[tuple[Key, Source]]:
    table = _table(config)
    for key, source in _sources(config).items():
        value = _value(table, key)
        if value is not None and source.weakened_by(value):
            yield key, source


def _sources(config: Config) -> Mapping[Key, Source]:
    return packs.sources(packs.chosen(config.extends))


def _table(config: Config) -> dict[str, Any]:
    return config.model_dump(mode="json", exclude={"crm", "keys", "notify"})


def _value(table: Any, key: Key) -> Any:
    for step in key:
        table = table.get(step) if isinstance(table, Mapping) else None
    return table


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
