"""What is said of a wrong configuration: file, line, key, what was expected, the nearest valid key; never a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.config import load
from core.errors import ConfigError

BASE = """\
controller = "Acme SAS"
extends = "fr_prospection_b2b"

[crm.hubspot]
connector = "hubspot"
"""


def refused(folder: Path, text: str, **environ: str) -> str:
    """What is said of a configuration that does not load."""
    (folder / "config.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(folder / "config.toml", environ)
    assert caught.value.__cause__ is None
    return caught.value.problem


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("timout = 3", "config.toml:6: crm.hubspot.timout: there is no such key; did you mean timeout?"),
        ("timeout = 'long'", "config.toml:6: crm.hubspot.timeout: should be a number"),
        ("timeout = 0", "config.toml:6: crm.hubspot.timeout: should be greater than 0"),
        ("cascade = 'notes'", "config.toml:6: crm.hubspot.cascade: should be a list"),
        ("cascade = [\n  'note',\n]", "config.toml:6: crm.hubspot.cascade: unknown: note; known are: notes"),
        ("base_url = 'http://api.example'", "config.toml:6: crm.hubspot.base_url: a base URL must be https://"),
        ("audit_anchor = 'contact'", "config.toml:6: crm.hubspot.audit_anchor: should be a record as KIND:ID"),
        ("[brake]\nmax_count = 1", "config.toml:6: brake: there is no such key; did you mean brakes?"),
        ("[brakes]\nmax_count = 1.5", "config.toml:7: brakes.max_count: should be a valid integer, got a number"),
        ("[brakes]\nmax_count = 'x'", "config.toml:7: brakes.max_count: should be a whole number"),
        ("[brakes]\nfirst_run = 'perhaps'", "config.toml:7: brakes.first_run: should be true or false"),
        ("[plan]\nttl = '3 days'", "config.toml:7: plan.ttl: '3 days' is no period; write P36M"),
        ("[plan]\nttl = 3", "config.toml:7: plan.ttl: should be"),
        ("[plan]\nttl = 'P9000Y'", "config.toml:7: plan.ttl: 'P9000Y' is longer than a thousand years"),
        ("[schedule]\ncatch_up = 'P999999999D'", "config.toml:7: schedule.catch_up: 'P999999999D' is longer than"),
        (
            "[store]\nkeep_tombstones = 'PT9999999999999M'",
            "config.toml:7: store.keep_tombstones: 'PT9999999999999M' is",
        ),
        ("[retention.rules.x]\nperiod = 'P1001Y'", "config.toml:7: retention.rules.x.period: 'P1001Y' is longer than"),
        (
            "[store]\nurl = 'mysql://db.example/gdpr'",
            "config.toml:7: store.url: should be sqlite:///FILE or postgresql://",
        ),
        ("[store]\nurl = 'store.sqlite'", "config.toml:7: store.url: should be sqlite:///FILE or postgresql://"),
        ("[store]\nurl = 'sqlite://'", "config.toml:7: store.url: should be sqlite:///FILE or postgresql://"),
        ("[store]\nurl = 'sqlite:///:memory:'", "config.toml:7: store.url: should be sqlite:///FILE or postgresql://"),
        ("[people]\ngeneric_mailboxes = 'info'", "config.toml:7: people.generic_mailboxes: should be a list"),
        ("[[retention.rules.x]]\n", "config.toml:6: retention.rules.x: should be a table"),
        ("[retention.rules.x]\naudience = 'any'", "config.toml:6: retention.rules.x.period: is missing"),
        (
            "[retention.rules.x]\nperiod = 'P1Y'\naudience = 'prospects'",
            "config.toml:8: retention.rules.x.audience: should be 'prospect', 'customer' or 'any'",
        ),
        (
            "[retention.rules.x]\nperiod = 'P1Y'\ncrms = ['hubspt']",
            "config.toml:8: retention.rules.x.crms: there is no CRM 'hubspt'; did you mean hubspot?",
        ),
        (
            "[schedule.jobs]\nn = { cron = 'daily' }",
            "config.toml:7: schedule.jobs.n.cron: a cron expression has five",
        ),
        (
            "[schedule.jobs.n]\ncron = '0 0 3 * * *'",
            "config.toml:7: schedule.jobs.n.cron: a cron expression has five",
        ),
        (
            "[schedule.jobs.n]\ncron = '0 25 * * *'",
            "config.toml:7: schedule.jobs.n.cron: '0 25 * * *' cannot be used: ",
        ),
        ("[schedule.jobs.n]\ncron = '0 3 L * *'", "config.toml:7: schedule.jobs.n.cron: '0 3 L * *' cannot be used: "),
        (
            "[schedule.jobs.n]\ndo = 'plan'\ncron = '0 3 31 2 *'",
            "config.toml:8: schedule.jobs.n.cron: '0 3 31 2 *' cannot",
        ),
        ("[schedule]\nlisten = '9464'", "config.toml:7: schedule.listen: should be HOST:PORT"),
        ("[notify]\non = ['failur']", "config.toml:7: notify.on[0]: should be 'failure', 'approval'"),
        (
            "[sensitive]\ncategories = { healt = 'clear' }",
            "config.toml:7: sensitive.categories: 'healt' is no category",
        ),
        ("[sensitive]\nenabled = false", "config.toml:7: sensitive.enabled: must not be weakened"),
        ("[suppression]\nenabled = false", "fr_prospection_b2b takes it from GDPR 21(3)"),
        (
            "[crm.x]\nconnector = 'pipedrve'",
            "config.toml:6: crm.x: there is no such connector; did you mean pipedrive?",
        ),
        ("[crm.x]\naccount = '1'", "config.toml:6: crm.x.connector: is missing"),
        ("[crm.'Mein CRM']\nconnector = 'hubspot'", "config.toml:6: crm.Mein CRM: a name has small letters"),
        ("[crm.a__b]\nconnector = 'hubspot'", "config.toml:6: crm.a__b: a name has small letters"),
    ],
)
def test_a_problem_names_file_line_key_and_what_was_expected(tmp_path: Path, more: str, said: str) -> None:
    """One mistake each, below a configuration that is right."""
    assert said in refused(tmp_path, BASE + more + "\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends = 'fr_customers'", "config.toml: controller: is missing"),
        ("controller = ''", "config.toml:1: controller: should have at least 1 character"),
        ("controller = 'A'\ntime_zone = 'Europe/Pariss'", "config.toml:2: time_zone: There is no time zone"),
        ("controller = 'A'\nphone_region = 'fr'", "config.toml:2: phone_region: should be a country as two capital"),
        ("controller = 'A'\nextends = 'fr_prospection'", "config.toml:2: extends: there is no ready policy"),
        ("controller = 'A'\nextends = 3", "config.toml:2: extends: should be a list"),
        ("controller = 'A'\n_env_file = '.env'", "config.toml:2: _env_file: there is no such key"),
        ("controller = 'A'\ncrm = 3", "config.toml:2: crm: should be a table"),
        ("controller = 'A'\nsecrets_dir = 3", "config.toml:2: secrets_dir: should be a text"),
        ("controller = 'A'\ninclude = ['gone.toml']", "config.toml: include: there is no gone.toml."),
        ("controller = 'A'\ninclude = 'gone.toml'", "config.toml:2: include: should be a list"),
        ("controller = 'A'\ninclude = ['/etc/*.toml']", "config.toml: include: there is no /etc/*.toml."),
    ],
)
def test_a_problem_at_the_top_is_told_the_same_way(tmp_path: Path, text: str, said: str) -> None:
    """Required keys, packs, included files."""
    assert said in refused(tmp_path, text + "\n")


def test_all_problems_are_told_at_once_a_line_each(tmp_path: Path) -> None:
    """From the file, the environment, the secrets directory and an included file."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "crm__hubspot__tokn").write_text("hush")
    (tmp_path / "more.toml").write_text("\n[brakes]\nmax_shares = 1\n")
    text = 'include = ["more.toml"]\n' + BASE + "timout = 3\n"

    lines = refused(tmp_path, text, REPOUSSOIR_PLAN__TTL="soon", REPOUSSOIR_KEYS__CURENT="k2").splitlines()

    assert sorted(lines) == [
        "config.toml:7: crm.hubspot.timout: there is no such key; did you mean timeout?",
        "environment: REPOUSSOIR_KEYS__CURENT: keys.curent: there is no such key; did you mean current?",
        "environment: REPOUSSOIR_PLAN__TTL: plan.ttl: 'soon' is no period; write P36M for 36 months, P30D for 30 days, "
        "PT24H for 24 hours",
        "more.toml:3: brakes.max_shares: there is no such key; did you mean max_share?",
        "secrets/crm__hubspot__tokn: crm.hubspot.tokn: there is no such key; did you mean token?",
    ]


