"""What README and docs say is so: blocks load, commands run as told, links lead somewhere, nothing is left out."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cli import exits
from cli.config import judge, load
from cli.main import app, main
from connectors.hubspot.connector import CAPABILITIES
from connectors.registry import BUILTIN
from tests.workbench import Desk, ago, desk, hubspot

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = {page: page.read_text(encoding="utf-8") for page in PAGES}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIRED = [Requirement(text) for text in PROJECT["dependencies"]]
DEVELOP = [Requirement(text) for text in PROJECT["optional-dependencies"]["dev"]]
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if line)
MACHINE = re.compile(r"(?<![\w.])/(?:work|tmp|root|home|Users)/\w")
REGISTRY = re.compile(r"pypi\.|python[h]osted|artifactor[y]|index[-_]url", re.I)
ISSUE = re.compile(r"(?<![\w&/])#\d+\b|\bGH-\d+|\b(?:issue|pull request|pull|PR)s?[ /#]+\d+", re.I)
ENDLESS = {"schedule", "sandbox", "demo"}
"""Verbs that serve until they are interrupted, or take minutes: read here, run elsewhere."""
CODES = {"plan --now 2027-01-01T00:00+00:00": exits.OK}
"""Where the text promises another exit code than 0."""
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.M | re.S)


def name(page: Path) -> str:
    """A page by its path in the repository."""
    return page.relative_to(ROOT).as_posix()


def tables() -> Iterator[tuple[str, str]]:
    """Every TOML block that is a configuration of the built-in adapters, with its page."""
    for page, text in TEXT.items():
        for language, block in FENCE.findall(text):
            crms = tomllib.loads(block).get("crm", {}).values() if language == "toml" else ()
            guests = [crm for crm in crms if crm["connector"] not in BUILTIN]
            if language == "toml" and not guests and "project" not in tomllib.loads(block):
                yield name(page), block


def commands() -> Iterator[tuple[str, str]]:
    """Every `repoussoir …` in a shell block of a page, without what stands before and after."""
    for page, text in TEXT.items():
        shells = [block for language, block in FENCE.findall(text) if language in {"sh", "bash", "console"}]
        for line in "\n".join(shells).replace("\\\n", " ").splitlines():
            said = re.match(r"(?:\$ |.*\| *|.*bin/)?repoussoir (.+)", line.strip())
            if said:
                yield name(page), re.split(r" [|<>]|&&|;| #", said[1])[0].strip()


def mentions() -> Iterator[tuple[str, list[str]]]:
    """Every `repoussoir …` in the text of a page, as words; arguments may be left out or be placeholders there."""
    for page, text in TEXT.items():
        for said in re.findall(r"`repoussoir ([^`…]+)`", FENCE.sub("", text)):
            yield name(page), shlex.split(said)


def tree(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """A command and all below it, with the words that lead there. Typer keeps the classes of its commands to itself."""
    yield path, command
    for word, below in getattr(command, "commands", {}).items():
        yield from tree(below, *path, word)


def depth(place: tuple[tuple[str, ...], Any]) -> int:
    """How many words lead to a command."""
    return len(place[0])


def root() -> Any:
    """The program as a command, made anew."""
    return typer.main.get_command(app)


def parsed(words: list[str]) -> None:
    """Has the command line read some words without doing anything. Raises TyperException."""
    program = root()
    for _, command in tree(program):
        command.callback = lambda **_: None
    program.main(words, standalone_mode=False)


def options(command: Any) -> list[str]:
    """The options of a command by their long names; what turns one off goes without saying."""
    return [max(item.opts, key=len) for item in command.params if item.param_type_name == "option"]


def real(at: Desk, word: str) -> str:
    """A word of an example as it must be here: the digest of the plan of now for the one in the text."""
    return str(at.json("plan")["digest"])[:12] if word == "3f9c2a71d0e4" else word


def slug(heading: str) -> str:
    """The anchor of a heading, as the usual renderers make it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize(("page", "block"), list(tables()))
