"""docs/new-connector.md, followed step by step: a copy of the template becomes a guest for a fourth vendor, and does a job."""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dateutil.relativedelta import relativedelta

from docs.examples.rolodex.vendor import card, serving

ROOT = Path(__file__).parent.parent
OWN = ROOT / "docs" / "examples" / "rolodex"
PAGE = (ROOT / "docs" / "new-connector.md").read_text(encoding="utf-8")
COMMANDS = "import json, sys; from cli.main import main; print([main(words) for words in json.loads(sys.argv[1])])"


@dataclass
class Author:
    """Somebody with the package installed, in an empty folder, who does what the page says."""

    folder: Path

    def runs(self, script: str, *words: str) -> subprocess.CompletedProcess[str]:
        """A shell script; what it installs goes into a folder of this test, and comes from no index."""
        paths = os.pathsep.join([str(self.folder / "site"), str(ROOT)])
        bins = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        pip = {
            "PIP_TARGET": str(self.folder / "site"),
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",
        }
        environment = {**os.environ, **pip, "PYTHONPATH": paths, "PATH": bins, "PYTHONDONTWRITEBYTECODE": "1"}
        command = ["bash", "-euc", script, "bash", *words]
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=100
        )

    def copies(self) -> None:
        """Step 1."""
        (copy,) = [block for block in blocks("sh") if block.startswith("cp ")]
        done = self.runs(copy)
        assert done.returncode == 0, done.stderr
        (project,) = [block for block in blocks("toml") if "[project]" in block]
        (self.folder / "pyproject.toml").write_text(project)

    def tests(self) -> str:
        """Step 2: what pytest says in the end."""
        (command,) = [block for block in blocks("sh") if block.startswith("python -m pytest")]
        done = self.runs(f"{command.strip()} -q -p no:cacheprovider")
        assert done.returncode == 0, done.stdout
        return done.stdout.splitlines()[-1]

    def writes(self) -> None:
        """Step 3."""
        for path in OWN.glob("*.py"):
            shutil.copy(path, self.folder / "rolodex")

    def installs(self) -> None:
        """Step 4, without the configuration."""
        (command,) = [block for block in blocks("sh") if "pip install" in block]
        done = self.runs(command)
        assert done.returncode == 0, done.stderr

    def types(self, *commands: str) -> tuple[list[int], str]:
        """The exit codes of some commands of the program, and all that they print."""
        words = json.dumps([command.split()[1:] for command in commands])
        shown = self.runs('python -c "$1" "$2"', COMMANDS, words)
        assert shown.returncode == 0, shown.stderr
        return json.loads(shown.stdout.splitlines()[-1]), shown.stdout + shown.stderr


@pytest.fixture
def author(tmp_path: Path) -> Author:
    """In an empty folder."""
    return Author(tmp_path)


def blocks(language: str) -> list[str]:
    """The fenced blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


def ago(months: int) -> float:
    """That many months before now, in seconds since 1970."""
    return (datetime.now(UTC) - relativedelta(months=months)).timestamp()


def own_lines(copied: Path, brought: Path) -> int:
    """How many lines of a file are not those of the copy."""
    texts = [path.read_text(encoding="utf-8").splitlines() for path in (copied, brought)]
    return len([line for line in difflib.ndiff(*texts) if line.startswith("+ ") and line[2:].strip()])


def test_a_copy_of_the_template_passes_the_kit_and_so_does_the_fourth_vendor(author: Author) -> None:
    """Under another name and outside of this repository, before and after it is brought to the vendor; in few lines."""
    author.copies()
    assert re.match(r"\d+ passed, \d+ skipped", author.tests())
    shutil.copytree(author.folder / "rolodex", author.folder / "copied")

    author.writes()

    assert re.match(r"\d+ passed, \d+ skipped", author.tests())
    files = [path.name for path in OWN.glob("*.py") if path.name != "vendor.py"]
    lines = {name: own_lines(author.folder / "copied" / name, author.folder / "rolodex" / name) for name in files}
    assert sum(lines.values()) < 100
    assert all(lines.values()), "a file of the example is as copied"


def test_the_page_s_commands_do_the_whole_job_with_the_guest_installed(author: Author) -> None:
    """The silent are erased, copies restricted, the banned field emptied, the objection spread, and notes tell of it."""
    people = [
        card(1, ["old@a.example"], ago(50)),
        card(2, ["back@a.example"], ago(50), wrote=int(ago(3) * 1000)),
        card(3, ["twin@a.example"], ago(5), extra={"do_not_mail": True}),
        card(4, ["twin@a.example"], ago(5)),
        card(5, ["copy@a.example"], ago(50), via="import"),
        card(6, ["six@a.example"], ago(5), extra={"religion": "none"}),
    ]
    config = next(text for text in blocks("toml") if "[crm." in text)
    author.copies()
    author.writes()
    author.installs()
    shutil.rmtree(author.folder / "rolodex")
    with serving(*people) as server:
        (author.folder / "config.toml").write_text(re.sub(r'base_url = ".*"', f'base_url = "{server.url}"', config))
        (author.folder / "secrets").mkdir()
        (author.folder / "secrets" / "crm__rolodex__token").write_text("rolodex")
        commands = [line for text in blocks("sh") for line in text.splitlines() if line.startswith("repoussoir ")]
        codes, shown = author.types(*commands)

        assert codes == [0] * len(commands), shown
        assert {line.split()[1] for line in commands} >= {"init", "check", "plan", "run"}
        assert sorted(server.cards) == [2, 3, 4, 5, 6]
        assert server.cards[4]["extra"]["do_not_mail"] is True
        assert server.cards[5]["extra"]["repoussoir_restricted"] is True
        assert server.cards[6]["extra"]["religion"] is None
        assert {id for id, _ in server.notes} == {4, 5, 6}
        assert [word for word in ("a.example", "Api-Key") if word in shown] == []


def test_the_page_names_every_file_of_the_template() -> None:
    """In the order in which they are to be written; the vendor and the test have a section of their own."""
    named = re.findall(r"^\| ([^|]+) \|", PAGE.partition("## 3.")[2].partition("## 4.")[0], re.M)
    files = [name for cell in named for name in re.findall(r"`(\w+\.py)`", cell)]
    there = {path.name for path in (ROOT / "connectors" / "template").glob("*.py")}

    assert set(files) == there - {"vendor.py", "test_cardbox.py"}
    assert {"`vendor.py`", "`test_rolodex.py`"} <= set(re.findall(r"`[\w.]+`", PAGE))
