"""simple-salesforce behind one door: log-in and its renewal, calls, query pages, and what its errors mean.

The only module of the adapter that touches the package; `Any` ends here. Must not know what a Contact is.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import requests
from simple_salesforce.api import Salesforce as Package
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceError, SalesforceExpiredSession
from simple_salesforce.login import SalesforceLogin

from connectors.salesforce.codes import known
from connectors.salesforce.options import SalesforceOptions
from connectors.transport import Line, Tools, is_loopback, session
from core.errors import BadAnswer, ConfigError, NotAllowed, QuotaSpent, RepoussoirError, StopCrm, TryLater

T = TypeVar("T")
Row = dict[str, Any]

_PATH = re.compile(r"/services/data/v\d+\.0/query(All)?/[A-Za-z0-9_=-]+")
_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_BUSY = frozenset({420, 429})
_BROKEN = frozenset({406, 500, 502, 503, 504})
_LOCKED = frozenset({"UNABLE_TO_LOCK_ROW", "REQUEST_RUNNING_TOO_LONG"})
# §2.2: URI and headers together 16,384 bytes; a quoted id costs 27 of them.
_URI, _PER_ID, _MOST_IDS = 14_500, 27, 400
_MOST_ASKED = 25
_EXPIRED = "INVALID_SESSION_ID"
_PLACE = "{ids}"


class Rejected(BadAnswer):
    """The call as a whole was refused for what it says (400, 404 …). `code` is the vendor's error code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"Salesforce refused the call: {status} {code or 'without a code'}")
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Question:
    """A query, and whether archived and deleted rows are wanted as well (§2.3)."""

    soql: str
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """One page of a query. `last` is what the vendor's `done` says; `total` what its `totalSize` says."""

    rows: tuple[Row, ...]
    last: bool
    total: int


