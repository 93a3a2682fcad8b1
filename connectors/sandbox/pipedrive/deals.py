"""Deals in v2, archived ones apart, and in v1 who takes part in them (§5)."""

from __future__ import annotations

from connectors.sandbox.pipedrive import check, query, times
from connectors.sandbox.pipedrive.answers import nested_page, not_found, ok, refused
from connectors.sandbox.pipedrive.counts import DEAL
from connectors.sandbox.pipedrive.entity import Entity
from connectors.sandbox.pipedrive.operation import DEALS, DEALS_WRITE, Call, Operation, v1, v2
from connectors.sandbox.pipedrive.persons import default_visibility
from connectors.sandbox.pipedrive.read import list_params, listing
from connectors.sandbox.pipedrive.write import operations
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

_STATUSES = ("open", "won", "lost")
_BODY: dict[str, check.Check] = {
    "title": check.filled,
    "owner_id": check.integer,
    "person_id": check.maybe(check.integer),
    "org_id": check.maybe(check.integer),
    "pipeline_id": check.integer,
    "stage_id": check.integer,
    "value": check.number,
    "currency": check.string,
    "is_deleted": check.boolean,
    "is_archived": check.boolean,
    "archive_time": check.string,
    "status": check.choice(*_STATUSES),
    "probability": check.maybe(check.number),
    "lost_reason": check.maybe(check.string),
    "visible_to": check.choice(1, 3, 5, 7),
    "close_time": check.maybe(check.string),
    "won_time": check.string,
    "lost_time": check.string,
    "expected_close_date": check.maybe(check.date),
    "label_ids": check.array(check.integer),
}
NULL = (
    *("person_id", "org_id", "archive_time", "probability", "lost_reason", "close_time", "won_time", "lost_time"),
    *("expected_close_date", "origin_id", "channel", "channel_id", "arr", "mrr", "acv"),
)
PLAIN: Doc = {"pipeline_id": 1, "stage_id": 1, "value": 0, "currency": "EUR", "status": "open", "is_archived": False}


def _blank(call: Call) -> Doc:
    doc: Doc = {"title": "", "owner_id": call.user, "creator_user_id": call.user, "label_ids": [], "origin": "API"}
    doc |= dict.fromkeys(NULL) | PLAIN | {"visible_to": default_visibility(call.account)}
    return doc | {"stage_change_time": times.v2(call.account.now())}


def _settle(call: Call, doc: Doc, body: Doc) -> None:
    """A deal that is won, lost or archived says since when; a reopened one no longer does."""
    now = doc["update_time"]
    if "status" in body:
        closed = doc["status"] != "open"
        doc["close_time"] = (body.get("close_time") or now) if closed else None
        for status in ("won", "lost"):
            given = body.get(f"{status}_time") or now
            doc[f"{status}_time"] = given if doc["status"] == status else None
    if "is_archived" in body:
        doc["archive_time"] = (body.get("archive_time") or now) if doc["is_archived"] else None
    if "stage_id" in body:
        doc["stage_change_time"] = now


def _locked(doc: Doc, body: Doc) -> bool:
    """An archived deal takes nothing but its return from the archive."""
    return doc["is_archived"] and body != {"is_archived": False}


DEALS_ENTITY = Entity(
    kind="deals",
    one="deal",
    scopes=(DEALS, DEALS_WRITE),
    create=_BODY,
    patch=_BODY,
    required="title",
    blank=_blank,
    keys=(
        *("id", "title", "creator_user_id", "owner_id", "person_id", "org_id", "pipeline_id", "stage_id", "value"),
        *("currency", "add_time", "update_time", "stage_change_time", "status", "is_archived", "archive_time"),
        *("is_deleted", "probability", "lost_reason", "visible_to", "close_time", "won_time", "lost_time"),
        *("expected_close_date", "label_ids", "origin", "origin_id", "channel", "channel_id", "arr", "mrr", "acv"),
    ),
    extras=DEAL,
    fields="dealFields",
    narrow={
        "person_id": lambda account, person: account.ids("deals", "person", person),
        "org_id": lambda account, org: account.ids("deals", "org", org),
    },
    equal={"owner_id": "owner_id", "pipeline_id": "pipeline_id", "stage_id": "stage_id"},
    params={
        **dict.fromkeys(("person_id", "org_id", "pipeline_id", "stage_id"), query.integer),
        "status": query.several(*_STATUSES, "deleted"),
    },
    settle=_settle,
    locked=_locked,
)


def _participants(call: Call, id: str) -> Response:
    deal = call.record("deals", id, "Deal")
    rows = [_participant(call, deal, one) for one in deal.get("participants", [])]
    return nested_page(rows, call.query)


def _participant(call: Call, deal: Doc, one: Doc) -> Doc:
    person = call.account.get("persons", one["person_id"]) or {"id": one["person_id"]}
    alive = bool(person) and not person.get("is_deleted", True)
    points = {"email": person.get("emails", []), "phone": person.get("phones", [])}
    short = {"active_flag": alive, "name": person.get("name"), "value": one["person_id"], **points}
    item = {"deal_id": deal["id"], "title": deal["title"]}
    row = {"id": one["id"], "person_id": short, "add_time": one.get("add_time"), "active_flag": True}
    return row | {"related_item_data": item, "related_item_type": "deal", "related_item_id": deal["id"]}


def _add_participant(call: Call, id: str) -> Response:
    deal, person = call.record("deals", id, "Deal"), call.loose().get("person_id")
    if person is None or call.account.live("persons", person) is None:
        raise refused(400, "Person not found")
    added: Doc = {"id": call.account.new_id("participants"), "person_id": int(person)}
    added["add_time"] = times.v1(call.account.now())
    deal["participants"] = [*deal.get("participants", []), added]
    call.account.put("deals", deal)
    return ok(_participant(call, deal, added))


def _drop_participant(call: Call, id: str, participant: str) -> Response:
    deal = call.record("deals", id, "Deal")
    left = [one for one in deal.get("participants", []) if str(one["id"]) != participant]
    if len(left) == len(deal.get("participants", [])):
        raise not_found("Participant")
    call.account.put("deals", deal | {"participants": left})
    return ok({"id": int(participant)})


_ACTIVE = listing(DEALS_ENTITY, lambda doc: not doc["is_archived"])
_ARCHIVED = listing(
    DEALS_ENTITY, lambda doc: bool(doc["is_archived"]), lambda account, _: account.ids("deals", "archived", 1)
)

_NOT_ARCHIVED = ("include_option_labels", "include_labels")
OPERATIONS: list[Operation] = [
    v2("GET", "/deals", 10, DEALS, _ACTIVE, list_params(DEALS_ENTITY)),
    v2("GET", "/deals/archived", 20, DEALS, _ARCHIVED, list_params(DEALS_ENTITY, *_NOT_ARCHIVED)),
    *operations(DEALS_ENTITY)[1:],
    v1("GET", "/deals/{id}/participants", 10, DEALS, _participants),
    v1("POST", "/deals/{id}/participants", 10, DEALS_WRITE, _add_participant),
    v1("DELETE", "/deals/{id}/participants/{participant}", 6, DEALS_WRITE, _drop_participant),
]
