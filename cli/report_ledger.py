"""What the report takes from the ledger, counted while the chain is verified, so that both are about the same entries. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from core import canonical
from core.ledger import Entry
from core.model import Ref

RECEIPTS = ("done", "already", "gone", "changed", "refused")
SETTLED = frozenset({"done", "already", "gone"})
FINAL = frozenset({"erase", "bin", "anonymise"})
GROUPS = {
    "suppress": "objections pushed",
    "restrict": "restricted",
    "redact": "stripped",
    "clear": "stripped",
    "anonymise": "erased",
    "bin": "erased",
    "erase": "erased",
}
RESOLVED = "resolved after an interruption"
CHANGED = "the record or its person changed after the plan was made; the next plan judges it again"
_UNTIL = re.compile(r"until (\d{4}-\d\d-\d\d)")
_REF = re.compile(r"\b[a-z][a-z0-9_]*:\w+:[^\s,;:)]+")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_ID = re.compile(r"\b(?=\w*\d)\w{15,18}\b|\b\d{4,}\b")


@dataclass(frozen=True, slots=True)
class Undone:
    """Something that was not done to a record, and that the ledger shows no later success of."""

    ref: str
    action: str
    receipt: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided, by name."""

    at: datetime
    by: str
    what: str
    evidence: str = ""


@dataclass(slots=True)
class Work:
    """What became of one plan in the period."""

    first: datetime
    last: datetime
    receipts: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Left:
    """What a vendor keeps after one kind of action, after how many writes, and until when as far as it says."""

    writes: int
    first: datetime
    last: datetime
    until: str = ""


@dataclass(slots=True)
class Book:
    """The counts. Those of a period begin at `since`; `applied`, `undone`, `left` and `answers` say how things stand.

    `receipts` is by (CRM, action, receipt); `records` by (CRM, kind, group of actions) and `reasons` by (policy, rule,
    action) of what was done. `applied` is when each policy last changed a record. `answers` holds the receipts given from
    `answers_from` on and when, by (plan, ref, action); None for `answers_from` holds none.
    """

    zone: tzinfo
    since: datetime | None = None
    answers_from: datetime | None = None
    entries: int = 0
    first: Entry | None = None
    last: Entry | None = None
    kinds: Counter[str] = field(default_factory=Counter)
    receipts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    records: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    days: dict[date, Counter[str]] = field(default_factory=dict)
    read_back: Counter[str] = field(default_factory=Counter)
    applied: dict[str, datetime] = field(default_factory=dict)
    plans: dict[str, Work] = field(default_factory=dict)
    approvals: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    undone: dict[str, dict[str, Undone]] = field(default_factory=dict)
    left: dict[tuple[str, str, str], Left] = field(default_factory=dict)
    answers: dict[tuple[str, str, str], tuple[datetime, str]] = field(default_factory=dict)

    def through(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries as they pass, each counted; what reads them is `core.ledger.verify`."""
        for entry in entries:
            self._take(entry)
            yield entry

    def _take(self, entry: Entry) -> None:
        self.entries += 1
        self.last = entry
        inside = self.since is None or entry.at >= self.since
        if inside:
            self.first = self.first or entry
            self.kinds[entry.kind] += 1
        match entry.kind:
            case "outcome":
                self._outcome(entry, inside=inside)
            case "note" if inside:
                place = Ref.parse(entry.body.get("ref") or entry.body["anchor"])
                self.receipts[place.crm, "annotate", entry.body["receipt"]] += 1
            case "approval" | "hold" | "list" | "forget":
                self._decision(entry, inside=inside)

    def _outcome(self, entry: Entry, *, inside: bool) -> None:
        body = entry.body
        ref, did, receipt = Ref.parse(body["ref"]), body["action"]["do"], body["receipt"]
        if inside:
            self.receipts[ref.crm, did, receipt] += 1
            work = self.plans.setdefault(body["plan"], Work(entry.at, entry.at))
            work.last = entry.at
            work.receipts[receipt] += 1
        if inside and receipt == "done":
            self._done(entry, ref, did)
        if self.answers_from is not None and entry.at >= self.answers_from:
            self.answers[body["plan"], body["ref"], canonical.dumps(body["action"])] = (entry.at, receipt)
        self._stands(entry, did, receipt)
        if receipt == "done":
            self.applied[body["policy"]] = entry.at
        if receipt in SETTLED:
            self._remains(entry, ref.crm, did)

    def _done(self, entry: Entry, ref: Ref, did: str) -> None:
        group = GROUPS.get(did, did)
        self.records[ref.crm, ref.kind, group] += 1
        self.reasons[entry.body["policy"], entry.body["rule"], did] += 1
        self.days.setdefault(entry.at.astimezone(self.zone).date(), Counter())[group] += 1
        if did in {"erase", "bin"}:
            self.read_back[entry.body["read_back"]] += 1

    def _stands(self, entry: Entry, did: str, receipt: str) -> None:
        """Keeps what was not done until a later success settles it; a record that is gone has nothing left to be done."""
        ref, body = entry.body["ref"], entry.body
        if receipt == "gone" or (receipt in SETTLED and did in FINAL):
            self.undone.pop(ref, None)
            return
        for target in _targets(body["action"]):
            if receipt in SETTLED:
                self.undone.get(ref, {}).pop(target, None)
            else:
                self.undone.setdefault(ref, {})[target] = Undone(ref, target, receipt, body["why"] or CHANGED, entry.at)

    def _remains(self, entry: Entry, crm: str, did: str) -> None:
        for part in filter(None, entry.body["remains"].split("; ")):
            if part == RESOLVED:
                continue
            until = _UNTIL.search(part)
            text = _UNTIL.sub("until the date beside", part)
            left = self.left.setdefault((crm, did, text), Left(0, entry.at, entry.at))
            left.writes += 1
            left.last = entry.at
            left.until = max(left.until, until[1] if until else "")

    def _decision(self, entry: Entry, *, inside: bool) -> None:
        body = entry.body
        if entry.kind == "approval":
            self.approvals[body["plan"]] = (body["by"], entry.at)
        if inside and "by" in body:
            self.decisions.append(Decision(entry.at, body["by"], _decided(entry), body.get("evidence", "")))


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


def plain(why: str) -> str:
    """A reason without the refs, ids and dates that make each one different."""
    return _ID.sub("…", _DATE.sub("a date", _REF.sub("a record", why)))


def _targets(action: Mapping[str, Any]) -> list[str]:
    """What an action is about, piece by piece: another attempt at the same piece has the same name."""
    names = action.get("channels") or action.get("properties") or [action.get("property", "")]
    return [f"{action['do']} {name}".strip() for name in names]


def _decided(entry: Entry) -> str:
    match entry.kind, entry.body:
        case "approval", {"plan": plan}:
            return f"approved the plan {plan[:12]}"
        case "hold", {"do": "add", "id": id, "scope": scope}:
            return f"placed the hold {id} on {len(scope)} records or identifiers"
        case "hold", {"id": id}:
            return f"released the hold {id}"
        case "list", {"channel": channel}:
            return f"lifted an objection ({channel}) on a later opt-in"
        case "forget", {"crm": crm, "records": records}:
            return f"forgot the CRM {crm} and {records} records"
    return entry.kind
