"""Who was erased and is there again: what brought them back, and what follows (RET-26; DESIGN §6 "Coming back"). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Literal

from core.facts import Facts, Returned, Seen
from core.model import Record

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from a return: the erasure is applied again, the record is quarantined, or it is only told."""

    do: Literal["again", "quarantine", "report"]
    because: str


def verdict(record: Record, facts: Facts, zone: tzinfo) -> Verdict | None:
    """What to make of a record that showed up after its person had been erased; None when the person came by themselves.

    Only data from before the erasure is erased again. Must not decide about the clock: the longest period still wins.
    """
    back = facts.returned
    if back is None or _by_themselves(back):
        return None
    erased = f"{back.at.astimezone(zone).date()} ({back.rule})"
    if why := _unsure(facts, back):
        return Verdict("report", f"carries the {back.by} of somebody erased on {erased}; only reported, as {why}")
    if how := _old_data(record, facts, back, zone):
        return Verdict("again", f"erased on {erased} and brought back by {how}, with nothing newer on it")
    how = f"origin: {record.origin or 'unknown'}"
    return Verdict(
        "quarantine", f"erased on {erased} and back ({how}), neither by an act of the person nor as old data"
    )


def erasure(record: Record, facts: Facts, zone: tzinfo) -> dict[str, str]:
    """The erasure that a record came back from, as the facts of a finding."""
    assert facts.returned is not None, "only of what came back"
    back = facts.returned
    return {
        "erased_on": back.at.astimezone(zone).date().isoformat(),
        "erased_by": back.rule,
        "matched_by": back.by,
        "origin": record.origin or "unknown",
    }


def _by_themselves(back: Returned) -> bool:
    """True after a contact from the person since."""
    return back.acted is not None and _since(back.acted, back)


def _since(seen: Seen, back: Returned) -> bool:
    """True for what is dated after the erasure; much has a day and no hour, so what is of that day counts as after."""
    return seen.moment.at > back.at - _A_DAY


def _unsure(facts: Facts, back: Returned) -> str:
    """Why it may be somebody else, or why too little is known; empty when neither."""
    if back.weak or facts.crowded:
        return "that is on too many records to be one person's, or a generic mailbox"
    if back.by == "phone" and back.apart:
        return "its own e-mail is another one"
    if facts.open:
        ref, kind = facts.open[0]
        return f"there is an open {kind} on {ref}"
    if facts.unreadable:
        ref, source = facts.unreadable[0]
        return f"{source} could not be read on {ref}"
    return ""


def _old_data(record: Record, facts: Facts, back: Returned, zone: tzinfo) -> str:
    """What brought back data from before the erasure, matched without doubt; empty when that cannot be said.

    What has no date at all may be the old list or the form of today, whatever the CRM calls it.
    """
    last = facts.inbound
    if back.by == "phone" or back.apart or (last and _since(last, back)):
        return ""
    if facts.anchored is None:
        return ""
    known = facts.anchored.moment.at.astimezone(zone).date()
    return f"{record.origin or 'a restore or a copy'}, as it was known by {known}"
