"""Archive, permanent deletion and merge in the local HubSpot (hubspot.md §2.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests import test_connectors_sandbox_hubspot_hub as kit
from tests.test_connectors_sandbox_hubspot_hub import Hub

running, hub = kit.running, kit.hub


CONTACTS = "/crm/v3/objects/contacts"


def purge(hub: Hub, **body: str) -> int:
    """The status of a gdpr-delete."""
    answer = hub.call("POST", f"{CONTACTS}/gdpr-delete", body)
    return answer.status_code


def merge(hub: Hub, first: str, second: str, kind: str = "contacts") -> Any:
    """The answer to a merge of the second into the first."""
    body = {"primaryObjectId": first, "objectIdToMerge": second}
    return hub.call("POST", f"/crm/v3/objects/{kind}/merge", body)


def note(hub: Hub, *ends: dict[str, str]) -> str:
    """A loaded note associated with some records."""
    id = str(5_000 + len(hub.call("GET", "/crm/v3/objects/notes", limit=100).json()["results"]))
    stamp = {"hs_timestamp": "2026-01-01T00:00:00Z", "hs_note_body": "text"}
    hub.load({"kind": "notes", "id": id, "properties": stamp, "associations": list(ends)})
    return id


def test_a_purge_deletes_for_good_and_frees_the_address(hub: Hub) -> None:
    """§2.4: 204; gone from both lists; the address is blocklisted, which does not bind the API (§12.7)."""
    id = hub.create(email="a@example.fr")
    assert purge(hub, objectId=id) == 204
    for archived in ("false", "true"):
        assert hub.call("GET", CONTACTS, archived=archived).json()["results"] == []
        assert hub.call("GET", f"{CONTACTS}/{id}", archived=archived).status_code == 404
    assert hub.app().state.get("hubspot.blocklist", "a@example.fr")
    assert hub.create(email="a@example.fr") != id


def test_a_purge_by_address_finds_secondary_and_archived_contacts(hub: Hub) -> None:
    """§2.4: idProperty email; the bin is no shelter."""
    hub.load({"kind": "contacts", "id": "5", "properties": {"email": "a@b.fr", "hs_additional_emails": "c@d.fr"}})
    assert purge(hub, objectId="C@d.fr", idProperty="email") == 204
    assert hub.call("GET", f"{CONTACTS}/5").status_code == 404
    id = hub.create(email="e@f.fr")
    hub.call("DELETE", f"{CONTACTS}/{id}")
    assert purge(hub, objectId=id) == 204
    assert hub.call("GET", CONTACTS, archived="true").json()["results"] == []


def test_a_purge_of_what_is_not_there(hub: Hub) -> None:
    """§2.4, §12.6: a mistyped address is blocklisted and answered 204; a number that is no contact is a 404."""
    assert purge(hub, objectId="nobody@example.fr", idProperty="email") == 204
    assert hub.app().state.get("hubspot.blocklist", "nobody@example.fr")
    assert purge(hub, objectId="999") == 404
    assert purge(hub, idProperty="email") == 400


def test_only_contacts_can_be_purged(hub: Hub) -> None:
    """§2.4: documented for contacts only; there is no batch."""
    company = hub.create("companies", name="Acme")
    answer = hub.call("POST", "/crm/v3/objects/companies/gdpr-delete", {"objectId": company})
    assert answer.status_code == 400
    assert hub.call("POST", f"{CONTACTS}/batch/gdpr-delete", {"inputs": []}).status_code == 404


def test_activities_of_another_record_survive_a_purge(hub: Hub) -> None:
    """§2.4, §12.8: a note on the company stays there; one on the contact alone goes with it."""
    hub.load(
        {"kind": "companies", "id": "7", "properties": {"name": "Acme"}},
        {"kind": "contacts", "id": "5", "properties": {"email": "a@b.fr"}},
    )
    contact, company = {"to": "contacts", "id": "5"}, {"to": "companies", "id": "7"}
    shared, own = note(hub, contact, company), note(hub, contact)
    assert purge(hub, objectId="5") == 204
    assert hub.call("GET", f"/crm/v3/objects/notes/{shared}").status_code == 200
    assert hub.call("GET", f"/crm/v3/objects/notes/{own}").status_code == 404
    assert hub.call("GET", f"/crm/v4/objects/notes/{shared}/associations/contacts").json()["results"] == []


def test_an_archived_record_leaves_the_associations_of_others(hub: Hub) -> None:
    """§2.4: archive hides the record; what it was associated with stays."""
    hub.load({"kind": "contacts", "id": "5", "properties": {"email": "a@b.fr"}})
    id = note(hub, {"to": "contacts", "id": "5"})
    hub.call("DELETE", f"{CONTACTS}/5")
    assert hub.call("GET", f"/crm/v4/objects/notes/{id}/associations/contacts").json()["results"] == []
    assert purge(hub, objectId="5") == 204
    assert hub.call("GET", f"/crm/v3/objects/notes/{id}").status_code == 404


@pytest.mark.parametrize(("kind", "left"), [("emails", 0), ("notes", 1), ("tasks", 1)])
def test_a_logged_email_has_no_bin(hub: Hub, kind: str, left: int) -> None:
    """§2.4: deleting an e-mail engagement is permanent; notes and tasks go to the bin."""
    id = hub.create(kind, hs_timestamp="2026-01-01T00:00:00Z")
    assert hub.call("DELETE", f"/crm/v3/objects/{kind}/{id}").status_code == 204
    assert len(hub.call("GET", f"/crm/v3/objects/{kind}", archived="true").json()["results"]) == left


def test_a_merge_makes_a_third_record_that_both_ids_lead_to(hub: Hub) -> None:
    """§2.4, §12.20: a new id, hs_merged_object_ids, addresses kept, the first record's values win."""
    hub.clock("2026-01-01T00:00:00+00:00")
    first = hub.create(email="a@example.fr", city="Lyon")
    hub.clock("2026-01-02T00:00:00+00:00")
    second = hub.create(email="b@example.fr", city="Nice", jobtitle="CEO")
    merged = merge(hub, first, second).json()["id"]
    found = hub.values(merged, "email", "hs_additional_emails", "hs_merged_object_ids", "city", "jobtitle")
    assert (found["email"], found["hs_additional_emails"]) == ("a@example.fr", "b@example.fr")
    assert (found["city"], found["jobtitle"], found["createdate"]) == ("Lyon", "CEO", "2026-01-01T00:00:00.000Z")
    assert found["hs_merged_object_ids"] == f"{first};{second}"
    for old in (first, second):
        assert hub.call("GET", f"{CONTACTS}/{old}").json()["id"] == merged
        assert hub.call("PATCH", f"{CONTACTS}/{old}", {"properties": {"zip": "1"}}).json()["id"] == merged
        read = hub.call("POST", f"{CONTACTS}/batch/read", {"inputs": [{"id": old}]}).json()
        assert [row["id"] for row in read["results"]] == [merged]
    assert [row["id"] for row in hub.call("GET", CONTACTS).json()["results"]] == [merged]


