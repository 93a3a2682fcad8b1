"""What the report says of plans, periods, holds and people's decisions, as values made of other values.

Pure: must not read a clock, the store or a file, and must not hold an identifier or a value of a person.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import phonenumbers

from cli.report_ledger import SETTLED, Undone, plain
from core import actions, canonical
from core.actions import FINAL, Action
from core.brakes import Trip
from core.findings import Finding
from core.plan import Item
from core.store.holds import Hold
from core.store.plans import Kept
from policies.settings import RuleSettings

FRESH = timedelta(days=35)
STATES = (
    "done", "waiting", "not done", "held", "blocked", "open business", "due soon", "undatable", "came back"
)  # fmt: skip
OVERDUE = STATES[:5]
_KEPT = ("waiting", "not done", "blocked")
_PROTECTED = ("legal hold ", "restriction ")
_NOT_OVERDUE = {"RET-20": "open business", "R-S4.2": "due soon", "RET-22": "undatable", "RET-26": "came back"}
_RETENTION = "retention/"
_HOLD = re.compile(r"\bH-\d+\b")
_ADDRESS = re.compile(r"[^\s@<>()\"',;:]+@[^\s@<>()\"',;:]+")

Answers = Mapping[tuple[str, str, str], tuple[datetime, str]]


@dataclass(frozen=True, slots=True)
class Reading:
    """The newest look at the CRMs: the plans that were made of it, which are two where a part waits for approval."""

    at: datetime
    plans: tuple[Kept, ...]

    @property
    def accounts(self) -> Mapping[str, str]:
        """The vendor's account ids by CRM; a CRM that is not there was not read."""
        return self.plans[0].plan.accounts

    @property
    def policy(self) -> str:
        """The version of the policies it was judged by."""
        return self.plans[0].plan.policy

    @property
    def reports(self) -> tuple[Finding, ...]:
        """What was found and only reported, or blocked."""
        return self.plans[0].plan.reports

    def items(self, answers: Answers) -> Iterator[tuple[Item, str]]:
        """Every item with its receipt, empty when there is none yet."""
        for kept in self.plans:
            yield from answered(kept, answers)


@dataclass(frozen=True, slots=True)
class Rule:
    """A retention period, the records that have a finding under it by state, and whether what is declared is applied."""

    name: str
    period: str
    audience: str
    outcome: str
    rule: str
    only: str
    counts: Mapping[str, int]
    verdict: str
    why: str

    @property
    def overdue(self) -> int:
        """How many records were past their due day."""
        return sum(self.counts[state] for state in OVERDUE)

    @property
    def kept(self) -> int:
        """How many of them are still there, holds left aside."""
        return sum(self.counts[state] for state in _KEPT)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A plan that is not finished, why, and the next command to type."""

    digest: str
    made_at: datetime
    expires_at: datetime
    counts: Mapping[str, int]
    entries: int
    trips: tuple[Trip, ...]
    why: str
    command: str

    @property
    def items(self) -> int:
        """How many actions wait."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Refusal:
    """Things not done for one reason. `asked` are the records for which the newest plan asks for it again."""

    crm: str
    action: str
    receipt: str
    why: str
    refs: tuple[str, ...]
    asked: int


@dataclass(frozen=True, slots=True)
class HoldLine:
    """A hold in force. `records` are the records it names, `identifiers` how many keyed hashes, `blocked` what it kept."""

    id: str
    records: tuple[str, ...]
    identifiers: int
    reason: str
    author: str
    start: datetime
    review_on: datetime
    overdue: bool
    blocked: int


def answered(kept: Kept, answers: Answers) -> Iterator[tuple[Item, str]]:
    """The items of a plan with their receipts since it was made: an earlier plan of the same digest had its own."""
    digest = kept.plan.digest
    for item in kept.plan.items:
        at, receipt = answers.get((digest, str(item.ref), canonical.dumps(canonical.encode(item.action))), (None, ""))
        yield item, receipt if at and at >= kept.plan.made_at else ""


def readings(plans: Iterable[Kept]) -> list[Reading]:
    """The looks at the CRMs that some plans were made of, the newest first; a what-if is none.

    Must not be given plans of some policies only: they looked for a part.
    """
    groups: dict[datetime, list[Kept]] = {}
    for kept in plans:
        if not kept.plan.what_if:
            groups.setdefault(kept.plan.made_at, []).append(kept)
    return [Reading(at, tuple(groups[at])) for at in sorted(groups, reverse=True)]


def reading(looks: Sequence[Reading], crms: Sequence[str]) -> Reading | None:
    """The look that the figures are taken from: the newest that saw every CRM whole, else the newest."""
    return next((look for look in looks if not gaps(look, crms)), looks[0] if looks else None)


