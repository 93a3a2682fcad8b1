"""HubSpot's API on a local port: token, limits, routes and two accounts, one of them another company's."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from connectors.sandbox.app import App
from connectors.sandbox.hubspot import (
    account,
    associations,
    batches,
    erasure,
    groups,
    lists,
    loading,
    merging,
    objects,
    people,
    preferences,
    preferences_v3,
    properties,
    search,
)
from connectors.sandbox.hubspot.access import Call, Route, bearer
from connectors.sandbox.hubspot.errors import not_found, refuse
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.traffic import Traffic
from connectors.sandbox.state import Clock, State
from connectors.sandbox.tokens import MAIN, OTHER
from connectors.sandbox.wire import Handler, Refusal, Request, Response

PORTAL_ID, OTHER_PORTAL_ID = 1234567, 7654321
LONGEST_URL = 8_192
_TOKEN_PATH = "/oauth/v1/token"

_MODULES = (merging, erasure, search, batches, objects, groups, properties, associations)
_MORE = (preferences, preferences_v3, people, lists)


class HubSpot(App):
    """The vendor's v3 and v4 API. `traffic` holds the meter of each account; a test may put in one with its own tick."""

    name = "hubspot"

    def __init__(self, state: State, clock: Clock) -> None:
        super().__init__(state, clock)
        self.portals = {
            MAIN: Portal(PORTAL_ID, "hubspot", state, clock),
            OTHER: Portal(OTHER_PORTAL_ID, "hubspot-other", state, clock),
        }
        self.traffic: dict[str, Traffic] = {}
        self.reset()
        self.routes.add("POST", _TOKEN_PATH, account.token)
        for route in (*(r for m in (*_MODULES, *_MORE) for r in m.ROUTES), *account.routes(self._meter)):
            self.routes.add(route.method, route.pattern, self._handler(route))

    def _handler(self, route: Route) -> Handler:
        return lambda request, **parts: route.serve(self._call(request), parts)

    def _call(self, request: Request) -> Call:
        rights = bearer(request, self.clock)
        return Call(self.portals[rights.account], request, rights)

    def _meter(self, call: Call) -> Traffic:
        return self.traffic[call.grant.account]

    def authorise(self, request: Request) -> None:
        """Every path but the token's own needs a valid token."""
        if request.path.rstrip("/") != _TOKEN_PATH:
            bearer(request, self.clock)

    def throttle(self, request: Request) -> None:
        """A URL that is too long is answered by the gateway, in HTML; then the limits count."""
        if len(request.path) + len(urlencode(request.query, doseq=True)) > LONGEST_URL:
            raise Refusal(Response(414, "<html><body><h1>414 Request-URI Too Large</h1></body></html>"))
        if self.limits and request.path.rstrip("/") != _TOKEN_PATH:
            self._meter(self._call(request)).take(request)

    def missing(self, request: Request) -> Response:
        """404, or 405 for a wrong method, in the vendor's shape."""
        if self.routes.knows(request.path):
            return refuse(405, "METHOD_NOT_ALLOWED", f"Method {request.method} is not allowed").response
        return not_found().response

    def dress(self, request: Request, response: Response) -> Response:
        """The correlation id and, but for search, the state of the limits."""
        response.headers.setdefault("X-HubSpot-Correlation-Id", str(uuid.uuid4()))
        if self.limits and response.status not in {401, 414} and request.path.rstrip("/") != _TOKEN_PATH:
            response.headers.update(self._meter(self._call(request)).headers())
        return response

    def load(self, record: Mapping[str, Any]) -> None:
        """One line of a load file, into the main account. Raises ValueError when it is not understood."""
        loading.load(self.portals[MAIN], record)

    def reset(self) -> None:
        """Forgets cursors and counted calls; everything else is in the state."""
        self.traffic = {name: Traffic(portal) for name, portal in self.portals.items()}
        for portal in self.portals.values():
            portal.cursors.clear()
