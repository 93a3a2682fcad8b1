"""Describe as values: what an object's fields are, what our user may do, and the core's Schema made from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.salesforce.client import Client, Rejected, Row
from connectors.salesforce.options import SalesforceOptions
from core.errors import BadAnswer, NotAllowed
from core.schema import Option, Property, Schema, Shape

_SHAPES: dict[str, Shape] = {
    "string": "text",
    "combobox": "text",
    "encryptedstring": "text",
    "url": "text",
    "textarea": "longtext",
    "picklist": "choice",
    "multipicklist": "choices",
    "boolean": "bool",
    "int": "number",
    "long": "number",
    "double": "number",
    "currency": "number",
    "percent": "number",
    "date": "date",
    "datetime": "date",
    "email": "email",
    "phone": "phone",
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_COMPOUND = frozenset({"address", "location"})


@dataclass(frozen=True, slots=True)
class Object:
    """One sObject as our user sees it: fields that field-level security hides are simply not there (§7)."""

    name: str
    fields: Mapping[str, Row]
    children: tuple[Row, ...]
    createable: bool
    updateable: bool
    deletable: bool

    def settable(self, name: str) -> bool:
        """True when the field is there and our user may write it."""
        return bool(name in self.fields and self.fields[name].get("updateable"))

    def clearable(self, name: str) -> bool:
        """True when the field can be emptied: null, or False for a checkbox, which is never null (§7)."""
        field = self.fields.get(name, {})
        computed = field.get("calculated") or field.get("autoNumber") or field.get("type") in _COMPOUND
        return self.settable(name) and not computed and bool(field.get("nillable") or field["type"] == "boolean")

    def parts(self, name: str) -> tuple[str, ...]:
        """The fields a compound field is made of; the field itself when it is not one (Traps 13)."""
        if self.fields.get(name, {}).get("type") not in _COMPOUND:
            return (name,)
        return tuple(part for part, field in self.fields.items() if field.get("compoundFieldName") == name)


class Org:
    """One org through our user's eyes. What it says of itself is asked once and kept until `forget`."""

    def __init__(self, client: Client, options: SalesforceOptions) -> None:
        self.client = client
        self.options = options
        self.forget()

    def forget(self) -> None:
        """Drops what was learnt, so that a change in the org is seen."""
        self._objects: dict[str, Object | None] = {}
        self._marks: dict[str, Mapping[str, Row]] = {}
        self._permissions: frozenset[str] | None = None

    def find(self, name: str) -> Object | None:
        """An object; None when the org has none of that name or our user may not see it: the vendor does not tell which."""
        if name not in self._objects:
            self._objects[name] = self._described(name)
        return self._objects[name]

    def object(self, name: str) -> Object:
        """An object that must be there. Raises NotAllowed."""
        found = self.find(name)
        if found is None:
            raise NotAllowed(f"{self.client.crm}: {name} is not there or not visible", missing=(f"{name}.read",))
        return found

    def may(self, permission: str) -> bool:
        """True when our user certainly has a system permission, such as `ViewAllData`."""
        if self._permissions is None:
            self._permissions = self._granted()
        return permission in self._permissions

    def schema(self, kind: str) -> Schema:
        """The properties of a kind, with the org's classification and history tracking where they can be read (§6.5)."""
        found = self.object(kind)
        marks = self._marked(kind)
        made = (_property(found, name, marks.get(name)) for name in found.fields if name != "Id")
        return Schema(self.client.crm, kind, tuple(made))

    def tracked(self, kind: str, name: str) -> bool:
        """True when old values of the field go to the field history, or when that cannot be ruled out (§5)."""
        return _tracked(self.object(kind), self._marked(kind).get(name))

    def _described(self, name: str) -> Object | None:
        if not _NAME.fullmatch(name):
            return None
        try:
            path = f"{self.client.base}/sobjects/{name}/describe"
            said = self.client.send("describe", "GET", path, safe=True)
        except Rejected as error:
            if error.status == 404 or error.code == "INVALID_TYPE":
                return None
            raise
        return _object(name, said)

    def _marked(self, kind: str) -> Mapping[str, Row]:
        if kind not in self._marks:
            self._marks[kind] = self._classified(kind)
        return self._marks[kind]

    def _classified(self, kind: str) -> Mapping[str, Row]:
        soql = (
            "SELECT QualifiedApiName, ComplianceGroup, IsFieldHistoryTracked FROM FieldDefinition "
            f"WHERE EntityDefinition.QualifiedApiName = '{kind}'"
        )
        try:
            return {str(row.get("QualifiedApiName")): row for row in self.client.rows("field_definitions", soql)}
        except (Rejected, NotAllowed):
            return {}

    def _granted(self) -> frozenset[str]:
        found = self.find("UserPermissionAccess")
        wanted = tuple(f"Permissions{name}" for name in PERMISSIONS if found and f"Permissions{name}" in found.fields)
        if not wanted:
            return frozenset()
        try:
            rows = list(self.client.rows("permissions", f"SELECT {', '.join(wanted)} FROM UserPermissionAccess"))
        except (Rejected, NotAllowed):
            return frozenset()
        return frozenset(name.removeprefix("Permissions") for row in rows for name in wanted if row.get(name) is True)


PERMISSIONS = ("ApiEnabled", "ViewAllData", "ModifyAllData", "BulkApiHardDelete", "CustomizeApplication")


def _object(name: str, said: object) -> Object:
    fields = said.get("fields") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(fields, list) or not all(map(_is_field, fields)):
        raise BadAnswer(f"Salesforce described {name} in a way we do not understand")
    return Object(
        name=name,
        fields={field["name"]: field for field in fields},
        children=tuple(said.get("childRelationships") or ()),
        createable=said.get("createable") is True,
        updateable=said.get("updateable") is True,
        deletable=said.get("deletable") is True,
    )


def _is_field(field: object) -> bool:
    return isinstance(field, dict) and isinstance(field.get("name"), str) and isinstance(field.get("type"), str)


def _property(found: Object, name: str, mark: Row | None) -> Property:
    field = found.fields[name]
    group = (mark or {}).get("ComplianceGroup") or ""
    return Property(
        name=name,
        label=str(field.get("label") or name),
        shape=_shape(field),
        description=str(field.get("inlineHelpText") or ""),
        options=tuple(_option(value) for value in field.get("picklistValues") or ()),
        clearable=found.clearable(name),
        custom=field.get("custom") is True,
        required=found.settable(name) and not field.get("nillable") and field["type"] != "boolean",
        sensitivity=f"ComplianceGroup={group}" if group else "",
        tracked=_tracked(found, mark),
    )


def _shape(field: Row) -> Shape:
    if field.get("htmlFormatted") and field["type"] == "textarea":
        return "html"
    return _SHAPES.get(field["type"], "other")


def _option(value: Row) -> Option:
    return Option(str(value.get("value")), str(value.get("label") or value.get("value")))


def _tracked(found: Object, mark: Row | None) -> bool:
    if mark is not None and "IsFieldHistoryTracked" in mark:
        return mark["IsFieldHistoryTracked"] is True
    return any(str(child.get("childSObject")) == f"{found.name}History" for child in found.children)
