"""One operation of the API: where it is, what it costs, which scope it needs, and what serves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.answers import invalid, not_found, refused
from connectors.sandbox.pipedrive.query import Parse
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Request, Response

_SHARED = {"3", "7"}
Serve = Callable[..., Response]


@dataclass(frozen=True, slots=True)
class Call:
    """A request by a user of an account. `query` holds parsed values on v2 and the raw texts on v1."""

    request: Request
    account: Account
    user: int
    admin: bool
    query: dict[str, Any] = field(default_factory=dict)

    def sees(self, doc: Doc) -> bool:
        """Whether the user may see a record: all for an admin, else own records and those open to the company."""
        owner = doc.get("owner_id", doc.get("user_id"))
        return self.admin or owner == self.user or str(doc.get("visible_to")) in _SHARED

    def record(self, kind: str, id: str, what: str) -> Doc:
        """A record that is there and visible. Raises Refusal (404) otherwise."""
        doc = self.account.live(kind, id)
        if doc is None or not self.sees(doc):
            raise not_found(what)
        return doc

    def json(self) -> Any:
        """The body of a v2 call: JSON, and said to be. Raises Refusal (400)."""
        if "json" not in self.request.headers.get("content-type", ""):
            raise invalid(("body", "Content-Type must be application/json"))
        try:
            return self.request.json()
        except ValueError:
            raise invalid(("body", "is not valid JSON")) from None

    def body(self) -> Doc:
        """The body of a v2 call, which must be an object."""
        body = self.json()
        if not isinstance(body, dict):
            raise invalid(("body", "must be an object"))
        return body

    def loose(self) -> Doc:
        """The body of a v1 call: a JSON object or a form."""
        form = "form" in self.request.headers.get("content-type", "")
        try:
            body = self.request.form() if form else self.request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise refused(400, "The request body is not valid")
        return body


@dataclass(frozen=True, slots=True)
class Operation:
    """`scopes` are alternatives; none means that any token will do. `admin` means the user must be one."""

    method: str
    pattern: str
    cost: int
    scopes: frozenset[str]
    serve: Serve
    query: Mapping[str, Parse] | None = None
    admin: bool = False

    @property
    def searches(self) -> bool:
        """Whether the call counts against the search limit (§8)."""
        return "search" in self.pattern.lower()


def _scopes(names: str) -> frozenset[str]:
    return frozenset(names.split())


def v2(
    method: str,
    path: str,
    cost: int,
    scopes: str,
    serve: Serve,
    query: Mapping[str, Parse] | None = None,
    admin: bool = False,
) -> Operation:
    """An operation of /api/v2, which knows its query parameters by name and type."""
    return Operation(method, "/api/v2" + path, cost, _scopes(scopes), serve, query or {}, admin)


def v1(method: str, path: str, cost: int, scopes: str, serve: Serve, admin: bool = False) -> Operation:
    """An operation of v1, served under /v1 and /api/v1, which takes any query."""
    return Operation(method, "(?:/api)?/v1" + path, cost, _scopes(scopes), serve, None, admin)


CONTACTS, CONTACTS_WRITE = "contacts:read contacts:full", "contacts:full"
DEALS, DEALS_WRITE = "deals:read deals:full", "deals:full"
ACTIVITIES, ACTIVITIES_WRITE = "activities:read activities:full", "activities:full"
LEADS, LEADS_WRITE = "leads:read leads:full", "leads:full"
MAIL, MAIL_WRITE = "mail:read mail:full", "mail:full"
