"""Activities in v2: who takes part is written by `participants`, and `person_id` follows its primary one (§5)."""

from __future__ import annotations

from connectors.sandbox.pipedrive import check, query, times
from connectors.sandbox.pipedrive.answers import invalid
from connectors.sandbox.pipedrive.entity import Entity
from connectors.sandbox.pipedrive.operation import ACTIVITIES, ACTIVITIES_WRITE, Call, Operation
from connectors.sandbox.pipedrive.write import operations
from connectors.sandbox.state import Doc

_ATTENDEE = check.shape(
    email=check.string,
    name=check.maybe(check.string),
    status=check.maybe(check.string),
    is_organizer=check.boolean,
    person_id=check.maybe(check.integer),
    user_id=check.maybe(check.integer),
)
_BODY: dict[str, check.Check] = {
    "subject": check.string,
    "type": check.filled,
    "owner_id": check.integer,
    "deal_id": check.maybe(check.integer),
    "lead_id": check.maybe(check.string),
    "org_id": check.maybe(check.integer),
    "project_id": check.maybe(check.integer),
    "due_date": check.maybe(check.date),
    "due_time": check.maybe(check.time),
    "duration": check.maybe(check.time),
    "busy": check.boolean,
    "done": check.boolean,
    "location": check.maybe(check.address),
    "participants": check.array(check.shape(person_id=check.integer, primary=check.boolean)),
    "attendees": check.array(_ATTENDEE),
    "public_description": check.maybe(check.string),
    "priority": check.maybe(check.integer),
    "note": check.maybe(check.string),
}
NULL = (
    *("deal_id", "lead_id", "person_id", "org_id", "project_id", "due_date", "due_time", "duration"),
    *("marked_as_done_time", "location", "public_description", "priority", "note"),
    *("conference_meeting_client", "conference_meeting_url", "conference_meeting_id"),
)
PLAIN: Doc = {"subject": "", "type": "call", "busy": False, "done": False}


def _blank(call: Call) -> Doc:
    owner = {"owner_id": call.user, "creator_user_id": call.user}
    return dict.fromkeys(NULL) | PLAIN | owner | {"participants": [], "attendees": []}


def primary(participants: list[Doc]) -> int | None:
    """The person that an activity is about: the primary participant, else the first."""
    first = next((one for one in participants if one.get("primary") or one.get("primary_flag")), None)
    chosen = first or (participants[0] if participants else {})
    return chosen.get("person_id")


def _settle(call: Call, doc: Doc, body: Doc) -> None:
    types = {one["key_string"] for one in call.account.all("activityTypes")}
    if doc["type"] not in types:
        raise invalid(("type", "is not an activity type of this company"))
    missing = [one for one in body.get("participants", []) if not call.account.live("persons", one.get("person_id"))]
    if missing:
        raise invalid(("participants", "a person does not exist"))
    if "participants" in body:
        doc["person_id"] = primary(doc["participants"])
    if "done" in body:
        doc["marked_as_done_time"] = times.v2(call.account.now()) if doc["done"] else None


ACTIVITIES_ENTITY = Entity(
    kind="activities",
    one="activity",
    scopes=(ACTIVITIES, ACTIVITIES_WRITE),
    create=_BODY,
    patch=_BODY,
    required=None,
    blank=_blank,
    keys=(
        *("id", "subject", "type", "owner_id", "creator_user_id", "is_deleted", "add_time", "update_time", "deal_id"),
        *("lead_id", "person_id", "org_id", "project_id", "due_date", "due_time", "duration", "busy", "done"),
        *("marked_as_done_time", "location", "participants", "conference_meeting_client", "conference_meeting_url"),
        *("conference_meeting_id", "public_description", "priority", "note"),
    ),
    extras={"attendees": lambda _, doc: doc.get("attendees") or []},
    narrow={
        "person_id": lambda account, person: account.ids("activities", "person", person),
        "deal_id": lambda account, deal: account.ids("activities", "deal", deal),
        "lead_id": lambda account, lead: account.ids("activities", "lead", lead),
        "org_id": lambda account, org: account.ids("activities", "org", org),
    },
    equal={"owner_id": "owner_id"},
    params={
        **dict.fromkeys(("person_id", "deal_id", "org_id"), query.integer),
        "lead_id": query.string,
        "done": query.boolean,
    },
    sorts=("id", "update_time", "add_time", "due_date"),
    settle=_settle,
)

OPERATIONS: list[Operation] = operations(ACTIVITIES_ENTITY)