def retention(
    rules: Mapping[str, RuleSettings], seen: Reading | None, answers: Answers, doubt: str, now: datetime
) -> tuple[Rule, ...]:
    """Each declared period with what the newest reading found under it. `doubt` says why that reading proves nothing."""
    counts: dict[str, Counter[str]] = {name: Counter(dict.fromkeys(STATES, 0)) for name in rules}
    oldest: dict[str, date] = {}
    for name, state, due in _states(seen, answers):
        if name in counts:
            counts[name][state] += 1
        if due and state in _KEPT:
            oldest[name] = min(due, oldest.get(name, due))
    return tuple(
        Rule(
            name, str(rule.period), rule.audience, rule.outcome, rule.rule, ", ".join((*rule.crms, *rule.kinds)),
            counts[name], *_applied(counts[name], oldest.get(name), doubt, now),
        )
        for name, rule in rules.items()
    )  # fmt: skip


def _states(seen: Reading | None, answers: Answers) -> Iterator[tuple[str, str, date | None]]:
    """The rule, the state and the due day of every finding of retention."""
    if seen is None:
        return
    for item, receipt in seen.items(answers):
        if item.policy.startswith(_RETENTION):
            yield item.policy.partition("/")[2], _asked(item, receipt), _day(item.facts)
    for finding in seen.reports:
        if finding.policy.startswith(_RETENTION):
            yield finding.policy.partition("/")[2], _reported(finding), _day(finding.facts)


def _asked(item: Item, receipt: str) -> str:
    if apart := _apart(item.rule, item.action):
        return apart
    return "waiting" if not receipt else "done" if receipt in SETTLED else "not done"


def _apart(rule: str, action: Action | None) -> str:
    """The state of what is not overdue; empty for the rest, which is also who came back and is to go again."""
    return "" if rule == "RET-26" and isinstance(action, FINAL) else _NOT_OVERDUE.get(rule, "")


def _reported(finding: Finding) -> str:
    """The state of a finding that asks for nothing: one that was due is blocked, or restricted already."""
    if apart := _apart(finding.rule, finding.action):
        return apart
    if finding.blocked:
        return "held" if finding.blocked.startswith(_PROTECTED) else "blocked"
    return "done"


def _day(facts: Mapping[str, str]) -> date | None:
    return date.fromisoformat(facts["due"]) if "due" in facts else None


def _applied(counts: Mapping[str, int], oldest: date | None, doubt: str, now: datetime) -> tuple[str, str]:
    """RET-27, declared is applied: the verdict on one period, and why."""
    if doubt:
        return "fail", doubt
    kept = [f"{counts[state]} {state}" for state in _KEPT if counts[state]]
    if not kept:
        return "pass", "nobody is kept beyond it" + (", holds and restrictions aside" if counts["held"] else "")
    why = f"still kept beyond it: {', '.join(kept)}"
    if oldest:
        why += f"; the oldest was due on {oldest}"
    return ("fail" if oldest and now.date() - oldest > FRESH else "wait"), why


def doubt(seen: Reading | None, crms: Sequence[str], policy: str, now: datetime) -> str:
    """Why a reading does not show that the periods are applied (RET-27); empty when it does."""
    if seen is None:
        return "nothing was ever read under this period"
    if now - seen.at > FRESH:
        return f"the last reading is {(now - seen.at).days} days old, {FRESH.days} at most may pass"
    if seen.policy != policy:
        return "the policies were changed since the last reading: they were not applied yet"
    missing = gaps(seen, crms)
    return f"no reading was whole: {'; '.join(missing)}" if missing else ""


def gaps(seen: Reading | None, crms: Sequence[str]) -> tuple[str, ...]:
    """What a reading did not see, one phrase each."""
    if seen is None:
        return ()
    told = seen.plans[0].plan.gaps
    named = {gap.partition(":")[0] for gap in told}
    return (*(f"{crm}: not read" for crm in crms if crm not in seen.accounts and crm not in named), *told)


def waiting(plans: Iterable[Kept], seen: Reading | None, answers: Answers, policy: str, now: datetime) -> list[Waiting]:
    """The unfinished plans that still count: those since a reading, and one that was interrupted before it."""
    found: list[Waiting] = []
    for kept in plans:
        current = kept.status == "applying" or (seen is not None and kept.plan.made_at >= seen.at)
        if current and kept.status in {"open", "applying"} and not kept.plan.what_if:
            found += _unfinished(kept, answers, policy, now)
    return found


def _unfinished(kept: Kept, answers: Answers, policy: str, now: datetime) -> Iterator[Waiting]:
    left = [item for item, receipt in answered(kept, answers) if not receipt]
    entries = len(kept.plan.entries) if kept.status == "open" else 0
    if left or entries:
        counts = Counter(f"{item.ref.crm}, {item.ref.kind}: {actions.name(item.action)}" for item in left)
        yield Waiting(
            kept.plan.digest, kept.plan.made_at, kept.expires_at, dict(sorted(counts.items())), entries,
            kept.plan.trips, *_next(kept, policy, now),
        )  # fmt: skip


