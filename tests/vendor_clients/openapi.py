"""Exchanges against an OpenAPI 3 document, by openapi-core: parameters, bodies and answers, and nothing that it does not name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from openapi_core import Config, OpenAPI
from openapi_core.templating.paths.exceptions import PathError
from openapi_core.templating.paths.finders import APICallPathFinder
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue

from tests.vendor_clients.judging import UNKNOWN, Contract, fault
from tests.vendor_clients.traffic import Exchange

HOST = "https://vendor.example"


def contract(document: Mapping[str, Any], prefix: str = "", unnamed: Literal["allow", "forbid"] = "allow") -> Contract:
    """Judges by a document whose one server is HOST, and whose paths begin after `prefix`.

    `unnamed` is what becomes of fields that it does not name; a document that puts objects together by allOf cannot forbid.
    """
    api = OpenAPI.from_dict(dict(document), config=Config(additional_properties_default_policy=unnamed))

    def judge(exchange: Exchange) -> Iterator[str]:
        request, response = _request(exchange, exchange.request.path.removeprefix(prefix)), _response(exchange)
        try:
            found = APICallPathFinder(api.spec).find(request.method, HOST + request.path)
        except PathError:
            yield UNKNOWN
            return
        operation = found.operation.read_value()
        yield from _unnamed(operation, exchange)
        for error in api.iter_apicall_request_errors(request):
            yield from _told("request", error)
        for error in api.iter_apicall_response_errors(request, response):
            yield from _told("answer", error)

    return judge


def _request(exchange: Exchange, path: str) -> MockRequest:
    sent = exchange.request
    kind = sent.headers.get("content-type", "")
    return MockRequest(
        HOST, sent.method, path, args=sent.query, headers=sent.headers, data=sent.body or None, content_type=kind
    )


def _response(exchange: Exchange) -> MockResponse:
    told = exchange.response
    return MockResponse(told.payload(), told.status, told.headers, told.content_type().partition(";")[0])


def _unnamed(operation: Mapping[str, Any], exchange: Exchange) -> Iterator[str]:
    """Parameters that were sent, and bodies that were sent or answered, where the document has none."""
    known = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
    yield from (f"request: no parameter {name}" for name in sorted(set(exchange.request.query) - known))
    if exchange.request.body and "requestBody" not in operation:
        yield "request: no body is known"
    answers = operation["responses"]
    known_answer = answers.get(str(exchange.response.status), {})
    if exchange.response.payload() and known_answer and "content" not in known_answer:
        yield "answer: no body is known"


def _told(where: str, error: BaseException) -> Iterator[str]:
    """The parts of a body that do not fit, each by its place; else what the error says."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, InvalidSchemaValue):
        cause = cause.__cause__
    if cause is None:
        yield f"{where}: {error}" + (f" ({error.__cause__})" if error.__cause__ else "")
        return
    yield from (f"{where}: {fault(one)}" for one in cause.schema_errors)
