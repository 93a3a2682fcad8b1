"""What every file of the project must keep to: import directions, sizes, docstrings, and the exceptions we allow ourselves."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("core", "connectors", "policies", "cli")
SOURCES = sorted([*(p for name in PACKAGES for p in (ROOT / name).rglob("*.py")), ROOT / "scheduler.py"])
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(path: Path) -> list[Function]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def _length(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_import_directions_hold() -> None:
    """core knows nobody; connectors and policies know core and not each other; the sandbox knows nothing of ours."""
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout


def test_only_the_command_line_imports_the_scheduler() -> None:
    """import-linter refuses single-file roots, so this rule has its own test."""
    importers = [
        path.relative_to(ROOT)
        for path in SOURCES
        if re.search(r"^\s*(from|import) scheduler\b", path.read_text(), re.M)
    ]

    assert [path for path in importers if path.parts[0] != "cli"] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_and_says_what_it_holds(path: Path) -> None:
    """At most 400 lines, a docstring, no function over 50 lines, and every public thing documented."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    public = [node for node in tree.body if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_")]

    assert text.count("\n") <= 400
    assert ast.get_docstring(tree)
    assert [f.name for f in _functions(path) if _length(f) > 50] == []
    assert [node.name for node in public if not ast.get_docstring(node)] == []


def test_functions_are_short() -> None:
    """The median function has at most ten lines."""
    lengths = [_length(function) for path in SOURCES for function in _functions(path)]

    assert median(lengths) <= 10


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        (r"# type: ignore", 2),
        (r"pragma: no cover", 0),
        (r"\bNotImplementedError\b", 0),
        (r"\bTODO\b|\bFIXME\b|\bXXX\b", 0),
        (r"^\s*print\(", 3),
    ],
)
def test_exceptions_are_counted(pattern: str, allowed: int) -> None:
    """Each exception we allow ourselves is a number in a diff; each needs its reason beside it."""
    found = [
        f"{p.relative_to(ROOT)}: {line.strip()}"
        for p in SOURCES
        for line in p.read_text().splitlines()
        if re.search(pattern, line)
    ]

    assert len(found) == allowed, found


@pytest.mark.parametrize("package", ["core", "policies"])
def test_decisions_read_no_clock_and_roll_no_dice(package: str) -> None:
    """`now` is an argument: nothing in core or policies asks for the time (DESIGN §3)."""
    asks = re.compile(r"datetime\.now\(|date\.today\(|time\.time\(|utcnow\(|\bimport (time|random)\b|\buuid4\(")
    found = [str(p.relative_to(ROOT)) for p in (ROOT / package).rglob("*.py") if asks.search(p.read_text())]

    assert found == []


def test_no_other_distribution_ships_our_module_names() -> None:
    """The flat layout is ours alone in this environment."""
    names = packages_distributions()
    others = {name: set(names.get(name, [])) - {"repoussoir"} for name in (*PACKAGES, "scheduler")}

    assert {name: dists for name, dists in others.items() if dists} == {}
