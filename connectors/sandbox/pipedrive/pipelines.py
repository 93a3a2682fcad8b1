"""Pipelines and stages in v2."""

from __future__ import annotations

from functools import partial

from connectors.sandbox.pipedrive import check, listing, query, times
from connectors.sandbox.pipedrive.answers import invalid, not_found, ok
from connectors.sandbox.pipedrive.operation import DEALS, Call, Operation, v2
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

_BODIES: dict[str, dict[str, check.Check]] = {
    "pipelines": {"name": check.filled, "is_deal_probability_enabled": check.boolean},
    "stages": {
        "name": check.filled,
        "pipeline_id": check.integer,
        "deal_probability": check.integer,
        "is_deal_rot_enabled": check.boolean,
        "days_to_rotten": check.maybe(check.integer),
    },
}
_BLANK: dict[str, Doc] = {
    "pipelines": {"is_deal_probability_enabled": False},
    "stages": {"deal_probability": 100, "pipeline_id": 1, "is_deal_rot_enabled": False, "days_to_rotten": None},
}
_TITLES = {"pipelines": "Pipeline", "stages": "Stage"}


def _find(kind: str, call: Call, id: str) -> Doc:
    doc = call.account.live(kind, id)
    if doc is None:
        raise not_found(_TITLES[kind])
    return doc


def _list(kind: str, call: Call) -> Response:
    wanted, by = call.query.get("pipeline_id"), call.query.get("sort_by", "id")
    docs = [doc for doc in call.account.all(kind) if not doc["is_deleted"] and wanted in (None, doc.get("pipeline_id"))]
    docs.sort(key=lambda doc: (doc[by], doc["id"]), reverse=call.query.get("sort_direction") == "desc")
    return listing.plain(docs, call.query)


def _get(kind: str, call: Call, id: str) -> Response:
    return ok(_find(kind, call, id))


def _create(kind: str, call: Call) -> Response:
    body, now = call.body(), times.v2(call.account.now())
    check.validate(body, _BODIES[kind])
    if "name" not in body:
        raise invalid(("name", "is required"))
    id = call.account.new_id(kind)
    doc: Doc = {"id": id, "order_nr": id, "is_deleted": False, "add_time": now, "update_time": now}
    return ok(call.account.put(kind, doc | _BLANK[kind] | body))


def _patch(kind: str, call: Call, id: str) -> Response:
    doc, body = _find(kind, call, id), call.body()
    check.validate(body, _BODIES[kind])
    return ok(call.account.put(kind, doc | body | {"update_time": times.later(call.account.now(), doc["update_time"])}))


def _delete(kind: str, call: Call, id: str) -> Response:
    doc = _find(kind, call, id)
    moved = times.later(call.account.now(), doc["update_time"])
    call.account.put(kind, doc | {"is_deleted": True, "update_time": moved})
    return ok({"id": doc["id"]})


def _operations(kind: str, *sorts: str, **more: query.Parse) -> list[Operation]:
    order = {"sort_by": query.choice("id", "update_time", "add_time", *sorts), "sort_direction": listing.DIRECTION}
    one = f"/{kind}/{{id}}"
    return [
        v2("GET", f"/{kind}", 5, f"{DEALS} admin", partial(_list, kind), order | listing.PAGE | more),
        v2("POST", f"/{kind}", 5, "admin", partial(_create, kind), admin=True),
        v2("GET", one, 1, f"{DEALS} admin", partial(_get, kind)),
        v2("PATCH", one, 5, "admin", partial(_patch, kind), admin=True),
        v2("DELETE", one, 3, "admin", partial(_delete, kind), admin=True),
    ]


OPERATIONS: list[Operation] = [*_operations("pipelines"), *_operations("stages", "order_nr", pipeline_id=query.integer)]
