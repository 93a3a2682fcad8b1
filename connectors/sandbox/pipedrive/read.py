"""Reading in v2: a list, chosen, sorted and paged; and one record (§3.3, §4.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.sandbox.pipedrive import filters, query
from connectors.sandbox.pipedrive.answers import cursor_page, invalid, not_found, ok
from connectors.sandbox.pipedrive.entity import CUSTOM, Entity, Narrow, show
from connectors.sandbox.pipedrive.listing import DIRECTION, PAGE, Walk
from connectors.sandbox.pipedrive.operation import Call
from connectors.sandbox.pipedrive.order import Pair
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

_CUSTOM_KEYS = 15
_IDS = 100

Keep = Callable[[Doc], bool]


def page(entity: Entity, call: Call, given: Keep = lambda doc: True, ids: set[int] | None = None) -> Response:
    """One page of the records that are among `ids`, that `given` keeps, and that the query asks for."""
    keep = _keep(entity, call)
    walk = Walk(call.query)

    def read(id: int) -> Doc | None:
        doc = call.account.get(entity.kind, id)
        return doc if doc is not None and call.sees(doc) and given(doc) and keep(doc) else None

    docs, cursor = walk.page(_pairs(entity, call, walk.field, ids), read)
    return cursor_page([show(entity, call, doc) for doc in docs], cursor)


def _pairs(entity: Entity, call: Call, field: str, ids: set[int] | None) -> list[Pair]:
    """The places to walk: of the candidates if the query leaves few, else of every record."""
    order = call.account.order(entity.kind)
    since, until = call.query.get("updated_since"), call.query.get("updated_until")
    for found in _candidates(entity, call):
        ids = found if ids is None else ids & found
    if ids is None and (since or until):
        ids = set(order.updated(since, until))
    return order.pairs(field) if ids is None else order.some(field, ids)


def _candidates(entity: Entity, call: Call) -> Iterator[set[int]]:
    if "filter_id" in call.query:
        return
    if "ids" in call.query:
        yield set(call.query["ids"])
    for name, find in entity.narrow.items():
        if name in call.query:
            yield {int(id) for id in find(call.account, call.query[name])}


def _keep(entity: Entity, call: Call) -> Keep:
    params, since, until = call.query, call.query.get("updated_since"), call.query.get("updated_until")
    deleted = "deleted" in params.get("status", ()) and "filter_id" not in params
    tests: list[Keep] = [] if deleted else [lambda doc: not doc["is_deleted"]]
    if since or until:
        tests.append(lambda doc: (since or "") <= doc["update_time"] < (until or "~"))
    if "done" in params:
        tests.append(lambda doc: doc["done"] is params["done"])
    tests.append(_chosen(entity, call))
    return lambda doc: all(test(doc) for test in tests)


def _chosen(entity: Entity, call: Call) -> Keep:
    """By a filter, which makes every other choice of records be ignored, or by the query's own."""
    params = call.query
    if "filter_id" in params:
        return filters.matcher(call, entity.kind, params["filter_id"])
    wanted = {key: params[name] for name, key in entity.equal.items() if name in params}
    statuses = params.get("status")
    return lambda doc: (
        all(doc.get(key) == value for key, value in wanted.items())
        and (statuses is None or ("deleted" if doc["is_deleted"] else doc["status"]) in statuses)
    )


def get(entity: Entity, call: Call, id: str) -> Response:
    """One record. Whether a deleted one is still shown is not documented: `deletedGet` says (§4.5)."""
    doc = call.account.get(entity.kind, number(id))
    flagged = call.account.settings["deletedGet"] == "flag"
    if doc is None or (doc["is_deleted"] and not flagged) or not call.sees(doc):
        raise not_found(entity.title)
    return ok(show(entity, call, doc))


def number(text: str) -> int:
    """An id in a path. Raises Refusal (400)."""
    if not text.isdigit():
        raise invalid(("id", "must be an integer"))
    return int(text)


def params(entity: Entity) -> tuple[dict[str, query.Parse], dict[str, query.Parse]]:
    """The query parameters of get and of list."""
    one: dict[str, query.Parse] = {"include_fields": query.several(*entity.extras)}
    if entity.fields:
        one |= {CUSTOM: query.listed(query.string, _CUSTOM_KEYS)}
        one |= {"include_option_labels": query.boolean, "include_labels": query.boolean}
    times_ = {"updated_since": query.moment, "updated_until": query.moment}
    choose = {"filter_id": query.integer, "ids": query.listed(query.integer, _IDS), "owner_id": query.integer}
    order = {"sort_by": query.choice(*entity.sorts), "sort_direction": DIRECTION}
    return one, one | times_ | choose | order | dict(entity.params) | PAGE


def listing(entity: Entity, given: Keep, find: Narrow | None = None) -> Callable[[Call], Response]:
    """Serves a list of only some of the records: those that `given` keeps, found by `find` if there are few."""

    def serve(call: Call) -> Response:
        return page(entity, call, given, {int(id) for id in find(call.account, None)} if find else None)

    return serve


def list_params(entity: Entity, *without: str) -> dict[str, query.Parse]:
    """The query parameters of a list, less some."""
    return {name: parse for name, parse in params(entity)[1].items() if name not in without}
