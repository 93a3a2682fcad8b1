"""Erase: the contact's own children first, a last look, then gdpr-delete by id, one call each (§2.4). There is no way back.

A child that two of a batch share goes with the later one, once the other has gone: one that stays keeps what is theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from connectors.hubspot.answers import Json, Rejected
from connectors.hubspot.children import Children, kinds
from connectors.hubspot.client import Client, chunks
from connectors.hubspot.evidence import CONTACTS, Evidence, Look
from connectors.hubspot.records import version
from connectors.hubspot.writing import judged
from core.actions import Command, Erase
from core.connector import Changed, Done, Gone, Receipt, Refused
from core.errors import BadAnswer, Unreachable

PURGED = "HubSpot takes up to 30 days to purge; opt-outs stay with the address, exports made before stay where they are"
_TRIES = 3
# An erased contact is one call: this many of them at most between the last look at a contact and its purge.
_SURE = 50


def erase(
    client: Client, evidence: Evidence, batch: Sequence[Command], cascade: tuple[str, ...] = ()
) -> Iterator[Receipt]:
    """Erases some contacts, receipts in order, each given as soon as it is known."""
    whole = any(_along(command, cascade) for command in batch)
    children = Children(client, evidence, evidence.look([command.ref.id for command in batch], whole=whole))
    for place, run in enumerate(_apart(batch, cascade, children.before)):
        told = {item.ref.id: judged(item, children.before.rows.get(item.ref.id), lambda *_: {}) for item in run}
        due = [command for command in run if isinstance(told[command.ref.id], Mapping)]
        if place:
            children.look_again([command.ref.id for command in due])
        _cascade(children, due, cascade)
        for part in chunks(run, _SURE):
            after = evidence.look([command.ref.id for command in part if command in due], whole=whole)
            for command in part:
                first = told[command.ref.id]
                yield _final(client, command.ref.id, children, after) if isinstance(first, Mapping) else first


def _apart(batch: Sequence[Command], cascade: tuple[str, ...], before: Look) -> Iterator[list[Command]]:
    """The batch in runs in which no two contacts share a child."""
    run: list[Command] = []
    seen: set[tuple[str, str]] = set()
    for command in batch:
        along = kinds(_along(command, cascade))
        mine = {(kind, child) for kind in along for child in before.children[kind].get(command.ref.id, ())}
        if mine & seen:
            yield run
            run, seen = [], set()
        run.append(command)
        seen |= mine
    if run:
        yield run


def _along(command: Command, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """The children that a command takes along: those it names, or those of the configuration."""
    assert isinstance(command.action, Erase)
    return command.action.cascade or otherwise


def _final(client: Client, id: str, children: Children, after: Look) -> Receipt:
    """Merged away meanwhile, the contact's id would take the survivor along; written to, it is not what was judged."""
    row, taken = after.rows.get(id), children.taken(id)
    if row is None:
        return Gone(taken)
    return Changed(taken) if children.moved(id, after) else _purge(client, row, taken)


def _purge(client: Client, row: Json, taken: str) -> Receipt:
    """Whether an unknown id is 404 or 204 is not settled (§14): what counts is whether the contact is there.

    A call is repeated only once the very contact was seen still to be there, and the same: merged away meanwhile, its id
    would take the survivor along.
    """
    id = str(row["id"])
    for left in range(_TRIES - 1, -1, -1):
        try:
            client.purge(id)
        except Rejected as error:
            why = "; ".join(filter(None, [error.why, taken]))
            return Refused(why) if client.read(CONTACTS, [id], ()) else Gone(taken)
        except (Unreachable, BadAnswer):
            there = client.read(CONTACTS, [id], ()).get(id)
            if there is None:
                break
            if version(there) != version(row):
                return Changed(taken)
            if not left:
                raise
        else:
            break
    return Done(remains="; ".join(filter(None, [PURGED, taken])))


def _cascade(children: Children, due: Iterable[Command], otherwise: tuple[str, ...]) -> None:
    """Takes the children of each command along, those that name the same ones together."""
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for command in due:
        alike[_along(command, otherwise)].append(command.ref.id)
    for cascade, ids in alike.items():
        children.take(ids, cascade)
