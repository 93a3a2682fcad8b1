"""A Salesforce connector over its sandbox, and what the tests of it load, order and look at."""

from __future__ import annotations

import json
import re
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from connectors.salesforce.client import Client
from connectors.salesforce.connector import Salesforce
from connectors.salesforce.options import SalesforceOptions
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.wire import Request, Response, bind
from connectors.sandbox.world import Sandbox
from connectors.transport import Tools
from core.actions import Action, Command
from core.connector import Receipt
from core.model import Query, Record, Ref

ANN, BOB, ZOE = id_of("003", 501), id_of("003", 502), id_of("00Q", 501)
ACME, DEAL, CASE = id_of("001", 501), id_of("006", 501), id_of("500", 501)
PERSON, SHADOW = id_of("001", 600), id_of("003", 600)
MADE = "2020-01-01T00:00:00Z"

Line = tuple[str, dict[str, Any]]
Handler = Callable[[Request], Response]


def connect(org: Sandbox, token: str = "sandbox", naps: list[float] | None = None, **options: Any) -> Salesforce:
    """A connector named `sf`; waits go to `naps`."""
    given = {"connector": "salesforce", "base_url": org.urls["salesforce"], "token": token, **options}
    return Salesforce("sf", SalesforceOptions(**given), Tools(sleep=(naps if naps is not None else []).append))


def load(org: Sandbox, *lines: Line) -> None:
    """Rows, fields and settings as a load file gives them."""
    org.load(json.dumps({"crm": "salesforce", "kind": kind, **values}) for kind, values in lines)


def contact(id: str = ANN, **values: Any) -> Line:
    """A Contact to load."""
    return "Contact", {"Id": id, "LastName": "Test", "CreatedDate": MADE, **values}


def lead(id: str = ZOE, **values: Any) -> Line:
    """A Lead to load."""
    return "Lead", {"Id": id, "LastName": "Test", "Company": "X", "CreatedDate": MADE, **values}


def person(**values: Any) -> tuple[Line, Line]:
    """A person account to load, in an org that has them; its contact is SHADOW."""
    account = {"Id": PERSON, "LastName": "P", "PersonContactId": SHADOW, "IsPersonAccount": True, "CreatedDate": MADE}
    return ("_settings", {"personAccounts": True}), ("Account", {**account, **values})


def field(name: str, type: str = "string", object: str = "Contact", **spec: Any) -> Line:
    """A field that an admin has added or changed."""
    return "_field", {"object": object, "name": name, "type": type, **spec}


def ref(id: str = ANN, kind: str = "Contact") -> Ref:
    """Where a record lives."""
    return Ref("sf", kind, id)


def read(crm: Salesforce, target: Ref | None = None, *properties: str) -> Record:
    """A record that must be there, ANN's by default."""
    where = target or ref()
    found = crm.get([where], properties)[where]
    assert found is not None
    return found


def scanned(crm: Salesforce, kind: str = "Contact", properties: tuple[str, ...] = ()) -> dict[str, Record]:
    """Every record of a kind by id, having checked that the last page and no other says so."""
    pages = list(crm.scan(Query(kind, properties)))
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    return {record.ref.id: record for page in pages for record in page.records}


def both_ways(crm: Salesforce, id: str = ANN, kind: str = "Contact", properties: tuple[str, ...] = ()) -> Record:
    """The record as `scan` reads it, having checked that `get` reads the same."""
    record = scanned(crm, kind, properties)[id]
    assert crm.get([ref(id, kind)], properties) == {ref(id, kind): record}
    return record


def command(crm: Salesforce, action: Action, target: Ref | None = None) -> Command:
    """An order for a record, ANN's by default, at the version it has now."""
    where = target or ref()
    return Command(where, read(crm, where).version, action)


def do(crm: Salesforce, action: Action, target: Ref | None = None) -> Receipt:
    """What became of one order."""
    (receipt,) = crm.apply([command(crm, action, target)])
    return receipt


def row(org: Sandbox, kind: str, id: str) -> dict[str, Any] | None:
    """A row as the sandbox keeps it: None once it is gone for good."""
    return org.app("salesforce").state.get(f"salesforce.{kind}", id)


def stored(org: Sandbox, id: str = ANN, kind: str = "Contact") -> dict[str, Any]:
    """A row that the sandbox must have."""
    found = row(org, kind, id)
    assert found is not None
    return found


def live(org: Sandbox, kind: str, id: str) -> bool:
    """True for a row that is neither gone nor in the bin."""
    return "_deleted" not in (row(org, kind, id) or {"_deleted": ""})


def rows(org: Sandbox, kind: str) -> list[dict[str, Any]]:
    """Every row of an object, those in the bin included."""
    return [body for _, body in org.app("salesforce").state.all(f"salesforce.{kind}")]


def fault(org: Sandbox, **what: Any) -> None:
    """Makes requests go wrong, see `connectors.sandbox.faults`."""
    _control(org, "POST", "faults", [{"crm": "salesforce", **what}])


def meanwhile(org: Sandbox, patch: pytest.MonkeyPatch, method: str, path: str, *lines: Line) -> None:
    """Loads lines right after the first request of a method whose path, or query after a space, holds a match: somebody wrote."""
    app = org.app("salesforce")
    real: Callable[[Request], Response] = app.answer
    waiting = [lines]

    def answer(request: Request) -> Response:
        response = real(request)
        if waiting and request.method == method and re.search(path, f"{request.path} {request.one('q') or ''}".strip()):
            load(org, *waiting.pop())
        return response

    patch.setattr(app, "answer", answer)


def mend(org: Sandbox) -> None:
    """Lifts every fault."""
    _control(org, "DELETE", "faults")


def asked(org: Sandbox, path: str = "", method: str = "POST") -> int:
    """How many requests the sandbox had whose path holds a match."""
    url = f"{org.urls['salesforce']}/_sandbox/requests?method={method}&path={path}"
    with urllib.request.urlopen(url) as answer:
        return int(json.load(answer)["count"])


def forget(org: Sandbox) -> None:
    """Forgets the requests so far."""
    _control(org, "DELETE", "requests")


def _control(org: Sandbox, method: str, name: str, body: Any = None) -> None:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{org.urls['salesforce']}/_sandbox/{name}", data, method=method)
    urllib.request.urlopen(request).close()


class Stub:
    """Answers with a function, and remembers what it was asked."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.asked: list[Request] = []

    def answer(self, request: Request) -> Response:
        """One request."""
        self.asked.append(request)
        return self.handler(request)


@contextmanager
def served(handler: Handler) -> Iterator[tuple[Stub, str]]:
    """A running server that answers with a function."""
    stub = Stub(handler)
    server = bind(stub, 0)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield stub, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def options(**given: Any) -> SalesforceOptions:
    """Options of one org."""
    return SalesforceOptions(**{"connector": "salesforce", **given})


def client(url: str, naps: list[float] | None = None, **given: Any) -> Client:
    """A client of the server at a URL; waits go to `naps`."""
    chosen = options(**{"base_url": url, "token": "T0ken", **given})
    return Client("sf", chosen, Tools(sleep=(naps if naps is not None else []).append))


def failing(status: int, body: Any) -> Handler:
    """A handler that always answers so."""
    return lambda request: Response(status, body)
