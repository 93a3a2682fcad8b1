"""A controller's office for the tests of the report: memory CRMs, a real store, the program's own jobs, and a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from cli import packs, work
from cli.config import Config, judge
from cli.layers import merged
from cli.runtime import Runtime, keyring, open_store
from connectors.memory import MemoryCrm
from connectors.options import Options
from connectors.transport import Tools
from core.actions import Command
from core.connector import Receipt, Refused
from core.model import Record, Ref
from core.schema import Property

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PACK = "fr_prospection_b2b"
SCHEMA = (Property(name="comment", label="Comment", shape="longtext", custom=True),)


class Stubborn(MemoryCrm):
    """A CRM that refuses to touch the records of `refusing`, each for its reason."""

    def __init__(self, name: str) -> None:
        super().__init__(name, (), SCHEMA)
        self.refusing: dict[str, str] = {}
        self.page_size = 500

    def _one(self, command: Command) -> Receipt:
        why = self.refusing.get(command.ref.id)
        return Refused(why) if why else super()._one(command)


class Office:
    """CRMs a and b of one controller, under the ready policy and `settings` on top."""

    def __init__(self, folder: Path, names: Sequence[str] = ("a", "b"), **settings: Any) -> None:
        self.now = NOW
        self.crms = {name: Stubborn(name) for name in names}
        base = {
            "controller": "Acme SAS",
            "extends": PACK,
            "crm": {name: Options(connector="memory") for name in names},
            "store": {"url": f"sqlite:///{folder / 'store.sqlite'}"},
            "keys": {"secrets": {"k1": SecretStr("k" * 64)}},
            "brakes": {"first_run": False, "max_share": 1.0},
        }
        self.config = Config(**merged([settings, base, packs.pack(PACK).table]))
        self.store = open_store(self.config)
        self.store.keys.confirm(keyring(self.config), self.now)

    @property
    def parts(self) -> Runtime:
        """What a verb would be given."""
        tools, config = Tools(now=lambda: self.now), self.config
        lock = self.store.lock("write", "office", tools.now)
        return Runtime(config, self.store, keyring(config), judge(config), self.crms, tools, lambda: False, lock)

    def add(self, name: str, *emails: str, age: int = 2000, **facts: Any) -> Ref:
        """Record 1 of CRM a for `a1`, collected so many days ago."""
        crm, id = name[0], name[1:]
        made = Record(
            ref=Ref(crm, "person", id), version="1", emails=emails, collected=self.now - timedelta(days=age), **facts
        )
        self.crms[crm].records[id] = made
        return made.ref

    def edit(self, name: str, **facts: Any) -> None:
        """A user of the CRM changes a record."""
        self.crms[name[0]].edit(replace(self.crms[name[0]].records[name[1:]], **facts))

    def run(self, **passing: int) -> work.Result:
        """A whole run, after some time has passed."""
        self.now += timedelta(**passing)
        return work.run(self.parts, lambda *_: None, lambda _: None)

    def plan(self, **passing: int) -> str:
        """A plan, after some time has passed; answers its digest."""
        self.now += timedelta(**passing)
        return work.make_plan(self.parts, lambda *_: None)[0].digest

    def plan_only(self, *policies: str, **passing: int) -> str:
        """A plan of some policies, after some time has passed; answers its digest."""
        self.now += timedelta(**passing)
        return work.make_plan(self.parts, lambda *_: None, only=policies)[0].digest

    def apply(self, digest: str, approver: str = "") -> work.Result:
        """Applies a stored plan."""
        kept = self.store.plans.find(digest)
        return work.apply_plan(self.parts, kept, approver, lambda *_: None, lambda _: None)
