"""Checks the fields of a create or an update against what the user may write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.salesforce.dml.coerce import coerce
from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.rows import is_live
from connectors.sandbox.salesforce.schema import Field, Object
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.salesforce.soql.access import relation

Values = Mapping[str, Any]


def incoming(session: Session, kind: Object, values: Values, creating: bool) -> dict[str, Any]:
    """The values of a body, by the fields' own names and in stored form. Raises Fail for the first that is refused."""
    named = [_named(session, kind, name, value) for name, value in values.items() if name != "attributes"]
    refused = [field.name for field, _ in named if not (field.createable if creating else field.updateable)]
    if refused:
        action = "create" if creating else "update"
        raise Fail(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to {action} fields: {', '.join(refused)}. Please check the security settings of this field and "
            "verify that it is read/write for your profile or permission set.",
            refused,
        )
    found = {field.name: coerce(field, value) for field, value in named}
    _check_missing([field.name for field, _ in named if field.required and found[field.name] is None])
    for field, _ in named:
        if field.type == "reference" and found[field.name] is not None:
            _check_target(session, field, found[field.name])
    return found


def _named(session: Session, kind: Object, name: str, value: Any) -> tuple[Field, Any]:
    field = kind.field(name)
    if field is not None and field.name != "Id":
        return field, value
    link = relation(kind, name)
    if link is not None and isinstance(value, Mapping):
        return link, _by_external_id(session, link, value)
    if field is not None:
        raise Fail("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    raise Fail("INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}")


def _by_external_id(session: Session, link: Field, value: Values) -> str:
    given = {name: text for name, text in value.items() if name != "attributes"}
    kind = session.object(link.refers[0])
    name, text = next(iter(given.items()), ("", None))
    field = kind.field(name)
    if len(given) != 1 or field is None or not field.external:
        raise Fail("INVALID_FIELD", f"{name} is no external ID of {kind.name}")
    found = [id for id in session.rows.find(kind, field.name, str(text)) if session.rows.get(kind, id)]
    if not found:
        message = f"Foreign key external ID: {text} not found for field {field.name} in entity {kind.name}"
        raise Fail("INVALID_FIELD", message)
    return found[0]


def required(kind: Object, row: Values) -> None:
    """Raises Fail when a new row lacks a field that must have a value."""
    _check_missing(
        [each.name for each in kind.fields.values() if each.required and each.createable and row.get(each.name) is None]
    )


def _check_missing(names: list[str]) -> None:
    if names:
        raise Fail("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names)


def _check_target(session: Session, field: Field, id: str) -> None:
    if not any(kind.name in field.refers for kind in session.org.by_prefix(id)):
        raise Fail("FIELD_INTEGRITY_EXCEPTION", f"{field.label}: id value of incorrect type: {id}", [field.name])
    found = session.rows.locate(id)
    if found is None:
        raise Fail("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name])
    if not session.sees(*found):
        message = "insufficient access rights on cross-reference id"
        raise Fail("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message, [field.name])
    if not is_live(found[1]):
        raise Fail("ENTITY_IS_DELETED", "entity is deleted", [field.name])
