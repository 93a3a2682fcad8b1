"""The frame of the sandbox over real HTTP, with a stub vendor: tokens, limits, request log, faults, clock, load, command."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.app import App
from connectors.sandbox.limits import Window
from connectors.sandbox.seed import population
from connectors.sandbox.state import Clock, State
from connectors.sandbox.tokens import Grant, grant
from connectors.sandbox.wire import Request, Response
from connectors.sandbox.world import Sandbox

ROOT = Path(__file__).resolve().parent.parent
RETENTION = {"keep", "erase", "undatable", "held", "due_soon"}


class Stub(App):
    """A vendor with one kind of record."""

    name = "hubspot"

    def __init__(self, state: State, clock: Clock) -> None:
        super().__init__(state, clock)
        self.resets = 0
        self.routes.add("GET", "/things/{id}", self._read)
        self.routes.add("POST", "/things/{id}", self._write)
        self.routes.add("GET", "/broken", self._broken)

    def load(self, record: Mapping[str, Any]) -> None:
        self.state.put(f"{self.name}.thing", record["id"], dict(record))

    def reset(self) -> None:
        self.resets += 1

    def _read(self, _: Request, id: str) -> Response:
        thing = self.state.get(f"{self.name}.thing", id)
        return Response(200, thing) if thing else Response(404, {"message": "none"})

    def _write(self, request: Request, id: str) -> Response:
        self.state.put(f"{self.name}.thing", id, request.json())
        return Response(201, {"id": id, "at": self.clock.now().isoformat()})

    def _broken(self, _: Request) -> Response:
        raise KeyError("id")


class SecondStub(Stub):
    """The same under another name."""

    name = "salesforce"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(vendors=[Stub, SecondStub]) as running:
        yield running


def call(url: str, method: str = "GET", body: object = None, **headers: str) -> tuple[int, Any]:
    """The status and the JSON of an answer; a str body is sent as it is."""
    data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            raw, status = answer.read(), answer.status
    except urllib.error.HTTPError as refusal:
        with refusal:
            raw, status = refusal.read(), refusal.code
    return status, json.loads(raw) if raw else None


def of_retention(line: dict[str, Any]) -> bool:
    return line["expect"] in RETENTION and "property" not in line


def control(sandbox: Sandbox, name: str, method: str = "POST", body: object = None) -> tuple[int, Any]:
    return call(f"{sandbox.urls['hubspot']}/_sandbox/{name}", method, body)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("sandbox", Grant()),
        ("00D000000000000AAA!sandbox", Grant()),
        ("00D000000000000!sandbox-readonly", Grant(read_only=True)),
        ("sandbox-readonly", Grant(read_only=True)),
        ("sandbox-expired", Grant(expired=True)),
        ("sandbox-other", Grant(account="other")),
        ("sandbox-regular", Grant(admin=False)),
        ("sandbox-lacks:crm.objects.contacts.write", Grant(lacks=frozenset({"crm.objects.contacts.write"}))),
        (
            "00D000000000000AAA!sandbox-lacks:api,Bulk API Hard Delete",
            Grant(lacks=frozenset({"api", "Bulk API Hard Delete"})),
        ),
        ("sandbox-lacks:", None),
        ("sandbox-admin", None),
        ("00D!sandbox", None),
        ("Sandbox", None),
        ("", None),
    ],
)
def test_a_token_carries_the_rights_its_name_says_and_an_unknown_one_none(token: str, expected: Grant | None) -> None:
    assert grant(token) == expected


def test_a_window_refuses_above_its_limit_without_counting_and_rolls_on() -> None:
    window = Window(2, 10.0)
    assert [window.take(0.0), window.take(9.0), window.take(9.5)] == [1, 0, -1]
    assert window.take(10.0) == 0
    assert window.take(18.9) == -1
    assert window.take(19.0) == 0


def test_every_vendor_has_its_port_and_its_records_behind_one_load(sandbox: Sandbox) -> None:
    lines = '{"crm":"hubspot","id":"1"}\n\n{"crm":"salesforce","id":"2"}\n'
    assert control(sandbox, "load", body=lines) == (200, {"loaded": 2})
    assert call(f"{sandbox.urls['hubspot']}/things/1")[0] == 200
    assert call(f"{sandbox.urls['salesforce']}/things/1")[0] == 404
    assert call(f"{sandbox.urls['salesforce']}/things/2")[0] == 200


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"crm":"zoho","id":"1"}', "record 2: ValueError: crm must be one of"),
        ('{"crm":"hubspot"}', "record 2: KeyError"),
        ("[1]", "record 2: ValueError"),
    ],
)
def test_a_load_stops_at_the_first_bad_record_and_names_it(sandbox: Sandbox, line: str, message: str) -> None:
    status, answer = control(sandbox, "load", body='{"crm":"hubspot","id":"1"}\n' + line)
    assert status == 400
    assert message in answer["error"]
    assert call(f"{sandbox.urls['hubspot']}/things/1")[0] == 200


def test_the_request_log_keeps_names_but_no_values_of_a_query(sandbox: Sandbox) -> None:
    call(f"{sandbox.urls['hubspot']}/things/1?api_token=secret&limit=5")
    call(f"{sandbox.urls['salesforce']}/things/2", "POST", {"a": 1})
    assert control(sandbox, "requests", "GET")[1] == {
        "count": 2,
        "requests": [
            {
                "n": 1,
                "crm": "hubspot",
                "method": "GET",
                "path": "/things/1",
                "query": ["api_token", "limit"],
                "status": 404,
            },
            {"n": 2, "crm": "salesforce", "method": "POST", "path": "/things/2", "status": 201},
        ],
    }


def test_the_request_log_can_be_filtered_and_emptied(sandbox: Sandbox) -> None:
    for crm, number in (("hubspot", 1), ("hubspot", 22), ("salesforce", 1)):
        call(f"{sandbox.urls[crm]}/things/{number}")
    assert control(sandbox, "requests?crm=hubspot", "GET")[1]["count"] == 2
    assert control(sandbox, "requests?path=/2%2B$", "GET")[1]["count"] == 1
    assert control(sandbox, "requests?method=POST", "GET")[1]["count"] == 0
    assert control(sandbox, "requests?path=(", "GET")[0] == 400
    assert control(sandbox, "requests", "DELETE")[0] == 204
    assert control(sandbox, "requests", "GET")[1] == {"count": 0, "requests": []}


def test_a_fault_answers_instead_of_the_vendor_after_skip_and_for_times(sandbox: Sandbox) -> None:
    fault = {
        "crm": "hubspot",
        "method": "GET",
        "path": "^/things/",
        "skip": 1,
        "times": 2,
        "status": 503,
        "body": {"x": 1},
    }
    assert control(sandbox, "faults", body=[fault]) == (200, {"added": 1})
    url = sandbox.urls["hubspot"]
    assert call(f"{url}/things/1", "POST", {"a": 1})[0] == 201
    assert [call(f"{url}/things/1")[0] for _ in range(4)] == [200, 503, 503, 200]
    assert call(f"{sandbox.urls['salesforce']}/things/1")[0] == 404


def test_a_fault_without_an_end_lasts_until_it_is_lifted_and_carries_headers(sandbox: Sandbox) -> None:
    fault = {"crm": "hubspot", "times": None, "status": 429, "headers": {"Retry-After": "7"}, "body": "<html>"}
    control(sandbox, "faults", body=[fault])
    for _ in range(3):
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(f"{sandbox.urls['hubspot']}/things/1", timeout=5)
        with refusal.value:
            assert refusal.value.headers["Retry-After"] == "7"
            assert refusal.value.read() == b"<html>"
    assert control(sandbox, "faults", "DELETE")[0] == 204
    assert call(f"{sandbox.urls['hubspot']}/things/1")[0] == 404


@pytest.mark.parametrize(("moment", "written"), [("before", False), ("after", True)])
def test_a_cut_connection_gives_no_answer_and_happens_before_or_after_the_write(
    sandbox: Sandbox, moment: str, written: bool
) -> None:
    url = f"{sandbox.urls['hubspot']}/things/9"
    control(sandbox, "faults", body=[{"crm": "hubspot", "method": "POST", "cut": moment}])
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        urllib.request.urlopen(urllib.request.Request(url, data=b'{"a":1}', method="POST"), timeout=5)
    assert control(sandbox, "requests", "GET")[1]["requests"][0]["status"] is None
    assert (call(url)[0] == 200) is written


def test_garbage_is_a_200_that_no_json_parser_takes_and_a_delay_only_waits(sandbox: Sandbox) -> None:
    faults = [{"crm": "hubspot", "garbage": True}, {"crm": "hubspot", "delay": 0.01}]
    control(sandbox, "faults", body=faults)
    with pytest.raises(json.JSONDecodeError):
        call(f"{sandbox.urls['hubspot']}/things/1")
    assert call(f"{sandbox.urls['hubspot']}/things/1")[0] == 404


@pytest.mark.parametrize(
    "fault",
    [
        "x",
        {"status": 500},
        {"crm": "hubspot"},
        {"crm": "hubspot", "status": 500, "cut": "after"},
        {"crm": "hubspot", "status": "500"},
        {"crm": "hubspot", "status": 500, "skip": None},
        {"crm": "hubspot", "cut": "during"},
        {"crm": "hubspot", "status": 500, "path": "("},
        {"crm": "hubspot", "status": 500, "chance": 0.5},
    ],
)
def test_a_fault_that_is_not_understood_is_refused_whole(sandbox: Sandbox, fault: object) -> None:
    good = {"crm": "hubspot", "status": 500}
    assert control(sandbox, "faults", body=[good, fault])[0] == 400
    assert call(f"{sandbox.urls['hubspot']}/things/1")[0] == 404


def test_a_handler_that_fails_is_a_500_that_names_the_exception(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    status, answer = call(f"{sandbox.urls['hubspot']}/broken")
    assert (status, answer["exception"]) == (500, "KeyError")
    assert "KeyError: 'id'" in capsys.readouterr().err
    assert control(sandbox, "requests", "GET")[1]["requests"][0]["status"] == 500


def test_the_clock_stops_at_a_moment_and_runs_again(sandbox: Sandbox) -> None:
    url = f"{sandbox.urls['salesforce']}/things/1"
    assert control(sandbox, "clock", body={"now": "2026-11-24T10:00:00+01:00"})[0] == 200
    assert call(url, "POST", {})[1]["at"] == "2026-11-24T10:00:00+01:00"
    assert control(sandbox, "clock", body={"now": None})[0] == 200
    assert abs(datetime.fromisoformat(call(url, "POST", {})[1]["at"]) - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("body", [{"now": "2026-11-24T10:00:00"}, {"now": "noon"}, {}, [], {"now": None, "x": 1}, "{"])
def test_a_clock_without_an_offset_or_a_broken_body_is_refused(sandbox: Sandbox, body: object) -> None:
    assert control(sandbox, "clock", body=body)[0] == 400


def test_limits_are_switched_for_every_vendor_at_once(sandbox: Sandbox) -> None:
    assert control(sandbox, "limits", body={"on": False})[0] == 200
    assert not sandbox.app("hubspot").limits
    assert not sandbox.app("salesforce").limits
    assert control(sandbox, "limits", body={"on": "no"})[0] == 400


def test_a_reset_puts_data_accounts_faults_log_clock_and_limits_back(sandbox: Sandbox) -> None:
    control(sandbox, "load", body='{"crm":"hubspot","id":"1"}')
    control(sandbox, "faults", body=[{"crm": "hubspot", "status": 500, "times": None}])
    control(sandbox, "clock", body={"now": "2020-01-01T00:00:00Z"})
    control(sandbox, "limits", body={"on": False})
    assert control(sandbox, "reset")[0] == 200
    assert call(f"{sandbox.urls['hubspot']}/things/1")[0] == 404
    assert control(sandbox, "requests", "GET")[1]["count"] == 1
    assert sandbox.clock.now().year > 2020
    assert sandbox.app("salesforce").limits
    stub = sandbox.app("salesforce")
    assert isinstance(stub, Stub)
    assert stub.resets == 1


def test_what_the_control_api_does_not_know_it_says_so(sandbox: Sandbox) -> None:
    assert control(sandbox, "nothing", "GET")[0] == 404
    assert control(sandbox, "reset", "GET")[0] == 405
    assert control(sandbox, "truth", "GET")[0] == 404


def test_a_seeded_sandbox_shows_the_truth_until_it_is_reset() -> None:
    """The stub keeps only what has an id, so the population is loaded through a vendor that takes everything."""
    with Sandbox(vendors=[Hoarder, SalesforceHoarder, PipedriveHoarder]) as sandbox:
        sandbox.clock.set(datetime(2026, 11, 24, 9, tzinfo=UTC))
        truth = sandbox.seed(50, 3)
        assert truth.as_json() == population(50, 3, sandbox.clock.now()).truth.as_json()
        assert control(sandbox, "truth", "GET") == (200, truth.as_json())
        sandbox.reset()
        assert control(sandbox, "truth", "GET")[0] == 404


class Hoarder(Stub):
    """A vendor that takes any record."""

    def load(self, record: Mapping[str, Any]) -> None:
        self.state.put(f"{self.name}.any", str(self.state.next_id(self.name)), dict(record))


class SalesforceHoarder(Hoarder):
    name = "salesforce"


class PipedriveHoarder(Hoarder):
    name = "pipedrive"


def test_data_in_a_file_outlives_the_sandbox(tmp_path: Path) -> None:
    path = str(tmp_path / "crm.sqlite")
    with Sandbox(path, vendors=[Stub]) as first:
        assert first.load(['{"crm":"hubspot","id":"1"}']) == 1
    with Sandbox(path, vendors=[Stub]) as second:
        assert call(f"{second.urls['hubspot']}/things/1")[0] == 200


def test_a_stopped_sandbox_refuses_new_connections_and_cuts_the_open_ones(sandbox: Sandbox) -> None:
    host, port = sandbox.urls["hubspot"].removeprefix("http://").split(":")
    kept = http.client.HTTPConnection(host, int(port), timeout=5)
    kept.request("GET", "/things/1")
    kept.getresponse().read()
    sandbox.stop()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        kept.request("GET", "/things/1")
        kept.getresponse()
    kept.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)


def test_a_port_that_is_taken_leaves_nothing_running(sandbox: Sandbox) -> None:
    taken = int(sandbox.urls["hubspot"].rsplit(":", 1)[1])
    other = Sandbox(vendors=[Stub])
    with pytest.raises(OSError, match="in use"):
        other.start(taken)
    assert other.urls == {}


def test_the_three_vendors_serve_the_made_up_population_whole() -> None:
    with Sandbox() as sandbox:
        judged = Counter(one["ref"].rsplit(":", 1)[0] for one in sandbox.seed(50, 1).lines if of_retention(one))
        hubspot, salesforce, pipedrive = sandbox.urls.values()
        bearer = {"Authorization": "Bearer sandbox"}
        contacts = call(f"{hubspot}/crm/v3/objects/contacts?limit=100", **bearer)[1]["results"]
        persons = call(f"{pipedrive}/api/v2/persons?limit=500", **{"x-api-token": "sandbox"})[1]["data"]
        query = f"{salesforce}/services/data/v64.0/query?q=SELECT+count()+FROM+"
        served = {
            "hubspot:contact": len(contacts),
            "salesforce:Contact": call(f"{query}Contact", **bearer)[1]["totalSize"],
            "salesforce:Lead": call(f"{query}Lead", **bearer)[1]["totalSize"],
            "pipedrive:person": len(persons),
        }
        assert served == judged


def test_the_command_loads_serves_and_stops_on_a_signal(tmp_path: Path) -> None:
    lines = tmp_path / "people.jsonl"
    contact = {"email": "ada.thornsleigh@courriel.example"}
    lines.write_text(json.dumps({"crm": "hubspot", "kind": "contacts", "id": "7", "properties": contact}), "utf-8")
    command = [sys.executable, "-m", "connectors.sandbox", "--port", "0", "--load", str(lines)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        urls = dict(line.split() for line in iter(process.stdout.readline, "ready\n"))
        assert list(urls) == ["hubspot", "salesforce", "pipedrive"]
        assert call(f"{urls['hubspot']}/_sandbox/requests", "GET") == (200, {"count": 0, "requests": []})
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_every_json_block_of_the_manual_is_valid() -> None:
    manual = (ROOT / "docs" / "sandbox.md").read_text("utf-8")
    blocks = re.findall(r"```(json|jsonl)\n(.*?)```", manual, re.DOTALL)
    assert {kind for kind, _ in blocks} == {"json", "jsonl"}
    for kind, block in blocks:
        for text in block.splitlines() if kind == "jsonl" else [block]:
            json.loads(text)
