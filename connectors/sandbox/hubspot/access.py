"""A call as a handler sees it, the routes with the scopes they need, and the token's checks (hubspot.md §1.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.sandbox.hubspot.errors import invalid, missing_scopes, unauthorised
from connectors.sandbox.hubspot.kinds import Kind, kind_named
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.state import Clock, iso
from connectors.sandbox.tokens import Grant, grant
from connectors.sandbox.wire import Request, Response

Parts = Mapping[str, Any]
Scopes = Callable[[Parts], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised request on one account."""

    portal: Portal
    request: Request
    grant: Grant

    def json(self) -> Any:
        """The body. Raises Refusal when it is not JSON."""
        try:
            return self.request.json()
        except ValueError as error:
            raise invalid("Invalid input JSON on line 1, column 1: cannot parse the request body") from error

    def body(self) -> dict[str, Any]:
        """The body as an object. Raises Refusal when it is none."""
        body = self.json()
        if not isinstance(body, dict):
            raise invalid("Invalid input JSON on line 1, column 1: an object is required")
        return body

    def names(self, parameter: str) -> list[str]:
        """A list in the query: repeated, separated by commas, or both."""
        return [name for given in self.request.query.get(parameter, []) for name in given.split(",") if name]

    def limit(self, default: int, most: int) -> int:
        """The page size. Raises Refusal beyond what the route allows."""
        text = self.request.one("limit") or str(default)
        if not text.isdigit() or not 1 <= int(text) <= most:
            raise invalid(f"Invalid limit {text}: it must be between 1 and {most}")
        return int(text)

    def allow(self, scopes: Iterable[str], write: bool = False) -> None:
        """Raises Refusal when the token lacks one of the scopes, or may not write."""
        accepted = tuple(scopes)
        if self.grant.lacks.intersection(accepted) or (write and self.grant.read_only):
            raise missing_scopes(accepted)


@dataclass(frozen=True, slots=True)
class Route:
    """A path, what serves it and what it needs. A part named `kind`, `start` or `end` arrives as a Kind."""

    method: str
    pattern: str
    handler: Callable[..., Response]
    scopes: Scopes
    write: bool = False

    def serve(self, call: Call, parts: Mapping[str, str]) -> Response:
        """Checks the scopes and answers."""
        known = {name: kind_named(part) if name in {"kind", "start", "end"} else part for name, part in parts.items()}
        call.allow(self.scopes(known), self.write)
        return self.handler(call, **known)


def need(*scopes: str) -> Scopes:
    """Fixed scopes."""
    return lambda _: scopes


def object_scopes(verb: str) -> Scopes:
    """The object scopes of every kind that is named in the path."""
    return lambda parts: tuple(
        dict.fromkeys(scope for kind in parts.values() if isinstance(kind, Kind) for scope in kind.object_scopes(verb))
    )


def schema_scopes(verb: str) -> Scopes:
    """The schema scopes of the kind in the path."""
    return lambda parts: parts["kind"].schema_scopes(verb)


def bearer(request: Request, clock: Clock) -> Grant:
    """The rights of the request's token. Raises Refusal (401) when it has none that is valid."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    found = grant(token) if scheme.lower() == "bearer" else None
    if found is None:
        raise unauthorised(
            "INVALID_AUTHENTICATION",
            "Authentication credentials not found. This API supports OAuth 2.0 authentication.",
        )
    if found.expired:
        ended = iso(clock.now() - timedelta(seconds=7))
        message = "The OAuth token used to make this call expired 7 second(s) ago."
        raise unauthorised("EXPIRED_AUTHENTICATION", message, context={"expire time": [ended]})
    return found