def test_every_configuration_loads(page: str, block: str, tmp_path: Path) -> None:
    """With a token for each CRM and a key in the folder of secrets, and a controller where the block is only a part."""
    table = tomllib.loads(block)
    (tmp_path / "config.toml").write_text(("" if "controller" in table else 'controller = "Acme SAS"\n') + block)
    secrets = tmp_path / table.get("secrets_dir", "secrets")
    secrets.mkdir()
    (secrets / "keys__secrets__k1").write_text("5" * 64)
    for crm in table.get("crm", {}):
        (secrets / f"crm__{crm}__token").write_text("sandbox")

    config = load(tmp_path / "config.toml", {})

    assert set(config.crm) == set(table.get("crm", {}))
    assert judge(config).version


def test_every_command_of_the_docs_is_one() -> None:
    """Verbs, options and arguments, as the program itself reads them."""
    wrong = []
    for page, line in commands():
        try:
            parsed(shlex.split(line))
        except typer.TyperException as error:
            wrong.append(f"{page}: repoussoir {line}: {error.format_message()}")

    assert wrong == []


def test_the_exit_codes_in_the_docs_are_the_program_s() -> None:
    """Every code has its row in docs/operations.md, and none has two meanings."""
    rows = re.findall(r"^\| (\d+) \| ", TEXT[ROOT / "docs" / "operations.md"], re.M)

    assert list(map(int, rows)) == sorted(value for name, value in vars(exits).items() if re.fullmatch("[A-Z]+", name))


