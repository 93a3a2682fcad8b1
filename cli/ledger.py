"""`repoussoir ledger`: the proof. Verify the chain, look at it, hand it over."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Iterable
from typing import Any

import typer

from cli import common
from cli.output import as_json, out, show_head, table
from core.ledger import Entry
from core.store.store import Store

app = typer.Typer(help="The ledger: what was intended, done, refused, by whom and why.", no_args_is_help=True)


@app.command()
def verify(
    context: typer.Context,
    head: list[str] = typer.Option(
        [], help="A head that was printed before: its entry must be there. May be repeated."
    ),
    json: bool = common.Json,
) -> int:
    """Check that no entry was changed, dropped, slipped in, or cut off since the last scheduled run."""
    with common.work(context, []) as parts:
        count = checked(parts.store, head)
        last = parts.store.ledger.last()
        owed = len(parts.store.ledger.owed("outcome"))
    if json:
        as_json({"entries": count, "head": last.hash if last else "", "intents_without_outcome": owed})
    else:
        out.print(f"[green]The ledger is whole:[/] {count} entries; {owed} intents without outcome.")
        show_head(last.head if last else "")
    return 0


def checked(store: Store, heads: Iterable[str] = ()) -> int:
    """Verifies the ledger, also against the heads that runs remember. Raises LedgerBroken; answers its length."""
    ends = (run.summary.get("ledger_head") for run in store.runs.last_of_each() if run.summary)
    return store.ledger.verify([*heads, *filter(None, ends)])


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
