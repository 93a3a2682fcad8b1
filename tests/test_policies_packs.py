"""The ready policies: every value with its source, none that this release cannot use, and what is said of weaker ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from cli import packs
from cli.config import Config, load
from cli.keys import type_at
from cli.packs import Kind, Limit, Source
from cli.provenance import provenance, warnings
from core.errors import ConfigError
from core.facts import Facts
from core.model import Record, Ref

PACKS = ["fr_customers", "fr_prospection_b2b", "fr_prospection_b2c"]
Loaded = Callable[..., Config]


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Loads a configuration on top of a pack."""

    def write(more: str = "", extends: str = '"fr_prospection_b2b"') -> Config:
        (tmp_path / "config.toml").write_text(f'controller = "Acme SAS"\nextends = {extends}\n{more}\n')
        return load(tmp_path / "config.toml", {})

    return write


def test_the_packs_are_these() -> None:
    """As the documentation lists them."""
    assert list(packs.names()) == PACKS


@pytest.mark.parametrize("name", PACKS)
def test_every_value_has_a_source_and_a_key_to_stand_for(name: str) -> None:
    """No dead key: each is one of the model's."""
    pack = packs.pack(name)

    assert pack.sources
    for key, source in pack.sources.items():
        assert source.src and source.kind in get_args(Kind), key
        assert source.pack == name
        assert type_at(Config, pack.table, key) is not None, key


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_alone_is_a_whole_policy_and_gives_no_warning(loaded: Loaded, name: str) -> None:
    """RET-01, RET-02, RET-12, RET-22, R-S4.2: the values of the reference."""
    config = loaded(extends=f'"{name}"')
    rules = {
        name: (str(rule.period), rule.audience, rule.outcome, rule.rule)
        for name, rule in config.retention.rules.items()
    }

    assert warnings(config) == ()
    assert rules == {
        "prospects": ("P36M", "prospect", "erase", "RET-01"),
        "customers": ("P36M", "customer", "erase", "RET-02"),
    }
    assert (str(config.retention.remind_before), config.retention.undatable) == ("P30D", "restrict")
    assert str(config.store.keep_suppression) == "P36M"
    assert config.sensitive.indirect == "report"


def test_who_shows_no_fact_is_a_prospect_but_of_a_base_of_customers(loaded: Loaded) -> None:
    """Of somebody unknown the longest period is asked for."""
    assert loaded().retention.otherwise == "prospect"
    assert loaded(extends='"fr_customers"').retention.otherwise == "unknown"
    assert loaded(extends='["fr_customers", "fr_prospection_b2c"]').retention.otherwise == "prospect"


def test_the_policy_of_a_pack_finds_a_silent_prospect(loaded: Loaded) -> None:
    """R-S3.2: 36 months and a day is overdue, 36 months is not."""
    policy = loaded().retention.policy(ZoneInfo("Europe/Paris"))
    record = Record(ref=Ref("hubspot", "contact", "1"), version="1", collected=datetime(2023, 11, 24, 12, tzinfo=UTC))
    rule = policy.applicable(record, Facts())

    assert rule is not None
    assert (rule.id, rule.audience, str(rule.period)) == ("prospects", "prospect", "P36M")


@pytest.mark.parametrize(
    "text",
    [
        "[retention]\nremind_before = 'P30D'",
        "[retention]\nremind_before = { v = 'P30D', src = 'S1' }",
        "[retention]\nremind_before = { v = 'P30D', kind = 'choice' }",
        "[retention]\nremind_before = { src = 'S1', kind = 'choice' }",
        "[retention]\nremind_before = { v = 'P30D', src = '', kind = 'choice' }",
        "[retention]\nremind_before = { v = 'P30D', src = 'S1', kind = 'rumour' }",
        "[retention]\nremind_before = { v = 'P30D', src = 'S1', kind = 'choice', until = 3 }",
        "[retention]\nremind_before = { v = 'P30D', src = 'S1', kind = 'choice', limit = 'about' }",
    ],
)
def test_a_value_without_a_source_is_refused(text: str) -> None:
    """Nobody shall follow a number of which nobody knows where it comes from."""
    with pytest.raises(ConfigError, match=r"The pack mine: retention\.remind_before has no source"):
        packs.parse("mine", text)


def test_ret_01_a_longer_period_is_a_warning_that_names_who_was_fined(loaded: Loaded) -> None:
    """P60M for prospects: Spartoo and Carrefour."""
    (said,) = warnings(loaded('[retention.rules.prospects]\nperiod = "P60M"'))

    assert said.startswith(
        "RET-01: retention.rules.prospects.period keeps a prospect for P60M, fr_prospection_b2b for P36M"
    )
    assert "Spartoo" in said and "Carrefour" in said