def _next(kept: Kept, policy: str, now: datetime) -> tuple[str, str]:
    short = kept.plan.digest[:12]
    if now > kept.expires_at:
        return "it expired", "repoussoir run"
    if kept.plan.policy != policy:
        return "the policies were changed after it was made", "repoussoir run"
    if kept.status == "applying":
        return "it was interrupted, or a CRM stopped it; the next run goes on", "repoussoir run"
    if kept.plan.trips and not kept.approved_by:
        return "brakes stop it until somebody approves it by name", f"repoussoir apply {short} --approve-as NAME"
    return "it was planned and not applied", f"repoussoir apply {short}"


def refusals(undone: Iterable[Undone], seen: Reading | None) -> list[Refusal]:
    """What was not done, grouped by why. A record that only changed counts until the next reading has judged it again."""
    asked = {(str(item.ref), actions.name(item.action)) for item, _ in seen.items({})} if seen else set()
    groups: dict[tuple[str, str, str, str], dict[str, bool]] = {}
    for item in undone:
        if item.receipt == "changed" and seen and item.at < seen.at:
            continue
        key = (item.ref.partition(":")[0], item.action, item.receipt, plain(item.why))
        groups.setdefault(key, {})[item.ref] = (item.ref, item.action.split()[0]) in asked
    return [Refusal(*key, tuple(sorted(refs)), sum(refs.values())) for key, refs in sorted(groups.items())]


def reported(seen: Reading | None) -> list[tuple[str, str, str, int]]:
    """What is left for a person to decide: policy, rule, why, and on how many records."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for finding in seen.reports if seen else ():
        why = f"would be due, blocked by: {finding.blocked}" if finding.blocked else _general(finding.because)
        counts[finding.policy, finding.rule, why] += 1
    return [(*key, count) for key, count in sorted(counts.items())]


def _general(because: str) -> str:
    """The reason without what is told of one record only."""
    return plain(because).replace(" after a date", "").replace(" on a record", "")


def holds(all_holds: Iterable[Hold], seen: Reading | None, region: str, now: datetime) -> list[HoldLine]:
    """The holds in force (RET-24), those to be reviewed first."""
    blocked = Counter(id for finding in (seen.reports if seen else ()) for id in _HOLD.findall(finding.blocked))
    lines = [
        HoldLine(
            item.id, tuple(target for target in item.scope if not _is_key(target)), sum(map(_is_key, item.scope)),
            masked(item.reason, region), item.author, item.start, item.review_on, item.review_on < now,
            blocked[item.id],
        )
        for item in all_holds
        if item.released_at is None
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (line.review_on, line.id))


def _is_key(target: str) -> bool:
    return re.fullmatch(r"(email|phone):[^:]+:[0-9a-f]{64}", target) is not None


def masked(text: str, region: str) -> str:
    """What an operator wrote, without e-mail addresses and phone numbers: a report must show none."""
    text = _ADDRESS.sub("[address]", text)
    for match in reversed(list(phonenumbers.PhoneNumberMatcher(text, region))):
        text = f"{text[: match.start]}[number]{text[match.end :]}"
    return text


def attention(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What needs a person, as (`fail` or `wait`, sentence), worked out of the other facts of the report."""
    found = [
        ("fail", f"Retention is not applied as declared ({r.name}, RET-27): {r.why}.") for r in _with(facts, "fail")
    ]
    found += [("wait", f"Retention is not applied yet ({r.name}, RET-27): {r.why}.") for r in _with(facts, "wait")]
    if not facts["rules"]:
        found.append(("fail", "No retention period is declared (R-S3.2): nobody is ever due."))
    found += [("fail", f"Not read whole, {gap}; what destroys is stopped in every CRM.") for gap in facts["gaps"]]
    found += [("wait", f"The plan {plan.digest[:12]} is not finished: {plan.why}.") for plan in facts["waiting"]]
    refused = sum(len(item.refs) for item in facts["refusals"])
    found += [("fail", f"Actions that were not done: {refused}, see why below.")] if refused else []
    found += [("fail", f"The hold {h.id} is overdue for review (RET-24).") for h in facts["holds"] if h.overdue]
    if facts["open_intents"]:
        found.append(("wait", f"Writes without an outcome: {facts['open_intents']}, the next run resolves them."))
    asked = _reports(facts, "DSR-08")
    found += (
        [("fail", f"Requests of people marked in the CRMs: {asked}, each to be answered within a month.")]
        if asked
        else []
    )
    bare = _reports(facts, "R-S3.2")
    found += [("fail", f"Records that no retention period covers (R-S3.2): {bare}, kept for ever.")] if bare else []
    seen = sum(
        count
        for policy, rule, _, count in facts["reported"]
        if not policy.startswith(_RETENTION) and rule not in {"DSR-08", "R-S3.2"}
    )
    found += [("wait", f"Findings that are only reported: {seen}, a person decides, see below.")] if seen else []
    found += [("wait", sentence) for sentence in facts["warnings"]]
    return found


def _reports(facts: Mapping[str, Any], id: str) -> int:
    """How many records are reported under a rule."""
    return sum(count for _, rule, _, count in facts["reported"] if rule == id)


def _with(facts: Mapping[str, Any], verdict: str) -> list[Rule]:
    return [rule for rule in facts["rules"] if rule.verdict == verdict]
