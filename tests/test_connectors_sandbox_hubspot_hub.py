"""The local HubSpot as its tests drive it (`Hub`), and the vendor's own clients on their ordinary journeys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import requests
from hubspot import HubSpot as Client
from urllib3.util.retry import Retry

from connectors.sandbox.hubspot import HubSpot
from connectors.sandbox.world import Sandbox

Row = dict[str, Any]


class Hub:
    """A running local HubSpot and short ways to load and call it."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(vendors=[HubSpot]).start(0)
        self.url = self.sandbox.urls["hubspot"]
        self._http = requests.Session()

    def close(self) -> None:
        """Stops it."""
        self._http.close()
        self.sandbox.stop()

    def app(self) -> HubSpot:
        """The app itself."""
        app = self.sandbox.app("hubspot")
        assert isinstance(app, HubSpot)
        return app

    def client(self, token: str = "sandbox") -> Any:
        """The vendor's Python client, without retries."""
        return Client(access_token=token, host=self.url, base_url=self.url, retry=Retry(0))

    def call(self, method: str, path: str, body: Any = None, token: str = "sandbox", **query: Any) -> requests.Response:
        """One raw request."""
        headers = {"Authorization": f"Bearer {token}"}
        return self._http.request(method, self.url + path, json=body, params=query, headers=headers, timeout=10)

    def load(self, *lines: Row) -> None:
        """Loads lines of the load format."""
        self.sandbox.load(json.dumps({"crm": "hubspot", **line}) for line in lines)

    def settings(self, **given: Any) -> None:
        """Switches account settings."""
        self.load({"kind": "settings", **given})

    def clock(self, text: str) -> None:
        """Stops the clock at a time."""
        self.sandbox.clock.set(datetime.fromisoformat(text))

    def create(self, kind: str = "contacts", associations: list[Row] | None = None, **properties: Any) -> str:
        """Creates a record through the API and returns its id."""
        answer = self.call(
            "POST", f"/crm/v3/objects/{kind}", {"properties": properties, "associations": associations or []}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def values(self, id: str, *names: str, kind: str = "contacts") -> Row:
        """The properties of a record as the API reads them back."""
        answer = self.call("GET", f"/crm/v3/objects/{kind}/{id}", properties=",".join(names))
        assert answer.status_code == 200, answer.text
        found: Row = answer.json()["properties"]
        return found


def link(id: str, type_id: int) -> Row:
    """An inline association of a create."""
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}
    return {"to": {"id": id}, "types": [spec]}


@pytest.fixture(scope="module")
def running() -> Iterator[Hub]:
    """One server for the file."""
    hub = Hub()
    yield hub
    hub.close()


@pytest.fixture
def hub(running: Hub) -> Hub:
    """The server in its first state."""
    running.sandbox.reset()
    return running


def test_the_python_client_creates_reads_changes_and_archives_a_contact(hub: Hub) -> None:
    """hubspot.md §2: the SDK's basic_api works on every call it has, with the success codes it maps."""
    api = hub.client().crm.contacts.basic_api
    made = api.create(simple_public_object_input_for_create={"properties": {"email": "Ana@Example.fr"}})
    assert made.properties["email"] == "ana@example.fr"
    changed = api.update(made.id, simple_public_object_input={"properties": {"jobtitle": "CEO"}})
    assert changed.properties["jobtitle"] == "CEO"
    assert api.get_by_id("ana@example.fr", id_property="email", properties=["jobtitle"]).id == made.id
    assert api.archive(made.id) is None
    assert [row.id for row in api.get_page(archived=True).results] == [made.id]
    assert api.get_page().results == []


def test_the_python_client_walks_every_page(hub: Hub) -> None:
    """hubspot.md §2: get_all follows paging.next.after until there is none."""
    hub.load(*({"kind": "contacts", "properties": {"email": f"p{n}@example.fr"}} for n in range(205)))
    assert len({row.id for row in hub.client().crm.contacts.get_all()}) == 205


def test_the_python_client_gets_a_207_as_a_mixed_result(hub: Hub) -> None:
    """hubspot.md §2.3: a 207 is no exception in the SDK but carries errors with the ids."""
    id = hub.create(email="a@example.fr")
    body = {"inputs": [{"id": id}, {"id": "99999"}], "properties": ["email"], "propertiesWithHistory": []}
    result = hub.client().crm.contacts.batch_api.read(batch_read_input_simple_public_object_id=body)
    assert [row.id for row in result.results] == [id]
    assert result.errors[0].context == {"ids": ["99999"]}


def test_the_python_client_purges_and_merges(hub: Hub) -> None:
    """hubspot.md §2: merge answers with the survivor, purge with nothing."""
    first, second = hub.create(email="a@example.fr"), hub.create(email="b@example.fr")
    api = hub.client().crm.contacts.basic_api
    merged = api.merge(public_merge_input={"primaryObjectId": first, "objectIdToMerge": second})
    assert merged.id not in (first, second)
    assert api.purge(public_gdpr_delete_input={"objectId": merged.id}) is None
    assert hub.call("GET", f"/crm/v3/objects/contacts/{merged.id}").status_code == 404


