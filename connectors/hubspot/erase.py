"""Erase: the contact's own children first, a last look, then gdpr-delete by id, one call each (§2.4). There is no way back.

A child that is also linked to another person, company, deal or ticket stays: only its link goes, and the receipt says so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from connectors.hubspot.answers import Json, Rejected
from connectors.hubspot.client import Client, chunks
from connectors.hubspot.evidence import Evidence, Look, differs
from connectors.hubspot.records import values, version
from connectors.hubspot.writing import judged
from core.actions import Command, Erase
from core.connector import Changed, Done, Gone, Receipt, Refused
from core.errors import BadAnswer, Unreachable

CONTACTS = "contacts"
PURGED = "HubSpot takes up to 30 days to purge; opt-outs stay with the address, exports made before stay where they are"
CHILDREN: Mapping[str, tuple[str, ...]] = {
    "notes": ("notes",),
    "activities": ("calls", "tasks", "meetings"),
    "emails": ("emails",),
}
OWNERS = ("companies", "deals", "tickets")
ATTACHED = "hs_attachment_ids"
# Files that are not shown in the file manager, where others could use them.
_HIDDEN = "HIDDEN_"
_TRIES = 3
# An erased contact is one call: this many of them at most between the last look at a contact and its purge.
_SURE = 50
_BINNED = "in the recycle bin for 90 days"
_SHARED = "kept with other records, link removed"

Deeds = dict[str, Counter[str]]


def erase(
    client: Client, evidence: Evidence, batch: Sequence[Command], cascade: tuple[str, ...] = ()
) -> Iterator[Receipt]:
    """Erases some contacts, receipts in order, each given as soon as it is known."""
    whole = any(_along(command, cascade) for command in batch)
    before = evidence.look([command.ref.id for command in batch], whole=whole)
    told = {command.ref.id: judged(command, before.rows.get(command.ref.id), lambda *_: {}) for command in batch}
    due = {command.ref.id: command for command in batch if isinstance(told[command.ref.id], Mapping)}
    deeds = _cascade(client, due.values(), cascade, before)
    for part in chunks(batch, _SURE):
        after = evidence.look([command.ref.id for command in part if command.ref.id in due], whole=whole)
        for command in part:
            first = told[command.ref.id]
            yield _final(client, command, before, after, deeds) if isinstance(first, Mapping) else first


def _along(command: Command, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """The children that a command takes along: those it names, or those of the configuration."""
    assert isinstance(command.action, Erase)
    return command.action.cascade or otherwise


def _final(client: Client, command: Command, before: Look, after: Look, deeds: Deeds) -> Receipt:
    """Merged away meanwhile, the contact's id would take the survivor along; written to, it is not what was judged."""
    id = command.ref.id
    row, done = after.rows.get(id), deeds.get(id, Counter())
    taken = "; ".join(f"{count} {what}" for what, count in sorted(done.items()))
    if row is None:
        return Gone(taken)
    if (not done and version(row) != command.version) or differs(before, after, id):
        return Changed(taken)
    return _purge(client, row, taken)


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


def _cascade(client: Client, due: Iterable[Command], otherwise: tuple[str, ...], before: Look) -> Deeds:
    """Removes the children that each command takes along; answers what was done, by contact."""
    deeds: Deeds = defaultdict(Counter)
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for command in due:
        alike[_along(command, otherwise)].append(command.ref.id)
    for cascade, ids in alike.items():
        for kind in (kind for name in CHILDREN if name in cascade for kind in CHILDREN[name]):
            _take(client, kind, {id: before.children[kind][id] for id in ids}, deeds, files="files" in cascade)
    return deeds


def _take(client: Client, kind: str, linked: Mapping[str, list[str]], deeds: Deeds, *, files: bool) -> None:
    """One kind of children of some contacts: their files, then their own ones, then the links of shared ones."""
    parents: dict[str, set[str]] = defaultdict(set)
    for id, found in linked.items():
        for child in found:
            parents[child].add(id)
    own = _own(client, kind, parents, set(linked))
    if files:
        _files(client, kind, own, parents, deeds)
    client.archive(kind, sorted(own))
    client.unlink(CONTACTS, kind, [(id, child) for id, found in linked.items() for child in found if child not in own])
    for child, people in parents.items():
        what = _SHARED if child not in own else "deleted for good" if kind == "emails" else _BINNED
        for id in people:
            deeds[id][f"{kind} {what}"] += 1


def _own(client: Client, kind: str, parents: Mapping[str, set[str]], leaving: set[str]) -> set[str]:
    """The children that belong to nobody but contacts that are erased in this very batch."""
    if not parents:
        return set()
    people = client.links(kind, CONTACTS, parents)
    owned = [client.links(kind, owner, parents) for owner in OWNERS]
    return {
        child
        for child, known in parents.items()
        if known <= set(people[child]) <= leaving and not any(links[child] for links in owned)
    }


def _files(client: Client, kind: str, own: Iterable[str], parents: Mapping[str, set[str]], deeds: Deeds) -> None:
    """Deletes what is attached to children that go; they go after it, since they are all that leads to it."""
    for child, row in client.read(kind, sorted(own), (ATTACHED,)).items():
        for file in values(row).get(ATTACHED, "").split(";"):
            if file.strip().isdecimal():
                what = (
                    "files deleted, purged within 7 days"
                    if _delete(client, file.strip())
                    else "files kept: not private"
                )
                for id in parents[child]:
                    deeds[id][what] += 1


def _delete(client: Client, file: str) -> bool:
    """Deletes a file for good unless it may be used elsewhere; one that is gone already counts as deleted."""
    try:
        told = client.call("files.read", client.files.get_by_id, file, safe=True)
        if not isinstance(told, dict) or not str(told.get("access", "")).startswith(_HIDDEN):
            return False
        client.call("files.gdpr_delete", client.files.delete, file, safe=True)
    except Rejected as error:
        if error.status != 404:
            raise
    return True
