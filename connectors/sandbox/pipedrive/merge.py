"""Merging two persons (v1): the one in the path is destroyed, `merge_with_id` survives and wins conflicts (§4.1)."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.pipedrive import history, shapes_v1, times
from connectors.sandbox.pipedrive.account import PARTIES, Account
from connectors.sandbox.pipedrive.answers import ok, refused
from connectors.sandbox.pipedrive.operation import CONTACTS_WRITE, Call, Operation, v1
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

_MOVED = {"notes": "person_id", "files": "person_id", "deals": "person_id", "leads": "person_id"}


def _points(kept: list[Doc], lost: list[Doc]) -> list[Doc]:
    """The survivor's e-mails or phones, then those of the other that it did not have, which are not primary."""
    known = {str(one["value"]).lower() for one in kept}
    added = [one | {"primary": one.get("primary", False) and not kept} for one in lost]
    return kept + [one for one in added if str(one["value"]).lower() not in known]


def _joined(kept: Doc, lost: Doc) -> Doc:
    filled = {key: value for key, value in lost.items() if kept.get(key) in (None, "", [], {})}
    points = {key: _points(kept[key], lost[key]) for key in ("emails", "phones")}
    return kept | filled | points | {"custom_fields": lost["custom_fields"] | kept["custom_fields"]}


def _move(account: Account, old: int, new: int) -> None:
    """Everything that was the lost person's becomes the survivor's."""
    for kind, key in _MOVED.items():
        for doc in account.linked(kind, "person", old):
            account.put(kind, doc | {key: new})
    for deal in account.linked("deals", "participant", old):
        account.put("deals", deal | {"participants": _renamed(deal["participants"], old, new)})
    for activity in account.linked("activities", "participant", old):
        people = {key: _renamed(activity.get(key) or [], old, new) for key in ("participants", "attendees")}
        primary = new if activity["person_id"] == old else activity["person_id"]
        account.put("activities", activity | people | {"person_id": primary})
    for mail in account.linked("mailMessages", "person", old):
        parties = {side: _renamed(mail.get(side) or [], old, new, "linked_person_id") for side in PARTIES}
        account.put("mailMessages", mail | parties | {"person_id": new})


def _renamed(people: list[Doc], old: int, new: int, key: str = "person_id") -> list[Doc]:
    return [one | {key: new} if one.get(key) == old else one for one in people]


def _merge(call: Call, id: str) -> Response:
    wanted: Any = call.loose().get("merge_with_id")
    if not str(wanted).isdigit() or str(wanted) == id:
        raise refused(400, "merge_with_id is not valid")
    lost, kept = call.record("persons", id, "Person"), call.record("persons", str(wanted), "Person")
    account = call.account
    joined = _joined(kept, lost) | {"id": kept["id"]}
    joined["update_time"] = times.later(account.now(), kept["update_time"])
    account.drop("persons", lost["id"])
    history.record(call, "person", kept, joined)
    account.put("persons", joined)
    _move(account, lost["id"], kept["id"])
    return ok(shapes_v1.person(account, joined) | {"merge_what_id": lost["id"]})


OPERATIONS: list[Operation] = [v1("PUT", "/persons/{id}/merge", 40, CONTACTS_WRITE, _merge)]
