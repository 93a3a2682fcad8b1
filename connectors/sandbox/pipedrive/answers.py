"""Pipedrive's envelopes and refusals: v2 cursor pages, both v1 page shapes, and the error bodies of §8 and §9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.sandbox.wire import Refusal, Response

BLOCKED = "<!DOCTYPE html><html><head><title>Access denied</title></head><body><h1>Error 1015</h1></body></html>"


def ok(data: Any, status: int = 200, **more: Any) -> Response:
    """A success with its data."""
    return Response(status, {"success": True, "data": data, **more})


def cursor_page(data: Any, cursor: str | None) -> Response:
    """A v2 page; the cursor is null at the end."""
    return ok(data, additional_data={"next_cursor": cursor})


def window(query: Mapping[str, str], maximum: int) -> tuple[int, int]:
    """Where a v1 page starts and how long it is, at most the maximum. Raises Refusal (400)."""
    start, limit = query.get("start") or "0", query.get("limit") or "100"
    if not (start.isdigit() and limit.isdigit()):
        raise refused(400, "Invalid pagination parameters")
    return int(start), min(max(int(limit), 1), maximum)


def nested_page(rows: Sequence[Any], query: Mapping[str, str], maximum: int = 500, **more: Any) -> Response:
    """A v1 page that says where the next one starts. No rows are null, not an empty list (§3.3)."""
    start, limit = window(query, maximum)
    left = len(rows) > start + limit
    pagination = {"start": start, "limit": limit, "more_items_in_collection": left}
    pagination |= {"next_start": start + limit} if left else {}
    return ok(list(rows[start : start + limit]) or None, additional_data={"pagination": pagination}, **more)


def flat_page(rows: Sequence[Any], query: Mapping[str, str], maximum: int = 500, **more: Any) -> Response:
    """A v1 page of the second shape: the same keys at the top, without the next start (§3.3)."""
    start, limit = window(query, maximum)
    flat = {"start": start, "limit": limit, "more_items_in_collection": len(rows) > start + limit}
    return ok(list(rows[start : start + limit]) or None, additional_data=flat, **more)


def refused(status: int, message: str, **more: Any) -> Refusal:
    """An error in the standard shape of §9."""
    body = {"success": False, "error": message, "error_info": "See the API reference.", "data": None}
    return Refusal(Response(status, body | {"additional_data": None} | more))


def invalid(*problems: tuple[str, str]) -> Refusal:
    """A v2 validation error: what is wrong with each parameter or body key."""
    text = "; ".join(f"{name}: {problem}" for name, problem in problems)
    body = {"success": False, "error": f"Validation failed: {text}", "code": "ERR_SCHEMA_VALIDATION_FAILED"}
    return Refusal(Response(400, body))


def unknown(name: str) -> tuple[str, str]:
    """The problem of a parameter or key that a v2 operation does not have."""
    return name, f"Parameter '{name}' is not allowed for this request"


def not_found(what: str) -> Refusal:
    """Missing, or not visible to this user: one answer for both."""
    return Refusal(Response(404, {"success": False, "error": f"{what} not found"}))


def forbidden(message: str, **more: Any) -> Refusal:
    """Not allowed to this user, token or company."""
    return refused(403, message, errorCode=403, **more)


def gone() -> Response:
    """A v1 operation that was removed in favour of v2."""
    return Response(410, {"success": False, "error": "This endpoint is no longer available. Use API v2."})


def unauthorised() -> Refusal:
    """No token, or none that is known."""
    body = {"success": False, "error": "unauthorized access", "errorCode": 401, "error_info": "See the API reference."}
    return Refusal(Response(401, body, {"x-401-by-gw": "true"}))


def too_many(headers: Mapping[str, str]) -> Refusal:
    """Over the burst limit, or out of tokens for the day."""
    body = {"success": False, "error": "request over limit", "errorCode": 429}
    return Refusal(Response(429, body, dict(headers)))


def blocked() -> Refusal:
    """What the edge in front of Pipedrive answers a client that goes on after 429: HTML."""
    return Refusal(Response(403, BLOCKED))
