"""The account itself: details, API usage, activity logs and the OAuth token (hubspot.md §1.1, §7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.sandbox.hubspot import paging
from connectors.sandbox.hubspot.access import Call, Route, need
from connectors.sandbox.hubspot.errors import missing_scopes
from connectors.sandbox.hubspot.traffic import Traffic
from connectors.sandbox.tokens import grant
from connectors.sandbox.wire import Request, Response

ACTIVITY = ("loginActivity", "securityActivity", "auditLogs")
_SECURITY = "account-info.security.read"
_LIFETIME = 1_800


def _details(call: Call) -> Response:
    return Response(
        200,
        {
            "portalId": call.portal.id,
            "accountType": "STANDARD",
            "timeZone": "UTC",
            "companyCurrency": "EUR",
            "additionalCurrencies": [],
            "utcOffset": "+00:00",
            "utcOffsetMilliseconds": 0,
            "uiDomain": "app-eu1.hubspot.com",
            "dataHostingLocation": "eu1",
        },
    )


def _usage(traffic: Callable[[Call], Traffic]) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        meter, day = traffic(call), call.portal.day()
        row = {
            "name": "private-apps-api-calls-daily",
            "usageLimit": meter.limit(),
            "currentUsage": meter.used(),
            "collectedAt": call.portal.now(),
            "fetchStatus": "SUCCESS",
            "resetsAt": f"{day}T23:59:59.999Z",
        }
        return Response(200, {"results": [row]})

    return answer


def _activity(name: str) -> Callable[[Call], Response]:
    def answer(call: Call) -> Response:
        """The events of a user, or of all; the audit log is for Enterprise accounts."""
        if name == "auditLogs" and call.portal.settings().tier != "enterprise":
            raise missing_scopes([_SECURITY])
        user = call.request.one("userId") or call.request.one("actingUserId")
        rows: list[dict[str, Any]] = [row for _, row in call.portal.state.all(call.portal.kind(name))]
        mine = [row for row in rows if user in (None, str(row.get("userId")))]
        page, more = paging.listed(call, mine, call.limit(100, 200), lambda row: str(row["id"]))
        return Response(200, {"results": page, **more})

    return answer


def token(request: Request) -> Response:
    """POST /oauth/v1/token: a refresh token of the sandbox is an access token; an expired one is healed by it."""
    form = request.form()
    found = grant(form.get("refresh_token", ""))
    if form.get("grant_type") != "refresh_token" or not form.get("client_id") or not form.get("client_secret"):
        return Response(400, {"status": "BAD_REQUEST", "message": "missing or invalid grant_type or client"})
    if found is None:
        return Response(400, {"status": "BAD_REFRESH_TOKEN", "message": "missing or invalid refresh token"})
    fresh = "sandbox" if found.expired else form["refresh_token"]
    body = {"access_token": fresh, "refresh_token": form["refresh_token"], "token_type": "bearer"}
    return Response(200, body | {"expires_in": _LIFETIME})


def routes(traffic: Callable[[Call], Traffic]) -> tuple[Route, ...]:
    """The routes; `traffic` finds the meter of a call's account."""
    path = "/account-info/v3"
    return (
        Route("GET", f"{path}/details", _details, need("oauth")),
        Route("GET", f"{path}/api-usage/daily/private-apps", _usage(traffic), need("oauth")),
        Route("GET", f"{path}/activity/login", _activity("loginActivity"), need(_SECURITY)),
        Route("GET", f"{path}/activity/security", _activity("securityActivity"), need(_SECURITY)),
        Route("GET", f"{path}/activity/audit-logs", _activity("auditLogs"), need(_SECURITY)),
    )
