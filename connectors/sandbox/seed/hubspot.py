"""Copies of people as HubSpot records in the load format. Throws no dice: the same copies give the same lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from connectors.sandbox.seed.content import BANNED, OPTIONS, TEXT
from connectors.sandbox.seed.people import CONTACT, Company, Copy, Event, Line
from connectors.sandbox.state import iso

_COLLECTED = ("FORM", "CONTACTS_WEB")
_IMPORTED = ("IMPORT", "INTEGRATION", "MIGRATION")
_STAMPS = {
    "click": "hs_email_last_click_date",
    "reply": "hs_email_last_reply_date",
    "form": "recent_conversion_date",
    "sent": "hs_email_last_send_date",
    "opened": "hs_email_last_open_date",
}
_REP_SIDE = ("sent", "dialled", "met")


def head(companies: Iterable[Company]) -> Iterator[Line]:
    """The account before its contacts: custom properties and companies."""
    for banned in BANNED:
        if banned.place == CONTACT:
            yield _property(banned.name, banned.label)
    yield _property(TEXT[CONTACT], "Notes internes", fieldType="textarea")
    for company in companies:
        yield _record("companies", {"name": company.name, "domain": company.domain}, id=str(company.number))


def lines(copy: Copy) -> Iterator[Line]:
    """The contact, its subscription state and its engagements."""
    company = [{"to": "companies", "id": str(copy.persona.company.number)}]
    yield _record("contacts", _contact(copy), id=copy.id, associations=company)
    for event in copy.events:
        if event.what == "objected":
            yield _unsubscribed(copy, event)
        elif event.what in _CHILDREN:
            kind, properties = _CHILDREN[event.what]
            yield _child(kind, properties, event, copy.id)


def _contact(copy: Copy) -> dict[str, Any]:
    return {
        "email": copy.emails[0],
        "firstname": copy.persona.first,
        "lastname": copy.persona.last,
        "company": copy.persona.company.name,
        "lifecyclestage": "customer" if copy.latest("order") else "lead",
        "createdate": iso(copy.created),
        "lastmodifieddate": iso(copy.edited),
        "hs_object_source": _source(copy),
        **_phone(copy),
        **_stamps(copy),
        **({"hs_additional_emails": ";".join(copy.emails[1:])} if copy.emails[1:] else {}),
        **copy.values,
    }


def _source(copy: Copy) -> str:
    sources = _IMPORTED if copy.imported else _COLLECTED
    return sources[int(copy.id) % len(sources)]


def _phone(copy: Copy) -> dict[str, str]:
    name = "mobilephone" if copy.persona.phone.startswith("+336") and int(copy.id) % 2 else "phone"
    return {name: copy.phone} if copy.phone else {}


def _stamps(copy: Copy) -> dict[str, str]:
    moments: dict[str, datetime | None] = {name: copy.latest(what) for what, name in _STAMPS.items()}
    if _source(copy) == "FORM":
        moments["recent_conversion_date"] = copy.latest("form") or copy.created
    moments["notes_last_contacted"] = copy.latest(*_REP_SIDE)
    moments["notes_last_updated"] = copy.latest(*_REP_SIDE, "noted")
    moments["hs_last_sales_activity_timestamp"] = copy.latest("opened", "click", "reply", "met")
    return {name: iso(moment) for name, moment in moments.items() if moment}


def _unsubscribed(copy: Copy, event: Event) -> Line:
    return {
        "crm": "hubspot",
        "kind": "subscription",
        "email": copy.emails[0],
        "status": "unsubscribed_all",
        "timestamp": iso(event.at),
    }


_CHILDREN: dict[str, tuple[str, dict[str, str]]] = {
    "email": ("emails", {"hs_email_direction": "INCOMING_EMAIL", "hs_email_subject": "Question sur votre offre"}),
    "call": ("calls", {"hs_call_direction": "INBOUND", "hs_call_title": "Appel entrant"}),
    "sent": ("emails", {"hs_email_direction": "EMAIL", "hs_email_subject": "Notre lettre du mois"}),
    "dialled": ("calls", {"hs_call_direction": "OUTBOUND", "hs_call_title": "Relance"}),
    "met": ("meetings", {"hs_meeting_title": "Point commercial"}),
    "noted": ("notes", {"hs_note_body": "<p>Relancer avec le nouveau catalogue.</p>"}),
    "order": ("deals", {"dealname": "Commande", "dealstage": "closedwon", "pipeline": "default", "amount": "1200"}),
    "deal": ("deals", {"dealname": "Projet", "dealstage": "qualifiedtobuy", "pipeline": "default", "amount": "4000"}),
    "ticket": ("tickets", {"subject": "Question en cours", "hs_pipeline": "0", "hs_pipeline_stage": "1"}),
}


def _child(kind: str, properties: dict[str, str], event: Event, contact: str) -> Line:
    at = iso(event.at)
    stamps = {"createdate": at, "hs_lastmodifieddate": at}
    if kind in ("emails", "calls", "meetings", "notes"):
        stamps = {"hs_timestamp": at, "hs_createdate": at, "hs_lastmodifieddate": at}
    if event.what == "order":
        stamps |= {"closedate": at, "hs_is_closed": "true", "hs_is_closed_won": "true"}
    return _record(kind, {**properties, **stamps}, associations=[{"to": "contacts", "id": contact}])


def _property(name: str, label: str, **definition: Any) -> Line:
    options = [{"label": text, "value": value} for value, text in OPTIONS.get(name, ())]
    shape = {"type": "enumeration", "fieldType": "select", "options": options}
    return {
        "crm": "hubspot",
        "kind": "property",
        "objectType": "contacts",
        "name": name,
        "label": label,
        "groupName": "contactinformation",
        **(shape if options else {"type": "string", "fieldType": "text"}),
        **definition,
    }


def _record(kind: str, properties: dict[str, Any], **rest: Any) -> Line:
    return {"crm": "hubspot", "kind": kind, "properties": properties, **rest}
