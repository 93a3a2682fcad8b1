"""`repoussoir report`: one self-contained page that shows what was planned, done, refused, what remains and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import typer
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cli import charts, common, report_data
from cli.charts import Row
from cli.config import policy_version
from cli.output import as_json, out, show_head
from cli.provenance import provenance, warnings
from cli.report_data import STATES, Reading, masked
from cli.report_ledger import RECEIPTS, Book, timeline
from cli.runtime import Runtime
from cli.work import versions
from core.errors import StoreProblem
from core.ledger import verify
from core.settings import zone
from core.store.plans import Kept

GROUPS = ("objections pushed", "restricted", "stripped", "erased")
Facts = dict[str, Any]


def report(
    context: typer.Context,
    file: Path = typer.Option(Path("report.html"), "--out", help="Where the page is written."),
    since: str | None = typer.Option(None, help="Count what was done from this moment on; all of it when left out."),
    json: bool = common.Json,
) -> int:
    """Write the evidence as one HTML page; with --json, print its figures instead."""
    with common.work(context) as parts:
        if json:
            as_json(gathered(parts, common.moment(since)))
        else:
            out.print(f"Report: {write_report(parts, file, common.moment(since))}")
            show_head(parts.store.ledger.head())
    return 0


def write_report(parts: Runtime, file: Path, since: datetime | None = None) -> Path:
    """Writes the page and answers where it is. Raises LedgerBroken, or StoreProblem when the file cannot be written."""
    page = rendered(gathered(parts, since), zone(parts.config.time_zone))
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise StoreProblem(f"{file} cannot be written ({error.strerror}).", "Give another place with --out.") from None
    return file


def rendered(facts: Facts, place: tzinfo) -> str:
    """The page, everything escaped, with moments as they are in a time zone."""
    pages = Environment(
        loader=PackageLoader("cli"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    pages.filters |= {"moment": _written(place, "%Y-%m-%d %H:%M"), "day": _written(place, "%Y-%m-%d")}
    return pages.get_template("report.html.j2").render(
        facts, charts=_charts(facts), css=charts.css, RECEIPTS=[*RECEIPTS], GROUPS=[*GROUPS], STATES=[*STATES]
    )


def gathered(parts: Runtime, since: datetime | None) -> Facts:
    """Everything the page says, from the store and the ledger, which is verified on the way. Raises LedgerBroken."""
    now = parts.tools.now()
    plans = parts.store.plans.recent()
    book = Book(zone(parts.config.time_zone), since, min((kept.plan.made_at for kept in plans), default=None))
    verify(book.through(parts.store.ledger.entries()))
    facts = (
        _head(parts, now, since) | _lists(parts, book) | _standing(parts, plans, book, now) | {"plans": _plans(plans)}
    )
    plain: Facts = _plain(facts | _proof(book) | {"attention": report_data.attention(facts)})
    return plain


def _head(parts: Runtime, now: datetime, since: datetime | None) -> Facts:
    config = parts.config
    return {
        "controller": config.controller,
        "made_at": now,
        "since": since,
        "time_zone": config.time_zone,
        "policy": policy_version(config),
        "sandbox": bool(config.crm) and parts.on_sandbox,
        "sources": [[key, s.value, s.kind, s.src, s.pack] for key, s in provenance(config).items()],
        "warnings": list(warnings(config)),
    }


def _standing(parts: Runtime, plans: Sequence[Kept], book: Book, now: datetime) -> Facts:
    """How things stand by the last reading that saw every CRM."""
    config, policy, crms = parts.config, policy_version(parts.config), tuple(parts.config.crm)
    narrowed = versions(parts.judge) - {policy}
    looks = report_data.readings(kept for kept in plans if kept.plan.policy not in narrowed)
    seen = report_data.reading(looks, crms)
    rules = config.retention.rules if config.retention.enabled else {}
    why = report_data.doubt(seen, crms, policy, now)
    undone = [item for targets in book.undone.values() for item in targets.values()]
    return {
        "reading": {"at": seen.at, "days": (now - seen.at).days} if seen else None,
        "accounts": _accounts(parts, seen),
        "rules": report_data.retention(rules, seen, book.answers, why, now),
        "applied": book.applied,
        "waiting": report_data.waiting(plans, seen, book.answers, policy, now),
        "refusals": report_data.refusals(undone, seen),
        "reported": report_data.reported(seen),
        "holds": report_data.holds(parts.store.holds.all(), seen, config.phone_region, now),
        "gaps": report_data.gaps(looks[0], crms) if looks else (),
    }


def _accounts(parts: Runtime, seen: Reading | None) -> list[list[str]]:
    """Each CRM with its adapter and the account that answered."""
    known = seen.accounts if seen else {}
    return [[crm, options.connector, known.get(crm, options.account)] for crm, options in parts.config.crm.items()]


def _proof(book: Book) -> Facts:
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
        "days": timeline(book.days),
        "left": [[*key, item] for key, item in sorted(book.left.items())],
    }


def _lists(parts: Runtime, book: Book) -> Facts:
    store, region = parts.store, parts.config.phone_region
    counts: Counter[tuple[str, str]] = Counter()
    for (channel, source), count in store.suppression.counts().items():
        counts[channel, masked(source, region)] += count
    return {
        "suppression": [[*key, count] for key, count in sorted(counts.items())],
        "tombstones": store.tombstones.count(),
        "open_intents": len(store.ledger.owed("outcome")),
        "scanned": [[*key, count] for key, count in sorted(store.index.last_counts().items())],
        "runs": [_run(run) for run in store.runs.latest(20)],
        "decisions": [replace(item, evidence=masked(item.evidence, region)) for item in book.decisions],
    }


def _run(run: Any) -> Facts:
    """One run: how it ended, and what it says it could not do."""
    summary = run.summary or {}
    why = [*summary.get("gaps", ()), *summary.get("stopped", {}).values()]
    return {
        "job": run.job,
        "at": run.started_at,
        "ended": run.ended_at,
        "outcome": run.outcome or "not ended",
        "why": why,
    }


def _plans(plans: Sequence[Kept]) -> list[Facts]:
    return [
        {
            "digest": kept.plan.digest,
            "made_at": kept.plan.made_at,
            "items": len(kept.plan.items),
            "destructive": len(kept.plan.destructive),
            "entries": len(kept.plan.entries),
            "status": "what-if" if kept.plan.what_if else kept.status,
            "approved_by": kept.approved_by or "",
            "trips": kept.plan.trips,
        }
        for kept in plans
    ]


def _plain(value: Any) -> Any:
    """A value as JSON can hold it; moments to the second."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if is_dataclass(value):
        # Not `asdict`, which makes nonsense of a Counter.
        own = {item.name: getattr(value, item.name) for item in fields(value)}
        return _plain(own | _derived(value))
    return value


