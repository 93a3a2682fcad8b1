"""The wheel: it holds every file of ours and nothing else, and runs from anywhere with nothing of the checkout in sight."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from email.parser import Parser
from importlib.metadata import packages_distributions
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
OURS = ("core", "connectors", "policies", "cli", "scheduler.py")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKS = sorted(path.stem for path in (ROOT / "policies" / "packs").glob("*.toml"))
COMES_WITH = {"pydantic-core", "markupsafe"}
"""Parts of pydantic and of jinja2 that are packaged on their own."""

LOADED_BY_PYTEST = ("connectors/pytest_plugin.py", "connectors/testkit/", "connectors/template/test_")
"""What only pytest loads, and so may import it: whoever runs the kit has it."""

READ_BY_PYTHON = {"tzdata"}
"""Data that the standard library looks for by itself."""

HELP = """
from importlib.metadata import entry_points
from pathlib import Path
import scheduler, core, connectors, policies, cli, os

here = Path(os.environ["PYTHONPATH"])
assert all(Path(module.__file__).is_relative_to(here) for module in (scheduler, core, connectors, policies, cli))
(script,) = entry_points(group="console_scripts", name="repoussoir")
script.load()()
"""
STORE = """
from cli.main import main
import json, sys

codes = [main(words) for words in json.loads(sys.argv[1])]
sys.exit(0 if codes == [0] * len(codes) else f"exit codes {codes}")
"""
DATA = """
import os, sys
from pathlib import Path

from cli.config import judge, load
from connectors.sandbox.world import Sandbox
from core.schema import Property, Schema
from policies.sensitive.lexicon import lexicon

seen = Schema("crm", "person", (Property(name="religion", label="Religion", shape="text"),))
for pack in sys.argv[1:]:
    Path("config.toml").write_text(f'controller = "Acme SAS"\\nextends = "{pack}"')
    config = load(Path("config.toml"), os.environ)
    assert config.retention.rules, pack
    assert judge(config).needs(seen) == ("religion",), pack
assert lexicon().rules
with Sandbox() as world:
    assert world.seed(50, 1).lines
"""


def files() -> set[str]:
    """Every file of ours in the checkout, as the wheel should name it."""
    roots = [ROOT / name for name in OURS]
    found = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*")) if path.is_file()]
    return {path.relative_to(ROOT).as_posix() for path in found if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZipFile]:
    """The wheel, built without any network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert built.returncode == 0, built.stdout + built.stderr
    with ZipFile(next(folder.glob("*.whl"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def unpacked(wheel: ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as an installer lays it down."""
    folder = tmp_path_factory.mktemp("site")
    wheel.extractall(folder)
    return folder


def python(unpacked: Path, cwd: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a script with the unpacked wheel before everything else, from another folder."""
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_wheel_holds_every_file_of_ours_and_nothing_else(wheel: ZipFile) -> None:
    """Modules, migrations, packs, lexicons, templates, py.typed; no test, no document, no secret."""
    named = {name for name in wheel.namelist() if ".dist-info/" not in name and ".data/" not in name}

    assert named == files()
    assert {Path(name).suffix for name in named} >= {".py", ".toml", ".csv", ".typed"}
    assert "core/store/migrations/versions/0001_first.py" in named


def test_the_wheel_brings_the_example_configuration(wheel: ZipFile) -> None:
    """It lands in share/repoussoir of the environment, as it is in the repository."""
    (name,) = [name for name in wheel.namelist() if name.endswith("data/share/repoussoir/config.example.toml")]

    assert wheel.read(name) == (ROOT / "config.example.toml").read_bytes()


def test_the_wheel_asks_for_what_the_project_names(wheel: ZipFile) -> None:
    """Name, version, licence, Python, and the same requirements."""
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    head = Parser().parsestr(wheel.read(name).decode())
    asked = {Requirement(text) for text in head.get_all("Requires-Dist", []) if "extra ==" not in text}

    assert (head["Name"], head["Version"], head["License-Expression"]) == ("repoussoir", PROJECT["version"], "MIT")
    assert head["Requires-Python"] == PROJECT["requires-python"]
    assert asked == {Requirement(text) for text in PROJECT["dependencies"]}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    """No package comes along by luck, and none is there for nothing."""
    used = [name for name in files() if name.endswith(".py") and not name.startswith(LOADED_BY_PYTEST)]
    trees = [ast.parse((ROOT / name).read_text(encoding="utf-8")) for name in used]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    named = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    named += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level]
    known = packages_distributions()
    theirs = {name.split(".")[0] for name in named} - sys.stdlib_module_names - {*OURS, "scheduler"}
    packages = {canonicalize_name(package) for module in theirs for package in known.get(module, [module])}

    declared = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    assert packages - COMES_WITH == declared - READ_BY_PYTHON


def test_time_zones_are_there_on_a_machine_that_has_none() -> None:
    """A slim image lacks /usr/share/zoneinfo; days are counted in the controller's zone all the same."""
    script = "from core.settings import zone; print(zone('Europe/Paris').key)"
    environment = {**os.environ, "PYTHONTZPATH": ""}
    command = [sys.executable, "-c", script]
    shown = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)

    assert shown.stdout == "Europe/Paris\n", shown.stderr


def test_the_command_runs_from_the_wheel_alone(unpacked: Path, tmp_path: Path) -> None:
    """The console script is found by its entry point, and every module comes from the wheel."""
    shown = python(unpacked, tmp_path, HELP, "--help")

    assert shown.returncode == 0, shown.stderr
    assert "planned before it is applied, proven after" in " ".join(shown.stdout.split())


def test_a_first_configuration_and_a_store_are_made_from_the_wheel(unpacked: Path, tmp_path: Path) -> None:
    """`init` makes the key, the migrations make the store, the ledger of it verifies, and a report is written."""
    commands = '[["init"], ["check"], ["ledger", "verify"], ["suppress", "count"], ["report"]]'
    (tmp_path / "config.toml").write_text('controller = "Acme SAS"\nextends = "fr_prospection_b2b"')

    shown = python(unpacked, tmp_path, STORE, commands)

    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert (tmp_path / "repoussoir.sqlite").exists()
    assert list(tmp_path.rglob("*.html"))


def test_packs_lexicons_and_the_sandbox_s_tables_load_from_the_wheel(unpacked: Path, tmp_path: Path) -> None:
    """Every TOML and CSV that is read at run time."""
    assert PACKS
    shown = python(unpacked, tmp_path, DATA, *PACKS)

    assert shown.returncode == 0, shown.stderr
