"""JSON Schemas of what Salesforce is sent and answers, made of the types that jsforce publishes; needs node and the packages."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft7Validator

from connectors.sandbox.wire import Request, Response
from tests.vendor_clients.judging import UNKNOWN, Contract, fault
from tests.vendor_clients.traffic import Exchange

HERE = Path(__file__).parent
GENERATOR = HERE / "node_modules" / "ts-json-schema-generator" / "bin" / "ts-json-schema-generator.js"
TYPES = "salesforce_types.ts"
_BASE = re.compile(r"/services/data/v66\.0/")


class Typed(NamedTuple):
    """A call and the names of its types in salesforce_types.ts; no name where jsforce has none."""

    call: str
    answer: str
    request: str = ""


CALLS = (
    Typed(r"GET query(All)?/.*", "Query"),
    Typed(r"GET sobjects/\w+/describe", "Describe"),
    Typed(r"(POST|PATCH|DELETE) composite/sobjects", "AllSaved"),
    Typed(r"POST composite/sobjects/\w+", "Retrieved"),
    Typed(r"POST sobjects/\w+", "Saved"),
    Typed(r"POST tooling/sobjects/\w+", "SavedByTooling"),
    Typed(r"POST jobs/ingest", "JobPart", "JobOrder"),
    Typed(r"PATCH jobs/ingest/\w+", "JobPart", "JobState"),
    Typed(r"GET jobs/ingest/\w+", "Job"),
    Typed(r"GET jobs/ingest/\w+/successfulResults/", "JobResults"),
)

_DESCRIBE = r"GET /services/data/v66\.0/sobjects/\w+/describe 200: answer: "
# What jsforce has no type for, and where its types are older than the API or stricter than the vendor's own examples.
EXCUSES = {
    rf"POST /services/data/v66\.0/composite 200: {UNKNOWN}": "no type; its parts are judged one by one",
    rf"POST /services/data/v66\.0/composite/batch 200: {UNKNOWN}": "no type; its parts are judged one by one",
    rf"PUT /services/data/v66\.0/jobs/ingest/\w+/batches 201: {UNKNOWN}": "a table goes in and nothing comes out",
    rf"{_DESCRIBE}fields\.\*\.(filteredLookupInfo|referenceTargetField): null .*": "null where there is none",
    rf"{_DESCRIBE}fields\.\*\.defaultValue: boolean where .*": "that of a checkbox is a boolean",
    rf"{_DESCRIBE}(listviewable|lookupLayoutable): null where boolean belongs": "null in REST",
    rf"{_DESCRIBE}the body: 'idEnabled' is a required property": "in SOAP, not in REST",
    rf"{_DESCRIBE}fields\.\*: Additional .*\('polymorphicForeignKey', 'searchPrefilterable' .*": "newer than the types",
    rf"{_DESCRIBE}recordTypeInfos\.\*: Additional .*\('active', 'developerName' .*": "newer than the types",
}


def schemas(node: str) -> dict[str, Any]:
    """The schemas by the name of their type."""
    words = [node, str(GENERATOR), "--path", TYPES, "--type", "*", "--no-type-check"]
    made = subprocess.run(words, cwd=HERE, capture_output=True, text=True, timeout=60, check=False)
    assert made.returncode == 0, made.stderr
    found: dict[str, Any] = json.loads(made.stdout)
    return found


def contract(document: Mapping[str, Any]) -> Contract:
    """Judges by the schemas; the parts of a composite or a batch each as a call of its own."""

    def judge(exchange: Exchange) -> Iterator[str]:
        path = _BASE.sub("", exchange.request.path)
        typed = next((one for one in CALLS if re.fullmatch(one.call, f"{exchange.request.method} {path}")), None)
        if typed is None:
            yield UNKNOWN
        else:
            yield from _typed(document, typed, exchange)
        for part in _parts(exchange, path):
            yield from (f"{part.call} {part.response.status}: {what}" for what in judge(part))

    return judge


def _typed(document: Mapping[str, Any], typed: Typed, exchange: Exchange) -> Iterator[str]:
    if typed.request:
        yield from _faults(document, typed.request, "request", exchange.request.json())
    answer = typed.answer if exchange.response.status < 300 else "Refusal"
    yield from _faults(document, answer, "answer", _body(exchange.response))


def _faults(document: Mapping[str, Any], name: str, where: str, body: Any) -> Iterator[str]:
    schema = {"$ref": f"#/definitions/{name}", "definitions": document["definitions"]}
    for error in Draft7Validator(schema).iter_errors(body):
        yield f"{where}: {fault(error)}"


def _body(response: Response) -> Any:
    """The answer as JSON; a table as its rows."""
    text = response.payload().decode()
    return list(csv.DictReader(io.StringIO(text, newline=""))) if "csv" in response.content_type() else json.loads(text)


def _parts(exchange: Exchange, path: str) -> Iterator[Exchange]:
    """What a composite or a batch holds, each with its answer."""
    if path == "composite":
        asked, told = exchange.request.json()["compositeRequest"], exchange.response.body["compositeResponse"]
        for one, other in zip(asked, told, strict=True):
            yield _part(exchange, one, other["httpStatusCode"], other["body"])
    if path == "composite/batch":
        asked, told = exchange.request.json()["batchRequests"], exchange.response.body["results"]
        for one, other in zip(asked, told, strict=True):
            yield _part(exchange, one, other["statusCode"], other["result"])


def _part(whole: Exchange, asked: Mapping[str, Any], status: int, body: Any) -> Exchange:
    path = re.sub(r"^v66\.0/", "/services/data/v66.0/", asked["url"].partition("?")[0])
    sent = json.dumps(asked.get("body", asked.get("richInput"))).encode()
    return Exchange(whole.crm, Request(asked["method"], path, {}, {}, sent), Response(status, body))
