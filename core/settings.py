"""The settings that are nobody's in particular: store, keys, people, brakes, plans, schedule, notices.

The tables of the CRMs and of the policies are composed with these at the wiring. Every field carries its docstring: the
commented example and the JSON Schema for editors are made from them.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, SecretStr
from pydantic.json_schema import WithJsonSchema

from core.brakes import Brakes
from core.errors import ConfigError
from core.identity import GENERIC_MAILBOXES
from core.periods import Period

_STORE = re.compile(r"sqlite(\+pysqlite)?:///(?!:memory:)[^?]|postgresql(\+\w+)?://")


def _period(value: object) -> object:
    return Period.parse(value) if isinstance(value, str) else value


IsoPeriod = Annotated[
    Period,
    BeforeValidator(_period),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^P", "examples": ["P36M", "P30D", "PT24H"]}),
]


def _cron(text: str) -> str:
    if len(text.split()) != 5:
        raise ValueError("a cron expression has five parts: minute hour day month weekday, such as `0 3 * * *`")
    return text


def _url(text: str) -> str:
    if not _STORE.match(text):
        raise ValueError(
            "should be sqlite:///FILE or postgresql://USER@HOST/NAME: another store would forget objections"
        )
    return text


def _listen(place: str) -> str:
    host, _, port = place.rpartition(":")
    if place and not (host and port.isdecimal() and int(port) < 65536):
        raise ValueError("should be HOST:PORT, such as 127.0.0.1:9464, or empty")
    return place


class Part(BaseModel):
    """A table of the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class StoreSettings(Part):
    """Where Repoussoir remembers: suppression list, ledger, index, holds, plans. No clear identifier is in it."""

    url: Annotated[str, AfterValidator(_url)] = Field(default="sqlite:///repoussoir.sqlite", repr=False)
    """A SQLAlchemy URL of SQLite or PostgreSQL. A relative SQLite path counts from the folder of the configuration file.
    With a password it is a secret, and must come from the environment or the secrets directory."""

    keep_suppression: IsoPeriod = Period(months=36)
    """How long a suppression entry stands before it is reviewed (RET-12: at least P36M); it is never purged by itself."""

    keep_tombstones: IsoPeriod = Period(months=60)
    """How long the keyed hash of an erased person is kept, to tell a restore or an old import (RET-26)."""


class KeySettings(Part):
    """The HMAC keys under which people are remembered. The secrets themselves are never in TOML."""

    current: str = Field(default="k1", pattern="^[a-z0-9]+([_-][a-z0-9]+)*$", max_length=40)
    """The id of the key that new entries are made with."""

    secrets: dict[str, SecretStr] = Field(default_factory=dict, repr=False)
    """Not in TOML: each key by id, from REPOUSSOIR_KEYS__SECRETS__<ID> or the secrets directory."""


class PeopleSettings(Part):
    """When two records are one person."""

    shared_key_above: int = Field(default=5, ge=1)
    """An e-mail or phone on more records than this is nobody's own: it protects whoever carries it, and links nobody."""

    generic_mailboxes: frozenset[str] = GENERIC_MAILBOXES
    """Local parts of mailboxes that are no person's, such as info or contact: they protect as well, and link nobody."""


class BrakeSettings(Part):
    """Limits that stop a plan. They stop destruction; objections still go out, unless they jump themselves."""

    max_share: float = Field(default=0.10, gt=0, le=1)
    """The share of the records of one kind in one CRM that a plan may destroy or strip without approval."""

    max_count: int = Field(default=500, ge=0)
    """How many records a plan may destroy or strip in all without approval."""

    share_floor: int = Field(default=20, ge=0)
    """From how many records on shares are looked at."""

    sudden_loss: float = Field(default=0.5, gt=0, le=1)
    """The share of records that may be missing since the last accepted scan before a source counts as suddenly empty."""

    first_run: bool = True
    """Whether the first destructive plan of a new version of the policies needs approval."""

    error_rate: float = Field(default=0.05, ge=0, le=1)
    """The share of the writes to one CRM that may be refused before its destruction stops."""

    error_floor: int = Field(default=20, ge=1)
    """From how many writes on the error rate is looked at."""

    objection_share: float = Field(default=0.05, gt=0, le=1)
    """The share of a CRM's records that may turn to objectors in one run before it is stopped and reported."""

    def brakes(self) -> Brakes:
        """The limits as the core uses them."""
        return Brakes(**self.model_dump())


class PlanSettings(Part):
    """How long a plan is good."""

    ttl: IsoPeriod = Period(days=3)
    """A plan older than this is not applied."""


class JobSettings(Part):
    """One job of the schedule."""

    cron: Annotated[str, AfterValidator(_cron)]
    """When, as `minute hour day month weekday` in the time zone of the configuration."""

    do: Literal["run", "plan", "check", "verify"] = "run"
    """What: `run` plans and applies, `plan` only plans, `check` tests the credentials, `verify` checks the ledger."""


class ScheduleSettings(Part):
    """What the scheduler does. It is rebuilt from here at every start."""

    jobs: dict[str, JobSettings] = Field(default_factory=dict)
    """The jobs by name."""

    catch_up: IsoPeriod = Period(minutes=720)
    """A job missed for no longer than this is caught up once."""

    listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:9464"
    """Where /healthz and /metrics are served while the scheduler runs; empty for nowhere."""


class NotifySettings(Part):
    """Whom to tell when something fails or waits for approval. Messages hold counts, refs and rules, no personal data."""

    on: tuple[Literal["failure", "approval", "alarm", "success"], ...] = ("failure", "approval", "alarm")
    """What to tell: failures, plans that wait for approval, a jump of objections, and successes."""

    urls: tuple[SecretStr, ...] = Field(default=(), repr=False)
    """Not in TOML: Apprise URLs, as a JSON list in REPOUSSOIR_NOTIFY__URLS or in the secrets directory."""


def zone(name: str) -> ZoneInfo:
    """The time zone of that name. Raises ConfigError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ConfigError(f"There is no time zone {name!r}.", "Write it as Europe/Paris.") from None
