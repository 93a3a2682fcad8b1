"""`python -m connectors.sandbox`: serves the three sandbox CRMs until it is interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from connectors.sandbox.world import Sandbox


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m connectors.sandbox", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=8900, help="HubSpot here, Salesforce and Pipedrive above; 0: free ones"
    )
    parser.add_argument("--people", type=int, default=0, help="size of a made-up population to load")
    parser.add_argument("--seed", type=int, default=1, help="which made-up population")
    parser.add_argument("--load", type=Path, metavar="FILE", help="JSON Lines to load")
    parser.add_argument("--data", metavar="FILE", help="SQLite file to keep the data in; default: memory")
    return parser.parse_args(argv)


def _fill(sandbox: Sandbox, options: argparse.Namespace) -> None:
    if options.people:
        sandbox.seed(options.people, options.seed)
    if options.load:
        with options.load.open(encoding="utf-8") as lines:
            sandbox.load(lines)


def main(argv: list[str]) -> int:
    """Serves until SIGINT or SIGTERM; 1 when the port or a file cannot be used."""
    options = _arguments(argv)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        sandbox = Sandbox(options.data)
        _fill(sandbox, options)
        sandbox.start(options.port)
    except (OSError, ValueError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    with sandbox:
        for crm, url in sandbox.urls.items():
            print(f"{crm} {url}", flush=True)
        print("ready", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
