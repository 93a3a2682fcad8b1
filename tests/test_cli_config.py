"""How a configuration is laid together: what stands above what, secrets, included files, the store, the policies."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.config import Config, judge, load, starter
from connectors.hubspot.options import HubSpotOptions
from core.errors import ConfigError
from core.periods import Period

BASE = """\
controller = "Acme SAS"
extends = "fr_prospection_b2b"

[crm.hubspot]
connector = "hubspot"
"""
Loaded = Callable[..., Config]


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Loads a text as config.toml, with an environment."""

    def write(text: str, **environ: str) -> Config:
        (tmp_path / "config.toml").write_text(text, encoding="utf-8")
        return load(tmp_path / "config.toml", environ)

    return write


def secret(folder: Path, name: str, text: str) -> None:
    """Puts a file into the secrets directory."""
    (folder / "secrets").mkdir(exist_ok=True)
    (folder / "secrets" / name).write_text(text, encoding="utf-8")


def token(config: Config) -> str:
    """The token of HubSpot."""
    return config.crm["hubspot"].token.get_secret_value()


def test_a_pack_alone_is_a_working_policy(loaded: Loaded) -> None:
    """RET-01, RET-02: prospects and customers 36 months, erased then; who never bought is a prospect."""
    retention = loaded(BASE).retention

    assert {
        name: (str(rule.period), rule.audience, rule.outcome, rule.rule) for name, rule in retention.rules.items()
    } == {
        "prospects": ("P36M", "prospect", "erase", "RET-01"),
        "customers": ("P36M", "customer", "erase", "RET-02"),
    }
    assert retention.otherwise == "prospect"


def test_the_environment_is_above_secrets_above_the_file_above_included_above_packs(
    loaded: Loaded, tmp_path: Path
) -> None:
    """Each layer that is taken away uncovers the next one."""
    main = BASE.replace("\n\n", '\ninclude = ["more.toml"]\n\n', 1)
    own = '[retention]\nremind_before = "P3D"\n'
    (tmp_path / "more.toml").write_text('[retention]\nremind_before = "P2D"\n')
    secret(tmp_path, "retention__remind_before", "P4D\n")

    def days(text: str, **environ: str) -> int:
        return loaded(text, **environ).retention.remind_before.days

    assert days(main + own, REPOUSSOIR_RETENTION__REMIND_BEFORE="P5D") == 5
    assert days(main + own) == 4
    (tmp_path / "secrets" / "retention__remind_before").unlink()
    assert days(main + own) == 3
    assert days(main) == 2
    assert days(BASE) == 30


def test_tables_are_joined_and_other_values_replaced(loaded: Loaded) -> None:
    """One key of a pack's rule changed; the others stay."""
    rule = loaded(BASE + '[retention.rules.prospects]\nperiod = "P24M"\n').retention.rules["prospects"]

    assert (rule.period, rule.audience, rule.rule) == (Period(months=24), "prospect", "RET-01")


