"""The report: figures from the ledger alone, everything escaped, nobody named, and right from the first empty day on."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli import exits
from tests.workbench import Desk, ago, desk, hubspot, pipedrive


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """An overdue, an objecting and a held person."""
    with desk(tmp_path, capsys) as made:
        made.load(
            hubspot("101", "overdue@a.example", created=ago(months=50)),
            hubspot("102", "objector@a.example"),
            pipedrive(1, "objector@a.example", marketing_status="unsubscribed"),
            hubspot("103", "held@a.example", created=ago(months=50)),
        )
        made.run(
            "hold",
            "add",
            "hubspot:contact:103",
            "--reason",
            "file 12",
            "--author",
            "Legal",
        )
        written_before_it_was_refused(made)
        yield made


def written_before_it_was_refused(at: Desk) -> None:
    """A reason with markup and an address in it, as older stores may hold."""
    with sqlite3.connect(at.folder / "repoussoir.sqlite") as database:
        database.execute("UPDATE hold SET reason = '<script>x</script> of jean@x.example'")
    database.close()


def page(at: Desk) -> str:
    """The page as it is written."""
    file = at.folder / "page.html"
    assert at.run("report", "--out", str(file))[0] == exits.OK
    return file.read_text()


def test_it_is_one_page_that_fetches_nothing(at: Desk) -> None:
    """No script, no image, no font, no address of anything elsewhere."""
    at.run("run")
    text = page(at)

    assert not re.search(r"<(script|img|link|iframe)\b|src=|url\(|@import|https?://", text)
    assert text.count("<svg") == text.count("<desc") == 3


def test_its_figures_are_those_of_the_ledger(at: Desk) -> None:
    """Counted again from `ledger show`, by CRM, action and receipt."""
    at.run("run")
    outcomes = [entry["body"] for entry in at.json("ledger", "show", "--last", "500") if entry["kind"] == "outcome"]
    counted = Counter((o["ref"].split(":")[0], o["action"]["do"], o["receipt"]) for o in outcomes)
    told = at.json("report")

    assert {tuple(row[:3]): row[3] for row in told["receipts"] if row[1] != "annotate"} == counted
    assert sum(counted.values()) == 2
    assert told["ledger"]["entries"] == at.json("ledger", "verify")["entries"]
    assert told["ledger"]["head"] == at.json("ledger", "verify")["head"]
    assert told["ledger"]["read_back"] == {"absent": 1}


def test_what_operators_wrote_is_escaped_and_masked(at: Desk) -> None:
    """A reason with markup and an address in it."""
    text = page(at)

    assert "<script>x" not in text
    assert "&lt;script&gt;" in text
    assert "jean@x.example" not in text
    assert "Legal" in text


def test_it_works_before_anything_was_ever_read(at: Desk) -> None:
    """RET-27: declared and never applied is no pass."""
    told = at.json("report")

    assert told["receipts"] == []
    assert {rule["verdict"] for rule in told["rules"]} == {"fail"}
    assert "Nothing was written yet" in page(at)


def test_ret_27_a_period_that_is_applied_passes_with_holds_aside(at: Desk) -> None:
    """After a run nobody is kept beyond the period but the held one, who is named by its hold."""
    at.run("run")
    told = at.json("report")
    prospects = next(rule for rule in told["rules"] if rule["name"] == "prospects")

    assert prospects["verdict"] == "pass"
    assert prospects["counts"]["held"] == 1
    assert prospects["counts"]["done"] == 1
    assert [hold["blocked"] for hold in told["holds"]] == [1]


def test_what_waits_is_shown_with_its_command(at: Desk) -> None:
    """A braked run: the digest, the brake, and what to type; afterwards who approved it."""
    at.config.write_text(at.config.read_text().replace("first_run = false", "first_run = true"))
    at.run("run")
    (waiting,) = at.json("report")["waiting"]

    assert waiting["command"] == f"repoussoir apply {waiting['digest'][:12]} --approve-as NAME"
    assert [trip["brake"] for trip in waiting["trips"]] == ["first_run"]
    at.run(*waiting["command"].replace("NAME", "Claire").split()[1:])
    told = at.json("report")
    assert told["waiting"] == []
    assert "Claire" in {item["by"] for item in told["decisions"]}


def test_since_counts_from_a_moment_on(at: Desk) -> None:
    """The ledger is verified whole, the counts begin later."""
    at.run("run")
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    told = at.json("report", "--since", later)

    assert told["receipts"] == []
    assert told["ledger"]["entries"] > 0
