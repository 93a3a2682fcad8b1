"""`repoussoir report`: one self-contained page that shows what was planned, done, refused and what remains."""

from __future__ import annotations

from html import escape
from pathlib import Path

import typer

from cli import common
from cli.output import as_json, out
from cli.runtime import Runtime


def report(
    context: typer.Context,
    file: Path = typer.Option(Path("report.html"), "--out", help="Where the page is written."),
    json: bool = common.Json,
) -> None:
    """Write the evidence as one HTML page."""
    with common.work(context) as parts:
        if json:
            as_json({"controller": parts.config.controller, "entries": parts.store.ledger.verify()})
        else:
            out.print(f"Report: {write_report(parts, file)}")


def write_report(parts: Runtime, file: Path) -> Path:
    """Writes the page and answers where it is. Raises LedgerBroken."""
    entries = parts.store.ledger.verify()
    page = f"<!doctype html><title>Report</title><h1>{escape(parts.config.controller)}</h1><p>{entries} entries</p>"
    file.write_text(page, encoding="utf-8")
    return file
