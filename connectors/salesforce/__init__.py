"""The Salesforce adapter: Contacts, Leads and, when the org has them, person Accounts. Everything vendor-specific is below."""

from __future__ import annotations

from connectors.options import Options
from connectors.salesforce.connector import Salesforce
from connectors.salesforce.options import SalesforceOptions
from connectors.transport import Tools
from core.connector import Connector
from core.errors import ConfigError

OPTIONS = SalesforceOptions


def connect(crm: str, options: Options, tools: Tools) -> Connector:
    """A connector for one org. Does not call Salesforce yet. Raises ConfigError when the options cannot log in."""
    if not isinstance(options, SalesforceOptions):
        raise ConfigError(f"{crm} is not configured as a Salesforce account.")
    return Salesforce(crm, options, tools)
