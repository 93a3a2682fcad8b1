"""The commands of the list: taking somebody on is possible at any time, taking them off says what is left (SUP-11)."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import exits
from cli.runtime import LOCK, clock, open_store
from tests.jobdesk import JobDesk, job_desk, record

MOBILE = "0639981011"
LIFT = ("suppress", "lift", "--channel", "all", "--evidence", "form 12", "--by", "Claire")


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobDesk:
    """One CRM with one person, and an objection typed on standard input."""
    return job_desk(tmp_path, monkeypatch, record("1", phones=(MOBILE,), collected=clock()))


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is on standard input, whenever it is read."""
    monkeypatch.setattr("sys.stdin", type("Same", (), {"read": lambda _: "p1@a.example\n"})())


@pytest.mark.usefixtures("typed")
def test_sup_01_an_objection_is_taken_at_any_time_and_lifted_when_nothing_runs(at: JobDesk) -> None:
    """A long run at night is no reason to lose one, by line or by file; lifting ends a protection, and waits."""
    file = at.folder / "list.txt"
    file.write_text("other@a.example\n")
    store = open_store(at.config())
    with store.lock(LOCK, "another", clock).held():
        codes = [at.type("suppress", "add"), at.type("suppress", "import", str(file)), at.type(*LIFT)]
    count = store.suppression.count()
    store.close()

    assert codes == [exits.OK, exits.OK, exits.BUSY]
    assert count == 4
    assert at.type(*LIFT) == exits.OK


@pytest.mark.usefixtures("typed")
def test_sup_11_the_answer_to_a_lift_says_what_still_blocks_and_where_our_flag_stands(
    at: JobDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    """The phone was not typed: its entry is counted; the record is named by its ref, and nothing of the person is shown."""
    at.type("suppress", "add")
    at.type("run")
    capsys.readouterr()
    at.type(*LIFT)
    said = " ".join(capsys.readouterr().out.split())

    assert "2 entries lifted" in said
    assert "1 entry on the same records still blocks" in said
    assert "mem:person:1 (email)" in said
    assert "p1@" not in said


@pytest.mark.usefixtures("typed")
@pytest.mark.parametrize(
    "words",
    [
        ("suppress", "add", "--source", "mail of jean@exemple.example"),
        ("suppress", "add", "--evidence", "call from 06 39 98 10 11"),
        ("suppress", "lift", "--channel", "all", "--by", "Claire", "--evidence", "jean@exemple.example"),
        ("hold", "add", "--identifiers", "--author", "Legal", "--reason", "lawsuit of jean@exemple.example"),
    ],
)
def test_what_is_kept_as_typed_must_name_nobody(at: JobDesk, words: tuple[str, ...]) -> None:
    """It would be in the hash-chained ledger for good."""
    assert at.type(*words) == exits.USAGE
    assert b"exemple" not in b"".join(path.read_bytes() for path in at.folder.rglob("*.sqlite*"))


def test_a_phone_under_an_objection_to_e_mail_is_left_out_and_the_answer_says_so(
    at: JobDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody should think that the whole file is on the list; the number itself is not repeated."""
    file = at.folder / "list.txt"
    file.write_text(f"other@a.example\n{MOBILE}\n0639981012\n")
    capsys.readouterr()
    code = at.type("suppress", "import", str(file), "--channel", "email")
    said = " ".join(capsys.readouterr().out.split())

    assert code == exits.OK
    assert "1 entries added" in said
    assert "Left out: 2 lines with a phone number" in said
    assert "--channel telephone or all" in said
    assert MOBILE not in said
