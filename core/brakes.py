"""Limits that stop a plan. On by default; sizes come from the settings. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from core.plan import Plan

Stops = Literal["destruction", "suppression"]
Loss = tuple[str, str, int]
"""A source that is suddenly empty: CRM, kind, and how many records were found in it."""


@dataclass(frozen=True, slots=True)
class Brakes:
    """The sizes.

    `max_share` of the records of a (CRM, kind) may be destroyed or stripped by one plan, counted from `share_floor`
    records on; `max_count` records in all. `sudden_loss` is the share of records that may be missing since the last
    accepted scan before the source counts as suddenly empty, from `share_floor` on. `first_run` stops the destructive part of the
    first plan of a policy version. `error_rate` of the writes to one CRM may fail, from `error_floor` on, before its
    destruction stops. `objection_share` of a source's records may turn to objectors in one run.
    """

    max_share: float = 0.10
    max_count: int = 500
    share_floor: int = 20
    sudden_loss: float = 0.5
    first_run: bool = True
    error_rate: float = 0.05
    error_floor: int = 20
    objection_share: float = 0.05

    def lost(self, expected: int, found: int) -> bool:
        """True when too many of the records that a source should have were not found, or none at all of few."""
        return (expected > 0 == found) or (expected >= self.share_floor and found < expected * (1 - self.sudden_loss))


DEFAULT = Brakes()


@dataclass(frozen=True, slots=True)
class Trip:
    """A brake that was pulled: its name, what it stops, and the figures, as one sentence.

    `lost` is the sudden loss that pulled it: what an approval accepts.
    """

    brake: str
    stops: Stops
    because: str
    lost: Loss | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the brakes measure against.

    `records` and `before` count the records of each (CRM, kind) now and at the last accepted scan; `objecting` the records
    of each CRM that show an objection which was on no list before. `policy_seen` says that this policy version has run.
    """

    records: Mapping[tuple[str, str], int]
    before: Mapping[tuple[str, str], int]
    objecting: Mapping[str, int]
    policy_seen: bool


def trips(plan: Plan, known: Known, brakes: Brakes) -> tuple[Trip, ...]:
    """The brakes that a plan pulls, in a fixed order."""
    return (*_too_many(plan, known, brakes), *_lost(plan, known, brakes), *jump(known, brakes))


def _too_many(plan: Plan, known: Known, brakes: Brakes) -> Iterator[Trip]:
    touched: dict[tuple[str, str], set[str]] = {}
    for item in plan.destructive:
        touched.setdefault((item.ref.crm, item.ref.kind), set()).add(item.ref.id)
    total = sum(map(len, touched.values()))
    if total and brakes.first_run and not known.policy_seen:
        yield Trip(
            "first_run", "destruction", f"this version of the policies never ran: {total} records would be touched"
        )
    if total > brakes.max_count:
        yield Trip("max_count", "destruction", f"{total} records would be touched, {brakes.max_count} may")
    for (crm, kind), ids in sorted(touched.items()):
        records = known.records.get((crm, kind), 0)
        if records >= brakes.share_floor and len(ids) > brakes.max_share * records:
            share = f"{len(ids)} of {records} records of {crm} {kind} would be touched"
            yield Trip("max_share", "destruction", f"{share}, at most {brakes.max_share:.0%} may")


def _lost(plan: Plan, known: Known, brakes: Brakes) -> Iterator[Trip]:
    for (crm, kind), before in sorted(known.before.items()):
        now = known.records.get((crm, kind), 0)
        if plan.destructive and brakes.lost(before, now):
            because = f"{crm} {kind} should have {before} records, and {now} were found"
            yield Trip("sudden_loss", "destruction", because, (crm, kind, now))


def jump(known: Known, brakes: Brakes) -> Iterator[Trip]:
    """The brake on objections, for each CRM too many records of which turned to objectors at once."""
    for crm, objecting in sorted(known.objecting.items()):
        records = sum(count for (name, _), count in known.records.items() if name == crm)
        before = sum(count for (name, _), count in known.before.items() if name == crm)
        if before >= brakes.share_floor and objecting > brakes.objection_share * records:
            because = f"{objecting} of {records} records of {crm} turned to objectors since the last run"
            yield Trip("objection_jump", "suppression", f"{because}, at most {brakes.objection_share:.0%} are expected")
