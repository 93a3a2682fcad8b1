"""Making a record: its values, what identifies it and its inline associations (hubspot.md §2, §2.3). Knows no route."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.hubspot import activity, records, schema
from connectors.sandbox.hubspot.access import Call
from connectors.sandbox.hubspot.errors import Invalid, conflict, invalid, invalid_values
from connectors.sandbox.hubspot.kinds import CONTACTS, Kind, end_of
from connectors.sandbox.hubspot.records import Doc

End = tuple[Kind, str, list[int]]


@dataclass(frozen=True, slots=True)
class Draft:
    """A record that may be created: its values are good and no other record has what must be unique."""

    values: dict[str, str]
    ends: list[End]

    def save(self, call: Call, kind: Kind) -> tuple[str, Doc]:
        """Creates it."""
        id, doc = records.insert(call.portal, kind, self.values)
        for end, end_id, types in self.ends:
            activity.associate(call.portal, kind, id, end, end_id, types)
        return id, doc


def draft(call: Call, kind: Kind, given: dict[str, Any]) -> Draft:
    """Checks one input of a create. Raises Refusal: 400 for values or associations, 409 for an e-mail in use."""
    values = schema.checked(call, kind, given.get("properties"))
    _require(kind, values)
    free(call, kind, values)
    return Draft(values, [_end(call, kind, association) for association in given.get("associations") or []])


def _require(kind: Kind, values: Mapping[str, str]) -> None:
    for group in kind.required:
        if not any(values.get(name) for name in group):
            raise invalid_values([Invalid(group[0], "REQUIRED_FIELD", f"Required: {' or '.join(group)}")])


def free(call: Call, kind: Kind, values: Mapping[str, str], own: str = "") -> None:
    """Raises Refusal when another record has the e-mail (409) or a unique value (400)."""
    if kind == CONTACTS and values.get("email"):
        found = records.fetch_by(call.portal, kind, "email", values["email"])
        if found and found[0] != own:
            raise conflict(f"Contact already exists. Existing ID: {found[0]}")
    for name in schema.unique(call.portal, kind):
        found = records.fetch_by(call.portal, kind, name, values[name]) if values.get(name) else None
        if found and found[0] != own:
            raise invalid_values([Invalid(name, "CONFLICTING_UNIQUE_VALUE", f"{found[0]} already has that value.")])


def _end(call: Call, kind: Kind, association: Any) -> End:
    """The other end of an inline association; its kind is told by the type ids alone."""
    try:
        id = str(association["to"]["id"])
        types = [int(spec["associationTypeId"]) for spec in association["types"]]
    except (KeyError, TypeError, ValueError) as error:
        raise invalid("Invalid input JSON: an association needs to.id and types[].associationTypeId") from error
    end = end_of(kind, types)
    call.allow(end.object_scopes("write"), write=True)
    found = records.fetch(call.portal, end, id)
    if found is None:
        raise invalid(f"Associations are not valid: there is no {end.singular} {id}")
    return end, found[0], types
