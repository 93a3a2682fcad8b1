"""docs/configuration.md: its blocks load, its errors are the real ones, every key and secret is in it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from cli import packs
from cli.catalogue import catalogue
from cli.config import load
from core.errors import ConfigError

PAGE = (Path(__file__).parent.parent / "docs" / "configuration.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.M | re.S)
HAND, _, TABLES = PAGE.partition("## Every key")


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_loads(tmp_path: Path, block: str) -> None:
    """As it stands, or with a controller above it."""
    known = "controller" in tomllib.loads(block)
    (tmp_path / "config.toml").write_text(("" if known else 'controller = "A"\n') + block, encoding="utf-8")

    assert load(tmp_path / "config.toml", {}).controller


def test_every_key_is_mentioned() -> None:
    """In the generated tables."""
    for table in catalogue():
        for item in table.items:
            assert f"| `{item.key[-1]}` | " in TABLES, item.key


def test_every_pack_and_kind_of_source_is_explained() -> None:
    """And no other."""
    assert sorted(re.findall(r"^\| `(fr_\w+)` \|", HAND, re.M)) == list(packs.names())
    assert re.findall(r"^\| (law|guidance|decision|choice) \|", HAND, re.M) == ["law", "guidance", "decision", "choice"]


def test_every_secret_is_given_as_the_page_says(tmp_path: Path) -> None:
    """The file and the variable of each row lead to the same key."""
    rows = re.findall(r"^\| [^|]+ \| `(\w+__\w+)` \| `REPOUSSOIR_(\w+)", HAND, re.M)
    (tmp_path / "config.toml").write_text('controller = "A"\n' + "".join(
        f'[crm.{name}]\nconnector = "{name}"\n' for name in ("hubspot", "salesforce")
    ))  # fmt: skip
    values = {name: '["json://x"]' if name == "notify__urls" else "postgresql://a:b@c/d" for name, _ in rows}
    by_variable = load(tmp_path / "config.toml", {f"REPOUSSOIR_{v}": values[n] for n, v in rows})
    (tmp_path / "secrets").mkdir()
    for name, value in values.items():
        (tmp_path / "secrets" / name).write_text(value)

    assert len(rows) == 6
    assert load(tmp_path / "config.toml", {}) == by_variable


def test_the_errors_of_the_page_are_what_is_said(tmp_path: Path) -> None:
    """Word for word."""
    said = HAND.partition("## When it is wrong")[2].split("```")[1].strip()
    text = 'controller = "A"\n' + "\n" * 6 + "[brakes]\nmax_shares = 1\n"
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "config.toml", {"REPOUSSOIR_PLAN__TTL": "3 days"})

    assert caught.value.problem.splitlines() == said.splitlines()
