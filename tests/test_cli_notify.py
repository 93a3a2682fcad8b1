"""Notices: only what is asked for, to whoever is named, with the next command, and never at the price of the run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pydantic import SecretStr

from cli import exits
from cli.notify import Notice, notices, notify, sentence
from core.errors import Unreachable
from core.model import Objection
from core.settings import NotifySettings
from tests.jobdesk import JobDesk, job_desk, raising, record

FAILURE = Notice("failure", "nightly failed", "hubspot: no connection")
BRAKES = {
    "destruction": {"brake": "max_count", "stops": "destruction", "because": "700 records would be touched, 500 may"},
    "suppression": {"brake": "objection_jump", "stops": "suppression", "because": "90 of 100 records of hubspot"},
}
Inbox = tuple[str, list[str]]


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    """A messenger on loopback: its Apprise URL, and what it was sent."""
    received: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"json://127.0.0.1:{server.server_address[1]}/secret-path", received
    server.shutdown()
    server.server_close()


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inbox: Inbox) -> JobDesk:
    """Two overdue people, everything told to the inbox."""
    made = job_desk(tmp_path, monkeypatch, record("1"), record("2"))
    made.change("[schedule]", '[notify]\non = ["failure", "approval", "alarm", "success"]\n\n[schedule]')
    (tmp_path / "secrets" / "notify__urls").write_text(json.dumps([inbox[0]]))
    return made


def told(inbox: Inbox) -> list[str]:
    """The titles that came, the oldest first."""
    return [json.loads(message)["title"] for message in inbox[1]]


def waiting(*stops: str) -> dict[str, Any]:
    """The summary of a run of which a part waits."""
    waits = {
        "items": 700,
        "plan": "3f9c2a71d0e4",
        "brakes": [BRAKES[name] for name in stops],
        "next": "repoussoir apply 3f9c2a71d0e4 --approve-as NAME",
    }
    return {"waiting": waits, "clean": True}


def test_only_the_events_that_are_named_go_out(inbox: Inbox) -> None:
    """A success is not told unless asked for; a failure is."""
    settings = NotifySettings(urls=(SecretStr(inbox[0]),))

    assert not notify(settings, Notice("success", "done", "3 writes"))
    assert notify(settings, FAILURE)
    assert told(inbox) == ["nightly failed"]
    assert "hubspot: no connection" in inbox[1][0]


def test_a_messenger_that_is_away_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """The failure is logged without the URL, which holds a secret."""
    settings = NotifySettings(urls=(SecretStr("json://127.0.0.1:9/secret-path"), SecretStr("nonsense://x")))

    assert not notify(settings, FAILURE)
    shown = "".join(capsys.readouterr())
    assert "notify.failed" in shown
    assert "secret-path" not in shown


@pytest.mark.parametrize(
    ("code", "word", "command"),
    [
        (exits.BUG, "failed", "repoussoir schedule --once 'every night'"),
        (exits.USAGE, "failed", "repoussoir check"),
        (exits.INCOMPLETE, "incomplete", "repoussoir schedule --once 'every night'"),
        (exits.CREDENTIALS, "failed", "repoussoir check"),
        (exits.STORE, "failed", "repoussoir ledger verify"),
    ],
)
def test_a_failure_says_why_and_what_to_type(code: int, word: str, command: str) -> None:
    """And under which run id the log has more."""
    (notice,) = notices("every night", "ab12", code, {"why": ["hubspot: no connection"]})

    assert notice.event == "failure"
    assert notice.title == f"Repoussoir: job every night {word}"
    assert notice.body == f"hubspot: no connection. Next: {command} (run ab12 in the logs)"


def test_another_process_at_work_is_told_to_nobody() -> None:
    """Busy is no failure."""
    assert list(notices("nightly", "ab12", exits.BUSY, {"why": ["Another process is at work."]})) == []


@pytest.mark.parametrize(
    ("stops", "events"),
    [
        (["destruction"], ["approval"]),
        (["suppression"], ["alarm"]),
        (["destruction", "suppression"], ["approval", "alarm"]),
    ],
)
def test_what_waits_is_told_with_its_brakes_and_the_command(stops: list[str], events: list[str]) -> None:
    """A jump of objections is an alarm of its own, so that whoever asked for one event alone gets it."""
    found = list(notices("nightly", "ab12", exits.APPROVAL, waiting(*stops)))

    assert [notice.event for notice in found] == events
    for notice, name in zip(found, stops, strict=True):
        assert f"{BRAKES[name]['brake']}: {BRAKES[name]['because']}" in notice.body
        assert notice.body.endswith("repoussoir apply 3f9c2a71d0e4 --approve-as NAME")


def test_a_crm_that_stopped_is_told_even_when_something_waits() -> None:
    """The exit code says only the one."""
    summary = {**waiting("destruction"), "clean": False, "stopped": {"hubspot": "hubspot: no connection"}}

    found = list(notices("nightly", "ab12", exits.APPROVAL, summary))

    assert [notice.event for notice in found] == ["approval", "failure"]
    assert "stopped: hubspot: no connection" in found[1].body
    assert "incomplete" in found[1].title


def test_what_looks_like_a_person_or_a_secret_is_taken_out() -> None:
    """Errors hold none; this is the last word before a message leaves the house."""
    why = ["jean.dupond@a.example at +33 6 12 34 56 78 with token=abc"]

    (notice,) = notices("nightly", "ab12", exits.INCOMPLETE, {"why": why})

    for piece in ("jean.dupond", "12 34 56", "abc"):
        assert piece not in notice.body


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        ({}, "nothing had to be done"),
        ({"receipts": [{"action": "erase", "receipt": "done", "count": 3}], "left": 2},
         "3 erase done; 2 left for the next run"),
        ({"list_entries": 4, "gaps": ["hubspot: no connection"]},
         "4 new entries of the suppression list; not read whole: hubspot: no connection"),
        ({"planned": 5, **waiting("destruction")}, "5 actions planned; 700 wait for approval"),
        ({"ledger_entries": 12}, "12 entries of the ledger are whole"),
        ({"accounts": 2, "why": ["pipedrive: contacts.write"]}, "2 CRMs ready; pipedrive: contacts.write"),
        ({"recovered": 1, "stopped": {"a": "a: no connection"}}, "1 interrupted writes resolved; stopped: a: no connection"),
    ],
)  # fmt: skip
def test_a_summary_in_a_line(summary: dict[str, Any], said: str) -> None:
    """Counts, gaps and reasons."""
    assert sentence(summary) == said


def test_a_braked_run_tells_the_next_command_and_no_person(at: JobDesk, inbox: Inbox) -> None:
    """What waits, why, and what to type; no address of anybody."""
    at.change("first_run = false", "first_run = true")

    at.jobs().perform("nightly")

    (message,) = inbox[1]
    assert told(inbox) == ["Repoussoir: job nightly: 2 actions wait, destruction was stopped"]
    assert "repoussoir apply" in message
    assert "first_run" in message
    assert "a.example" not in message


def test_a_jump_of_objections_alarms(at: JobDesk, inbox: Inbox) -> None:
    """Half of a CRM objects from one day to the next: nothing is written on it before somebody has looked."""
    people = [record(str(n), collected=None, origin="IMPORT") for n in range(30)]
    at.crm.records = {item.ref.id: item for item in people}
    at.jobs().perform("nightly")
    inbox[1].clear()
    for item in people[:15]:
        at.crm.edit(replace(at.crm.records[item.ref.id], objections=(Objection("email", "opt_out"),)))

    assert at.jobs().perform("nightly") == exits.APPROVAL

    assert told(inbox) == ["Repoussoir: job nightly: 15 actions wait, suppression was stopped"]
    assert "objection_jump" in inbox[1][0]


@pytest.mark.parametrize("job", ["nightly", "look", "rights", "proof"])
def test_every_kind_of_job_tells_its_success(at: JobDesk, inbox: Inbox, job: str) -> None:
    """Where it is asked for."""
    at.jobs().perform(job)

    assert told(inbox) == [f"Repoussoir: job {job} done"]


def test_a_job_that_fails_before_it_begins_is_told(at: JobDesk, inbox: Inbox) -> None:
    """A wrong key: the mend is in the message."""
    at.jobs().perform("proof")
    inbox[1].clear()
    at.key.write_text("f" * 64)

    at.jobs().perform("nightly")

    assert told(inbox) == ["Repoussoir: job nightly failed"]
    assert "not the one this store was made with" in inbox[1][0]


def test_a_run_that_was_stopped_is_no_alarm_but_its_gaps_are(at: JobDesk, inbox: Inbox) -> None:
    """Whoever restarts the scheduler knows; a CRM that was away is another matter."""
    asked = iter([False, False])
    at.jobs(stopping=lambda: next(asked, True)).perform("nightly")
    assert inbox[1] == []

    at.crm.scan = raising(Unreachable("no connection"))  # type: ignore[method-assign]  # the CRM misbehaves
    at.jobs().perform("nightly")
    assert told(inbox) == ["Repoussoir: job nightly incomplete"]
