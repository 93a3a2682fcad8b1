"""The fields of a card: the vendor's types as our shapes, and the names of those that play a part for us. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from core.model import Channel
from core.schema import Property, Schema, Shape

from .client import Row

KIND = "card"
RESTRICTED = "repoussoir_restricted"
FLAGS: dict[Channel, str] = {"email": "no_mail", "telephone": "repoussoir_no_telephone"}
NATIVE: tuple[Channel, ...] = ("email",)
"""The channels whose flag is the vendor's own; `declare` makes the fields of the others."""
SHAPES: dict[str, Shape] = {"string": "text", "memo": "longtext", "flag": "bool"}


def schema(crm: str, kind: str, fields: Iterable[Row]) -> Schema:
    """The fields as a Schema; a type that we do not know is `other`."""
    found = [(row, SHAPES.get(row["type"], "other")) for row in fields]
    return Schema(
        crm,
        kind,
        tuple(Property(name=row["name"], label=row["label"], shape=shape, custom=True) for row, shape in found),
    )


def undeclared(fields: Iterable[Row]) -> tuple[str, ...]:
    """The names of our own fields that are not there."""
    known = names(fields)
    ours = (*(flag for channel, flag in FLAGS.items() if channel not in NATIVE), RESTRICTED)
    return tuple(name for name in ours if name not in known)


def names(fields: Iterable[Row]) -> set[str]:
    """The names of the fields, as the API uses them."""
    return {row["name"] for row in fields}
