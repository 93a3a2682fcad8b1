"""composite and composite/batch: several requests in one call (reference §3.3)."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.http.body import Routes, json_body
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.wire import Request, Response

_SUBREQUESTS, _HEAVY = 25, 5
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."


def _composite(session: Session, request: Request) -> Response:
    body = json_body(request)
    parts = body.get("compositeRequest") or []
    _check(parts)
    if body.get("allOrNone") is not True:
        return Response(200, {"compositeResponse": _run(session, parts)})
    answers: list[dict[str, Any]] = []
    try:
        with session.rows.undoable():
            answers = _run(session, parts)
            if any(each["httpStatusCode"] >= 400 for each in answers):
                raise Fail("PROCESSING_HALTED", _HALTED)
    except Fail as fail:
        answers = [each if each["httpStatusCode"] >= 400 else _answer(each["referenceId"], fail) for each in answers]
    return Response(200, {"compositeResponse": answers})


def _check(parts: list[dict[str, Any]]) -> None:
    if len(parts) > _SUBREQUESTS:
        raise Fail("LIMIT_EXCEEDED", f"Limit of {_SUBREQUESTS} sub-requests exceeded")
    heavy = [part for part in parts if re.search(r"/(query|queryAll|composite/sobjects)\b", str(part.get("url")))]
    if len(heavy) > _HEAVY:
        raise Fail("LIMIT_EXCEEDED", f"Limit of {_HEAVY} query and collection sub-requests exceeded")
    names = [part.get("referenceId") for part in parts]
    if len(set(names)) < len(names) or not all(names):
        raise Fail("INVALID_INPUT", "Each sub-request needs a referenceId of its own")


def _run(session: Session, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known: dict[str, Any] = {}
    answers = []
    for part in parts:
        name = part["referenceId"]
        try:
            response = session.serve(_request(_filled(part, known)))
        except Fail as fail:
            answers.append(_answer(name, fail))
            continue
        answers.append(_written(name, response))
        if response.status < 400:
            known[name] = response.body
    return answers


def _answer(name: str, fail: Fail) -> dict[str, Any]:
    return _written(name, fail.response())


def _written(name: str, response: Response) -> dict[str, Any]:
    headers = {key: value for key, value in response.headers.items() if key == "Location"}
    return {"body": response.body, "httpHeaders": headers, "httpStatusCode": response.status, "referenceId": name}


def _filled(part: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """A sub-request with `@{name.path}` replaced by values of earlier answers."""

    def value(match: re.Match[str]) -> str:
        found: Any = known.get(match[1])
        for step in re.findall(r"\w+", match[2]):
            try:
                found = found[int(step)] if step.isdigit() else found[step]
            except (KeyError, IndexError, TypeError):
                found = None
        if found is None:
            raise Fail("PROCESSING_HALTED", f"Invalid reference specified. No value for {match[0][2:-1]} found")
        return str(found)

    filled: dict[str, Any] = json.loads(_REFERENCE.sub(value, json.dumps(part)))
    return filled


def _request(part: dict[str, Any]) -> Request:
    url = urlsplit(str(part.get("url")))
    if not url.path.startswith("/services/data/v"):
        raise Fail("INVALID_INPUT", "The sub-request's url must start with /services/data/vXX.X/")
    headers = {name.lower(): str(value) for name, value in (part.get("httpHeaders") or {}).items()}
    body = part.get("body", part.get("richInput"))
    data = b"" if body is None else json.dumps(body).encode()
    return Request(str(part.get("method", "GET")), url.path, parse_qs(url.query, keep_blank_values=True), headers, data)


def _batch(session: Session, request: Request) -> Response:
    body = json_body(request)
    parts = body.get("batchRequests") or []
    if len(parts) > _SUBREQUESTS:
        raise Fail("LIMIT_EXCEEDED", f"Limit of {_SUBREQUESTS} sub-requests exceeded")
    found: list[dict[str, Any]] = []
    for part in parts:
        if body.get("haltOnError") and any(each["statusCode"] >= 400 for each in found):
            halted = Fail("BATCH_PROCESSING_HALTED", "Batch processing halted per request")
            found.append({"statusCode": 412, "result": halted.body()})
            continue
        url = "/services/data/" + str(part.get("url")).removeprefix("/services/data/")
        response = session.serve(_request({**part, "url": url}))
        found.append({"statusCode": response.status, "result": response.body})
    return Response(200, {"hasErrors": any(each["statusCode"] >= 400 for each in found), "results": found})


ROUTES: Routes = [
    ("POST", "/composite", _composite),
    ("POST", "/composite/batch", _batch),
]
