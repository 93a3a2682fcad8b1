"""What the configuration is laid together from, and where each value came from: environment, secrets, files, packs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource

from cli.keys import nearest
from cli.tomlfile import Key
from core.errors import ConfigError

PREFIX = "REPOUSSOIR_"


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of values, and how it says where a key of it stands."""

    table: Mapping[str, Any]
    where: Callable[[Key], str]


class Variables(EnvSettingsSource):
    """Named texts as nested values. Only what looks like a JSON list or object is read as JSON: a token of digits is a text."""

    def __init__(self, settings: type[BaseSettings], texts: Mapping[str, str]) -> None:
        self._texts = texts
        super().__init__(settings, env_prefix="", env_nested_delimiter="__")

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._texts

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """The value of a text. What is no JSON stays as it is, so that validation says what it should have been."""
        try:
            return json.loads(value) if value.lstrip().startswith(("[", "{")) else value
        except ValueError:
            return value


def environment(settings: type[BaseSettings], environ: Mapping[str, str]) -> Layer:
    """The variables that begin with REPOUSSOIR_. An empty one counts as not set."""
    given = {name[len(PREFIX) :].lower(): text for name, text in environ.items() if name.upper().startswith(PREFIX)}
    return _variables(settings, given, lambda name: f"environment: {PREFIX}{name.upper()}")


def secrets(settings: type[BaseSettings], folder: Path) -> Layer:
    """The files of the secrets directory, if there is one. A file without `__` in its name is no secret of ours."""
    return _variables(settings, dict(_files(folder)), lambda name: f"{folder.name}/{name}")


def merged(layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The tables laid over each other, the first on top. Tables are joined, all other values replaced."""
    return reduce(_over, layers, {})


def origin(layers: Iterable[Layer], key: Key) -> str:
    """Where a key, or what is nearest around it, was written. Empty when nowhere."""
    known = list(layers)
    for length in range(len(key), 0, -1):
        for layer in known:
            if _has(layer.table, key[:length]):
                return layer.where(key[:length])
    return ""


def _variables(settings: type[BaseSettings], texts: Mapping[str, str], called: Callable[[str], str]) -> Layer:
    filled = {name: text for name, text in texts.items() if text}
    _only_known(settings, filled, called)

    def where(key: Key) -> str:
        names = ["__".join(map(str, key[:length])) for length in range(len(key), 0, -1)]
        inside = (name for name in filled if name.startswith(f"{names[0]}__"))
        return called(next((name for name in names if name in filled), None) or next(inside, names[0]))

    return Layer(Variables(settings, filled)(), where)


def _only_known(settings: type[BaseSettings], texts: Mapping[str, str], called: Callable[[str], str]) -> None:
    """Refuses names that mean a table there is none of; names without `__` may be other programs'."""
    unknown = [name for name in texts if "__" in name and name.split("__")[0] not in settings.model_fields]
    if unknown:
        meant = nearest(unknown[0].split("__")[0], tuple(settings.model_fields))
        raise ConfigError(f"{called(unknown[0])}: its first part is no key; {meant}")


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir()):
        if file.name.startswith(".") or "__" not in file.name or not file.is_file():
            continue
        try:
            yield file.name.lower(), file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"The secret {file} cannot be read as text.", "Check its rights.") from None


def _over(top: dict[str, Any], under: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        name: _over(top[name], under[name]) for name in top.keys() & under.keys() if _tables(top[name], under[name])
    }
    return {**under, **top, **both}


def _tables(*values: object) -> bool:
    return all(isinstance(value, Mapping) for value in values)


def _has(table: Any, key: Key) -> bool:
    try:
        for step in key:
            table = table[step]
    except (LookupError, TypeError):
        return False
    return True
