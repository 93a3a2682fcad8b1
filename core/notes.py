"""Audit notes: one on each record that a decision left in its CRM, one a run on the anchor for those it erased.

A note says which ledger entry, which rule, when, and what was done by name; never a value, a subject key, or the ref of an
erased person (DESIGN §6 "Notes").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from itertools import groupby

from core.actions import Annotate, Command, Note
from core.connector import Connector, Gone, Receipt
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


def anchor_note(store: Store, connector: Connector, anchor: Ref, after: int, now: datetime) -> None:
    """Writes the note about the people erased from one CRM since a place in the ledger; none when there were none."""
    erased: Counter[str] = Counter()
    places: list[int] = []
    for entry in store.ledger.entries(after):
        done = entry.kind == "outcome" and entry.body["receipt"] == "done"
        if done and entry.body["action"]["do"] in {"erase", "bin"} and Ref.parse(entry.body["ref"]).crm == anchor.crm:
            erased[entry.body["rule"]] += 1
            places.append(entry.seq)
    if not places:
        return
    rules = ", ".join(f"{count} by {rule}" for rule, count in sorted(erased.items()))
    id = f"L{places[0]}-L{places[-1]}"
    text = f"GDPR policy applied by Repoussoir on {now.date()}: {sum(erased.values())} erased ({rules}). Ledger {id}."
    receipt = next(iter(connector.apply([Command(anchor, "", Annotate(Note(id, text, now.date())))])))
    store.ledger.append(
        now, "note", {"anchor": str(anchor), "range": [places[0], places[-1]], "receipt": word(receipt)}
    )
