"""A user's desk for the acceptance tests: three sandbox CRMs, a configuration folder, and the program as one types it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from dateutil.relativedelta import relativedelta

from cli.main import main
from connectors.sandbox.world import Sandbox

CONFIG = """\
controller = "Acme SAS"
extends = "fr_prospection_b2b"

[brakes]
first_run = false
max_share = 1.0

[crm.hubspot]
connector = "hubspot"
base_url = "{hubspot}"

[crm.salesforce]
connector = "salesforce"
base_url = "{salesforce}"

[crm.pipedrive]
connector = "pipedrive"
base_url = "{pipedrive}"
burst = 100
"""
Line = dict[str, Any]


def ago(months: int = 0, days: int = 0) -> datetime:
    """Noon of a day that many months and days before today."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return noon - relativedelta(months=months) - timedelta(days=days)


def stamp(moment: datetime) -> str:
    """A moment as the vendors write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass
class Desk:
    """The folder, the CRMs, and what was printed."""

    folder: Path
    world: Sandbox
    capture: pytest.CaptureFixture[str]
    config: Path = field(init=False)

    def __post_init__(self) -> None:
        """Writes the configuration and the tokens, makes the key and the properties."""
        self.config = self.folder / "config.toml"
        self.config.write_text(CONFIG.format(**self.world.urls))
        secrets = self.folder / "secrets"
        secrets.mkdir(exist_ok=True)
        for crm in self.world.urls:
            (secrets / f"crm__{crm}__token").write_text("sandbox")

    def run(self, *words: str) -> tuple[int, str, str]:
        """Types a command; answers exit code, standard output and standard error."""
        self.capture.readouterr()
        code = main(["--config", str(self.config), *words])
        shown = self.capture.readouterr()
        return code, shown.out, shown.err

    def json(self, *words: str) -> Any:
        """Types a command with --json and answers what it printed."""
        return json.loads(self.run(*words, "--json")[1])

    def load(self, *lines: Line) -> None:
        """Puts records into the CRMs as they are."""
        self.world.load(json.dumps(line) for line in lines)

    def call(self, crm: str, method: str, path: str, body: Any = None, token: str = "sandbox") -> Any:
        """Calls a vendor's API as anybody's script would; None for an absent record."""
        headers = {"Authorization": f"Bearer {token}", "x-api-token": token, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.world.urls[crm]}{path}", data=data, headers=headers, method=method)
        with urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def exists(self, ref: str) -> bool:
        """True when the vendor still serves a record."""
        crm, kind, id = ref.split(":")
        if crm == "hubspot":
            found = self.call(
                crm, "POST", "/crm/v3/objects/contacts/batch/read", {"inputs": [{"id": id}], "properties": []}
            )
            return bool(found["results"])
        if crm == "salesforce":
            rows = self.call(crm, "GET", f"/services/data/v66.0/query/?q=SELECT+Id+FROM+{kind}+WHERE+Id='{id}'")
            return bool(rows["records"])
        return bool(self.call(crm, "GET", f"/api/v2/persons?ids={id}")["data"])

    def plan(self) -> list[Line]:
        """What a plan would do, as its items."""
        items: list[Line] = self.json("plan")["items"]
        return items

    def planned(self, ref: str) -> list[str]:
        """The kinds of action a plan has for a record."""
        return [item["action"]["do"] for item in self.plan() if item["ref"] == ref]


@contextmanager
def desk(folder: Path, capture: pytest.CaptureFixture[str], *, declare: bool = True) -> Iterator[Desk]:
    """A desk with a key and, unless told otherwise, the declared properties."""
    with Sandbox() as world:
        world.load([json.dumps({"crm": "pipedrive", "kind": "settings", "campaigns": True})])
        made = Desk(folder, world, capture)
        code, _, errors = made.run("init", *(["--declare"] if declare else []))
        assert code == 0, errors
        yield made


def hubspot(
    id: str, email: str = "", *, created: datetime | None = None, source: str = "FORM", **properties: str
) -> Line:
    """A HubSpot contact."""
    born = stamp(created or ago(months=1))
    values = {
        "createdate": born,
        "lastmodifieddate": born,
        "hs_object_source": source,
        "lastname": "Dupond",
        **properties,
    }
    return {"crm": "hubspot", "kind": "contacts", "id": id, "properties": values | ({"email": email} if email else {})}


def salesforce(
    id: str, email: str = "", *, created: datetime | None = None, kind: str = "Contact", **fields: Any
) -> Line:
    """A Salesforce Contact or Lead."""
    born = (created or ago(months=1)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    stamps = {"CreatedDate": born, "LastModifiedDate": born, "SystemModstamp": born}
    line = {"crm": "salesforce", "kind": kind, "Id": id, "LastName": "Dupond", "LeadSource": "Web", **stamps, **fields}
    return line | ({"Email": email} if email else {}) | ({"Company": "Acme"} if kind == "Lead" else {})


def pipedrive(
    id: int, email: str = "", *, created: datetime | None = None, phones: tuple[str, ...] = (), **fields: Any
) -> Line:
    """A Pipedrive person; further addresses come after the first, separated by spaces."""
    born = (created or ago(months=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    emails = [{"value": one, "primary": not place, "label": "work"} for place, one in enumerate(email.split())]
    numbers = [{"value": one, "primary": not place, "label": "work"} for place, one in enumerate(phones)]
    line = {
        "crm": "pipedrive",
        "kind": "persons",
        "id": id,
        "name": "Jean Dupond",
        "add_time": born,
        "update_time": born,
    }
    return line | {"emails": emails, "phones": numbers, **fields}