def test_a_variable_or_secret_of_no_table_is_an_error(tmp_path: Path) -> None:
    """Else a misspelt brake would be no brake."""
    assert "REPOUSSOIR_BRAKE__MAX_COUNT: its first part is no key; did you mean brakes?" in refused(
        tmp_path, BASE, REPOUSSOIR_BRAKE__MAX_COUNT="1"
    )
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "crms__hubspot__token").write_text("hush")
    assert "secrets/crms__hubspot__token: its first part is no key; did you mean crm?" in refused(tmp_path, BASE)


def test_a_secret_for_a_crm_that_is_not_configured_is_an_error(tmp_path: Path) -> None:
    """A CRM that was forgotten would keep soliciting objectors."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "crm__salesforce__token").write_text("hush")

    assert refused(tmp_path, BASE) == "secrets/crm__salesforce__token: crm.salesforce.connector: is missing"


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("token = 'hush'", "crm.hubspot.token"),
        ("token = 12345678", "crm.hubspot.token"),
        ("password = 'hush'", "crm.hubspot.password"),
        ("[crm.sf]\nconnector = 'salesforce'\nclient_secret = 'hush'", "crm.sf.client_secret"),
        ("[crm.sf]\nconnector = 'salesforce'\nprivate_key = '''\nhush'''", "crm.sf.private_key"),
        ("[crm.sf]\nconnector = 'nobody'\ntoken = 'hush'", "crm.sf.token"),
        ("[keys.secrets]\nk1 = 'hush'", "keys.secrets.k1"),
        ("keys.secrets.k1 = 'hush'", "crm.hubspot.keys"),
        ("[keys]\nsecrets = { k1 = 'hush' }", "keys.secrets.k1"),
        ("[notify]\nurls = ['mailto://hush@x.example']", "notify.urls"),
        ("[store]\nurl = 'postgresql://me:hush@db.example/gdpr'", "store.url"),
    ],
)
def test_sec_06_a_secret_in_toml_is_refused_and_not_repeated(tmp_path: Path, more: str, key: str) -> None:
    """The message says where to put it."""
    said = refused(tmp_path, BASE + more + "\n")

    assert "config.toml:" in said
    assert key in said
    assert "hush" not in said
    assert "12345678" not in said


def test_a_secret_of_the_wrong_shape_is_not_repeated(tmp_path: Path) -> None:
    """Wherever it was put by mistake."""
    said = refused(
        tmp_path,
        BASE,
        REPOUSSOIR_CRM__HUBSPOT__TIMEOUT="hush-1",
        REPOUSSOIR_CRM__HUBSPOT__BASE_URL="https://me:hush-2@api.example",
        REPOUSSOIR_NOTIFY__URLS="json://hush-3",
        REPOUSSOIR_KEYS__SECRETS="hush-4",
        REPOUSSOIR_STORE='{"url": "hush-5"',
    )

    assert len(said.splitlines()) == 5
    assert "hush" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\n[brakes\n", "config.toml:2: this is no TOML"),
        ("a = 1\na = 2\n", "config.toml:2: this is no TOML: Cannot overwrite a value."),
        ("token = 'hush\n", "config.toml:1: this is no TOML"),
        ("b = 1\na = [1,\n2\nc = 3\n", "config.toml:4: this is no TOML: Unclosed array."),
        ("b = 1\na = [1,\n2", "config.toml:2: this is no TOML: Unclosed array."),
        ("\na = '''hush\nb = 1\n", "config.toml:2: this is no TOML"),
        ('a = """hush\nb = 1\n', "config.toml:1: this is no TOML"),
        ("a = hush\n", "config.toml:1: this is no TOML: Invalid value."),
    ],
)
def test_what_is_no_toml_names_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    """Not what stands there."""
    found = refused(tmp_path, text)

    assert found.startswith(said)
    assert "hush" not in found


