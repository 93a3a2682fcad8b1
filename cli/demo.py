"""`repoussoir demo`: the main job on made-up people in three sandbox CRMs, compared with what is known to be true."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

import typer

from cli import init, work
from cli.config import load
from cli.output import bars, out, show_plan, table
from cli.report import write_report
from cli.results import report as show_result
from cli.runtime import Runtime, runtime
from connectors.sandbox.seed import Truth
from connectors.sandbox.verdict import Names, Snapshot, Verdict, snapshot, verdict
from connectors.sandbox.world import Sandbox
from core.plan import Plan

_CONFIG = """\
# Written by `repoussoir demo`: the three CRMs are the sandbox on this machine.
controller = "Exemple SAS"
extends = "fr_prospection_b2b"

[sensitive]
banned_options = ["halal", "casher"]

[crm.hubspot]
connector = "hubspot"
base_url = "{hubspot}"

[crm.salesforce]
connector = "salesforce"
base_url = "{salesforce}"
imported = ["Import"]

[crm.pipedrive]
connector = "pipedrive"
base_url = "{pipedrive}"
burst = 100

[crm.pipedrive.imported]
field = "Record source"
values = ["Import"]
"""
_APPROVER = "the demo"


def demo(
    people: int = typer.Option(2000, help="How many made-up people."),
    seed: int = typer.Option(1, help="Which: the same seed gives the same people."),
    folder: Path = typer.Option(Path("demo"), help="Where the configuration, the store and the report are kept."),
) -> int:
    """Seed the sandbox, plan, approve, apply, read back, verify, report, and compare with the truth."""
    _fresh(folder)
    with Sandbox() as world:
        out.rule("Three sandbox CRMs")
        truth = world.seed(people, seed)
        world.clock.set(None)
        config = _configure(folder, world.urls)
        out.print(f"{people} people on {len({line['ref'] for line in truth.lines})} records. Configuration: {config}")
        init.prepare(config)
        with runtime(load(config, os.environ)) as parts:
            found, again = _job(parts, world.urls, truth, folder)
    return _show(found, again)


def _fresh(folder: Path) -> None:
    with suppress(FileNotFoundError):
        if (folder / ".demo").exists():
            rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".demo").touch()


def _configure(folder: Path, urls: Mapping[str, str]) -> Path:
    config = folder / "config.toml"
    config.write_text(_CONFIG.format(**urls), encoding="utf-8")
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    for crm in urls:
        (secrets / f"crm__{crm}__token").write_text("sandbox", encoding="utf-8")
    return config


def _job(parts: Runtime, urls: Mapping[str, str], truth: Truth, folder: Path) -> tuple[Verdict, Plan]:
    now = datetime.now(UTC)
    for hold in truth.holds:
        review = datetime.fromisoformat(hold["review_on"]).replace(tzinfo=UTC)
        parts.store.holds.add([hold["ref"]], hold["reason"], hold["authorised_by"], now, review)
    names = _names(parts)
    before = snapshot(urls, truth, names)
    out.rule("The plan")
    plan = _plan(parts)
    out.rule("Applied")
    _apply(parts, plan)
    after = snapshot(urls, truth, names)
    out.rule("Proof")
    out.print(f"The ledger is whole: {parts.store.ledger.verify()} entries.")
    out.print(f"Report: {write_report(parts, folder / 'report.html')}")
    out.rule("A second plan")
    return _compare(before, after, truth), _plan(parts)


def _plan(parts: Runtime) -> Plan:
    with bars() as progress:
        plan, reading = work.make_plan(parts, progress.read)
    show_plan(plan, tuple(reading.gaps))
    return plan


def _apply(parts: Runtime, plan: Plan) -> None:
    out.print(f"[bold]repoussoir apply {plan.digest[:12]} --approve-as '{_APPROVER}'[/]")
    with bars() as progress:
        kept = parts.store.plans.find(plan.digest)
        result = work.apply_plan(parts, kept, _APPROVER, progress.read, progress.step)
    show_result(result, json=False)


def _names(parts: Runtime) -> Names:
    def of(field: str) -> dict[str, str]:
        return {crm: getattr(options, field, "") for crm, options in parts.config.crm.items()}

    return Names(telephone=of("no_telephone"), email=of("no_email"), restricted=of("restricted"))


def _compare(before: Snapshot, after: Snapshot, truth: Truth) -> Verdict:
    return verdict(before, after, truth)


def _show(found: Verdict, again: Plan) -> int:
    out.rule("Compared with the truth")
    shown = table("As expected", "what", "count")
    for what, count in sorted(found.right.items()):
        shown.add_row(what, str(count))
    out.print(shown)
    for sentence in found.wrong[:20]:
        out.print(f"[red]Wrong:[/] {sentence}")
    checks: dict[str, Callable[[], bool]] = {
        f"every expected action done, none that was not expected ({len(found.wrong)} differences)": lambda: (
            not found.wrong
        ),
        f"a second plan is empty ({len(again.items)} actions)": again.empty,
    }
    for sentence, held in checks.items():
        out.print(f"{'[green]yes[/]' if held() else '[red]NO[/]'}  {sentence}")
    return 0 if all(held() for held in checks.values()) else 1
