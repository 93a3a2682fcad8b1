"""How a record is shown: the properties, history and associations that were asked for (hubspot.md §2.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from connectors.sandbox.hubspot import links, records, schema
from connectors.sandbox.hubspot.access import Call
from connectors.sandbox.hubspot.errors import invalid
from connectors.sandbox.hubspot.kinds import Kind, kind_named
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.records import Doc

_INLINE = 100


@dataclass(frozen=True, slots=True)
class Fields:
    """What to show of each record; every name exists."""

    properties: tuple[str, ...]
    history: tuple[str, ...] = ()
    associations: tuple[Kind, ...] = ()


def fields(call: Call, kind: Kind, names: Iterable[str] = (), history: Iterable[str] = ()) -> Fields:
    """The fields for some names, the defaults when there are none. Raises Refusal for a sensitive one without scope."""
    versions = schema.visible(call, kind, history)
    asked = tuple(names) or (() if versions else kind.shown)
    shown = schema.visible(call, kind, [*asked, *versions])
    return Fields(tuple(dict.fromkeys([*shown, *kind.always()])), versions)


def from_query(call: Call, kind: Kind) -> Fields:
    """The fields that the query of a GET asks for."""
    shown = fields(call, kind, call.names("properties"), call.names("propertiesWithHistory"))
    ends = tuple(kind_named(name) for name in call.names("associations"))
    for end in ends:
        call.allow(end.object_scopes("read"))
    return Fields(shown.properties, shown.history, ends)


def from_body(call: Call, kind: Kind, body: dict[str, Any]) -> Fields:
    """The fields that the body of a batch read or a search asks for."""
    return fields(call, kind, _names(body, "properties"), _names(body, "propertiesWithHistory"))


def _names(body: dict[str, Any], field: str) -> list[str]:
    given = body.get(field) or []
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise invalid(f"{field} must be a list of property names")
    return given


def show(portal: Portal, kind: Kind, id: str, doc: Doc, asked: Fields) -> dict[str, Any]:
    """A record as the vendor sends it; a property without a value is null."""
    row = plain(portal, kind, id, doc, doc["properties"], asked)
    if asked.history:
        row["propertiesWithHistory"] = {name: records.history(kind, doc, name) for name in asked.history}
    if asked.associations:
        found = {end.name: _associated(portal, kind, id, end) for end in asked.associations}
        row["associations"] = {name: shown for name, shown in found.items() if shown["results"]}
    return row


def plain(portal: Portal, kind: Kind, id: str, doc: Doc, values: dict[str, str], asked: Fields) -> dict[str, Any]:
    """A record without history and associations, with the values given."""
    archived = {"archived": True, "archivedAt": doc["archivedAt"]} if "archivedAt" in doc else {"archived": False}
    return {
        "id": id,
        "properties": {name: values.get(name) for name in asked.properties},
        "createdAt": values[kind.created],
        "updatedAt": values[kind.modified],
        **archived,
        "url": f"https://app.hubspot.com/contacts/{portal.id}/record/{kind.type_id}/{id}",
    }


def _associated(portal: Portal, kind: Kind, id: str, end: Kind) -> dict[str, Any]:
    found = list(islice(links.following(portal, kind, id, end), _INLINE + 1))
    results = [
        {"id": other, "type": links.v3_name(kind, end, type_id)}
        for other, types in found[:_INLINE]
        for type_id in types
    ]
    if len(found) <= _INLINE:
        return {"results": results}
    after = found[_INLINE][0]
    link = f"https://api.hubapi.com/crm/v3/objects/{kind.name}/{id}/associations/{end.name}?after={after}"
    return {"results": results, "paging": {"next": {"after": after, "link": link}}}
