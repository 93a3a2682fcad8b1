"""Describe: objects and fields as `sobjects/…/describe` answers them (reference §7)."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.salesforce.dml.remove import references
from connectors.sandbox.salesforce.schema import CASCADE, NUMBERS, RESTRICT, TEXTS, Field, Object
from connectors.sandbox.salesforce.session import Session

_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
    "base64": "xsd:base64Binary",
    **dict.fromkeys(NUMBERS - {"int"}, "xsd:double"),
}


def summary(session: Session, kind: Object) -> dict[str, Any]:
    """An object as the list of objects has it."""
    base = f"{session.base}/sobjects/{kind.name}"
    stored = not kind.is_("virtual")
    return {
        "name": kind.name,
        "label": kind.name,
        "labelPlural": kind.plural,
        "keyPrefix": kind.prefix,
        "custom": kind.name.endswith("__c"),
        "customSetting": False,
        "createable": not kind.is_("nocreate"),
        "updateable": not kind.is_("noupdate"),
        "deletable": not kind.is_("nodelete"),
        "undeletable": stored and kind.has("IsDeleted") and not kind.is_("nodelete"),
        "queryable": True,
        "retrieveable": stored,
        "mergeable": kind.is_("merge"),
        "replicateable": stored and kind.has("IsDeleted"),
        "searchable": kind.is_("owner"),
        "layoutable": kind.is_("owner"),
        "triggerable": kind.is_("owner"),
        "activateable": False,
        "deepCloneable": False,
        "isInterface": False,
        "mruEnabled": kind.is_("owner"),
        "deprecatedAndHidden": False,
        "feedEnabled": kind.is_("merge"),
        "hasSubtypes": kind.has("IsPersonAccount"),
        "isSubtype": False,
        "urls": {
            "sobject": base,
            "describe": f"{base}/describe",
            "rowTemplate": f"{base}/{{ID}}",
        },
    }


def describe(session: Session, kind: Object) -> dict[str, Any]:
    """An object with its fields, as this user sees them, and the references to it."""
    seen = summary(session, kind)
    return {
        **seen,
        "fields": [_field(field) for field in kind.fields.values()],
        "childRelationships": _children(session, kind),
        "recordTypeInfos": [
            _MASTER | {"urls": {"layout": f"{seen['urls']['describe']}/layouts/{_MASTER['recordTypeId']}"}}
        ],
        "actionOverrides": [],
        "namedLayoutInfos": [],
        "supportedScopes": [{"label": "All", "name": "everything"}],
        "compactLayoutable": kind.is_("owner"),
        "networkScopeFieldName": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "searchLayoutable": kind.is_("owner"),
    }


_MASTER = {
    "active": True,
    "available": True,
    "defaultRecordTypeMapping": True,
    "developerName": "Master",
    "master": True,
    "name": "Master",
    "recordTypeId": "012000000000000AAA",
}


def _children(session: Session, kind: Object) -> list[dict[str, Any]]:
    return [
        {
            "childSObject": child.name,
            "field": field.name,
            "relationshipName": field.children,
            "cascadeDelete": field.on_delete == CASCADE,
            "restrictedDelete": field.on_delete == RESTRICT,
            "deprecatedAndHidden": False,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
        }
        for child, field in references(session.org, kind)
        if (seen := session.find_object(child.name)) is not None and seen.has(field.name)
    ]


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "length": field.length,
        "byteLength": field.length * 3,
        "soapType": _SOAP.get(field.type, "xsd:string"),
        "nillable": field.nillable,
        "createable": field.createable,
        "updateable": field.updateable,
        "calculated": field.calculated,
        "autoNumber": field.autonumber,
        "defaultedOnCreate": field.default is not None or field.type == "boolean" or field.name == "OwnerId",
        "defaultValue": False if field.type == "boolean" and field.default is None else field.default,
        "defaultValueFormula": None,
        "calculatedFormula": None,
        "custom": field.custom,
        "nameField": field.is_name,
        **_keys(field),
        **_choices(field),
        **_reference(field),
        **_form(field),
    }


def _keys(field: Field) -> dict[str, Any]:
    return {
        "unique": field.unique,
        "externalId": field.external,
        "idLookup": field.lookup,
        "caseSensitive": False,
        "filterable": field.filterable,
        "sortable": field.filterable and field.type != "multipicklist",
        "groupable": field.filterable and field.type not in {"datetime", "double", "currency", "percent"},
        "aggregatable": field.filterable,
        "permissionable": field.custom or field.nillable,
    }


def _choices(field: Field) -> dict[str, Any]:
    return {
        "restrictedPicklist": field.restricted,
        "dependentPicklist": False,
        "controllerName": None,
        "picklistValues": [
            {"active": True, "label": value, "value": value, "defaultValue": value == field.default, "validFor": None}
            for value in field.picklist
        ],
    }


def _reference(field: Field) -> dict[str, Any]:
    return {
        "referenceTo": list(field.refers),
        "relationshipName": field.relationship,
        "relationshipOrder": None,
        "referenceTargetField": None,
        "filteredLookupInfo": None,
        "namePointing": len(field.refers) > 1,
        "polymorphicForeignKey": len(field.refers) > 1,
        "cascadeDelete": field.on_delete == CASCADE,
        "restrictedDelete": field.on_delete == RESTRICT,
        "writeRequiresMasterRead": False,
    }


def _form(field: Field) -> dict[str, Any]:
    number = field.type in NUMBERS
    return {
        "compoundFieldName": field.compound,
        "encrypted": False,
        "mask": None,
        "maskType": None,
        "htmlFormatted": False,
        "inlineHelpText": None,
        "extraTypeInfo": "plaintextarea" if field.type == "textarea" else None,
        "deprecatedAndHidden": False,
        "digits": 9 if field.type == "int" else 0,
        "precision": 18 if number and field.type != "int" else 0,
        "scale": 0,
        "searchPrefilterable": field.type in TEXTS and field.lookup,
        "queryByDistance": False,
        "displayLocationInDecimal": False,
        "highScaleNumber": False,
    }
