"""One line of a load file, taken as it is: read-only values, past timestamps and all. Checks that names exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.sandbox.hubspot import consent, derived, links, records, schema
from connectors.sandbox.hubspot.account import ACTIVITY
from connectors.sandbox.hubspot.kinds import CONTACTS, Kind, default_type, kind_named
from connectors.sandbox.hubspot.people import BUILT_IN
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.records import Doc
from connectors.sandbox.hubspot.values import as_text
from connectors.sandbox.wire import Refusal

Line = Mapping[str, Any]


def load(portal: Portal, line: Line) -> None:
    """Takes one line. Raises ValueError when it is not understood."""
    kind = str(line["kind"])
    taker = _TAKERS.get(kind)
    try:
        if taker:
            taker(portal, line)
        elif kind in BUILT_IN or kind in ACTIVITY:
            _plain(portal, kind, line)
        else:
            _record(portal, kind_named(kind), line)
    except Refusal as refusal:
        raise ValueError(refusal.response.body["message"]) from refusal


def _record(portal: Portal, kind: Kind, line: Line) -> None:
    id = _id(portal, kind, line)
    values = {name: as_text(value) for name, value in (line.get("properties") or {}).items() if value not in (None, "")}
    _check_names(portal, kind, [*values, *(line.get("propertiesWithHistory") or {})])
    doc: Doc = {"properties": _complete(portal, kind, id, values)}
    if line.get("propertiesWithHistory"):
        doc["history"] = line["propertiesWithHistory"]
    store = records.live(portal, kind)
    if not line.get("archived"):
        _check_address(portal, kind, id, values.get("email", ""))
    else:
        doc["archivedAt"] = line.get("archivedAt") or portal.now()
        store = records.bin_of(portal, kind)
    portal.state.put(store, id, doc, records.tags(portal, kind, doc))
    for end in line.get("associations") or []:
        _associate(portal, kind, id, end)


def _id(portal: Portal, kind: Kind, line: Line) -> str:
    if "id" not in line:
        return records.fresh_id(portal, kind)
    portal.state.reserve(records.live(portal, kind), int(line["id"]))
    return str(line["id"])


def _check_names(portal: Portal, kind: Kind, names: list[str]) -> None:
    known = schema.defaults(kind)
    for name in names:
        if name not in known and not schema.lookup(portal, kind, name):
            raise ValueError(f"{kind.name} have no property {name}: load its definition first")


def _check_address(portal: Portal, kind: Kind, id: str, email: str) -> None:
    """Two contacts never have one address."""
    found = records.fetch_by(portal, kind, "email", email) if kind == CONTACTS and email else None
    if found and found[0] != id:
        raise ValueError(f"contact {found[0]} has the same email")


def _complete(portal: Portal, kind: Kind, id: str, values: dict[str, str]) -> dict[str, str]:
    """The values with the stamps and what follows from them; a given value is never changed."""
    if kind == CONTACTS and values.get("email"):
        values["email"] = values["email"].lower()
        if values.get(consent.OPTOUT) == "true":
            consent.unsubscribe_all(portal, values["email"], values.get(kind.modified))
    implied = derived.complete(portal, kind, {}, values)
    created = values.get(kind.created) or portal.now()
    modified = values.get(kind.modified) or values.get("hs_lastmodifieddate") or created
    stamps = {kind.created: created, kind.modified: modified, "hs_lastmodifieddate": modified, "hs_object_id": id}
    return {name: value for name, value in {**implied, **values, **stamps}.items() if value}


def _associate(portal: Portal, kind: Kind, id: str, given: Line) -> None:
    end = kind_named(str(given["to"]))
    links.add(portal, kind, id, end, str(given["id"]), [int(given.get("type") or default_type(kind, end))])


def _subscription(portal: Portal, line: Line) -> None:
    email, at = str(line["email"]).lower(), line.get("timestamp")
    if line["status"] == "unsubscribed_all":
        consent.unsubscribe_all(portal, email, at)
    elif line["status"] == "unsubscribed":
        type_id = str(line.get("subscriptionId") or consent.MARKETING)
        if type_id not in consent.DEFINITIONS:
            raise ValueError(f"subscriptionId is one of {', '.join(consent.DEFINITIONS)}")
        consent.choose(portal, email, type_id, consent.UNSUBSCRIBED, **({"timestamp": at} if at else {}))
    else:
        raise ValueError("status is unsubscribed_all or unsubscribed")
    _mark(portal, email)


def _mark(portal: Portal, email: str) -> None:
    """Sets the opt-out properties of the contacts loaded before; their stamps stay."""
    flags = {name: flag for name, flag in consent.flags(portal, email).items() if flag}
    for id in portal.state.find(records.live(portal, CONTACTS), "email", email):
        found = records.fetch(portal, CONTACTS, id)
        if found and found[1]["properties"].get("email") == email:
            found[1]["properties"] |= flags
            portal.state.put(records.live(portal, CONTACTS), id, found[1])


def _property(portal: Portal, line: Line) -> None:
    kind = kind_named(str(line["objectType"]))
    given = {"label": line["name"], "type": "string", "fieldType": "text", "groupName": f"{kind.singular}information"}
    given |= {name: value for name, value in line.items() if name not in {"crm", "kind", "objectType"}}
    schema.define(portal, kind, given)


def _settings(portal: Portal, line: Line) -> None:
    portal.configure({name: value for name, value in line.items() if name not in {"crm", "kind"}})


def _plain(portal: Portal, kind: str, line: Line) -> None:
    row = {name: value for name, value in line.items() if name not in {"crm", "kind"}}
    id = str(row.get("id") or portal.state.next_id(portal.kind(kind)))
    portal.state.put(
        portal.kind(kind), id, {"archived": False, **row, "id": id} if kind == "owners" else row | {"id": id}
    )


_TAKERS: dict[str, Callable[[Portal, Line], None]] = {
    "subscription": _subscription,
    "property": _property,
    "settings": _settings,
}
