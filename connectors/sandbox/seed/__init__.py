"""A deterministic made-up population for the three CRMs, with the ground truth of what must become of it."""

from __future__ import annotations

from connectors.sandbox.seed.population import Population, Truth, population

__all__ = ["Population", "Truth", "population"]