@pytest.mark.parametrize("line", ["", "nonsense", "plan --nonsense", "suppress", "suppress lift", "explain"])
def test_words_that_are_no_command_end_with_the_code_for_it(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """docs/operations.md: 2 when the command is wrong, and no talk of a fault of ours."""
    assert main(shlex.split(line)) == exits.USAGE
    assert "Unexpected" not in capsys.readouterr().err


def test_every_command_that_is_mentioned_is_one() -> None:
    """The words lead to a verb, and the options are the verb's own."""
    wrong = []
    for page, words in mentions():
        place, command = max(
            ((path, item) for path, item in tree(root()) if tuple(words[: len(path)]) == path), key=depth
        )
        unknown = {word for word in words if word.startswith("--")} - {*options(command), "--help"}
        wrong += [f"{page}: {' '.join(words)}"] if unknown or not place else []

    assert wrong == []


def test_every_command_does_what_its_page_promises(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed one after the other on three sandbox CRMs with an overdue contact, each ends with the code it should."""
    monkeypatch.chdir(tmp_path)
    wrong = []
    with desk(tmp_path, capsys) as at:
        for line in dict.fromkeys(line for _, line in commands()):
            words = shlex.split(line)
            if words[0] in ENDLESS and "--list" not in words:
                continue
            at.load(hubspot("101", "overdue@a.example", created=ago(months=50)))
            monkeypatch.setattr("sys.stdin", StringIO("overdue@a.example\n"))
            for word in words:
                if word.endswith(".txt"):
                    Path(word).write_text("overdue@a.example\n")
            code, shown, errors = at.run(*(real(at, word) for word in words))
            if code != CODES.get(line, exits.OK):
                wrong.append(f"repoussoir {line}: {code}: {shown[-200:]}{errors[-500:]}")

    assert wrong == []


def test_every_make_target_that_is_mentioned_is_one() -> None:
    """`make demo`, `make test` and the like."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    mentioned = {target for text in TEXT.values() for target in re.findall(r"^make (\w+)|`make (\w+)`", text, re.M)}

    assert {"demo", "test"} <= {one or other for one, other in mentioned} <= set(targets)


def test_every_verb_has_its_row_with_all_its_options_and_no_other() -> None:
    """docs/commands.md is the list of what can be typed; what stands before every verb is above its table."""
    text = TEXT[ROOT / "docs" / "commands.md"]
    rows = re.findall(r"^\| `repoussoir ([a-z ]+[a-z])(.+)$", text, re.M)
    verbs = {" ".join(path): set(options(item)) for path, item in tree(root()) if not hasattr(item, "commands")}

    assert len(rows) == len(verbs)
    assert {verb: set(re.findall(r"--[a-z-]+", row)) for verb, row in rows} == verbs
    assert [option for option in options(root()) if option not in text.partition("| verb")[0]] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Files that exist, and headings that are in them."""
    text = FENCE.sub("", TEXT[page])
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        place, _, anchor = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        if "://" not in target and not file.exists():
            broken.append(target)
        elif anchor and "://" not in target:
            headings = re.findall(r"^#+ (.+)$", FENCE.sub("", file.read_text(encoding="utf-8")), re.M)
            broken += [] if anchor in map(slug, headings) else [target]

    assert broken == []


def test_the_readme_names_the_rights_that_a_dry_run_needs() -> None:
    """What HubSpot's adapter needs for a scan, and nothing that may write."""
    (row,) = [line for line in TEXT[ROOT / "README.md"].splitlines() if line.startswith("   | HubSpot |")]
    rights = set(re.findall(r"`([\w.]+)`", row.split("|")[2]))

    assert rights == set(CAPABILITIES.scopes["scan"])


def test_a_dry_run_needs_no_right_to_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """README: tokens that can only read are enough for `plan`; a CRM is not changed by it."""
    with desk(tmp_path, capsys) as at:
        at.load(hubspot("101", "overdue@a.example", created=ago(months=50)))
        for crm in at.world.urls:
            (tmp_path / "secrets" / f"crm__{crm}__token").write_text("sandbox-readonly")

        assert at.planned("hubspot:contact:101") == ["erase"]
        assert at.run("plan")[0] == exits.OK


def test_every_dependency_says_why_and_is_pinned() -> None:
    """A row for each package of the program, a word for each of the tools, a pin that satisfies what is asked."""
    text = TEXT[ROOT / "docs" / "dependencies.md"]
    rows = re.findall(r"^\| ([a-z0-9, -]+) \| \w", text, re.M)
    named = {package for row in rows for package in row.split(", ")} - {"package"}
    pins = {canonicalize_name(package): pin for package, pin in PINS.items()}
    unpinned = [
        item.name for item in REQUIRED + DEVELOP if pins.get(canonicalize_name(item.name), "") not in item.specifier
    ]

    assert named == {item.name for item in REQUIRED}
    assert [item.name for item in DEVELOP if item.name.removeprefix("pytest-").split("types-")[0] not in text] == []
    assert unpinned == []


def test_the_pins_name_packages_and_no_place() -> None:
    """Versions only: no address, no path, no file."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    assert len(lines) == len({canonicalize_name(line.partition("==")[0]) for line in lines})


def test_the_broken_urllib3_is_excluded() -> None:
    """hubspot-api-client does not work with urllib3 2.6.0."""
    (urllib3,) = [item for item in REQUIRED if item.name == "urllib3"]

    assert "2.6.0" not in urllib3.specifier
    assert PINS["urllib3"] != "2.6.0"


def test_the_changelog_has_a_place_for_what_comes() -> None:
    """What users will see goes under Unreleased, which stands first."""
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)

    assert headings[0] == "Unreleased"


def test_the_tree_names_no_machine_no_registry_and_no_issue() -> None:
    """What is written holds anywhere, for anybody: no path of a developer's machine, no host to install from, no number."""
    folders = (".ci", "cli", "connectors", "core", "docs", "policies", "tests")
    files = [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix not in {".pyc", ".typed"} and "node_modules" not in path.parts
    ]
    files += [
        path for kind in ("*.md", "*.txt", "*file", "[!c]*.toml", "*.example.toml", "*.py") for path in ROOT.glob(kind)
    ]
    found = []
    for path in files:
        patterns = (MACHINE, REGISTRY) if path.suffix in {".html", ".j2", ".css"} else (MACHINE, REGISTRY, ISSUE)
        text = path.read_text(encoding="utf-8")
        found += [f"{path.relative_to(ROOT)}: {hit[0]}" for pattern in patterns for hit in pattern.finditer(text)]

    assert found == []
