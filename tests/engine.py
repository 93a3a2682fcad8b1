"""The engine on memory CRMs, for the tests of core: a store in a file, a clock that tests set, plan and apply in one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.memory import MemoryCrm
from core.apply import Applier
from core.brakes import Brakes
from core.identity import Identity, Keyring
from core.judge import Judge
from core.model import Record, Ref
from core.notes import write_notes
from core.outcomes import Outcomes
from core.periods import Period
from core.plan import Plan
from core.propose import propose
from core.read import Reader, Reading
from core.recover import recover
from core.schema import Property
from core.store.store import Store
from core.tally import Tally
from policies.retention import Retention, Rule
from policies.sensitive import Sensitive, SensitiveSettings
from policies.suppression import Suppression

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
OLD = NOW - timedelta(days=2000)
LOOSE = Brakes(first_run=False, max_share=1.0)


def ref(name: str) -> Ref:
    """`a1` is record 1 of crm a."""
    return Ref(name[0], "person", name[1:])


def record(name: str, *emails: str, **facts: object) -> Record:
    """A record; collected long ago unless said otherwise."""
    return Record(**{"ref": ref(name), "version": "1", "emails": emails, "collected": OLD, **facts})  # type: ignore[arg-type]  # fields of Record


class Engine:
    """Two CRMs, a and b, and everything between them and the store."""

    def __init__(self, folder: Path | None, *records: Record, limits: Brakes = LOOSE) -> None:
        text = Property(name="religion", label="Religion", shape="text", custom=True)
        note = Property(name="comment", label="Comment", shape="longtext", custom=True)
        self.crms = {name: MemoryCrm(name, [r for r in records if r.ref.crm == name], [text, note]) for name in "ab"}
        self.now = NOW
        self.limits = limits
        self.url = f"sqlite:///{folder / 'store.sqlite'}" if folder else "sqlite://"
        self.keyring = Keyring({"k1": b"k" * 32}, "k1")
        self.store = Store(self.url)
        self.store.keys.confirm(self.keyring, self.now)
        retention = Retention((Rule("all", Period(months=36)),), ZoneInfo("Europe/Paris"), otherwise="prospect")
        self.judge = Judge((Suppression(), retention, Sensitive(SensitiveSettings())), "v1")
        self.outcomes = Outcomes(self.store)

    @property
    def reader(self) -> Reader:
        """A new scanner."""
        return Reader(self.store, Identity(self.keyring), self.judge, {}, lambda: self.now, limits=self.limits)

    def read(self) -> Reading:
        """Scans both CRMs."""
        return self.reader.read(self.crms, self.now)

    def plan(self) -> Plan:
        """Reads, judges, and stores the plan."""
        made = propose(self.store, self.judge, self.crms, self.read(), self.limits, self.now)
        self.store.plans.keep(made, self.now + timedelta(days=3))
        return self.store.plans.find(made.digest).plan

    def apply(self, plan: Plan, gaps: tuple[str, ...] = (), between: Callable[[], bool] = lambda: False) -> Tally:
        """Applies a stored plan, without notes."""
        return Applier(
            self.store, self.crms, self.judge, self.reader, self.outcomes, self.limits, lambda: self.now, between
        ).apply(plan, gaps)

    def run(self) -> Tally:
        """Recovers, reads, finishes what was interrupted, reads again if that wrote, plans, applies, writes the notes."""
        recover(self.store, self.reader.confirm(self.crms), self.judge, self.outcomes, self.now)
        reading = self.read()
        interrupted = [self.apply(kept.plan, tuple(reading.gaps)) for kept in self.store.plans.unfinished()]
        if any(tally.counts for tally in interrupted):
            reading = self.read()
        made = propose(self.store, self.judge, self.crms, reading, self.limits, self.now)
        self.store.plans.keep(made, self.now + timedelta(days=3))
        tally = self.apply(made, tuple(reading.gaps))
        write_notes(self.store, self.crms, self.now)
        return tally

    def has(self, name: str) -> bool:
        """Whether a record is still in its CRM."""
        found = self.crms[name[0]].records.get(name[1:])
        return found is not None and not found.archived

    def get(self, name: str) -> Record:
        """A record as it is in its CRM."""
        return self.crms[name[0]].records[name[1:]]

    def edit(self, name: str, **facts: object) -> None:
        """A user of the CRM changes a record."""
        self.crms[name[0]].edit(replace(self.get(name), **facts))  # type: ignore[arg-type]  # fields of Record
