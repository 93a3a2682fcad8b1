"""Who we are and what we may do, by harmless calls; and the users, for the access audit (§1.1, §7).

A bearer's scopes cannot be asked without the app's secret, so each is tried: a read of one row, or a write that names
nothing and that HubSpot refuses as invalid once it is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.hubspot.answers import Forbidden, Json
from connectors.hubspot.client import PATHS, Client, walk
from connectors.hubspot.declare import undeclared
from connectors.hubspot.schema import Properties
from core.connector import Account, Operator
from core.errors import BadAnswer

READ, WRITE = "crm.objects.contacts.read", "crm.objects.contacts.write"
DEALS, TICKETS, COMPANIES = "crm.objects.deals.read", "tickets", "crm.objects.companies.read"
SCHEMA, SCHEMA_WRITE = "crm.schemas.contacts.read", "crm.schemas.contacts.write"
STATUSES, STATUSES_WRITE = "communication_preferences.read", "communication_preferences.write"
USERS, OWNERS = "settings.users.read", "crm.objects.owners.read"
SENSITIVE = ("crm.objects.contacts.sensitive.read", "crm.objects.contacts.highly_sensitive.read")

SCOPES: Mapping[str, tuple[str, ...]] = {
    "scan": (READ, SCHEMA, DEALS, TICKETS, STATUSES),
    "schema": (SCHEMA, *SENSITIVE),
    "declare": (SCHEMA_WRITE,),
    "suppress": (WRITE, STATUSES_WRITE),
    **dict.fromkeys(("restrict", "redact", "clear", "anonymise", "bin"), (WRITE,)),
    "erase": (WRITE, COMPANIES),
    "annotate": (WRITE, COMPANIES),
    "users": (USERS, OWNERS),
}
# A reserved name that no mail can reach; the call names no subscription, so that nothing is set.
_NOBODY = f"{PATHS['preferences']}/statuses/check%40repoussoir.invalid"

Probe = Callable[[], object]


def check(client: Client, properties: Properties) -> Account:
    """The account. Raises NotAllowed when the token is refused, ConfigError when properties in the settings are not there."""
    details = client.fetch("account.details", "GET", f"{PATHS['account']}/details", safe=True)
    if not isinstance(details, dict) or not details.get("portalId"):
        raise BadAnswer(f"{client.crm}: HubSpot does not say which account this is")
    missing = [scope for scope, probe in _probes(client) if _is_refused(probe)]
    readable = SCHEMA not in missing
    if readable:
        properties.forget()
        missing += [scope for scope in properties.hidden_scopes() if READ not in missing]
    where = " ".join(str(details[name]) for name in ("accountType", "dataHostingLocation") if details.get(name))
    return Account(
        id=str(details["portalId"]),
        name=f"HubSpot portal {details['portalId']}{f' ({where})' * bool(where)}",
        missing=tuple(missing),
        quota=client.quota.day,
        undeclared=undeclared(client.options, properties) if readable else (),
    )


def _is_refused(probe: Probe) -> bool:
    """Any answer but a 403 means that the call was let through."""
    try:
        probe()
    except Forbidden:
        return True
    except BadAnswer:
        return False
    return False


def _probes(client: Client) -> Iterator[tuple[str, Probe]]:
    """Each scope that this configuration needs, and a call that tells whether it is there."""
    schemas = f"{PATHS['properties']}/contacts"
    yield READ, lambda: client.page("contacts", ())
    yield SCHEMA, lambda: client.fetch("properties.list", "GET", schemas, safe=True)
    yield DEALS, lambda: client.page("deals", ())
    yield TICKETS, lambda: client.page("tickets", ())
    yield STATUSES, lambda: client.fetch("preferences.list", "GET", f"{PATHS['preferences']}/definitions", safe=True)
    yield WRITE, lambda: client.update("contacts", ())
    yield (
        SCHEMA_WRITE,
        lambda: client.fetch(
            "properties.batch_create", "POST", f"{schemas}/batch/create", None, {"inputs": []}, safe=True
        ),
    )
    yield STATUSES_WRITE, lambda: client.fetch("preferences.write", "POST", _NOBODY, None, {}, safe=True)
    yield USERS, lambda: client.call("users.list", client.users.get_page, limit=1, safe=True)
    yield OWNERS, lambda: client.call("owners.list", client.owners.get_page, limit=1, safe=True)
    if client.options.cascade or client.options.audit_anchor.startswith("company"):
        yield COMPANIES, lambda: client.page("companies", ())


def users(client: Client) -> Iterator[Operator]:
    """The users, then those that are only known as the owners they were. HubSpot does not tell a last login (§7)."""
    seen = set[str]()
    for row in _pages(client, "users.list", client.users.get_page, limit=100):
        seen.add(str(row["id"]))
        yield Operator(id=str(row["id"]), name=_name(row), active=True, admin=_flag(row.get("superAdmin")))
    for row in _pages(client, "owners.list", client.owners.get_page, limit=100, archived=True):
        id = str(row.get("userId") or row.get("userIdIncludingInactive") or f"owner-{row['id']}")
        if id not in seen:
            yield Operator(id=id, name=_name(row), active=False)


def _pages(client: Client, what: str, method: Callable[..., Any], **more: Any) -> Iterator[Json]:
    def ask(after: str | None) -> Any:
        return client.call(what, method, safe=True, **more, **({"after": after} if after else {}))

    for rows, _ in walk(what, ask):
        yield from rows


def _name(row: Json) -> str:
    parts = [str(row.get(field) or "").strip() for field in ("firstName", "lastName")]
    return " ".join(filter(None, parts)) or str(row.get("email") or "")


def _flag(told: object) -> bool | None:
    return told if isinstance(told, bool) else None