def test_the_last_pack_and_the_last_included_file_are_on_top(loaded: Loaded, tmp_path: Path) -> None:
    """Lists are read like a pile."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "a.toml").write_text("[brakes]\nmax_count = 1\nshare_floor = 1\n")
    (tmp_path / "conf" / "b.toml").write_text("[brakes]\nmax_count = 2\n")
    config = loaded(
        'controller = "A"\nextends = ["fr_prospection_b2b", "fr_customers"]\ninclude = ["conf/*.toml", "nothing/*.toml"]\n'
    )

    assert (config.brakes.max_count, config.brakes.share_floor) == (2, 1)
    assert config.retention.otherwise == "unknown"
    assert config.extends == ("fr_prospection_b2b", "fr_customers")


def test_an_included_file_may_name_the_pack_and_a_glob_may_match_the_main_file(loaded: Loaded, tmp_path: Path) -> None:
    """The main file is not read twice."""
    (tmp_path / "pack.toml").write_text('extends = "fr_customers"\n')

    assert loaded('controller = "A"\ninclude = ["*.toml"]\n').extends == ("fr_customers",)


def test_sec_06_secrets_come_from_files_named_like_their_key(loaded: Loaded, tmp_path: Path) -> None:
    """As `init` and the demo write them; hidden files, folders and other files are left alone."""
    secret(tmp_path, "crm__hubspot__token", "  pat-1\n")
    secret(tmp_path, "keys__secrets__k1", "5" * 64 + "\n")
    secret(tmp_path, "notify__urls", '["json://ops.example"]')
    secret(tmp_path, ".crm__hubspot__timeout", "no number")
    secret(tmp_path, "README", "\x00")
    (tmp_path / "secrets" / "..2026__data").mkdir()
    config = loaded(BASE)

    assert token(config) == "pat-1"
    assert config.keys.secrets["k1"].get_secret_value() == "5" * 64
    assert [url.get_secret_value() for url in config.notify.urls] == ["json://ops.example"]


def test_the_secrets_directory_can_be_elsewhere(loaded: Loaded, tmp_path: Path) -> None:
    """By key or by variable; an absolute path too."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "crm__hubspot__token").write_text("pat-2")

    assert token(loaded(BASE, REPOUSSOIR_SECRETS_DIR=str(tmp_path / "other"))) == "pat-2"
    assert token(loaded('secrets_dir = "other"\n' + BASE)) == "pat-2"


@pytest.mark.parametrize("text", ["123456", "1e5", "true", "null", "0x1f", "NaN"])
def test_a_token_that_looks_like_a_number_stays_as_it_is(loaded: Loaded, tmp_path: Path, text: str) -> None:
    """A JSON reading would change it."""
    secret(tmp_path, "keys__secrets__k1", text)
    config = loaded(BASE, REPOUSSOIR_CRM__HUBSPOT__TOKEN=text)

    assert token(config) == config.keys.secrets["k1"].get_secret_value() == text


def test_lists_and_tables_in_the_environment_are_json(loaded: Loaded) -> None:
    """Also a whole table, with single keys above it."""
    config = loaded(
        BASE,
        REPOUSSOIR_CRM__HUBSPOT__CASCADE='["notes", "files"]',
        REPOUSSOIR_BRAKES='{"max_count": 3, "first_run": true}',
        REPOUSSOIR_BRAKES__FIRST_RUN="false",
        REPOUSSOIR_EXTENDS='["fr_customers"]',
        REPOUSSOIR_SENSITIVE__CATEGORIES__CRIMINAL="report",
    )

    assert config.crm["hubspot"].cascade == ("notes", "files")
    assert (config.brakes.max_count, config.brakes.first_run) == (3, False)
    assert config.extends == ("fr_customers",)
    assert config.sensitive.categories == {"criminal": "report"}


def test_what_other_programs_set_is_ignored_and_empty_counts_as_not_set(loaded: Loaded) -> None:
    """Kubernetes names variables after services; compose files pass empty ones."""
    config = loaded(
        BASE, REPOUSSOIR_SERVICE_HOST="10.0.0.1", REPOUSSOIR_CONFIG="x", REPOUSSOIR_BRAKES__MAX_COUNT="", OTHER__X="1"
    )

    assert config.brakes.max_count == 500


def test_the_process_environment_is_not_read_behind_the_back(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """`environ` is an argument."""
    monkeypatch.setenv("REPOUSSOIR_TIME_ZONE", "Asia/Tokyo")
    monkeypatch.setenv("TIME_ZONE", "Asia/Tokyo")

    assert loaded(BASE).time_zone == "Europe/Paris"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///state/r.sqlite", "sqlite:///{folder}/state/r.sqlite"),
        ("sqlite+pysqlite:///r.sqlite", "sqlite+pysqlite:///{folder}/r.sqlite"),
        ("sqlite:////var/r.sqlite", "sqlite:////var/r.sqlite"),
        ("postgresql://db.example/gdpr", "postgresql://db.example/gdpr"),
    ],
)
def test_a_relative_store_counts_from_the_folder_of_the_configuration(
    loaded: Loaded, tmp_path: Path, url: str, expected: str
) -> None:
    """Wherever the program is started."""
    config = loaded(BASE + f'[store]\nurl = "{url}"\n')

    assert config.store.url == expected.format(folder=tmp_path)


