"""The line of every key of a TOML file, however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.tomlfile import Key, read

NAMES = st.sampled_from(["a", "b", "c", '"a.b"', "'#d'", '"e ["'])
VALUES = st.sampled_from(
    ["1", "'#'", '"]\\""', "[1,\n 2, # [\n '}']", "'''\n[x]\na = 1\n'''", '"""\\"""\n""""', "{ x = [ ']' ], y = 1 }"]
)
NOISE = st.sampled_from(["", "\n", "# [no.table]\n", "  # a = '''\n\n"])


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("a = 1\n\n[b]\nc = 2\n", ("b", "c"), 4),
        ("[a.b]\nc = 1\n[a]\nd = 2\n", ("a", "d"), 4),
        ("[a]\nb.c = 1\n", ("a", "b", "c"), 2),
        ("[a]\nb = { c = 1, d = { e = 2 } }\n", ("a", "b", "d", "e"), 2),
        ("[a.\"b.c\"]\n'd e' = 1\n", ("a", "b.c", "d e"), 2),
        ("a = '''\n[x]\nb = 1\n'''\n[x]\nb = 2\n", ("x", "b"), 6),
        ('a = """\n\\"""\n[x]\n"""\n[x] # ]\nb = 2\n', ("x", "b"), 6),
        ("a = [\n  1, # [\n  '#',\n]\nb = 2\n", ("b",), 5),
        ("[[a]]\nb = 1\n[[a]]\nc = 1\n", ("a", "c"), 4),
        ("\ufeff# byte order mark\r\n[a]\r\nb = 1\r\n", ("a", "b"), 3),
    ],
)
def test_a_key_has_the_line_it_stands_on(tmp_path: Path, text: str, key: Key, line: int) -> None:
    """Tables, dotted and quoted keys, inline tables, long strings and lists, comments, Windows files."""
    (tmp_path / "a.toml").write_text(text, encoding="utf-8", newline="")

    assert read(tmp_path / "a.toml", "a.toml").where(key) == f"a.toml:{line}"


def test_an_unknown_key_has_the_line_of_the_table_around_it(tmp_path: Path) -> None:
    """A key that is missing stands nowhere."""
    (tmp_path / "a.toml").write_text("\n[a.b]\nc = 1\n")
    file = read(tmp_path / "a.toml", "a.toml")

    assert (file.where(("a", "b", "x")), file.where(("x",)), file.where(())) == ("a.toml:2", "a.toml", "a.toml")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NOISE, NAMES, VALUES), unique_by=lambda item: item[1], max_size=6))
def test_lines_are_those_of_what_was_written(tmp_path: Path, items: list[tuple[str, str, str]]) -> None:
    """Whatever strings, comments and lists stand between."""
    text, expected = "", {}
    for noise, name, value in items:
        text += noise
        expected[name.strip("'\"")] = text.count("\n") + 1
        text += f"{name} = {value}\n"
    (tmp_path / "a.toml").write_text(text)
    file = read(tmp_path / "a.toml", "a")

    assert {name: file.where((name,)) for name in expected} == {name: f"a:{line}" for name, line in expected.items()}
    assert set(expected) == set(file.table)
