"""A user's mistake, and what the machine does to them: one clear message, the documented exit code, nothing lost."""

from __future__ import annotations

import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import exits
from tests.workbench import Desk, ago, desk, hubspot

OVERDUE = "hubspot:contact:101"
PROGRAM = "from cli.main import run; run()"


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """One overdue contact."""
    with desk(tmp_path, capsys) as made:
        made.load(hubspot("101", "overdue@a.example", created=ago(months=50)))
        yield made


def refused(at: Desk, code: int, *words: str, says: str) -> None:
    """A command ends with a code and one message, without a traceback, and the contact is still there."""
    found, _, errors = at.run(*words)
    assert found == code, errors
    assert says in errors, errors
    assert "Traceback" not in errors
    assert at.exists(OVERDUE)


def test_wrong_toml_names_file_line_key_and_the_nearest_valid_one(at: Desk) -> None:
    """A misspelt key and a broken line."""
    whole = at.config.read_text()
    at.config.write_text(whole.replace("max_share", "max_shares"))
    line = 1 + whole.splitlines().index("max_share = 1.0")
    refused(at, exits.USAGE, "run", says=f"config.toml:{line}")
    refused(at, exits.USAGE, "run", says="max_share")

    at.config.write_text(whole + "\n[brakes\n")
    refused(at, exits.USAGE, "run", says="config.toml")


def test_a_missing_configuration_says_how_to_make_one(at: Desk) -> None:
    """No file."""
    at.config.unlink()
    refused(at, exits.USAGE, "plan", says="repoussoir init")


def test_sec_06_a_changed_key_stops_everything_before_any_read(at: Desk) -> None:
    """Another secret under the same id would match no objection, silently: nothing is even read."""
    at.run("plan")
    at.call("hubspot", "DELETE", "/_sandbox/requests")
    (at.folder / "secrets" / "keys__secrets__k1").write_text("f" * 64)

    code, _, errors = at.run("run")

    assert code == exits.STORE
    assert "not the one this store was made with" in errors
    assert at.call("hubspot", "GET", "/_sandbox/requests")["count"] == 0


def test_sec_06_a_missing_key_is_not_replaced_by_a_new_one(at: Desk) -> None:
    """`init` refuses a store that was made with a key that is gone."""
    at.run("plan")
    (at.folder / "secrets" / "keys__secrets__k1").unlink()
    refused(at, exits.STORE, "run", says="k1")
    refused(at, exits.STORE, "init", says="backup")


def test_a_wrong_token_stops_that_crm_and_destroys_nothing(at: Desk) -> None:
    """`check` says it with the code for credentials; `run` reads the others, and destroys nothing anywhere."""
    (at.folder / "secrets" / "crm__pipedrive__token").write_text("nonsense")

    assert at.run("check")[0] == exits.CREDENTIALS
    code, out, _ = at.run("run")
    assert code == exits.INCOMPLETE
    assert "pipedrive" in out
    assert at.exists(OVERDUE)


def test_a_missing_scope_is_named(at: Desk) -> None:
    """A token without the right to write contacts: `check` names the scope."""
    (at.folder / "secrets" / "crm__hubspot__token").write_text("sandbox-lacks:crm.objects.contacts.write")

    code, out, _ = at.run("check")

    assert code == exits.CREDENTIALS
    assert "crm.objects.contacts.write" in out


def test_another_account_is_refused(at: Desk) -> None:
    """The configuration names the portal; the token belongs to another one."""
    text = at.config.read_text().replace('connector = "hubspot"', 'connector = "hubspot"\naccount = "1234567"')
    at.config.write_text(text)
    (at.folder / "secrets" / "crm__hubspot__token").write_text("sandbox-other")
    refused(at, exits.CREDENTIALS, "run", says="7654321")


def test_an_unreachable_crm_is_a_gap(at: Desk) -> None:
    """Nobody listens: the message names the CRM, nothing is destroyed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    at.config.write_text(at.config.read_text().replace(at.world.urls["pipedrive"], url))

    code, out, _ = at.run("run")

    assert code == exits.INCOMPLETE
    assert "pipedrive" in out
    assert at.exists(OVERDUE)


def test_a_full_disk_stops_with_a_sentence_and_loses_nothing(at: Desk) -> None:
    """No file may grow any further: the run stops; with room again it finishes."""
    at.run("plan")
    command = [sys.executable, "-c", PROGRAM, "--config", str(at.config), "run"]

    full = subprocess.run(command, preexec_fn=_no_room, capture_output=True, text=True, check=False, timeout=60)

    assert full.returncode == exits.STORE, full.stderr
    assert "Free some disk space" in full.stderr
    assert "Traceback" not in full.stderr
    assert at.run("run")[0] == exits.OK
    assert not at.exists(OVERDUE)
    assert at.json("ledger", "verify")["intents_without_outcome"] == 0


@pytest.mark.parametrize(
    "words",
    [
        ("plan",),
        ("suppress", "add"),
        ("hold", "add", OVERDUE, "--reason", "claim", "--author", "legal"),
        ("schedule", "--once", "nightly"),
        ("schedule",),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("trouble", ["full", "readonly"])
def test_a_store_that_cannot_be_written_is_one_sentence_and_a_code(
    at: Desk, words: tuple[str, ...], trouble: str
) -> None:
    """Whatever was asked for; and once it can be written again everything is as it was."""
    at.config.write_text(at.config.read_text() + '\n[schedule.jobs.nightly]\ncron = "0 3 * * *"\n')
    at.run("check")
    script, prepare, says = _TROUBLES[trouble]
    command = [sys.executable, "-c", script, "--config", str(at.config), *words]

    found = subprocess.run(
        command, preexec_fn=prepare, input="p@x.example\n", capture_output=True, text=True, check=False, timeout=60
    )

    assert found.returncode == exits.STORE, found.stderr
    assert says in found.stderr
    assert "Traceback" not in found.stderr
    assert at.json("suppress", "count") == at.json("hold", "list") == []
    assert at.run("run")[0] == exits.OK


def test_a_store_that_another_program_locks_is_said(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup that holds it for too long: nothing was begun."""
    monkeypatch.setattr("core.store.database.PATIENCE", 0.1)
    at.run("check")
    with sqlite3.connect(at.folder / "repoussoir.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        refused(at, exits.STORE, "run", says="try again in a moment")
        refused(at, exits.STORE, "hold", "release", "H-1", "--by", "legal", says="try again in a moment")
    other.close()
    assert at.run("run")[0] == exits.OK


@pytest.mark.parametrize(
    "words", [("ledger", "export"), ("run", "--json"), ("report", "--out", "/dev/full")], ids=" ".join
)
def test_what_cannot_be_written_down_is_said_and_no_fault_of_ours(at: Desk, words: tuple[str, ...]) -> None:
    """An export to a full disk must not pass for a backup."""
    command = [sys.executable, "-c", PROGRAM, "--config", str(at.config), *words]
    at.run("run")

    with Path("/dev/full").open("w") as full:
        found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)

    assert found.returncode == exits.STORE, found.stderr
    assert "No space left on device" in found.stderr
    assert "report it" not in found.stderr


