"""The rows every org starts with: the organisation, its users with their rights, and the statuses of tasks."""

from __future__ import annotations

from connectors.sandbox.salesforce import ids
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.rows import Rows
from connectors.sandbox.salesforce.tables.setup import PERMISSIONS
from connectors.sandbox.state import Doc
from connectors.sandbox.tokens import Grant

ADMIN, REGULAR, READER = (ids.make("005", number) for number in (1, 2, 3))
_ADMIN_PROFILE, _STANDARD_PROFILE = (ids.make("00e", number) for number in (1, 2))
_FOUNDED = "2020-01-01T08:00:00.000+0000"
_STATUSES = ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred")


def user_of(grant: Grant) -> str:
    """The id of the user a token stands for."""
    if not grant.admin:
        return REGULAR
    return READER if grant.read_only else ADMIN


def found(org: Org, rows: Rows, number: int, name: str) -> None:
    """Writes the first rows of an org, unless it has them."""
    own = organization_id(number)
    if rows.get(org.object("Organization"), own) is not None:
        return
    _put(rows, "Organization", own, Name=name, IsSandbox=True, InstanceName="EU99S", TimeZoneSidKey="UTC",
         OrganizationType="Enterprise Edition", DefaultLocaleSidKey="fr_FR", LanguageLocaleKey="en_US",
         PreferencesConsentManagementEnabled=True)  # fmt: skip
    _profiles(rows)
    _users(rows, number)
    for at, status in enumerate(_STATUSES, 1):
        _put(rows, "TaskStatus", ids.make("01J", at), MasterLabel=status, ApiName=status, SortOrder=at,
             IsDefault=at == 1, IsClosed=status == "Completed")  # fmt: skip


def organization_id(number: int) -> str:
    """The id of the first org, or the second: its 15 characters are zeros but for the number."""
    short = f"00D{number:012d}"
    return short + ids.checksum(short)


def _profiles(rows: Rows) -> None:
    everything = {f"Permissions{name}": True for name in PERMISSIONS}
    little = {"PermissionsApiEnabled": True, "PermissionsExportReport": True}
    profiles = ((_ADMIN_PROFILE, "System Administrator", everything), (_STANDARD_PROFILE, "Standard User", little))
    for at, (profile, name, rights) in enumerate(profiles, 1):
        _put(rows, "Profile", profile, Name=name, UserType="Standard", **rights)
        _put(rows, "PermissionSet", ids.make("0PS", at), Name=f"X00ex{at}", Label=name, IsOwnedByProfile=True,
             ProfileId=profile, **rights)  # fmt: skip


def _users(rows: Rows, number: int) -> None:
    users = (
        (ADMIN, "Ines", "Admin", _ADMIN_PROFILE, 1),
        (REGULAR, "Remi", "Regular", _STANDARD_PROFILE, 2),
        (READER, "Rita", "Reader", _ADMIN_PROFILE, 1),
    )
    for at, (user, first, last, profile, rights) in enumerate(users, 1):
        mail = f"{first}.{last}.org{number}@sandbox.example".lower()
        named = {"FirstName": first, "LastName": last, "Name": f"{first} {last}", "Alias": first.lower()}
        _put(rows, "User", user, **named, Username=mail, Email=mail, IsActive=True, UserType="Standard",
             ProfileId=profile, TimeZoneSidKey="UTC")  # fmt: skip
        _put(rows, "UserLogin", ids.make("0Yw", at), UserId=user)
        _put(rows, "PermissionSetAssignment", ids.make("0Pa", at), AssigneeId=user,
             PermissionSetId=ids.make("0PS", rights))  # fmt: skip


def _put(rows: Rows, kind: str, id: str, **values: object) -> None:
    row: Doc = {"Id": id, "CreatedDate": _FOUNDED, "CreatedById": ADMIN, "LastModifiedDate": _FOUNDED}
    row |= {"LastModifiedById": ADMIN, "SystemModstamp": _FOUNDED, **values}
    rows.org.reserve(rows.org.object(kind), id)
    rows.put(rows.org.object(kind), row)
