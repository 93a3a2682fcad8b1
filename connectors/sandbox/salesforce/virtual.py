"""Objects whose rows are not stored: the descriptions of objects and fields, and the caller's own permissions."""

from __future__ import annotations

from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.schema import Field, Object
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.salesforce.tables.setup import PERMISSIONS
from connectors.sandbox.state import Doc

_TYPES = {
    "string": "Text({0.length})",
    "textarea": "Long Text Area({0.length})",
    "reference": "Lookup({0.refers[0]})",
    "boolean": "Checkbox",
    "datetime": "Date/Time",
    "double": "Number(18, 0)",
    "int": "Number(9, 0)",
    "multipicklist": "Picklist (Multi-Select)",
    "combobox": "Picklist",
}


def fetch(session: Session, kind: Object, id: str) -> Doc | None:
    """A row of any object by its id, deleted ones included."""
    return table(session, kind).get(id) if kind.is_("virtual") else session.rows.get(kind, id)


def table(session: Session, kind: Object) -> dict[str, Doc]:
    """Every row of a virtual object by id."""
    if kind.name == "UserPermissionAccess":
        rights = {f"Permissions{name}": session.may(name) for name in PERMISSIONS}
        return {session.user: {"Id": session.user, **rights}}
    return _definitions(session.org)[kind.name]


def _definitions(org: Org) -> dict[str, dict[str, Doc]]:
    if "definitions" not in org.derived:
        kinds = [kind for kind in org.schema.values() if not kind.is_("virtual")]
        fields = [_field(org, kind, field) for kind in kinds for field in kind.fields.values()]
        org.derived["definitions"] = {
            "EntityDefinition": {kind.name: _entity(kind) for kind in kinds},
            "FieldDefinition": {row["Id"]: row for row in fields},
        }
    found: dict[str, dict[str, Doc]] = org.derived["definitions"]
    return found


def _entity(kind: Object) -> Doc:
    return {
        "Id": kind.name,
        "DurableId": kind.name,
        "QualifiedApiName": kind.name,
        "DeveloperName": kind.name.removesuffix("__c"),
        "Label": kind.name,
        "PluralLabel": kind.plural,
        "KeyPrefix": kind.prefix,
        "IsCustomizable": not kind.is_("setup"),
        "IsQueryable": True,
    }


def _field(org: Org, kind: Object, field: Field) -> Doc:
    facts = field.classification
    shape = _TYPES.get(field.type, field.type.capitalize())
    return {
        "Id": f"{kind.name}.{field.name}",
        "DurableId": f"{kind.name}.{field.name}",
        "QualifiedApiName": field.name,
        "EntityDefinitionId": kind.name,
        "DeveloperName": field.name.removesuffix("__c"),
        "Label": field.label,
        "DataType": f"Formula ({shape})" if field.calculated else shape.format(field),
        "Length": field.length,
        "IsNillable": field.nillable,
        "IsCalculated": field.calculated,
        "IsCompound": field.type == "address",
        "IsIndexed": field.indexed,
        "IsFieldHistoryTracked": field.name in org.settings.tracked_fields.get(kind.name, []),
        "BusinessStatus": facts.get("businessStatus"),
        "SecurityClassification": facts.get("securityClassification"),
        "ComplianceGroup": facts.get("complianceGroup"),
        "BusinessOwnerId": facts.get("businessOwnerId"),
    }
