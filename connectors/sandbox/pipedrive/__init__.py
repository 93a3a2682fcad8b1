"""Pipedrive's HTTP API: v2, and what is left of v1. Must not import anything outside connectors.sandbox."""

from __future__ import annotations

from connectors.sandbox.pipedrive.app import Pipedrive

__all__ = ["Pipedrive"]
