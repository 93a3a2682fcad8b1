"""The conformance kit on the Salesforce adapter, over the sandbox: contacts and leads."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import pytest

from connectors.salesforce import OPTIONS, connect
from connectors.sandbox.salesforce import Salesforce
from connectors.sandbox.salesforce.ids import make
from connectors.sandbox.world import Sandbox
from connectors.testkit import SIGHT, TOKEN, ConnectorContract, Person, World
from connectors.transport import Tools
from core.connector import Connector
from core.model import Ref
from tests.connectors_kit import QUOTING, SandboxWorld, running

PREFIX = {"Contact": "003", "Lead": "00Q"}
PHONES = {"Contact": ("Phone", "MobilePhone", "HomePhone", "OtherPhone"), "Lead": ("Phone", "MobilePhone")}
EMAILS = ("Email", "Second__c")
FLAGS = {"email": "HasOptedOutOfEmail", "telephone": "DoNotCall"}
DATA = "/services/data/v66.0"


class SalesforceWorld(SandboxWorld):
    """An org with a second address and a multiple choice on its records."""

    vendor, app = "salesforce", Salesforce
    text, choice, options = "Description", "Hobbies__c", ("golf", "tea", "wine")
    page, emails, wait = 2000, 2, None
    written: ClassVar = {
        "POST": "/composite$|/jobs/ingest$",
        "PATCH": "/sobjects",
        "DELETE": "/sobjects",
        "PUT": "/jobs/",
    }
    listed = "/query/"
    refusal: ClassVar = {
        "status": 400,
        "body": [{"errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": QUOTING}],
    }

    silence: ClassVar = [{"success": True, "errors": []}]

    def __init__(self, sandbox: Sandbox, kind: str) -> None:
        super().__init__(sandbox)
        self.kind, self.phones = kind, len(PHONES[kind])
        fields = ("Email", "Phone", "LeadSource", *FLAGS.values())
        self.lesser = (TOKEN, SIGHT, "ViewAllData", f"{kind}.read", *(f"{kind}.{name}" for name in fields))
        self.load("_field", {"object": kind, "name": "Second__c", "type": "email"})
        self.load(
            "_field", {"object": kind, "name": "Hobbies__c", "type": "multipicklist", "picklistValues": self.options}
        )

    def bearer(self, lacks: str) -> str:
        """The sandbox calls the right to read an object, and that to see a field, by other names."""
        kind, _, name = lacks.partition(".")
        hidden = f"Object:{kind}" if name == "read" else f"FLS:{lacks}"
        return super().bearer(hidden if name else lacks)

    def connect(self, tools: Tools, lacks: str = "") -> Connector:
        """As the application does."""
        given = {"connector": "salesforce", "base_url": self.url, "token": self.bearer(lacks)}
        return connect("sf", OPTIONS.model_validate(given), tools)

    def seed(self, people: Sequence[Person]) -> list[Ref]:
        """People who filled in a form, and called."""
        ids = [make(PREFIX[self.kind], number) for number in self.numbers(len(people))]
        rows = list(zip(ids, people, strict=True))
        self.load(self.kind, *({"Id": id, **self.row(person)} for id, person in rows))
        self.load("Task", *(called(id, person) for id, person in rows if person.replied))
        return [Ref("sf", self.kind, id) for id in ids]

    def row(self, person: Person) -> dict[str, Any]:
        """A record."""
        first, _, last = person.name.partition(" ")
        who = {"FirstName": first, "LastName": last, "CreatedDate": "2021-05-05T08:00:00Z", "LeadSource": "Web"}
        mails = dict(zip(EMAILS, person.emails, strict=False))
        numbers = dict(zip(PHONES[self.kind], person.phones, strict=False))
        more = {"Description": person.text or None, "Hobbies__c": ";".join(person.chosen) or None}
        company = {"Company": "X"} if self.kind == "Lead" else {}
        return who | mails | numbers | more | company | {FLAGS[channel]: True for channel in person.objects}

    def edit(self, ref: Ref, text: str) -> None:
        """As another app does."""
        self.ask("PATCH", f"{DATA}/sobjects/{self.kind}/{ref.id}", {"Description": text}).raise_for_status()

    def remove(self, ref: Ref) -> None:
        """Into the recycle bin."""
        self.ask("DELETE", f"{DATA}/sobjects/{self.kind}/{ref.id}").raise_for_status()

    def look(self, ref: Ref) -> str | None:
        """Every field that is filled."""
        answer = self.ask("GET", f"{DATA}/sobjects/{self.kind}/{ref.id}")
        return str({name: value for name, value in answer.json().items() if value}) if answer.ok else None

    def notes(self, ref: Ref) -> list[str]:
        """The contents of the notes that are linked to a record."""
        state = self.sandbox.app("salesforce").state
        links = [link for _, link in state.all("salesforce.ContentDocumentLink") if link["LinkedEntityId"] == ref.id]
        documents = {link["ContentDocumentId"] for link in links}
        contents = [note["Content"] for id, note in state.all("salesforce.ContentNote") if id in documents]
        return [base64.b64decode(content).decode() for content in contents]

    def first_page(self) -> Any:
        """With a cursor that leads to itself."""
        return self.ask("GET", f"{DATA}/query/?q=SELECT Id, SystemModstamp FROM {self.kind}").json()


def called(id: str, person: Person) -> dict[str, Any]:
    """A call that came from them."""
    at = person.replied and person.replied.isoformat()
    return {"WhoId": id, "Subject": "Call", "Status": "Completed", "CallType": "Inbound", "CreatedDate": at}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One server for the file."""
    with running(Salesforce) as started:
        yield started


class TestContact(ConnectorContract):
    """A contact of an org."""

    @pytest.fixture
    def world(self, sandbox: Sandbox) -> World:
        """The server in its first state."""
        return SalesforceWorld(sandbox, "Contact")


class TestLead(ConnectorContract):
    """A lead of an org."""

    @pytest.fixture
    def world(self, sandbox: Sandbox) -> World:
        """The server in its first state."""
        return SalesforceWorld(sandbox, "Lead")
