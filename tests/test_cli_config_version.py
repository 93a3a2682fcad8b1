"""The version of the policies: it changes with all that judges, and with nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.config import judge, load, policy_version

BASE = """\
controller = "Acme SAS"
extends = "fr_prospection_b2b"
{top}
{tables}
[crm.hubspot]
connector = "hubspot"
{hubspot}
[crm.salesforce]
connector = "salesforce"
{salesforce}
"""


def version(folder: Path, environ: dict[str, str] | None = None, /, **parts: str) -> str:
    """The version of a configuration with something added."""
    text = BASE.format(**{"top": "", "tables": "", "hubspot": "", "salesforce": "", **parts})
    (folder / "config.toml").write_text(text)
    config = load(folder / "config.toml", environ or {})
    assert judge(config).version == policy_version(config)
    return policy_version(config)


@pytest.mark.parametrize(
    "parts",
    [
        {"top": 'time_zone = "Europe/Lisbon"'},
        {"top": 'phone_region = "BE"'},
        {"top": "people.shared_key_above = 4"},
        {"top": 'people.generic_mailboxes = ["info"]'},
        {"tables": "[retention]\nenabled = false"},
        {"tables": '[retention]\nremind_before = "P31D"'},
        {"tables": '[retention]\ncustomer_signals = ["order"]'},
        {"tables": '[retention]\notherwise = "unknown"'},
        {"tables": '[retention.rules.prospects]\nperiod = "P35M"'},
        {"tables": '[retention.rules.prospects]\noutcome = "bin"'},
        {"tables": '[retention.rules.more]\nperiod = "P1M"'},
        {"tables": '[sensitive]\nbanned = ["religion"]'},
        {"tables": '[sensitive]\ncategories = { health = "report" }'},
        {"hubspot": 'inbound = ["incoming_email"]'},
        {"hubspot": 'cascade = ["notes"]'},
        {"salesforce": 'customer = ["Client"]'},
        {"tables": '[crm.third]\nconnector = "pipedrive"'},
    ],
    ids=str,
)
def test_what_judges_changes_the_version(tmp_path: Path, parts: dict[str, str]) -> None:
    """A plan made before it is not applied, and the first destructive plan after it is looked at."""
    assert version(tmp_path, **parts) != version(tmp_path)


@pytest.mark.parametrize(
    "parts",
    [
        {"top": "brakes.max_count = 1"},
        {"top": 'plan.ttl = "P1D"'},
        {"top": 'store.url = "sqlite:///other.sqlite"'},
        {"top": 'store.keep_tombstones = "P61M"'},
        {"top": 'notify.on = ["failure"]'},
        {"top": 'keys.current = "k2"'},
        {"tables": '[schedule.jobs.n]\ncron = "0 3 * * *"'},
        {"hubspot": 'base_url = "https://api.example"\ntimeout = 5\ndaily_quota_share = 0.1\naccount = "1"'},
        {"hubspot": 'audit_anchor = "contact:1"'},
        {"tables": '[retention.rules.prospects]\nperiod = "P3Y"'},
        {"tables": '[retention]\ncustomer_signals = ["won_deal", "contract", "order", "customer_stage"]'},
    ],
    ids=str,
)
def test_what_does_not_judge_leaves_it(tmp_path: Path, parts: dict[str, str]) -> None:
    """Brakes, jobs, store, addresses, allowances, anchors, and another way to write the same."""
    assert version(tmp_path, **parts) == version(tmp_path)


def test_a_secret_leaves_it(tmp_path: Path) -> None:
    """A new token is no new policy."""
    given = {"REPOUSSOIR_CRM__HUBSPOT__TOKEN": "x", "REPOUSSOIR_CRM__SALESFORCE__CLIENT_SECRET": "y"}

    assert version(tmp_path, given) == version(tmp_path)


def test_the_same_rules_written_out_are_the_same_policy(tmp_path: Path) -> None:
    """What counts is what is in force, not where it came from or in which order."""
    written = (
        '[retention]\notherwise = "prospect"\n'
        '[retention.rules.customers]\nperiod = "P36M"\naudience = "customer"\nrule = "RET-02"\n'
        '[retention.rules.prospects]\nperiod = "P36M"\naudience = "prospect"\n'
    )
    (tmp_path / "other.toml").write_text(
        BASE.format(top="", tables=written, hubspot="", salesforce="").replace("extends", "#")
    )

    assert policy_version(load(tmp_path / "other.toml", {})) == version(tmp_path)


def test_it_is_the_same_in_every_process(tmp_path: Path) -> None:
    """Sets have another order in each."""
    here = version(tmp_path)
    code = (
        "import sys, pathlib; from cli.config import load, policy_version; "
        "print(policy_version(load(pathlib.Path(sys.argv[1]), {})))"
    )
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "config.toml")],
            env={"PYTHONHASHSEED": seed}, cwd=Path(__file__).parent.parent, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert run.stdout.strip() == here
