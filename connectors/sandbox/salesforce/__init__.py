"""A local server that speaks Salesforce's REST, Bulk 2.0, Tooling and SOAP protocols, for two orgs."""

from __future__ import annotations

from connectors.sandbox.salesforce.app import Salesforce

__all__ = ["Salesforce"]
