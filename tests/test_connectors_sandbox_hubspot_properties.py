"""Properties v3 of the local HubSpot: definitions, groups, sensitivity (hubspot.md §3, §5.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests import test_connectors_sandbox_hubspot_hub as kit
from tests.test_connectors_sandbox_hubspot_hub import Hub

running, hub = kit.running, kit.hub


PATH = "/crm/v3/properties/contacts"
NEW = {
    "groupName": "contactinformation",
    "name": "religion",
    "label": "Religion",
    "type": "string",
    "fieldType": "text",
}


def definitions(hub: Hub, kind: str = "contacts", **query: str) -> dict[str, Any]:
    """The definitions of a list by name."""
    found = hub.call("GET", f"/crm/v3/properties/{kind}", **query).json()["results"]
    return {definition["name"]: definition for definition in found}


@pytest.mark.parametrize(
    ("name", "type", "field_type", "read_only"),
    [
        ("email", "string", "text", False),
        ("phone", "string", "phonenumber", False),
        ("hs_additional_emails", "enumeration", "select", True),
        ("hs_legal_basis", "enumeration", "checkbox", False),
        ("hs_email_optout", "bool", "booleancheckbox", True),
        ("hs_email_optout_1001", "enumeration", "booleancheckbox", True),
        ("hs_marketable_status", "enumeration", "booleancheckbox", True),
        ("hs_email_last_click_date", "datetime", "date", True),
        ("recent_conversion_date", "datetime", "date", True),
        ("notes_last_contacted", "datetime", "date", True),
        ("lifecyclestage", "enumeration", "radio", False),
        ("date_of_birth", "string", "text", False),
        ("marital_status", "string", "text", False),
        ("ip_latlon", "string", "text", True),
        ("hs_object_source", "string", "text", True),
        ("createdate", "datetime", "date", True),
    ],
)
def test_the_default_contact_properties(hub: Hub, name: str, type: str, field_type: str, read_only: bool) -> None:
    """§3, §5.3: names, types and readOnlyValue as the vendor has them."""
    found = hub.call("GET", f"{PATH}/{name}").json()
    assert (found["type"], found["fieldType"]) == (type, field_type)
    assert found["modificationMetadata"]["readOnlyValue"] is read_only and found["hubspotDefined"] is True


def test_every_kind_has_its_defaults(hub: Hub) -> None:
    """§2, §4: what the other kinds cannot be without."""
    expected = {
        "companies": "domain",
        "deals": "dealstage",
        "tickets": "hs_pipeline_stage",
        "notes": "hs_note_body",
        "tasks": "hs_task_status",
        "emails": "hs_email_direction",
        "calls": "hs_call_direction",
        "meetings": "hs_meeting_outcome",
    }
    for kind, name in expected.items():
        found = definitions(hub, kind)
        assert {name, "hs_object_id", "hs_lastmodifieddate", "hubspot_owner_id"} <= set(found)
    assert len(definitions(hub)) > 200


def test_the_options_of_the_legal_basis(hub: Hub) -> None:
    """§5.3, §12.17: an en dash in two values, a hyphen in the third."""
    values = [option["value"] for option in definitions(hub)["hs_legal_basis"]["options"]]
    assert values[:3] == [
        "Legitimate interest – prospect/lead",
        "Legitimate interest – existing customer",
        "Legitimate interest - other",
    ]


def test_a_property_is_created_used_changed_and_archived(hub: Hub) -> None:
    """§3: 201, 409 the second time, values once it exists, PATCH, 204 and gone from reads."""
    made = hub.call("POST", PATH, NEW)
    assert (made.status_code, made.json()["hubspotDefined"], made.json()["archived"]) == (201, False, False)
    again = hub.call("POST", PATH, NEW)
    assert (again.status_code, again.json()["category"]) == (409, "OBJECT_ALREADY_EXISTS")
    id = hub.create(email="a@example.fr", religion="none")
    assert hub.call("PATCH", f"{PATH}/religion", {"label": "Faith"}).json()["label"] == "Faith"
    assert hub.call("DELETE", f"{PATH}/religion").status_code == 204
    assert "religion" not in hub.values(id, "religion")
    assert "religion" not in definitions(hub)
    assert set(definitions(hub, archived="true")) == {"religion"}
    assert hub.call("PATCH", f"/crm/v3/objects/contacts/{id}", {"properties": {"religion": "x"}}).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"label": None},
        {"type": "text"},
        {"fieldType": "checkboxes"},
        {"groupName": "nowhere"},
        {"dataSensitivity": "x"},
    ],
)
def test_a_bad_definition_is_refused(hub: Hub, change: dict[str, Any]) -> None:
    """§3: required fields, the vendor's types, a group that exists."""
    assert hub.call("POST", PATH, NEW | change).status_code == 400


def test_the_vendors_own_definitions_cannot_be_changed(hub: Hub) -> None:
    """§3: readOnlyDefinition; creating one again is a conflict."""
    assert hub.call("PATCH", f"{PATH}/email", {"label": "Mail"}).status_code == 400
    assert hub.call("DELETE", f"{PATH}/email").status_code == 400
    assert hub.call("POST", PATH, NEW | {"name": "email"}).status_code == 409
    assert hub.call("GET", f"{PATH}/nothing").status_code == 404


