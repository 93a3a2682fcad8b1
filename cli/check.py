"""`repoussoir check`: who are we in each CRM, what may we do, and what is missing. Changes nothing."""

from __future__ import annotations

from typing import Any

import typer

from cli import common, exits
from cli.output import as_json, err, out, pairs, plain
from cli.provenance import warnings
from cli.runtime import Runtime
from core.connector import Account, Connector
from core.errors import BadAnswer, StopCrm, WrongAccount


def check(
    context: typer.Context,
    crm: list[str] = typer.Option([], help="Only this CRM. May be repeated."),
    json: bool = common.Json,
) -> int:
    """Test the configuration, the key, the store and the credentials."""
    with common.work(context, crm) as parts:
        found = {name: _look(parts, name, connector) for name, connector in parts.connectors.items()}
        left = sorted(parts.store.crms() - set(parts.config.crm))
        told = warnings(parts.config)
    for name in left:
        err.print(
            f"[yellow]Note:[/] {name} is not in the configuration, and its records are still known: people with a record "
            f"there wait. Put it back, or: [bold]{_forget(name)}[/]"
        )
    for sentence in told:
        err.print(f"[yellow]Note:[/] {plain(sentence)}")
    if json:
        as_json(found | {name: {"verdict": "not in the configuration", "next": _forget(name)} for name in left})
    else:
        for name, facts in found.items():
            pairs(name, facts)
        if not found:
            out.print("The configuration, the key and the store are fine. There is no CRM in the configuration.")
    return exits.OK if all(facts["verdict"] == "ready" for facts in found.values()) else exits.CREDENTIALS


def _forget(crm: str) -> str:
    return f"repoussoir forget {crm} --by NAME"


def _look(parts: Runtime, crm: str, connector: Connector) -> dict[str, Any]:
    try:
        account = parts.reader().account(crm, connector)
    except (StopCrm, BadAnswer, WrongAccount) as error:
        return {"verdict": "not usable", "why": str(error)}
    return _facts(account)


def _facts(account: Account) -> dict[str, Any]:
    ready = not (account.missing or account.blind or account.undeclared)
    facts: dict[str, Any] = {"verdict": "ready" if ready else "incomplete", "account": account.id, "name": account.name}
    if account.missing:
        facts["missing scopes"] = ", ".join(account.missing)
    if account.blind:
        facts["sees only part"] = "; ".join(account.blind)
    if account.undeclared:
        facts["missing properties"] = ", ".join(account.undeclared) + " (run `repoussoir init --declare`)"
    if account.quota:
        facts["calls today"] = f"{account.quota[0]} of {account.quota[1]}"
    return facts