def _derived(value: Any) -> Facts:
    """What a line of the report works out of itself: `overdue`, `kept`, `items`."""
    names = [name for name in ("overdue", "kept", "items") if isinstance(getattr(type(value), name, None), property)]
    return {name: getattr(value, name) for name in names}


def _written(place: tzinfo, form: str) -> Callable[[str | None], str]:
    """A filter of the page: a moment as text in the time zone of the controller."""
    return lambda text: datetime.fromisoformat(text).astimezone(place).strftime(form) if text else ""


def _charts(facts: Facts) -> Facts:
    days = [Row(day, counts) for day, counts in facts["days"].items()]
    rules = [Row(rule["name"], rule["counts"]) for rule in facts["rules"] if any(rule["counts"].values())]
    return {
        "receipts": _by_crm(facts["receipts"]),
        "days": charts.columns("days", "Changes made to records over time", days, GROUPS),
        "rules": charts.bars("rules", "Records with a finding, by period", rules, STATES, _longest(rules))
        if rules
        else "",
    }


def _by_crm(receipts: list[list[Any]]) -> dict[str, Markup]:
    """A chart for each CRM, all to one scale."""
    crms: dict[str, dict[str, Counter[str]]] = {}
    for crm, action, receipt, count in receipts:
        crms.setdefault(crm, {}).setdefault(action, Counter())[receipt] += count
    rows = {crm: [Row(action, counts) for action, counts in actions.items()] for crm, actions in crms.items()}
    longest = max(map(_longest, rows.values()), default=0)
    return {
        crm: charts.bars(f"receipts-{crm}", f"Receipts of {crm}, by action", own, RECEIPTS, longest)
        for crm, own in rows.items()
    }


def _longest(rows: Sequence[Row]) -> int:
    return max((row.total for row in rows), default=0)
