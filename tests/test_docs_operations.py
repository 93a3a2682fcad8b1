"""docs/operations.md, held to the program: its schedule runs, its commands end as told, its tables leave nothing out."""

from __future__ import annotations

import re
import shlex
import typing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import scheduler
from cli import exits
from cli.crontab import trigger
from cli.duties import FAILED, OUTCOMES, Ended
from cli.health import figures
from core.settings import NotifySettings
from tests.jobdesk import CONFIG, JobDesk, job_desk, record

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
DIGEST = "3f9c2a71d0e4"


def blocks(language: str) -> list[str]:
    """The blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


def rows(heading: str) -> dict[str, str]:
    """The table below a heading, by its first column."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {line[0]: " | ".join(line[1:]) for line in lines[2:]}


def named(text: str) -> set[str]:
    """What stands between backticks."""
    return set(re.findall(r"`([^`]+)`", text))


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobDesk:
    """The schedule of the page, with one CRM in memory and an overdue person in it."""
    made = job_desk(tmp_path, monkeypatch, record("1"))
    (schedule,) = blocks("toml")
    crm = CONFIG.partition("[crm.mem]")[2].partition("[schedule]")[0]
    made.file.write_text(f"{schedule}\n[crm.mem]{crm}")
    monkeypatch.chdir(tmp_path)
    return made


def test_the_commands_of_the_page_are_the_day_of_an_operator(at: JobDesk) -> None:
    """Typed in the order of the page: the first run waits, is approved by name and done; then proof, export, report."""
    codes = {}
    for line in "".join(blocks("sh")).splitlines():
        if not line.startswith("repoussoir "):
            continue
        words = shlex.split(re.split(r" [#>]", line)[0])[1:]
        if DIGEST in words:
            words[words.index(DIGEST)] = at.runs()[0].summary["waiting"]["plan"][:12]
        codes[" ".join(words[:2])] = at.type(*words)

    assert codes.pop("schedule --once") == exits.APPROVAL
    assert set(codes.values()) == {exits.OK}
    assert len(codes) == 6
    assert at.crm.records == {}
    assert "Claire Martin" in (at.folder / "report.html").read_text(encoding="utf-8")


def test_every_job_of_the_page_runs(at: JobDesk) -> None:
    """The night, the rights on working days, the proof on Mondays, after the first run was approved."""
    at.file.write_text(at.file.read_text() + "\n[brakes]\nfirst_run = false\n")

    for job in at.config().schedule.jobs:
        assert at.type("schedule", "--once", job) == exits.OK
    assert str(scheduler.triggers(at.config())["proof"].fields[4]) == "mon"
    assert str(scheduler.triggers(at.config())["rights"].fields[4]) == "mon,tue,wed,thu,fri"


def test_the_outcomes_are_told_with_their_codes() -> None:
    """Each word with the code it stands for."""
    told = re.findall(r"`(\w+)` \((\d+)\)", PAGE)

    assert {word: int(code) for word, code in told} == {word: code for code, word in OUTCOMES.items()}
    assert f"`{FAILED}` for the rest" in PAGE
    assert {Ended(code, {}).outcome for code in (exits.BUG, exits.USAGE, exits.STORE, exits.CREDENTIALS)} == {FAILED}


def test_every_brake_has_its_row() -> None:
    """As the plan names it, and with what it stops."""
    source = (ROOT / "core" / "brakes.py").read_text(encoding="utf-8")
    pulled = dict(re.findall(r'Trip\(\s*"(\w+)",\s*"(destruction|suppression)"', source))

    table = rows("What waits for you")
    assert len(pulled) == 5
    assert {name.strip("`"): text.partition(" | ")[0] for name, text in table.items() if "`" in name} == pulled


def test_every_figure_has_its_row_and_no_other(at: JobDesk) -> None:
    """Compared with what is served."""
    ours = at.jobs()
    ours.perform("nightly")
    served = set(re.findall(r"^# TYPE (repoussoir_\w+?) ", figures(ours).decode(), re.M))

    # The library adds when each counter began.
    assert {name.strip("`") for name in rows("Metrics and health")} == {n for n in served if not n.endswith("_created")}


def test_every_event_of_the_log_has_its_row() -> None:
    """Of the scheduler, its jobs, its notices and its pages."""
    files = [ROOT / "scheduler.py", *(ROOT / "cli").glob("*.py")]
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    logged = set(re.findall(r'"((?:scheduler|job|notify|page)\.[a-z_]+)"', source))

    assert named(" ".join(rows("Logs"))) == logged


def test_every_event_of_the_notices_has_its_row() -> None:
    """As `[notify] on` takes them."""
    kinds = typing.get_args(typing.get_args(NotifySettings.model_fields["on"].annotation)[0])

    assert named(" ".join(rows("Notices"))) == set(kinds)


def test_the_times_it_names_are_those_of_the_program() -> None:
    """Half a day to catch up, three days for a plan, ten minutes for a lock."""
    settings = (ROOT / "core" / "settings.py").read_text(encoding="utf-8")
    runs = (ROOT / "core" / "store" / "runs.py").read_text(encoding="utf-8")

    assert "catch_up: IsoPeriod = Period(minutes=720)" in settings
    assert "ttl: IsoPeriod = Period(days=3)" in settings
    assert "LEASE = timedelta(minutes=10)" in runs


def test_a_nightly_job_between_two_and_three_is_as_the_page_says() -> None:
    """Twice when the clocks go back, an hour later by the clock when they go forward."""
    paris = ZoneInfo("Europe/Paris")
    made = trigger("30 2 * * *", paris)

    def fires(after: datetime, until: datetime) -> list[str]:
        found = []
        while (after := made.get_next_fire_time(None, after).astimezone(UTC)) < until:
            found.append(f"{after.astimezone(paris):%H:%M%z}")
            after += timedelta(seconds=1)
        return found

    back, forward = datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2027, 3, 27, 23, tzinfo=UTC)
    assert fires(back, back + timedelta(hours=24)) == ["02:30+0200", "02:30+0100"]
    assert fires(forward, forward + timedelta(hours=22)) == ["03:30+0200"]
