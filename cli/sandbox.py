"""`repoussoir sandbox`: three CRMs on this machine, to try everything on."""

from __future__ import annotations

from pathlib import Path
from time import sleep

import typer

from cli.output import err
from connectors.sandbox.world import Sandbox
from core.errors import ConfigError


def sandbox(
    port: int = typer.Option(
        8900, help="HubSpot listens here, Salesforce on the next port, Pipedrive on the one after."
    ),
    people: int = typer.Option(0, help="Fill them with so many made-up people."),
    seed: int = typer.Option(1, help="Which made-up people: the same seed gives the same."),
    load: Path | None = typer.Option(None, help="Fill them from a file (JSON Lines, see docs/sandbox.md)."),
    data: Path | None = typer.Option(None, help="Keep the state in this file; in memory when left out."),
) -> int:
    """Serve HubSpot, Salesforce and Pipedrive look-alikes on loopback until interrupted. The token is `sandbox`."""
    with Sandbox(str(data) if data else None) as world:
        _start(world, port)
        if people:
            records = len({line["ref"] for line in world.seed(people, seed).lines})
            err.print(f"{people} people loaded, on {records} records.")
        if load:
            err.print(f"{world.load(_lines(load))} records loaded.")
        for crm, url in world.urls.items():
            err.print(f"{crm}: {url}")
        err.print("The token is `sandbox`. Stop with Ctrl-C.")
        while True:
            sleep(3600)


def _start(world: Sandbox, port: int) -> None:
    try:
        world.start(port)
    except OSError:
        raise ConfigError(
            f"Port {port}, {port + 1} or {port + 2} is taken.", "Choose another one with --port."
        ) from None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{file} cannot be read as text.", "Give a JSON Lines file.") from None
