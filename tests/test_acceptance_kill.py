"""`kill -9` at any instant of `run`, then `run` again: nothing lost, nothing twice, nothing that no rule asked for."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.app import App
from connectors.sandbox.wire import Request, Response
from tests.workbench import Desk, ago, desk, hubspot, pipedrive, salesforce

ROUNDS, KILLS = 7, 3
_WRITES = re.compile(
    r"gdpr-delete|batch/(update|create|archive)|/statuses/|unsubscribe|composite|jobs/ingest|/notes|/persons/"
)


def person(number: int) -> list[dict[str, Any]]:
    """One person in three CRMs: some overdue, some objecting, some with a banned property or a revealing note."""
    email, born = f"p{number}@exemple.example", ago(months=50 if number % 3 == 0 else 2)
    sf_id = _checked(f"003Sd00000000{'ABCDEFGHIJKL'[number]}I")
    contact = hubspot(str(200 + number), email, created=born)
    if number % 3 == 1:
        contact["properties"]["religion"] = "Catholique"
    return [
        contact,
        salesforce(sf_id, email.upper(), created=born, HasOptedOutOfEmail=number % 3 == 2),
        pipedrive(number + 1, f"P{number}@Exemple.example", created=born),
    ]


def _checked(id: str) -> str:
    """The 18-character form of a Salesforce id."""
    blocks = (id[start : start + 5] for start in (0, 5, 10))
    return id + "".join(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[sum(c.isupper() << n for n, c in enumerate(b))] for b in blocks
    )


def fill(at: Desk) -> None:
    """Twelve people; a text property that is banned by its name."""
    at.load(
        {
            "crm": "hubspot", "kind": "property", "objectType": "contacts", "name": "religion", "label": "Religion",
            "groupName": "contactinformation", "type": "string", "fieldType": "text",
        },
        *(line for number in range(12) for line in person(number)),
    )  # fmt: skip


def state(at: Desk) -> dict[str, Any]:
    """Everything of everybody that a run may change, told from the vendors' APIs."""
    found: dict[str, Any] = {}
    for number in range(12):
        refs = (f"hubspot:contact:{200 + number}", f"pipedrive:person:{number + 1}")
        found |= {ref: at.exists(ref) for ref in refs}
    rows = at.call("salesforce", "GET", "/services/data/v66.0/query/?q=SELECT+Id,HasOptedOutOfEmail+FROM+Contact")
    found["salesforce"] = sorted((row["Id"], row["HasOptedOutOfEmail"]) for row in rows["records"])
    contacts = at.call("hubspot", "GET", "/crm/v3/objects/contacts?limit=100&properties=hs_email_optout,religion")
    found["hubspot"] = sorted(
        (row["id"], row["properties"]["hs_email_optout"], row["properties"]["religion"]) for row in contacts["results"]
    )
    return found


def notes(at: Desk) -> Counter[str]:
    """How often each ledger entry is quoted by a note, in all CRMs."""
    hub = at.call("hubspot", "GET", "/crm/v3/objects/notes?limit=100&properties=hs_note_body")["results"]
    pipe = at.call("pipedrive", "GET", "/api/v1/notes?limit=500")["data"] or []
    force = at.call("salesforce", "GET", "/services/data/v66.0/query/?q=SELECT+Id,Title+FROM+ContentNote")["records"]
    texts = [row["properties"]["hs_note_body"] for row in hub]
    texts += [row["content"] for row in pipe] + [row["Title"] for row in force]
    return Counter(found[0] for text in texts if (found := re.search(r"L\d+-[0-9a-f]{8}", text)))


@contextmanager
def killer(at: Desk, instant: int, *, after: bool) -> Iterator[Callable[[int], None]]:
    """Kills a process at the n-th write that reaches the CRMs, before or after it took effect."""
    left = [instant]
    victim: list[int] = []
    answers = {crm: at.world.app(crm).answer for crm in at.world.urls}

    def wrapped(app: App, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def serve(request: Request) -> Response:
            write = request.method != "GET" and _WRITES.search(request.path) and "read" not in request.path
            left[0] -= bool(write)
            hit = bool(write) and left[0] == 0
            if hit and not after:
                os.kill(victim[0], signal.SIGKILL)
            response = answer(request)
            if hit and after:
                os.kill(victim[0], signal.SIGKILL)
            return response

        return serve

    for crm, answer in answers.items():
        app = at.world.app(crm)
        setattr(app, "answer", wrapped(app, answer))  # noqa: B010
    try:
        yield victim.append
    finally:
        for crm, answer in answers.items():
            setattr(at.world.app(crm), "answer", answer)  # noqa: B010


def run(at: Desk, *, instant: int = 0, after: bool = False) -> int:
    """`repoussoir run` as a process of its own, killed at an instant unless that is 0; answers its exit code."""
    command = [sys.executable, "-c", "from cli.main import run; run()", "--config", str(at.config), "run"]
    with killer(at, instant, after=after) as aim:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        aim(process.pid)
        process.communicate(timeout=60)
    return process.returncode


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one run makes of it when nobody kills it; filled by the first test that needs it."""
    return {}


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_kill_9_at_random_instants_loses_doubles_and_invents_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], undisturbed: dict[str, Any], seed: int
) -> None:
    """Seven times three kills: the end is that of a run which nobody killed, and every note stands once."""
    dice = random.Random(seed)
    with desk(tmp_path, capsys) as at:
        fill(at)
        if not undisturbed:
            (tmp_path / "calm").mkdir()
            undisturbed |= _calm(tmp_path / "calm", capsys)
        killed = sum(
            run(at, instant=dice.randint(1, 14), after=dice.random() < 0.5) == -signal.SIGKILL for _ in range(KILLS)
        )
        assert run(at) == 0
        erased = at.call("hubspot", "GET", "/_sandbox/requests?crm=hubspot&method=POST&path=gdpr-delete")["requests"]

        assert killed >= 2
        assert state(at) == undisturbed["state"]
        assert [entry["status"] for entry in erased if entry["status"] == 204] == [204] * 4
        assert set(notes(at).values()) == {1}
        assert sum(notes(at).values()) == undisturbed["notes"]
        assert at.json("ledger", "verify")["intents_without_outcome"] == 0
        assert at.plan() == []


def _calm(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    with desk(folder, capsys) as at:
        fill(at)
        assert run(at) == 0
        return {"state": state(at), "notes": sum(notes(at).values())}
