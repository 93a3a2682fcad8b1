"""One write of some rows, and what became of each: sent, read back, judged. Never repeats a write it has not read back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.salesforce import rows
from connectors.salesforce.client import Client, Rejected, Row
from connectors.salesforce.records import version_of
from core.connector import Changed, Done, Gone, Receipt, Refused
from core.errors import BadAnswer, RepoussoirError, Unreachable

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Want:
    """What a row must be afterwards: these values, or (None) not there. `version` is the one that was read before.

    `refused` names what of the command cannot be done to it, `remains` what the vendor keeps.
    """

    version: str
    values: Mapping[str, Any] | None
    refused: str = ""
    remains: str = ""

    def held_by(self, row: Row | None) -> bool:
        """True when the row is so."""
        if self.values is None or row is None:
            return self.values is None and row is None
        return all(rows.same(row.get(name), value) for name, value in self.values.items())

    def missed_by(self, row: Row) -> str:
        """The names of the fields that are not so."""
        return ", ".join(name for name, value in (self.values or {}).items() if not rows.same(row.get(name), value))


Send = Callable[[Mapping[str, Want]], Mapping[str, rows.Outcome]]


def settle(client: Client, kind: str, wants: Mapping[str, Want], send: Send) -> dict[str, Receipt]:
    """Writes and answers a receipt for every row. Raises what stopped it when rows may or may not be written."""
    pending = dict(wants)
    receipts: dict[str, Receipt] = {}
    said: Mapping[str, rows.Outcome] = {}
    lost: RepoussoirError | None = None
    for _ in range(_TRIES):
        if not pending:
            break
        said, lost = _sent(send, pending)
        after = rows.read(client, kind, pending, _fields(pending))
        settled = {
            one: receipt
            for one, want in pending.items()
            if (receipt := _receipt(want, said.get(one), after[one])) is not None
        }
        receipts.update(settled)
        pending = {one: want for one, want in pending.items() if one not in settled}
    locked = {one for one in pending if one in said and said[one].locked}
    if set(pending) - locked:
        raise lost or BadAnswer(f"{client.crm}: some rows of a write were not answered for")
    return receipts | {one: Refused(said[one].why) for one in locked}


def _fields(wants: Mapping[str, Want]) -> Sequence[str]:
    return sorted({"SystemModstamp", "IsDeleted", *(name for want in wants.values() for name in want.values or ())})


def _sent(send: Send, wants: Mapping[str, Want]) -> tuple[Mapping[str, rows.Outcome], RepoussoirError | None]:
    """The outcomes; none of them, and the error, when the answer to the write was lost."""
    try:
        return send(wants), None
    except Rejected as error:
        return dict.fromkeys(wants, rows.Outcome(False, error.code, error.code or "refused as a whole")), None
    except (Unreachable, BadAnswer) as error:
        return {}, error


def _receipt(want: Want, said: rows.Outcome | None, after: Row | None) -> Receipt | None:
    """What became of a row, from the answer and from the row itself; None when nothing did and nothing was answered."""
    if after is None and said is not None and said.gone:
        # Somebody else was first: a user, or a merge whose winner the person lives on in (§5).
        return Gone()
    if want.held_by(after):
        version = version_of(after) if after else None
        return Refused(want.refused) if want.refused else Done(version, want.remains)
    if after is None:
        return Gone()
    if said is None or said.locked:
        return None if version_of(after) == want.version else Changed()
    missed = f"the CRM did not keep it: {want.missed_by(after)}" if want.values else "it is still there"
    return Refused(missed if said.ok else said.why)
