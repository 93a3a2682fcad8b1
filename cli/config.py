"""The configuration as one model, composed of everybody's own, and how it is loaded: environment, secrets, TOML, packs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, SerializeAsAny, ValidationError
from pydantic.json_schema import WithJsonSchema
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from cli import layers, packs, problems, tomlfile
from cli.crontab import trigger
from cli.keys import nearest, options_model
from cli.layers import Layer
from cli.problems import Problem
from cli.provenance import weakened_law
from cli.tomlfile import TomlFile
from connectors.options import Options
from connectors.registry import paths
from core import canonical
from core.errors import ConfigError
from core.judge import Judge
from core.model import Ref
from core.policy import Policy
from core.settings import (
    BrakeSettings,
    KeySettings,
    NotifySettings,
    PeopleSettings,
    PlanSettings,
    ScheduleSettings,
    StoreSettings,
    zone,
)
from policies.sensitive import Sensitive
from policies.settings import RetentionSettings, SensitiveTable, SuppressionSettings
from policies.suppression import Suppression

NOT_JUDGING = {"base_url", "timeout", "daily_quota_share", "account", "audit_anchor"}
_SQLITE = re.compile(r"(?P<scheme>sqlite(\+\w+)?:///)(?!:memory:|file:)(?P<path>.+)")


def _zone(name: str) -> str:
    try:
        return zone(name).key
    except ConfigError as error:
        raise ValueError(str(error)) from None


def _region(text: str) -> str:
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("should be a country as two capital letters, such as FR")
    return text


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _packs(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in packs.names():
            raise ValueError(f"there is no ready policy {name!r}; {nearest(name, packs.names())}")
    return names


def _options(value: object) -> object:
    """The table of a CRM as its adapter's own model reads it; only the adapters in use are imported."""
    if isinstance(value, Options) or not isinstance(value, Mapping):
        return value
    model = options_model(value)
    if model is None and "connector" in value:
        raise ValueError(f"there is no such connector; {nearest(value['connector'], tuple(paths()))}")
    return (model or Options).model_validate(value)


