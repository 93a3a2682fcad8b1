"""HubSpot's package and one thin transport of our own, every call through the Line (§0, §1).

The package (12.0.0) lacks the dataSensitivity lists, communication preferences v4 and account-info: those use `fetch`.
Must not know records, actions or the core's values; rows go in and out as the vendor's JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import urllib3
from hubspot import HubSpot

from connectors.hubspot.answers import NOT_FOUND, Answer, HttpError, Json, Rejected, context, translate
from connectors.hubspot.options import HubSpotOptions
from connectors.transport import Line, Tools
from core.errors import BadAnswer, QuotaSpent

T = TypeVar("T")

PRODUCTION = "https://api.hubapi.com"
PATHS = {
    "account": "/account-info/v3",
    "preferences": "/communication-preferences/v4",
    "properties": "/crm/v3/properties",
}
# 90 % of 190 and of 150 calls in ten seconds: the customer's other apps share the account (§8, §2.6).
LIMITS: dict[str, tuple[tuple[int, float], ...]] = {
    "default": ((171, 10.0),),
    "associations": ((135, 10.0),),
}
PAGE = BATCH = 100
LINKS = 1000
_CONNECT = 10.0
_TURNS = "a cursor came back"


class Quota:
    """What the rate headers tell: the account's day, which all its apps share, and the rolling window (§8)."""

    def __init__(self, share: float, sleep: Callable[[float], None]) -> None:
        self.day: tuple[int, int] | None = None
        self._share, self._sleep, self._rest = share, sleep, 0.0

    def note(self, headers: Mapping[str, str]) -> None:
        """Takes the headers of an answer; OAuth apps are not told of the day, nobody of a search."""
        allowed, left = _number(headers, "Daily"), _number(headers, "Daily-Remaining")
        if allowed is not None and left is not None:
            self.day = (allowed - left, allowed)
        window = _number(headers, "Interval-Milliseconds")
        self._rest = (window or 0) / 1000 if _number(headers, "Remaining") == 0 else 0.0

    def ask(self) -> None:
        """Before a call: waits when the window is full. Raises QuotaSpent once our share of the day is used, by whomever."""
        if self.day and self.day[0] >= self._share * self.day[1]:
            raise QuotaSpent(f"{self.day[0]} of the account's {self.day[1]} calls of the day are used")
        if self._rest:
            self._sleep(self._rest)
            self._rest = 0.0


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(f"X-HubSpot-RateLimit-{name}") or ""
    return int(text) if text.isdecimal() else None


