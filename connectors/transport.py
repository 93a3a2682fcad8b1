"""The one door to a vendor: rate limit, retry policy, error mapping, and the HTTP sessions the packages ride on.

Every call of an adapter goes through `Line.call`. Must not know any vendor, nor log a body, a header or a query string.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from time import sleep
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import structlog
import tenacity
import urllib3.exceptions
from pyrate_limiter import Limiter, Rate
from requests.adapters import HTTPAdapter

from core.errors import BadAnswer, RepoussoirError, TryLater, Unreachable

T = TypeVar("T")
log = structlog.get_logger(__name__)
LONGEST_WAIT = 60.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _nothing() -> None:
    """Nobody needs to know."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What an adapter takes from outside, so that tests need not wait.

    `beat` is called before every call to a vendor, as time passes there: it keeps the lock of the run, and may raise Busy.
    """

    sleep: Callable[[float], None] = sleep
    now: Callable[[], datetime] = _utc_now
    random: Random = field(default_factory=Random)
    beat: Callable[[], None] = _nothing


class Waits(tenacity.wait.wait_base):
    """How long to wait before a call is repeated: what the vendor asked for, else growing from `first` with jitter."""

    def __init__(self, random: Random, first: float = 0.5, most: float = LONGEST_WAIT) -> None:
        self._random, self._first, self._most = random, first, most

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked = error.after if isinstance(error, TryLater) else None
        grown = self._first * 2 ** (retry_state.attempt_number - 1)
        return min(self._most, asked if asked is not None else grown * self._random.uniform(0.75, 1.25))


class Line:
    """Calls to one account of one vendor.

    `translate` maps an exception of the vendor's package, or of its HTTP library, to one of `core.errors`; it answers None
    for what it does not know, which then counts as BadAnswer. `limits` are the vendor's rates, (calls, seconds), by the
    name of the budget they count on.
    """

    def __init__(
        self,
        crm: str,
        translate: Callable[[Exception], RepoussoirError | None],
        limits: dict[str, tuple[tuple[int, float], ...]],
        tools: Tools,
        tries: int = 5,
    ) -> None:
        self.crm = crm
        self.calls = 0
        self._translate = translate
        self._limiters = {
            name: Limiter([Rate(calls, int(seconds * 1000)) for calls, seconds in rates])
            for name, rates in limits.items()
        }
        self._tools = tools
        self._tries = tries

    def call(self, what: str, run: Callable[[], T], *, safe: bool, budget: str = "default") -> T:
        """Runs one HTTP call of a vendor's package.

        `what` names the call in logs and errors (`contacts.batch_read`), never with an id or a value. A call that is
        `safe` to repeat is repeated when the vendor asks to wait or the connection breaks. Another one never is: what it
        writes to may change while we wait. It raises Unreachable, after the wait that the vendor asks for, and the caller
        reads back before it sends the same again. Raises only `core.errors`.
        """
        retrying = tenacity.Retrying(
            sleep=self._tools.sleep,
            stop=tenacity.stop_after_attempt(self._tries),
            wait=Waits(self._tools.random),
            retry=tenacity.retry_if_exception(lambda error: safe and isinstance(error, TryLater)),
            before_sleep=lambda state: log.info("crm.wait", crm=self.crm, call=what, attempt=state.attempt_number),
            reraise=True,
        )
        try:
            result: T = retrying(self._once, what, run, budget)
        except TryLater as error:
            if not safe and error.after:
                self._tools.sleep(min(error.after, LONGEST_WAIT))
            raise Unreachable(f"{self.crm}: {what} kept failing: {error}") from None
        return result

    def _once(self, what: str, run: Callable[[], T], budget: str) -> T:
        if budget in self._limiters:
            self._limiters[budget].try_acquire(self.crm)
        self._tools.beat()
        self.calls += 1
        try:
            return run()
        except RepoussoirError:
            raise
        except Exception as error:
            # `from None`: the packages' exceptions carry URLs, bodies and record values.
            raise self._mapped(what, error) from None

    def _mapped(self, what: str, error: Exception) -> RepoussoirError:
        known = self._translate(error) or connection_error(error)
        return known or BadAnswer(f"{self.crm}: {what} answered something unintelligible ({type(error).__name__})")


def connection_error(error: Exception) -> TryLater | None:
    """A broken or refused connection as TryLater."""
    if isinstance(error, requests.HTTPError | requests.TooManyRedirects | requests.JSONDecodeError):
        return None
    chain = _causes(error)
    if any(isinstance(item, ssl.SSLError | urllib3.exceptions.SSLError) for item in chain):
        return TryLater("the secure connection failed")
    unsent = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError, ConnectionRefusedError)
    if any(isinstance(item, (*unsent, socket.gaierror)) for item in chain):
        return TryLater("no connection")
    lost = (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError, OSError)
    if any(isinstance(item, lost) for item in chain):
        return TryLater("the connection broke")
    return None


def _causes(error: BaseException) -> list[BaseException]:
    """An exception and all that it wraps: causes, reasons and arguments. A context may be of an earlier failure."""
    seen: list[BaseException] = []
    queue: list[Any] = [error]
    while queue:
        item = queue.pop()
        if isinstance(item, BaseException) and item not in seen:
            seen.append(item)
            queue += [item.__cause__, getattr(item, "reason", None), *item.args]
    return seen


class _Patient(HTTPAdapter):
    """Gives every request a timeout, and may send what is meant for any https host to `target` instead."""

    def __init__(self, timeout: float, target: str | None = None) -> None:
        super().__init__(pool_maxsize=4)
        self._timeout, self._target = timeout, target

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = kwargs.get("timeout") or (10, self._timeout)
        if self._target:
            url = urlsplit(request.url or "")
            request.url = f"{self._target}{url.path}" + (f"?{url.query}" if url.query else "")
        return super().send(request, *args, **kwargs)


def session(timeout: float, *, redirect_https_to: str | None = None) -> requests.Session:
    """A session that always times out, and neither follows redirects nor reads `.netrc` or proxies of the machine's home.

    `redirect_https_to` is for packages that hard-code https (salesforce.md §1.2): every https request goes to that base
    URL instead. Must be used with loopback only; the settings see to it.
    """
    made = requests.Session()
    made.max_redirects = 0
    made.trust_env = False
    made.mount("http://", _Patient(timeout))
    made.mount("https://", _Patient(timeout, redirect_https_to))
    return made


def is_loopback(url: str) -> bool:
    """True for a URL of this very machine."""
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}
