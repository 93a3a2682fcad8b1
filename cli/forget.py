"""`repoussoir forget`: what is known of a CRM that is no longer spoken to, or not as the same account, goes out of the store."""

from __future__ import annotations

import typer

from cli import common
from cli.output import as_json, out
from cli.runtime import Runtime
from core.errors import ConfigError
from core.objections import only
from core.outcomes import Outcomes
from core.people import Entry
from core.store.holds import Hold


def forget(
    context: typer.Context,
    crm: str = typer.Argument(help="The name it had in the configuration."),
    by: str = typer.Option(..., help="Your name."),
    json: bool = common.Json,
) -> int:
    """Forget a CRM that left the configuration, or whose account was replaced."""
    with common.work(context, []) as parts, parts.writing():
        told = forgotten(parts, crm, by)
    if json:
        as_json(told)
        return 0
    out.print(
        f"Forgotten: {told['records']} records of {crm}. The suppression list and the tombstones stay; "
        f"{told['entries']} entries were added for objections that only {crm} showed."
    )
    if told["linked"]:
        out.print(f"{told['linked']} records elsewhere are of the same people: the next run judges them without it.")
    if told["unresolved"]:
        out.print(f"[yellow]Never resolved:[/] {told['unresolved']} writes to {crm} that were interrupted.")
    return 0


def forgotten(parts: Runtime, crm: str, by: str) -> dict[str, int]:
    """Forgets a CRM in one transaction, and writes in the ledger how much that was. Raises ConfigError.

    Must be called under the lock of a run. Objections that nobody else shows go onto the list first.
    """
    _permit(parts, crm, by)
    now = parts.tools.now()
    with parts.store.transaction():
        entries, linked = _lost(parts, crm)
        Outcomes(parts.store).list_entries(entries, now)
        records, unresolved = parts.store.forget(crm)
        told = {"records": records, "linked": linked, "entries": len(entries), "unresolved": unresolved}
        parts.store.ledger.append(now, "forget", {"crm": crm, "by": by, **told})
    return told


def _permit(parts: Runtime, crm: str, by: str) -> None:
    if not by.strip():
        raise ConfigError("Somebody must stand for it.", "Give --by NAME.")
    if crm not in parts.store.crms():
        known = ", ".join(sorted(parts.store.crms())) or "none"
        raise ConfigError(f"Nothing is known of a CRM {crm!r}.", f"Known are: {known}.")
    options, account = parts.config.crm.get(crm), parts.store.accounts.known().get(crm)
    if options and (account is None or options.account in ("", account)):
        raise ConfigError(
            f"{crm} is in the configuration.",
            f"Take [crm.{crm}] out first; if its account was replaced, name the new one as [crm.{crm}] account.",
        )
    if held := [hold.id for hold in parts.store.holds.all() if _names(hold, crm)]:
        raise ConfigError(
            f"The hold {', '.join(held)} names records of {crm}: it would let go of what else is known of their people.",
            "Place it on other records of theirs or on their identifiers, and release this one.",
        )


def _names(hold: Hold, crm: str) -> bool:
    return not hold.released_at and any(target.startswith(f"{crm}:") for target in hold.scope)


def _lost(parts: Runtime, crm: str) -> tuple[list[Entry], int]:
    """The entries that only the records of a CRM give the list, and how many other records are linked to one of them."""
    rows, listed, now = list(parts.store.index.rows()), parts.store.suppression.listed(), parts.tools.now()
    people = parts.judge.people(rows)
    without = parts.judge.people([row for row in rows if row.ref.crm != crm])
    linked = {other for row in rows if row.ref.crm == crm for other in people.linked(row.ref) if other.crm != crm}
    return [*only(people, without, listed, now).values()], len(linked)
