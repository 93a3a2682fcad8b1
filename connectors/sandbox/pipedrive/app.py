"""The Pipedrive app: two companies behind one address, who calls, what it costs, and what has been removed."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.app import App
from connectors.sandbox.pipedrive import (
    activities,
    builtin,
    company,
    deals,
    fields,
    fields_v1,
    files,
    filters,
    flow,
    history,
    leads,
    mail,
    merge,
    notes,
    organizations,
    persons,
    pipelines,
    query,
    search,
    users,
)
from connectors.sandbox.pipedrive import load as loading
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.answers import forbidden, gone, unauthorised
from connectors.sandbox.pipedrive.limiter import Headers, Limiter
from connectors.sandbox.pipedrive.operation import Call, Operation
from connectors.sandbox.state import Clock, State
from connectors.sandbox.tokens import MAIN, OTHER, Grant, grant
from connectors.sandbox.wire import Request, Response

# Paths with a fixed word come before those with an id in the same place: the first route that fits is taken.
_MODULES = (search, deals, persons, organizations, activities, fields, pipelines, leads, notes, files, mail, flow)
_REST = (history, merge, users, filters, fields_v1, company)
OPERATIONS: tuple[Operation, ...] = tuple(one for module in (*_MODULES, *_REST) for one in module.OPERATIONS)

_HELD = frozenset(
    (
        *("contacts:full", "contact-fields:full", "deals:full", "deal-fields:full", "activities:full", "leads:full"),
        *("mail:full", "users:read", "recents:read", "search:read", "admin"),
    )
)
_REMOVED = re.compile(
    r"(/api)?/v1/(((persons|organizations|deals|activities|products|pipelines|stages)(/collection|/search|/\d+)?)"
    r"|(persons/\d+/(deals|activities))|(organizations/\d+/(persons|deals|activities))|(deals/\d+/(persons|activities))"
    r"|(itemSearch(/field)?)|(subscriptions(/.*)?))/?"
)
_READING = {"GET", "HEAD"}


def held(lacks: frozenset[str]) -> frozenset[str]:
    """A token's scopes: all that this program asks for, less those it lacks; who lacks `x:read` lacks `x:full`."""
    return _HELD - lacks - {scope.replace(":read", ":full") for scope in lacks if scope.endswith(":read")}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, and which operation it is for, if any."""

    token: str
    oauth: bool
    rights: Grant
    account: Account
    user: int
    admin: bool
    operation: Operation | None


class _Served:
    """An operation as a route of the app."""

    def __init__(self, app: Pipedrive, operation: Operation) -> None:
        self.operation = operation
        self._app = app

    def __call__(self, request: Request, **parts: str) -> Response:
        caller, allowed = self._app.caller(), self.operation.query
        raw = {name: values[0] for name, values in request.query.items()}
        params: dict[str, Any] = raw if allowed is None else query.parsed(allowed, request.query)
        call = Call(request, caller.account, caller.user, caller.admin, params)
        return self.operation.serve(call, *parts.values())


def _token(request: Request) -> tuple[str, bool]:
    """The token of a request, and whether it is an OAuth one, which has its own limits."""
    bearer = request.headers.get("authorization", "")
    if bearer.lower().startswith("bearer "):
        return bearer[7:], True
    return request.headers.get("x-api-token") or request.one("api_token") or "", False


class Pipedrive(App):
    """Company 101 is the one that load files fill; company 202, of token `sandbox-other`, starts empty."""

    name = "pipedrive"

    def __init__(self, state: State, clock: Clock) -> None:
        super().__init__(state, clock)
        self._now = threading.local()
        for operation in OPERATIONS:
            self.routes.add(operation.method, operation.pattern, _Served(self, operation))
        self.reset()

    def reset(self) -> None:
        """Two companies as new, unless the state already has them; limits counted anew."""
        self.limiter = Limiter()
        main = Account(self.state, self.clock, 101, "sandbox", self.name)
        other = Account(self.state, self.clock, 202, "other", f"{self.name}.{OTHER}")
        self._accounts = {MAIN: (main, 1), OTHER: (other, 201)}
        for account, first_user in self._accounts.values():
            if not account.count("users"):
                builtin.found(account, first_user)

    def caller(self) -> Caller:
        """Who makes the request that this thread serves."""
        caller: Caller = self._now.caller
        return caller

    def authorise(self, request: Request) -> None:
        """401 without a good token; 403 without the scope, without the right, or for a write with a read-only token."""
        self._now.headers = {}
        token, oauth = _token(request)
        rights = grant(token)
        if rights is None or rights.expired:
            raise unauthorised()
        caller = self._now.caller = self._identify(request, token, oauth, rights)
        if rights.read_only and request.method not in _READING:
            raise forbidden("This token can only read")
        if caller.operation is not None:
            self._permit(caller, caller.operation)

    def _identify(self, request: Request, token: str, oauth: bool, rights: Grant) -> Caller:
        account, first_user = self._accounts[rights.account]
        user = first_user if rights.admin else first_user + 1
        admin = rights.admin and users.admin_of(account.user(user) or {"access": []})
        found = self.routes.find(request)
        operation = found[0].operation if found and isinstance(found[0], _Served) else None
        return Caller(token, oauth, rights, account, user, admin, operation)

    def _permit(self, caller: Caller, operation: Operation) -> None:
        if operation.scopes and not operation.scopes & held(caller.rights.lacks):
            raise forbidden("The token does not have the scope for this request")
        if operation.admin and not caller.admin:
            raise forbidden("You do not have permissions to do this")

    def throttle(self, request: Request) -> None:
        """Counts the call against the limits of its token and the budget of its company."""
        if self.limits:
            caller, one = self.caller(), self.caller().operation
            cost, searches = (one.cost, one.searches) if one else (0, False)
            headers = self.limiter.take(caller.token, caller.oauth, caller.account, cost, searches)
            if request.method in {"POST", "PUT"} and not caller.oauth:
                headers["x-daily-requests-left"] = headers["x-daily-ratelimit-token-remaining"]
            self._now.headers = headers

    def missing(self, request: Request) -> Response:
        """410 for what v1 no longer has, 405 for a wrong method, else 404."""
        if not self.routes.knows(request.path) and _REMOVED.fullmatch(request.path):
            return gone()
        if self.routes.knows(request.path):
            return Response(405, {"success": False, "error": "Method not allowed"})
        return Response(404, {"success": False, "error": "Unknown path"})

    def dress(self, request: Request, response: Response) -> Response:
        """The rate headers of the call and a correlation id."""
        headers: Headers = self._now.headers
        response.headers = headers | response.headers | {"x-correlation-id": str(uuid.uuid4())}
        return response

    def load(self, record: Mapping[str, Any]) -> None:
        """Takes one record of company 101."""
        loading.load(self._accounts[MAIN][0], record)
