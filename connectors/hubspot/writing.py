"""Writing properties by batch/update, row by row sure: what the answer leaves open is read back (§2.3, §2.5).

A whole call is refused for one bad row, a row may be in neither list of a 207, a write may be ignored silently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from connectors.hubspot.answers import Answer, Json, Rejected
from connectors.hubspot.client import Client
from connectors.hubspot.records import values, version
from core.actions import Command
from core.connector import AlreadyDone, Changed, Done, Gone, Receipt, Refused
from core.errors import BadAnswer, RepoussoirError, Unreachable

Values = Mapping[str, str]
Plan = Callable[[Command, Json], Receipt | Values]
_TRIES = 3


def revise(client: Client, kind: str, batch: Sequence[Command], names: Sequence[str], plan: Plan) -> Iterator[Receipt]:
    """Re-reads the records, and writes what `plan` says to those that are still the version that was judged.

    `plan` answers the values to write (the empty text clears), or a receipt when there is nothing to write. State comes
    before version, so that the same batch twice is AlreadyDone and not Changed.
    """
    rows = client.read(kind, [command.ref.id for command in batch], names)
    planned = {command.ref.id: judged(command, rows.get(command.ref.id), plan) for command in batch}
    wanted = {id: told for id, told in planned.items() if isinstance(told, Mapping)}
    receipts = {**planned, **write(client, kind, wanted)}
    for command in batch:
        receipt = receipts[command.ref.id]
        assert not isinstance(receipt, Mapping), "write() answers every record"
        yield receipt


def judged(command: Command, row: Json | None, plan: Plan) -> Receipt | Values:
    """What is to be done to one record as it is now."""
    if row is None:
        return Gone()
    told = plan(command, row)
    if isinstance(told, AlreadyDone | Refused):
        return told
    return told if version(row) == command.version else Changed()


def write(client: Client, kind: str, wanted: Mapping[str, Values]) -> dict[str, Receipt]:
    """Writes values, at most 100 records, and answers a receipt for each by its id.

    Raises Unreachable or BadAnswer when it cannot be told whether a write took effect.
    """
    if not wanted:
        return {}
    doubt: RepoussoirError | None = None
    answer = Answer((), ())
    try:
        answer = client.update(kind, [{"id": id, "properties": dict(told)} for id, told in wanted.items()])
    except Rejected as error:
        return _one_by_one(client, kind, wanted, error)
    except (Unreachable, BadAnswer) as error:
        doubt = error
    rows = {str(row.get("id")): row for row in answer.rows}
    sure: dict[str, Receipt] = {
        id: Done(rows[id].get("updatedAt")) for id, told in wanted.items() if _confirms(rows.get(id), told)
    }
    unsure = {id: told for id, told in wanted.items() if id not in sure}
    return sure | _settled(client, kind, unsure, answer, doubt)


def surely(send: Callable[[list[str]], None], ids: list[str], again: Callable[[list[str]], list[str]]) -> None:
    """Removes something of each of `ids`. What failed halfway is not sent again but for those that `again` still answers.

    `again` must read back which of them are there, unchanged and without the effect (ADR 0007). Raises what the last try
    raised, and what HubSpot rejects at once.
    """
    for left in range(_TRIES - 1, -1, -1):
        if not ids:
            return
        try:
            send(ids)
        except Rejected:
            raise
        except (Unreachable, BadAnswer):
            ids = again(ids)
            if ids and not left:
                raise
        else:
            return


def _one_by_one(client: Client, kind: str, wanted: Mapping[str, Values], error: Rejected) -> dict[str, Receipt]:
    """One bad row refuses the whole call: each record is written alone, and only the bad ones are refused."""
    if len(wanted) == 1:
        return {id: Refused(error.why) for id in wanted}
    found: dict[str, Receipt] = {}
    for id, told in wanted.items():
        found |= write(client, kind, {id: told})
    return found


def _settled(
    client: Client, kind: str, unsure: Mapping[str, Values], answer: Answer, doubt: RepoussoirError | None
) -> dict[str, Receipt]:
    """The receipts of records that the answer did not confirm, by reading them back."""
    names = sorted({name for told in unsure.values() for name in told})
    rows = client.read(kind, unsure, names) if unsure else {}
    found: dict[str, Receipt] = {}
    for id, told in unsure.items():
        row = rows.get(id)
        if row is None:
            found[id] = Gone()
        elif not (differing := _differing(row, told)):
            found[id] = Done(version(row))
        elif doubt:
            raise doubt
        else:
            found[id] = Refused(answer.error_of("ids", id) or f"not taken: {', '.join(differing)}")
    return found


def _confirms(row: Json | None, wanted: Values) -> bool:
    """True when the answer to a write shows every value that was written."""
    return row is not None and not wanted.keys() - (row.get("properties") or {}).keys() and not _differing(row, wanted)


def _differing(row: Json, wanted: Values) -> list[str]:
    """The properties that hold another value; runs of blanks count as one, since HubSpot trims."""
    shown = values(row)
    return [name for name, value in wanted.items() if _folded(shown.get(name, "")) != _folded(value)]


def _folded(text: str) -> str:
    return " ".join(text.split())