def test_a_missing_file_tells_of_init(tmp_path: Path) -> None:
    """The next command to type."""
    with pytest.raises(ConfigError, match="repoussoir init"):
        load(tmp_path / "config.toml", {})


def test_a_file_that_is_no_text_or_a_folder_is_told(tmp_path: Path) -> None:
    """Without a traceback."""
    (tmp_path / "config.toml").write_bytes(b"controller = '\xff'\n")
    with pytest.raises(ConfigError, match=r"config\.toml is no UTF-8 text"):
        load(tmp_path / "config.toml", {})
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, {})


def test_an_included_file_is_told_by_its_own_name(tmp_path: Path) -> None:
    """It includes no other, holds no secret, and its lines are its own."""
    (tmp_path / "conf").mkdir()
    more = tmp_path / "conf" / "more.toml"
    text = 'include = ["conf/*.toml"]\n' + BASE

    more.write_text("\n[brakes]\nmax_count = -1\n")
    assert refused(tmp_path, text).startswith(
        "conf/more.toml:3: brakes.max_count: should be greater than or equal to 0"
    )
    more.write_text("\n\n[crm.hubspot]\ntoken = 'hush'\n")
    assert refused(tmp_path, text).startswith("conf/more.toml:4: crm.hubspot.token: a secret must not stand in TOML")
    more.write_text("include = []\n")
    assert refused(tmp_path, text).startswith("conf/more.toml:1: an included file includes no other")
    more.write_text("[brakes")
    assert refused(tmp_path, text).startswith("conf/more.toml:1: this is no TOML")
