"""The tables of the policies and of the core: their defaults are the policies' own, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from inspect import signature
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, ValidationError

from core.brakes import Brakes
from core.errors import ConfigError
from core.facts import Facts
from core.model import Record, Ref
from core.periods import Period
from core.settings import (
    BrakeSettings,
    JobSettings,
    KeySettings,
    NotifySettings,
    PeopleSettings,
    PlanSettings,
    ScheduleSettings,
    StoreSettings,
    zone,
)
from policies.retention import Retention, Rule
from policies.settings import RetentionSettings, RuleSettings, SensitiveTable, SuppressionSettings

MODELS: list[type[BaseModel]] = [
    StoreSettings, KeySettings, PeopleSettings, BrakeSettings, PlanSettings, JobSettings, ScheduleSettings,
    NotifySettings, SuppressionSettings, RuleSettings, RetentionSettings, SensitiveTable,
]  # fmt: skip
PARIS = ZoneInfo("Europe/Paris")
RECORD = Record(ref=Ref("hubspot", "contact", "1"), version="1", collected=datetime(2020, 1, 1, tzinfo=UTC))


def fields() -> Iterator[tuple[str, str]]:
    """Every field with its docstring."""
    for model in MODELS:
        for name, field in model.model_fields.items():
            yield f"{model.__name__}.{name}", field.description or ""


@pytest.mark.parametrize(("name", "text"), list(fields()), ids=lambda text: str(text)[:40])
def test_every_field_is_explained(name: str, text: str) -> None:
    """The example, the reference and the schema are made of it."""
    assert text.rstrip().endswith("."), name


@pytest.mark.parametrize("model", MODELS)
def test_tables_refuse_what_they_do_not_know_and_cannot_be_changed(model: type[BaseModel]) -> None:
    """A misspelt key is never ignored."""
    with pytest.raises(ValidationError, match="extra_forbidden"):
        model.model_validate({"nonsense": 1})
    assert model.model_config["frozen"]


def test_the_defaults_are_those_of_the_core() -> None:
    """One figure, in one place as far as anybody can tell."""
    assert BrakeSettings().brakes() == Brakes()
    made, plain = RetentionSettings().policy(PARIS), Retention((), PARIS)
    assert {name: getattr(made, name) for name in vars(made)} == {name: getattr(plain, name) for name in vars(plain)}
    given = {name: p.default for name, p in signature(Rule).parameters.items() if p.default is not p.empty}
    own = RuleSettings(period=Period(months=36)).model_dump()
    assert {"source" if name == "rule" else name: own[name] for name in own if name != "period"} == given


def test_a_rule_reaches_the_policy_whole() -> None:
    """Its name, period, audience, outcome, limits and the rule of law it quotes."""
    settings = RetentionSettings.model_validate(
        {
            "rules": {
                "leads": {
                    "period": "P12M", "audience": "prospect", "outcome": "bin", "crms": ["hubspot"], "kinds": ["contact"],
                    "rule": "RET-04",
                }
            },
            "otherwise": "prospect",
        }
    )  # fmt: skip

    assert settings.policy(PARIS).applicable(RECORD, Facts()) == Rule(
        "leads", Period(months=12), "prospect", "bin", ("hubspot",), ("contact",), "RET-04"
    )


def test_customers_are_told_by_the_facts_that_the_table_names() -> None:
    """R-00: an order makes a customer here, a won deal does not."""
    policy = RetentionSettings(customer_signals=frozenset({"order"}), otherwise="prospect").policy(PARIS)

    assert policy.audience(Facts(signals=frozenset({"order"}))) == "customer"
    assert policy.audience(Facts(signals=frozenset({"won_deal"}))) == "prospect"


@pytest.mark.parametrize(
    ("text", "period"),
    [("P36M", Period(months=36)), ("P3Y", Period(months=36)), ("P2W", Period(days=14)), ("PT12H", Period(minutes=720))],
)
def test_periods_are_iso(text: str, period: Period) -> None:
    """And are written as such again."""
    settings = RuleSettings.model_validate({"period": text})

    assert settings.period == period
    assert Period.parse(settings.model_dump(mode="json")["period"]) == period


@pytest.mark.parametrize("text", ["36", "3 years", "P", "PT", "P-1M", "P1.5Y", "", "P0M"])
def test_what_is_no_period_is_refused(text: str) -> None:
    """Zero is none either: it would erase everybody."""
    with pytest.raises(ValidationError, match="is no period"):
        RuleSettings.model_validate({"period": text})


@pytest.mark.parametrize(
    ("model", "table"),
    [
        (BrakeSettings, {"max_share": 0}),
        (BrakeSettings, {"max_share": 1.1}),
        (BrakeSettings, {"objection_share": 0}),
        (BrakeSettings, {"max_count": -1}),
        (PeopleSettings, {"shared_key_above": 0}),
        (KeySettings, {"current": "K1"}),
        (KeySettings, {"current": "k__1"}),
        (JobSettings, {"cron": "@daily"}),
        (JobSettings, {"cron": "0 3 * * *", "do": "erase"}),
        (ScheduleSettings, {"listen": "localhost"}),
        (ScheduleSettings, {"listen": "127.0.0.1:99999"}),
        (RetentionSettings, {"undatable": "erase"}),
        (RuleSettings, {"period": "P1Y", "outcome": "delete"}),
    ],
)
def test_what_makes_no_sense_is_refused(model: type[BaseModel], table: dict[str, object]) -> None:
    """RET-22: undatable records, for one, can never be erased."""
    with pytest.raises(ValidationError):
        model.model_validate(table)


def test_nothing_may_be_served() -> None:
    """An empty `listen`."""
    assert ScheduleSettings(listen="").listen == ""


@pytest.mark.parametrize("name", ["Europe/Pariss", "", "../etc/passwd", "/etc/passwd"])
def test_an_unknown_time_zone_is_told(name: str) -> None:
    """With the way to write one."""
    with pytest.raises(ConfigError, match="Europe/Paris"):
        zone(name)
