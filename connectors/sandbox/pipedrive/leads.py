"""Leads, which v1 still serves: numbered by UUID, custom fields of deals at the root, archived ones apart (§5)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

from connectors.sandbox.pipedrive import check, query, times, values
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.answers import flat_page, forbidden, ok, refused
from connectors.sandbox.pipedrive.operation import LEADS, LEADS_WRITE, Call, Operation, v1
from connectors.sandbox.pipedrive.persons import default_visibility
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

_VALUE = check.shape(amount=check.number, currency=check.string)
_BODY: dict[str, check.Check] = {
    "title": check.filled,
    "owner_id": check.integer,
    "label_ids": check.array(check.string),
    "person_id": check.maybe(check.integer),
    "organization_id": check.maybe(check.integer),
    "value": check.maybe(_VALUE),
    "expected_close_date": check.maybe(check.date),
    "visible_to": check.choice("1", "3", "5", "7"),
    "was_seen": check.boolean,
    "channel": check.maybe(check.integer),
    "channel_id": check.maybe(check.string),
}
_CREATE = _BODY | {"origin_id": check.maybe(check.string)}
_PATCH = _BODY | {"is_archived": check.boolean}
_SORTS = ("id", "title", "owner_id", "creator_id", "was_seen", "expected_close_date", "add_time", "update_time")
NULL = (
    *("person_id", "organization_id", "origin_id", "channel", "channel_id", "source_deal_id", "value"),
    *("expected_close_date", "next_activity_id"),
)
PLAIN: Doc = {"source_name": "API", "origin": "API", "is_archived": False, "was_seen": False}


def new_id(account: Account) -> str:
    """A fresh lead id."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{account.company}:lead:{account.new_id('leads')}"))


def _list(archived: bool) -> Callable[[Call], Response]:
    def serve(call: Call) -> Response:
        person = call.query.get("person_id")
        some = call.account.linked("leads", "person", person) if person else call.account.all("leads")
        rows = [lead for lead in some if lead["is_archived"] is archived and _matches(call, lead)]
        return flat_page(_sorted(rows, call.query.get("sort")), call.query)

    return serve


def _matches(call: Call, lead: Doc) -> bool:
    raw = call.query
    try:
        since = query.moment(raw["updated_since"]) if raw.get("updated_since") else ""
    except ValueError:
        raise refused(400, "updated_since is not a valid time") from None
    wanted = {key: raw[key] for key in ("owner_id", "organization_id") if raw.get(key)}
    linked = all(str(lead[key]) == value for key, value in wanted.items())
    return linked and times.v2(times.read(lead["update_time"])) >= since and call.sees(lead)


def _sorted(rows: Iterable[Doc], sort: str | None) -> list[Doc]:
    """Oldest first, unless asked otherwise."""
    key, _, mode = (sort or "add_time").partition(" ")
    if key not in _SORTS or mode.upper() not in {"", "ASC", "DESC"}:
        raise refused(400, "sort is not valid")
    return sorted(rows, key=lambda lead: (lead[key] is not None, lead[key]), reverse=mode.upper() == "DESC")


def _get(call: Call, id: str) -> Response:
    return ok(call.record("leads", id, "Lead"))


def _create(call: Call) -> Response:
    body = _checked(call, call.loose(), _CREATE)
    if not body.get("title"):
        raise refused(400, "Title is required")
    now = times.milliseconds(call.account.now())
    lead: Doc = {"id": new_id(call.account), "owner_id": call.user, "creator_id": call.user, "label_ids": []}
    lead |= dict.fromkeys(NULL) | PLAIN | {"add_time": now, "visible_to": str(default_visibility(call.account))}
    lead["cc_email"] = f"{call.account.domain}+lead{lead['id']}@pipedrivemail.example"
    return _store(call, lead, body, 201)


def _patch(call: Call, id: str) -> Response:
    lead = call.record("leads", id, "Lead")
    body = _checked(call, call.loose(), _PATCH)
    if lead["is_archived"] and body != {"is_archived": False}:
        raise forbidden("An archived lead cannot be changed")
    return _store(call, lead, body, 200)


def _store(call: Call, lead: Doc, body: Doc, status: int) -> Response:
    lead |= body | {"update_time": times.milliseconds(call.account.now())}
    if lead["person_id"] is None and lead["organization_id"] is None:
        raise refused(400, "A lead must be linked to a person or an organization")
    lead = {key: value for key, value in lead.items() if value is not None or key in NULL}
    return ok(call.account.put("leads", lead), status)


def _checked(call: Call, body: Doc, allowed: dict[str, check.Check]) -> Doc:
    """The body, its custom fields included. Raises Refusal (400) for what is unknown, wrong, or linked to nothing."""
    fields = call.account.custom_fields("dealFields")
    for key, value in body.items():
        known = key in allowed or key in fields
        problem = allowed[key](value) if key in allowed else values.problem(fields[key], value) if known else None
        if problem or not known:
            raise refused(400, f"{key} {problem or 'is not allowed'}")
    for key, kind in (("person_id", "persons"), ("organization_id", "organizations")):
        if body.get(key) is not None and call.account.live(kind, body[key]) is None:
            raise refused(400, f"{key} does not exist")
    return body


def _delete(call: Call, id: str) -> Response:
    call.account.drop("leads", call.record("leads", id, "Lead")["id"])
    return ok({"id": id})


OPERATIONS: list[Operation] = [
    v1("GET", "/leads", 20, LEADS, _list(archived=False)),
    v1("POST", "/leads", 10, LEADS_WRITE, _create),
    v1("GET", "/leads/archived", 40, LEADS, _list(archived=True)),
    v1("GET", "/leads/{id}", 2, LEADS, _get),
    v1("PATCH", "/leads/{id}", 10, LEADS_WRITE, _patch),
    v1("DELETE", "/leads/{id}", 6, LEADS_WRITE, _delete),
]
