"""What the model of the configuration says at a dotted key: its type, the keys beside it, whether it is a secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from inspect import isclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr

from cli.tomlfile import Key
from connectors.options import Options
from connectors.registry import adapter, paths
from core.errors import ConfigError

SECRET_NAMES = frozenset({"token", "client_secret", "private_key", "password"})
_SECRET_TABLES = (("keys", "secrets"), ("notify", "urls"))


def dotted(key: Key) -> str:
    """A key as it is written in TOML; a place in a list in brackets."""
    text = ""
    for step in key:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def options_model(value: object) -> type[Options] | None:
    """The model of a CRM's table, from the adapter that its `connector` names; None when there is none.

    Imports that adapter, and no other one. Raises ConfigError when it is there and cannot be imported.
    """
    name = value.get("connector") if isinstance(value, Mapping) else None
    if not isinstance(name, str) or name not in paths():
        return None
    try:
        return adapter(name).OPTIONS
    except ImportError as error:
        raise ConfigError(f"The connector {name} cannot be imported ({error}).", "Install it again.") from None


def type_at(model: type[BaseModel], table: Any, key: Key) -> Any:
    """The type of a key; None when there is no such key. `table` tells which adapter a CRM's table is for."""
    kind: Any = model
    for depth, step in enumerate(key):
        table = table.get(step) if isinstance(table, Mapping) else None
        kind = (depth == 1 and key[0] == "crm" and options_model(table)) or _step(kind, step)
    return kind


def names_at(model: type[BaseModel], table: Any, key: Key) -> tuple[str, ...]:
    """The keys that the table at `key` may hold, where the model fixes them."""
    found = type_at(model, table, key)
    models = [part for part in parts(found) if isclass(part) and issubclass(part, BaseModel)]
    return tuple(name for part in models for name in part.model_fields)


def nearest(word: object, known: tuple[str, ...]) -> str:
    """What was probably meant, as the end of a sentence; all there is when nothing is near."""
    close = get_close_matches(str(word), known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"there are: {', '.join(known)}" if known else ""


def is_secret(model: type[BaseModel], table: Any, key: Key) -> bool:
    """True for a key whose value must not stand in a TOML file."""
    listed = any(key[: len(place)] == place for place in _SECRET_TABLES)
    return listed or key[-1] in SECRET_NAMES or SecretStr in set(_leaves(type_at(model, table, key)))


def leaves(table: Mapping[str, Any], before: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Every value of nested tables with its key."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*before, name))
        else:
            yield (*before, name), value


def _step(kind: Any, step: str | int) -> Any:
    for part in parts(kind):
        if isclass(part) and issubclass(part, BaseModel) and step in part.model_fields:
            return part.model_fields[str(step)].annotation
        if get_origin(part) is dict:
            return get_args(part)[1]
    return None


def parts(kind: Any) -> Iterator[Any]:
    """A type, or the members of a union, without what `Annotated` adds."""
    if get_origin(kind) is dict or isclass(kind):
        yield kind
    else:
        for part in get_args(kind):
            yield from parts(part)


def _leaves(kind: Any) -> Iterator[Any]:
    yield kind
    if not (isclass(kind) and issubclass(kind, BaseModel)):
        for part in get_args(kind):
            yield from _leaves(part)
