"""The jobs themselves, as the command line and the scheduler both call them: plan, apply, run. No printing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations

from cli.runtime import Runtime
from core import canonical
from core.errors import BadAnswer, ConfigError, PlanRefused, StopCrm
from core.judge import Judge
from core.model import Ref
from core.notes import anchor_notes, write_notes
from core.outcomes import Outcomes
from core.plan import Plan
from core.propose import propose
from core.read import Progress, Reading
from core.recover import recover
from core.store.plans import Kept
from core.store.runs import Lock
from core.tally import Tally

Step = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to. `waiting` is the plan whose destructive part waits for approval, if there is one.

    `head` is where the ledger ended.
    """

    plan: Plan
    tally: Tally
    gaps: tuple[str, ...]
    waiting: Plan | None = None
    recovered: int = 0
    head: str = ""


def read(work: Runtime, progress: Progress, now: datetime) -> Reading:
    """Scans the CRMs of this command; those left out count as not read."""
    reading = work.reader(progress).read(work.connectors, now)
    reading.gaps += work.gaps
    return reading


def make_plan(
    work: Runtime, progress: Progress, what_if: datetime | None = None, only: tuple[str, ...] = ()
) -> tuple[Plan, Reading]:
    """Reads, judges and stores a plan. `only` keeps the findings of some policies; `what_if` judges as of another moment."""
    now = what_if or work.tools.now()
    judge = narrowed_to(work.judge, only)
    narrowed = replace(work, judge=judge)
    with work.writing():
        work.reader().confirm(work.connectors)
        reading = read(narrowed, progress, now)
        plan = propose(work.store, judge, work.connectors, reading, work.config.brakes.brakes(), now)
        plan = replace(plan, what_if=what_if, made_at=work.tools.now())
        keep(work, plan)
    return plan, reading


def narrowed_to(judge: Judge, only: tuple[str, ...]) -> Judge:
    """The judge with some of its policies, under a version of its own; as it is when none is named. Raises ConfigError."""
    known = [policy.name for policy in judge.policies]
    for name in only:
        if name not in known:
            raise ConfigError(f"There is no policy {name!r} in force.", f"In force are: {', '.join(known)}.")
    if not only:
        return judge
    policies = tuple(item for item in judge.policies if item.name in only)
    return replace(judge, policies=policies, version=canonical.digest(judge.version, *sorted(set(only))))


def versions(judge: Judge) -> set[str]:
    """The version of the policies in force, and those of plans that were narrowed to some of them."""
    names = sorted(policy.name for policy in judge.policies)
    parts = (some for size in range(1, len(names) + 1) for some in combinations(names, size))
    return {judge.version, *(canonical.digest(judge.version, *some) for some in parts)}


def keep(work: Runtime, plan: Plan) -> None:
    """Stores a plan until its time is over."""
    work.store.plans.keep(plan, work.config.plan.ttl.after(plan.made_at))


def apply_plan(work: Runtime, kept: Kept, approver: str, progress: Progress, step: Step) -> Result:
    """Applies a stored plan after a fresh reading. Raises PlanRefused when it may not be applied."""
    now = work.tools.now()
    permit(work, kept, approver, now)
    with work.writing() as lock:
        recovered = recovery(work, now)
        reading = read(work, progress, now)
        same_accounts(kept.plan, reading)
        if approver:
            approve(work, kept.plan, approver, now)
        tally = applied(work, kept.plan, reading, lock, step)
        if kept.plan.destructive and not tally.left:
            work.store.plans.see_policy(kept.plan.policy, now)
    return Result(kept.plan, tally, reading.gaps_for(kept.plan), recovered=recovered, head=work.store.ledger.head())


def permit(work: Runtime, kept: Kept, approver: str, now: datetime) -> None:
    """Raises PlanRefused unless a plan may be applied now."""
    plan, short = kept.plan, kept.plan.digest[:12]
    if plan.what_if and not work.on_sandbox:
        raise PlanRefused("A plan made with --now is a what-if and cannot be applied.", "Make one without --now.")
    if kept.status == "applied":
        raise PlanRefused(f"The plan {short} was applied already.", "Make a new one with `repoussoir plan`.")
    if now > kept.expires_at:
        raise PlanRefused(f"The plan {short} expired on {kept.expires_at:%Y-%m-%d %H:%M} UTC.", "Make a new one.")
    if plan.policy not in versions(work.judge):
        raise PlanRefused(
            "The policies were changed after this plan was made.", "Make a new one with `repoussoir plan`."
        )
    if plan.trips and not (approver or kept.approved_by):
        why = "; ".join(f"{trip.brake}: {trip.because}" for trip in plan.trips)
        raise PlanRefused(
            f"Brakes stop this plan: {why}.", f"If it is right: repoussoir apply {short} --approve-as NAME"
        )


def same_accounts(plan: Plan, reading: Reading) -> None:
    """Raises PlanRefused when a CRM answers as another account than the plan was made for."""
    for crm, account in reading.accounts.items():
        if plan.accounts.get(crm, account.id) != account.id:
            raise PlanRefused(f"The plan is for another account of {crm}.", "Make a new one with `repoussoir plan`.")


