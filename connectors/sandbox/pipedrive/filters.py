"""Filters (v1): conditions kept on the server, named by the numeric field ids of v1, applied by `filter_id` (§5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.sandbox.pipedrive import check, times
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.answers import invalid, not_found, ok, refused
from connectors.sandbox.pipedrive.operation import Call, Operation, v1
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

_READ = "deals:read deals:full activities:read activities:full contacts:read contacts:full"
_WRITE = "deals:full activities:full contacts:full"
_MOST = 16
_TYPES = {"people": "persons", "org": "organizations", "deals": "deals", "activity": "activities"}
_FIELDS = {
    "person": "personFields",
    "organization": "organizationFields",
    "deal": "dealFields",
    "activity": "activityFields",
}
_ENTITY_KEYS = {"email": "emails", "phone": "phones"}

_TESTS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda has, wanted: has.lower() == wanted.lower(),
    "!=": lambda has, wanted: has.lower() != wanted.lower(),
    "<": lambda has, wanted: _ordered(has) < _ordered(wanted),
    ">": lambda has, wanted: _ordered(has) > _ordered(wanted),
    "<=": lambda has, wanted: _ordered(has) <= _ordered(wanted),
    ">=": lambda has, wanted: _ordered(has) >= _ordered(wanted),
    "LIKE '$%'": lambda has, wanted: has.lower().startswith(wanted.lower()),
    "LIKE '%$%'": lambda has, wanted: wanted.lower() in has.lower(),
    "NOT LIKE '$%'": lambda has, wanted: not has.lower().startswith(wanted.lower()),
}
_NULLS = {"IS NULL": True, "IS NOT NULL": False}


def _ordered(text: str) -> tuple[int, float, str]:
    """Numbers as numbers, before everything else, which is compared as text (dates are in ISO order)."""
    try:
        return 0, float(text), ""
    except ValueError:
        return 1, 0.0, text


def _texts(doc: Doc, code: str) -> list[str]:
    """What a record has in a field, as texts; nothing when it is empty."""
    value = doc.get("custom_fields", {}).get(code, doc.get(_ENTITY_KEYS.get(code, code)))
    values = value if isinstance(value, list) else [value]
    plain = [item.get("value") if isinstance(item, dict) else item for item in values]
    return [str(item) for item in plain if item not in (None, "")]


def _holds(account: Account, condition: Doc, doc: Doc) -> bool:
    fields = account.fields(_FIELDS[condition["object"]])
    code = next((one["field_code"] for one in fields if str(one["id"]) == str(condition["field_id"])), None)
    texts = _texts(doc, code) if code else []
    operator = condition["operator"]
    if operator in _NULLS:
        return _NULLS[operator] is not bool(texts)
    test = _TESTS[operator]
    return any(test(text, str(condition["value"])) for text in texts)


def matcher(call: Call, kind: str, id: int) -> Callable[[Doc], bool]:
    """Tells which records of a kind a filter keeps. Raises Refusal (400) when there is no such filter for the kind."""
    stored = call.account.get("filters", id)
    if stored is None or _TYPES.get(stored["type"]) != kind:
        raise invalid(("filter_id", "does not exist"))
    groups = stored["conditions"]["conditions"]

    def keeps(doc: Doc) -> bool:
        results = [
            (all if group["glue"] == "and" else any)([_holds(call.account, one, doc) for one in group["conditions"]])
            for group in groups
            if group["conditions"]
        ]
        return all(results)

    return keeps


def _anything(value: Any) -> str | None:
    return None


_LEAF = check.shape(
    object=check.choice(*_FIELDS),
    field_id=_anything,
    operator=check.choice(*_TESTS, *_NULLS),
    value=_anything,
    extra_value=_anything,
    json_value_flag=_anything,
    field_code=_anything,
)
_GROUP = check.shape(glue=check.choice("and", "or"), conditions=check.array(_LEAF))
_WHOLE = check.shape(glue=check.choice("and"), conditions=check.array(_GROUP))
_NEEDED = {"glue", "conditions"}
_LEAF_NEEDED = {"object", "field_id", "operator", "value"}


def _checked(conditions: Any) -> Doc:
    """Conditions that a filter can have. Raises Refusal (400) for any other."""
    problem = _WHOLE(conditions)
    if problem or conditions.keys() != _NEEDED or any(group.keys() != _NEEDED for group in conditions["conditions"]):
        raise refused(400, f"Conditions are not valid: {problem or 'glue and conditions are required'}")
    leaves = [one for group in conditions["conditions"] for one in group["conditions"]]
    if len(leaves) > _MOST or len(conditions["conditions"]) > 2 or any(_LEAF_NEEDED - one.keys() for one in leaves):
        raise refused(400, "Conditions are not valid")
    return dict(conditions)


def _summary(doc: Doc) -> Doc:
    return {key: value for key, value in doc.items() if key != "conditions"}


def _list(call: Call) -> Response:
    wanted = call.query.get("type")
    rows = [_summary(doc) for doc in call.account.all("filters") if wanted in (None, doc["type"])]
    return ok(rows or None)


def _get(call: Call, id: str) -> Response:
    return ok(_stored(call, id))


def _stored(call: Call, id: str) -> Doc:
    doc = call.account.get("filters", id)
    if doc is None:
        raise not_found("Filter")
    return doc


def _create(call: Call) -> Response:
    body = call.loose()
    body["conditions"] = _checked(body.get("conditions"))
    if not body.get("name") or str(body.get("type")) not in _TYPES:
        raise refused(400, "Name and type are required")
    return ok(call.account.put("filters", _complete(call, body)))


def _complete(call: Call, body: Doc) -> Doc:
    """A filter with everything that the service adds to it."""
    now = times.v1(call.account.now())
    doc: Doc = {"id": call.account.new_id("filters"), "name": body["name"], "filter_code": None, "is_editable": True}
    doc |= {"active_flag": True, "type": body["type"], "temporary_flag": False, "user_id": call.user, "add_time": now}
    doc |= {"update_time": now, "visible_to": "1", "last_used_time": None, "custom_view_id": None}
    return doc | {"conditions": body["conditions"]}


def _update(call: Call, id: str) -> Response:
    doc, body = _stored(call, id), call.loose()
    changes: dict[str, Any] = {"name": body["name"]} if body.get("name") else {}
    if "conditions" in body:
        changes["conditions"] = _checked(body["conditions"])
    return ok(call.account.put("filters", doc | changes | {"update_time": times.v1(call.account.now())}))


def _delete(call: Call, id: str) -> Response:
    doc = _stored(call, id)
    call.account.drop("filters", id)
    return ok({"id": doc["id"]})


OPERATIONS: list[Operation] = [
    v1("GET", "/filters", 20, _READ, _list),
    v1("POST", "/filters", 10, _WRITE, _create),
    v1("GET", "/filters/{id}", 2, _READ, _get),
    v1("PUT", "/filters/{id}", 10, _WRITE, _update),
    v1("DELETE", "/filters/{id}", 6, _WRITE, _delete),
]
