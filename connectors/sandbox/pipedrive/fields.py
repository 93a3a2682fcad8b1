"""Field definitions in v2: personFields, organizationFields, dealFields, activityFields, and their options (§6)."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

from connectors.sandbox.pipedrive import check, query, times
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.answers import forbidden, invalid, not_found, ok, refused
from connectors.sandbox.pipedrive.builtin import field
from connectors.sandbox.pipedrive.counts import CAMPAIGNS
from connectors.sandbox.pipedrive.listing import PAGE, plain
from connectors.sandbox.pipedrive.operation import CONTACTS, DEALS, Call, Operation, v2
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

KINDS = ("personFields", "organizationFields", "dealFields")
TYPES = (
    *("varchar", "varchar_auto", "text", "double", "monetary", "date", "daterange", "time", "timerange"),
    *("enum", "set", "user", "org", "people", "phone", "address"),
)
WITH_OPTIONS = ("enum", "set")
CAPS = {"lite": 30, "growth": 100, "premium": 300, "ultimate": 500}
_MOST_OPTIONS = 10_000
_EXTRA = ("ui_visibility", "important_fields", "required_fields")
_SHOWN = (
    *("field_name", "field_code", "field_type", "options", "subfields"),
    *("is_custom_field", "is_optional_response_field"),
)


def _anything(value: Any) -> str | None:
    return None if isinstance(value, dict) else "must be of type object"


_UI: Doc = {
    "ui_visibility": {"add_visible_flag": True, "details_visible_flag": True},
    "important_fields": {"enabled": False, "stage_ids": []},
    "required_fields": {"enabled": False},
}
_LABEL = check.array(check.shape(label=check.filled))
_PATCH: dict[str, check.Check] = {"field_name": check.filled, **dict.fromkeys(_EXTRA, _anything)}
_CREATE = _PATCH | {"field_type": check.choice(*TYPES), "options": _LABEL}


def shown(account: Account, kind: str) -> list[Doc]:
    """The fields that the company sees; the marketing ones only with Campaigns."""
    hidden = () if account.settings["campaigns"] else tuple(CAMPAIGNS)
    return [one for one in account.fields(kind) if one["field_code"] not in hidden]


def find(call: Call, kind: str, code: str) -> Doc:
    """A field by its code. Raises Refusal (404)."""
    one = next((one for one in shown(call.account, kind) if one["field_code"] == code), None)
    if one is None:
        raise not_found("Field")
    return one


def custom(call: Call, kind: str, code: str) -> Doc:
    """A field that may be changed. Raises Refusal (404, or 403 for a built-in one)."""
    one = find(call, kind, code)
    if not one["is_custom_field"]:
        raise forbidden("Only custom fields can be changed")
    return one


def allowed(call: Call) -> None:
    """Raises Refusal (403) unless the user may define fields."""
    if not call.admin:
        raise forbidden("You are not allowed to change custom fields")


def create(call: Call, kind: str, name: str, type_: str, labels: list[str], **more: Any) -> Doc:
    """A new custom field, stored. Raises Refusal when the plan's cap is reached (§6) or options are missing."""
    account = call.account
    if sum(len(account.custom_fields(one)) for one in KINDS) >= CAPS[account.settings["plan"]]:
        raise refused(403, "Couldn't add the field: the limit is reached", code="feature_capping_custom_fields_limit")
    if (type_ in WITH_OPTIONS) is not bool(labels) or len(labels) > _MOST_OPTIONS:
        raise invalid(("options", f"are required for {' and '.join(WITH_OPTIONS)}, and for these only"))
    options = [_option(account, label) for label in labels] or None
    now = times.v1(account.now())
    one = field(account, kind, "", name, type_, options=options, is_custom_field=True, add_time=now, **more)
    one["field_code"] = hashlib.sha1(f"{account.company}:{kind}:{one['id']}".encode()).hexdigest()
    return account.put(kind, one | {"created_by_user_id": call.user}, "field_code")


def _option(account: Account, label: str) -> Doc:
    return {"id": account.new_id("fieldOptions") + 100, "label": label}


def change(call: Call, kind: str, one: Doc, **changes: Any) -> Doc:
    """Stores changes of a field."""
    return call.account.put(kind, one | changes | {"update_time": times.v1(call.account.now())}, "field_code")


# --- served ----------------------------------------------------------------------------------------------------------


def _view(call: Call, one: Doc) -> Doc:
    more = {key: one.get(key, _UI[key]) for key in call.query.get("include_fields", ())}
    return {key: one[key] for key in _SHOWN} | more


