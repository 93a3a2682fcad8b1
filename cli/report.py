"""`repoussoir report`: one self-contained page that shows what was planned, done, refused, what remains and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cli import charts, common, report_data
from cli.config import policy_version
from cli.output import as_json, out
from cli.provenance import provenance, warnings
from cli.report_ledger import RECEIPTS, Book
from cli.runtime import Runtime
from core.errors import StoreProblem
from core.ledger import verify
from core.settings import zone

GROUPS = ("objections pushed", "restricted", "stripped", "erased")
_OUTCOMES = {"ok": "done", "waiting": "a part waits for approval", "incomplete": "incomplete", "busy": "busy"}


def report(
    context: typer.Context,
    file: Path = typer.Option(Path("report.html"), "--out", help="Where the page is written."),
    since: str | None = typer.Option(None, help="Count what was done from this moment on; all of it when left out."),
    json: bool = common.Json,
) -> int:
    """Write the evidence as one HTML page."""
    with common.work(context) as parts:
        if json:
            as_json(gathered(parts, common.moment(since)))
        else:
            out.print(f"Report: {write_report(parts, file, common.moment(since))}")
    return 0


def write_report(parts: Runtime, file: Path, since: datetime | None = None) -> Path:
    """Writes the page and answers where it is. Raises LedgerBroken, or StoreProblem when the file cannot be written."""
    page = rendered(gathered(parts, since))
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise StoreProblem(f"{file} cannot be written ({error.strerror}).", "Give another place with --out.") from None
    return file


def rendered(facts: dict[str, Any]) -> str:
    """The page, everything escaped."""
    pages = Environment(loader=PackageLoader("cli"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return pages.get_template("report.html.j2").render(
        facts | {"charts": _charts(facts), "css": charts.css, "series": (RECEIPTS, GROUPS, report_data.STATES)}
    )


def gathered(parts: Runtime, since: datetime | None) -> dict[str, Any]:
    """Everything the page says, from the store and the ledger, which is verified on the way. Raises LedgerBroken."""
    now, policy = parts.tools.now(), policy_version(parts.config)
    plans = parts.store.plans.recent()
    seen = report_data.reading(plans)
    oldest = min((kept.plan.made_at for kept in plans), default=None)
    book = Book(zone(parts.config.time_zone), since, oldest)
    verify(book.through(parts.store.ledger.entries()))
    crms = tuple(parts.config.crm)
    doubt = report_data.doubt(seen, crms, policy, now)
    facts = {
        "rules": report_data.retention(parts.config.retention.rules, seen, book.answers, doubt, now),
        "waiting": report_data.waiting(plans, seen, book.answers, policy, now),
        "refusals": report_data.refusals((u for of in book.undone.values() for u in of.values()), seen),
        "reported": report_data.reported(seen),
        "holds": report_data.holds(parts.store.holds.all(), seen, parts.config.phone_region, now),
        "gaps": report_data.gaps(seen, crms),
    }
    return (
        _head(parts, now, since, policy) | _proof(book) | _lists(parts, book) | {k: _plain(v) for k, v in facts.items()}
    )


def _head(parts: Runtime, now: datetime, since: datetime | None, policy: str) -> dict[str, Any]:
    sources = {key: f"{s.value} — {s.kind}, {s.src} ({s.pack})" for key, s in provenance(parts.config).items()}
    return {
        "controller": parts.config.controller,
        "made_at": now.isoformat(timespec="minutes"),
        "since": since.isoformat(timespec="minutes") if since else "",
        "policy": policy,
        "sources": sources,
        "warnings": list(warnings(parts.config)),
    }


def _proof(book: Book) -> dict[str, Any]:
    return {
        "ledger": {
            "entries": book.entries,
            "first": book.first.id if book.first else "",
            "last": book.last.id if book.last else "",
            "head": book.last.hash if book.last else "",
            "kinds": dict(sorted(book.kinds.items())),
            "read_back": dict(sorted(book.read_back.items())),
        },
        "receipts": [[*key, count] for key, count in sorted(book.receipts.items())],
        "records": [[*key, count] for key, count in sorted(book.records.items())],
        "reasons": [[*key, count] for key, count in sorted(book.reasons.items())],
        "days": {day: dict(counts) for day, counts in report_data.timeline(book.days).items()},
        "decisions": [_plain(item) for item in book.decisions],
        "left": [[*key, _plain(item)] for key, item in sorted(book.left.items())],
    }


def _lists(parts: Runtime, book: Book) -> dict[str, Any]:
    runs = [
        {
            "job": run.job,
            "at": run.started_at.isoformat(timespec="minutes"),
            "outcome": _OUTCOMES.get(run.outcome, "failed"),
        }
        for run in parts.store.runs.latest(10)
    ]
    counts = parts.store.suppression.counts()
    return {
        "suppression": [[channel, source, count] for (channel, source), count in sorted(counts.items())],
        "tombstones": parts.store.tombstones.count(),
        "open_intents": len(parts.store.ledger.owed("outcome")),
        "runs": runs,
    }


def _plain(value: Any) -> Any:
    """A value as JSON can hold it; moments to the minute."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict | Counter):
        return {str(name): _plain(item) for name, item in value.items()}
    if is_dataclass(value):
        # Not `asdict`, which makes nonsense of a Counter.
        own = {item.name: getattr(value, item.name) for item in fields(value)}
        return _plain(own | _derived(value))
    return value


def _derived(value: Any) -> dict[str, Any]:
    """What a line of the report works out of itself: `overdue`, `kept`, `items`."""
    names = [name for name in ("overdue", "kept", "items") if isinstance(getattr(type(value), name, None), property)]
    return {name: getattr(value, name) for name in names}


def _charts(facts: dict[str, Any]) -> dict[str, Markup]:
    by_crm: dict[str, Counter[str]] = {}
    for crm, action, receipt, count in facts["receipts"]:
        by_crm.setdefault(f"{crm}: {action}", Counter())[receipt] += count
    receipts = [charts.Row(label, counts) for label, counts in by_crm.items()]
    days = [charts.Row(day, counts) for day, counts in facts["days"].items()]
    rules = [charts.Row(rule["name"], rule["counts"]) for rule in facts["rules"]]
    return {
        "receipts": charts.bars("receipts", "What was done, by CRM and action", receipts, RECEIPTS),
        "days": charts.columns("days", "What was done, by day", days, GROUPS),
        "rules": charts.bars("rules", "Retention: records with a finding, by rule", rules, report_data.STATES),
    }
