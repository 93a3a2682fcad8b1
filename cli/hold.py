"""`repoussoir hold`: legal holds, which no destruction touches (RET-24)."""

from __future__ import annotations

import sys
from datetime import timedelta

import typer

from cli import common
from cli.output import as_json, out, table
from core.errors import ConfigError
from core.identity import Identity
from core.model import Ref

app = typer.Typer(help="Legal holds: what must not be destroyed.", no_args_is_help=True)


@app.command()
def add(
    context: typer.Context,
    record: list[str] = typer.Argument(None, help="Records as CRM:KIND:ID; a hold on one is a hold on its person."),
    identifiers: bool = typer.Option(False, help="Also read e-mails and phones from standard input, one a line."),
    reason: str = typer.Option(..., help="Why (no personal data)."),
    author: str = typer.Option(..., help="Who authorises it."),
    review: str | None = typer.Option(None, help="When it is to be looked at again; a year from now when left out."),
    json: bool = common.Json,
) -> int:
    """Place a hold on people."""
    with common.work(context, []) as parts, parts.writing(), parts.store.transaction():
        now = parts.tools.now()
        scope = [str(Ref.parse(item)) for item in record or []]
        if identifiers:
            scope += _keys(parts.identity, sys.stdin.read().splitlines())
        review_on = common.moment(review) or now + timedelta(days=365)
        made = parts.store.holds.add(scope, reason, author, now, review_on)
        parts.store.ledger.append(now, "hold", {"do": "add", "id": made.id, "scope": scope, "by": author})
    if json:
        as_json({"id": made.id, "scope": scope})
    else:
        out.print(f"Hold {made.id} is in force on {len(scope)} records or identifiers until it is released.")
    return 0


@app.command()
def release(
    context: typer.Context,
    id: str = typer.Argument(help="The hold, such as H-1."),
    by: str = typer.Option(..., help="Your name."),
) -> int:
    """End a hold; its people are judged again at the next run."""
    with common.work(context, []) as parts, parts.writing(), parts.store.transaction():
        now = parts.tools.now()
        parts.store.holds.release(id, by, now)
        parts.store.ledger.append(now, "hold", {"do": "release", "id": id, "by": by})
    out.print(f"Hold {id} is released.")
    return 0


@app.command("list")
def list_(context: typer.Context, json: bool = common.Json) -> int:
    """List the holds, the released ones too."""
    with common.work(context, []) as parts:
        holds, now = parts.store.holds.all(), parts.tools.now()
    if json:
        as_json([{**_body(hold), "scope": list(hold.scope)} for hold in holds])
        return 0
    shown = table("Legal holds", "id", "records", "reason", "author", "since", "review", "state")
    for hold in holds:
        state = "released" if hold.released_at else "overdue for review" if hold.review_on < now else "in force"
        row = (hold.id, str(len(hold.scope)), hold.reason, hold.author, f"{hold.start:%Y-%m-%d}")
        shown.add_row(*row, f"{hold.review_on:%Y-%m-%d}", state)
    out.print(shown)
    return 0


def _body(hold: object) -> dict[str, str | None]:
    names = ("id", "reason", "author", "start", "review_on", "released_at")
    return {name: str(value) if (value := getattr(hold, name)) else None for name in names}


def _keys(identity: Identity, lines: list[str]) -> list[str]:
    filled = [line for line in lines if line.strip()]
    emails = tuple(line for line in filled if "@" in line)
    phones = tuple(line for line in filled if "@" not in line)
    found = identity.all(emails, phones)
    if len(found) != len(set(filled)):
        raise ConfigError("A line is neither an e-mail nor a phone number.", "Nothing was changed.")
    return [str(item.key) for item in found]
