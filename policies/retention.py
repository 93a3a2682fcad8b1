"""How long a person is kept: RET-01, RET-02, RET-20 to RET-23, RET-26, R-S3.2, as DESIGN §6 "Retention clock" says. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Literal

from core.actions import Action, Anonymise, Bin, Erase, Restrict
from core.facts import Facts, Seen
from core.findings import Finding
from core.model import Record
from core.periods import Period, due_on, is_overdue
from core.policy import Needs
from core.schema import Schema
from policies.coming_back import Verdict, erasure, verdict

Outcome = Literal["erase", "bin", "anonymise", "restrict"]
MONTH_BEFORE = Period(days=30)
_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)
CUSTOMER_SIGNALS = frozenset({"won_deal", "order", "contract", "customer_stage"})


@dataclass(frozen=True, slots=True)
class Rule:
    """One retention rule. `audience` is `customer`, `prospect` or `any`; an empty `crms` or `kinds` means all."""

    id: str
    period: Period
    audience: str = "any"
    outcome: Outcome = "erase"
    crms: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    source: str = "RET-01"


@dataclass(frozen=True, slots=True)
class Weighed:
    """A rule weighed for one record: whether it is for it, until when it would keep it (None undated), whether it governs."""

    rule: Rule
    applies: bool
    until: date | None
    governs: bool


class Retention:
    """Finds the records whose person has been silent for longer than every period that applies to them."""

    name = "retention"
    scope: Literal["person"] = "person"

    def __init__(
        self,
        rules: tuple[Rule, ...],
        zone: tzinfo,
        *,
        customer: frozenset[str] = CUSTOMER_SIGNALS,
        otherwise: str = "unknown",
        remind_before: Period = MONTH_BEFORE,
        undatable: Literal["restrict", "report"] = "restrict",
    ) -> None:
        self._rules = rules
        self._zone = zone
        self._customer = customer
        self._otherwise = otherwise
        self._remind_before = remind_before
        self._undatable = undatable

    def needs(self, schema: Schema) -> Needs:
        """Nothing beyond the clock, which every record carries."""
        return Needs()

    def judge(self, record: Record, facts: Facts, now: datetime) -> Iterator[Finding]:
        """At most one finding: overdue, due soon, undatable, back after an erasure, or without a period.

        None for a record that is simply kept. A return that is only reported comes on top of it.
        """
        if facts.anonymised:
            return
        last = _last(facts)
        rule, due = self._governing(record, facts, last)
        if rule is None:
            yield self._uncovered(record, facts)
            return
        back = verdict(record, facts, self._zone)
        if back and back.do == "report":
            yield self._back(record, rule, facts, back.because)
        elif back and (found := self._returned(record, rule, facts, back, due if last else None, now)):
            yield found
            return
        if facts.unreadable:
            yield self._blind(record, rule, facts)
        elif facts.anchored is None or last is None:
            yield self._undated(record, rule)
        else:
            yield from self._timed(record, rule, facts, last, due, now)

    def audience(self, facts: Facts) -> str:
        """Customer, prospect, or what the configuration says of the others; unknown when a source of it was unreadable."""
        return self._audience(facts.signals, facts)

    def _audience(self, signals: frozenset[str], facts: Facts) -> str:
        if signals & self._customer:
            return "customer"
        if facts.unreadable:
            return "unknown"
        return "prospect" if "prospect_stage" in signals else self._otherwise

    def applicable(self, record: Record, facts: Facts) -> Rule | None:
        """The rule that governs a record: the one of those that apply which keeps it longest; of all when unsure of whom.

        What a phone or a weak key alone says of the audience may only add rules.
        """
        return self._governing(record, facts, _last(facts))[0]

    def weighed(self, record: Record, facts: Facts) -> tuple[Weighed, ...]:
        """Every rule as it was weighed for a record, in the order of the configuration."""
        governing, last, audiences = self.applicable(record, facts), _last(facts), self._audiences(facts)
        return tuple(
            Weighed(
                rule,
                _applies(rule, record, audiences),
                due_on(last.moment.at, rule.period, self._zone) if last else None,
                rule is governing,
            )
            for rule in self._rules
        )

    def _audiences(self, facts: Facts) -> set[str]:
        found = {self.audience(facts)}
        if facts.loose:
            found.add(self._audience(facts.signals - facts.loose, facts))
        return found

    def _governing(self, record: Record, facts: Facts, last: Seen | None) -> tuple[Rule | None, date]:
        """The rule that governs a record, and the day until which it keeps it."""
        audiences = self._audiences(facts)
        start, chosen, latest = last.moment.at if last else _SOME_DAY, None, date.min
        dues: dict[Period, date] = {}
        for rule in self._rules:
            if not _applies(rule, record, audiences):
                continue
            if rule.period not in dues:
                dues[rule.period] = due_on(start, rule.period, self._zone)
            if chosen is None or (dues[rule.period], rule.id) > (latest, chosen.id):
                chosen, latest = rule, dues[rule.period]
        return chosen, latest

    def _timed(
        self, record: Record, rule: Rule, facts: Facts, last: Seen, due: date, now: datetime
    ) -> Iterator[Finding]:
        if is_overdue(due, now, self._zone):
            yield self._over(record, rule, facts, last, due)
        elif _horizon(now, self._remind_before, self._zone) >= due and not facts.open:
            yield self._finding(record, rule, "R-S4.2", f"will be due after {due}", last, due)

    def _over(self, record: Record, rule: Rule, facts: Facts, last: Seen, due: date) -> Finding:
        if facts.open:
            return self._open(record, rule, facts, last, due)
        if facts.crowded:
            return self._crowded(record, rule, last, due)
        because = f"no contact from the person since {last.moment.at.astimezone(self._zone).date()}; kept until {due}"
        action = _action(rule, record)
        return self._finding(record, rule, rule.source, because, last, due, action)

    def _open(self, record: Record, rule: Rule, facts: Facts, last: Seen, due: date) -> Finding:
        ref, kind = facts.open[0]
        return self._finding(record, rule, "RET-20", f"open {kind} on {ref}: not due, though silent", last, due)

    def _crowded(self, record: Record, rule: Rule, last: Seen, due: date) -> Finding:
        because = f"silent and kept until {due}, but its address is on too many records to tell whose contact is whose"
        return self._finding(record, rule, "RET-20", because, last, due)

    def _uncovered(self, record: Record, facts: Facts) -> Finding:
        audience = self.audience(facts)
        who = "anybody" if audience == "unknown" else f"a {audience}"
        because = f"no retention period covers {who} in {record.ref.crm} {record.ref.kind}: kept for ever"
        return Finding(ref=record.ref, version=record.version, policy=self.name, rule="R-S3.2", because=because)

    def _returned(
        self, record: Record, rule: Rule, facts: Facts, back: Verdict, due: date | None, now: datetime
    ) -> Finding | None:
        """Erased again, or quarantined where what came back would have kept them; None when the clock itself asks for more."""
        over = due is None or is_overdue(due, now, self._zone)
        if back.do == "again" and over:
            return self._back(record, rule, facts, back.because, _action(rule, record))
        if over and facts.anchored:
            return None
        because = back.because if over else f"{back.because}; by its last contact it would be kept until {due}"
        return self._back(record, rule, facts, because, self._quarantine(record, "returned"))

    def _back(self, record: Record, rule: Rule, facts: Facts, because: str, action: Action | None = None) -> Finding:
        return Finding(
            ref=record.ref, version=record.version, policy=self._policy(rule), rule="RET-26", because=because,
            action=action, facts=erasure(record, facts, self._zone),
        )  # fmt: skip

    def _quarantine(self, record: Record, reason: str) -> Action | None:
        return Restrict(reason) if self._undatable == "restrict" and not record.restricted else None

    def _undated(self, record: Record, rule: Rule) -> Finding:
        because = "no collection date and no contact from the person: quarantined, never erased"
        action = self._quarantine(record, "undatable")
        facts = {"origin": record.origin or "unknown"}
        return Finding(
            ref=record.ref, version=record.version, policy=self._policy(rule), rule="RET-22", because=because,
            action=action, facts=facts,
        )  # fmt: skip

    def _blind(self, record: Record, rule: Rule, facts: Facts) -> Finding:
        sources = ", ".join(sorted({f"{ref.crm} {source}" for ref, source in facts.unreadable}))
        because = f"undatable: could not read {sources}; never erased while that is so"
        return Finding(
            ref=record.ref, version=record.version, policy=self._policy(rule), rule="RET-22", because=because
        )

    def _finding(
        self, record: Record, rule: Rule, id: str, because: str, last: Seen, due: date, action: Action | None = None
    ) -> Finding:
        facts = {
            "last_contact": last.moment.at.astimezone(self._zone).date().isoformat(),
            "source": last.moment.source,
            "seen_on": str(last.ref),
            "due": due.isoformat(),
            "period": str(rule.period),
        }
        return Finding(
            ref=record.ref, version=record.version, policy=self._policy(rule), rule=id, because=because, action=action,
            facts=facts,
        )  # fmt: skip

    def _policy(self, rule: Rule) -> str:
        return f"{self.name}/{rule.id}"


def _applies(rule: Rule, record: Record, audiences: set[str]) -> bool:
    return (
        (not rule.crms or record.ref.crm in rule.crms)
        and (not rule.kinds or record.ref.kind in rule.kinds)
        and (rule.audience == "any" or rule.audience in audiences or "unknown" in audiences)
    )


@lru_cache(maxsize=8)
def _horizon(now: datetime, before: Period, zone: tzinfo) -> date:
    """The last due day of those that are reported as due soon; the same for all records."""
    return before.after(now).astimezone(zone).date()


def _last(facts: Facts) -> Seen | None:
    """The latest contact that is known of the person, wherever it was seen."""
    if facts.anchored and facts.inbound:
        return facts.inbound if facts.inbound.moment.at > facts.anchored.moment.at else facts.anchored
    return facts.anchored or facts.inbound


def _action(rule: Rule, record: Record) -> Action | None:
    if rule.outcome == "restrict":
        return None if record.restricted else Restrict("retention")
    outcomes: dict[str, Action] = {"erase": Erase(), "bin": Bin(), "anonymise": Anonymise()}
    return outcomes[rule.outcome]