def test_the_default_store_is_beside_the_configuration(loaded: Loaded, tmp_path: Path) -> None:
    """Without a key for it."""
    assert loaded(BASE).store.url == f"sqlite:///{tmp_path}/repoussoir.sqlite"


def test_no_secret_is_in_the_repr(loaded: Loaded) -> None:
    """Nor is a password in the URL of the store."""
    config = loaded(
        BASE,
        REPOUSSOIR_CRM__HUBSPOT__TOKEN="hush-1",
        REPOUSSOIR_KEYS__SECRETS__K1="hush-2",
        REPOUSSOIR_NOTIFY__URLS='["json://hush-3"]',
        REPOUSSOIR_STORE__URL="postgresql://me:hush-4@db.example/gdpr",
    )

    assert "hush" not in repr(config) + str(config) + repr(config.model_dump(exclude={"store"}))
    assert config.store.url.endswith("@db.example/gdpr")


def test_each_crm_is_read_by_the_model_of_its_adapter(loaded: Loaded) -> None:
    """Two accounts of one vendor may stand beside each other."""
    config = loaded(BASE + '[crm.hubspot_be]\nconnector = "hubspot"\nmarketing_subscriptions = ["7"]\n')

    assert list(config.crm) == ["hubspot", "hubspot_be"]
    assert isinstance(config.crm["hubspot_be"], HubSpotOptions)
    assert config.model_dump()["crm"]["hubspot_be"]["marketing_subscriptions"] == ("7",)


def test_the_vendors_packages_are_imported_only_when_they_are_used() -> None:
    """`import cli.config` stays quick."""
    code = "import sys, cli.config; print({'hubspot', 'simple_salesforce', 'pipedrive'} & set(sys.modules))"
    root = Path(__file__).parent.parent
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "set()"


def test_the_judge_has_the_policies_that_are_switched_on(loaded: Loaded) -> None:
    """All by default; without a pack each can be switched off."""
    assert [policy.name for policy in judge(loaded(BASE)).policies] == ["suppression", "retention", "sensitive"]
    plain = 'controller = "A"\npeople.shared_key_above = 3\n'
    off = "".join(f"[{name}]\nenabled = false\n" for name in ("suppression", "retention", "sensitive"))
    made = judge(loaded(plain + off))

    assert (made.policies, made.shared_above) == ((), 3)


def test_what_init_writes_loads_as_it_is(loaded: Loaded) -> None:
    """A dozen lines, and so it does with its comments taken away."""
    assert loaded(starter()).crm == {}
    lines = (
        line.removeprefix("# ") if line.startswith(("# [", "# con", "# dom")) else line
        for line in starter().splitlines()
    )
    config = loaded("\n".join(line for line in lines if line != "controller"))

    assert list(config.crm) == ["hubspot", "salesforce", "pipedrive"]
    assert len(starter().splitlines()) < 25


def test_a_configuration_cannot_be_changed_after_loading(loaded: Loaded) -> None:
    """It is a value."""
    with pytest.raises(ValueError, match="frozen"):
        loaded(BASE).controller = "Other"


def test_an_unreadable_secret_stops_everything(loaded: Loaded, tmp_path: Path) -> None:
    """A key that was mangled would match no objection."""
    secret(tmp_path, "keys__secrets__k1", "")
    (tmp_path / "secrets" / "keys__secrets__k1").write_bytes(b"\xff\xfe\x00hush")

    with pytest.raises(ConfigError, match="keys__secrets__k1 cannot be read as text"):
        loaded(BASE)