def _list(kind: str, call: Call) -> Response:
    return plain([_view(call, one) for one in shown(call.account, kind)], call.query)


def _get(kind: str, call: Call, code: str) -> Response:
    return ok(_view(call, find(call, kind, code)))


def _create(kind: str, call: Call) -> Response:
    allowed(call)
    body = call.body()
    accepted = _CREATE | ({"description": check.maybe(check.string)} if kind == "dealFields" else {})
    missing = [(key, "is required") for key in ("field_name", "field_type") if key not in body]
    check.validate(body, accepted, *missing)
    labels = [option["label"] for option in body.get("options", [])]
    extra = {key: body[key] for key in _EXTRA if key in body}
    return ok(_view(call, create(call, kind, body["field_name"], body["field_type"], labels, **extra)))


def _patch(kind: str, call: Call, code: str) -> Response:
    allowed(call)
    one, body = custom(call, kind, code), call.body()
    check.validate(body, _PATCH)
    return ok(_view(call, change(call, kind, one, **body)))


def _delete(kind: str, call: Call, code: str) -> Response:
    allowed(call)
    return ok(_view(call, change(call, kind, custom(call, kind, code), deleted=True)))


def _optioned(kind: str, call: Call, code: str, **keys: check.Check) -> tuple[Doc, list[Doc]]:
    """A field with options and the items of the body, which is an array. Raises Refusal."""
    allowed(call)
    one, items = custom(call, kind, code), call.json()
    if one["field_type"] not in WITH_OPTIONS:
        raise invalid(("field_code", "the field has no options"))
    problem = check.array(check.shape(**keys))(items)
    if problem or not items or any(set(item) != set(keys) for item in items):
        raise invalid(("body", problem or f"must be an array of objects with {', '.join(keys)}"))
    unknown = {item["id"] for item in items if "id" in item} - {option["id"] for option in one["options"]}
    if unknown:
        raise invalid(("id", "is not an option of this field"))
    return one, items


def _add_options(kind: str, call: Call, code: str) -> Response:
    one, items = _optioned(kind, call, code, label=check.filled)
    added = [_option(call.account, item["label"]) for item in items]
    change(call, kind, one, options=one["options"] + added)
    return ok(added, additional_data=None)


def _rename_options(kind: str, call: Call, code: str) -> Response:
    one, items = _optioned(kind, call, code, id=check.integer, label=check.filled)
    labels = {item["id"]: item["label"] for item in items}
    renamed = [option | {"label": labels.get(option["id"], option["label"])} for option in one["options"]]
    change(call, kind, one, options=renamed)
    return ok([option for option in renamed if option["id"] in labels], additional_data=None)


def _drop_options(kind: str, call: Call, code: str) -> Response:
    one, items = _optioned(kind, call, code, id=check.integer)
    going = {item["id"] for item in items}
    change(call, kind, one, options=[option for option in one["options"] if option["id"] not in going])
    return ok([option for option in one["options"] if option["id"] in going], additional_data=None)


def _operations(kind: str, read: str, write: str, define: str) -> list[Operation]:
    included = {"include_fields": query.several(*_EXTRA)}
    one, options = f"/{kind}/{{code}}", f"/{kind}/{{code}}/options"
    return [
        v2("GET", f"/{kind}", 10, read, partial(_list, kind), included | PAGE),
        v2("POST", f"/{kind}", 5, define, partial(_create, kind)),
        v2("GET", one, 1, read, partial(_get, kind), included),
        v2("PATCH", one, 5, write, partial(_patch, kind)),
        v2("DELETE", one, 3, define, partial(_delete, kind)),
        v2("POST", options, 5, write, partial(_add_options, kind)),
        v2("PATCH", options, 5, write, partial(_rename_options, kind)),
        v2("DELETE", options, 3, write, partial(_drop_options, kind)),
    ]


_CONTACT, _DEAL = "admin contact-fields:full", "admin deal-fields:full"
_ACTIVITY = _operations("activityFields", "admin", "admin", "admin")
OPERATIONS: list[Operation] = [
    *_operations("personFields", f"{CONTACTS} {_CONTACT}", f"contacts:full {_CONTACT}", _CONTACT),
    *_operations("organizationFields", f"{CONTACTS} {_CONTACT}", f"contacts:full {_CONTACT}", _CONTACT),
    *_operations("dealFields", f"{DEALS} {_DEAL}", f"deals:full {_DEAL}", _DEAL),
    *(one for one in _ACTIVITY if one.method == "GET"),
]
