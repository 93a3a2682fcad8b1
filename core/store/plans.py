"""Plans at rest, so that the one that was looked at is the one that is applied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import desc, select, update

from core import canonical
from core.actions import FINAL
from core.brakes import Trip
from core.errors import ConfigError, PlanRefused
from core.findings import Finding
from core.identity import SubjectKey
from core.model import Ref
from core.people import Entry
from core.plan import Item, Plan
from core.store.database import Database
from core.store.tables import plan, plan_item, policy_seen

Status = Literal["open", "applying", "applied", "expired"]


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored plan and what became of it."""

    plan: Plan
    expires_at: datetime
    status: Status
    approved_by: str | None


class Plans:
    """The plans of the store, and the policy versions that have run."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, value: Plan, expires_at: datetime) -> None:
        """Stores a plan; one of the same digest takes its place and its approval is void."""
        digest = value.digest
        with self._database.transaction():
            self._database.execute(plan_item.delete().where(plan_item.c.digest == digest))
            self._database.execute(plan.delete().where(plan.c.digest == digest))
            head = {
                "digest": digest, "made_at": value.made_at, "expires_at": expires_at, "policy": value.policy,
                "head": head_of(value), "status": "open",
            }  # fmt: skip
            self._database.execute(plan.insert(), [head])
            rows = [
                {"digest": digest, "seq": seq, "part": part, "body": body}
                for seq, (part, body) in enumerate(parts_of(value), 1)
            ]
            if rows:
                self._database.execute(plan_item.insert(), rows)

    def find(self, digest: str) -> Kept:
        """The plan whose digest begins so. Raises PlanRefused when there is none, or more than one."""
        rows = self._database.rows(select(plan).where(plan.c.digest.startswith(digest, autoescape=True)))
        if len(rows) != 1 or len(digest) < 8:
            raise PlanRefused(f"There is no plan {digest[:12]!r} in the store.", "Make one with `repoussoir plan`.")
        return self._kept(rows[0])

    def recent(self, limit: int = 20) -> list[Kept]:
        """The newest plans, the newest first."""
        return [
            self._kept(row) for row in self._database.rows(select(plan).order_by(desc(plan.c.made_at)).limit(limit))
        ]

    def latest(self, status: Status | None = None) -> Kept | None:
        """The newest plan, of a status if one is given."""
        query = select(plan).order_by(desc(plan.c.made_at)).limit(1)
        rows = self._database.rows(query.where(plan.c.status == status) if status else query)
        return self._kept(rows[0]) if rows else None

    def unfinished(self) -> list[Kept]:
        """The plans that were being applied, the newest first."""
        rows = self._database.rows(select(plan).where(plan.c.status == "applying").order_by(desc(plan.c.made_at)))
        return [self._kept(row) for row in rows]

    def approve(self, digest: str, name: str, now: datetime) -> None:
        """Notes who approved a plan."""
        where = plan.c.digest == digest
        self._database.execute(update(plan).where(where).values(approved_by=name, approved_at=now))

    def close(self, digest: str, status: Status) -> None:
        """Notes what became of a plan."""
        self._database.execute(update(plan).where(plan.c.digest == digest).values(status=status))

    def answered(self, digest: str) -> dict[int, str]:
        """The receipts that the items of a plan have got, by the item's place, counted from 0 among its items."""
        where = (plan_item.c.digest == digest, plan_item.c.receipt.is_not(None))
        rows = self._database.rows(select(plan_item.c.seq, plan_item.c.receipt).where(*where))
        return {row.seq - 1: row.receipt for row in rows}

    def versions(self, digest: str) -> dict[int, str]:
        """The versions that writes of a plan left on its records, by the item's place, where they are known to be ours."""
        return {line.seq - 1: line.version for line in self._versioned(digest)}

    def answer(self, digest: str, place: int, receipt: str, version: str | None = None) -> None:
        """Notes the receipt of an item of a plan, and the version that is ours from then on."""
        where = (plan_item.c.digest == digest, plan_item.c.seq == place + 1)
        self._database.execute(update(plan_item).where(*where).values(receipt=receipt, version=version))

    def hand_on(self, digest: str, other: str) -> None:
        """The versions that writes of a plan left are ours for what another one has still to do on the same records."""
        ours = {Item.read(line.body).ref: line.version for line in self._versioned(digest)}
        where = (plan_item.c.digest == other, plan_item.c.part == "item", plan_item.c.receipt.is_(None))
        with self._database.transaction():
            for line in self._database.rows(select(plan_item).where(*where)):
                if version := ours.get(Item.read(line.body).ref):
                    place = (plan_item.c.digest == other, plan_item.c.seq == line.seq)
                    self._database.execute(update(plan_item).where(*place).values(version=version))

    def ended(self) -> frozenset[Ref]:
        """The records that a plan under way has erased, binned or anonymised: evidence for what it has still to do."""
        done = (plan.c.status == "applying", plan_item.c.receipt.in_(["done", "already", "gone"]))
        bodies = self._database.rows(select(plan_item.c.body).join(plan).where(*done))
        items = (Item.read(row.body) for row in bodies)
        return frozenset(item.ref for item in items if isinstance(item.action, FINAL))

    def policy_seen(self, policy: str) -> bool:
        """True when destruction was once applied under this version of the policies."""
        return bool(self._database.rows(select(policy_seen).where(policy_seen.c.policy == policy)))

    def see_policy(self, policy: str, now: datetime) -> None:
        """Notes that this version of the policies has run."""
        statement = self._database.insert(policy_seen).on_conflict_do_nothing()
        self._database.execute(statement, [{"policy": policy, "at": now}])

    def _versioned(self, digest: str) -> list[Any]:
        """The items of a plan whose writes left a version that is ours, in order."""
        where = (plan_item.c.digest == digest, plan_item.c.version.is_not(None))
        return self._database.rows(select(plan_item).where(*where).order_by(plan_item.c.seq))

    def _kept(self, row: Any) -> Kept:
        query = select(plan_item).where(plan_item.c.digest == row.digest).order_by(plan_item.c.seq)
        lines = [(line.part, line.body) for line in self._database.rows(query)]
        return Kept(read(row.head, lines), row.expires_at, row.status, row.approved_by)


