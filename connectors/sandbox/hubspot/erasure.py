"""Permanent deletion of a contact: the vendor's gdpr-delete (hubspot.md §2.4). Contacts only, no batch."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.hubspot import links, records
from connectors.sandbox.hubspot.access import Call, Route, object_scopes
from connectors.sandbox.hubspot.errors import invalid, not_found
from connectors.sandbox.hubspot.kinds import CONTACTS, Kind
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.wire import Response


def _purge(call: Call, kind: Kind) -> Response:
    """By id a contact that is not there is a 404, by e-mail it is a 204: the address is blocklisted either way."""
    if kind != CONTACTS:
        raise invalid(f"GDPR delete is not supported for {kind.name}")
    body = call.body()
    if not body.get("objectId"):
        raise invalid("Some required fields were not set: [objectId]")
    by_email = body.get("idProperty") == "email"
    id = _contact(call.portal, str(body["objectId"]), by_email)
    if id:
        erase(call.portal, id)
    elif not by_email:
        raise not_found()
    if by_email:
        block(call.portal, str(body["objectId"]))
    return Response(204)


def _contact(portal: Portal, name: str, by_email: bool) -> str | None:
    """The id of a contact, one in the bin too."""
    for archived in (False, True):
        fetch = records.fetch_by(portal, CONTACTS, "email" if by_email else "hs_object_id", name, archived)
        if fetch:
            return fetch[0]
    return None


def block(portal: Portal, email: str) -> None:
    """Blocklists an address. It binds forms and the interface, not the API (hubspot.md §2.4)."""
    portal.state.put(portal.kind("blocklist"), email.strip().lower(), {"since": portal.now()})


def erase(portal: Portal, id: str) -> None:
    """Deletes a contact for good, with its associations and the activities that no other record has."""
    doc: dict[str, Any] | None = next(
        (found[1] for archived in (False, True) if (found := records.fetch(portal, CONTACTS, id, archived))), None
    )
    for email in records.emails(doc) if doc else []:
        block(portal, email)
    for kind, other, _ in links.everything(portal, CONTACTS, id):
        links.remove(portal, CONTACTS, id, kind, other)
        if kind.engagement and not links.everything(portal, kind, other):
            records.forget(portal, kind, other)
    records.forget(portal, CONTACTS, id)


ROUTES = (Route("POST", "/crm/v3/objects/{kind}/gdpr-delete", _purge, object_scopes("write"), write=True),)
