"""The vendors' own Node clients against the sandbox: what they write must read back as the vendor would have it.

They need node and their packages (`make` installs them where node is present). Each vendor's suite must also notice when
the sandbox loses one of its rules: a suite that stays green then would prove nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.hubspot import records
from connectors.sandbox.pipedrive import marketing
from connectors.sandbox.salesforce.dml import bulk, remove
from connectors.sandbox.world import Sandbox

HERE = Path(__file__).parent
NODE = shutil.which("node")
VENDORS = ("hubspot", "salesforce", "pipedrive")
_PACKAGES = HERE / "node_modules" / ".package-lock.json"

pytestmark = pytest.mark.skipif(not (NODE and _PACKAGES.exists()), reason="node or its packages are not installed")


@pytest.fixture
def world() -> Iterator[Sandbox]:
    """Three servers."""
    with Sandbox() as sandbox:
        yield sandbox


def suite(world: Sandbox, vendor: str) -> subprocess.CompletedProcess[str]:
    """Runs a vendor's suite."""
    url = {f"SANDBOX_{vendor.upper()}": world.urls[vendor]}
    words = [str(NODE), "--test", "--test-reporter=tap", f"{vendor}.test.mjs"]
    return subprocess.run(
        words, cwd=HERE, env={**os.environ, **url}, capture_output=True, text=True, timeout=110, check=False
    )


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_vendors_client_finds_what_the_vendor_would_show(world: Sandbox, vendor: str) -> None:
    """Every test of the suite passes, and there are some."""
    run = suite(world, vendor)

    assert run.returncode == 0, run.stdout
    assert "\n# fail 0\n" in run.stdout
    assert "\n# skipped 0\n" in run.stdout


def _no_lag(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(records, "as_searched", lambda doc, horizon: doc["properties"])


def _soft_delete_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bulk, "hard_delete", remove.delete)


def _both_ways(patch: pytest.MonkeyPatch) -> None:
    def write(call: Any, person: Any, wanted: str) -> None:
        marketing.load(call.account, person, wanted, None)

    patch.setattr(marketing, "write", write)


@pytest.mark.parametrize(
    ("vendor", "spoil", "noticed"),
    [
        ("hubspot", _no_lag, "search filters and sorts, after its lag"),
        ("salesforce", _soft_delete_only, "bulk 2.0 takes rows in, updates, deletes and deletes for good"),
        ("pipedrive", _both_ways, "a marketing status only goes down"),
    ],
)
def test_a_sandbox_that_lost_a_rule_is_noticed(
    world: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    vendor: str,
    spoil: Callable[[pytest.MonkeyPatch], None],
    noticed: str,
) -> None:
    """The search index without lag, hard delete that only bins, a marketing status that goes up again."""
    spoil(monkeypatch)

    run = suite(world, vendor)

    failed = [line for line in run.stdout.splitlines() if line.startswith("not ok")]
    assert len(failed) == 1
    assert noticed in failed[0]
