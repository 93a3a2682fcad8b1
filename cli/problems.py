"""What is wrong with a configuration, as sentences: where, which key, what was expected, what was probably meant.

Must never show a value that could be a secret: pydantic's inputs are not asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cli.keys import dotted, is_secret, leaves, names_at, nearest
from cli.layers import Layer, origin
from cli.tomlfile import Key, TomlFile
from core.errors import ConfigError

Problem = tuple[Key, str]
_EXPECTED = {
    "missing": "is missing",
    "bool": "should be true or false",
    "int": "should be a whole number",
    "float": "should be a number",
    "string": "should be a text",
    "tuple": "should be a list",
    "frozen_set": "should be a list",
    "dict": "should be a table",
    "model": "should be a table",
}


def refuse_secrets(model: type[BaseModel], files: Iterable[TomlFile]) -> None:
    """Raises ConfigError when a TOML file holds what belongs into the environment or the secrets directory."""
    found = [
        f"{file.where(key)}: {dotted(key)}: a secret must not stand in TOML; {_instead(key)}"
        for file in files
        for key, value in leaves(file.table)
        if is_secret(model, file.table, key) or _is_url_with_password(key, value)
    ]
    if found:
        raise ConfigError("\n".join(found), "Take it out, and change it at the vendor if the file was shared.")


def explained(model: type[BaseModel], table: Mapping[str, Any], error: ValidationError) -> Iterator[Problem]:
    """The key and the sentence of every error of pydantic."""
    for item in error.errors(include_url=False, include_input=False):
        key = tuple(step for step in item["loc"] if step != "[key]")
        yield key, _sentence(model, table, key, item)


def told(problems: Iterable[Problem], layers: Iterable[Layer], main: str) -> ConfigError:
    """All problems as one error, a line each."""
    known = list(layers)
    lines = [f"{origin(known, key) or main}: {dotted(key) or 'the whole'}: {sentence}" for key, sentence in problems]
    return ConfigError("\n".join(dict.fromkeys(lines)))


def _sentence(model: type[BaseModel], table: Mapping[str, Any], key: Key, item: ErrorDetails) -> str:
    match item["type"]:
        case "extra_forbidden":
            return f"there is no such key; {nearest(key[-1], names_at(model, table, key[:-1]))}"
        case "string_pattern_mismatch" if item["loc"][-1:] == ("[key]",):
            return "a name has small letters, digits and single underscores, and begins with a letter"
        case "value_error":
            return item["msg"].removeprefix("Value error, ")
    expected = _EXPECTED.get(item["type"].removesuffix("_type").removesuffix("_parsing"))
    return expected or item["msg"].replace("Input should", "should", 1).replace("String should", "should", 1)


def _instead(key: Key) -> str:
    steps = [str(step) for step in key if isinstance(step, str)]
    return (
        f"give it as REPOUSSOIR_{'__'.join(steps).upper()}, or as the file {'__'.join(steps)} in the secrets directory"
    )


def _is_url_with_password(key: Key, value: object) -> bool:
    """True for the URL of a database that holds a password."""
    place = value.partition("://")[2].rpartition("@")[0] if key == ("store", "url") and isinstance(value, str) else ""
    return ":" in place
