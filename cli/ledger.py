"""`repoussoir ledger`: the proof. Verify the chain, look at it, hand it over."""

from __future__ import annotations

import json as jsonlib
import sys
from typing import Any

import typer

from cli import common
from cli.output import as_json, out, table
from core.ledger import Entry

app = typer.Typer(help="The ledger: what was intended, done, refused, by whom and why.", no_args_is_help=True)


@app.command()
def verify(context: typer.Context, json: bool = common.Json) -> int:
    """Check that no entry was changed, dropped or slipped in."""
    with common.work(context, []) as parts:
        count = parts.store.ledger.verify()
        last = parts.store.ledger.last()
        owed = len(parts.store.ledger.owed("outcome"))
    head = last.hash if last else ""
    if json:
        as_json({"entries": count, "head": head, "intents_without_outcome": owed})
    else:
        out.print(f"[green]The ledger is whole:[/] {count} entries, head {head[:16]}; {owed} intents without outcome.")
    return 0


@app.command()
def show(
    context: typer.Context,
    last: int = typer.Option(20, help="How many of the newest entries."),
    record: str = typer.Option("", help="Only what concerns this record, CRM:KIND:ID."),
    json: bool = common.Json,
) -> int:
    """Show the newest entries."""
    with common.work(context, []) as parts:
        entries = [e for e in parts.store.ledger.entries() if not record or e.body.get("ref") == record][-last:]
    if json:
        as_json([_body(entry) for entry in entries])
        return 0
    shown = table("Ledger", "id", "at", "kind", "what")
    for entry in entries:
        shown.add_row(entry.id, f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.kind, _what(entry))
    out.print(shown)
    return 0


@app.command()
def export(context: typer.Context) -> int:
    """Print every entry as JSON Lines; anybody can check the hashes with it."""
    with common.work(context, []) as parts:
        for entry in parts.store.ledger.entries():
            sys.stdout.write(jsonlib.dumps(_body(entry), ensure_ascii=False) + "\n")
    return 0


def _body(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at.isoformat(),
        "kind": entry.kind,
        "body": dict(entry.body),
        "prev": entry.prev,
        "hash": entry.hash,
    }


def _what(entry: Entry) -> str:
    body = entry.body
    if "action" in body:
        return f"{body['action']['do']} {body['ref']} {body.get('receipt', '')} {body.get('why', '')}".strip()
    return ", ".join(f"{name} {value}" for name, value in body.items() if isinstance(value, str | int))
