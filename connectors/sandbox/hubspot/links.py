"""Associations between records, kept from both ends (hubspot.md §2.6). Knows no route."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.sandbox.hubspot import records
from connectors.sandbox.hubspot.kinds import DEFAULT_TYPES, PRIMARY_TYPES, Kind, kind_named, opposite_type
from connectors.sandbox.hubspot.portal import Portal

Link = tuple[str, list[int]]


def _store(portal: Portal) -> str:
    return portal.kind("associations")


def _key(start: Kind, start_id: str, end: Kind, end_id: str = "") -> str:
    return f"{start.name}:{start_id}>{end.name}:{end_id}"


def types(portal: Portal, start: Kind, start_id: str, end: Kind, end_id: str) -> list[int]:
    """The types of the association from one record to another; none when there is no association."""
    doc = portal.state.get(_store(portal), _key(start, start_id, end, end_id))
    return list(doc["types"]) if doc else []


def _set(portal: Portal, start: Kind, start_id: str, end: Kind, end_id: str, kept: list[int]) -> None:
    key = _key(start, start_id, end, end_id)
    if kept:
        tags = {"list": [_key(start, start_id, end)], "of": [f"{start.name}:{start_id}"]}
        portal.state.put(_store(portal), key, {"end": end_id, "kind": end.name, "types": kept}, tags)
    else:
        portal.state.delete(_store(portal), key)


def _with_default(start: Kind, end: Kind, given: Iterable[int]) -> list[int]:
    wanted = list(given)
    if PRIMARY_TYPES.get((start.name, end.name)) in wanted:
        wanted.append(DEFAULT_TYPES[start.name, end.name])
    return wanted


def add(portal: Portal, start: Kind, start_id: str, end: Kind, end_id: str, given: Iterable[int]) -> bool:
    """Associates two records; a primary association is an ordinary one too. True when they were not associated.

    Raises Refusal for a type that is not of this pair of kinds.
    """
    before = types(portal, start, start_id, end, end_id)
    after = list(dict.fromkeys([*before, *_with_default(start, end, given)]))
    back = [opposite_type(start, end, type_id) for type_id in after]
    _set(portal, start, start_id, end, end_id, after)
    _set(portal, end, end_id, start, start_id, back)
    return not before


def remove(
    portal: Portal, start: Kind, start_id: str, end: Kind, end_id: str, gone: Iterable[int] | None = None
) -> None:
    """Takes association types away, all of them when none are named."""
    before = types(portal, start, start_id, end, end_id)
    away = set(before if gone is None else gone)
    after = [type_id for type_id in before if type_id not in away]
    _set(portal, start, start_id, end, end_id, after)
    _set(portal, end, end_id, start, start_id, [opposite_type(start, end, type_id) for type_id in after])


def following(portal: Portal, start: Kind, start_id: str, end: Kind) -> Iterator[Link]:
    """The records of a kind that a record is associated with, in the order they were, archived ones left out."""
    for key in portal.state.find(_store(portal), "list", _key(start, start_id, end)):
        doc = portal.state.get(_store(portal), key)
        if doc and portal.state.get(records.live(portal, end), doc["end"]):
            yield doc["end"], doc["types"]


def everything(portal: Portal, kind: Kind, id: str) -> list[tuple[Kind, str, list[int]]]:
    """Every association of a record, those with archived records too."""
    keys = portal.state.find(_store(portal), "of", f"{kind.name}:{id}")
    docs = filter(None, (portal.state.get(_store(portal), key) for key in keys))
    return [(kind_named(doc["kind"]), doc["end"], doc["types"]) for doc in docs]


def label(start: Kind, end: Kind, type_id: int) -> str | None:
    """The label of an association type; the vendor labels only the primary one."""
    return "Primary" if PRIMARY_TYPES.get((start.name, end.name)) == type_id else None


def v3_name(start: Kind, end: Kind, type_id: int) -> str:
    """The name the v3 objects API gives an association type."""
    stem = f"{start.singular}_to_{end.singular}"
    plain = (start.name, end.name) in PRIMARY_TYPES and DEFAULT_TYPES[start.name, end.name] == type_id
    return f"{stem}_unlabeled" if plain else stem
