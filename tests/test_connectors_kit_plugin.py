"""The pytest plugin of the kit: known by its entry point, quiet for whoever does not use the kit, readable for who does."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from connectors import pytest_plugin

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
STRANGER = """
import sys

def test_nothing_of_repoussoir_is_there():
    ours = {name.partition(".")[0] for name in sys.modules} & {"core", "policies", "cli", "scheduler"}
    assert not ours, ours
    assert [name for name in sys.modules if name.startswith("connectors.") and name != "connectors.pytest_plugin"] == []
    assert "connectors.pytest_plugin" in sys.modules
"""
BROKEN = """
import pytest
from connectors.testkit import ConnectorContract
from tests.test_connectors_kit_memory import MemoryWorld

class TestTorn(ConnectorContract):
    @pytest.fixture
    def world(self):
        made = MemoryWorld()
        made.crm.scan = lambda query: iter(())
        return made
"""


def run(folder: Path, text: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Pytest on a file of a project that is not ours."""
    (folder / "test_it.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "test_it.py", *more]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_pytest_finds_it_by_its_entry_point(pytestconfig: pytest.Config) -> None:
    """Declared in the group that pytest reads, and loaded in this very run."""
    assert PROJECT["entry-points"]["pytest11"] == {"repoussoir": "connectors.pytest_plugin"}
    assert pytestconfig.pluginmanager.get_plugin("repoussoir") is pytest_plugin


def test_a_project_that_does_not_use_the_kit_notices_nothing(tmp_path: Path) -> None:
    """Nothing of ours is imported, no option and no fixture is added."""
    shown = run(tmp_path, STRANGER)
    helped = run(tmp_path, STRANGER, "--help", "--fixtures")

    assert shown.returncode == 0, shown.stdout
    assert "epoussoir" not in helped.stdout


def test_an_assert_of_the_kit_shows_what_it_compared(tmp_path: Path) -> None:
    """A failing promise says what was there and what was not, and not just AssertionError."""
    shown = run(tmp_path, BROKEN, "-k", "leaves_nobody_out")

    assert shown.returncode == 1
    assert "the scan left records out" in shown.stdout
    assert "memory:person:00001" in shown.stdout


def test_nothing_of_ours_imports_the_kit() -> None:
    """Pytest is a tool of the tests: the program must run without it."""
    roots = ("core", "connectors", "policies", "cli")
    paths = [path for root in roots for path in (ROOT / root).rglob("*.py")] + [ROOT / "scheduler.py"]
    connectors = ROOT / "connectors"
    kit = {connectors / "pytest_plugin.py", *connectors.glob("testkit/*.py"), *connectors.glob("template/test_*.py")}
    importers = [path.name for path in paths if path not in kit and {"pytest", "connectors.testkit"} & imported(path)]

    assert importers == []


def imported(path: Path) -> set[str]:
    """The modules that a file names in its imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    named = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return named | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
