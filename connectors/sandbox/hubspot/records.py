"""Records as they are stored: values, history, stamps, the bin and merged ids (hubspot.md §2). Knows no route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.hubspot import derived, schema
from connectors.sandbox.hubspot.kinds import CONTACTS, KINDS, Kind
from connectors.sandbox.hubspot.portal import Portal

Doc = dict[str, Any]

APP = {"hs_object_source": "INTEGRATION", "hs_object_source_id": "4242", "hs_object_source_label": "INTEGRATION"}
_FIRST_IDS = {kind.name: 101 + 1_000_000 * order for order, kind in enumerate(KINDS)}


def live(portal: Portal, kind: Kind) -> str:
    """Where the records of a kind are kept."""
    return portal.kind(kind.name)


def bin_of(portal: Portal, kind: Kind) -> str:
    """Where the archived records of a kind are kept."""
    return portal.kind(kind.name, "archived")


def _merged(portal: Portal, kind: Kind) -> str:
    return portal.kind(kind.name, "merged")


def survivor(portal: Portal, kind: Kind, id: str) -> str:
    """The id under which a record lives now: another one once it was merged."""
    merged = portal.state.get(_merged(portal, kind), id)
    return str(merged["into"]) if merged else id


def fetch(portal: Portal, kind: Kind, id: str, archived: bool = False) -> tuple[str, Doc] | None:
    """A record by id; a merged id finds its survivor."""
    found = survivor(portal, kind, id)
    doc = portal.state.get(bin_of(portal, kind) if archived else live(portal, kind), found)
    return (found, doc) if doc else None


def fetch_by(portal: Portal, kind: Kind, name: str, value: str, archived: bool = False) -> tuple[str, Doc] | None:
    """A record by a property that names it: its id, a contact's e-mail (any of them) or a unique property."""
    if name == "hs_object_id":
        return fetch(portal, kind, value, archived)
    key = value.strip().lower() if name == "email" else value
    where = bin_of(portal, kind) if archived else live(portal, kind)
    ids = portal.state.find(where, name, key)
    return fetch(portal, kind, ids[0], archived) if ids else None


def emails(doc: Doc) -> list[str]:
    """All addresses of a contact, the primary one first."""
    values = doc["properties"]
    extra = values.get("hs_additional_emails", "").split(";")
    return [address.lower() for address in (values.get("email", ""), *extra) if address]


def tags(portal: Portal, kind: Kind, doc: Doc) -> dict[str, list[str]]:
    """What a record can be found by."""
    values = doc["properties"]
    found = {name: [values[name]] for name in schema.unique(portal, kind) if name in values}
    return found | ({"email": emails(doc)} if kind == CONTACTS else {})


def save(portal: Portal, kind: Kind, id: str, doc: Doc, was: Mapping[str, str] | None) -> None:
    """Stores a record; `was` holds the values before, which search goes on showing for a while."""
    lag = portal.settings().search_lag_seconds
    if lag:
        recent = [entry for entry in doc.get("before", []) if entry["at"] > portal.ago(lag)]
        doc["before"] = [*recent, {"at": portal.now(), "was": was and dict(was)}]
    portal.state.put(live(portal, kind), id, doc, tags(portal, kind, doc))


def as_searched(doc: Doc, horizon: str) -> dict[str, str] | None:
    """The values that search knows of a record, `horizon` being the moment it has caught up with; None: not yet any."""
    for entry in doc.get("before", []):
        if entry["at"] > horizon:
            was: dict[str, str] = entry["was"]
            return was
    values: dict[str, str] = doc["properties"]
    return values


def fresh_id(portal: Portal, kind: Kind) -> str:
    """An id no record of the kind has had; each kind has a range of its own, so that mixing kinds up shows."""
    return str(portal.state.next_id(live(portal, kind), _FIRST_IDS[kind.name]))


def insert(portal: Portal, kind: Kind, values: Mapping[str, str]) -> tuple[str, Doc]:
    """A new record, created by the calling app."""
    id, now = fresh_id(portal, kind), portal.now()
    doc: Doc = {"properties": {kind.created: now, "hs_object_id": id, **APP}, "history": {}}
    _set_all(portal, kind, doc, values, now)
    save(portal, kind, id, doc, None)
    return id, doc


def write(portal: Portal, kind: Kind, id: str, doc: Doc, values: Mapping[str, str]) -> None:
    """Changes values; the empty text clears. Moves the stamps, whatever was written."""
    was = dict(doc["properties"])
    _set_all(portal, kind, doc, values, portal.now())
    save(portal, kind, id, doc, was)


def _set_all(portal: Portal, kind: Kind, doc: Doc, values: Mapping[str, str], now: str) -> None:
    for name, value in derived.complete(portal, kind, doc["properties"], values).items():
        _set(kind, doc, name, value, now)
    doc["properties"] |= {kind.modified: now, "hs_lastmodifieddate": now}


def _set(kind: Kind, doc: Doc, name: str, value: str, now: str) -> None:
    values = doc["properties"]
    if values.get(name, "") == value:
        return
    versions = history(kind, doc, name)
    entry = {"value": value, "timestamp": now, "sourceType": "INTEGRATION", "sourceId": APP["hs_object_source_id"]}
    doc.setdefault("history", {})[name] = [entry, *versions]
    if value:
        values[name] = value
    else:
        del values[name]


def history(kind: Kind, doc: Doc, name: str) -> list[dict[str, Any]]:
    """The versions of a value, newest first; a value that was loaded has one, as old as the record."""
    kept: list[dict[str, Any]] | None = doc.get("history", {}).get(name)
    values = doc["properties"]
    if kept or name not in values:
        return kept or []
    source = values.get("hs_object_source", "CRM_UI")
    return [{"value": values[name], "timestamp": values[kind.created], "sourceType": source}]


def archive(portal: Portal, kind: Kind, id: str, doc: Doc) -> None:
    """Puts a record into the bin. Logged e-mails have none: they are deleted for good (hubspot.md §2.4)."""
    portal.state.delete(live(portal, kind), id)
    if kind.name != "emails":
        doc["archivedAt"] = portal.now()
        portal.state.put(bin_of(portal, kind), id, doc, tags(portal, kind, doc))


def forget(portal: Portal, kind: Kind, id: str) -> bool:
    """Deletes a record for good, from the bin too; False when there was none."""
    there = portal.state.delete(live(portal, kind), id)
    return portal.state.delete(bin_of(portal, kind), id) or there


def redirect(portal: Portal, kind: Kind, old: str, new: str) -> None:
    """Makes a merged id, and those merged into it before, find the survivor."""
    for id in [old, *portal.state.find(_merged(portal, kind), "into", old)]:
        portal.state.put(_merged(portal, kind), id, {"into": new}, {"into": [new]})
