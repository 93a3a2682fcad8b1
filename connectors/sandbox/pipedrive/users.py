"""Users, roles and permission sets, for the access audit; v1 only. Who is an admin is told by `access` alone (§7)."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.pipedrive import times
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.answers import flat_page, nested_page, not_found, ok, refused
from connectors.sandbox.pipedrive.operation import CONTACTS, DEALS, Call, Operation, v1
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

_OBJECTS = ("deal", "lead", "org", "person", "product")


def admin_of(user: Doc, app: str = "global") -> bool:
    """Whether a user is an admin of an app; no entry means no."""
    return any(one["app"] == app and one["admin"] for one in user["access"])


def _view(call: Call, user: Doc) -> Doc:
    return user | {"is_you": user["id"] == call.user}


def _list(call: Call) -> Response:
    return ok([_view(call, user) for user in call.account.all("users")])


def _me(call: Call) -> Response:
    account = call.account
    user = account.user(call.user) or {}
    company = {"company_id": account.company, "company_name": account.domain.capitalize(), "company_country": "FR"}
    company |= {"company_domain": account.domain, "company_industry": "Software"}
    return ok(_view(call, user) | company | {"language": {"language_code": "en", "country_code": "GB"}})


def _find(call: Call) -> Response:
    term, by_email = call.query.get("term", ""), call.query.get("search_by_email") == "1"
    if not term:
        raise refused(400, "term is required")
    key = "email" if by_email else "name"
    users = [user for user in call.account.all("users") if term.lower() in str(user[key]).lower()]
    return ok([_view(call, user) for user in users] or None)


def _user(account: Account, id: str) -> Doc:
    user = account.user(id)
    if user is None:
        raise not_found("User")
    return user


def _get(call: Call, id: str) -> Response:
    return ok(_view(call, _user(call.account, id)))


def _update(call: Call, id: str) -> Response:
    """Activating and deactivating is the only change there is."""
    user, active = _user(call.account, id), call.loose().get("active_flag")
    if active not in (True, False, 0, 1):
        raise refused(400, "active_flag is required")
    changes = {"active_flag": bool(active), "modified": times.v1(call.account.now())}
    return ok(_view(call, call.account.put("users", user | changes)))


def _permissions(call: Call, id: str) -> Response:
    """The granted permissions of a user over all sets; a key that is absent is not granted."""
    sets = [one["permission_set_id"] for one in _user(call.account, id)["access"]]
    granted = {right for uuid in sets for right in (call.account.get("permissionSets", uuid) or {}).get("contents", [])}
    return ok(dict.fromkeys(sorted(granted), True))


# --- roles -----------------------------------------------------------------------------------------------------------


def _assignments(account: Account, id: int) -> list[Doc]:
    role = account.get("roles", id) or {}
    common = {key: role.get(key) for key in ("parent_role_id", "name", "active_flag")}
    users = [user for user in account.all("users") if user["role_id"] == id]
    return [common | {"user_id": user["id"], "role_id": id, "type": "role"} for user in users]


def _role(account: Account, id: str) -> Doc:
    role = account.get("roles", id)
    if role is None:
        raise not_found("Role")
    return role


def _counted(account: Account, role: Doc) -> Doc:
    """A role with its counts, which are texts."""
    below = sum(one["parent_role_id"] == role["id"] for one in account.all("roles"))
    return role | {"assignment_count": str(len(_assignments(account, role["id"]))), "sub_role_count": str(below)}


def _visibility(role: Doc) -> Doc:
    given = {f"{one}_default_visibility": 3 for one in _OBJECTS}
    given |= {f"{one}_access_level": 1 for one in _OBJECTS if one != "lead"}
    return {**given, **role.get("settings", {})}


def _bare(role: Doc) -> Doc:
    return {key: value for key, value in role.items() if key != "settings"}


def _roles(call: Call) -> Response:
    rows = [_bare(_counted(call.account, role)) for role in call.account.all("roles")]
    return nested_page([row | {"level": 1 if row["parent_role_id"] is None else 2} for row in rows], call.query)


def _get_role(call: Call, id: str) -> Response:
    role = _role(call.account, id)
    return ok(_bare(_counted(call.account, role)), additional_data={"settings": _visibility(role)})


def _role_assignments(call: Call, id: str) -> Response:
    return nested_page(_assignments(call.account, _role(call.account, id)["id"]), call.query)


def _role_settings(call: Call, id: str) -> Response:
    return ok(_visibility(_role(call.account, id)))


def _user_roles(call: Call, id: str) -> Response:
    user = _user(call.account, id)
    rows = [one for one in _assignments(call.account, user["role_id"]) if one["user_id"] == user["id"]]
    return nested_page(rows, call.query)


def _user_role_settings(call: Call, id: str) -> Response:
    return ok(_visibility(_role(call.account, str(_user(call.account, id)["role_id"]))))


# --- permission sets -------------------------------------------------------------------------------------------------


def _holders(account: Account, uuid: str) -> list[Doc]:
    return [user for user in account.all("users") if any(one["permission_set_id"] == uuid for one in user["access"])]


def _set(account: Account, uuid: str) -> Doc:
    found = account.get("permissionSets", uuid)
    if found is None:
        raise not_found("Permission set")
    return found | {"assignment_count": len(_holders(account, uuid))}


def _sets(call: Call) -> Response:
    app = call.query.get("app")
    sets = [_set(call.account, one["id"]) for one in call.account.all("permissionSets") if app in (None, one["app"])]
    rows = [{key: value for key, value in one.items() if key != "contents"} for one in sets]
    return ok(rows or None)


def _get_set(call: Call, id: str) -> Response:
    """One set in a list, as the vendor's example has it, though its schema says an object."""
    return ok([_set(call.account, id)])


