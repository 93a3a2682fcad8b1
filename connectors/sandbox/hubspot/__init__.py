"""A local HubSpot: what its API answers, written from the vendor's documentation and from no adapter."""

from connectors.sandbox.hubspot.server import HubSpot

__all__ = ["HubSpot"]
