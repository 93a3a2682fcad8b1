"""The configuration as one model, composed of everybody's own, and how it is loaded: environment, secrets, TOML, pack."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Union

from pydantic import Discriminator, Field, Tag, ValidationError, create_model
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from connectors.registry import adapter, paths
from core import canonical
from core.errors import ConfigError
from core.judge import Judge
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
from policies.sensitive import Sensitive, SensitiveSettings
from policies.settings import RetentionSettings, SuppressionSettings
from policies.suppression import Suppression


def _connector(value: Any) -> str:
    return str(value.get("connector", "") if isinstance(value, dict) else value.connector)


def _any_crm() -> Any:
    tagged = [Annotated[adapter(name).OPTIONS, Tag(name)] for name in sorted(paths())]
    return Annotated[Union[tuple(tagged)], Discriminator(_connector)]  # noqa: UP007 # built at run time


class _Base(BaseSettings):
    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="REPOUSSOIR_", env_nested_delimiter="__", use_attribute_docstrings=True
    )

    controller: str = ""
    """The company that answers for the data (Art. 4(7))."""

    time_zone: str = "Europe/Paris"
    """The time zone in which days begin and jobs run."""

    phone_region: str = "FR"
    """The country of phone numbers written without one, as two letters."""

    extends: str = ""
    """A ready policy to start from: fr_prospection_b2b, fr_prospection_b2c or fr_customers."""

    secrets_dir: str = "secrets"
    """The folder of the secrets, one file each, from the folder of the configuration file on."""

    store: StoreSettings = StoreSettings()
    keys: KeySettings = KeySettings()
    people: PeopleSettings = PeopleSettings()
    brakes: BrakeSettings = BrakeSettings()
    plan: PlanSettings = PlanSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    notify: NotifySettings = NotifySettings()
    suppression: SuppressionSettings = SuppressionSettings()
    retention: RetentionSettings = RetentionSettings()
    sensitive: SensitiveSettings = SensitiveSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: Any,
        env_settings: Any,
        dotenv_settings: Any,
        file_secret_settings: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment stands above the secrets directory, that above the files."""
        secrets = NestedSecretsSettingsSource(
            settings_cls, secrets_dir=init_settings.init_kwargs.pop("_secrets"), secrets_dir_missing="ok",
            secrets_prefix="", secrets_nested_delimiter="__",
        )  # fmt: skip
        return EnvSettingsSource(settings_cls), secrets, init_settings


Config = create_model("Config", __base__=_Base, crm=(dict[str, _any_crm()], Field(default_factory=dict)))


def load(path: Path, environ: Mapping[str, str]) -> Any:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise ConfigError(f"There is no {path}.", "Run `repoussoir init` to make one.") from None
    pack = {}
    if table.get("extends"):
        pack = {
            "retention": {
                "rules": {
                    "prospects": {"period": "P36M", "audience": "prospect"},
                    "customers": {"period": "P36M", "audience": "customer", "rule": "RET-02"},
                },
                "otherwise": "prospect",
            }
        }
    merged = reduce(_over, [pack, table])
    secrets = path.parent / table.get("secrets_dir", "secrets")
    try:
        config = Config(_secrets=secrets, **merged)
    except ValidationError as error:
        raise ConfigError(str([(e["loc"], e["msg"]) for e in error.errors()])) from None
    url = config.store.url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{(path.parent / url.removeprefix('sqlite:///')).absolute()}"
        config = config.model_copy(update={"store": config.store.model_copy(update={"url": url})})
    return config


def _over(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    return {
        **under,
        **{
            k: _over(under[k], v) if isinstance(v, dict) and isinstance(under.get(k), dict) else v
            for k, v in over.items()
        },
    }


def policy_version(config: Any) -> str:
    crm = {
        name: o.model_dump(
            mode="json",
            exclude={
                "token",
                "client_secret",
                "private_key",
                "base_url",
                "timeout",
                "daily_quota_share",
                "account",
                "audit_anchor",
            },
        )
        for name, o in config.crm.items()
    }
    parts = config.model_dump(
        mode="json", include={"suppression", "retention", "sensitive", "people", "time_zone", "phone_region"}
    )
    for value in parts["people"], parts["retention"]:
        for name in value:
            if isinstance(value[name], list):
                value[name] = sorted(value[name])
    return canonical.digest(canonical.dumps({"crm": crm, **parts}))


def judge(config: Any) -> Judge:
    policies: list[Any] = []
    if config.suppression.enabled:
        policies.append(Suppression())
    if config.retention.enabled:
        policies.append(config.retention.policy(zone(config.time_zone)))
    if getattr(config.sensitive, "enabled", True):
        policies.append(Sensitive(config.sensitive))
    return Judge(tuple(policies), policy_version(config), config.people.shared_key_above)


def starter() -> str:
    return 'controller = "Acme SAS"\nextends = "fr_prospection_b2b"\n'
