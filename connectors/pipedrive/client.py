"""The vendor's package, wrapped: one instance an API version behind one Line (pipedrive.md §1.3, §1.4, §8, §9).

Must not log or raise a body, a header or a record's value; the vendor's error text may echo input, so only codes are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import requests
from pipedrive.client import Client
from pipedrive.exceptions import BaseError, UnknownError

from connectors.pipedrive.options import PipedriveOptions
from connectors.transport import Line, Tools, session
from core.errors import BadAnswer, NotAllowed, QuotaSpent, RepoussoirError, StopCrm, TryLater, Unreachable

HOST = "https://api.pipedrive.com"
PAGE = 500
_LONGEST_WAIT = 60.0
_WALKS = 5
_COSTS = {"v1": {"one": 2, "list": 20, "write": 10, "delete": 6}, "v2": {"one": 1, "list": 10, "write": 5, "delete": 3}}
_CODE = re.compile(r"(ERR|feature_capping)_\w{1,48}", re.ASCII)
_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{40}|(?<=/)\d+")

Row = dict[str, Any]


class Missing(BadAnswer):
    """404: not there, or not visible."""


class Invalid(BadAnswer):
    """400, 415 or 422, or a write answered with `success: false`: the vendor will not take these fields or values."""


class _Moved(Exception):
    """A v1 list changed while it was read."""


class Meter:
    """What the answers tell of the daily allowance (tokens), and what this process spent of it (pipedrive.md §8)."""

    def __init__(self, share: float) -> None:
        self.allowed: int | None = None
        self.left: int | None = None
        self._spent = 0
        self._share = share
        self._throttled = False

    @property
    def quota(self) -> tuple[int, int] | None:
        """Tokens used and allowed today, by all users and apps of the company, when the answers tell."""
        return None if self.allowed is None or self.left is None else (self.allowed - self.left, self.allowed)

    def spend(self, tokens: int) -> None:
        """Counts one call. Raises QuotaSpent when it would go beyond our share of the day's allowance."""
        if self.allowed is not None and self._spent + tokens > self.allowed * self._share:
            raise QuotaSpent(f"Pipedrive: our share of the day's {self.allowed} API tokens is used up")
        self._spent += tokens

    def hear(self, response: requests.Response) -> None:
        """Reads the headers of an answer. Raises StopCrm on a block: HTML with a 403, or a 403 right after a 429."""
        self.allowed = _number(response, "x-daily-ratelimit-token-limit", self.allowed)
        self.left = _number(response, "x-daily-ratelimit-token-remaining", self.left)
        blocked = response.status_code == 403 and (self._throttled or not isinstance(_json(response), dict))
        self._throttled = response.status_code == 429
        if blocked:
            raise StopCrm("Pipedrive blocks us (403 by its firewall): leave it alone for a while")


class Wire(Client):  # type: ignore[misc]  # the package has no types
    """The package's client for one version: token in a header, one session, this host only, every odd answer raised."""

    def __init__(self, host: str, version: str, headers: dict[str, str], web: requests.Session, meter: Meter) -> None:
        super().__init__()
        self.BASE_URL = f"{host}/api/{version}/"
        self._headers, self._session, self._meter = headers, web, meter

    def _request(
        self, method: str, url: str, headers: dict[str, str] | None = None, params: Row | None = None, **kwargs: Any
    ) -> Row:
        if not url.startswith(self.BASE_URL):
            raise BadAnswer("Pipedrive: a call to another host was refused")
        sent = {"Accept": "application/json", **self._headers, **(headers or {})}
        kwargs["allow_redirects"] = False
        return self._parse(self._session.request(method, url, headers=sent, params=params, **kwargs))

    def _parse(self, response: requests.Response) -> Row:
        self._meter.hear(response)
        body = _json(response)
        if not response.ok and isinstance(body, dict) and "json" in response.headers.get("Content-Type", ""):
            super()._parse(response)
        if 200 <= response.status_code < 300:
            if not response.content and response.request.method != "GET":
                return {"success": True, "data": None}
            if isinstance(body, dict) and body.get("success") is True:
                return body
        raise UnknownError("unexpected answer", response)


