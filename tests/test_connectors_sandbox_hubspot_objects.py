"""CRM objects v3 of the local HubSpot: list, read, write, history, what is refused (hubspot.md §2.1, §2.5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests import test_connectors_sandbox_hubspot_hub as kit
from tests.test_connectors_sandbox_hubspot_hub import Hub, link

running, hub = kit.running, kit.hub


CONTACTS = "/crm/v3/objects/contacts"


def codes(answer: Any) -> list[str]:
    """The codes of a validation error."""
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    return [error["code"] for error in answer.json()["errors"]]


def test_a_list_has_ten_rows_and_a_cursor_that_is_the_next_id(hub: Hub) -> None:
    """§2.1: limit defaults to 10, `after` is the id of the next row, the last page has no paging."""
    ids = [hub.create(email=f"p{n}@example.fr") for n in range(12)]
    first = hub.call("GET", CONTACTS).json()
    assert [row["id"] for row in first["results"]] == ids[:10]
    assert first["paging"]["next"]["after"] == ids[10]
    last = hub.call("GET", CONTACTS, after=ids[10]).json()
    assert [row["id"] for row in last["results"]] == ids[10:]
    assert "paging" not in last


def test_a_cursor_survives_deletion_and_a_restart_of_the_server(hub: Hub) -> None:
    """§12.29: list cursors are record ids, so rows may go between pages."""
    ids = [hub.create(email=f"p{n}@example.fr") for n in range(6)]
    after = hub.call("GET", CONTACTS, limit=3).json()["paging"]["next"]["after"]
    hub.call("DELETE", f"{CONTACTS}/{after}")
    assert [row["id"] for row in hub.call("GET", CONTACTS, limit=3, after=after).json()["results"]] == ids[4:]
    hub.app().reset()
    assert [row["id"] for row in hub.call("GET", CONTACTS, limit=3, after=after).json()["results"]] == ids[4:]


@pytest.mark.parametrize("query", [{"limit": 101}, {"limit": 0}, {"limit": "x"}, {"after": "next"}])
def test_a_bad_page_is_refused(hub: Hub, query: dict[str, Any]) -> None:
    """§2.1: at most 100 a page."""
    assert hub.call("GET", CONTACTS, **query).status_code == 400


def test_history_halves_the_page(hub: Hub) -> None:
    """§2.1: 50 rows when history is asked for."""
    assert hub.call("GET", CONTACTS, limit=51, propertiesWithHistory="email").status_code == 400
    assert hub.call("GET", CONTACTS, limit=50, propertiesWithHistory="email").status_code == 200


def test_archived_lists_archived_rows_only(hub: Hub) -> None:
    """§2.1, §12.5: `archived=true` is exclusive, in whatever way a client spells true."""
    kept, gone = hub.create(email="a@example.fr"), hub.create(email="b@example.fr")
    assert hub.call("DELETE", f"{CONTACTS}/{gone}").status_code == 204
    assert [row["id"] for row in hub.call("GET", CONTACTS).json()["results"]] == [kept]
    for spelling in ("true", "True"):
        (row,) = hub.call("GET", CONTACTS, archived=spelling).json()["results"]
        assert (row["id"], row["archived"]) == (gone, True) and row["archivedAt"]
    assert hub.call("GET", f"{CONTACTS}/{gone}").status_code == 404
    assert hub.call("PATCH", f"{CONTACTS}/{gone}", {"properties": {}}, archived="true").status_code == 404
    assert hub.call("DELETE", f"{CONTACTS}/{gone}").status_code == 204
    assert hub.call("DELETE", f"{CONTACTS}/999").status_code == 404


def test_unknown_names_are_ignored_in_reads_and_empty_ones_are_null(hub: Hub) -> None:
    """§2.1: unknown properties fall away silently; asked for but empty is null; defaults when none is named."""
    id = hub.create(email="a@example.fr")
    always = {"createdate", "lastmodifieddate", "hs_object_id"}
    assert set(hub.values(id)) == always | {"email", "firstname", "lastname"}
    found = hub.values(id, "jobtitle", "no_such_thing")
    assert set(found) == always | {"jobtitle"} and found["jobtitle"] is None


def test_a_write_names_every_bad_value(hub: Hub) -> None:
    """§2.5: unknown 400 PROPERTY_DOESNT_EXIST, read-only, options, formats; the message embeds them as JSON."""
    id = hub.create(email="a@example.fr")
    bad = {
        "no_such_thing": "x",
        "ip_city": "Paris",
        "lifecyclestage": "hot",
        "email": "not an address",
        "closedate": "soon",
        "associatedcompanyid": "seven",
        "hs_email_optout": "true",
    }
    answer = hub.call("PATCH", f"{CONTACTS}/{id}", {"properties": {"jobtitle": "CEO", **bad}})
    expected = "PROPERTY_DOESNT_EXIST READ_ONLY_VALUE INVALID_OPTION INVALID_EMAIL INVALID_DATE INVALID_LONG"
    assert codes(answer) == [*expected.split(), "READ_ONLY_VALUE"]
    assert answer.json()["message"].startswith('Property values were not valid: [{"isValid":false')
    assert hub.values(id, "jobtitle")["jobtitle"] is None


def test_only_the_empty_text_clears_and_history_keeps_the_value(hub: Hub) -> None:
    """§2.5, §3, §12.10: null changes nothing; clearing adds a version with an empty value and keeps the old one."""
    hub.clock("2026-01-01T00:00:00+00:00")
    id = hub.create(email="a@example.fr", date_of_birth="1980-01-01")
    hub.call("PATCH", f"{CONTACTS}/{id}", {"properties": {"date_of_birth": None}})
    assert hub.values(id, "date_of_birth")["date_of_birth"] == "1980-01-01"
    hub.clock("2026-01-02T00:00:00+00:00")
    hub.call("PATCH", f"{CONTACTS}/{id}", {"properties": {"date_of_birth": ""}})
    row = hub.call("GET", f"{CONTACTS}/{id}", propertiesWithHistory="date_of_birth").json()
    assert row["properties"]["date_of_birth"] is None
    assert [version["value"] for version in row["propertiesWithHistory"]["date_of_birth"]] == ["", "1980-01-01"]


def test_a_loaded_value_has_a_history_as_old_as_its_record(hub: Hub) -> None:
    """§3: a value that is overwritten stays readable, one that was loaded too."""
    old = "2019-01-01T00:00:00.000Z"
    hub.load({"kind": "contacts", "id": "5", "properties": {"email": "a@example.fr", "gender": "F", "createdate": old}})
    hub.call("PATCH", f"{CONTACTS}/5", {"properties": {"gender": ""}})
    versions = hub.call("GET", f"{CONTACTS}/5", propertiesWithHistory="gender").json()["propertiesWithHistory"][
        "gender"
    ]
    assert [(version["value"], version["timestamp"]) for version in versions][1] == ("F", old)


def test_every_write_moves_the_stamps(hub: Hub) -> None:
    """§2.5: lastmodifieddate, hs_lastmodifieddate and updatedAt move; companies have hs_lastmodifieddate alone."""
    hub.clock("2026-01-01T00:00:00+00:00")
    contact, company = hub.create(email="a@example.fr"), hub.create("companies", name="Acme")
    hub.clock("2026-02-01T00:00:00+00:00")
    for kind, id in (("contacts", contact), ("companies", company)):
        row = hub.call("PATCH", f"/crm/v3/objects/{kind}/{id}", {"properties": {"city": "Paris"}}).json()
        assert (row["createdAt"], row["updatedAt"]) == ("2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z")
    found = hub.values(contact, "hs_lastmodifieddate")
    assert found["lastmodifieddate"] == found["hs_lastmodifieddate"] == "2026-02-01T00:00:00.000Z"
    assert "lastmodifieddate" not in hub.values(company, "lastmodifieddate", kind="companies")


@pytest.mark.parametrize(
    ("kind", "type_id", "properties", "moved"),
    [
        ("notes", 202, {"hs_note_body": "x"}, {"notes_last_updated", "num_notes"}),
        ("tasks", 204, {"hs_task_subject": "x"}, {"num_notes"}),
        ("calls", 194, {}, {"notes_last_updated", "num_notes", "notes_last_contacted", "num_contacted_notes"}),
    ],
)
def test_an_activity_moves_what_the_vendor_says(
    hub: Hub, kind: str, type_id: int, properties: dict[str, str], moved: set[str]
) -> None:
    """§2.5, §12.19: a note moves notes_last_updated, num_notes and the stamp, but not notes_last_contacted."""
    names = ("notes_last_updated", "num_notes", "notes_last_contacted", "num_contacted_notes")
    hub.clock("2026-01-01T00:00:00+00:00")
    contact = hub.create(email="a@example.fr")
    hub.clock("2026-03-01T00:00:00+00:00")
    hub.create(kind, [link(contact, type_id)], hs_timestamp="2026-02-28T12:00:00Z", **properties)
    found = hub.values(contact, *names)
    assert {name for name in names if found[name]} == moved
    assert found["num_notes"] == "1" and found["lastmodifieddate"] == "2026-03-01T00:00:00.000Z"
    assert found["notes_last_updated"] in (None, "2026-02-28T12:00:00.000Z")


def test_an_address_in_use_is_a_409_that_names_the_record(hub: Hub) -> None:
    """§8: duplicate e-mail on create and on update, whatever its capitals."""
    first, second = hub.create(email="a@example.fr"), hub.create(email="b@example.fr")
    for answer in (
        hub.call("POST", CONTACTS, {"properties": {"email": "A@example.fr"}}),
        hub.call("PATCH", f"{CONTACTS}/{second}", {"properties": {"email": "a@example.fr"}}),
    ):
        assert answer.status_code == 409
        body = answer.json()
        assert (body["category"], body["message"]) == ("CONFLICT", f"Contact already exists. Existing ID: {first}")
    assert hub.call("PATCH", f"{CONTACTS}/{first}", {"properties": {"email": "a@example.fr"}}).status_code == 200


def test_an_archived_contact_frees_its_address(hub: Hub) -> None:
    """§2.4: the bin does not hold the e-mail."""
    hub.call("DELETE", f"{CONTACTS}/{hub.create(email='a@example.fr')}")
    assert hub.call("POST", CONTACTS, {"properties": {"email": "a@example.fr"}}).status_code == 201


@pytest.mark.parametrize(
    ("kind", "properties"),
    [("contacts", {"phone": "+33612345678"}), ("notes", {"hs_note_body": "x"}), ("deals", {"dealname": "x"})],
)
def test_a_create_needs_what_the_kind_requires(hub: Hub, kind: str, properties: dict[str, str]) -> None:
    """§4 and the guides: a note needs hs_timestamp, a contact a name or an address, a deal its stage."""
    assert codes(hub.call("POST", f"/crm/v3/objects/{kind}", {"properties": properties})) == ["REQUIRED_FIELD"]


def test_id_property_names_a_record_by_address_or_unique_property_only(hub: Hub) -> None:
    """§2: idProperty on GET and PATCH, addresses percent-encoded in the path."""
    id = hub.create(email="a+b@example.fr", jobtitle="CEO")
    assert hub.call("GET", f"{CONTACTS}/a%2Bb%40example.fr", idProperty="email").json()["id"] == id
    answer = hub.call("PATCH", f"{CONTACTS}/A%2BB%40example.fr", {"properties": {"city": "Lyon"}}, idProperty="email")
    assert answer.json()["id"] == id
    assert hub.call("GET", f"{CONTACTS}/CEO", idProperty="jobtitle").status_code == 400
    assert hub.call("GET", f"{CONTACTS}/c%40example.fr", idProperty="email").status_code == 404


def test_several_options_are_replaced_or_appended_to(hub: Hub) -> None:
    """§2.5, §5.3: a leading `;` appends; options of hs_legal_basis hold an en dash and a hyphen."""
    dash, hyphen = "Legitimate interest – prospect/lead", "Legitimate interest - other"
    id = hub.create(email="a@example.fr", hs_legal_basis=dash)
    hub.call("PATCH", f"{CONTACTS}/{id}", {"properties": {"hs_legal_basis": f";{hyphen}"}})
    assert hub.values(id, "hs_legal_basis")["hs_legal_basis"] == f"{dash};{hyphen}"
    hub.call("PATCH", f"{CONTACTS}/{id}", {"properties": {"hs_legal_basis": hyphen}})
    assert hub.values(id, "hs_legal_basis")["hs_legal_basis"] == hyphen
    wrong = {"properties": {"hs_legal_basis": dash.replace("–", "-")}}
    assert codes(hub.call("PATCH", f"{CONTACTS}/{id}", wrong)) == ["INVALID_OPTION"]


def test_the_lifecycle_stage_moves_forward_unless_it_is_cleared(hub: Hub) -> None:
    """§5.3: a step back is ignored without an error."""
    id = hub.create(email="a@example.fr", lifecyclestage="customer")
    for wanted, found in (("lead", "customer"), ("evangelist", "evangelist"), ("", None), ("lead", "lead")):
        answer = hub.call("PATCH", f"{CONTACTS}/{id}", {"properties": {"lifecyclestage": wanted}})
        assert answer.status_code == 200
        assert hub.values(id, "lifecyclestage")["lifecyclestage"] == found


def test_a_deal_says_whether_it_is_closed_and_won(hub: Hub) -> None:
    """A won deal is told by read-only properties that follow its stage."""
    for stage, closed, won in (("closedwon", "true", "true"), ("closedlost", "true", "false"), ("contractsent",) * 3):
        found = hub.values(hub.create("deals", dealstage=stage), "hs_is_closed", "hs_is_closed_won", kind="deals")
        expected = ("false", "false") if stage == "contractsent" else (closed, won)
        assert (found["hs_is_closed"], found["hs_is_closed_won"]) == expected


def test_times_are_kept_as_iso_and_numbers_may_come_as_json(hub: Hub) -> None:
    """§2.1, §4: all values are strings; a time may be given in milliseconds."""
    id = hub.create("deals", dealstage="closedwon", amount=12.5, closedate=1767225600000)
    found = hub.values(id, "amount", "closedate", kind="deals")
    assert (found["amount"], found["closedate"]) == ("12.5", "2026-01-01T00:00:00.000Z")


@pytest.mark.parametrize("name", ["contacts", "contact", "0-1"])
def test_a_kind_has_three_names(hub: Hub, name: str) -> None:
    """§11: type ids work as names."""
    assert hub.call("GET", f"/crm/v3/objects/{name}").status_code == 200


def test_an_unknown_kind_body_path_or_method_is_refused(hub: Hub) -> None:
    """§8: 400, 404 and 405 in the vendor's JSON."""
    unknown = hub.call("GET", "/crm/v3/objects/people")
    assert (unknown.status_code, unknown.json()["message"]) == (400, "Unable to infer object type from: people")
    assert hub.call("POST", CONTACTS, ["a"]).status_code == 400
    assert hub.call("POST", CONTACTS, {"values": {}}).status_code == 400
    assert hub.call("GET", "/crm/v9/anything").json()["category"] == "OBJECT_NOT_FOUND"
    assert hub.call("PUT", CONTACTS).status_code == 405


