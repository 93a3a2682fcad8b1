"""Notices: only what is asked for, to whoever is named, and never at the price of the run."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pydantic import SecretStr

from cli.config import load
from cli.jobs import Jobs
from cli.notify import notify
from core.settings import NotifySettings
from tests.workbench import ago, desk, hubspot

JOB = '\n[schedule]\nlisten = ""\n[schedule.jobs.nightly]\ncron = "0 3 * * *"\n'


@pytest.fixture
def inbox() -> Iterator[tuple[str, list[str]]]:
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
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"json://127.0.0.1:{server.server_address[1]}/secret-path", received
    server.shutdown()
    server.server_close()


def test_only_the_events_that_are_named_go_out(inbox: tuple[str, list[str]]) -> None:
    """A success is not told unless asked for; a failure is."""
    url, received = inbox
    settings = NotifySettings(urls=(SecretStr(url),))

    assert not notify(settings, "success", "done", "3 writes")
    assert notify(settings, "failure", "nightly failed", "hubspot: no connection")
    assert len(received) == 1
    assert "hubspot: no connection" in received[0]


def test_a_messenger_that_is_away_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """The failure is logged without the URL, which holds a secret."""
    settings = NotifySettings(urls=(SecretStr("json://127.0.0.1:9/secret-path"), SecretStr("nonsense://x")))

    assert not notify(settings, "failure", "title", "body")
    assert "secret-path" not in "".join(capsys.readouterr())


def test_a_braked_run_tells_the_next_command_and_no_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], inbox: tuple[str, list[str]]
) -> None:
    """What waits, why, and what to type; no address of anybody."""
    url, received = inbox
    with desk(tmp_path, capsys) as at:
        at.config.write_text(at.config.read_text().replace("first_run = false", "first_run = true") + JOB)
        (at.folder / "secrets" / "notify__urls").write_text(f'["{url}"]')
        at.load(hubspot("101", "overdue@a.example", created=ago(months=50)))
        Jobs(load(at.config, {})).perform("nightly")

    (message,) = received
    assert "repoussoir apply" in message
    assert "first_run" in message
    assert "overdue@a.example" not in message