class Api:
    """Calls to one Pipedrive company. Every method raises only `core.errors`, Missing and Invalid included."""

    def __init__(self, crm: str, options: PipedriveOptions, tools: Tools) -> None:
        secret = options.token.get_secret_value()
        bearer = options.auth == "bearer"
        headers = {"Authorization": f"Bearer {secret}"} if bearer else {"x-api-token": secret}
        web = session(options.timeout)
        self.meter = Meter(options.daily_quota_share)
        self.now = tools.now
        self._line = Line(crm, translate, {"default": ((options.burst, 2.0),)}, tools)
        self._wires = {version: Wire(options.base_url or HOST, version, headers, web, self.meter) for version in _COSTS}

    def one(self, what: str, path: str, *, version: str = "v2", **params: object) -> Row:
        """One object. Raises Missing."""
        data = self._send(what, "get", version, path, cost="one", params=params)["data"]
        if not isinstance(data, dict):
            raise BadAnswer(f"Pipedrive: {what} answered no object")
        return data

    def pages(self, what: str, path: str, **params: object) -> Iterator[tuple[list[Row], bool]]:
        """Every page of a v2 list, and whether it is the last. Ends on `next_cursor` only, never on a short page."""
        seen = {""}
        asked: Row = {"limit": PAGE, **params}
        while True:
            body = self._send(what, "get", "v2", path, cost="list", params=asked)
            cursor = (body.get("additional_data") or {}).get("next_cursor") or ""
            yield _rows(what, body), not cursor
            if not cursor:
                return
            if cursor in seen:
                raise BadAnswer(f"Pipedrive: {what} goes round in circles")
            seen.add(cursor)
            asked["cursor"] = cursor

    def rows(self, what: str, path: str, *, limit: int = PAGE, only: Row | None = None) -> Iterator[Row]:
        """Every row of a v1 list, once. Read again from the start when rows went meanwhile: they would hide others."""
        seen: set[object] = set()
        for _ in range(_WALKS):
            try:
                for row in self._walk(what, path, {"limit": limit, **(only or {})}):
                    if (key := _key(row)) not in seen:
                        seen.add(key)
                        yield row
            except _Moved:
                continue
            return
        raise BadAnswer(f"Pipedrive: {what} moves faster than it can be read")

    def _walk(self, what: str, path: str, asked: Row) -> Iterator[Row]:
        """The pages of a v1 list, in either of the vendor's two envelopes (pipedrive.md §3.3).

        They are positions. So each is asked for from the last row of the one before on; raises _Moved without that row.
        """
        start, last, walked = 0, None, set[object]()
        while True:
            body = self._send(what, "get", "v1", path, cost="list", params={**asked, "start": start})
            page = _rows(what, body)
            keys = [_key(row) for row in page]
            if last is not None and last not in keys:
                raise _Moved
            yield from page
            outer = body.get("additional_data") or {}
            paging = outer.get("pagination") or outer
            if not paging.get("more_items_in_collection"):
                return
            if walked.issuperset(keys):
                raise BadAnswer(f"Pipedrive: {what} goes round in circles")
            walked |= set(keys)
            start, last = _following(what, paging, start, asked["limit"]) - 1, keys[-1]

    def all(self, what: str, path: str) -> list[Row]:
        """A v1 list that has no pages (users, activity types)."""
        return _rows(what, self._send(what, "get", "v1", path, cost="list"))

    def write(self, what: str, method: str, path: str, body: Row | None = None, *, version: str = "v2") -> Any:
        """One write, never repeated unless it certainly changed nothing. Answers `data`. Raises Unreachable when lost."""
        cost = "delete" if method == "delete" else "write"
        return self._send(what, method, version, path, cost=cost, json=body)["data"]

    def _send(self, what: str, method: str, version: str, path: str, *, cost: str, **kwargs: Any) -> Row:
        wire = self._wires[version]
        call = getattr(wire, f"_{method}")

        def run() -> Row:
            self.meter.spend(_COSTS[version][cost])
            answer: Row = call(wire.BASE_URL + path, **kwargs)
            if "data" not in answer:
                raise _unread(method, f"Pipedrive: {what} answered without data")
            return answer

        return self._line.call(what, run, safe=method == "get")


