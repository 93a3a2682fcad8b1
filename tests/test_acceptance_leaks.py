"""No clear identifier or value of a person rests in the store, the ledger, a plan, a report, a log or a note."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workbench import Desk, desk

PEOPLE = 300


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """The seeded population, with all that is planted in it."""
    with desk(tmp_path, capsys, declare=False) as made:
        yield made


def everything_we_keep(folder: Path) -> dict[str, bytes]:
    """Every file in the folder, and the store as SQL text beside its raw pages."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_grepping_what_we_keep_for_what_is_planted_finds_nothing(at: Desk) -> None:
    """A whole run over the seeded people, then every artefact is searched for every planted string."""
    truth = at.world.seed(PEOPLE, 7)
    assert at.run("init", "--declare")[0] == 0
    shown = [at.run(*words)[1:] for words in _commands(at)]

    kept = everything_we_keep(at.folder) | {f"output {n}": "".join(pair).encode() for n, pair in enumerate(shown)}
    kept |= {f"note {n}": text.encode() for n, text in enumerate(_notes(at))}
    found = {
        (name, secret)
        for name, content in kept.items()
        for secret in truth.planted
        if len(secret) > 3 and secret.encode() in content
    }

    assert len(kept) > 20
    assert len(truth.planted) > 500
    assert {name for name, _ in found} == set(), sorted(found)[:5]


def _commands(at: Desk) -> Iterator[list[str]]:
    yield ["--verbose", "plan", "--out", str(at.folder / "plan.jsonl")]
    yield ["plan", "--json"]
    yield ["--verbose", "run"]
    yield ["ledger", "export"]
    yield ["explain", "hubspot:contact:101"]
    yield ["suppress", "count"]
    yield ["report", "--out", str(at.folder / "report.html")]
    yield ["check"]


def _notes(at: Desk) -> list[str]:
    """The notes that we wrote into the CRMs."""
    hub = at.call("hubspot", "GET", "/crm/v3/objects/notes?limit=100&properties=hs_note_body")["results"]
    pipe = at.call("pipedrive", "GET", "/api/v1/notes?limit=500")["data"] or []
    force = at.call("salesforce", "GET", "/services/data/v66.0/query/?q=SELECT+Id,Title,TextPreview+FROM+ContentNote")
    texts = [row["properties"]["hs_note_body"] or "" for row in hub] + [row["content"] for row in pipe]
    return [text for text in [*texts, *map(json.dumps, force["records"])] if "Repoussoir" in text]


def test_secrets_are_in_no_output_and_no_error(at: Desk) -> None:
    """A wrong token is named by its file, never shown."""
    (at.folder / "secrets" / "crm__hubspot__token").write_text("pat-eu1-very-secret-value")

    outputs = [at.run("--verbose", "check"), at.run("run"), at.run("check", "--json")]

    assert all("very-secret" not in out + err for _, out, err in outputs)