def test_a_merge_of_merged_records_keeps_every_id(hub: Hub) -> None:
    """§2.4: ids of earlier merges lead to the last survivor, and so does the purge of one."""
    ids = [hub.create(email=f"p{n}@example.fr") for n in range(3)]
    merge(hub, ids[0], ids[1])
    last = merge(hub, ids[2], ids[0]).json()["id"]
    assert {hub.call("GET", f"{CONTACTS}/{id}").json()["id"] for id in ids} == {last}
    assert purge(hub, objectId=ids[1]) == 204
    assert hub.call("GET", f"{CONTACTS}/{last}").status_code == 404


def test_a_merge_unites_associations(hub: Hub) -> None:
    """§2.4: the survivor has the activities of both."""
    for id in ("5", "6"):
        hub.load({"kind": "contacts", "id": id, "properties": {"email": f"p{id}@b.fr"}})
    notes = [note(hub, {"to": "contacts", "id": id}) for id in ("5", "6")]
    merged = merge(hub, "5", "6").json()["id"]
    found = hub.call("GET", f"/crm/v4/objects/contacts/{merged}/associations/notes").json()["results"]
    assert [str(row["toObjectId"]) for row in found] == notes


def test_what_cannot_be_merged(hub: Hub) -> None:
    """§2.4: a record with itself, with one that is not there, or an activity."""
    id = hub.create(email="a@example.fr")
    assert merge(hub, id, id).status_code == 400
    assert merge(hub, id, "999").status_code == 404
    assert merge(hub, "1", "2", kind="notes").status_code == 400