CrmName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
Crm = Annotated[SerializeAsAny[Options], BeforeValidator(_options)]
Packs = Annotated[
    tuple[str, ...],
    BeforeValidator(_listed),
    AfterValidator(_packs),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


class Config(BaseSettings):
    """The whole configuration. Must be made by `load`; by itself it reads neither the environment nor a file."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    controller: str = Field(min_length=1)
    """The company that answers for the data (the controller, Art. 4(7)). It stands on every report."""

    extends: Packs = ()
    """A ready policy to start from, or a list of them, the last on top: fr_prospection_b2b, fr_prospection_b2c, fr_customers."""

    include: tuple[str, ...] = ()
    """Further TOML files, as paths or globs from the folder of this file; the last on top, this file above all."""

    time_zone: Annotated[str, AfterValidator(_zone)] = "Europe/Paris"
    """The time zone in which days begin (RET-21) and jobs run."""

    phone_region: Annotated[str, AfterValidator(_region)] = "FR"
    """The country of phone numbers that are written without one."""

    secrets_dir: str = "secrets"
    """The folder of the secrets, one file each, counted from the folder of this file."""

    store: StoreSettings = StoreSettings()
    keys: KeySettings = KeySettings()
    people: PeopleSettings = PeopleSettings()
    suppression: SuppressionSettings = SuppressionSettings()
    retention: RetentionSettings = RetentionSettings()
    sensitive: SensitiveTable = SensitiveTable()
    brakes: BrakeSettings = BrakeSettings()
    plan: PlanSettings = PlanSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    notify: NotifySettings = NotifySettings()

    crm: dict[CrmName, Crm] = Field(default_factory=dict)
    """The CRM accounts by name. The name is part of every reference to a record: do not change it later."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *others: Any, **more: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` laid together."""
        return (init_settings,)

    def beside(self, folder: Path) -> Self:
        """The same with the path of an SQLite store counted from a folder."""
        found = _SQLITE.fullmatch(self.store.url)
        if not found:
            return self
        url = f"{found['scheme']}{(folder / found['path']).absolute()}"
        return self.model_copy(update={"store": self.store.model_copy(update={"url": url})})


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """The configuration of a file, with environment > secrets directory > file > included files > packs.

    Raises ConfigError with one line for each problem: where, which key, what was expected.
    """
    stack = _stack(path, environ)
    table = layers.merged(layer.table for layer in stack)
    hidden = [((name,), "there is no such key") for name in table if name.startswith("_")]
    if hidden:  # the base class takes such names as its own options
        raise problems.told(hidden, stack, path.name)
    try:
        config = Config(**table)
    except ValidationError as error:
        raise problems.told(problems.explained(Config, table, error), stack, path.name) from None
    found = [*_crossed(config), *weakened_law(config)]
    if found:
        raise problems.told(found, stack, path.name)
    return config.beside(path.parent)


def policy_version(config: Config) -> str:
    """The digest of all that can change a judgement; not of addresses, allowances, secrets, brakes, store or schedule."""
    crms = {name: options.model_dump(exclude=_not_judging(options)) for name, options in config.crm.items()}
    fields = {"suppression", "retention", "sensitive", "people", "time_zone", "phone_region"}
    return canonical.digest(canonical.dumps(_plain({"crm": crms, **config.model_dump(include=fields)})))


def judge(config: Config) -> Judge:
    """The policies that are switched on."""
    policies: list[Policy] = []
    if config.suppression.enabled:
        policies.append(Suppression())
    if config.retention.enabled:
        policies.append(config.retention.policy(zone(config.time_zone)))
    if config.sensitive.enabled:
        policies.append(Sensitive(config.sensitive))
    kept = frozenset(anchors(config).values())
    return Judge(tuple(policies), policy_version(config), config.people.shared_key_above, kept)


def anchors(config: Config) -> dict[str, Ref]:
    """The records that carry the notes about erased people, by CRM."""
    places = {crm: options.audit_anchor for crm, options in config.crm.items() if options.audit_anchor}
    return {crm: Ref.parse(f"{crm}:{place}") for crm, place in places.items()}


def starter() -> str:
    """What `repoussoir init` writes."""
    return _STARTER


_STARTER = """\
# Every key is explained in docs/configuration.md. Tokens never stand here: give them as files in `secrets/`
# (`secrets/crm__hubspot__token`) or in the environment (`REPOUSSOIR_CRM__HUBSPOT__TOKEN`).
controller = "Your company"
extends = "fr_prospection_b2b"          # 36 months after the last contact from the person, then erased

# [crm.hubspot]
# connector = "hubspot"

# [crm.salesforce]
# connector = "salesforce"
# domain = "acme.my"

# [crm.pipedrive]
# connector = "pipedrive"

[schedule.jobs.nightly]
cron = "0 3 * * *"
do = "run"
"""


def _stack(path: Path, environ: Mapping[str, str]) -> list[Layer]:
    """Every source of values, the one with precedence first."""
    main = tomlfile.read(path, path.name)
    above = layers.environment(Config, environ)
    files = [main, *tomlfile.included(path, layers.merged([above.table, main.table]).get("include"))]
    problems.refuse_secrets(Config, files)
    tables = [above.table, *(file.table for file in files)]
    folder = layers.merged(tables).get("secrets_dir", Config.model_fields["secrets_dir"].default)
    secret = layers.secrets(Config, path.parent / str(folder))
    chosen = packs.chosen(layers.merged([above.table, secret.table, *tables]).get("extends"))
    return [above, secret, *map(_file, files), *map(_pack, chosen)]


def _file(file: TomlFile) -> Layer:
    return Layer(file.table, file.where)


def _pack(pack: packs.Pack) -> Layer:
    return Layer(pack.table, lambda _: f"pack {pack.name}")


def _crossed(config: Config) -> Iterator[Problem]:
    """What no table can check by itself."""
    for name, rule in config.retention.rules.items():
        for crm in rule.crms:
            if crm not in config.crm:
                yield (
                    ("retention", "rules", name, "crms"),
                    f"there is no CRM {crm!r}; {nearest(crm, tuple(config.crm))}",
                )
    for name, options in config.crm.items():
        if options.audit_anchor and not _is_place(name, options.audit_anchor):
            yield ("crm", name, "audit_anchor"), "should be a record as KIND:ID, such as contact:101"
    for name, job in config.schedule.jobs.items():
        try:
            trigger(job.cron, zone(config.time_zone))
        except ValueError as error:
            yield ("schedule", "jobs", name, "cron"), f"{job.cron!r} cannot be used: {error}"


def _is_place(crm: str, place: str) -> bool:
    try:
        return bool(Ref.parse(f"{crm}:{place}"))
    except ConfigError:
        return False


def _not_judging(options: Options) -> set[str]:
    return NOT_JUDGING | {name for name, field in type(options).model_fields.items() if field.annotation is SecretStr}


def _plain(value: Any) -> Any:
    """A value as JSON has it, sets sorted."""
    match value:
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case set() | frozenset():
            return sorted(_plain(inner) for inner in value)
        case tuple() | list():
            return [_plain(inner) for inner in value]
    return value if isinstance(value, bool | int | None) else str(value)
