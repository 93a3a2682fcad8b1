"""Pipedrive: persons of one company, read and written through v2 and, where there is nothing else, v1 of its API."""

from __future__ import annotations

from connectors.options import Options
from connectors.pipedrive.connector import Pipedrive
from connectors.pipedrive.options import PipedriveOptions
from connectors.transport import Tools
from core.connector import Connector
from core.errors import ConfigError

OPTIONS = PipedriveOptions


def connect(crm: str, options: Options, tools: Tools) -> Connector:
    """A connector for the account called `crm`. Does not call the vendor. Raises ConfigError without a token."""
    assert isinstance(options, PipedriveOptions)
    if not options.token.get_secret_value():
        raise ConfigError(f"{crm} has no token.", f"Set REPOUSSOIR_CRM__{crm.upper()}__TOKEN.")
    return Pipedrive(crm, options, tools)
