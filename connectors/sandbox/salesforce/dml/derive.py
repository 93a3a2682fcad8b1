"""Values Salesforce fills in itself before a row is kept: names, closed flags, copies of a person's data, numbers."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from connectors.sandbox.salesforce.rows import Rows
from connectors.sandbox.salesforce.schema import Object
from connectors.sandbox.state import Doc

_COPIED = ("Name", "FirstName", "LastName", "Title", "Email", "Phone", "Fax", "MobilePhone", "Description")
_COPIED_FLAGS = ("DoNotCall", "HasOptedOutOfEmail", "HasOptedOutOfFax", "LeadSource")
_PLACE = ("Street", "City", "State", "PostalCode", "Country")


def derive(rows: Rows, kind: Object, row: Doc) -> Doc:
    """The values that follow from a row's other values; the caller puts them into the row."""
    fill = _FILLED.get(kind.name)
    return fill(rows, row) if fill else {}


def numbers(rows: Rows, kind: Object) -> Doc:
    """A fresh value of each auto-number field."""
    automatic = (field for field in kind.fields.values() if field.autonumber)
    key = rows.org.kind(f"{kind.name}.number")
    return {field.name: f"{rows.org.state.next_id(key, 1000):08d}" for field in automatic}


def defaults(kind: Object) -> Doc:
    """What a new row has where nothing is given."""
    return {field.name: field.default for field in kind.fields.values() if field.default is not None}


def _person(rows: Rows, row: Doc) -> Doc:
    return {"Name": " ".join(filter(None, (row.get("FirstName"), row.get("LastName")))) or None}


def _contact(rows: Rows, row: Doc) -> Doc:
    return {**_person(rows, row), "IsEmailBounced": row.get("EmailBouncedDate") is not None}


def _account(rows: Rows, row: Doc) -> Doc:
    return _person(rows, row) if row.get("IsPersonAccount") else {}


def _task(rows: Rows, row: Doc) -> Doc:
    status = rows.org.object("TaskStatus")
    known = (rows.get(status, id) or {} for id in rows.find(status, "ApiName", str(row.get("Status"))))
    closed = any(each.get("IsClosed") for each in known)
    done = row.get("CompletedDateTime") or rows.org.stamp()
    return {
        **_activity(rows, row),
        "IsClosed": closed,
        "IsHighPriority": row.get("Priority") == "High",
        "CompletedDateTime": done if closed else None,
    }


def _event(rows: Rows, row: Doc) -> Doc:
    start = row.get("ActivityDateTime") or row.get("StartDateTime")
    return {**_activity(rows, row), "ActivityDate": start[:10] if start else row.get("ActivityDate")}


def _activity(rows: Rows, row: Doc) -> Doc:
    for name in ("WhatId", "WhoId"):
        found = rows.locate(row[name]) if row.get(name) else None
        if found:
            kind, related = found
            return {"AccountId": related["Id"] if kind.name == "Account" else related.get("AccountId")}
    return {"AccountId": None}


def _case(rows: Rows, row: Doc) -> Doc:
    closed = row.get("Status") == "Closed"
    return {"IsClosed": closed, "ClosedDate": (row.get("ClosedDate") or rows.org.stamp()) if closed else None}


def _opportunity(rows: Rows, row: Doc) -> Doc:
    won = row.get("StageName") == "Closed Won"
    return {"IsClosed": won or row.get("StageName") == "Closed Lost", "IsWon": won}


def _agreement(rows: Rows, row: Doc) -> Doc:
    status = row.get("Status") or "Draft"
    code = "InApproval" if status == "In Approval Process" else status
    active = code == "Activated"
    return {"StatusCode": code, "ActivatedDate": (row.get("ActivatedDate") or rows.org.stamp()) if active else None}


def _member(rows: Rows, row: Doc) -> Doc:
    own: Doc = {"HasResponded": row.get("Status") == "Responded"}
    person = row.get("ContactId") or row.get("LeadId")
    found = rows.locate(person) if person and not row.get("LastName") else None
    if found is None:
        return own
    kind, data = found
    prefix = "Mailing" if kind.name == "Contact" else ""
    copies = {name: data.get(name) for name in (*_COPIED, *_COPIED_FLAGS)} | {
        name: data.get(prefix + name) for name in _PLACE
    }
    return {**own, **copies, "Type": kind.name, "LeadOrContactId": person}


def _point(rows: Rows, row: Doc) -> Doc:
    return {"Name": row.get("EmailAddress"), "EmailDomain": str(row.get("EmailAddress")).rpartition("@")[2]}


def _mail_relation(rows: Rows, row: Doc) -> Doc:
    found = rows.locate(row["RelationId"]) if row.get("RelationId") else None
    if found is None:
        return {}
    return {"RelationObjectType": found[0].name, "RelationAddress": row.get("RelationAddress") or found[1].get("Email")}


def _attachment(rows: Rows, row: Doc) -> Doc:
    return {"BodyLength": len(base64.b64decode(row.get("Body", "")))}


_Fill = Callable[[Rows, Doc], dict[str, Any]]
_FILLED: dict[str, _Fill] = {
    "Account": _account,
    "Contact": _contact,
    "Lead": _person,
    "Individual": _person,
    "User": _person,
    "Task": _task,
    "Event": _event,
    "Case": _case,
    "Opportunity": _opportunity,
    "Order": _agreement,
    "Contract": _agreement,
    "CampaignMember": _member,
    "ContactPointEmail": _point,
    "EmailMessageRelation": _mail_relation,
    "Attachment": _attachment,
}