class Client:
    """One account. Holds the package's api objects: each new one would open connections of its own (§1.3)."""

    def __init__(self, crm: str, options: HubSpotOptions, tools: Tools) -> None:
        self.crm, self.options = crm, options
        self.quota = Quota(options.daily_quota_share, tools.sleep)
        self._line = Line(crm, translate, LIMITS, tools)
        self._token = options.token.get_secret_value()
        self._base = options.base_url or PRODUCTION
        self._timeout = (_CONNECT, options.timeout)
        self._pool = urllib3.PoolManager(retries=False)
        package = HubSpot(access_token=self._token, host=self._base, base_url=self._base, retry=urllib3.Retry(0))
        self._objects = package.crm.objects.basic_api
        self._batches = package.crm.objects.batch_api
        self._contacts = package.crm.contacts.basic_api
        self._links = package.crm.associations.v4.batch_api
        self.properties = package.crm.properties.core_api
        self.users = package.settings.users.users_api
        self.owners = package.crm.owners.owners_api
        self.files = package.files.files_api

    def call(
        self, what: str, method: Callable[..., Any], *args: Any, safe: bool, budget: str = "default", **more: Any
    ) -> Any:
        """One call of the package, its JSON as it is on the wire; None for an empty answer. Raises `core.errors`."""

        def run() -> Any:
            self.quota.ask()
            return self._told(what, method(*args, **more, _preload_content=False, _request_timeout=self._timeout))

        return self._line.call(what, run, safe=safe, budget=budget)

    def fetch(
        self, what: str, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None, *, safe: bool
    ) -> Any:
        """One call that the package lacks. `path` begins with one of PATHS and is percent-encoded."""
        url = f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"

        def run() -> Any:
            self.quota.ask()
            sent = None if body is None else json.dumps(body).encode()
            timeout = urllib3.Timeout(connect=_CONNECT, read=self.options.timeout)
            response = self._pool.request(method, url, body=sent, headers=headers, timeout=timeout, redirect=False)
            if not 200 <= response.status <= 299:
                raise HttpError(response.status, response.data, response.headers)
            return self._told(what, response)

        return self._line.call(what, run, safe=safe)

    def _told(self, what: str, response: Any) -> Any:
        data = response.data
        self.quota.note(response.headers)
        if not data.strip():
            return None
        try:
            return json.loads(data)
        except ValueError:
            raise BadAnswer(f"{self.crm}: {what}: the answer is not JSON") from None

    def page(self, kind: str, properties: Sequence[str], after: str | None = None) -> Any:
        """One page of the list, as it is on the wire."""
        more = {"after": after} if after else {}
        what = f"{kind}.list"
        return self.call(what, self._objects.get_page, kind, limit=PAGE, properties=[*properties], safe=True, **more)

    def pages(self, kind: str, properties: Sequence[str]) -> Iterator[tuple[list[Json], bool]]:
        """Every page of the list without what is archived, and whether it is the last (§2.1)."""
        what = f"{kind}.list"
        for rows, last in walk(what, lambda after: self.page(kind, properties, after)):
            if not all(re.fullmatch(r"[0-9]+", str(row.get("id"))) for row in rows):
                raise BadAnswer(f"{what}: a row whose id is no number")
            yield [row for row in rows if not row.get("archived")], last

    def read(self, kind: str, ids: Iterable[str], properties: Sequence[str]) -> dict[str, Json]:
        """The rows that are there under the very id that was asked (§2.3: a merged-away id answers as another one).

        Ids are numbers, and nothing else is asked for. Raises BadAnswer when a row is missing for another reason than
        that it does not exist.
        """
        found: dict[str, Json] = {}
        for chunk in chunks((id for id in dict.fromkeys(ids) if id.isascii() and id.isdecimal()), BATCH):
            found |= self._read(kind, chunk, properties)
        return found

    def _read(self, kind: str, ids: list[str], properties: Sequence[str]) -> dict[str, Json]:
        what = f"{kind}.batch_read"
        body = {"inputs": [{"id": id} for id in ids], "properties": [*properties], "propertiesWithHistory": []}
        answer = Answer.of(what, self.call(what, self._batches.read, kind, body, safe=True))
        if any(error.get("category") != NOT_FOUND for error in answer.errors):
            raise BadAnswer(f"{what}: rows failed for another reason than not being there")
        rows = {str(row.get("id")): row for row in answer.rows if not row.get("archived")}
        explained = {id for error in answer.errors for id in context(error, "ids")}
        for id in ids:
            if id not in rows and id not in explained and self._exists(kind, id):
                raise BadAnswer(f"{what}: the answer leaves out a record that exists")
        return {id: rows[id] for id in ids if id in rows}

    def _exists(self, kind: str, id: str) -> bool:
        """True when a single read answers this very id; a merged-away one answers the survivor's."""
        try:
            row = self.call(f"{kind}.read", self._objects.get_by_id, kind, id, safe=True)
        except Rejected as error:
            if error.status == 404:
                return False
            raise
        return isinstance(row, dict) and str(row.get("id")) == id

    def links(self, start: str, end: str, ids: Iterable[str]) -> dict[str, list[str]]:
        """The ids of kind `end` that each record is linked to, every page; an empty list for none (§2.6)."""
        found: dict[str, list[str]] = {id: [] for id in ids}
        for chunk in chunks(found, LINKS):
            pending: list[Json] = [{"id": id} for id in chunk]
            seen: set[tuple[str, str]] = set()
            while pending:
                pending = self._linked(start, end, pending, found)
                places = {(item["id"], item["after"]) for item in pending}
                if places & seen:
                    raise BadAnswer(f"{start}.{end}.batch_read: {_TURNS}")
                seen |= places
        return {id: [*dict.fromkeys(ends)] for id, ends in found.items()}

    def _linked(self, start: str, end: str, inputs: list[Json], found: dict[str, list[str]]) -> list[Json]:
        """Adds one page of links to `found`; answers the inputs of the next page."""
        what = f"{start}.{end}.batch_read"
        body = {"inputs": inputs}
        told = self.call(what, self._links.get_page, start, end, body, safe=True, budget="associations")
        answer = Answer.of(what, told)
        if any(error.get("category") != NOT_FOUND for error in answer.errors):
            raise BadAnswer(f"{what}: rows failed for another reason than having no links")
        following = []
        for row in answer.rows:
            id, after = str(_object(row, "from").get("id")), cursor(row)
            if id in found:
                found[id] += [str(end["toObjectId"]) for end in row.get("to") or []]
                following += [{"id": id, "after": after}] if after else []
        return following

    def update(self, kind: str, inputs: Sequence[Json]) -> Answer:
        """Writes properties of at most 100 records; the caller reconciles rows and errors. Raises Rejected for all."""
        what = f"{kind}.batch_update"
        return Answer.of(what, self.call(what, self._batches.update, kind, {"inputs": [*inputs]}, safe=False))

    def create(self, kind: str, inputs: Sequence[Json]) -> Answer:
        """Makes at most 100 records, each input with an objectWriteTraceId of its own (§12.4)."""
        what = f"{kind}.batch_create"
        return Answer.of(what, self.call(what, self._batches.create, kind, {"inputs": [*inputs]}, safe=False))

    def archive(self, kind: str, ids: Iterable[str], *, safe: bool = True) -> None:
        """Puts records into the bin; e-mails have none and are gone for good (§2.4).

        Repeating changes nothing more, except where an id may have been merged away meanwhile: that is not `safe`.
        """
        for chunk in chunks(ids, BATCH):
            body = {"inputs": [{"id": id} for id in chunk]}
            _whole(
                f"{kind}.batch_archive",
                self.call(f"{kind}.batch_archive", self._batches.archive, kind, body, safe=safe),
            )

    def unlink(self, start: str, end: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Takes links away. Repeating changes nothing more."""
        for chunk in chunks(pairs, LINKS):
            body = {"inputs": [{"from": {"id": one}, "to": [{"id": other}]} for one, other in chunk]}
            what = f"{start}.{end}.batch_archive"
            _whole(what, self.call(what, self._links.archive, start, end, body, safe=True, budget="associations"))

    def purge(self, id: str) -> None:
        """Deletes one contact for good, by its id and never by an address (§2.4, §12.6)."""
        self.call("contacts.gdpr_delete", self._contacts.purge, {"objectId": id}, safe=False)


def _whole(what: str, body: Any) -> None:
    """Raises BadAnswer when a batch without results was done only in part (§2.3): what stayed is not known."""
    if isinstance(body, dict) and (body.get("errors") or body.get("numErrors")):
        raise BadAnswer(f"{what} was done only in part")


def walk(what: str, ask: Callable[[str | None], Any]) -> Iterator[tuple[tuple[Json, ...], bool]]:
    """The rows of every page of a list, and whether it is the last; `ask` reads the page after a cursor.

    Raises BadAnswer when a cursor comes back: a list that turns would be read for ever, and what is after it never.
    """
    seen: set[str] = set()
    after: str | None = None
    while True:
        body = ask(after)
        rows = Answer.of(what, body).rows
        after = cursor(body)
        if after in seen:
            raise BadAnswer(f"{what}: {_TURNS}")
        yield rows, after is None
        if after is None:
            return
        seen.add(after)


def cursor(body: Json) -> str | None:
    """The cursor of the next page; None when there is none (§12.26: `paging` may be absent, null or without `next`)."""
    after = _object(_object(body, "paging"), "next").get("after")
    return None if after is None else str(after)


def _object(body: Json, name: str) -> Json:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    whole = list(items)
    return (whole[start : start + size] for start in range(0, len(whole), size))
