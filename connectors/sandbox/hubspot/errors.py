"""Refusals in HubSpot's JSON shape (hubspot.md §8). Knows no route and no stored document."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.wire import Refusal, Response

VALIDATION = "VALIDATION_ERROR"
_SCOPES_PAGE = "https://developers.hubspot.com/scopes"


@dataclass(frozen=True, slots=True)
class Invalid:
    """One property value that cannot be written, with the vendor's code for why."""

    name: str
    code: str
    message: str


def refuse(status: int, category: str, message: str, **more: Any) -> Refusal:
    """A refusal with the fields every HubSpot error has, and any more of them."""
    body = {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), "category": category, **more}
    return Refusal(Response(status, body))


def invalid(message: str, **more: Any) -> Refusal:
    """A 400 for a request that HubSpot cannot accept."""
    return refuse(400, VALIDATION, message, **more)


def not_found(message: str = "resource not found", **more: Any) -> Refusal:
    """A 404 for one object."""
    return refuse(404, "OBJECT_NOT_FOUND", message, **more)


def conflict(message: str, category: str = "CONFLICT") -> Refusal:
    """A 409 for something that is there already."""
    return refuse(409, category, message)


def unauthorised(category: str, message: str, **more: Any) -> Refusal:
    """A 401."""
    return refuse(401, category, message, **more)


def missing_scopes(scopes: Iterable[str]) -> Refusal:
    """A 403 that lists the scopes the call would accept (hubspot.md §1.1)."""
    detail = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": list(scopes)},
    }
    message = f"This app hasn't been granted all required scopes to make this call. Read more: {_SCOPES_PAGE}."
    return refuse(403, "MISSING_SCOPES", message, errors=[detail], links={"scopes": _SCOPES_PAGE})


def invalid_values(problems: Sequence[Invalid]) -> Refusal:
    """A 400 for property values; the message embeds JSON, as the vendor's does."""
    rows = [{"isValid": False, "message": p.message, "error": p.code, "name": p.name} for p in problems]
    details = [{"message": p.message, "code": p.code, "context": {"propertyName": [p.name]}} for p in problems]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    return invalid(f"Property values were not valid: {text}", errors=details)


def row_error(refusal: Refusal, context: Mapping[str, list[str]]) -> dict[str, Any]:
    """A refusal as one entry of the `errors` of a 207."""
    body: dict[str, Any] = refusal.response.body
    return {"status": "error", "category": body["category"], "message": body["message"], "context": dict(context)}
