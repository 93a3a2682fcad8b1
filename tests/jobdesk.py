"""A desk for the tests of jobs: one CRM in memory behind the real registry, a store in a file, a configuration folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cli.config import Config, load
from cli.jobs import Jobs
from cli.main import main
from cli.runtime import open_store
from connectors.memory import KIND, MemoryCrm
from connectors.options import Options
from connectors.registry import BUILTIN
from core.model import Record, Ref
from core.schema import Property

CONFIG = """\
controller = "Acme SAS"
extends = "fr_prospection_b2b"

[brakes]
first_run = false
max_share = 1.0

[crm.mem]
connector = "memory"

[schedule]
listen = ""

[schedule.jobs.nightly]
cron = "0 3 * * *"

[schedule.jobs.look]
cron = "0 4 * * *"
do = "plan"

[schedule.jobs.rights]
cron = "0 5 * * *"
do = "check"

[schedule.jobs.proof]
cron = "0 6 * * *"
do = "verify"
"""
LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)


def record(id: str, **facts: Any) -> Record:
    """A record that is long overdue unless it is said otherwise."""
    values = {"version": "1", "emails": (f"p{id}@a.example",), "collected": LONG_AGO, **facts}
    return Record(ref=Ref("mem", KIND, id), **values)


def raising(error: BaseException) -> Callable[..., Any]:
    """What fails whatever it is given."""

    def fails(*_: Any) -> Any:
        raise error

    return fails


@dataclass(slots=True)
class JobDesk:
    """The folder, the CRM, and what a user or another process does there."""

    folder: Path
    crm: MemoryCrm

    @property
    def file(self) -> Path:
        """The configuration."""
        return self.folder / "config.toml"

    @property
    def key(self) -> Path:
        """The HMAC key."""
        return self.folder / "secrets" / "keys__secrets__k1"

    def change(self, old: str, new: str) -> None:
        """Edits the configuration."""
        assert old in self.file.read_text()
        self.file.write_text(self.file.read_text().replace(old, new))

    def config(self) -> Config:
        """The configuration as it stands."""
        return load(self.file, {})

    def jobs(self, **more: Any) -> Jobs:
        """The jobs, as a process that starts now has them."""
        return Jobs(self.config(), **more)

    def type(self, *words: str) -> int:
        """A command of another process, by its exit code."""
        return main(["--config", str(self.file), *words])

    def runs(self) -> list[Any]:
        """The runs of the store, the newest first."""
        store = open_store(self.config())
        found = store.runs.latest()
        store.close()
        return found


def job_desk(folder: Path, monkeypatch: pytest.MonkeyPatch, *records: Record) -> JobDesk:
    """A desk with a key, a CRM of some records, and a job of each kind."""
    crm = MemoryCrm("mem", records, [Property(name="comment", label="Comment", shape="longtext", custom=True)])
    module = ModuleType("memory_adapter")
    module.__dict__.update(OPTIONS=Options, connect=lambda *_: crm)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(BUILTIN, "memory", module.__name__)
    made = JobDesk(folder, crm)
    made.file.write_text(CONFIG)
    made.key.parent.mkdir()
    made.key.write_text("5" * 64)
    return made
