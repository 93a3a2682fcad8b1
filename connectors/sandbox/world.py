"""The three servers as one thing: `Sandbox` binds them to ports, seeds, loads and stops them. Imports a vendor only when used."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterable, Sequence
from http.server import ThreadingHTTPServer
from importlib import import_module

from connectors.sandbox.app import App
from connectors.sandbox.control import PREFIX, TRUTH, Control, records
from connectors.sandbox.seed import Truth, population
from connectors.sandbox.state import Clock, State
from connectors.sandbox.wire import CutConnection, Request, Response, bind

VENDORS = {"hubspot": "HubSpot", "salesforce": "Salesforce", "pipedrive": "Pipedrive"}


class Site:
    """One vendor's app behind the request log, the faults and the control API."""

    def __init__(self, app: App, control: Control) -> None:
        self.app = app
        self.closed = False
        self._control = control

    def answer(self, request: Request) -> Response:
        """Serves one request. Raises CutConnection when a fault says so, or once the sandbox was stopped."""
        if self.closed:
            raise CutConnection
        if request.path.startswith(PREFIX):
            return _guarded(self._control, request)
        entry = self._control.log.open(self.app.name, request)
        fault = self._control.faults.take(self.app.name, request)
        response = fault.play(lambda: _guarded(self.app, request)) if fault else _guarded(self.app, request)
        entry.status = response.status
        return response


def _guarded(server: App | Control, request: Request) -> Response:
    try:
        return server.answer(request)
    except CutConnection:
        raise
    except Exception as error:
        traceback.print_exc()
        return Response(500, {"sandbox": "a handler failed, see stderr", "exception": type(error).__name__})


class Sandbox:
    """HubSpot, Salesforce and Pipedrive on three ports of 127.0.0.1, over one state and one clock.

    `data` names a SQLite file that outlives the process; without it everything is in memory. `vendors` are the apps to
    serve, the three built-in ones by default. As a context manager it starts on free ports unless it runs already, and
    closes the state in the end.
    """

    def __init__(self, data: str | None = None, vendors: Sequence[type[App]] | None = None) -> None:
        self.clock = Clock()
        self.urls: dict[str, str] = {}
        self._state = State(data or ":memory:")
        classes = vendors or [getattr(import_module(f"{__package__}.{name}"), cls) for name, cls in VENDORS.items()]
        self._apps: dict[str, App] = {cls.name: cls(self._state, self.clock) for cls in classes}
        self._control = Control(self._apps, self._state, self.clock)
        self._running: list[tuple[Site, ThreadingHTTPServer]] = []

    def start(self, port: int) -> Sandbox:
        """Serves the vendors on `port`, `port` + 1 and so on; 0 takes free ports. Raises OSError when one is taken."""
        for offset, (name, app) in enumerate(self._apps.items()):
            site = Site(app, self._control)
            try:
                server = bind(site, port + offset if port else 0)
            except OSError:
                self.stop()
                raise
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            self._running.append((site, server))
            self.urls[name] = f"http://127.0.0.1:{server.server_address[1]}"
        return self

    def stop(self) -> None:
        """Stops serving and cuts the connections that are still open; the data stays."""
        for site, server in self._running:
            site.closed = True
            server.shutdown()
            server.server_close()
        self._running.clear()
        self.urls.clear()

    def __enter__(self) -> Sandbox:
        return self if self._running else self.start(0)

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._state.close()

    def app(self, name: str) -> App:
        """The app of a vendor."""
        return self._apps[name]

    def load(self, lines: Iterable[str]) -> int:
        """Takes JSON Lines of the load format; returns how many records. Raises ValueError that names the record."""
        return self._control.load(records(lines))

    def seed(self, people: int, seed: int) -> Truth:
        """Loads a made-up population as of the sandbox's clock and keeps its truth for the control API."""
        made = population(people, seed, self.clock.now())
        self._control.load(made.lines)
        self._state.put(*TRUTH, made.truth.as_json())
        return made.truth

    def reset(self) -> None:
        """What POST /_sandbox/reset does."""
        self._control.reset()