class Client:
    """Calls to one org. Logs in at the first call, and once more when the session has expired during a call."""

    def __init__(self, crm: str, options: SalesforceOptions, tools: Tools) -> None:
        self.crm = crm
        self.base = f"/services/data/v{options.version}"
        self.sleep = tools.sleep
        self.now = tools.now
        self._options = options
        self._line = Line(crm, translate, {}, tools)
        self._renewable = not options.token.get_secret_value()
        self._package: Any = None
        if not _can_log_in(options):
            raise ConfigError(
                f"{crm} has no way to log in to Salesforce.",
                "Give token with base_url or domain, or client_id and client_secret with domain, or client_id, username "
                "and private_key.",
            )

    def call(self, what: str, run: Callable[[], T], *, safe: bool) -> T:
        """Runs `run`, made of at most one `exchange`, through the line. Raises QuotaSpent when our share is used up."""
        usage = self.usage
        if usage and self._line.calls >= usage[1] * self._options.daily_quota_share:
            raise QuotaSpent(f"{self.crm}: our share of the daily API calls is used up")
        return self._line.call(what, run, safe=safe)

    def send(self, what: str, method: str, path: str, *, safe: bool, **request: Any) -> Any:
        """One call, answered as JSON; None when the answer has no body."""
        return self.call(what, lambda: self.exchange(method, path, **request), safe=safe)

    def text(self, what: str, method: str, path: str, *, safe: bool, **request: Any) -> str:
        """One call, answered as text."""
        return self.call(what, lambda: str(self._response(method, path, **request).text), safe=safe)

    def exchange(self, method: str, path: str, **request: Any) -> Any:
        """The bare HTTP exchange; for use inside `call` only, which maps what it raises."""
        response = self._response(method, path, **request)
        return response.json() if response.content else None

    def soap(self, what: str, body: str) -> str:
        """One call of the partner API, which alone can empty the recycle bin (§5). Never repeated."""
        return self.call(what, lambda: self._renewing(lambda: self._soap(body)), safe=False)

    def pages(self, what: str, soql: str, *, everything: bool = False) -> Iterator[Rows]:
        """The pages of a query, to the last. `everything` sees archived activities and deleted rows as well (§2.3)."""
        if len(quote(soql)) > _URI + _MOST_IDS:
            raise StopCrm(f"{self.crm}: {what} asks for too many fields at once for one URL")
        path = f"{self.base}/{'queryAll' if everything else 'query'}/"
        yield from self._onward(what, self.send(what, "GET", path, safe=True, params={"q": soql}))

    def _onward(self, what: str, first: Any) -> Iterator[Rows]:
        """The pages of a query whose first answer is there."""
        answer, seen = _page(first), set[str]()
        while answer[1]:
            if answer[1] in seen:
                raise BadAnswer(f"{self.crm}: {what} goes round in circles")
            seen.add(answer[1])
            yield answer[0]
            answer = _page(self.send(what, "GET", answer[1], safe=True))
        yield answer[0]

    def rows(self, what: str, soql: str, *, everything: bool = False) -> Iterator[Row]:
        """The rows of a query, to the last."""
        for page in self.pages(what, soql, everything=everything):
            yield from page.rows

    def rows_of(self, what: str, soql: str, ids: Iterable[str], *, everything: bool = False) -> Iterator[Row]:
        """The rows of a query whose `{ids}` stands for these ids, asked in as many parts as fit in a URL."""
        for part in narrowed(soql, ids):
            yield from self.rows(what, part, everything=everything)

    def answers(self, what: str, asked: Sequence[Question]) -> Iterator[list[Row] | Rejected | NotAllowed]:
        """The rows of each of some queries, asked 25 to a call (§3.3); in their place, why a query was refused."""
        for part in chunks(asked, _MOST_ASKED):
            for said in self.call(what, partial(self._batch, part), safe=True):
                refused = isinstance(said, Rejected | NotAllowed)
                yield said if refused else [row for page in self._onward(what, said) for row in page.rows]

    def _batch(self, asked: Sequence[Question]) -> list[Any]:
        version = self.base.rpartition("/")[2]
        urls = (f"{version}/{'queryAll' if each.everything else 'query'}/?q={quote(each.soql)}" for each in asked)
        body = {"haltOnError": False, "batchRequests": [{"method": "GET", "url": url} for url in urls]}
        said = self.exchange("POST", f"{self.base}/composite/batch", json=body)
        results = said.get("results") if isinstance(said, dict) else None
        if not isinstance(results, list) or len(results) != len(asked) or not all(isinstance(r, dict) for r in results):
            raise BadAnswer("Salesforce answered another number of queries than it was asked")
        return [_result(each) for each in results]

    @property
    def usage(self) -> tuple[int, int] | None:
        """(used, allowed) calls of the day as the latest answer's Sforce-Limit-Info said."""
        said = self._package.api_usage.get("api-usage") if self._package else None
        return (said.used, said.total) if said else None

    def _soap(self, body: str) -> str:
        package = self._connected()
        head = f"<SessionHeader><sessionId>{package.session_id}</sessionId></SessionHeader>"
        envelope = (
            '<?xml version="1.0" encoding="UTF-8"?><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/">'
            f"<Header>{head.replace('<SessionHeader>', _PARTNER)}</Header><Body>{body}</Body></Envelope>"
        )
        headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}
        path = f"/services/Soap/u/{self._options.version}"
        return str(self._once(package, "POST", path, {"data": envelope.encode(), "headers": headers}).text)

    def _response(self, method: str, path: str, **request: Any) -> requests.Response:
        return self._renewing(lambda: self._once(self._connected(), method, path, request))

    def _renewing(self, run: Callable[[], T]) -> T:
        """Runs one exchange; once more, after a new log-in, when it was refused for an expired session."""
        try:
            return run()
        except SalesforceError as error:
            if not self._renewable or not _expired(error):
                raise
            self._package = None
            return run()

    def _once(self, package: Any, method: str, path: str, request: Mapping[str, Any]) -> requests.Response:
        kept = dict(request)
        headers = {"X-PrettyPrint": "0", **kept.pop("headers", {})}
        url = f"https://{package.sf_instance}{path}"
        # The package's own renewal is never reached: every object is of its `direct` kind, which has none (§1.3).
        response: requests.Response = package._call_salesforce(method, url, name="call", headers=headers, **kept)
        return response

    def _connected(self) -> Any:
        if self._package is None:
            self._package = _connect(self._options)
        return self._package


_PARTNER = '<SessionHeader xmlns="urn:partner.soap.sforce.com">'


def _can_log_in(options: SalesforceOptions) -> bool:
    if options.token.get_secret_value():
        return bool(options.base_url or options.domain)
    if options.client_secret.get_secret_value():
        return bool(options.client_id and options.domain)
    return bool(options.client_id and options.username and options.private_key.get_secret_value())


def _connect(options: SalesforceOptions) -> Any:
    """A package object of its `direct` kind, over a session of our own."""
    loopback = options.base_url if options.base_url and is_loopback(options.base_url) else None
    http = session(options.timeout, redirect_https_to=loopback)
    token, host = options.token.get_secret_value(), options.base_url or f"https://{options.domain}.salesforce.com"
    if not token:
        token, instance = _log_in(options, http)
        host = f"https://{instance.strip('/')}"
    return Package(instance_url=host, session_id=token, version=options.version, session=http, object_pairs_hook=dict)