def head_of(value: Plan) -> dict[str, Any]:
    """What a plan says besides its lines, as JSON."""
    return {
        "digest": value.digest,
        "made_at": value.made_at.isoformat(),
        "accounts": dict(value.accounts),
        "policy": value.policy,
        "what_if": value.what_if.isoformat() if value.what_if else False,
        "trips": [[trip.brake, trip.stops, trip.because, trip.lost] for trip in value.trips],
        "gaps": list(value.gaps),
    }


def parts_of(value: Plan) -> Iterable[tuple[str, dict[str, Any]]]:
    """The lines of a plan, as JSON: items first, so that finding one is no search, then list entries and reports."""
    yield from (("item", item.body()) for item in value.items)
    for entry in value.entries:
        yield (
            "entry",
            {
                "channel": entry.channel,
                "key": str(entry.key),
                "at": entry.objected_at.isoformat(),
                "source": entry.source,
            },
        )
    yield from (("report", _report(finding)) for finding in value.reports)


def read(head: dict[str, Any], lines: Iterable[tuple[str, dict[str, Any]]]) -> Plan:
    """The plan of `head_of` and `parts_of`. Raises PlanRefused when it is not, or no longer, what its digest says."""
    try:
        parts: dict[str, list[Any]] = {"entry": [], "item": [], "report": []}
        makers = {"entry": _read_entry, "item": Item.read, "report": _read_report}
        for part, body in lines:
            parts[part].append(makers[part](body))
        value = Plan(
            items=tuple(parts["item"]), entries=tuple(parts["entry"]), reports=tuple(parts["report"]),
            accounts=head["accounts"], policy=head["policy"], made_at=datetime.fromisoformat(head["made_at"]),
            what_if=datetime.fromisoformat(as_of) if (as_of := head["what_if"]) else None,
            trips=tuple(map(_read_trip, head["trips"])), gaps=tuple(head.get("gaps", ())),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError, ConfigError):
        raise PlanRefused("This is not a plan of Repoussoir.", "Make one with `repoussoir plan`.") from None
    if value.digest != head.get("digest"):
        raise PlanRefused("The plan was changed after it was made.", "Make a new one with `repoussoir plan`.")
    return value


def _read_trip(body: list[Any]) -> Trip:
    brake, stops, because, *lost = body
    return Trip(brake, stops, because, tuple(lost[0]) if lost and lost[0] else None)


def _read_entry(body: dict[str, Any]) -> Entry:
    kind, key_id, digest = body["key"].split(":")
    return Entry(body["channel"], SubjectKey(kind, key_id, digest), datetime.fromisoformat(body["at"]), body["source"])


def _report(finding: Finding) -> dict[str, Any]:
    return {
        "ref": str(finding.ref),
        "version": finding.version,
        "policy": finding.policy,
        "rule": finding.rule,
        "because": finding.because,
        "action": canonical.encode(finding.action) if finding.action else None,
        "facts": dict(finding.facts),
        "blocked": finding.blocked,
    }


def _read_report(body: dict[str, Any]) -> Finding:
    action = canonical.decode(body["action"]) if body["action"] else None
    finding = Finding(
        ref=Ref.parse(body["ref"]), version=body["version"], policy=body["policy"], rule=body["rule"],
        because=body["because"], action=action, facts=body["facts"],
    )  # fmt: skip
    return replace(finding, blocked=body["blocked"])
