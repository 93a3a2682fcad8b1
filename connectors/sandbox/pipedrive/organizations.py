"""Organisations in v2 (§3.2)."""

from __future__ import annotations

from connectors.sandbox.pipedrive import check
from connectors.sandbox.pipedrive.counts import ORGANIZATION
from connectors.sandbox.pipedrive.entity import Entity
from connectors.sandbox.pipedrive.operation import CONTACTS, CONTACTS_WRITE, Call, Operation
from connectors.sandbox.pipedrive.persons import default_visibility
from connectors.sandbox.pipedrive.write import operations
from connectors.sandbox.state import Doc

_PATCH: dict[str, check.Check] = {
    "name": check.filled,
    "owner_id": check.integer,
    "visible_to": check.choice(1, 3, 5, 7),
    "label_ids": check.array(check.integer),
    "address": check.maybe(check.address),
    "website": check.maybe(check.string),
    "linkedin": check.maybe(check.string),
    "industry": check.maybe(check.integer),
    "annual_revenue": check.maybe(check.integer),
    "employee_count": check.maybe(check.integer),
}
_NULL = ("address", "website", "linkedin", "industry", "annual_revenue", "employee_count")


def _blank(call: Call) -> Doc:
    doc: Doc = {"name": "", "owner_id": call.user, "label_ids": [], "visible_to": default_visibility(call.account)}
    return doc | dict.fromkeys(_NULL)


ORGANIZATIONS = Entity(
    kind="organizations",
    one="organization",
    scopes=(CONTACTS, CONTACTS_WRITE),
    create=_PATCH | {"add_time": check.moment},
    patch=_PATCH,
    required="name",
    blank=_blank,
    keys=("id", "name", "owner_id", "add_time", "update_time", "is_deleted", "visible_to", "label_ids", *_NULL),
    extras=ORGANIZATION,
    fields="organizationFields",
    equal={"owner_id": "owner_id"},
)

OPERATIONS: list[Operation] = operations(ORGANIZATIONS)
