"""What the verbs share: the configuration of the command, and the option for JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import typer

from cli.config import Config, load
from cli.runtime import Runtime, runtime
from core.connector import Connector
from core.errors import ConfigError
from core.identity import mentions_somebody
from core.model import Ref
from policies.sensitive import identifiers
from policies.sensitive.folding import fold

Json = typer.Option(False, "--json", help="Print JSON.")


def config(context: typer.Context) -> Config:
    """The configuration that `--config` names. Raises ConfigError."""
    return load(path(context), os.environ)


def path(context: typer.Context) -> Path:
    """Where the configuration is."""
    found: Path = context.obj
    return found


@contextmanager
def work(context: typer.Context, crms: list[str] | None = None) -> Iterator[Runtime]:
    """The wired parts for a verb."""
    with runtime(config(context), tuple(crms or ())) as wired:
        yield wired


def connector(parts: Runtime, ref: Ref) -> Connector:
    """The connector of the CRM that a person's record is in. Raises ConfigError when there is no such CRM or kind."""
    found = parts.connectors.get(ref.crm)
    if found is None or ref.kind not in found.capabilities.kinds:
        known = ", ".join(f"{crm}:{kind}" for crm, item in parts.connectors.items() for kind in item.capabilities.kinds)
        raise ConfigError(f"{ref.crm}:{ref.kind} holds no people here.", f"Known are: {known}.")
    return found


def impersonal(parts: Runtime, **texts: str) -> None:
    """Raises ConfigError for a text that names somebody: it would stay in the store and the ledger for good."""
    for option, text in texts.items():
        if mentions_somebody(text, parts.config.phone_region) or any(identifiers.find(fold(text))):
            raise ConfigError(
                f"--{option} holds an address or a number of somebody; it would stay in the ledger for good.",
                "Give a reference instead, such as a file number. Nothing was changed.",
            )


def moment(text: str | None) -> datetime | None:
    """A moment given on the command line, ISO 8601 with a time zone, from 1900 to 2999. Raises ConfigError."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no moment.", "Write it as 2026-11-24T09:00+01:00.") from None
    if found.tzinfo is None:
        raise ConfigError(f"{text!r} has no time zone.", "Write it as 2026-11-24T09:00+01:00.")
    if not 1900 <= found.year < 3000:
        raise ConfigError(f"{text!r} is no year of ours.", "Write it as 2026-11-24T09:00+01:00.")
    return found