def test_the_python_client_searches(hub: Hub) -> None:
    """hubspot.md §2.2: do_search with a filter, a sort and a total."""
    hub.create(email="a@example.fr", firstname="Ana")
    hub.create(email="b@example.fr", firstname="Bea")
    request = {
        "filterGroups": [{"filters": [{"propertyName": "firstname", "operator": "HAS_PROPERTY"}]}],
        "sorts": [{"propertyName": "firstname", "direction": "DESCENDING"}],
    }
    found = hub.client().crm.contacts.search_api.do_search(public_object_search_request=request)
    assert (found.total, [row.properties["firstname"] for row in found.results]) == (2, ["Bea", "Ana"])


def test_the_python_client_writes_a_note_and_finds_it_by_association(hub: Hub) -> None:
    """hubspot.md §2.6, §4: note->contact is type 202, and the note is read back through associations v4."""
    contact, client = hub.create(email="a@example.fr"), hub.client()
    properties = {"hs_timestamp": "2026-11-24T00:00:00Z", "hs_note_body": "rule RET-01"}
    note = client.crm.objects.notes.basic_api.create(
        simple_public_object_input_for_create={"properties": properties, "associations": [link(contact, 202)]}
    )
    page = client.crm.associations.v4.basic_api.get_page("contacts", contact, "notes")
    assert [row.to_object_id for row in page.results] == [note.id]
    assert page.results[0].association_types[0].type_id == 201


def test_the_python_client_reads_the_account(hub: Hub) -> None:
    """hubspot.md §5.1, §6, §7: properties, owners, users, roles, teams, lists and v3 preferences have the SDK's shapes."""
    client = hub.client()
    assert client.crm.properties.core_api.get_by_name("contacts", "email").field_type == "text"
    assert client.crm.owners.owners_api.get_page(archived=True).results[0].archived
    assert [user.super_admin for user in client.settings.users.users_api.get_page().results] == [True, False, False]
    assert client.settings.users.roles_api.get_all().results and client.settings.users.teams_api.get_all().results
    made = client.crm.lists.lists_api.create({"name": "Keep out", "objectTypeId": "0-1", "processingType": "MANUAL"})
    assert client.crm.lists.lists_api.get_by_name("keep out", "0-1").list.list_id == made.list.list_id
    status = client.communication_preferences.status_api.get_email_status("a@example.fr")
    assert {row.status for row in status.subscription_statuses} == {"NOT_SUBSCRIBED"}


def test_the_python_client_refreshes_its_token(hub: Hub) -> None:
    """hubspot.md §1.1: POST /oauth/v1/token, form-encoded, without a bearer."""
    fresh = hub.client("none").oauth.tokens_api.create(
        grant_type="refresh_token", client_id="id", client_secret="secret", refresh_token="sandbox-expired"
    )
    assert (fresh.access_token, fresh.expires_in) == ("sandbox", 1800)


def test_a_load_line_with_a_name_there_is_not_is_refused(hub: Hub) -> None:
    """A misspelt property, kind or setting, or an address in use, must not pass silently."""
    hub.load({"kind": "contacts", "properties": {"email": "taken@example.fr"}})
    for line in (
        {"kind": "contacts", "properties": {"emial": "a@example.fr"}},
        {"kind": "contact_lists"},
        {"kind": "contacts", "properties": {"email": "Taken@example.fr"}},
        {"kind": "settings", "tier": "gold"},
        {"kind": "subscription", "email": "a@example.fr", "status": "gone"},
    ):
        with pytest.raises(ValueError, match="record 1"):
            hub.load(line)


def test_a_loaded_record_keeps_its_past(hub: Hub) -> None:
    """Load takes read-only values, past timestamps, history, the bin and associations as they are."""
    old = "2019-05-06T07:08:09.000Z"
    versions = [{"value": "lead", "timestamp": old, "sourceType": "IMPORT"}]
    hub.load(
        {"kind": "companies", "id": "7", "properties": {"name": "Acme"}},
        {
            "kind": "contacts",
            "id": "42",
            "properties": {"email": "Old@Example.fr", "createdate": old, "hs_object_source": "FORM", "num_notes": 3},
            "propertiesWithHistory": {"lifecyclestage": versions},
            "associations": [{"to": "companies", "id": "7"}],
        },
        {"kind": "contacts", "id": "43", "properties": {"email": "gone@example.fr"}, "archived": True},
    )
    found = hub.call(
        "GET",
        "/crm/v3/objects/contacts/42",
        properties="num_notes,hs_object_source",
        propertiesWithHistory="lifecyclestage",
        associations="companies",
    ).json()
    assert (found["createdAt"], found["updatedAt"]) == (old, old)
    assert (found["properties"]["num_notes"], found["properties"]["hs_object_source"]) == ("3", "FORM")
    assert found["propertiesWithHistory"] == {"lifecyclestage": versions}
    assert found["associations"]["companies"]["results"] == [{"id": "7", "type": "contact_to_company_unlabeled"}]
    assert hub.call("GET", "/crm/v3/objects/contacts/43", archived="true").json()["archived"] is True
    assert int(hub.create(email="next@example.fr")) > 43
