"""Writing in v2: create, PATCH and the soft delete, and the five operations of an entity (§4.3, §4.5)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from connectors.sandbox.pipedrive import history, times, values
from connectors.sandbox.pipedrive.answers import forbidden, invalid, ok, unknown
from connectors.sandbox.pipedrive.check import Check, validate
from connectors.sandbox.pipedrive.entity import CUSTOM, Entity, show
from connectors.sandbox.pipedrive.operation import Call, Operation, v2
from connectors.sandbox.pipedrive.read import get, number, page, params
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response


def _create(entity: Entity, call: Call) -> Response:
    body = call.body()
    _checked(entity, call, body, entity.create)
    if entity.required and not body.get(entity.required):
        raise invalid((entity.required, "is required"))
    now = times.v2(call.account.now())
    doc = entity.blank(call) | {"id": call.account.new_id(entity.kind), "add_time": now, "update_time": now}
    doc |= {"is_deleted": False} | ({CUSTOM: {}} if entity.fields else {})
    if "add_time" in body:
        body["add_time"] = times.parameter(body["add_time"])
    _set(entity, call, doc, body)
    return ok(show(entity, call, doc, _returned(entity, call)))


def _patch(entity: Entity, call: Call, id: str) -> Response:
    doc = call.record(entity.kind, str(number(id)), entity.title)
    body = call.body()
    _checked(entity, call, body, entity.patch)
    if entity.locked(doc, body):
        raise forbidden(f"An archived {entity.one} cannot be changed")
    before = dict(doc)
    if body:
        doc["update_time"] = times.later(call.account.now(), doc["update_time"])
        _set(entity, call, doc, body)
        history.record(call, entity.one, before, doc)
    return ok(show(entity, call, doc, _returned(entity, call)))


def _checked(entity: Entity, call: Call, body: Doc, allowed: Mapping[str, Check]) -> None:
    """Raises Refusal for a body that the operation does not take."""
    entity.guard(call, body)
    plain = {key: value for key, value in body.items() if key != CUSTOM}
    validate(plain, allowed, *(_custom_problems(entity, call, body[CUSTOM]) if CUSTOM in body else ()))
    _linked(call, body)


def _custom_problems(entity: Entity, call: Call, custom: object) -> list[tuple[str, str]]:
    if entity.fields is None:
        return [unknown(CUSTOM)]
    return values.problems(call.account.custom_fields(entity.fields), custom)


def _linked(call: Call, body: Doc) -> None:
    """Raises Refusal (400) for a link to a record that is not there."""
    kinds = {"owner_id": "users", "org_id": "organizations", "person_id": "persons", "deal_id": "deals"}
    for key, kind in kinds.items():
        if body.get(key) is not None and call.account.live(kind, body[key]) is None:
            raise invalid((key, "does not exist"))


def _set(entity: Entity, call: Call, doc: Doc, body: Doc) -> None:
    plain = {key: value for key, value in body.items() if key not in {CUSTOM, "marketing_status"}}
    doc |= plain
    if CUSTOM in body:
        doc[CUSTOM] = values.merged(doc[CUSTOM], body[CUSTOM])
    entity.settle(call, doc, body)
    call.account.put(entity.kind, doc)


def _returned(entity: Entity, call: Call) -> tuple[str, ...]:
    """Optional fields that a write answers with anyway: the marketing status, and an activity's attendees."""
    names = ("marketing_status", "attendees")
    return tuple(name for name in names if name in entity.extras and name not in entity.hides(call.account))


def delete(call: Call, kind: str, doc: Doc) -> None:
    """The soft delete: the record can be restored by hand for 30 days, then it is purged."""
    doc["update_time"] = times.later(call.account.now(), doc["update_time"])
    call.account.put(kind, doc | {"is_deleted": True})


def _delete(entity: Entity, call: Call, id: str) -> Response:
    doc = call.record(entity.kind, str(number(id)), entity.title)
    delete(call, entity.kind, doc)
    return ok({"id": doc["id"]})


def operations(entity: Entity) -> list[Operation]:
    """List, get, create, patch and delete of an entity."""
    one, many = params(entity)
    read, write = entity.scopes
    path, each = f"/{entity.kind}", f"/{entity.kind}/{{id}}"
    return [
        v2("GET", path, 10, read, partial(page, entity), many),
        v2("POST", path, 5, write, partial(_create, entity)),
        v2("GET", each, 1, read, partial(get, entity), one),
        v2("PATCH", each, 5, write, partial(_patch, entity)),
        v2("DELETE", each, 3, write, partial(_delete, entity)),
    ]
