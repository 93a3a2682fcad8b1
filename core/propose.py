"""The second pass: judge what was read, and make a Plan with its brakes. Reads the store, writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from core import brakes
from core.brakes import Brakes
from core.connector import Capabilities, Connector
from core.judge import Judge, Known
from core.model import Ref
from core.objections import objectors, spread
from core.people import Entry
from core.plan import Plan, plan
from core.read import Reading
from core.store.store import Store


def propose(
    store: Store, judge: Judge, connectors: Mapping[str, Connector], reading: Reading, limits: Brakes, now: datetime
) -> Plan:
    """The plan that follows from a reading at a moment."""
    known, new = knowledge(store, judge, tuple(reading.gaps), now, connectors)
    capabilities: dict[str, Capabilities] = {crm: item.capabilities for crm, item in connectors.items()}
    made = plan(
        judge.findings(sorted(reading.seen & set(known.people.rows)), reading.local, known, now),
        new,
        capabilities,
        {crm: account.id for crm, account in reading.accounts.items()},
        judge.version,
        now,
    )
    before = store.index.expected(reading.scans).items()
    measured = brakes.Known(
        records=reading.records,
        before={(crm, kind): count for (crm, kind), count in before if kind in _kinds(connectors.get(crm))},
        objecting=_objecting(known, new, reading.seen),
        policy_seen=store.plans.policy_seen(judge.version),
    )
    return replace(made, trips=brakes.trips(made, measured, limits), gaps=tuple(reading.gaps))


def _kinds(connector: Connector | None) -> tuple[str, ...]:
    """What is scanned of a CRM now: a kind that is read no more is not missed."""
    return tuple(connector.capabilities.kinds) if connector else ()


def knowledge(
    store: Store, judge: Judge, gaps: tuple[str, ...], now: datetime, connected: Collection[str] | None = None
) -> tuple[Known, tuple[Entry, ...]]:
    """Everything known of everybody in the index, and the entries that the list will gain."""
    people = judge.people(store.index.rows())
    listed = store.suppression.listed()
    new = spread(people, listed, now)
    erasures = store.tombstones.standing(now)
    return Known(people, {**listed, **new}, store.holds.matcher(), gaps, connected, erasures), tuple(new.values())


def _objecting(known: Known, new: tuple[Entry, ...], seen: Collection[Ref]) -> dict[str, int]:
    """How many of the records that were read now show an objection that was on no list before, by CRM."""
    fresh = {(entry.channel, entry.key) for entry in new}
    return Counter(ref.crm for ref in objectors(known.people, fresh) if ref in seen)
