"""Which adapters there are: our own by path, guests by the entry point group `repoussoir.connectors`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Protocol, cast

from connectors.options import Options
from connectors.transport import Tools
from core.connector import Connector
from core.errors import ConfigError

GROUP = "repoussoir.connectors"
BUILTIN = {
    "hubspot": "connectors.hubspot",
    "salesforce": "connectors.salesforce",
    "pipedrive": "connectors.pipedrive",
}


class Adapter(Protocol):
    """The module of an adapter: its settings model, and how to make a connector for one account."""

    OPTIONS: type[Options]

    def connect(self, crm: str, options: Options, tools: Tools) -> Connector:
        """A connector for the account called `crm` in the configuration. Must not call the vendor yet."""
        ...


def paths() -> Mapping[str, str]:
    """The module of every adapter by name. Raises ConfigError when a guest takes a name that is there already."""
    found = dict(BUILTIN)
    for point in entry_points(group=GROUP):
        if point.name in found:
            raise ConfigError(f"Two connectors are called {point.name!r}.", f"Uninstall {point.value} or rename it.")
        found[point.name] = point.value
    return found


def adapter(name: str) -> Adapter:
    """The adapter of that name. Raises ConfigError when there is none."""
    known = paths()
    if name not in known:
        raise ConfigError(f"There is no connector {name!r}.", f"Known are: {', '.join(sorted(known))}.")
    return cast(Adapter, import_module(known[name]))
