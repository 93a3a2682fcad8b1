"""Audit notes: one on each record that a decision left in its CRM, one a run on the anchor for those it erased.

A note says which ledger entry, which rule, when, and what was done by name; never a value, a subject key, or the ref of an
erased person (DESIGN §6 "Notes").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from itertools import groupby

from core.actions import Annotate, Command, Note
from core.connector import AlreadyDone, Connector, Done, Gone, Receipt
from core.errors import BadAnswer, StopCrm
from core.model import Ref
from core.outcomes import word
from core.read import whole
from core.store.ledger import Owed
from core.store.store import Store


def write_notes(store: Store, connectors: Mapping[str, Connector], now: datetime) -> dict[str, str]:
    """Writes every note that is owed to a connected CRM; answers why a CRM was stopped, if one was."""
    stopped: dict[str, str] = {}
    for crm, connector in connectors.items():
        try:
            _for_crm(store, crm, connector, now)
        except (StopCrm, BadAnswer) as error:
            stopped[crm] = str(error)
    return stopped


def _for_crm(store: Store, crm: str, connector: Connector, now: datetime) -> None:
    kinds = connector.capabilities.actions.get("annotate", ())
    owed = [item for item in store.ledger.owed("note", crm) if Ref.parse(item.body["ref"]).kind in kinds]
    size = connector.capabilities.batch.get("annotate", 1)
    for _, group in groupby(sorted(owed, key=_kind), key=_kind):
        lane = list(group)
        for start in range(0, len(lane), size):
            _write(store, connector, lane[start : start + size], now)


def _kind(owed: Owed) -> str:
    return Ref.parse(owed.body["ref"]).kind


def _write(store: Store, connector: Connector, batch: list[Owed], now: datetime) -> None:
    refs = [Ref.parse(item.body["ref"]) for item in batch]
    found = whole(connector, list(dict.fromkeys(refs)))
    lines = [store.ledger.get(item.seq) for item in batch]
    due = [
        (item, Command(ref, "", Annotate(_note(item, line.id, line.at))))
        for item, ref, line in zip(batch, refs, lines, strict=True)
        if line and found[ref] is not None
    ]
    answers = list(connector.apply([command for _, command in due]))
    if len(answers) != len(due):
        raise BadAnswer(f"{refs[0].crm}: {len(answers)} receipts for {len(due)} notes")
    receipts = {item.seq: answer for (item, _), answer in zip(due, answers, strict=True)}
    with store.transaction():
        for item in batch:
            receipt: Receipt = receipts.get(item.seq, Gone())
            store.ledger.append(now, "note", {"outcome": item.seq, "ref": item.body["ref"], "receipt": word(receipt)})
            store.ledger.settle(item.seq)


def _note(owed: Owed, id: str, at: datetime) -> Note:
    text = (
        f"GDPR policy applied by Repoussoir on {at.date()}: {owed.body['did']}. Rule {owed.body['rule']}. Ledger {id}."
    )
    return Note(id, text, at.date())


def anchor_notes(store: Store, connector: Connector, anchor: Ref, now: datetime) -> None:
    """Writes the notes about the people erased from one CRM, of whom none tells yet; none when there are none.

    A note that is not known to be there stays owed as it is, so that its id finds it again. Raises BadAnswer when the
    anchor takes none.
    """
    _gather(store, anchor.crm, now)
    for owed in store.ledger.owed("anchor", anchor.crm):
        receipt = next(iter(connector.apply([Command(anchor, "", Annotate(_erased(owed)))])))
        if not isinstance(receipt, Done | AlreadyDone):
            raise BadAnswer(f"{anchor.crm}: the audit anchor {anchor} takes no note ({word(receipt)})")
        with store.transaction():
            body = {"anchor": str(anchor), "range": owed.body["range"], "receipt": word(receipt)}
            store.ledger.append(now, "note", body)
            store.ledger.settle(owed.seq)


def _gather(store: Store, crm: str, now: datetime) -> None:
    """Makes one note of the erasures of a CRM that are in none; they follow those of the last one."""
    with store.transaction():
        erased = store.ledger.owed("erasure", crm)
        last = store.ledger.get(erased[-1].seq) if erased else None
        if last:
            rules = Counter(item.body["rule"] for item in erased)
            body = {"range": [erased[0].seq, last.seq], "rules": dict(rules), "on": now.date().isoformat()}
            store.ledger.release(crm, "erasure")
            store.ledger.owe(last, "anchor", crm, body)


def _erased(owed: Owed) -> Note:
    rules, (first, last), on = owed.body["rules"], owed.body["range"], owed.body["on"]
    id, counts = f"L{first}-L{last}", ", ".join(f"{count} by {rule}" for rule, count in sorted(rules.items()))
    text = f"GDPR policy applied by Repoussoir on {on}: {sum(rules.values())} erased ({counts}). Ledger {id}."
    return Note(id, text, date.fromisoformat(on))
