"""What every vendor's server has in common: an account with tokens, a router, a way to load records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.state import Clock, State
from connectors.sandbox.wire import Refusal, Request, Response, Router

FULL = "sandbox"


class App:
    """One vendor's API. A subclass fills `routes`, and answers in the vendor's own shapes, errors included.

    A subclass must: set `name`; register its routes in `__init__`; answer an unknown path and a wrong method as the
    vendor does (`missing`); check the token (`authorise`) and count the call (`throttle`) before a route is served, each
    by raising Refusal; take one line of a load file (`load`). It may add headers to every answer (`dress`).
    """

    name = ""

    def __init__(self, state: State, clock: Clock) -> None:
        self.state = state
        self.clock = clock
        self.routes = Router()
        self.limits = True

    def answer(self, request: Request) -> Response:
        """Serves one request: token, rate limit, route. A Refusal raised on the way is the answer."""
        try:
            self.authorise(request)
            self.throttle(request)
            found = self.routes.find(request)
            if found is None:
                return self.missing(request)
            handler, parts = found
            with self.state:
                response = handler(request, **parts)
        except Refusal as refusal:
            response = refusal.response
        return self.dress(request, response)

    def authorise(self, request: Request) -> None:
        """Raises Refusal when the token is missing, unknown, expired or lacks the scope for this call."""

    def throttle(self, request: Request) -> None:
        """Raises Refusal when the vendor's rate limit is reached; does nothing while `limits` is False."""

    def missing(self, request: Request) -> Response:
        """The vendor's answer to a path it does not serve, or to a wrong method."""
        return Response(405 if self.routes.knows(request.path) else 404)

    def dress(self, request: Request, response: Response) -> Response:
        """Adds what the vendor puts on every answer (rate headers and the like)."""
        return response

    def load(self, record: Mapping[str, Any]) -> None:
        """Takes one record of a load file as it is, timestamps included. Raises ValueError when it is not understood."""
        raise ValueError(f"{self.name}: nothing to load")

    def reset(self) -> None:
        """Puts the account back to its first state (properties, users, settings); the shared state is already empty."""
