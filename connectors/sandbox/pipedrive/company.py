"""The small v1 lists of a company: activity types, currencies, add-ons, settings, recents; webhooks, kept only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from connectors.sandbox.pipedrive import notes, shapes_v1, times
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.answers import nested_page, ok, refused
from connectors.sandbox.pipedrive.files import view as file_view
from connectors.sandbox.pipedrive.operation import ACTIVITIES, Call, Operation, v1
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Refusal, Response

_CURRENCIES = (("EUR", "Euro", "€"), ("USD", "US Dollar", "$"), ("GBP", "Pound Sterling", "£"))
_MONTH = timedelta(days=31)
_HOOKS_PER_USER = 40
_ACTIONS = {"create", "change", "delete", "*"}
_OBJECTS = {"activity", "deal", "lead", "note", "organization", "person", "pipeline", "product", "stage", "user", "*"}
_CAMPAIGNS_CODE = "campaigns"


def _activity_types(call: Call) -> Response:
    return ok(list(call.account.all("activityTypes")))


def _currencies(call: Call) -> Response:
    term = call.query.get("term", "").lower()
    rows = [
        {"id": number, "code": code, "name": name, "decimal_points": 2, "symbol": symbol}
        | {"active_flag": True, "is_custom_flag": False}
        for number, (code, name, symbol) in enumerate(_CURRENCIES, 1)
        if term in f"{code} {name}".lower()
    ]
    return ok(rows or None)


def _addons(call: Call) -> Response:
    """The add-ons. The code of Campaigns is not documented; the one here is made up (§4.4)."""
    settings = call.account.settings
    codes = [*settings["addons"], *([_CAMPAIGNS_CODE] if settings["campaigns"] else [])]
    return ok([{"code": code} for code in codes] or None)


def _user_settings(call: Call) -> Response:
    data: Doc = {"marketplace_team": False, "list_limit": 100, "beta_app": False, "file_upload_destination": "s3"}
    data |= {"prevent_salesphone_callto_override": False, "callto_link_syntax": "callto:[number]"}
    return ok(data | {"autofill_deal_expected_close_date": False, "person_duplicate_condition": "name && email"})


# --- recents ---------------------------------------------------------------------------------------------------------

_RECENT: dict[str, tuple[str, Callable[[Account, Doc], Doc]]] = {
    "activity": ("activities", shapes_v1.activity),
    "deal": ("deals", shapes_v1.deal),
    "organization": ("organizations", shapes_v1.organization),
    "person": ("persons", shapes_v1.person),
    "note": ("notes", lambda _, doc: doc),
    "file": ("files", lambda _, doc: doc),
}


def _since(call: Call) -> str:
    """The time asked for, but silently not more than a month ago."""
    try:
        asked = times.read(call.query.get("since_timestamp") or "")
    except ValueError:
        raise refused(400, "since_timestamp is required") from None
    return times.v1(max(asked, call.account.now() - _MONTH))


def _recent(call: Call, name: str, since: str) -> Iterator[tuple[str, Doc]]:
    kind, shape = _RECENT[name]
    for doc in call.account.all(kind):
        moment = shapes_v1.stamp(doc["update_time"]) or ""
        if moment >= since and _sees(call, name, doc):
            data = file_view(call, doc) if name == "file" else notes.view(call, doc) if name == "note" else None
            yield moment, {"item": name, "id": doc["id"], "data": data or shape(call.account, doc)}


def _sees(call: Call, name: str, doc: Doc) -> bool:
    return notes.sees(call, doc) if name == "note" else call.sees(doc)


def _recents(call: Call) -> Response:
    since = _since(call)
    wanted = set(filter(None, (call.query.get("items") or "").split(","))) or set(_RECENT)
    found = [pair for name in _RECENT if name in wanted for pair in _recent(call, name, since)]
    found.sort(key=lambda pair: pair[0])
    return nested_page([item for _, item in found], call.query)


# --- webhooks --------------------------------------------------------------------------------------------------------


def _unfit(**errors: str) -> Refusal:
    body = {"status": "error", "success": False, "errors": {key: [text] for key, text in errors.items()}}
    return Refusal(Response(404 if "id" in errors else 400, body))


def _kept(data: object, status: int) -> Response:
    return Response(status, {"status": "ok", "success": True, "data": data})


def _hooks(call: Call) -> Response:
    return _kept(list(call.account.all("webhooks")) or None, 200)


def _add_hook(call: Call) -> Response:
    body = call.loose()
    if urlsplit(str(body.get("subscription_url"))).scheme != "https":
        raise _unfit(subscription_url="invalid or non-reachable URL")
    if str(body.get("event_action")) not in _ACTIONS or str(body.get("event_object")) not in _OBJECTS:
        raise _unfit(event_action="invalid event")
    if not body.get("name") or len(str(body["name"])) > 255:
        raise _unfit(name="is required")
    if sum(one["user_id"] == call.user for one in call.account.all("webhooks")) >= _HOOKS_PER_USER:
        raise refused(422, "The limit of webhooks is reached")
    return _kept(call.account.put("webhooks", _hook(call, body)), 201)


def _hook(call: Call, body: Doc) -> Doc:
    doc: Doc = {key: body[key] for key in ("subscription_url", "event_action", "event_object", "name")}
    doc |= {"id": call.account.new_id("webhooks"), "company_id": call.account.company, "owner_id": call.user}
    doc |= {"user_id": body.get("user_id") or call.user, "version": body.get("version") or "2.0", "is_active": 1}
    doc |= {"add_time": times.milliseconds(call.account.now()), "remove_time": None, "type": "general"}
    doc |= {key: body.get(key) for key in ("http_auth_user", "http_auth_password")} | {"remove_reason": None}
    return doc | {"last_delivery_time": None, "last_http_status": None, "admin_id": call.user}


def _delete_hook(call: Call, id: str) -> Response:
    if not call.account.drop("webhooks", id):
        raise _unfit(id="not found")
    return Response(200, {"status": "ok", "success": True})


OPERATIONS: list[Operation] = [
    v1("GET", "/activityTypes", 20, f"{ACTIVITIES} admin", _activity_types),
    v1("GET", "/currencies", 20, "", _currencies),
    v1("GET", "/billing/subscriptions/addons", 20, "users:read", _addons),
    v1("GET", "/userSettings", 2, "", _user_settings),
    v1("GET", "/recents", 20, "recents:read search:read", _recents),
    v1("GET", "/webhooks", 10, "admin", _hooks, admin=True),
    v1("POST", "/webhooks", 10, "admin", _add_hook, admin=True),
    v1("DELETE", "/webhooks/{id}", 6, "admin", _delete_hook, admin=True),
]
