"""What is generated from the model: the example, the schema for editors, the reference of the documentation."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cli.catalogue import catalogue
from cli.config import Config, judge, load, starter
from cli.example import example, written
from cli.keys import dotted
from cli.reference import reference
from cli.schema import schema, text
from connectors.registry import BUILTIN, adapter

ROOT = Path(__file__).parent.parent
OPEN = re.compile(r'^#(?=[a-z\[\]]|    ["\w])', re.M)
EXAMPLE = example()
TOKENS = {f"REPOUSSOIR_CRM__{crm}__TOKEN": "sandbox" for crm in ("HUBSPOT", "SALESFORCE", "PIPEDRIVE")}


def from_text(folder: Path, toml: str) -> Config:
    """The configuration of a text, with a token for each CRM."""
    (folder / "config.toml").write_text(toml, encoding="utf-8")
    return load(folder / "config.toml", TOKENS)


def every_key() -> str:
    """The example with every key set, to its default or to what is shown. The files it includes are not there."""
    return OPEN.sub("", EXAMPLE)


def errors(table: Any) -> list[str]:
    """What the schema says against a table."""
    return [error.message for error in Draft202012Validator(schema()).iter_errors(table)]


def test_the_example_is_the_generated_one() -> None:
    """`python -m cli.example > config.example.toml`."""
    assert (ROOT / "config.example.toml").read_text(encoding="utf-8") == EXAMPLE


def test_the_schema_is_the_generated_one() -> None:
    """`python -m cli.schema > docs/config.schema.json`."""
    assert (ROOT / "docs" / "config.schema.json").read_text(encoding="utf-8") == text()


def test_the_example_loads_with_tokens_from_the_environment(tmp_path: Path) -> None:
    """Three CRMs, a rule, a schedule; it judges."""
    config = from_text(tmp_path, EXAMPLE)

    assert {name: options.connector for name, options in config.crm.items()} == {name: name for name in BUILTIN}
    assert str(config.retention.rules["prospects"].period) == "P24M"
    assert {job.do for job in config.schedule.jobs.values()} == {"run", "verify"}
    assert len(judge(config).policies) == 3


def test_every_key_of_the_example_loads_when_it_is_set(tmp_path: Path) -> None:
    """Taking away the # gives the default, or a value that is right."""
    config = from_text(tmp_path, every_key())
    plain = from_text(tmp_path, EXAMPLE.replace('extends = "fr_prospection_b2b"', ""))

    for name in ("brakes", "plan", "people", "suppression", "notify", "keys"):
        assert getattr(config, name) == getattr(plain, name)
    assert config.crm["hubspot"] == plain.crm["hubspot"].model_copy(update={"base_url": "https://api.hubapi.com"})
    assert config.sensitive.categories == {"criminal": "report"}


def test_the_example_has_every_key_of_the_model_and_no_other() -> None:
    """Secrets are told of and have no line."""
    table = tomllib.loads(every_key())
    for part in catalogue():
        found: Any = table
        for step in part.key:
            found = found[step]
        ours = {item.key[-1] for item in part.items if not item.secret}
        assert {name for name, value in found.items() if not isinstance(value, dict) or name in ours} == ours, part.key
        for item in part.items:
            if item.secret:
                assert f"# {item.key[-1]}: " in EXAMPLE
            assert item.text, f"{dotted(item.key)} has no docstring"


def test_every_field_of_every_adapter_is_in_the_catalogue() -> None:
    """A key that is not in it would be in no documentation."""
    keys = {part.key: {item.key[-1] for item in part.items} for part in catalogue()}
    inner = {part.key for part in catalogue()}

    for name in BUILTIN:
        fields = set(adapter(name).OPTIONS.model_fields)
        assert fields == keys["crm", name] | {key[2] for key in inner if key[:2] == ("crm", name) and len(key) == 3}
    assert set(Config.model_fields) == keys[()] | {key[0] for key in inner if key}


def test_the_reference_of_the_documentation_is_the_generated_one() -> None:
    """`python -m cli.reference`, below the last heading of docs/configuration.md."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

    assert page.partition("<!-- made by `python -m cli.reference` -->\n\n")[2] == reference()


@pytest.mark.parametrize("toml", [EXAMPLE, starter(), 'controller = "A"\n[crm.x]\nconnector = "guest"\nanything = 1\n'])
def test_what_loads_fits_the_schema(toml: str) -> None:
    """The table of another connector than ours may hold any key."""
    Draft202012Validator.check_schema(schema())

    assert errors(tomllib.loads(toml)) == []


def test_every_key_of_the_example_fits_the_schema() -> None:
    """Also those behind a #."""
    assert errors(tomllib.loads(every_key())) == []


@pytest.mark.parametrize(
    "toml",
    [
        "brake = {}",
        "[brakes]\nmax_shares = 1",
        "[brakes]\nmax_share = 2",
        "[plan]\nttl = 3",
        "[retention.rules.a]\naudience = 'any'",
        "[crm.hubspot]\nconnector = 'hubspot'\ntimout = 1",
        "[crm.hubspot]\nconnector = 'hubspot'\ndomain = 'acme.my'",
        "[crm.hubspot]\nconnector = 'hubspot'\ntoken = 'x'",
        "[crm.hubspot]\naccount = '1'",
        "[crm.'Hub Spot']\nconnector = 'hubspot'",
        "[crm.sf]\nconnector = 'salesforce'\nprivate_key = 'x'",
        "[keys.secrets]\nk1 = 'x'",
        "[notify]\nurls = ['json://x']",
    ],
)
def test_what_does_not_load_is_marked_by_the_editor(toml: str) -> None:
    """Secrets are no keys of the file, and the vendors' keys are not mixed up."""
    assert errors(tomllib.loads(f"controller = 'A'\n{toml}\n"))


def test_periods_and_defaults_are_as_toml_has_them() -> None:
    """In the schema too."""
    assert schema()["$defs"]["PlanSettings"]["properties"]["ttl"]["default"] == "P3D"
    assert "writeOnly" not in json.dumps(schema())


@pytest.mark.parametrize(
    ("value", "toml"),
    [
        (True, "true"),
        (60.0, "60.0"),
        ('a "quoted" é\n', r'"a \"quoted\" é\n"'),
        (frozenset({"b", "a"}), '["a", "b"]'),
        ((), "[]"),
        ({"a": "b"}, '{ a = "b" }'),
    ],
)
def test_values_are_written_as_toml(value: Any, toml: str) -> None:
    """And read back the same."""
    assert written(value) == toml
    assert tomllib.loads(f"x = {toml}")["x"] == (
        sorted(value) if isinstance(value, frozenset) else list(value) if value == () else value
    )
