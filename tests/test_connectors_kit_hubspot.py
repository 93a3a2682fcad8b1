"""The conformance kit on the HubSpot adapter, over the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from connectors.hubspot import OPTIONS, connect
from connectors.hubspot.check import COMPANIES, SCOPES, SENSITIVE
from connectors.sandbox.hubspot import HubSpot
from connectors.sandbox.world import Sandbox
from connectors.testkit import TOKEN, ConnectorContract, Person, World
from connectors.transport import Tools
from core.connector import Connector
from core.model import Ref
from tests.connectors_kit import QUOTING, SandboxWorld, running

CONTACTS = "/crm/v3/objects/contacts"
UNUSED = {COMPANIES, *SENSITIVE}
"""Scopes for what is not configured here: a cascade, an audit anchor, sensitive properties."""
STAMP = "2024-03-01T09:00:00.000Z"


class HubSpotWorld(SandboxWorld):
    """A portal with a multiple choice of its own."""

    vendor, app = "hubspot", HubSpot
    kind, text, choice, options = "contact", "message", "hobbies", ("golf", "tea", "wine")
    page, emails, phones, twins = 1000, 3, 2, False  # the adapter reads ten pages of the vendor's together
    lesser = (TOKEN, *sorted({scope for scopes in SCOPES.values() for scope in scopes} - UNUSED))
    written: ClassVar = {
        "POST": "/batch/(update|archive|create)$|/gdpr-delete$|/unsubscribe-all",
        "PATCH": "/contacts/",
        "DELETE": "/contacts/",
    }
    listed = f"{CONTACTS}$"
    refusal: ClassVar = {"status": 400, "body": {"status": "error", "category": "VALIDATION_ERROR", "message": QUOTING}}

    silence: ClassVar = {"status": "COMPLETE", "results": []}

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        options = [{"label": name.title(), "value": name} for name in self.options]
        many = {"name": "hobbies", "label": "Hobbies", "type": "enumeration", "fieldType": "checkbox"}
        self.load("settings", {"tier": "enterprise"})
        self.load("property", {"objectType": "contacts", "options": options, **many})

    def connect(self, tools: Tools, lacks: str = "") -> Connector:
        """As the application does."""
        given = OPTIONS(connector="hubspot", base_url=self.url, token=SecretStr(self.bearer(lacks)))
        return connect("hubspot", given, tools)

    def seed(self, people: Sequence[Person]) -> list[Ref]:
        """Contacts who filled in a form."""
        ids = [str(number) for number in self.numbers(len(people))]
        rows = zip(ids, people, strict=True)
        self.load("contacts", *({"id": id, "properties": properties(person)} for id, person in rows))
        objecting = [email for person in people if "email" in person.objects for email in person.emails]
        said = {"status": "unsubscribed_all", "timestamp": STAMP}
        self.load("subscription", *({"email": email, **said} for email in objecting))
        return [Ref("hubspot", "contact", id) for id in ids]

    def edit(self, ref: Ref, text: str) -> None:
        """As another app does."""
        self.ask("PATCH", f"{CONTACTS}/{ref.id}", {"properties": {"message": text}}).raise_for_status()

    def remove(self, ref: Ref) -> None:
        """Into the recycle bin."""
        self.ask("DELETE", f"{CONTACTS}/{ref.id}").raise_for_status()

    def look(self, ref: Ref) -> str | None:
        """Every property that is filled."""
        names = [item["name"] for item in self.ask("GET", "/crm/v3/properties/contacts").json()["results"]]
        body = {"inputs": [{"id": ref.id}], "properties": names}
        (found,) = self.ask("POST", f"{CONTACTS}/batch/read", body).json()["results"] or (None,)
        return str({name: value for name, value in found["properties"].items() if value}) if found else None

    def notes(self, ref: Ref) -> list[str]:
        """The bodies of the notes that are linked to a contact."""
        links = self.ask("GET", f"/crm/v4/objects/contacts/{ref.id}/associations/notes").json()["results"]
        paths = [f"/crm/v3/objects/notes/{link['toObjectId']}?properties=hs_note_body" for link in links]
        return [self.ask("GET", path).json()["properties"]["hs_note_body"] for path in paths]

    def first_page(self) -> Any:
        """With all that the adapter may ask for, so that only its cursor is wrong."""
        return self.ask("GET", f"{CONTACTS}?limit=100").json()


def properties(person: Person) -> dict[str, Any]:
    """A contact's."""
    first, _, last = person.name.partition(" ")
    made = {"createdate": "2021-05-05T08:00:00.000Z", "lastmodifieddate": STAMP, "hs_object_source": "FORM"}
    who = {"firstname": first, "lastname": last, "email": person.emails[0], "message": person.text}
    numbers = dict(zip(("phone", "mobilephone"), person.phones, strict=False))
    more = {"hs_additional_emails": ";".join(person.emails[1:]), "hobbies": ";".join(person.chosen)}
    replied = {"recent_conversion_date": person.replied.isoformat()} if person.replied else {}
    return made | who | numbers | more | replied


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One server for the file."""
    with running(HubSpot) as started:
        yield started


class TestHubSpot(ConnectorContract):
    """A contact of a portal."""

    @pytest.fixture
    def world(self, sandbox: Sandbox) -> World:
        """The server in its first state."""
        return HubSpotWorld(sandbox)
