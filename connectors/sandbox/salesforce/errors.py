"""What Salesforce refuses, and the shapes it says so in: REST array, row error, bulk CSV (reference §3.2, §4, §10)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.sandbox.wire import Response

_STATUS = {
    "INVALID_SESSION_ID": 401,
    "NOT_FOUND": 404,
    "ENTITY_IS_DELETED": 404,
    "METHOD_NOT_ALLOWED": 405,
    "PRECONDITION_FAILED": 412,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "API_DISABLED_FOR_ORG": 403,
    "INSUFFICIENT_ACCESS": 403,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403,
}
_WHOLE_REQUEST = frozenset({"JSON_PARSER_ERROR", "INVALID_FIELD"})


class Fail(Exception):
    """One refusal: an error code of the vendor, its message, and the fields it is about (None outside row writes)."""

    def __init__(self, code: str, message: str, fields: Iterable[str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.fields = None if fields is None else list(fields)

    @property
    def status(self) -> int:
        """The HTTP status this refusal has when it is the whole answer."""
        return _STATUS.get(self.code, 400)

    @property
    def spoils_request(self) -> bool:
        """True when a body that holds it cannot be read at all, so that no row of it is handled."""
        return self.code in _WHOLE_REQUEST

    def row(self) -> dict[str, Any]:
        """The error as part of a row's result: `statusCode`, where a whole answer says `errorCode`."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields or []}

    def csv(self) -> str:
        """The error as the `sf__Error` column of a bulk result says it."""
        return f"{self.code}:{self.message}:{','.join(self.fields or [])} --"

    def body(self) -> list[dict[str, Any]]:
        """The error as the body of an answer: always an array."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return [error if self.fields is None else {**error, "fields": self.fields}]

    def response(self) -> Response:
        """The error as a whole answer."""
        return Response(self.status, self.body())


def no_such_record() -> Fail:
    """An id that names nothing this user can see."""
    return Fail("NOT_FOUND", "The requested resource does not exist")


def is_deleted() -> Fail:
    """An id that names a row in the recycle bin."""
    return Fail("ENTITY_IS_DELETED", "entity is deleted", [])


def no_rights() -> Fail:
    """A write this user may not do to that row."""
    return Fail("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", [])
