"""Who uses the account: owners, users, roles and teams (hubspot.md §7). Loaded ones replace the built-in ones."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.hubspot import paging
from connectors.sandbox.hubspot.access import Call, Route, need
from connectors.sandbox.hubspot.errors import not_found
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.wire import Response

Row = dict[str, Any]

_STAMP = "2020-06-30T15:57:35.000Z"
_PEOPLE = (("51", "Ada", "Martin", True), ("52", "Bruno", "Petit", False), ("53", "Chloé", "Roux", False))


def _email(first: str) -> str:
    return f"{first.lower().replace('é', 'e')}@repoussoir.test"


def _owner(user_id: str, first: str, last: str, archived: bool) -> Row:
    active = {} if archived else {"userId": int(user_id)}
    return {
        "id": f"9{user_id}",
        "email": _email(first),
        "type": "PERSON",
        "firstName": first,
        "lastName": last,
        "userIdIncludingInactive": int(user_id),
        **active,
        "createdAt": _STAMP,
        "updatedAt": _STAMP,
        "archived": archived,
        "teams": [{"id": "71", "name": "Sales", "primary": True}],
    }


def _user(id: str, first: str, last: str, admin: bool) -> Row:
    return {
        "id": id,
        "email": _email(first),
        "firstName": first,
        "lastName": last,
        "roleIds": [] if admin else ["61"],
        "primaryTeamId": "71",
        "secondaryTeamIds": [],
        "superAdmin": admin,
    }


BUILT_IN: dict[str, list[Row]] = {
    "users": [_user(*person) for person in _PEOPLE],
    "owners": [*(_owner(*person[:3], False) for person in _PEOPLE), _owner("54", "Denis", "Faure", True)],
    "roles": [{"id": "61", "name": "Sales", "requiresBillingWrite": False}],
    "teams": [{"id": "71", "name": "Sales", "userIds": ["51", "52", "53"], "secondaryUserIds": []}],
}


def rows(portal: Portal, name: str) -> list[Row]:
    """The owners, users, roles or teams of the account."""
    return [row for _, row in portal.state.all(portal.kind(name))] or BUILT_IN[name]


def _paged(call: Call, found: list[Row], most: int) -> Response:
    page, more = paging.listed(call, found, call.limit(100, most), lambda row: str(row["id"]))
    return Response(200, {"results": page, **more})


def _users(call: Call) -> Response:
    return _paged(call, rows(call.portal, "users"), 100)


def _one(call: Call, name: str, key: str, value: str) -> Response:
    for row in rows(call.portal, name):
        if str(row.get(key, "")).lower() == value.lower():
            return Response(200, row)
    raise not_found()


def _user_by(call: Call, id: str) -> Response:
    return _one(call, "users", "email" if call.request.one("idProperty") == "EMAIL" else "id", id)


def _roles(call: Call) -> Response:
    return Response(200, {"results": rows(call.portal, "roles")})


def _teams(call: Call) -> Response:
    return Response(200, {"results": rows(call.portal, "teams")})


def _owners(call: Call) -> Response:
    """Active owners or, with `archived`, only those that were deactivated."""
    email, archived = call.request.one("email"), call.request.flag("archived")
    found = [row for row in rows(call.portal, "owners") if row["archived"] == archived]
    return _paged(call, [row for row in found if email in (None, row["email"])], 500)


def _owner_by(call: Call, id: str) -> Response:
    return _one(call, "owners", "userId" if call.request.one("idProperty") == "userId" else "id", id)


_READ, _TEAMS, _OWNERS = need("settings.users.read"), need("settings.users.teams.read"), need("crm.objects.owners.read")

ROUTES = (
    Route("GET", "/settings/v3/users", _users, _READ),
    Route("GET", "/settings/v3/users/roles", _roles, _READ),
    Route("GET", "/settings/v3/users/teams", _teams, _TEAMS),
    Route("GET", "/settings/v3/users/{id}", _user_by, _READ),
    Route("GET", "/settings/users/v3", _users, _READ),
    Route("GET", "/crm/v3/owners", _owners, _OWNERS),
    Route("GET", "/crm/v3/owners/{id}", _owner_by, _OWNERS),
)
