"""The HubSpot adapter. Facts about the vendor come from the HubSpot reference; section numbers in docstrings are its own."""

from __future__ import annotations

from connectors.hubspot.connector import connect
from connectors.hubspot.options import HubSpotOptions

OPTIONS = HubSpotOptions

__all__ = ["OPTIONS", "connect"]
