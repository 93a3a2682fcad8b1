"""`repoussoir explain`: what is known of one record's person, and which rules say what. Shows no value."""

from __future__ import annotations

from typing import Any

import typer

from cli import common
from cli.output import as_json, out, pairs, table
from cli.provenance import provenance
from cli.runtime import Runtime
from core import canonical
from core.errors import ConfigError
from core.facts import Facts
from core.findings import Finding
from core.judge import Known
from core.model import Record, Ref
from core.objections import spread


def explain(
    context: typer.Context,
    record: str = typer.Argument(help="The record, as CRM:KIND:ID."),
    now: str | None = typer.Option(None, help="Judge as of this moment."),
    json: bool = common.Json,
) -> int:
    """Say what would be done with a record, and why."""
    ref = Ref.parse(record)
    with common.work(context) as parts:
        found = _read(parts, ref)
        moment = common.moment(now) or parts.tools.now()
        facts, findings = _judged(parts, found, moment)
        body = _body(found, facts, findings) | {"sources": _sources(parts, findings)}
    if json:
        as_json(body)
    else:
        _show(found, body, findings)
    return 0


def _read(parts: Runtime, ref: Ref) -> Record:
    connector = parts.connectors.get(ref.crm)
    if connector is None or ref.kind not in connector.capabilities.kinds:
        known = ", ".join(f"{crm}:{kind}" for crm, item in parts.connectors.items() for kind in item.capabilities.kinds)
        raise ConfigError(f"{ref.crm}:{ref.kind} holds no people here.", f"Known are: {known}.")
    record = connector.get([ref], parts.judge.needs(connector.schema(ref.kind)))[ref]
    if record is None:
        raise ConfigError(f"There is no record {ref}.", "It may be deleted, archived or merged into another one.")
    return record


def _judged(parts: Runtime, record: Record, now: Any) -> tuple[Facts, list[Finding]]:
    """The facts on the person as the index knows them since the last scan, and every finding."""
    parts.reader().note([record])
    people = parts.judge.people(parts.store.index.closure([record.ref], parts.judge.shared_above))
    listed = parts.store.suppression.listed_for(people.rows.values())
    entries, erasures = {**listed, **spread(people, listed, now)}, parts.store.tombstones.standing(now)
    known = Known(people, entries, parts.store.holds.matcher(), erasures=erasures)
    local = {record.ref: parts.judge.local(record, now)}
    return known.facts(record.ref), list(parts.judge.findings([record.ref], local, known, now))


def _body(record: Record, facts: Facts, findings: list[Finding]) -> dict[str, Any]:
    last = facts.inbound
    return {
        "ref": str(record.ref),
        "linked": [str(ref) for ref in facts.linked],
        "collected": record.collected.isoformat() if record.collected else None,
        "origin": record.origin,
        "last_contact": last.moment.at.isoformat() if last else None,
        "last_contact_source": f"{last.moment.source} on {last.ref}" if last else None,
        "signals": sorted(facts.signals),
        "open": [f"{kind} on {ref}" for ref, kind in facts.open],
        "objected": {channel: f"{item.source}, matched by {item.by}" for channel, item in facts.objected.items()},
        "suppressed": sorted(record.suppressed),
        "holds": list(facts.holds),
        "restricted": facts.restricted,
        "shared_key": facts.shared,
        "findings": [_finding(finding) for finding in findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "policy": finding.policy,
        "rule": finding.rule,
        "because": finding.because,
        "action": canonical.label(finding.action) if finding.action else "report",
        "blocked": finding.blocked,
        "facts": dict(finding.facts),
    }


def _sources(parts: Runtime, findings: list[Finding]) -> dict[str, str]:
    """Where the values of the rules that spoke come from, as the ready policy says."""
    spoken = {finding.policy.split("/")[-1] for finding in findings} | {f.policy.split("/")[0] for f in findings}
    known = provenance(parts.config)
    return {key: f"{s.value} ({s.kind}: {s.src})" for key, s in known.items() if spoken & set(key.split("."))}


def _show(record: Record, body: dict[str, Any], findings: list[Finding]) -> None:
    pairs(str(record.ref), {name: value for name, value in body.items() if name not in {"ref", "findings"} and value})
    if not findings:
        out.print("No rule asks for anything: the record is kept as it is.")
        return
    shown = table("Findings", "policy", "rule", "action", "because")
    for finding in findings:
        blocked = f" — blocked by {finding.blocked}" if finding.blocked else ""
        action = canonical.label(finding.action) if finding.action else "report"
        shown.add_row(finding.policy, finding.rule, action, finding.because + blocked)
    out.print(shown)
