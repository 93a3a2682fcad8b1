"""What the table of a Cardbox account in `config.toml` may hold besides the common keys. Must not know the client."""

from __future__ import annotations

from connectors.options import Options


class CardboxOptions(Options):
    """One Cardbox account."""

    imported: tuple[str, ...] = ("import", "sync")
    """Sources of a card that mean an import: then its creation date is not the date of collection."""

    cascade: tuple[()] = ()
    """Nothing: Cardbox deletes the notes of a card along with it."""
