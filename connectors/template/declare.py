"""Making the fields that Suppress and Restrict write and the vendor lacks."""

from __future__ import annotations

from .client import Api
from .schema import undeclared


def declare(api: Api) -> tuple[str, ...]:
    """Makes what is missing; leaves alone what is there."""
    made = undeclared(api.fields())
    for name in made:
        api.add_field(name)
    return made