def test_a_url_that_is_too_long_is_answered_in_html(hub: Hub) -> None:
    """§2.1, §8: 414 from the gateway; a batch read takes the same names in its body."""
    names = [name for name in ("email", "jobtitle", "hs_analytics_first_visit_timestamp") for _ in range(300)]
    answer = hub.call("GET", CONTACTS, properties=",".join(names))
    assert answer.status_code == 414 and answer.text.startswith("<html>")
    id = hub.create(email="a@example.fr")
    body = {"inputs": [{"id": id}], "properties": names}
    assert hub.call("POST", f"{CONTACTS}/batch/read", body).status_code == 200


def test_inline_associations_are_made_checked_and_shown(hub: Hub) -> None:
    """§2.1, §4: type ids of the create; shown on read by kind; a record or type that does not exist is a 400."""
    contact = hub.create(email="a@example.fr")
    deal = hub.create("deals", [link(contact, 3)], dealstage="closedwon")
    row = hub.call("GET", f"{CONTACTS}/{contact}", associations="deals,companies").json()
    assert row["associations"] == {"deals": {"results": [{"id": deal, "type": "contact_to_deal"}]}}
    for bad in (link("999", 3), link(contact, 202), {"to": {"id": contact}}):
        body = {"properties": {"dealstage": "closedwon"}, "associations": [bad]}
        assert hub.call("POST", "/crm/v3/objects/deals", body).status_code == 400
    assert hub.call("GET", f"{CONTACTS}/{contact}", associations="cats").status_code == 400


def test_inline_associations_stop_at_a_hundred(hub: Hub) -> None:
    """§2.1: associations of a read have paging of their own."""
    ends = [{"to": "notes", "id": str(1000 + n)} for n in range(101)]
    hub.load(
        *({"kind": "notes", "id": end["id"], "properties": {"hs_timestamp": "2026-01-01T00:00:00Z"}} for end in ends),
        {"kind": "contacts", "id": "5", "properties": {"email": "a@example.fr"}, "associations": ends},
    )
    found = hub.call("GET", f"{CONTACTS}/5", associations="notes").json()["associations"]["notes"]
    assert len(found["results"]) == 100 and found["paging"]["next"]["after"] == "1100"
