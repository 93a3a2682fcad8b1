"""A whole adapter to copy, for a vendor that does not exist: Cardbox, JSON over HTTP. docs/new-connector.md says how.

Imports of its own are relative, so that a copy works under any name.
"""

from __future__ import annotations

from .connector import connect
from .options import CardboxOptions

OPTIONS = CardboxOptions

__all__ = ["OPTIONS", "connect"]
