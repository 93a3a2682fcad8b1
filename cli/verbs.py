"""Which verbs there are; each is a file of its own."""

from __future__ import annotations

import typer

from cli import apply, check, demo, explain, forget, hold, init, ledger, plan, report, run, sandbox, schedule, suppress


def register(app: typer.Typer) -> None:
    """Adds every verb, in the order people use them."""
    app.command("init")(init.init)
    app.command("check")(check.check)
    app.command("plan")(plan.plan)
    app.command("apply")(apply.apply)
    app.command("run")(run.run)
    app.command("explain")(explain.explain)
    app.add_typer(suppress.app, name="suppress")
    app.add_typer(hold.app, name="hold")
    app.command("forget")(forget.forget)
    app.add_typer(ledger.app, name="ledger")
    app.command("report")(report.report)
    app.command("schedule")(schedule.schedule)
    app.command("sandbox")(sandbox.sandbox)
    app.command("demo")(demo.demo)
