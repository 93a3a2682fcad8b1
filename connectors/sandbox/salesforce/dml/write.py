"""Creates, updates and upserts single rows (reference §3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.salesforce import times
from connectors.sandbox.salesforce.dml.derive import defaults, derive, numbers
from connectors.sandbox.salesforce.dml.effects import remember, spread, stamps
from connectors.sandbox.salesforce.dml.incoming import Values, incoming, required
from connectors.sandbox.salesforce.errors import Fail, is_deleted, no_rights, no_such_record
from connectors.sandbox.salesforce.schema import Field, Object
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.salesforce.soql.access import RowScope
from connectors.sandbox.salesforce.soql.parser import parse_condition
from connectors.sandbox.salesforce.soql.where import Conditions
from connectors.sandbox.state import Doc


def existing(session: Session, kind: Object, id: str) -> Doc:
    """A row that is not deleted and that the user sees. Raises Fail NOT_FOUND or ENTITY_IS_DELETED."""
    row = session.rows.get(kind, id)
    if row is None or not session.sees(kind, row):
        raise no_such_record()
    if "_deleted" in row:
        raise is_deleted()
    return row


def insert(session: Session, kind: Object, values: Values) -> str:
    """Creates a row and returns its id. Raises Fail."""
    session.must_write()
    _must_allow(kind, "nocreate", "create")
    given = incoming(session, kind, values, creating=True)
    row = _person(session, kind, defaults(kind) | {key: value for key, value in given.items() if value is not None})
    if kind.has("OwnerId"):
        row.setdefault("OwnerId", session.user)
    required(kind, row)
    _rules(session, kind, row)
    row |= {"Id": session.org.new_id(kind), **stamps(session.org.stamp(), session.user), **numbers(session.rows, kind)}
    _keep(session, kind, row)
    return str(row["Id"])


def update(session: Session, kind: Object, id: str, values: Values) -> None:
    """Changes a row. Raises Fail; then nothing has changed."""
    session.must_write()
    _must_allow(kind, "noupdate", "update")
    old = existing(session, kind, id)
    if not session.edits(kind, old):
        raise no_rights()
    _guard(session, kind, old)
    changes = incoming(session, kind, values, creating=False)
    new = old | changes
    _rules(session, kind, new)
    now = session.org.stamp(old.get("SystemModstamp"))
    new |= {"LastModifiedDate": now, "LastModifiedById": session.user, "SystemModstamp": now}
    _keep(session, kind, new)
    remember(session.rows, kind, old, new, session.user)


def upsert(session: Session, kind: Object, field: Field, value: str, values: Values) -> tuple[str, bool]:
    """Updates the row with this external id, or creates it; says the id and whether it was created. Raises Fail."""
    if field.name == "Id":
        update(session, kind, value, values)
        return value, False
    found = by_external_id(session, kind, field, value)
    if len(found) > 1:
        message = f"{field.name}: more than one record found for external id field: [{', '.join(found)}]"
        raise Fail("DUPLICATE_EXTERNAL_ID", message, [field.name])
    if found:
        update(session, kind, found[0], values)
        return found[0], False
    return insert(session, kind, {**values, field.name: value}), True


def by_external_id(session: Session, kind: Object, field: Field, value: str) -> list[str]:
    """The ids of the live rows with this external id."""
    found = []
    for id in session.rows.find(kind, field.name, value):
        row = session.rows.get(kind, id)
        if row is not None and "_deleted" not in row and session.sees(kind, row):
            found.append(id)
    return found


def unchanged_since(row: Doc, header: str | None) -> None:
    """Raises Fail PRECONDITION_FAILED when the row changed after an If-Unmodified-Since header (whole seconds)."""
    since = times.http_date(header) if header else None
    if since is not None and times.moment(row["LastModifiedDate"]).replace(microsecond=0) > since:
        raise Fail("PRECONDITION_FAILED", "The record was modified after the given date")


def _keep(session: Session, kind: Object, row: Doc) -> None:
    row |= derive(session.rows, kind, row)
    _unique(session, kind, row)
    session.rows.put(kind, row)
    spread(session.rows, kind, row)


def _must_allow(kind: Object, flag: str, action: str) -> None:
    if kind.is_(flag):
        raise Fail("INVALID_TYPE_FOR_OPERATION", f"entity type {kind.name} does not support {action}", [])


def _person(session: Session, kind: Object, row: dict[str, Any]) -> dict[str, Any]:
    """An account that is given a last name is a person account, where the org has them."""
    if kind.name != "Account" or not kind.has("IsPersonAccount"):
        return row
    if row.get("LastName"):
        return {**row, "IsPersonAccount": True}
    if not row.get("Name"):
        raise Fail("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ["Name"])
    return row


def _guard(session: Session, kind: Object, row: Doc) -> None:
    if row.get("IsConverted") and kind.name == "Lead" and not session.may("AllowViewEditConvertedLeads"):
        raise Fail("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", [])
    person_contact(kind, row)


def person_contact(kind: Object, row: Doc) -> None:
    """Raises Fail for the contact behind a person account: it is written and deleted through the account."""
    if kind.name == "Contact" and row.get("IsPersonAccount"):
        message = "The contact of a person account is changed through its account"
        raise Fail("INVALID_PERSON_ACCOUNT_OPERATION", message, [])


def _rules(session: Session, kind: Object, row: Doc) -> None:
    _activity(session, kind, row)
    _ties(session, kind, row)
    for rule in session.org.settings.validation_rules:
        if rule["object"] == kind.name and _holds(session, kind, rule, row | {"Id": row.get("Id", "")}):
            raise Fail("FIELD_CUSTOM_VALIDATION_EXCEPTION", str(rule["message"]), list(rule.get("fields", [])))


def _holds(session: Session, kind: Object, rule: Mapping[str, Any], row: Doc) -> bool:
    scope = RowScope(session, session.org.object(kind.name))
    return Conditions(session.org, scope, lambda query: set()).predicate(parse_condition(str(rule["when"])))(row)


def _activity(session: Session, kind: Object, row: Doc) -> None:
    who = row.get("WhoId")
    if kind.name in {"Task", "Event"} and who and who.startswith("00Q") and row.get("WhatId"):
        message = "Related To must be blank when Name is a lead"
        raise Fail("FIELD_INTEGRITY_EXCEPTION", message, ["WhatId"])


def _ties(session: Session, kind: Object, row: Doc) -> None:
    if kind.name == "CampaignMember" and not (row.get("ContactId") or row.get("LeadId")):
        message = "Required fields are missing: [ContactId or LeadId]"
        raise Fail("REQUIRED_FIELD_MISSING", message, ["ContactId", "LeadId"])
    if kind.name == "ContentDocumentLink" and "Id" not in row:
        for id in session.rows.find(kind, "LinkedEntityId", row["LinkedEntityId"]):
            link = session.rows.get(kind, id)
            if link and "_deleted" not in link and link["ContentDocumentId"] == row["ContentDocumentId"]:
                raise Fail("DUPLICATE_VALUE", f"duplicate value found: record {id} already links them", [])


def _unique(session: Session, kind: Object, row: Doc) -> None:
    for field in kind.indexed:
        if not field.unique or row.get(field.name) is None:
            continue
        others = [id for id in by_external_id(session, kind, field, str(row[field.name])) if id != row["Id"]]
        if others:
            message = f"duplicate value found: {field.name} duplicates value on record with id: {others[0][:15]}"
            raise Fail("DUPLICATE_VALUE", message, [field.name])
