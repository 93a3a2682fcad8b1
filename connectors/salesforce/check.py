"""check() and users(): who we are, what we may do and see, and who else may do everything (salesforce.md §7, §9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.salesforce.client import Rejected, full_id
from connectors.salesforce.declare import undeclared
from connectors.salesforce.records import FORGET, KINDS, SOLICIT, Kind, essential, moment
from connectors.salesforce.schema import Object, Org
from core.connector import Account, Operator
from core.errors import BadAnswer, NotAllowed


def check(org: Org, kinds: Sequence[str]) -> Account:
    """The org, and every reason why we see or may do less than we must."""
    org.forget()
    found = list(org.client.rows("organization", "SELECT Id, Name FROM Organization"))
    if len(found) != 1:
        raise BadAnswer("Salesforce did not say which organisation this is")
    return Account(
        id=full_id(str(found[0].get("Id"))) or "",
        name=str(found[0].get("Name")),
        missing=tuple(dict.fromkeys(_missing(org, kinds))),
        blind=tuple(_blind(org, kinds)),
        quota=org.client.usage,
        undeclared=undeclared(org, [kind for kind in kinds if org.find(kind)]),
    )


def _missing(org: Org, kinds: Sequence[str]) -> Iterator[str]:
    if not org.may("ViewAllData"):
        yield "ViewAllData"
    for name in kinds:
        seen = org.find(name)
        if seen is None:
            yield f"{name}.read"
        else:
            yield from _missing_on(org, KINDS[name], seen)


def _missing_on(org: Org, kind: Kind, seen: Object) -> Iterator[str]:
    if not seen.updateable:
        yield f"{kind.name}.edit"
    if not seen.deletable:
        yield f"{kind.name}.delete"
    yield from (f"{kind.name}.{flag}" for flag in kind.flags.values() if not seen.settable(flag))
    yield from (f"{kind.name}.{name}" for name in essential(kind, org.options) if name not in seen.fields)


def _blind(org: Org, kinds: Sequence[str]) -> Iterator[str]:
    if not org.may("ViewAllData"):
        yield "The user has no View All Data: it sees the records that are shared with it, and no others."
    contact = org.find("Contact")
    if contact and "IsPersonAccount" in contact.fields and "Account" not in kinds:
        yield "The org has person accounts, and `person_accounts` is not set: they are not read."
    for name in kinds:
        seen = org.find(name)
        yield from _hidden(org, KINDS[name], seen) if seen else (f"{name} is not there or not visible.",)


def _hidden(org: Org, kind: Kind, seen: Object) -> Iterator[str]:
    identifiers = (*kind.emails, *kind.phones)
    lost = [name for name in (*identifiers, *kind.flags.values()) if name not in seen.fields]
    if lost:
        yield f"{kind.name}: {', '.join(lost)} hidden by field-level security: objections and links may be missed."
    link, individual = f"{kind.individual}Id" in seen.fields, org.find("Individual")
    if link != bool(individual) or (individual and not {SOLICIT, FORGET} <= individual.fields.keys()):
        yield f"{kind.name}: the Individual, its link or its flags are hidden: objections there cannot be seen."


def users(org: Org) -> Iterator[Operator]:
    """The people who can log in, and whether they may modify all data, by profile, permission set or group (§9)."""
    admins = _admins(org)
    soql = "SELECT Id, Name, IsActive, LastLoginDate FROM User WHERE UserType = 'Standard'"
    for row in org.client.rows("users", soql):
        id = full_id(str(row.get("Id"))) or ""
        yield Operator(
            id=id,
            name=str(row.get("Name") or ""),
            active=row.get("IsActive") is True,
            admin=None if admins is None else id in admins,
            last_login=moment(row.get("LastLoginDate")),
        )


def _admins(org: Org) -> set[str] | None:
    soql = "SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.PermissionsModifyAllData = true"
    try:
        return {full_id(str(row.get("AssigneeId"))) or "" for row in org.client.rows("admins", soql)}
    except (Rejected, NotAllowed):
        return None