def translate(error: Exception) -> RepoussoirError | None:
    """The package's exception as one of ours, by the status of the answer it holds (pipedrive.md §9)."""
    if isinstance(error, requests.TooManyRedirects):
        return BadAnswer("Pipedrive: a redirect was not followed")
    if not isinstance(error, BaseError):
        return None
    response: requests.Response = error.response
    status = response.status_code
    said = f"Pipedrive: {_call(response)} answered {status}{_code(response)}"
    if status == 429:
        return _throttled(response, said)
    if status >= 500:
        return TryLater(said)
    if status in (401, 402, 403):
        return NotAllowed(said)
    if status == 404:
        return Missing(said)
    if status in (400, 415, 422) or _declined(response):
        return Invalid(said)
    return _unread(response.request.method or "", said) if response.ok else BadAnswer(said)


def _declined(response: requests.Response) -> bool:
    """True for a write that was answered 200, and that it failed (pipedrive.md §1.3, L3)."""
    body = _json(response)
    return response.ok and response.request.method != "GET" and isinstance(body, dict) and body.get("success") is False


def _unread(method: str, said: str) -> RepoussoirError:
    """A good status around an answer that cannot be read: a write may have taken effect."""
    return BadAnswer(said) if method.upper() == "GET" else Unreachable(said)


def _throttled(response: requests.Response, said: str) -> RepoussoirError:
    """A burst passes in seconds; the day's exhaustion does not, though it too sends Retry-After (pipedrive.md §8)."""
    wait = max(_number(response, name, 0) or 0 for name in ("retry-after", "x-ratelimit-reset"))
    if _number(response, "x-daily-ratelimit-token-remaining", None) == 0 or wait > _LONGEST_WAIT:
        return QuotaSpent(f"{said}: the day's API tokens are used up")
    return TryLater(said, after=max(wait, 2.0))


def need(row: Row, name: str) -> Any:
    """What a row cannot do without. Raises BadAnswer when the vendor left it out."""
    value = row.get(name)
    if value is None:
        raise BadAnswer(f"Pipedrive: an answer lacks {name}")
    return value


def _rows(what: str, body: Row) -> list[Row]:
    data = body["data"] or []
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise BadAnswer(f"Pipedrive: {what} answered no list of objects")
    return data


def _key(row: Row) -> object:
    """What tells the rows of a v1 list apart; a mail wraps its own."""
    inner = row if "id" in row or "uuid" in row else row.get("data") or {}
    return need(inner, "id" if inner.get("id") is not None else "uuid")


def _following(what: str, paging: Row, start: int, limit: int) -> int:
    """Where the next page of a v1 list begins."""
    following = paging.get("next_start") or start + (paging.get("limit") or limit)
    if not isinstance(following, int) or following <= start:
        raise BadAnswer(f"Pipedrive: {what} goes round in circles")
    return following


def _json(response: requests.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return None


def _number(response: requests.Response, header: str, default: int | None) -> int | None:
    text = response.headers.get(header, "")
    return int(text) if text.isdecimal() else default


def _call(response: requests.Response) -> str:
    return f"{response.request.method} {_IDS.sub('{id}', response.request.path_url.partition('?')[0])}"


def _code(response: requests.Response) -> str:
    body = _json(response)
    code = str(body.get("code") or "") if isinstance(body, dict) else ""
    return f" {code}" if _CODE.fullmatch(code) else ""
