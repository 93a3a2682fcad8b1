"""Fields an admin adds or redefines: from a `_field` line (describe keys) or from Tooling `CustomField` metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connectors.sandbox.salesforce.schema import Field, label

_DESCRIBE_KEYS = {
    "type": "type",
    "label": "label",
    "length": "length",
    "createable": "createable",
    "updateable": "updateable",
    "calculated": "calculated",
    "autoNumber": "autonumber",
    "defaultValue": "default",
    "restrictedPicklist": "restricted",
    "relationshipName": "relationship",
    "childRelationshipName": "children",
    "onDelete": "on_delete",
    "compoundFieldName": "compound",
    "filterable": "filterable",
    "externalId": "external",
    "unique": "unique",
    "idLookup": "lookup",
}
_CLASSIFICATION = ("complianceGroup", "securityClassification", "businessStatus", "businessOwnerId")
_TOOLING_TYPES = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Html": "textarea",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Checkbox": "boolean",
    "Date": "date",
    "DateTime": "datetime",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Email": "email",
    "Phone": "phone",
    "Url": "url",
    "Lookup": "reference",
}
_LENGTHS = {
    "string": 255,
    "textarea": 255,
    "email": 80,
    "phone": 40,
    "url": 255,
    "picklist": 255,
    "multipicklist": 4099,
}


def define(old: Field | None, spec: Mapping[str, Any]) -> Field:
    """A field from describe-like keys: a new one, or a standard one with these keys changed. Raises ValueError."""
    unknown = sorted(set(spec) - _known())
    if unknown:
        raise ValueError(f"salesforce: _field does not take {', '.join(unknown)}")
    name = str(spec["name"])
    kind = str(spec.get("type", "string"))
    custom = name.endswith(("__c", "__pc"))
    base = old or Field(name, kind, label(name), _LENGTHS.get(kind, 0), custom=custom)
    changed: dict[str, Any] = {ours: spec[theirs] for theirs, ours in _DESCRIBE_KEYS.items() if theirs in spec}
    if "nillable" in spec:
        changed["required"] = not spec["nillable"]
    if "picklistValues" in spec:
        changed["picklist"] = tuple(_value(each) for each in spec["picklistValues"])
    if "referenceTo" in spec:
        changed["refers"] = tuple(spec["referenceTo"])
    facts = {key: str(spec[key]) for key in _CLASSIFICATION if key in spec}
    return _consistent(replace(base, classification={**base.classification, **facts}, **changed))


def _known() -> set[str]:
    return {*_DESCRIBE_KEYS, *_CLASSIFICATION, "object", "name", "nillable", "picklistValues", "referenceTo"}


def _value(option: Any) -> str:
    return str(option["value"] if isinstance(option, Mapping) else option)


def _consistent(field: Field) -> Field:
    if field.calculated or field.autonumber:
        field = replace(field, createable=False, updateable=False)
    if field.type == "textarea" and field.length > 255:
        field = replace(field, filterable=False)
    if field.type == "reference":
        bare = field.name.removesuffix("__c") + "__r"
        field = replace(field, relationship=field.relationship or bare, length=18)
    return replace(field, lookup=field.lookup or field.external)


def from_metadata(name: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The describe-like keys of a Tooling `CustomField`. Raises ValueError for a type there is not."""
    kind = _TOOLING_TYPES.get(str(metadata.get("type")))
    if kind is None:
        raise ValueError("a CustomField needs a type")
    spec: dict[str, Any] = {
        "name": name,
        "type": kind,
        "label": metadata.get("label", label(name)),
        "length": metadata.get("length") or _LENGTHS.get(kind, 0),
        "nillable": not metadata.get("required", False),
        "externalId": metadata.get("externalId", False),
        "unique": metadata.get("unique", False),
    }
    for key in _CLASSIFICATION:
        if metadata.get(key):
            spec[key] = metadata[key]
    return spec | _values(metadata) | _target(metadata) | _formula(metadata)


def _values(metadata: Mapping[str, Any]) -> dict[str, Any]:
    chosen = metadata.get("valueSet") or {}
    values = (chosen.get("valueSetDefinition") or {}).get("value") or []
    if not values:
        return {}
    names = [each.get("fullName") or each.get("valueName") or each.get("label") for each in values]
    return {"picklistValues": names, "restrictedPicklist": bool(chosen.get("restricted", False))}


def _target(metadata: Mapping[str, Any]) -> dict[str, Any]:
    if metadata.get("type") != "Lookup":
        return {}
    name = metadata.get("relationshipName")
    children = {"childRelationshipName": f"{name}__r"} if name else {}
    return {"referenceTo": [metadata["referenceTo"]], **children}


def _formula(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"calculated": True} if metadata.get("formula") else {}