def test_ret_01_a_longer_rule_under_another_name_is_found(loaded: Loaded) -> None:
    """The longest period wins, so a rule for anybody lengthens both."""
    said = warnings(loaded('[retention.rules.events]\nperiod = "P4Y"'))

    assert [line.split(" for ")[0] for line in said] == [
        "RET-01: retention.rules.events.period keeps a prospect",
        "RET-01: retention.rules.events.period keeps a customer",
    ]


def test_a_shorter_period_is_no_warning(loaded: Loaded) -> None:
    """36 months is the most, not the least."""
    assert warnings(loaded('[retention.rules.prospects]\nperiod = "P24M"')) == ()


def test_other_guidance_that_is_weakened_is_a_warning(loaded: Loaded) -> None:
    """RET-12: suppression entries for at least 36 months; retention switched off."""
    assert warnings(loaded('[store]\nkeep_suppression = "P12M"')) == (
        "store.keep_suppression protects less than fr_prospection_b2b, which has P36M (guidance, CNIL délib. 2021-131; "
        "CNIL, liste repoussoir, 27 January 2022)",
    )
    assert warnings(loaded('[store]\nkeep_suppression = "P5Y"')) == ()
    (said,) = warnings(loaded("[retention]\nenabled = false"))
    assert said.startswith("retention.enabled protects less than fr_prospection_b2b, which has true")


def test_a_choice_may_be_made_otherwise(loaded: Loaded) -> None:
    """Without a word."""
    assert (
        warnings(loaded('[retention]\nremind_before = "P7D"\nundatable = "report"\n[sensitive]\ntext = "report"')) == ()
    )


@pytest.mark.parametrize("table", ["sensitive", "suppression"])
def test_law_must_not_be_weakened(loaded: Loaded, table: str) -> None:
    """Articles 9(1) and 21(3)."""
    with pytest.raises(ConfigError, match=rf"config\.toml:4: {table}\.enabled: must not be weakened"):
        loaded(f"[{table}]\nenabled = false")


@pytest.mark.parametrize(
    ("limit", "value", "weaker"),
    [
        ("at_most", "P37M", True),
        ("at_most", "P3Y", False),
        ("at_least", "P35M", True),
        ("at_least", "P10Y", False),
        ("", "P3Y", True),
        ("", "P36M", False),
    ],
)
def test_a_limit_says_which_way_protects_less(limit: Limit, value: str, weaker: bool) -> None:
    """Without one, any other value does."""
    assert Source("P36M", "LPF L102 B", "law", "mine", limit).weakened_by(value) is weaker


def test_r_s3_2_people_without_a_period_are_told_of(tmp_path: Path) -> None:
    """Without a pack, or with rules for some CRMs only."""
    path = tmp_path / "config.toml"
    path.write_text(
        'controller = "A"\n[crm.hubspot]\nconnector = "hubspot"\n'
        '[retention.rules.a]\nperiod = "P1Y"\naudience = "customer"\n'
        '[retention.rules.b]\nperiod = "P1Y"\ncrms = ["hubspot"]\n'
    )

    (said,) = warnings(load(path, {}))
    assert said.startswith("R-S3.2: no retention rule covers every prospect")


def test_the_source_of_each_value_in_force_is_known(loaded: Loaded) -> None:
    """A value that was changed has none, the same value written again keeps it."""
    found = provenance(loaded('[retention.rules.prospects]\nperiod = "P24M"\n[retention]\nremind_before = "P30D"'))

    assert "retention.rules.prospects.period" not in found
    assert found["retention.rules.customers.period"].value == "P36M"
    assert found["retention.rules.customers.period"].kind == "guidance"
    assert found["retention.remind_before"].pack == "fr_prospection_b2b"
    assert found["sensitive.enabled"].src == "GDPR 9(1)"


def test_of_two_packs_the_last_is_the_source(loaded: Loaded) -> None:
    """As it is the one whose value is in force."""
    found = provenance(loaded(extends='["fr_prospection_b2b", "fr_customers"]'))

    assert {source.pack for source in found.values()} == {"fr_customers"}
    assert found["retention.otherwise"].value == "unknown"


def test_without_a_pack_nothing_has_a_source(tmp_path: Path) -> None:
    """What the admin writes is the admin's."""
    (tmp_path / "config.toml").write_text('controller = "A"\n')

    assert provenance(load(tmp_path / "config.toml", {})) == {}
