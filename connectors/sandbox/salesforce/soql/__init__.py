"""SOQL: read, checked against what the user may see, and run over the org's rows (reference §2)."""

from __future__ import annotations