def _set_assignments(call: Call, id: str) -> Response:
    """Who holds a set: 404 when nobody does."""
    name, holders = _set(call.account, id)["name"], _holders(call.account, id)
    if not holders:
        raise not_found("Permission set assignments")
    return flat_page([{"user_id": user["id"], "permission_set_id": id, "name": name} for user in holders], call.query)


# --- who sees a record -----------------------------------------------------------------------------------------------


def _sees(call: Call, user: Doc, doc: Doc) -> bool:
    return Call(call.request, call.account, user["id"], admin_of(user)).sees(doc)


def _permitted(kind: str, what: str) -> Any:
    def serve(call: Call, id: str) -> Response:
        doc = call.record(kind, id, what)
        seen = [user["id"] for user in call.account.all("users") if user["active_flag"] and _sees(call, user, doc)]
        return ok(seen)

    return serve


OPERATIONS: list[Operation] = [
    v1("GET", "/users", 20, "users:read", _list),
    v1("GET", "/users/me", 2, "", _me),
    v1("GET", "/users/find", 40, "users:read", _find),
    v1("GET", "/users/{id}", 2, "users:read", _get),
    v1("PUT", "/users/{id}", 10, "admin", _update, admin=True),
    v1("GET", "/users/{id}/permissions", 10, "users:read", _permissions, admin=True),
    v1("GET", "/users/{id}/roleAssignments", 10, "users:read", _user_roles, admin=True),
    v1("GET", "/users/{id}/roleSettings", 10, "users:read", _user_role_settings, admin=True),
    v1("GET", "/roles", 20, "admin", _roles, admin=True),
    v1("GET", "/roles/{id}", 2, "admin", _get_role, admin=True),
    v1("GET", "/roles/{id}/assignments", 10, "admin", _role_assignments, admin=True),
    v1("GET", "/roles/{id}/settings", 20, "admin", _role_settings, admin=True),
    v1("GET", "/permissionSets", 20, "admin", _sets, admin=True),
    v1("GET", "/permissionSets/{id}", 2, "admin", _get_set, admin=True),
    v1("GET", "/permissionSets/{id}/assignments", 20, "admin", _set_assignments, admin=True),
    v1("GET", "/persons/{id}/permittedUsers", 10, CONTACTS, _permitted("persons", "Person")),
    v1("GET", "/organizations/{id}/permittedUsers", 10, CONTACTS, _permitted("organizations", "Organization")),
    v1("GET", "/deals/{id}/permittedUsers", 10, DEALS, _permitted("deals", "Deal")),
]