def approve(work: Runtime, plan: Plan, approver: str, now: datetime) -> None:
    """Writes down who approved which digest; a sudden loss that stopped the plan is accepted with it."""
    with work.store.transaction():
        for trip in plan.trips:
            if trip.lost:
                work.store.index.accept(*trip.lost)
        work.store.plans.approve(plan.digest, approver, now)
        work.store.ledger.append(now, "approval", {"plan": plan.digest, "by": approver})


def run(work: Runtime, progress: Progress, step: Step) -> Result:
    """The whole job: read, finish what was interrupted, plan, apply what no brake stops, keep the rest for approval."""
    now = work.tools.now()
    with work.writing() as lock:
        recovered = recovery(work, now)
        reading = read(work, progress, now)
        interrupted = work.store.plans.unfinished()
        resumed = resume(work, interrupted, reading, lock, step, now)
        if interrupted:
            resumed.listed += reading.listed
            reading = read(work, progress, now)
        plan = propose(work.store, work.judge, work.connectors, reading, work.config.brakes.brakes(), now)
        allowed, waiting = divide(plan)
        if waiting:
            keep(work, waiting)
        keep(work, allowed)
        tally = applied(work, allowed, reading, lock, step)
        if waiting:
            work.store.plans.hand_on(allowed.digest, waiting.digest)
        work.store.tombstones.purge(now)
    tally.take(resumed)
    # What an interrupted plan left is in the new one as well, as far as it is still due.
    tally.left = max(tally.left, resumed.left)
    return Result(plan, tally, tuple(reading.gaps), waiting, recovered, work.store.ledger.head())


def divide(plan: Plan) -> tuple[Plan, Plan | None]:
    """A plan as the part that no brake stops and the part that waits; None when nothing waits.

    While objections wait nobody is destroyed either: erased off the list, an objector would come back unknown.
    """
    stopped = {trip.stops for trip in plan.trips}
    waits = plan.items if "suppression" in stopped else plan.destructive if stopped else ()
    entries = plan.entries if "suppression" in stopped else ()
    held = set(map(id, waits))
    allowed = replace(
        plan,
        items=tuple(item for item in plan.items if id(item) not in held),
        entries=() if entries else plan.entries,
        trips=(),
    )
    return allowed, replace(plan, items=tuple(waits), entries=entries) if waits or entries else None


def resume(
    work: Runtime, interrupted: Sequence[Kept], reading: Reading, lock: Lock, step: Step, now: datetime
) -> Tally:
    """Finishes the plans that were being applied when a run was interrupted, as far as they are still good.

    Must come after a reading: what it shows, and what it could not, counts for them as for a new plan.
    """
    total = Tally()
    for kept in interrupted:
        dreamt = kept.plan.what_if and not work.on_sandbox
        if dreamt or now > kept.expires_at or kept.plan.policy not in versions(work.judge):
            work.store.plans.close(kept.plan.digest, "expired")
            continue
        same_accounts(kept.plan, reading)
        tally = written(work, kept.plan, reading, lock, step)
        total.take(tally)
        total.left += tally.left
    return total


def recovery(work: Runtime, now: datetime) -> int:
    """Settles what an interrupted run left, where the CRMs say who they are; answers how many writes. Raises WrongAccount."""
    sure = work.reader().confirm(work.connectors)
    return recover(work.store, sure, work.judge, Outcomes(work.store), now)


def applied(work: Runtime, plan: Plan, reading: Reading, lock: Lock, step: Step) -> Tally:
    """Applies a stored plan by a reading, and does what is due after a run."""
    tally = written(work, plan, reading, lock, step)
    tally.listed += reading.listed
    finish(work, tally, reading)
    return tally


def written(work: Runtime, plan: Plan, reading: Reading, lock: Lock, step: Step) -> Tally:
    """Applies a stored plan by a reading. Whoever is written to is remembered: our marks are of that account alone."""
    for crm in {item.ref.crm for item in plan.items} & set(reading.accounts):
        work.store.accounts.remember(crm, reading.accounts[crm].id, work.tools.now())
    return work.applier(lock, step).apply(plan, reading.gaps_for(plan), reading.away, reading.seen)


def finish(work: Runtime, tally: Tally, reading: Reading) -> None:
    """The notes that are owed, those about erased people on each anchor, and what moves to the current key.

    An anchor begins with its first run: whom earlier ones erased is in the ledger alone.
    """
    now = work.tools.now()
    sure = {crm: connector for crm, connector in work.connectors.items() if crm in reading.accounts}
    tally.stopped |= write_notes(work.store, sure, now)
    work.store.ledger.release_anchors(work.anchors)
    for crm, anchor in work.anchors.items():
        if crm in sure and crm not in tally.stopped:
            _anchor(work, crm, anchor, tally, now)
    if len(work.keyring.ids) > 1:
        work.store.rekey(work.keyring.ids, now)


def _anchor(work: Runtime, crm: str, anchor: Ref, tally: Tally, now: datetime) -> None:
    try:
        anchor_notes(work.store, work.connectors[crm], anchor, now)
    except (StopCrm, BadAnswer) as error:
        tally.stopped[crm] = str(error)
