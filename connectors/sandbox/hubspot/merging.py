"""Merging two records into a new one (hubspot.md §2.4): a third id, to which both old ids lead."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.hubspot import consent, links, records, view
from connectors.sandbox.hubspot.access import Call, Route, object_scopes
from connectors.sandbox.hubspot.errors import invalid, not_found
from connectors.sandbox.hubspot.kinds import CONTACTS, Kind
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.records import Doc
from connectors.sandbox.wire import Response


def _merge(call: Call, kind: Kind) -> Response:
    if kind.engagement:
        raise invalid(f"Merging is not supported for {kind.name}")
    body = call.body()
    first = _record(call, kind, body.get("primaryObjectId"))
    second = _record(call, kind, body.get("objectIdToMerge"))
    if first[0] == second[0]:
        raise invalid("A record cannot be merged with itself")
    id, doc = _join(call.portal, kind, first, second)
    return Response(200, view.show(call.portal, kind, id, doc, view.fields(call, kind)))


def _record(call: Call, kind: Kind, id: Any) -> tuple[str, Doc]:
    found = records.fetch(call.portal, kind, str(id)) if id else None
    if found is None:
        raise not_found()
    return found


def _join(portal: Portal, kind: Kind, first: tuple[str, Doc], second: tuple[str, Doc]) -> tuple[str, Doc]:
    new = records.fresh_id(portal, kind)
    doc: Doc = {
        "properties": _values(kind, first, second) | {"hs_object_id": new},
        "history": second[1].get("history", {}) | first[1].get("history", {}),
    }
    now = portal.now()
    doc["properties"] |= {kind.modified: now, "hs_lastmodifieddate": now}
    if kind == CONTACTS:
        doc["properties"] |= _optouts(portal, doc)
    for old, _ in (first, second):
        _move_links(portal, kind, old, new)
        records.forget(portal, kind, old)
        records.redirect(portal, kind, old, new)
    records.save(portal, kind, new, doc, None)
    return new, doc


def _values(kind: Kind, first: tuple[str, Doc], second: tuple[str, Doc]) -> dict[str, str]:
    """The first record's values, the second's where it has none; all ids and addresses are kept."""
    ours, theirs = first[1]["properties"], second[1]["properties"]
    merged = [ours.get("hs_merged_object_ids"), theirs.get("hs_merged_object_ids"), first[0], second[0]]
    values = {**theirs, **ours, "hs_merged_object_ids": ";".join(filter(None, merged))}
    values[kind.created] = min(ours[kind.created], theirs[kind.created])
    if kind == CONTACTS:
        primary, *others = dict.fromkeys([*records.emails(first[1]), *records.emails(second[1])]) or [""]
        values |= {"email": primary, "hs_additional_emails": ";".join(others)}
    return {name: value for name, value in values.items() if value}


def _optouts(portal: Portal, doc: Doc) -> dict[str, str]:
    driven = consent.flags(portal, doc["properties"].get("email", ""))
    for name in driven:
        doc["properties"].pop(name, None)
    return {name: value for name, value in driven.items() if value}


def _move_links(portal: Portal, kind: Kind, old: str, new: str) -> None:
    for end, end_id, types in links.everything(portal, kind, old):
        links.remove(portal, kind, old, end, end_id)
        links.add(portal, kind, new, end, end_id, types)


ROUTES = (Route("POST", "/crm/v3/objects/{kind}/merge", _merge, object_scopes("write"), write=True),)
