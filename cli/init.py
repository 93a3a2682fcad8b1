"""`repoussoir init`: a first configuration, an HMAC key, and the properties that the CRMs lack."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

import typer

from cli import common
from cli.config import Config, load, starter
from cli.output import err, out
from cli.runtime import open_store, runtime
from core.errors import ConfigError, KeyProblem, StoreProblem, TellHuman


def init(
    context: typer.Context,
    declare: bool = typer.Option(False, help="Also make the opt-out and restriction properties that the CRMs lack."),
) -> int:
    """Make config.toml and the HMAC key; with --declare, the properties in the CRMs."""
    file = common.path(context)
    if not file.exists():
        _write(file, starter())
        out.print(
            f"Wrote {file}: set your CRMs and rules there. Tokens go into the environment or the secrets directory."
        )
    prepare(file, declare=declare)
    return 0


def prepare(file: Path, *, declare: bool = True) -> None:
    """The key, and the properties in the CRMs, for a configuration that is there."""
    config = load(file, os.environ)
    _key(config, file.parent / config.secrets_dir)
    if declare:
        _declare(load(file, os.environ))


def _key(config: Config, folder: Path) -> None:
    """Makes the HMAC key unless there is one. Raises KeyProblem when the store already has entries under another."""
    if config.keys.current in config.keys.secrets:
        out.print(f"The HMAC key {config.keys.current} is there.")
        return
    store = open_store(config)
    try:
        used = store.keys.known()
    finally:
        store.close()
    if used:
        raise KeyProblem(
            f"The store was made with the HMAC key {', '.join(sorted(used))}, which is missing; a new one would match nobody.",
            "Restore it from your backup into the environment or the secrets directory.",
        )
    file = folder / f"keys__secrets__{config.keys.current}"
    _write(file, secrets.token_hex(32), private=True)
    err.print(
        f"Made the HMAC key {config.keys.current} in {file}. [bold]Back it up now, apart from the store:[/] "
        "without it nobody on the suppression list can be recognised any more."
    )


def _declare(config: Config) -> None:
    if not config.crm:
        raise ConfigError("There is no CRM in the configuration.", "Add a [crm.…] table.")
    with runtime(config) as parts:
        for crm, connector in parts.connectors.items():
            parts.reader().account(crm, connector)
            made = connector.declare()
            out.print(f"{crm}: {'made ' + ', '.join(made) if made else 'every property is there'}.")


def _write(file: Path, text: str, *, private: bool = False) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o777)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
        with os.fdopen(handle, "w", encoding=sys.getdefaultencoding()) as opened:
            opened.write(text)
    except FileExistsError:
        raise TellHuman(f"{file} is there already.", "It was left as it is.") from None
    except OSError as error:
        raise StoreProblem(
            f"{file} cannot be written ({error.strerror}).", "Check the folder and its rights."
        ) from None
