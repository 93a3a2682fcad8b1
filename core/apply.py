"""The one loop that writes: read again, judge again, intent, write, read back, outcome. Batch by batch, in the plan's order.

Whatever instant it is killed at, `core.recover` and this loop finish the work without doing anything twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from types import MappingProxyType

from core import actions, canonical
from core.actions import FINAL, Action, Clear, Command, Redact, Suppress
from core.brakes import Brakes
from core.connector import AlreadyDone, Changed, Connector, Done, Gone, Receipt, Refused
from core.errors import FAULTS, BadAnswer, PlanRefused, StopCrm
from core.judge import Judge, Known
from core.model import Record, Ref
from core.objections import spread
from core.outcomes import Outcomes, Ticket, word
from core.people import Entry
from core.plan import Item, Plan, items_of, offered
from core.read import Reader, whole
from core.returns import Erasures
from core.schema import Schema
from core.store.store import Store
from core.tally import ENDED, Tally

Step = Callable[[int], None]
_NOBODY: Mapping[str, str] = MappingProxyType({})


class Applier:
    """Applies plans to connectors. `between` is called before each batch: it renews the lock, and may say to stop."""

    def __init__(
        self,
        store: Store,
        connectors: Mapping[str, Connector],
        judge: Judge,
        reader: Reader,
        outcomes: Outcomes,
        limits: Brakes,
        clock: Callable[[], datetime],
        between: Callable[[], bool] = lambda: False,
        step: Step = lambda _: None,
    ) -> None:
        self._store = store
        self._connectors = connectors
        self._judge = judge
        self._reader = reader
        self._outcomes = outcomes
        self._limits = limits
        self._clock = clock
        self._between = between
        self._step = step
        self._schemas: dict[tuple[str, str], Schema] = {}
        self._versions: dict[Ref, str] = {}
        self._finished: set[Ref] = set()
        self._seen_again: frozenset[Ref] = frozenset()
        self._receipts: Counter[tuple[str, str]] = Counter()
        self._stopped: dict[str, str] = {}
        self._asking = ""
        self._gaps: tuple[str, ...] = ()
        self._as_of: datetime | None = None
        self._erasures: Erasures = {}
        self._owed: frozenset[Ref] = frozenset()
        self._unlisted = reader.unlisted()

    def apply(
        self,
        plan: Plan,
        gaps: tuple[str, ...] = (),
        away: Mapping[str, str] = _NOBODY,
        seen: Collection[Ref] = frozenset(),
    ) -> Tally:
        """Does what a stored plan says, from where it stands; `gaps`, `away` and `seen` are those of the latest reading.

        What the plan ended before and is `seen` again has come back. Raises PlanRefused for a CRM that is not connected.
        """
        self._gaps = gaps
        self._seen_again = frozenset(seen)
        self._as_of = plan.what_if
        self._owed = self._unresolved()
        self._unlisted = self._reader.unlisted()
        unknown = {item.ref.crm for item in plan.items} - set(self._connectors)
        if unknown:
            raise PlanRefused(
                f"The plan is for {', '.join(sorted(unknown))}, which is not connected.", "Make a new plan."
            )
        digest = plan.digest
        self._store.plans.close(digest, "applying")
        # As they were before this plan: what it erases itself is nothing that its other records came back from.
        self._erasures = self._store.tombstones.standing(self._clock())
        tally = self._begun(plan, away)
        self._stopped = tally.stopped
        for batch in self._batches(digest, plan.items):
            if self._between():
                tally.left += len(batch)
                continue
            self._guarded(digest, self._free(batch, tally), tally)
            self._step(len(batch))
        tally.listed += self._unlisted.listed
        tally.stopped = self._owing() | tally.stopped
        if not tally.left and not tally.stopped:
            self._end(digest)
        return tally

    def _begun(self, plan: Plan, away: Mapping[str, str]) -> Tally:
        """Adds to the suppression list, before anything else is done, and says where nothing may be written now."""
        entries = self._given(plan.entries)
        listed = self._outcomes.list_entries(entries, self._clock())
        silent = {crm: away[crm] for crm in sorted({item.ref.crm for item in plan.items} & set(away))}
        return Tally(stopped=silent, listed=listed, lapsed=len(plan.entries) - len(entries))

    def _moment(self) -> datetime:
        """When to judge as of: now, unless the plan is a what-if."""
        return self._as_of or self._clock()

    def _given(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those of a plan's entries that still stand, under the current key; one that is listed by now stands too.

        An entry lapses when a record of its person is there and no objection gives it any more (SUP-11), and when it is
        under a key that was retired since: it would match nobody, and lock the store.
        """
        rows = self._store.index.closure(self._store.index.carriers({e.key for e in entries}), self._judge.shared_above)
        people = self._judge.people(rows)
        listed = self._store.suppression.listed_for(rows)
        now = self._clock()
        given = {**listed, **spread(people, listed, now)}
        keys = {key: item.keys for row in rows for item in row.identifiers for key in item.keys}
        return [
            replace(entry, key=keys.get(entry.key, (entry.key,))[0], objected_at=min(entry.objected_at, now))
            for entry in entries
            if any((entry.channel, key) in given for key in keys.get(entry.key, ()))
            or (entry.key not in keys and entry.key.key_id in self._unlisted.live)
        ]

    def _end(self, digest: str) -> None:
        """Closes a plan that is done: what it ended is evidence no longer, and who is gone from everywhere is noted."""
        with self._store.transaction():
            if not self._gaps:
                self._store.tombstones.note_absence(self._finished, self._connectors)
            gone = [row.ref for row in self._store.index.get(sorted(self._finished)) if "anonymised" not in row.ours]
            self._let_go(gone)
            self._store.plans.close(digest, "applied")

    def _owing(self) -> dict[str, str]:
        """The CRMs that owe the outcome of an earlier write: there nothing is destroyed, and its record is not written."""
        owed = sorted(ref for ref in self._owed if ref.crm in self._connectors)
        by_crm = {crm: ", ".join(map(str, group)) for crm, group in groupby(owed, key=lambda ref: ref.crm)}
        way_out = "nothing is destroyed there until it can be read: mend or delete it in the CRM"
        return {
            crm: f"{crm}: an interrupted write could not be looked into yet, on {names}; {way_out}"
            for crm, names in by_crm.items()
        }

    def _free(self, batch: list[tuple[int, Item]], tally: Tally) -> list[tuple[int, Item]]:
        """What of a batch may be written while outcomes are owed: all but their records, and nothing that destroys there."""
        owing = {ref.crm for ref in self._owed}
        free = [(n, it) for n, it in batch if it.ref not in self._owed and not (it.destructive and it.ref.crm in owing)]
        tally.left += len(batch) - len(free)
        return free

    def _batches(self, digest: str, items: Sequence[Item]) -> Iterator[list[tuple[int, Item]]]:
        done = self._store.plans.answered(digest)
        ended = (items[place] for place, receipt in done.items() if receipt in ENDED)
        self._finished |= {item.ref for item in ended if isinstance(item.action, FINAL)} - self._seen_again
        self._versions = {items[place].ref: it for place, it in self._store.plans.versions(digest).items()}
        waiting = [(place, item) for place, item in enumerate(items) if place not in done]
        for (action, crm, _), group in groupby(waiting, key=_lane):
            yield from _pieces(list(group), self._connectors[crm].capabilities.batch.get(action, 1))

    def _guarded(self, digest: str, batch: list[tuple[int, Item]], tally: Tally) -> None:
        if not batch:
            return
        self._asking = batch[0][1].ref.crm
        if self._asking in tally.stopped or (batch[0][1].destructive and (self._gaps or self._failing(self._asking))):
            tally.left += len(batch)
            return
        due = tally.counts.total() + len(batch)
        try:
            self._batch(digest, batch, tally)
        except (StopCrm, BadAnswer) as error:
            tally.stopped[self._asking] = str(error)
        except FAULTS as error:
            tally.stopped[self._asking] = f"{self._asking}: the connector failed ({type(error).__name__})"
        tally.left += due - tally.counts.total()

    def _failing(self, crm: str) -> bool:
        """The brake on errors during apply: too many refusals of a CRM stop what destroys there."""
        refused = self._receipts[crm, "refused"]
        total = sum(count for (name, _), count in self._receipts.items() if name == crm)
        if total < self._limits.error_floor or refused <= self._limits.error_rate * total:
            return False
        most = f"at most {self._limits.error_rate:.0%} may be"
        self._stopped[crm] = f"{crm}: {refused} of {total} writes were refused, {most}"
        return True

    def _batch(self, digest: str, batch: list[tuple[int, Item]], tally: Tally) -> None:
        crm = self._asking
        fresh = self._read(crm, [item.ref for _, item in batch])
        asked = self._asked_now([item for _, item in batch], fresh)
        ending = [item.ref for _, item in batch if isinstance(item.action, FINAL)]
        held = self._unlisted.before_erasing(ending, self._clock())
        tickets: list[tuple[Ticket, Command]] = []
        for place, item in batch:
            record = fresh.get(item.ref)
            action = None if item.ref in held else self._permitted(item, record, asked.get(_matter(item)))
            if record is not None and action is not None:
                ticket = Ticket(digest, place, replace(item, action=action))
                tickets.append((ticket, Command(item.ref, record.version, action)))
                continue
            receipt = Gone() if record is None else Changed()
            self._outcomes.refuse(Ticket(digest, place, item), receipt, self._clock())
            self._count(tally, item, receipt)
        if tickets:
            self._asking = crm
            self._write(self._connectors[crm], tickets, tally)

    def _permitted(self, item: Item, record: Record | None, asked: Item | None) -> Action | None:
        """What to write for an item now; None when it must not be written any more.

        The action is the one just asked for, not the stored one: it is the same to the letter, and it alone knows the
        values that are kept out of a plan. An objection is on its way as long as one of its channels is still open.
        """
        if record is None or asked is None:
            return None
        if isinstance(item.action, Suppress) and isinstance(asked.action, Suppress):
            channels = tuple(c for c in item.action.channels if c in asked.action.channels)
            return Suppress(channels) if channels else None
        if item.destructive and record.version != self._expected(item):
            return None
        return asked.action

    def _expected(self, item: Item) -> str:
        """The version that a record must have: the plan's, or the one that our own earlier write in this plan made."""
        return self._versions.get(item.ref, item.version)

    def _write(self, connector: Connector, batch: list[tuple[Ticket, Command]], tally: Tally) -> None:
        intents = self._outcomes.intend([ticket for ticket, _ in batch], self._clock())
        receipts, broke = self._receive(connector, batch, intents)
        if receipts:
            self._close(connector, batch[: len(receipts)], intents, receipts, tally)
        if broke:
            raise broke

    def _receive(
        self, connector: Connector, batch: list[tuple[Ticket, Command]], intents: list[int]
    ) -> tuple[list[Receipt], Exception | None]:
        """The receipts, each kept as it comes, as nobody gives it twice; and what broke them off, if anything did.

        Raises BadAnswer when they are too few or too many: then nobody can say which is whose.
        """
        receipts: list[Receipt] = []
        try:
            for receipt in connector.apply([command for _, command in batch]):
                if len(receipts) < len(batch):
                    self._outcomes.received(batch[len(receipts)][0], intents[len(receipts)], receipt)
                receipts.append(receipt)
        except (StopCrm, BadAnswer, *FAULTS) as error:
            if len(receipts) <= len(batch):
                return receipts, error
        if len(receipts) != len(batch):
            for (ticket, _), intent in zip(batch, intents, strict=True):
                self._outcomes.received(ticket, intent, None)
            raise BadAnswer(f"{batch[0][1].ref.crm}: {len(receipts)} receipts for {len(batch)} commands")
        return receipts, None

    def _close(
        self,
        connector: Connector,
        batch: list[tuple[Ticket, Command]],
        intents: list[int],
        receipts: list[Receipt],
        tally: Tally,
    ) -> None:
        refs = [ticket.item.ref for ticket, _ in batch]
        after = whole(connector, refs, self._properties(connector, refs[0]))
        for (ticket, command), intent, receipt in zip(batch, intents, receipts, strict=False):
            record = after[ticket.item.ref]
            seen = self._seen(ticket.item.action, receipt, record)
            # Only a write on the version of the plan hands its own on: else somebody's edit would pass as ours.
            expected = command.version == self._expected(ticket.item)
            held = self._outcomes.close(ticket, intent, seen, record, self._clock(), expected=expected)
            self._count(tally, ticket.item, held)
            if record and expected and isinstance(held, Done | AlreadyDone):
                self._versions[ticket.item.ref] = record.version
            if isinstance(ticket.item.action, FINAL) and word(held) in ENDED:
                self._finished.add(ticket.item.ref)
        self._reader.note([record for ref, record in after.items() if record and ref not in self._finished])

    def _seen(self, action: Action, receipt: Receipt, record: Record | None) -> Receipt:
        """The receipt, or Refused when what was to be taken out of a text or a choice is still found there."""
        stripped = isinstance(action, Redact) or (isinstance(action, Clear) and action.places)
        claimed = isinstance(receipt, Done | AlreadyDone) and record is not None
        if stripped and claimed and record and self._judge.still(action, record, self._moment()):
            return Refused("read back: the same is still there")
        return receipt

    def _count(self, tally: Tally, item: Item, receipt: Receipt) -> None:
        tally.counts[actions.name(item.action), word(receipt)] += 1
        self._receipts[item.ref.crm, word(receipt)] += 1

    def _asked_now(self, items: list[Item], fresh: Mapping[Ref, Record | None]) -> dict[str, Item]:
        """What the policies ask for, asked again with everything read again, by what it is about."""
        refs = [ref for ref, record in fresh.items() if record]
        if any(item.destructive for item in items):
            self._refresh_linked(refs)
        now = self._moment()
        people = self._judge.people(self._store.index.closure(refs, self._judge.shared_above))
        listed = self._store.suppression.listed_for(people.rows.values())
        entries = {**listed, **spread(people, listed, now)}
        known = Known(people, entries, self._store.holds.matcher(), self._gaps, self._connectors, self._erasures)
        local = {ref: self._judge.local(record, now) for ref, record in fresh.items() if record}
        able = {crm: connector.capabilities for crm, connector in self._connectors.items()}
        findings = (item for item in self._judge.findings(refs, local, known, now) if offered(item, able))
        return {_matter(item): item for item in items_of(findings)}

    def _refresh_linked(self, refs: Sequence[Ref]) -> None:
        """Reads the other records of the same people again, in every CRM that is connected.

        What this plan has ended is left as it was last seen: it still says when the person was last in contact. So is
        whoever shares only a weak key with them: a switchboard has thousands, and the scan has just read them.
        """
        rows = self._store.index.linked(refs, self._judge.shared_above)
        owing = self._owing()
        linked = sorted({row.ref for row in rows} - set(refs) - self._finished)
        for crm, group in groupby(linked, key=lambda ref: ref.crm):
            if crm in self._connectors:
                self._asking = crm
                if crm in owing:
                    raise StopCrm(owing[crm])
                self._read(crm, list(group))

    def _read(self, crm: str, refs: Sequence[Ref]) -> dict[Ref, Record | None]:
        """Reads records with all that judging them needs, and brings the index up to date."""
        self._asking = crm
        if crm in self._stopped:
            raise StopCrm(self._stopped[crm])
        connector = self._connectors[crm]
        found: dict[Ref, Record | None] = {}
        for _, group in groupby(sorted(refs), key=lambda ref: ref.kind):
            some = list(dict.fromkeys(group))
            found |= whole(connector, some, self._properties(connector, some[0]))
        self._reader.note([record for record in found.values() if record])
        gone = {ref for ref, record in found.items() if record is None}
        if gone:
            self._let_go(sorted(gone - self._unresolved()))
        return found

    def _let_go(self, refs: Sequence[Ref]) -> None:
        """Forgets the rows of records that are gone, once the objections that only they give are on the list."""
        with self._store.transaction():
            kept = self._unlisted.before_forgetting(refs, self._clock())
            self._store.index.forget([ref for ref in refs if ref not in kept])

    def _unresolved(self) -> frozenset[Ref]:
        """Records whose write nobody answered: if it was an erasure, their rows are evidence, and become tombstones."""
        return frozenset(Ref.parse(item.body["ref"]) for item in self._store.ledger.owed("outcome"))

    def _properties(self, connector: Connector, ref: Ref) -> tuple[str, ...]:
        place = (ref.crm, ref.kind)
        if place not in self._schemas:
            self._schemas[place] = connector.schema(ref.kind)
        return self._judge.needs(self._schemas[place])


def _lane(entry: tuple[int, Item]) -> tuple[str, str, str]:
    item = entry[1]
    return actions.name(item.action), item.ref.crm, item.ref.kind


def _pieces(lane: list[tuple[int, Item]], size: int) -> Iterator[list[tuple[int, Item]]]:
    """A lane in batches, none of which names a record twice: the second write would carry a stale version."""
    batch: list[tuple[int, Item]] = []
    for entry in lane:
        if len(batch) == size or entry[1].ref in {item.ref for _, item in batch}:
            yield batch
            batch = []
        batch.append(entry)
    if batch:
        yield batch


def _matter(item: Item) -> str:
    """What must be the same for a finding to be the same: everything but the version; of an objection, whose it is."""
    if isinstance(item.action, Suppress):
        return f"suppress {item.ref}"
    return canonical.dumps(replace(item, version="").body())
