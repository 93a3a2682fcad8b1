"""What the report says of plans, periods, holds and people's decisions, as values made of other values.

Pure: must not read a clock, the store or a file, and must not hold an identifier or a value of a person.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import phonenumbers

from cli.report_ledger import SETTLED, Undone, plain
from core import canonical
from core.brakes import Trip
from core.findings import Finding
from core.plan import Item
from core.store.holds import Hold
from core.store.plans import Kept
from policies.settings import RuleSettings

FRESH = timedelta(days=35)
STATES = (
    "done", "waiting", "not done", "held", "blocked", "open business", "due soon", "undatable"
)  # fmt: skip
OVERDUE = STATES[:5]
_KEPT = ("waiting", "not done", "blocked")
_INCOMPLETE = "incomplete reading: "
_PROTECTED = ("legal hold ", "restriction ")
_NOT_OVERDUE = {"RET-20": "open business", "R-S4.2": "due soon", "RET-22": "undatable"}
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


def reading(plans: Iterable[Kept]) -> Reading | None:
    """The newest look at the CRMs among some plans; a what-if is none."""
    real = [kept for kept in plans if not kept.plan.what_if]
    if not real:
        return None
    at = max(kept.plan.made_at for kept in real)
    return Reading(at, tuple(kept for kept in real if kept.plan.made_at == at))


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
        if item.policy.startswith("retention/"):
            yield item.policy.partition("/")[2], _asked(item, receipt), _day(item.facts)
    for finding in seen.reports:
        if finding.policy.startswith("retention/"):
            yield finding.policy.partition("/")[2], _reported(finding), _day(finding.facts)


def _asked(item: Item, receipt: str) -> str:
    if item.rule in _NOT_OVERDUE:
        return _NOT_OVERDUE[item.rule]
    return "waiting" if not receipt else "done" if receipt in SETTLED else "not done"


def _reported(finding: Finding) -> str:
    """The state of a finding that asks for nothing: one that was due is blocked, or restricted already."""
    if finding.rule in _NOT_OVERDUE:
        return _NOT_OVERDUE[finding.rule]
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
    """Why the newest reading does not show that the periods are applied (RET-27); empty when it does."""
    if seen is None:
        return "nothing was ever read under these periods"
    if now - seen.at > FRESH:
        return f"the newest reading is {(now - seen.at).days} days old, at most {FRESH.days} may pass"
    if seen.policy != policy:
        return "the policies were changed since the newest reading: they were not applied yet"
    missing = [crm for crm in crms if crm not in seen.accounts]
    return f"not read: {', '.join(missing)}" if missing else ""


def gaps(seen: Reading | None, crms: Sequence[str]) -> tuple[str, ...]:
    """What the newest reading did not see, one sentence each."""
    if seen is None:
        return ()
    missing = [f"{crm}: not read by the newest plan" for crm in crms if crm not in seen.accounts]
    blocked = (item.blocked.removeprefix(_INCOMPLETE) for item in seen.reports if item.blocked.startswith(_INCOMPLETE))
    return tuple(dict.fromkeys([*missing, *(part for text in blocked for part in text.split("; "))]))


def waiting(plans: Iterable[Kept], seen: Reading | None, answers: Answers, policy: str, now: datetime) -> list[Waiting]:
    """The unfinished plans that still count: those of the newest reading, and one that was interrupted."""
    found = []
    for kept in plans:
        current = seen is not None and kept.plan.made_at == seen.at
        if kept.plan.what_if or kept.status not in {"open", "applying"} or not (current or kept.status == "applying"):
            continue
        open_items = [item for item, receipt in answered(kept, answers) if not receipt]
        entries = len(kept.plan.entries) if kept.status == "open" else 0
        if open_items or entries:
            why, command = _next(kept, policy, now)
            counts = Counter(f"{i.ref.crm}, {i.ref.kind}: {canonical.encode(i.action)['do']}" for i in open_items)
            found.append(
                Waiting(
                    kept.plan.digest, kept.plan.made_at, kept.expires_at, dict(sorted(counts.items())), entries,
                    kept.plan.trips, why, command,
                )
            )  # fmt: skip
    return found


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
    asked = {(str(item.ref), canonical.encode(item.action)["do"]) for item, _ in seen.items({})} if seen else set()
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


def timeline(days: Mapping[date, Counter[str]]) -> dict[str, Counter[str]]:
    """What was done by day, from the first to the last without holes; by month when that is over two months."""
    if not days:
        return {}
    first, last = min(days), max(days)
    span = (last - first).days
    form = "%Y-%m-%d" if span <= 62 else "%Y-%m"
    found: dict[str, Counter[str]] = {}
    for day in (first + timedelta(days=place) for place in range(span + 1)):
        found.setdefault(day.strftime(form), Counter()).update(days.get(day, {}))
    return found
