"""Writes to rows: checks, derived values, cascades, and what a write does to other rows (reference §3, §5)."""

from __future__ import annotations
