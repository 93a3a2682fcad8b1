"""Reads request bodies and names in paths, refusing what the vendor refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.sandbox.salesforce.errors import Fail, no_such_record
from connectors.sandbox.salesforce.ids import full
from connectors.sandbox.salesforce.schema import Object
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.wire import Request, Response

Routes = list[tuple[str, str, Callable[..., Response]]]


def json_body(request: Request) -> dict[str, Any]:
    """The body as a JSON object. Raises Fail JSON_PARSER_ERROR for anything else."""
    try:
        found = request.json()
    except ValueError:
        raise Fail("JSON_PARSER_ERROR", "Unexpected character in the body at [line:1, column:1]") from None
    if not isinstance(found, dict):
        raise Fail("JSON_PARSER_ERROR", "The HTTP entity body is required and must be an object")
    return found


def values_of(body: dict[str, Any]) -> dict[str, Any]:
    """A record's field values: the body without its id and attributes."""
    return {name: value for name, value in body.items() if name.lower() not in {"id", "attributes"}}


def resource(session: Session, name: str) -> Object:
    """The object a path names. Raises Fail NOT_FOUND when this user has none."""
    kind = session.find_object(name)
    if kind is None or kind.is_("virtual") or kind.is_("tooling"):
        raise no_such_record()
    return kind


def path_id(text: str) -> str:
    """An id in a path as 18 characters. Raises Fail NOT_FOUND for what is none."""
    whole = full(text)
    if whole is None:
        message = f"Provided external ID field does not exist or is not accessible: {text}"
        raise Fail("NOT_FOUND", message)
    return whole
