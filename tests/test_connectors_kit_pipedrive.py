"""The conformance kit on the Pipedrive adapter, over the sandbox: a company with Campaigns, and one without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import pytest

from connectors.pipedrive import OPTIONS, connect
from connectors.sandbox.pipedrive import Pipedrive
from connectors.sandbox.world import Sandbox
from connectors.testkit import SIGHT, TOKEN, ConnectorContract, Person, World
from connectors.transport import Tools
from core.connector import Connector
from core.model import Ref
from tests.connectors_kit import QUOTING, SandboxWorld, running

TEXT, CHOICES = "a" * 40, "b" * 40
PERSONS = "/api/v2/persons"
READS = ("contacts:read", "deals:read", "activities:read", "leads:read", "users:read")


class PipedriveWorld(SandboxWorld):
    """A company with a text and a multiple choice on its persons."""

    vendor, app = "pipedrive", Pipedrive
    kind, text, choice, options = "person", TEXT, CHOICES, ("1", "2", "3")
    page, emails, phones = 500, 3, 3
    lesser = (TOKEN, SIGHT, *READS, "contacts:full")
    written: ClassVar = {"POST": "/v[12]/(notes|persons)$", "PATCH": f"{PERSONS}/", "DELETE": f"{PERSONS}/"}
    listed = f"{PERSONS}$"
    refusal: ClassVar = {
        "status": 400,
        "body": {"success": False, "error": QUOTING, "code": "ERR_SCHEMA_VALIDATION_FAILED"},
    }

    silence: ClassVar = {"success": True, "data": {}}

    def __init__(self, sandbox: Sandbox, campaigns: bool = True) -> None:
        super().__init__(sandbox)
        self.campaigns = campaigns
        self.load("settings", {"campaigns": campaigns})
        self.load("personFields", {"field_code": TEXT, "field_name": "Notes internes", "field_type": "text"})
        choices = [{"id": number, "label": label} for number, label in enumerate(("golf", "tea", "wine"), 1)]
        self.load(
            "personFields", {"field_code": CHOICES, "field_name": "Likes", "field_type": "set", "options": choices}
        )

    def connect(self, tools: Tools, lacks: str = "") -> Connector:
        """As the application does."""
        given = {"connector": "pipedrive", "base_url": self.url, "token": self.bearer(lacks), "burst": 480}
        return connect("pd", OPTIONS.model_validate(given), tools)

    def seed(self, people: Sequence[Person]) -> list[Ref]:
        """People who were added by hand."""
        ids = self.numbers(len(people))
        self.load("persons", *({"id": id, **row(person)} for id, person in zip(ids, people, strict=True)))
        return [Ref("pd", "person", str(id)) for id in ids]

    def edit(self, ref: Ref, text: str) -> None:
        """As another app does."""
        self.ask("PATCH", f"{PERSONS}/{ref.id}", {"custom_fields": {TEXT: text}}).raise_for_status()

    def remove(self, ref: Ref) -> None:
        """Into the bin."""
        self.ask("DELETE", f"{PERSONS}/{ref.id}").raise_for_status()

    def look(self, ref: Ref) -> str | None:
        """Every field that is filled."""
        answer = self.ask("GET", f"{PERSONS}/{ref.id}?include_fields=marketing_status")
        found = answer.json()["data"] if answer.ok else None
        return (
            str({name: value for name, value in found.items() if value}) if found and not found["is_deleted"] else None
        )

    def notes(self, ref: Ref) -> list[str]:
        """The contents of the notes on a person."""
        return [note["content"] for note in self.ask("GET", f"/api/v1/notes?person_id={ref.id}").json()["data"] or ()]

    def first_page(self) -> Any:
        """With a cursor that leads to itself."""
        return self.ask("GET", f"{PERSONS}?limit=500&sort_by=id").json()


def row(person: Person) -> dict[str, Any]:
    """A person in the v2 shape."""
    who = {"name": person.name, "add_time": "2021-05-05T08:00:00Z", "update_time": "2021-05-06T08:00:00Z"}
    channels = {"emails": person.emails, "phones": person.phones}
    lists = {name: [entry(text, not at) for at, text in enumerate(texts)] for name, texts in channels.items()}
    fields = {TEXT: person.text or None, CHOICES: [int(option) for option in person.chosen] or None}
    said = {"marketing_status": "unsubscribed" if "email" in person.objects else "subscribed"}
    mail = {"last_incoming_mail_time": person.replied.isoformat().replace("+00:00", "Z")} if person.replied else {}
    return who | lists | {"custom_fields": fields} | said | mail


def entry(text: str, primary: bool) -> dict[str, Any]:
    """An address or a number."""
    return {"value": text, "primary": primary, "label": "work"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One server for the file."""
    with running(Pipedrive) as started:
        yield started


class TestCampaigns(ConnectorContract):
    """A person of a company that mails by the vendor's own means."""

    @pytest.fixture
    def world(self, sandbox: Sandbox) -> World:
        """The server in its first state."""
        return PipedriveWorld(sandbox)


class TestPlain(ConnectorContract):
    """A person of a company that does not."""

    @pytest.fixture
    def world(self, sandbox: Sandbox) -> World:
        """The server in its first state."""
        return PipedriveWorld(sandbox, campaigns=False)
