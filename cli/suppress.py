"""`repoussoir suppress`: the liste repoussoir. Identifiers come from standard input or a file, never from the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import typer

from cli import common
from cli.output import as_json, out, table
from cli.runtime import Runtime
from core.errors import ConfigError
from core.identity import Identifier
from core.lift import Lifted
from core.lift import lift as lift_
from core.model import CHANNELS, Channel
from core.people import Entry

app = typer.Typer(help="The suppression list: who must never be solicited again.", no_args_is_help=True)
Source = typer.Argument(None, help="A file with one e-mail or phone a line; standard input when left out.")
Which = Literal["email", "telephone", "all"]


@app.command()
def add(
    context: typer.Context,
    channel: Which = typer.Option(
        "all", help="The channel the person objected to; an e-mail objects to all by default."
    ),
    objected_on: str | None = typer.Option(None, help="When they objected; now when left out."),
    source: str = typer.Option("staff", help="How the objection came in: phone, letter, form …"),
    evidence: str = typer.Option("", help="Where the proof is kept (a reference, no personal data)."),
) -> int:
    """Add objections, one e-mail or phone a line, read from standard input."""
    return _take(context, None, channel, objected_on, source, evidence)


@app.command("import")
def import_(
    context: typer.Context,
    file: Path = typer.Argument(help="One e-mail or phone a line."),
    channel: Which = typer.Option("all", help="The channel the people objected to."),
    objected_on: str | None = typer.Option(None, help="When they objected; now when left out."),
    source: str = typer.Option("import", help="Where the list came from."),
    evidence: str = typer.Option("", help="Where the proof is kept (a reference, no personal data)."),
) -> int:
    """Add every line of a file to the list."""
    return _take(context, file, channel, objected_on, source, evidence)


@app.command()
def check(context: typer.Context, file: Path | None = Source, json: bool = common.Json) -> int:
    """Say for each line whether it is on the list; lines are named by number, not repeated."""
    with common.work(context, []) as parts:
        found = [
            {"line": number, "channels": sorted({entry.channel for entry in parts.store.suppression.matching(item)})}
            for number, item in _identifiers(parts, file)
        ]
    if json:
        as_json(found)
        return 0
    for line in found:
        channels = line["channels"]
        out.print(f"line {line['line']}: {'on the list' if channels else 'not on the list'} {channels or ''}".rstrip())
    return 0


@app.command()
def count(context: typer.Context, json: bool = common.Json) -> int:
    """Count the entries by channel and source."""
    with common.work(context, []) as parts:
        counts = parts.store.suppression.counts()
    if json:
        as_json([{"channel": c, "source": s, "count": n} for (c, s), n in sorted(counts.items())])
        return 0
    shown = table("Suppression list", "channel", "source", "count")
    for (channel, source), number in sorted(counts.items()):
        shown.add_row(channel, source, str(number))
    out.print(shown)
    return 0


@app.command()
def lift(
    context: typer.Context,
    file: Path | None = Source,
    channel: Which = typer.Option(..., help="The channel the person opted in to again."),
    evidence: str = typer.Option(..., help="Where the proof of the later opt-in is kept (SUP-11)."),
    by: str = typer.Option(..., help="Your name."),
) -> int:
    """Take identifiers off the list on proof of a later opt-in by the person (SUP-11)."""
    if not (evidence.strip() and by.strip()):
        raise ConfigError("Only a proven later opt-in lifts an objection (SUP-11).", "Give --evidence and --by.")
    with common.work(context, []) as parts:
        common.impersonal(parts, evidence=evidence)
        typed = [item for _, item in _identifiers(parts, file)]
        proof = {"channel": channel, "evidence": evidence, "by": by}
        with parts.writing():
            lifted = lift_(parts.store, parts.judge, typed, _channels(channel), proof, parts.tools.now())
    _show(lifted)
    return 0


def _take(
    context: typer.Context, file: Path | None, channel: Which, objected_on: str | None, source: str, evidence: str
) -> int:
    with common.work(context, []) as parts:
        common.impersonal(parts, source=source, evidence=evidence)
        at = common.moment(objected_on) or parts.tools.now()
        typed = [item for _, item in _identifiers(parts, file)]
        entries = [
            Entry(one, item.key, at, source)
            for item in typed
            for one in _channels(channel)
            if not (item.kind == "phone" and one == "email")
        ]
        lines = [[entry.channel, str(entry.key), entry.source] for entry in entries]
        # Not under the lock of a run: whoever applies a plan looks at the list again before each batch.
        with parts.store.transaction():
            added = parts.store.suppression.add(entries, evidence)
            body = {"do": "add", "entries": lines, "evidence": evidence}
            parts.store.ledger.append(parts.tools.now(), "list", body)
    out.print(f"{added} entries added; {len(entries) - added} were there. The next run pushes them to every CRM.")
    if channel == "email" and (phones := sum(item.kind == "phone" for item in typed)):
        out.print(
            f"[yellow]Left out:[/] {phones} {'line' if phones == 1 else 'lines'} with a phone number, which no objection to "
            "e-mail can be kept under: give --channel telephone or all."
        )
    return 0


def _show(lifted: Lifted) -> None:
    out.print(f"{len(lifted.entries)} entries lifted.")
    if left := lifted.remaining:
        entries, block = ("entry", "blocks") if left == 1 else ("entries", "block")
        out.print(
            f"{left} {entries} on the same records still {block}: a phone or a shared address is lifted when it is typed."
        )
    for ref, channels in lifted.standing.items():
        out.print(f"Our flag still stands on {ref} ({' and '.join(channels)}): clear it there by hand.")
    out.print("Flags that a CRM shows by itself count again at the next run: clear them there.")


def _channels(channel: Which) -> tuple[Channel, ...]:
    return CHANNELS if channel == "all" else (channel,)


def _identifiers(parts: Runtime, file: Path | None) -> Iterator[tuple[int, Identifier]]:
    """The lines as identifiers. Raises ConfigError naming the line, not its text, when one is neither."""
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        found = parts.identity.email(line) if "@" in line else parts.identity.phone(line)
        if found is None:
            raise ConfigError(f"Line {number} is neither an e-mail nor a phone number.", "Nothing was changed.")
        yield number, found


def _lines(file: Path | None) -> list[str]:
    try:
        return (file.read_text(encoding="utf-8") if file else sys.stdin.read()).splitlines()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(
            f"{file} cannot be read as text.", "Give a UTF-8 file with one e-mail or phone a line."
        ) from None
