"""How a row's fields read: false and null are not stored, addresses are put together, blobs are links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.sandbox.salesforce.schema import Field, Object
from connectors.sandbox.state import Doc

Get = Callable[[Doc], Any]

_PARTS = ("City", "Country", "GeocodeAccuracy", "Latitude", "Longitude", "PostalCode", "State", "Street")


def reader(base: str, kind: Object, field: Field) -> Get:
    """A function from a row to the value of one field, as JSON has it."""
    name = field.name
    if name == "IsDeleted":
        return lambda row: "_deleted" in row
    if field.type == "boolean":
        return lambda row: row.get(name, False)
    if field.type == "address":
        return _address(name.removesuffix("Address"))
    if field.type == "base64":
        return lambda row: f"{base}/sobjects/{kind.name}/{row['Id']}/{name}" if name in row else None
    return lambda row: row.get(name)


def _address(prefix: str) -> Get:
    def get(row: Doc) -> Any:
        parts = {part[0].lower() + part[1:]: row.get(prefix + part) for part in _PARTS}
        return parts if any(value is not None for value in parts.values()) else None

    return get