def _no_room() -> None:
    """In the child: files end at 64 KiB, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))


def _no_room_at_all() -> None:
    """In the child: no file grows."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


_READONLY = """
from core.store import database

healthy = database._sqlite

def readonly(connection, record):
    healthy(connection, record)
    connection.execute("PRAGMA query_only = ON")

database._sqlite = readonly
"""
"""SQLite then says the same as of a file that may not be written; who runs the tests may write every file."""
_TROUBLES = {
    "full": (PROGRAM, _no_room_at_all, "Free some disk space"),
    "readonly": (_READONLY + PROGRAM, None, "may be written"),
}


def test_a_second_process_is_told_who_is_at_work(at: Desk) -> None:
    """While one process holds the lock, another one exits with its own code and changes nothing."""
    hold = (
        "import sys; from pathlib import Path; from cli.config import load; from cli.runtime import runtime; import os\n"
        "with runtime(load(Path(sys.argv[1]), os.environ)) as parts, parts.writing():\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", hold, str(at.config)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout and other.stdout.readline() == "held\n"
        refused(at, exits.BUSY, "run", says=str(other.pid))
        other.communicate("")
    assert at.run("run")[0] == exits.OK


def test_r_s5_2_a_ledger_that_was_touched_is_told(at: Desk) -> None:
    """Somebody edits the database by hand, past the triggers."""
    at.run("run")
    with sqlite3.connect(at.folder / "repoussoir.sqlite") as database:
        database.execute("DROP TRIGGER ledger_no_UPDATE")
        database.execute("UPDATE ledger SET body = replace(body, 'erase', 'clear') WHERE seq = 2")

    code, _, errors = at.run("ledger", "verify")

    assert code == exits.STORE
    assert "entry 2" in errors


def test_r_s5_2_a_ledger_whose_end_was_cut_off_is_told_by_the_head_that_was_printed(at: Desk) -> None:
    """Without it what is left looks whole; `run`, `report` and `ledger verify` print it, `run --json` holds it."""
    head = re.findall(r"^The ledger ends at (\d+:[0-9a-f]{64})$", at.run("run")[1], re.M)
    for words in (("report", "--out", str(at.folder / "page.html")), ("ledger", "verify", "--head", *head)):
        code, out, _ = at.run(*words)
        assert code == exits.OK
        assert f"The ledger ends at {head[0]}" in out
    assert at.json("run")["ledger_head"] == head[0]
    with sqlite3.connect(at.folder / "repoussoir.sqlite") as database:
        database.execute("DROP TRIGGER ledger_no_DELETE")
        database.execute("DELETE FROM ledger WHERE seq > 1")
    database.close()

    assert at.run("ledger", "verify")[0] == exits.STORE, "the runs remember their heads"
    with sqlite3.connect(at.folder / "repoussoir.sqlite") as database:
        database.execute("DELETE FROM run")
    database.close()
    assert at.run("ledger", "verify")[0] == exits.OK
    code, _, errors = at.run("ledger", "verify", "--head", *head)
    assert code == exits.STORE
    assert "its end is missing" in errors
    assert at.run("ledger", "verify", "--head", "2:3f9c")[0] == exits.USAGE


def test_an_unknown_record_or_crm_is_said(at: Desk) -> None:
    """Misspelt words."""
    refused(at, exits.USAGE, "explain", "hubspot:contacts:101", says="hubspot:contact")
    refused(at, exits.USAGE, "explain", "hubspot", says="CRM:KIND:ID")
    refused(at, exits.USAGE, "plan", "--crm", "hubspott", says="hubspott")
    refused(at, exits.USAGE, "plan", "--only", "retentoin", says="retention")
    refused(at, exits.USAGE, "apply", "0123456789ab", says="repoussoir plan")


def test_the_store_may_be_copied_and_go_on_elsewhere(at: Desk, tmp_path: Path) -> None:
    """A backup restored in another folder, with the key, recognises everybody."""
    at.run("run")
    other = tmp_path / "elsewhere"
    shutil.copytree(at.folder, other, ignore=shutil.ignore_patterns("elsewhere"))
    at.config = other / "config.toml"

    assert at.json("ledger", "verify")["entries"] > 0
    assert at.run("run")[0] == exits.OK
