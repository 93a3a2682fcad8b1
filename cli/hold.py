"""`repoussoir hold`: legal holds, which no destruction touches (RET-24)."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta

import typer

from cli import common
from cli.output import as_json, out, table
from cli.runtime import Runtime
from core import index
from core.errors import BadAnswer, ConfigError, StopCrm, Unreachable
from core.follow import bare, follow
from core.identity import Identity
from core.index import Row
from core.model import Ref
from core.store.holds import Hold

_WAY_OUT = "Nothing was changed. --identifiers holds a person by e-mail or phone, one a line on standard input."
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
    with common.work(context, []) as parts:
        common.impersonal(parts, reason=reason)
        found = [_row(parts, Ref.parse(item)) for item in record or []]
        rows, gone = [row for row, _ in found], [row.ref for row, there in found if not there]
        keys = _keys(parts.identity, sys.stdin.read().splitlines()) if identifiers else []
        now = parts.tools.now()
        review_on = common.moment(review) or now + timedelta(days=365)
        scope = [*(str(row.ref) for row in rows), *keys]
        # Not under the lock of a run: whoever applies a plan looks at the holds again before each batch.
        with parts.store.transaction():
            made = parts.store.holds.add(scope, reason, author, now, review_on)
            line = {"do": "add", "id": made.id, "scope": list(made.scope), "by": author}
            parts.store.ledger.append(now, "hold", line)
            follow(parts.store, parts.judge, now, rows)
            made = next(item for item in parts.store.holds.in_force() if item.id == made.id)
    _placed(made, [row.ref for row in rows if bare(row, made)], gone, json=json)
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
        as_json([{**_body(hold), "scope": list(hold.scope), "added": list(hold.added)} for hold in holds])
        return 0
    shown = table("Legal holds", "id", "named", "added", "reason", "author", "since", "review", "state")
    for hold in holds:
        state = "released" if hold.released_at else "overdue for review" if hold.review_on < now else "in force"
        row = (hold.id, str(len(hold.scope)), str(len(hold.added)), hold.reason, hold.author, f"{hold.start:%Y-%m-%d}")
        shown.add_row(*row, f"{hold.review_on:%Y-%m-%d}", state)
    out.print(shown)
    return 0


def _row(parts: Runtime, ref: Ref) -> tuple[Row, bool]:
    """The row of a record, and whether its CRM still has it, as far as it answers.

    Of the index, else of what the CRM answers, under the id that the CRM gives it. Raises ConfigError when there is none,
    Unreachable when the CRM cannot be asked about one that no scan has seen.
    """
    connector, known = common.connector(parts, ref), parts.store.index.get([ref])
    try:
        parts.reader().confirm({ref.crm: connector})
        record = connector.get([ref])[ref]
    except (StopCrm, BadAnswer) as error:
        if known:
            return known[0], True
        raise Unreachable(f"No scan has seen {ref}, and its CRM cannot be asked: {error}. {_WAY_OUT}") from None
    if known:
        return known[0], record is not None
    if record is None:
        raise ConfigError(
            f"There is no record {ref}; it may be deleted, archived or merged into another one.", _WAY_OUT
        )
    # Whose a number is cannot be told from one record: it may be the switchboard's. The next scan tells.
    unread = index.row(replace(record, phones=()), parts.identity)
    return next(iter(parts.store.index.get([record.ref])), unread), True


def _placed(hold: Hold, alone: list[Ref], gone: list[Ref], *, json: bool) -> None:
    if json:
        refs = {"bare": list(map(str, alone)), "gone": list(map(str, gone))}
        as_json({"id": hold.id, "scope": hold.scope, "added": hold.added, **refs})
        return
    out.print(f"Hold {hold.id} is in force on {len(hold.scope)} records or identifiers until it is released.")
    out.print(f"It follows its people by {len(hold.added)} more e-mails and phones, and by those that scans will show.")
    for ref in gone:
        out.print(
            f"{ref} is not in its CRM any more: deleted, archived or merged. Hold the record that it became as well; "
            "until then the hold reaches the e-mails and phones that it had."
        )
    for ref in alone:
        out.print(
            f"{ref} is held by its id alone: nothing else on it tells the person, should it be merged or made anew."
        )


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