def test_an_option_is_answered_whole_whatever_was_given_of_it(hub: Hub) -> None:
    """The package's Option needs hidden, beside label and value; also after a change."""
    choice = {**NEW, "name": "diet", "type": "enumeration", "fieldType": "select"}
    made = hub.call("POST", PATH, {**choice, "options": [{"label": "A", "value": "a"}]}).json()
    changed = hub.call("PATCH", f"{PATH}/diet", {"options": [{"label": "B", "value": "b", "hidden": True}]}).json()

    whole = {"description": "", "displayOrder": 0}
    assert made["options"] == [whole | {"label": "A", "value": "a", "hidden": False}]
    assert changed["options"] == [whole | {"label": "B", "value": "b", "hidden": True}]


def test_sensitive_definitions_are_hidden_unless_asked_for(hub: Hub) -> None:
    """§3, §12.12: one sensitivity a call, non_sensitive when none is named; for Enterprise accounts only."""
    sensitive = NEW | {"dataSensitivity": "sensitive"}
    assert hub.call("POST", PATH, sensitive).status_code == 403
    hub.settings(tier="enterprise")
    assert hub.call("POST", PATH, sensitive).json()["dataSensitivity"] == "sensitive"
    assert "religion" not in definitions(hub)
    assert set(definitions(hub, dataSensitivity="sensitive")) == {"religion"}
    assert hub.call("GET", f"{PATH}/religion").status_code == 404
    assert hub.call("GET", f"{PATH}/religion", dataSensitivity="sensitive").status_code == 200
    assert hub.call("GET", PATH, dataSensitivity="secret").status_code == 400
    body = {"inputs": [{"name": "religion"}, {"name": "email"}], "dataSensitivity": "sensitive"}
    read = hub.call("POST", f"{PATH}/batch/read", body)
    assert (read.status_code, [row["name"] for row in read.json()["results"]]) == (207, ["religion"])


@pytest.mark.parametrize("level", ["sensitive", "highly_sensitive"])
def test_a_sensitive_value_needs_its_scope(hub: Hub, level: str) -> None:
    """§1.1, §12.12: naming one without the scope is a 403 for the whole call that lists the scope; others are free."""
    hub.load(
        {"kind": "property", "objectType": "contacts", "name": "religion", "dataSensitivity": level},
        {"kind": "contacts", "id": "5", "properties": {"email": "a@b.fr", "religion": "none"}},
    )
    assert hub.values("5", "religion")["religion"] == "none"
    path, scope = "/crm/v3/objects/contacts", f"crm.objects.contacts.{level}"
    lacking = f"sandbox-lacks:{scope}.read,{scope}.write"
    for answer, verb in (
        (hub.call("GET", f"{path}/5", token=lacking, properties="email,religion"), "read"),
        (hub.call("GET", path, token=lacking, propertiesWithHistory="religion"), "read"),
        (
            hub.call("POST", f"{path}/batch/read", {"inputs": [{"id": "5"}], "properties": ["religion"]}, lacking),
            "read",
        ),
        (hub.call("PATCH", f"{path}/5", {"properties": {"religion": ""}}, lacking), "write"),
    ):
        assert answer.status_code == 403
        scopes = answer.json()["errors"][0]["context"]["requiredGranularScopes"]
        assert scopes == [f"{scope}.{verb}", f"{scope}.{verb}.v2"]
    assert hub.call("GET", f"{path}/5", token=lacking, properties="email").status_code == 200
    assert hub.call("GET", PATH, token=lacking, dataSensitivity=level).status_code == 200


def test_groups(hub: Hub) -> None:
    """§3: list, get, create 201, 409, update and archive 204."""
    groups = f"{PATH}/groups"
    assert {"contactinformation", "emailinformation"} <= {g["name"] for g in hub.call("GET", groups).json()["results"]}
    made = {"name": "repoussoir", "label": "Repoussoir"}
    assert hub.call("POST", groups, made).status_code == 201
    assert hub.call("POST", groups, made).status_code == 409
    assert hub.call("PATCH", f"{groups}/repoussoir", {"label": "R"}).json()["label"] == "R"
    assert hub.call("GET", f"{groups}/repoussoir").json() == made | {
        "label": "R",
        "displayOrder": -1,
        "archived": False,
    }
    assert hub.call("POST", PATH, NEW | {"groupName": "repoussoir"}).status_code == 201
    assert hub.call("DELETE", f"{groups}/repoussoir").status_code == 204
    assert hub.call("GET", f"{groups}/repoussoir").status_code == 404
    assert hub.call("POST", groups, {"name": "x"}).status_code == 400


def test_batches_of_definitions(hub: Hub) -> None:
    """§3: batch/create 201 or 207, batch/read, batch/archive 204."""
    more = NEW | {"name": "party", "type": "bool", "fieldType": "booleancheckbox"}
    made = hub.call("POST", f"{PATH}/batch/create", {"inputs": [NEW, more]})
    assert (made.status_code, len(made.json()["results"])) == (201, 2)
    assert hub.call("POST", f"{PATH}/batch/create", {"inputs": [NEW]}).status_code == 207
    named = {"inputs": [{"name": "religion"}, {"name": "party"}]}
    assert hub.call("POST", f"{PATH}/batch/read", named).status_code == 200
    assert hub.call("POST", f"{PATH}/batch/archive", named).status_code == 204
    assert set(definitions(hub, archived="true")) == {"religion", "party"}
