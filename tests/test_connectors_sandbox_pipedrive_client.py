"""The local Pipedrive as its tests drive it (`Api`), and the vendor's community Python package on its ordinary journeys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from pipedrive import exceptions
from pipedrive.client import Client

from connectors.sandbox.pipedrive import Pipedrive
from connectors.sandbox.world import Sandbox

NOW = datetime(2026, 11, 24, 9, 0, 0, tzinfo=UTC)


class Api:
    """A running local Pipedrive, its clock stopped at NOW and its limits off, and short ways to load and call it."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(vendors=[Pipedrive]).start(0)
        self.url = self.sandbox.urls["pipedrive"]
        self._http = requests.Session()

    def app(self) -> Pipedrive:
        """The app itself."""
        app = self.sandbox.app("pipedrive")
        assert isinstance(app, Pipedrive)
        return app

    def fresh(self) -> Api:
        """The same in its first state."""
        self.sandbox.reset()
        self.sandbox.clock.set(NOW)
        self.app().limits = False
        return self

    def close(self) -> None:
        """Stops it."""
        self._http.close()
        self.sandbox.stop()

    def load(self, kind: str, **record: Any) -> None:
        """Loads one line of the load format."""
        self.sandbox.load([json.dumps({"crm": "pipedrive", "kind": kind, **record})])

    def call(self, method: str, path: str, body: Any = None, token: str = "sandbox", **query: Any) -> requests.Response:
        """One raw request."""
        headers = {"x-api-token": token}
        return self._http.request(method, self.url + path, json=body, params=query, headers=headers, timeout=10)

    def data(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The data of a request that must succeed."""
        answer = self.call(method, path, body, **query)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["data"]


def emails(*values: str) -> list[dict[str, Any]]:
    """E-mails of a person, the first one primary."""
    return [{"value": value, "primary": number == 0, "label": "work"} for number, value in enumerate(values)]


def refusal(answer: requests.Response) -> str:
    """The problem that a 400 of the schema names."""
    body = answer.json()
    assert (answer.status_code, body["success"], body["code"]) == (400, False, "ERR_SCHEMA_VALIDATION_FAILED")
    return str(body["error"])


@pytest.fixture(scope="module")
def running() -> Iterator[Api]:
    """One server for the file."""
    api = Api()
    yield api
    api.close()


@pytest.fixture
def api(running: Api) -> Api:
    """The server in its first state."""
    return running.fresh()


@pytest.fixture
def client(api: Api) -> Client:
    """The package's client, pointed at v1 as its `domain` argument does; it puts the token into the query."""
    client = Client(domain=api.url)
    client.set_api_token("sandbox")
    return client


def test_the_package_writes_reads_and_deletes_notes(api: Api, client: Client) -> None:
    """pipedrive.md §1.2: notes of the package are still current on v1."""
    api.load("persons", id=1, name="A B")
    made = client.notes.create_note({"content": "<p>ref 7f3a</p>", "person_id": 1})["data"]
    assert client.notes.get_note(made["id"])["data"]["content"] == "<p>ref 7f3a</p>"
    assert client.notes.update_note(made["id"], {"content": "changed"})["data"]["content"] == "changed"
    assert [note["id"] for note in client.notes.get_all_notes({"person_id": 1})["data"]] == [made["id"]]
    assert client.notes.delete_note(made["id"])["data"] is True
    assert client.notes.get_all_notes({"person_id": 1})["data"] is None
    assert client.notes.get_note_fields()["success"] is True


def test_the_package_reads_users_and_who_it_is(client: Client) -> None:
    """pipedrive.md §7: an admin is told by `access`, there is no `is_admin`."""
    users = client.users.get_all_users()["data"]
    assert [user["is_you"] for user in users] == [True, False]
    assert "is_admin" not in users[0]
    me = client.users.get_me()["data"]
    assert (me["company_id"], me["company_domain"]) == (101, "sandbox")
    assert client.users.get_user(2)["data"]["name"] == users[1]["name"]


def test_the_package_handles_leads(api: Api, client: Client) -> None:
    """pipedrive.md §5: leads are created with 201, named by UUID, stamped in milliseconds."""
    api.load("persons", id=1, name="A B")
    made = client.leads.create_lead({"title": "Lead of A", "person_id": 1})["data"]
    assert made["add_time"] == "2026-11-24T09:00:00.000Z"
    assert client.leads.update_lead(made["id"], {"title": "Renamed"})["data"]["title"] == "Renamed"
    assert [lead["id"] for lead in client.leads.get_all_leads()["data"]] == [made["id"]]
    found = client.leads.search_leads(params={"term": "Renamed"})["data"]["items"]
    assert [row["item"]["id"] for row in found] == [made["id"]]
    assert client.leads.delete_lead(made["id"])["data"] == {"id": made["id"]}


def test_the_package_finds_v1_persons_deals_and_activities_gone(client: Client) -> None:
    """pipedrive.md §3.1: v1 CRUD of these is removed, answered 410."""
    for call in (client.persons.get_all_persons, client.deals.get_all_deals, client.activities.get_all_activities):
        with pytest.raises(exceptions.GoneError):
            call()


def test_the_package_lists_filters_recents_and_webhooks(api: Api, client: Client) -> None:
    """pipedrive.md §1.2: these resources of the package are current too."""
    api.load("persons", id=1, name="A B")
    assert client.filters.get_all_filters()["data"] is None
    recents = client.recents.get_recent_changes({"since_timestamp": "2026-11-23 00:00:00"})["data"]
    assert [(one["item"], one["id"]) for one in recents] == [("person", 1)]
    assert client.webhooks.get_hooks_subscription()["data"] is None
