"""`repoussoir explain`: what is known of one record's person, and which rules say what. Shows no value."""

from __future__ import annotations

from dataclasses import replace
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
from core.index import Row, marked, row, shown
from core.judge import Known
from core.model import Record, Ref
from core.objections import spread
from policies.retention import Retention, Weighed


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
        body = _body(found, facts, findings) | _tree(parts, found, facts) | {"sources": _sources(parts, findings)}
    if json:
        as_json(body)
    else:
        _show(found, body, findings)
    return 0


def _read(parts: Runtime, ref: Ref) -> Record:
    connector = common.connector(parts, ref)
    parts.reader().account(ref.crm, connector)
    record = connector.get([ref], parts.judge.needs(connector.schema(ref.kind)))[ref]
    if record is None:
        raise ConfigError(f"There is no record {ref}.", "It may be deleted, archived or merged into another one.")
    return record


def _judged(parts: Runtime, record: Record, now: Any) -> tuple[Facts, list[Finding]]:
    """The facts on the person as the index knows them since the last scan, and every finding. Writes nothing."""
    people = parts.judge.people(_rows(parts, record))
    listed = parts.store.suppression.listed_for(people.rows.values())
    entries, erasures = {**listed, **spread(people, listed, now)}, parts.store.tombstones.standing(now)
    known = Known(people, entries, parts.store.holds.matcher(), erasures=erasures)
    local = {record.ref: parts.judge.local(record, now)}
    return known.facts(record.ref), list(parts.judge.findings([record.ref], local, known, now))


def _rows(parts: Runtime, record: Record) -> list[Row]:
    """The rows of everybody whom judging a record needs, its own as it was just read."""
    index, made = parts.store.index, row(record, parts.identity)
    known = next(iter(index.get([record.ref])), made)
    own = replace(marked(made, known.ours & shown(made)), first_seen=known.first_seen)
    refs = {record.ref, *index.carriers({key for item in own.identifiers for key in item.keys})}
    around = {item.ref: item for item in index.closure(refs, parts.judge.shared_above)}
    return [*(around | {own.ref: own}).values()]


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


def _tree(parts: Runtime, record: Record, facts: Facts) -> dict[str, Any]:
    """Which retention rules were weighed, and which one governs: the longest of those that apply (DESIGN §6)."""
    policy = next((item for item in parts.judge.policies if isinstance(item, Retention)), None)
    if policy is None:
        return {"audience": None, "retention": []}
    return {
        "audience": policy.audience(facts),
        "retention": [_weighed(item) for item in policy.weighed(record, facts)],
    }


def _weighed(item: Weighed) -> dict[str, Any]:
    return {
        "rule": item.rule.id,
        "audience": item.rule.audience,
        "period": str(item.rule.period),
        "outcome": item.rule.outcome,
        "applies": item.applies,
        "kept_until": item.until.isoformat() if item.until else None,
        "governs": item.governs,
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


def _show_tree(weighed: list[dict[str, Any]]) -> None:
    shown = table("Retention", "rule", "audience", "period", "kept until", "")
    for item in weighed:
        says = "governs" if item["governs"] else "applies, shorter" if item["applies"] else "not for this record"
        shown.add_row(item["rule"], item["audience"], item["period"], item["kept_until"] or "no date", says)
    if weighed:
        out.print(shown)


def _show(record: Record, body: dict[str, Any], findings: list[Finding]) -> None:
    apart = {"ref", "findings", "retention"}
    pairs(str(record.ref), {name: value for name, value in body.items() if name not in apart and value})
    _show_tree(body["retention"])
    if not findings:
        out.print("No rule asks for anything: the record is kept as it is.")
        return
    shown = table("Findings", "policy", "rule", "action", "because")
    for finding in findings:
        blocked = f" — blocked by {finding.blocked}" if finding.blocked else ""
        action = canonical.label(finding.action) if finding.action else "report"
        shown.add_row(finding.policy, finding.rule, action, finding.because + blocked)
    out.print(shown)
