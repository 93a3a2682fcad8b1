"""Communication preferences v4 (hubspot.md §5.2). One brand only; the batch routes are for Enterprise accounts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.sandbox.hubspot import consent, optout
from connectors.sandbox.hubspot.access import Call, Route, need
from connectors.sandbox.hubspot.batches import inputs, outcome
from connectors.sandbox.hubspot.errors import invalid, missing_scopes, row_error
from connectors.sandbox.hubspot.values import is_email
from connectors.sandbox.wire import Refusal, Response

LEGAL_BASES = (
    "LEGITIMATE_INTEREST_PQL",
    "LEGITIMATE_INTEREST_CLIENT",
    "LEGITIMATE_INTEREST_OTHER",
    "PERFORMANCE_OF_CONTRACT",
    "CONSENT_WITH_NOTICE",
    "NON_GDPR",
    "PROCESS_AND_STORE",
)
STATES = (consent.SUBSCRIBED, consent.UNSUBSCRIBED, consent.UNSPECIFIED)

READ = ("communication_preferences.read", "communication_preferences.read_write")
WRITE = ("communication_preferences.write", "communication_preferences.read_write")
BATCH_READ = ("communication_preferences.statuses.batch.read",)
BATCH_WRITE = ("communication_preferences.statuses.batch.write",)

Row = dict[str, Any]


def address(text: Any) -> str:
    """The address a request is about. Raises Refusal when it is none."""
    if not isinstance(text, str) or not is_email(text.strip()):
        raise invalid("The subscriber id is not a valid email address")
    return text.strip().lower()


def _channel(call: Call) -> None:
    if call.request.one("channel") != "EMAIL":
        raise invalid("channel is required and must be EMAIL")
    _brand(call)


def _brand(call: Call) -> None:
    if call.request.one("businessUnitId", "0") != "0":
        raise invalid("This account has no brand with that businessUnitId")


def legal(call: Call, given: Row) -> dict[str, str]:
    """The legal fields of a write. Raises Refusal for a bad basis, or none where data privacy is switched on."""
    found = {field: str(given[field]) for field in ("legalBasis", "legalBasisExplanation") if given.get(field)}
    if found.get("legalBasis", LEGAL_BASES[0]) not in LEGAL_BASES:
        raise invalid(f"Invalid legalBasis: {found['legalBasis']}")
    if call.portal.settings().data_privacy and len(found) < 2:
        raise invalid("legalBasis and legalBasisExplanation are required when data privacy settings are on")
    return found


def _status(call: Call, email: str, type_id: str, reason: str = "") -> Row:
    known = consent.read(call.portal, email)
    definition, kept = consent.DEFINITIONS[type_id], known["types"].get(type_id, {})
    since = known["wide"] or kept or {"timestamp": definition["createdAt"]}
    legal_fields = {field: kept[field] for field in ("legalBasis", "legalBasisExplanation") if field in kept}
    return {
        "subscriberIdString": email,
        "subscriptionId": int(type_id),
        "subscriptionName": definition["name"],
        "status": consent.state_of(known, type_id),
        "channel": "EMAIL",
        "source": "PORTAL_WIDE_STATUS" if known["wide"] else "SUBSCRIPTION_STATUS",
        "timestamp": since["timestamp"],
        **legal_fields,
        **({"setStatusSuccessReason": reason} if reason else {}),
    }


def _statuses(call: Call, email: str, reason: str = "") -> list[Row]:
    return [_status(call, email, type_id, reason) for type_id in consent.DEFINITIONS]


def _wide(call: Call, email: str) -> list[Row]:
    """The opt-out from everything; nothing when there is none."""
    known = consent.read(call.portal, email)["wide"]
    row = {"subscriberIdString": email, "channel": "EMAIL", "wideStatusType": "PORTAL_WIDE"}
    return [row | {"status": consent.UNSUBSCRIBED, "timestamp": known["timestamp"]}] if known else []


def _set(call: Call, email: str, given: Row) -> Row:
    type_id, state = str(given.get("subscriptionId")), given.get("statusState")
    if type_id not in consent.DEFINITIONS:
        raise invalid(f"There is no subscription {type_id}")
    if state not in STATES or given.get("channel") != "EMAIL":
        raise invalid("statusState and channel are required")
    reason = consent.choose(call.portal, email, type_id, state, **legal(call, given))
    optout.reflect(call.portal, email)
    return _status(call, email, type_id, reason)


def _opt_out(call: Call, email: str) -> list[Row]:
    new = consent.unsubscribe_all(call.portal, email)
    optout.reflect(call.portal, email)
    return _statuses(call, email, "UNSUBSCRIBE_FROM_ALL_OCCURRED" if new else "NO_STATUS_CHANGE")


def _definitions(call: Call) -> Response:
    _brand(call)
    return outcome(call, list(consent.DEFINITIONS.values()), [])


def _get(call: Call, email: str) -> Response:
    _channel(call)
    return outcome(call, _statuses(call, address(email)), [])


def _post(call: Call, email: str) -> Response:
    return outcome(call, [_set(call, address(email), call.body())], [])


def _get_wide(call: Call, email: str) -> Response:
    _channel(call)
    return outcome(call, _wide(call, address(email)), [])


def _post_wide(call: Call, email: str) -> Response:
    """The answer has no body unless `verbose` is asked for."""
    _channel(call)
    rows = _opt_out(call, address(email))
    return outcome(call, rows, []) if call.request.flag("verbose") else Response(200)


def _batch(call: Call, scopes: tuple[str, ...], mixed: int, one: Callable[[Any], Row]) -> Response:
    """A row per input. The scopes of the batch routes can be granted to Enterprise accounts alone."""
    if call.portal.settings().tier != "enterprise":
        raise missing_scopes(scopes)
    results, errors = [], []
    for given in inputs(call):
        try:
            results.append(one(given))
        except Refusal as refusal:
            errors.append(row_error(refusal, {"subscriberIdString": [_subscriber(given)]}))
    return outcome(call, results, errors, mixed=mixed)


def _subscriber(given: Any) -> str:
    return str(given.get("subscriberIdString")) if isinstance(given, dict) else str(given)


def _batch_read(call: Call) -> Response:
    _channel(call)

    def one(given: Any) -> Row:
        return {"subscriberIdString": address(given), "statuses": _statuses(call, address(given))}

    return _batch(call, BATCH_READ, 207, one)


def _batch_write(call: Call) -> Response:
    def one(given: Any) -> Row:
        return _set(call, address(_subscriber(given)), given)

    return _batch(call, BATCH_WRITE, 200, one)


def _batch_wide(call: Call) -> Response:
    """Rows are listed only when `verbose` is asked for; errors always are."""
    _channel(call)

    def one(given: Any) -> Row:
        return {"subscriberIdString": address(given), "statuses": _opt_out(call, address(given))}

    answer = _batch(call, BATCH_WRITE, 200, one)
    if not call.request.flag("verbose"):
        answer.body["results"] = []
    return answer


def _batch_wide_read(call: Call) -> Response:
    _channel(call)

    def one(given: Any) -> Row:
        return {"subscriberIdString": address(given), "wideStatuses": _wide(call, address(given))}

    return _batch(call, BATCH_READ, 207, one)


_PATH = "/communication-preferences/v4"

ROUTES = (
    Route("GET", f"{_PATH}/definitions", _definitions, need(*READ)),
    Route("POST", f"{_PATH}/statuses/batch/read", _batch_read, need(*BATCH_READ)),
    Route("POST", f"{_PATH}/statuses/batch/write", _batch_write, need(*BATCH_WRITE), write=True),
    Route("POST", f"{_PATH}/statuses/batch/unsubscribe-all", _batch_wide, need(*BATCH_WRITE), write=True),
    Route("POST", f"{_PATH}/statuses/batch/unsubscribe-all/read", _batch_wide_read, need(*BATCH_READ)),
    Route("GET", f"{_PATH}/statuses/{{email}}", _get, need(*READ)),
    Route("POST", f"{_PATH}/statuses/{{email}}", _post, need(*WRITE), write=True),
    Route("GET", f"{_PATH}/statuses/{{email}}/unsubscribe-all", _get_wide, need(*READ)),
    Route("POST", f"{_PATH}/statuses/{{email}}/unsubscribe-all", _post_wide, need(*WRITE), write=True),
)
