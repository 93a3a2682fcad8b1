"""Brakes: the destructive part of a plan waits with the exact next command, its objections go out, and a name approves it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import exits
from cli.main import main
from tests.workbench import Desk, ago, desk, hubspot, pipedrive


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """Thirty contacts, ten of them overdue, one objector; the brakes as they come."""
    with desk(tmp_path, capsys) as made:
        made.config.write_text(made.config.read_text().replace("first_run = false\nmax_share = 1.0\n", ""))
        made.load(
            *(hubspot(str(100 + n), f"p{n}@a.example", created=ago(months=50 if n < 10 else 2)) for n in range(30)),
            pipedrive(1, "P20@a.example", marketing_status="unsubscribed"),
        )
        yield made


def overdue_left(at: Desk) -> int:
    """How many of the overdue contacts are still there."""
    return sum(at.exists(f"hubspot:contact:{100 + n}") for n in range(10))


def test_a_braked_run_sends_objections_out_and_names_the_next_command(at: Desk) -> None:
    """`run` exits with its own code, destroys nothing, opts the objector out, and what it prints can be typed."""
    code, out, _ = at.run("run")

    contact = at.call("hubspot", "GET", "/crm/v3/objects/contacts/120?properties=hs_email_optout")
    command = re.search(r"repoussoir (apply [0-9a-f]{12} --approve-as) NAME", out)
    assert code == exits.APPROVAL
    assert contact["properties"]["hs_email_optout"] == "true"
    assert overdue_left(at) == 10
    assert "first_run" in out
    assert "max_share" in out
    assert command

    assert main(["--config", str(at.config), *command[1].split(), "Claire Martin"]) == exits.OK
    assert overdue_left(at) == 0
    approvals = [line for line in exported(at) if line["kind"] == "approval"]
    assert [line["body"]["by"] for line in approvals] == ["Claire Martin"]


def exported(at: Desk) -> list[dict[str, object]]:
    """The ledger as `ledger export` prints it."""
    return [json.loads(line) for line in at.run("ledger", "export")[1].splitlines()]


def test_a_braked_plan_is_refused_without_a_name(at: Desk) -> None:
    """`apply` says which brakes and which command."""
    digest = at.json("plan")["digest"][:12]

    code, _, errors = at.run("apply", digest)

    assert code == exits.USAGE
    assert f"repoussoir apply {digest} --approve-as NAME" in errors
    assert overdue_left(at) == 10


def test_a_plan_file_that_was_changed_is_refused(at: Desk, tmp_path: Path) -> None:
    """One item taken out of the file, or its head touched: it is not what was looked at."""
    file = tmp_path / "plan.jsonl"
    at.run("plan", "--out", str(file))
    lines = file.read_text().splitlines()
    file.write_text("\n".join(line for line in lines if '"hubspot:contact:103"' not in line) + "\n")

    code, _, errors = at.run("apply", str(file), "--approve-as", "Claire")

    assert code == exits.USAGE
    assert "changed after it was made" in errors
    assert overdue_left(at) == 10


def test_a_what_if_plan_shows_the_future_and_is_applied_on_a_sandbox_only(at: Desk) -> None:
    """`--now` judges as of another moment; pointed at anything but loopback it cannot be applied."""
    later = f"{ago(months=-40):%Y-%m-%dT%H:%M:%S+00:00}"
    plan = at.json("plan", "--now", later)
    erased = [item for item in plan["items"] if item["action"]["do"] == "erase"]

    assert plan["what_if"]
    assert len(erased) == 31
    at.config.write_text(at.config.read_text().replace(at.world.urls["salesforce"], "https://acme.my.salesforce.com"))
    code, _, errors = at.run("apply", plan["digest"][:12], "--approve-as", "Claire")
    assert code == exits.USAGE
    assert "what-if" in errors


def test_an_objection_jump_waits_and_alarms(at: Desk) -> None:
    """A tenth of a CRM's people opt out at once, after a first whole scan: suppressions wait for a name too."""
    at.run("plan")
    for n in range(20, 24):
        at.call(
            "hubspot", "POST", f"/communication-preferences/v4/statuses/p{n}@a.example/unsubscribe-all?channel=EMAIL"
        )

    code, out, _ = at.run("run")

    assert code == exits.APPROVAL
    assert "objection_jump" in out
    person = at.call("pipedrive", "GET", "/api/v2/persons/1?include_fields=marketing_status")["data"]
    assert person["marketing_status"] == "unsubscribed"


def test_a_plan_of_one_policy_is_applied_as_that_and_shows_nothing_of_the_others(at: Desk) -> None:
    """RET-27: suppression alone goes out without approval, and is no reading under the retention periods."""
    plan = at.json("plan", "--only", "suppression")

    assert {item["action"]["do"] for item in plan["items"]} == {"suppress"}
    assert at.run("apply", plan["digest"][:12])[0] == exits.OK
    assert overdue_left(at) == 10
    assert {rule["verdict"] for rule in at.json("report")["rules"]} == {"fail"}


def test_a_source_that_is_suddenly_empty_stops_every_night_until_a_name_accepts_it(at: Desk) -> None:
    """Pipedrive loses its people: neither the first nor the second night erases; approved once, it stops nobody any more."""
    at.config.write_text(at.config.read_text().replace("[brakes]\n", "[brakes]\nfirst_run = false\nmax_share = 1.0\n"))
    at.load(*(pipedrive(n, f"q{n}@b.example") for n in range(2, 27)))
    at.run("plan")
    for n in range(2, 27):
        at.call("pipedrive", "DELETE", f"/api/v2/persons/{n}")

    nights = [at.run("run") for _ in range(2)]
    digest = re.search(r"repoussoir apply ([0-9a-f]{12}) --approve-as", nights[1][1])

    assert [code for code, _, _ in nights] == [exits.APPROVAL] * 2
    assert "sudden_loss" in nights[1][1]
    assert overdue_left(at) == 10
    assert digest
    assert at.run("apply", digest[1], "--approve-as", "Claire Martin")[0] == exits.OK
    assert overdue_left(at) == 0
    at.load(hubspot("500", "late@a.example", created=ago(months=50)))
    assert at.run("run")[0] == exits.OK
    assert not at.exists("hubspot:contact:500")
