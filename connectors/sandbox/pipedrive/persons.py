"""Persons in v2 (§4): the body they take, the contact-sync fields, marketing status, and the picture."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.pipedrive import check, marketing, query, times
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.answers import forbidden, not_found, ok
from connectors.sandbox.pipedrive.counts import CAMPAIGNS, PERSON
from connectors.sandbox.pipedrive.entity import Entity
from connectors.sandbox.pipedrive.operation import CONTACTS, CONTACTS_WRITE, Call, Operation, v1, v2
from connectors.sandbox.pipedrive.write import operations
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

CONTACT_SYNC = ("im", "notes", "birthday", "job_title", "postal_address")
_PATCH: dict[str, check.Check] = {
    "name": check.filled,
    "owner_id": check.integer,
    "org_id": check.maybe(check.integer),
    "emails": check.points,
    "phones": check.points,
    "visible_to": check.choice(1, 3, 5, 7),
    "label_ids": check.array(check.integer),
    "im": check.points,
    "notes": check.maybe(check.string),
    "birthday": check.maybe(check.date),
    "job_title": check.maybe(check.string),
    "postal_address": check.maybe(check.address),
    "marketing_status": check.choice(*marketing.STATUSES),
}


def default_visibility(account: Account) -> int:
    """Open to the whole company: 7 where there are visibility groups, else 3 (§4.2)."""
    return 7 if account.settings["plan"] in {"premium", "ultimate"} else 3


def named(doc: Doc) -> None:
    """Makes the first and last name from the name."""
    first, _, last = str(doc["name"]).partition(" ")
    doc |= {"first_name": first, "last_name": last or None}


def _blank(call: Call) -> Doc:
    doc: Doc = {"name": "", "owner_id": call.user, "org_id": None, "emails": [], "phones": []}
    return doc | {"label_ids": [], "picture_id": None, "visible_to": default_visibility(call.account)}


def _guard(call: Call, body: Doc) -> None:
    """Contact-sync fields exist only once contact sync is set up; without it they are refused (§4.2)."""
    marketing.guard(call, body)
    if not call.account.settings["contactSync"] and (sent := body.keys() & set(CONTACT_SYNC)):
        raise forbidden(f"Contact sync is not enabled: {', '.join(sorted(sent))}")


def _settle(call: Call, doc: Doc, body: Doc) -> None:
    named(doc)
    if "marketing_status" in body:
        marketing.write(call, doc, body["marketing_status"])


def _hides(account: Account) -> frozenset[str]:
    sync = () if account.settings["contactSync"] else CONTACT_SYNC
    return frozenset(sync) | (frozenset() if account.settings["campaigns"] else frozenset(CAMPAIGNS))


def _of_deal(account: Account, deal: int) -> list[Any]:
    doc = account.live("deals", deal) or {}
    return [doc.get("person_id") or 0, *(one["person_id"] for one in doc.get("participants", []))]


PERSONS = Entity(
    kind="persons",
    one="person",
    scopes=(CONTACTS, CONTACTS_WRITE),
    create=_PATCH | {"add_time": check.moment},
    patch=_PATCH,
    required="name",
    blank=_blank,
    keys=(
        *("id", "name", "first_name", "last_name", "owner_id", "org_id", "add_time", "update_time", "emails", "phones"),
        *("is_deleted", "visible_to", "label_ids", "picture_id", *CONTACT_SYNC),
    ),
    extras=PERSON,
    fields="personFields",
    hides=_hides,
    narrow={"org_id": lambda account, org: account.ids("persons", "org", org), "deal_id": _of_deal},
    equal={"owner_id": "owner_id"},
    params={"org_id": query.integer, "deal_id": query.integer},
    guard=_guard,
    settle=_settle,
)


def _picture(call: Call, id: str) -> Response:
    person = call.record("persons", id, "Person")
    if not person.get("picture_id"):
        raise not_found("Picture")
    urls = {size: f"https://pictures.example/{person['picture_id']}_{size}.jpg" for size in ("128", "512")}
    data = {"id": person["picture_id"], "item_type": "person", "item_id": person["id"], "active_flag": True}
    return ok(data | {"added_by_user_id": person["owner_id"], "file_size": 0, "pictures": urls})


def _delete_picture(call: Call, id: str) -> Response:
    person = call.record("persons", id, "Person")
    picture = person.get("picture_id")
    if not picture:
        raise not_found("Picture")
    moved = times.later(call.account.now(), person["update_time"])
    call.account.put("persons", person | {"picture_id": None, "update_time": moved})
    return ok({"id": picture})


OPERATIONS: list[Operation] = [
    *operations(PERSONS),
    v2("GET", "/persons/{id}/picture", 1, CONTACTS, _picture),
    v1("DELETE", "/persons/{id}/picture", 6, CONTACTS_WRITE, _delete_picture),
]
