"""Communication preferences v3, as the vendor's SDKs call it (hubspot.md §5.1): it cannot take back an opt-out."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.hubspot import consent, optout
from connectors.sandbox.hubspot.access import Call, Route, need
from connectors.sandbox.hubspot.errors import invalid
from connectors.sandbox.hubspot.preferences import READ, WRITE, address, legal
from connectors.sandbox.wire import Response


def _definitions(call: Call) -> Response:
    return Response(200, {"subscriptionDefinitions": list(consent.DEFINITIONS.values())})


def _status(call: Call, email: str, type_id: str) -> dict[str, Any]:
    known, definition = consent.read(call.portal, email), consent.DEFINITIONS[type_id]
    kept = known["types"].get(type_id, {})
    on = consent.state_of(known, type_id) == consent.SUBSCRIBED
    return {
        "id": type_id,
        "name": definition["name"],
        "description": definition["description"],
        "status": "SUBSCRIBED" if on else "NOT_SUBSCRIBED",
        "sourceOfStatus": "PORTAL_WIDE_STATUS" if known["wide"] else "SUBSCRIPTION_STATUS",
        **{field: kept[field] for field in ("legalBasis", "legalBasisExplanation") if field in kept},
    }


def _get(call: Call, email: str) -> Response:
    found = address(email)
    statuses = [_status(call, found, type_id) for type_id in consent.DEFINITIONS]
    return Response(200, {"recipient": found, "subscriptionStatuses": statuses})


def _set(call: Call, state: str) -> Response:
    given = call.body()
    email, type_id = address(given.get("emailAddress")), str(given.get("subscriptionId"))
    if type_id not in consent.DEFINITIONS:
        raise invalid(f"There is no subscription {type_id}")
    fields, known = legal(call, given), consent.read(call.portal, email)
    opted_out = consent.state_of(known, type_id) == consent.UNSUBSCRIBED
    if known["wide"] or (state == consent.SUBSCRIBED and opted_out):
        raise invalid(f"Subscription {type_id} for {email} cannot be updated because they have unsubscribed")
    consent.choose(call.portal, email, type_id, state, **fields)
    optout.reflect(call.portal, email)
    return Response(200, _status(call, email, type_id))


def _subscribe(call: Call) -> Response:
    return _set(call, consent.SUBSCRIBED)


def _unsubscribe(call: Call) -> Response:
    return _set(call, consent.UNSUBSCRIBED)


_PATH = "/communication-preferences/v3"

ROUTES = (
    Route("GET", f"{_PATH}/definitions", _definitions, need(*READ)),
    Route("GET", f"{_PATH}/status/email/{{email}}", _get, need(*READ)),
    Route("POST", f"{_PATH}/subscribe", _subscribe, need(*WRITE), write=True),
    Route("POST", f"{_PATH}/unsubscribe", _unsubscribe, need(*WRITE), write=True),
)
