"""How HubSpot's answers are read: refusals become `core.errors`, batch answers keep their row errors (§2.3, §8).

Must not call the vendor. Nothing here may repeat a vendor's message: it may hold personal data (§12.32).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import BadAnswer, NotAllowed, QuotaSpent, RepoussoirError, StopCrm, TryLater

Json = dict[str, Any]

NOT_FOUND = "OBJECT_NOT_FOUND"
# Every field of an error is free text (§8): only what has the shape of HubSpot's own codes and names is repeated.
_CODE = re.compile(r"(?:[A-Za-z]+\.)*[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
_PROPERTY = re.compile(r"[a-z][a-z0-9_]{0,99}")
_SCOPE = re.compile(r"[a-z0-9_.-]{1,80}")


class HttpError(Exception):
    """A refusal on our own transport, in the shape of the package's: status, body, headers."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers


class Forbidden(NotAllowed):
    """A 403 with HubSpot's JSON: this one thing is not allowed, the token as such is good."""


class Rejected(BadAnswer):
    """HubSpot understood and will not do it (400, 404, 409 …). `why` holds status, category, codes and property names."""

    def __init__(self, why: str, status: int) -> None:
        super().__init__(f"HubSpot rejected the call ({why})")
        self.why, self.status = why, status


@dataclass(frozen=True, slots=True)
class Answer:
    """A batch answer: rows that went well and errors, whatever 2xx it came with (§2.3, §12.3, §12.33)."""

    rows: tuple[Json, ...]
    errors: tuple[Json, ...]

    @classmethod
    def of(cls, what: str, body: object) -> Answer:
        """Reads one. Raises BadAnswer when it has no results, is not complete, or counts errors it does not show."""
        if not isinstance(body, dict) or not isinstance(body.get("results"), list):
            raise BadAnswer(f"{what}: the answer has no results")
        rows, errors = body["results"], body.get("errors") or []
        if not all(isinstance(item, dict) for item in [*rows, *errors]):
            raise BadAnswer(f"{what}: the answer has rows that are no objects")
        if body.get("status", "COMPLETE") != "COMPLETE" or (body.get("numErrors") and not errors):
            raise BadAnswer(f"{what}: the answer is not complete")
        return cls(tuple(rows), tuple(errors))

    def error_of(self, key: str, value: str) -> str:
        """Why the row whose error context holds `value` under `key` failed; empty when no error names it."""
        return next((reason(error) for error in self.errors if value in context(error, key)), "")


def reason(error: Json) -> str:
    """Category, codes and property names of an error, never its message."""
    details = [item for item in error.get("errors") or [] if isinstance(item, dict)]
    told = [error.get("category"), error.get("errorType"), error.get("subCategory"), error.get("policyName")]
    told += [item.get(name) for item in details for name in ("code", "subCategory")]
    codes = [item for item in told if isinstance(item, str) and _CODE.fullmatch(item)]
    names = [name for item in (error, *details) for name in context(item, "propertyName")]
    return " ".join(dict.fromkeys([*codes, *(name for name in names if _PROPERTY.fullmatch(name))]))


def context(error: Json, key: str) -> list[str]:
    """A list in the context of an error; empty when there is none (every field is optional, §8)."""
    found = error.get("context")
    values = found.get(key) if isinstance(found, dict) else None
    return [str(value) for value in values] if isinstance(values, list) else []


def translate(error: Exception) -> RepoussoirError | None:
    """An exception with an HTTP status as one of `core.errors`; None for any other.

    By attribute, because each package of the client has classes of its own (§1.3).
    """
    told = error if hasattr(error, "status") else error.__context__
    status = getattr(told, "status", None)
    if not isinstance(status, int):
        return None
    if status == 0:
        return TryLater("the secure connection failed")
    return _refusal(status, _parsed(getattr(told, "body", None)), getattr(told, "headers", None) or {})


def _parsed(body: Any) -> Json | None:
    try:
        found = json.loads(body)
    except (TypeError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _refusal(status: int, body: Json | None, headers: Mapping[str, str]) -> RepoussoirError:
    why = f"{status} {reason(body or {})}".strip()
    if status == 401:
        return NotAllowed(f"HubSpot refuses the token ({why})")
    if status == 403:
        return _forbidden(why, body)
    if status == 429:
        return _throttled(why, body or {}, headers)
    if status == 423:
        return TryLater(f"locked ({why})", after=2.0)
    if status == 477:
        return StopCrm(f"HubSpot is moving the account to another data centre ({why})")
    return TryLater(f"HubSpot failed ({why})") if status >= 500 else Rejected(why, status)


def _forbidden(why: str, body: Json | None) -> RepoussoirError:
    if body is None:
        return StopCrm(f"refused by something in front of HubSpot ({why}, not HubSpot's JSON)")
    scopes = tuple(dict.fromkeys(name for name in _scopes(body) if _SCOPE.fullmatch(name)))
    return Forbidden(f"HubSpot does not allow it ({why}{': ' * bool(scopes)}{', '.join(scopes)})", scopes)


def _scopes(body: Json) -> Iterator[str]:
    for item in (body, *(item for item in body.get("errors") or [] if isinstance(item, dict))):
        yield from context(item, "requiredGranularScopes")
        yield from context(item, "missingScopes")


def _throttled(why: str, body: Json, headers: Mapping[str, str]) -> RepoussoirError:
    """The waits of §8: ten seconds for the rolling window; the daily limit is for tomorrow."""
    if body.get("policyName") == "DAILY" or "daily limit" in str(body.get("message", "")).lower():
        return QuotaSpent(f"HubSpot's daily allowance is used up ({why})")
    told = headers.get("Retry-After") or ""
    return TryLater(f"too many calls ({why})", after=float(told) if told.isdecimal() else 10.0)
