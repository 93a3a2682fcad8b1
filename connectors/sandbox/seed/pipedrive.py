"""Copies of people as Pipedrive records in the load format. Throws no dice: the same copies give the same lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.seed.content import BANNED, IMPORT, OPTIONS, RECORD_SOURCE, TEXT, WEB_FORM
from connectors.sandbox.seed.people import PERSON, Company, Copy, Event, Line

_ACTIVITIES = {
    "call": ("inbound_call", "Appel entrant"),
    "form": ("form", "Formulaire du site"),
    "dialled": ("call", "Relance"),
    "met": ("meeting", "Point commercial"),
}


def head(companies: Iterable[Company]) -> Iterator[Line]:
    """The company account before its persons: the Campaigns add-on, custom fields and organizations."""
    yield _record("settings", campaigns=True)
    yield _field(RECORD_SOURCE, "Record source")
    for banned in BANNED:
        if banned.place == PERSON:
            yield _field(banned.name, banned.label)
    yield _field(TEXT[PERSON], "Notes internes", "text")
    for company in companies:
        yield _record("organizations", id=company.number, name=company.name)


def lines(copy: Copy) -> Iterator[Line]:
    """The person, its deals, activities and notes."""
    yield _person(copy)
    for event in copy.events:
        if event.what in _ACTIVITIES:
            yield _activity(copy, event)
        elif event.what in ("order", "deal"):
            yield _deal(copy, event)
        elif event.what == "noted":
            note = {"content": "<p>Relancer avec le nouveau catalogue.</p>", "add_time": _v1_time(event.at)}
            yield _record("notes", person_id=int(copy.id), update_time=_v1_time(event.at), **note)


def _person(copy: Copy) -> Line:
    values = {"marketing_status": "subscribed" if int(copy.id) % 5 < 3 else "no_consent", **copy.values}
    fields = {RECORD_SOURCE: IMPORT if copy.imported else WEB_FORM, **values.pop("custom_fields", {})}
    return _record(
        "persons",
        id=int(copy.id),
        name=f"{copy.persona.first} {copy.persona.last}",
        first_name=copy.persona.first,
        last_name=copy.persona.last,
        org_id=copy.persona.company.number,
        add_time=_time(copy.created),
        update_time=_time(copy.edited),
        emails=[_labelled(email, number == 0) for number, email in enumerate(copy.emails)],
        phones=[_labelled(copy.phone, True)] if copy.phone else [],
        custom_fields=fields,
        **_mail_times(copy),
        **values,
    )


def _mail_times(copy: Copy) -> dict[str, str]:
    moments = {"last_incoming_mail_time": copy.latest("email"), "last_outgoing_mail_time": copy.latest("sent")}
    return {name: _time(moment) for name, moment in moments.items() if moment}


def _activity(copy: Copy, event: Event) -> Line:
    kind, subject = _ACTIVITIES[event.what]
    return _record(
        "activities",
        subject=subject,
        type=kind,
        done=True,
        due_date=f"{event.at:%Y-%m-%d}",
        due_time=f"{event.at:%H:%M}",
        marked_as_done_time=_time(event.at),
        add_time=_time(event.at),
        update_time=_time(event.at),
        person_id=int(copy.id),
        participants=[{"person_id": int(copy.id), "primary": True}],
        is_deleted=False,
    )


def _deal(copy: Copy, event: Event) -> Line:
    won = event.what == "order"
    closed = {"won_time": _time(event.at), "close_time": _time(event.at)} if won else {}
    return _record(
        "deals",
        title="Commande" if won else "Projet",
        person_id=int(copy.id),
        org_id=copy.persona.company.number,
        status="won" if won else "open",
        value=1200,
        currency="EUR",
        add_time=_time(event.at),
        update_time=_time(event.at),
        **closed,
    )


def _labelled(value: str, primary: bool) -> dict[str, Any]:
    return {"value": value, "primary": primary, "label": "work" if primary else "home"}


def _field(code: str, name: str, field_type: str = "varchar") -> Line:
    options = [{"id": number, "label": label} for number, label in OPTIONS.get(code, ())]
    shape = {"field_type": "enum", "options": options} if options else {"field_type": field_type}
    return _record("personFields", field_code=code, field_name=name, is_custom_field=True, **shape)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _v1_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _record(kind: str, **fields: Any) -> Line:
    return {"crm": "pipedrive", "kind": kind, **fields}
