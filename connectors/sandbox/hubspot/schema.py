"""Property definitions of a kind: the vendor's own, read from defaults/*.csv, and the account's (hubspot.md §3, §5.3)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from connectors.sandbox.hubspot.access import Call
from connectors.sandbox.hubspot.consent import DEFINITIONS, OPTOUT
from connectors.sandbox.hubspot.errors import Invalid, invalid, invalid_values
from connectors.sandbox.hubspot.kinds import CONTACTS, Kind
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.values import Definition, parse

SENSITIVE = ("sensitive", "highly_sensitive")
PLAIN = "non_sensitive"
_STAMP = "2020-06-30T15:57:35.000Z"
_YES_NO = "true=True|false=False"


def _option(order: int, text: str) -> dict[str, Any]:
    value, _, label = text.partition("=")
    return {"label": label or value, "value": value, "description": "", "displayOrder": order, "hidden": False}


def _from_row(row: Mapping[str, str]) -> Definition:
    flags, options = row["flags"], [text for text in row["options"].split("|") if text]
    return {
        "name": row["name"],
        "label": row["label"],
        "type": row["type"],
        "fieldType": row["fieldType"],
        "description": "",
        "groupName": row["group"],
        "options": [_option(order, text) for order, text in enumerate(options)],
        "displayOrder": -1,
        "calculated": "c" in flags,
        "externalOptions": "x" in flags,
        "hasUniqueValue": "u" in flags,
        "hidden": "h" in flags,
        "hubspotDefined": True,
        "formField": False,
        "archived": False,
        "createdAt": _STAMP,
        "updatedAt": _STAMP,
        "dataSensitivity": PLAIN,
        "modificationMetadata": {"archivable": True, "readOnlyDefinition": True, "readOnlyValue": "r" in flags},
    }


def _optouts() -> Iterator[Definition]:
    for id, definition in DEFINITIONS.items():
        row = {
            "name": f"{OPTOUT}_{id}",
            "label": f"Opted out of email: {definition['name']}",
            "type": "enumeration",
            "fieldType": "booleancheckbox",
            "group": "emailinformation",
            "flags": "r",
            "options": "true=Yes|false=No",
        }
        yield _from_row(row)


def _rows(source: str) -> Iterator[Definition]:
    path = Path(__file__).with_name("defaults") / f"{source}.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        yield from map(_from_row, csv.DictReader(lines))


@cache
def defaults(kind: Kind) -> dict[str, Definition]:
    """The vendor's own properties of a kind. Must not be changed."""
    own = [definition for source in kind.sources for definition in _rows(source)]
    return {d["name"]: d for d in [*own, *(_optouts() if kind == CONTACTS else ())]}


def store(portal: Portal, kind: Kind) -> str:
    """Where the account's own definitions are kept, archived ones too."""
    return portal.kind("properties", kind.name)


def lookup(portal: Portal, kind: Kind, name: str, archived: bool = False) -> Definition | None:
    """One definition; archived ones only when asked for."""
    found = defaults(kind).get(name) or portal.state.get(store(portal, kind), name)
    return found if found and found["archived"] == archived else None


def every(portal: Portal, kind: Kind, archived: bool = False) -> Iterator[Definition]:
    """All definitions that are archived or that are not."""
    own = (definition for _, definition in portal.state.all(store(portal, kind)))
    yield from (d for d in [*defaults(kind).values(), *own] if d["archived"] == archived)


def unique(portal: Portal, kind: Kind) -> list[str]:
    """The account's properties whose values are unique, so that they can name a record."""
    return portal.state.find(store(portal, kind), "unique", "yes")


def define(portal: Portal, kind: Kind, given: Mapping[str, Any]) -> Definition:
    """Keeps a definition of the account's own; what is not given gets the vendor's default."""
    now = portal.now()
    shape: Definition = {
        **_from_row({"label": "", "flags": "", "options": "", "group": "", **_only(given)}),
        "hubspotDefined": False,
        "createdAt": now,
        "updatedAt": now,
        **{name: value for name, value in given.items() if value is not None},
        "modificationMetadata": {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False},
    }
    shape["modificationMetadata"] |= given.get("modificationMetadata") or {}
    if shape["type"] == "bool" and not shape["options"]:
        shape["options"] = [_option(order, text) for order, text in enumerate(_YES_NO.split("|"))]
    return keep(portal, kind, shape)


def _only(given: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(given.get(name, "")) for name in ("name", "type", "fieldType")}


def keep(portal: Portal, kind: Kind, definition: Definition) -> Definition:
    """Writes a definition of the account's own, its options whole; answers it as it is kept."""
    tags = {"unique": ["yes"] if definition["hasUniqueValue"] else []}
    options = [{**_option(order, ""), **given} for order, given in enumerate(definition["options"])]
    whole = definition | {"options": options}
    portal.state.put(store(portal, kind), definition["name"], whole, tags)
    return whole


def visible(call: Call, kind: Kind, names: Iterable[str]) -> tuple[str, ...]:
    """The names that exist, in order, once each; unknown ones fall away silently.

    Raises Refusal when one is sensitive and the token lacks its scope (hubspot.md §1.1).
    """
    found = {name: lookup(call.portal, kind, name) for name in names}
    known = {name: definition for name, definition in found.items() if definition}
    _allow_sensitive(call, kind, known.values(), "read")
    return tuple(known)


def _allow_sensitive(call: Call, kind: Kind, definitions: Iterable[Definition], verb: str) -> None:
    for level in dict.fromkeys(definition["dataSensitivity"] for definition in definitions):
        if level in SENSITIVE:
            call.allow(kind.sensitive_scopes(level, verb), write=verb == "write")


def checked(call: Call, kind: Kind, given: Any, current: Mapping[str, str] | None = None) -> dict[str, str]:
    """The values of a write as they are stored; null changes nothing, the empty text clears.

    Raises Refusal (400) for an unknown or read-only property or a bad value, (403) for a missing sensitive scope.
    """
    if not isinstance(given, dict):
        raise invalid("Some required fields were not set: [properties]")
    problems, values, used = [], {}, []
    for name, raw in given.items():
        definition = lookup(call.portal, kind, name)
        outcome = _check(name, definition, raw, (current or {}).get(name))
        if isinstance(outcome, Invalid):
            problems.append(outcome)
        elif raw is not None:
            values[name] = outcome
            used.append(definition or {})
    if problems:
        raise invalid_values(problems)
    _allow_sensitive(call, kind, used, "write")
    return values


def _check(name: str, definition: Definition | None, raw: Any, current: str | None) -> str | Invalid:
    if definition is None:
        return Invalid(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
    if definition["modificationMetadata"]["readOnlyValue"]:
        return Invalid(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
    return "" if raw is None else parse(definition, raw, current)