def _log_in(options: SalesforceOptions, http: requests.Session) -> tuple[str, str]:
    """Client credentials or JWT; both answer (token, host) and neither can be refreshed but by doing it again (§1.1)."""
    secret = options.client_secret.get_secret_value()
    flow: dict[str, Any] = {"consumer_secret": secret}
    if not secret:
        flow = {"username": options.username, "privatekey": options.private_key.get_secret_value()}
    with warnings.catch_warnings():
        # The package's warning prints the consumer key.
        warnings.simplefilter("ignore")
        token, host = SalesforceLogin(
            session=http, consumer_key=options.client_id, domain=options.domain or "login", **flow
        )
    return str(token), str(host)


def narrowed(soql: str, ids: Iterable[str]) -> Iterator[str]:
    """A query whose `{ids}` stands for these ids, in as many parts as fit in a URL; none when there are no ids."""
    room = (_URI - len(quote(soql))) // _PER_ID
    for part in chunks(sorted(set(ids)), max(1, min(room, _MOST_IDS))):
        listed = ",".join(f"'{one}'" for one in part)
        yield soql.replace(_PLACE, f"({listed})")


def _result(said: Mapping[str, Any]) -> Any:
    """One answer of a batch; a refusal of that query alone as a value. Raises what concerns the whole call."""
    if said.get("statusCode") == 200:
        return said.get("result")
    content: Any = said.get("result")
    error = translate(SalesforceError("", int(said.get("statusCode") or 0), "query", content))
    if isinstance(error, Rejected | NotAllowed):
        return error
    raise error or BadAnswer("Salesforce answered a query with something unintelligible")


def _page(answer: Any) -> tuple[Rows, str]:
    """One answer of a query, and the path of the next one; empty on the last. Raises BadAnswer for anything else."""
    rows = answer.get("records") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadAnswer("Salesforce answered a query with something else than rows")
    last, following = answer.get("done"), answer.get("nextRecordsUrl", "")
    if last not in (True, False) or (not last and not _PATH.fullmatch(str(following))):
        raise BadAnswer("Salesforce answered a query without saying how it goes on")
    return Rows(tuple(rows), last, int(answer.get("totalSize") or 0)), "" if last else following


def _expired(error: SalesforceError) -> bool:
    """True for an expired session; the partner API says so in a fault of status 500."""
    if isinstance(error, SalesforceExpiredSession):
        return code_of(error.content) == _EXPIRED
    return error.status == 500 and f":{_EXPIRED}<" in str(error.content)


def translate(error: Exception) -> RepoussoirError | None:
    """What an exception of the package means for us (§10). Texts of the vendor are dropped: they quote values and SOQL."""
    if isinstance(error, SalesforceAuthenticationFailed):
        return _log_in_refused(error)
    if not isinstance(error, SalesforceError):
        return None
    code = code_of(error.content)
    if error.status in _BUSY:
        return TryLater(f"{error.status}")
    if code == "UNABLE_TO_LOCK_ROW":
        return TryLater(code)
    if error.status in _BROKEN or code in _LOCKED:
        return TryLater(f"{error.status} {code}".strip())
    if error.status in (401, 403, 410):
        return _refused(error, code)
    return Rejected(int(error.status), code)


def _log_in_refused(error: SalesforceAuthenticationFailed) -> RepoussoirError:
    code = str(error.code or "")
    if code.isdigit() and (int(code) in _BUSY or int(code) in _BROKEN):
        return TryLater(f"log-in answered {code}")
    return NotAllowed(f"Salesforce refused the log-in: {known(code) or 'no reason given'}")


def _refused(error: SalesforceError, code: str) -> RepoussoirError:
    if code == "REQUEST_LIMIT_EXCEEDED":
        if "TotalRequests" in str(error.content):
            return QuotaSpent("Salesforce: the org's daily API calls are used up")
        return TryLater("too many long calls at the same time")
    if error.status == 410:
        return StopCrm("Salesforce has retired this API version: raise `version`")
    if not code:
        return StopCrm(f"Salesforce, or something before it, answered {error.status} without an error code")
    return NotAllowed(f"Salesforce does not allow it: {error.status} {code}")


def code_of(content: object) -> str:
    """The vendor's error code in the body of a failed call; empty when there is none (an HTML page, say)."""
    first = content[0] if isinstance(content, list) and content else content
    return known(first.get("errorCode") or first.get("exceptionCode")) if isinstance(first, dict) else ""


def full_id(text: str) -> str | None:
    """The 18-character form of an id of 15 or 18; None when it is none, or its last three do not fit it (Traps 1)."""
    if not _ID.fullmatch(text):
        return None
    blocks = (text[start : start + 5] for start in (0, 5, 10))
    tail = "".join(_CHECK[sum(1 << at for at, char in enumerate(five) if char.isupper())] for five in blocks)
    return text[:15] + tail if text[15:] in ("", tail) else None


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in parts of at most that size."""
    return (items[start : start + size] for start in range(0, len(items), size))
