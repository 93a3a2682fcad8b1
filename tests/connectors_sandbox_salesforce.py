"""A Salesforce sandbox bound to a free port, and a plain HTTP client of it, for the tests of that sandbox."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import requests

from connectors.sandbox.salesforce import Salesforce
from connectors.sandbox.state import Clock, State
from connectors.sandbox.wire import bind

VERSION = "66.0"
ORG = "00D000000000000EAA"


class Sandbox:
    """One running server. Paths are below the API version unless they start with `/services` or `/id/`."""

    def __init__(self, url: str, app: Salesforce) -> None:
        self.url = url
        self.app = app
        self._http = requests.Session()

    def load(self, *records: dict[str, Any]) -> None:
        """Loads records as a load file would."""
        with self.app.state:
            for record in records:
                self.app.load({"crm": "salesforce", **record})

    def at(self, text: str) -> None:
        """Stops the sandbox's clock."""
        self.app.clock.set(datetime.fromisoformat(text))

    def call(self, method: str, path: str, token: str | None = "sandbox", **options: Any) -> requests.Response:
        """One request."""
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **options.pop("headers", {})}
        url = self.url + (path if path.startswith(("/services", "/id/")) else f"/services/data/v{VERSION}/{path}")
        return self._http.request(method, url, headers=headers, timeout=10, allow_redirects=False, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        """A GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        """A POST of JSON."""
        return self.call("POST", path, json=body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> requests.Response:
        """A PATCH of JSON."""
        return self.call("PATCH", path, json=body, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        """A DELETE."""
        return self.call("DELETE", path, **options)

    def ask(self, soql: str, path: str = "query", **options: Any) -> requests.Response:
        """A query, whatever comes of it."""
        return self.get(path, params={"q": soql}, **options)

    def rows(self, soql: str, path: str = "query", **options: Any) -> list[dict[str, Any]]:
        """The records of a query that must succeed, without their attributes."""
        answer = self.ask(soql, path, **options)
        assert answer.status_code == 200, answer.text
        records: list[dict[str, Any]] = answer.json()["records"]
        return [{name: value for name, value in record.items() if name != "attributes"} for record in records]

    def column(self, soql: str, path: str = "query", **options: Any) -> list[Any]:
        """The first column of a query."""
        return [next(iter(row.values())) for row in self.rows(soql, path, **options)]

    def make(self, kind: str, **values: Any) -> str:
        """Creates a row through the API and gives its id."""
        answer = self.post(f"sobjects/{kind}", values)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def code(answer: requests.Response) -> tuple[int, str]:
    """The status and the error code of a refusal."""
    return answer.status_code, answer.json()[0]["errorCode"]


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox."""
    app = Salesforce(State(), Clock())
    server = bind(app, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    client = Sandbox(f"http://127.0.0.1:{server.server_address[1]}", app)
    try:
        yield client
    finally:
        client._http.close()
        server.shutdown()
        server.server_close()
