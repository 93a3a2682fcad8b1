"""The Salesforce server of the sandbox: versions, tokens, daily limit, and the routes of every resource."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from connectors.sandbox.app import App
from connectors.sandbox.limits import Window
from connectors.sandbox.salesforce.errors import Fail, no_such_record
from connectors.sandbox.salesforce.founding import found, user_of
from connectors.sandbox.salesforce.http import (
    account,
    bulk_query,
    collections,
    composite,
    ingest,
    oauth,
    query,
    rows,
    soap,
    tooling,
    tree,
)
from connectors.sandbox.salesforce.load import load
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.rows import Rows
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.state import Clock, State
from connectors.sandbox.tokens import Grant, grant
from connectors.sandbox.wire import Refusal, Request, Response

OLDEST, NEWEST = 51, 68
_RETIRED = range(21, 31)
_RELEASES = ("Winter", "Spring", "Summer")
_LONGEST_URI = 16_384
_DAY = 86_400
_VERSION = re.compile(r"/services/(?:data/v|Soap/u/)(\d+\.0)(?:/|$)")
_MODULES = (account, rows, query, collections, composite, tree, ingest, bulk_query, tooling)


class Salesforce(App):
    """Two orgs behind one server: the main one, and the empty one of token `sandbox-other`."""

    name = "salesforce"

    def __init__(self, state: State, clock: Clock) -> None:
        super().__init__(state, clock)
        self._orgs = [Org(state, clock, name) for name in ("salesforce", "salesforce-other")]
        self._rows = [Rows(org) for org in self._orgs]
        self._route()
        self.reset()

    def _route(self) -> None:
        self.routes.add("GET", "/services/data", _versions)
        self.routes.add("POST", "/services/oauth2/token", oauth.token)
        for method in ("GET", "POST"):
            self.routes.add(method, "/services/oauth2/userinfo", self._bound(oauth.user_info))
        self.routes.add(
            "GET",
            "/id/{org}/{user}",
            self._bound(lambda session, request, org, user: oauth.user_info(session, request)),
        )
        self.routes.add("POST", "/services/Soap/u/{version}", self._bound(soap.call))
        for module in _MODULES:
            for method, path, handler in module.ROUTES:
                self.routes.add(method, f"/services/data/v{{version}}{path}", self._bound(handler))

    def reset(self) -> None:
        """Gives both orgs their first rows, unless the state has them already."""
        self._windows = [Window(org.settings.daily_api_requests, _DAY) for org in self._orgs]
        with self.state:
            for number, (org, own) in enumerate(zip(self._orgs, self._rows, strict=True)):
                org.forget()
                org.cursors.clear()
                org.used = 0
                found(org, own, number, "Repoussoir Sandbox" if number == 0 else "Another Company")

    def load(self, record: Mapping[str, Any]) -> None:
        """Takes one line of a load file into the main org. Raises ValueError when it is not understood."""
        load(self._rows[0], record)

    def authorise(self, request: Request) -> None:
        """Refuses an over-long URI, an API version that is not served, and a call without a valid token."""
        if _length(request) > _LONGEST_URI:
            raise Refusal(Response(414, "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>"))
        self._check_version(request)
        if self._is_open(request):
            return
        who = _caller(request)
        if who is None or who.expired:
            raise Refusal(_no_session(request))
        if "ApiEnabled" in who.lacks:
            raise Refusal(
                Fail("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner").response()
            )

    def _check_version(self, request: Request) -> None:
        match = _VERSION.match(request.path)
        if match is None or OLDEST <= float(match[1]) <= NEWEST:
            return
        if int(float(match[1])) not in _RETIRED:
            raise Refusal(no_such_record().response())
        if request.path.startswith("/services/Soap"):
            raise Refusal(soap.fault("UNSUPPORTED_API_VERSION", "this API version is retired"))
        raise Refusal(Response(410, Fail("UNSUPPORTED_API_VERSION", "this API version is retired").body()))

    def _is_open(self, request: Request) -> bool:
        return request.path.rstrip("/") in {"/services/data", "/services/oauth2/token"} or not request.path.startswith(
            ("/services/", "/id/")
        )

    def throttle(self, request: Request) -> None:
        """Counts a call against the org's day."""
        who = None if self._is_open(request) else _caller(request)
        if who is None:
            return
        number = oauth.number_of(who)
        org, window = self._orgs[number], self._windows[number]
        window.limit = org.settings.daily_api_requests
        remaining = window.take(self.clock.now().timestamp())
        org.used = window.limit - max(remaining, 0)
        if remaining < 0 and self.limits:
            raise Refusal(Fail("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.").response())

    def missing(self, request: Request) -> Response:
        """The vendor's 404, or its 405."""
        fail = Fail("METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed.")
        if not self.routes.knows(request.path):
            fail = no_such_record()
        return self.dress(request, fail.response())

    def dress(self, request: Request, response: Response) -> Response:
        """Says on each answer how much of the day's calls is used."""
        who = None if self._is_open(request) else _caller(request)
        if who is not None:
            org = self._orgs[oauth.number_of(who)]
            response.headers["Sforce-Limit-Info"] = f"api-usage={org.used}/{org.settings.daily_api_requests}"
        return response

    def _bound(self, handler: Callable[..., Response]) -> Callable[..., Response]:
        def bound(request: Request, version: str = f"{NEWEST}.0", **parts: str) -> Response:
            return _served(handler, self._session(request, version), request, parts)

        return bound

    def _session(self, request: Request, version: str) -> Session:
        who = _caller(request) or Grant()
        number = oauth.number_of(who)
        token = request.headers.get("authorization", "")

        def serve(sub: Request) -> Response:
            sub.headers["authorization"] = token
            return self._sub(sub)

        return Session(self._orgs[number], self._rows[number], who, user_of(who), version, serve)

    def _sub(self, request: Request) -> Response:
        found = self.routes.find(request)
        return self.missing(request) if found is None else found[0](request, **found[1])


def _served(handler: Callable[..., Response], session: Session, request: Request, parts: Mapping[str, str]) -> Response:
    try:
        return handler(session, request, **parts)
    except Fail as fail:
        return fail.response()


def _versions(request: Request) -> Response:
    listed = []
    for version in range(OLDEST, NEWEST + 1):
        year, season = divmod(version - 65, 3)
        listed.append(
            {
                "label": f"{_RELEASES[season]} '{year + 26}",
                "url": f"/services/data/v{version}.0",
                "version": f"{version}.0",
            }
        )
    return Response(200, listed)


def _caller(request: Request) -> Grant | None:
    if request.path.startswith("/services/Soap"):
        return grant(soap.session_id(request) or "")
    if request.path.startswith("/id/") and request.query.get("oauth_token"):
        return grant(request.query["oauth_token"][0])
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return grant(token) if scheme.lower() in {"bearer", "oauth"} else None


def _no_session(request: Request) -> Response:
    if request.path.startswith("/services/Soap"):
        return soap.fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader")
    return Response(401, Fail("INVALID_SESSION_ID", "Session expired or invalid").body(), {"WWW-Authenticate": "Token"})


def _length(request: Request) -> int:
    uri = len(request.path) + len(urlencode(request.query, doseq=True))
    return uri + sum(len(name) + len(value) + 4 for name, value in request.headers.items())
