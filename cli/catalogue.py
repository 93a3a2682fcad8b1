"""Every table and key of the configuration as the model has them: what the example, the reference and the tests are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc, isclass
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cli.config import Config
from cli.keys import dotted, is_secret, options_model, parts
from cli.tomlfile import Key

NAMES: dict[Key, tuple[str, ...]] = {
    ("retention", "rules"): ("prospects",),
    ("schedule", "jobs"): ("nightly", "proof"),
    ("crm",): ("hubspot", "salesforce", "pipedrive"),
}
"""What the tables with names of one's own are called in the example; a CRM like its vendor."""


@dataclass(frozen=True, slots=True)
class Item:
    """One key of a table. `default` is None where there is none."""

    key: Key
    text: str
    default: Any
    required: bool
    secret: bool


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its key, what it is for, its own keys. `optional` when it may be left out and then means nothing."""

    key: Key
    text: str
    items: tuple[Item, ...]
    optional: bool = False


def catalogue() -> Iterator[Table]:
    """All tables, the top one first, each before those inside it."""
    yield from _tables(Config, (), "")


def _tables(model: type[BaseModel], key: Key, text: str, *, optional: bool = False) -> Iterator[Table]:
    inner = {name: field for name, field in model.model_fields.items() if _model(field)}
    items = [_item((*key, name), field) for name, field in model.model_fields.items() if name not in inner]
    items.sort(key=lambda item: item.key[-1] != "enabled")
    yield Table(key, text or cleandoc(model.__doc__ or ""), tuple(items), optional)
    for name, field in inner.items():
        yield from _inner((*key, name), field)


def _inner(key: Key, field: FieldInfo) -> Iterator[Table]:
    model = _model(field)
    assert model is not None
    if key not in NAMES:
        yield from _tables(model, key, field.description or "", optional=field.default is None)
        return
    for name in NAMES[key]:
        yield from _tables((key == ("crm",) and options_model({"connector": name})) or model, (*key, name), "")


def _item(key: Key, field: FieldInfo) -> Item:
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    table = {"crm": {name: {"connector": name} for name in NAMES["crm",]}}
    return Item(key, field.description or "", default, field.is_required(), is_secret(Config, table, key))


def _model(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that is a table, or a table of tables."""
    for part in parts(field.annotation):
        for value in parts(get_args(part)[1]) if get_origin(part) is dict else (part,):
            if isclass(value) and issubclass(value, BaseModel):
                return value
    return None


def heading(table: Table) -> str:
    """How a table is written in TOML."""
    return f"[{dotted(table.key)}]"
