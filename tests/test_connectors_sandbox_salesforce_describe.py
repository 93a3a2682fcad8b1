"""Describe, custom fields and load lines of the Salesforce sandbox (reference salesforce.md §6.5, §7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.sandbox.salesforce import ids
from tests.connectors_sandbox_salesforce import Sandbox, code, sandbox


@pytest.fixture
def org() -> Iterator[Sandbox]:
    """A running sandbox."""
    with sandbox() as running:
        yield running


def fields(org: Sandbox, kind: str) -> dict[str, dict[str, Any]]:
    """The described fields of an object by name."""
    return {each["name"]: each for each in org.get(f"sobjects/{kind}/describe").json()["fields"]}


KEYS = {
    *("name", "label", "type", "length", "nillable", "createable", "updateable", "calculated", "autoNumber"),
    *("defaultedOnCreate", "defaultValue", "unique", "externalId", "idLookup", "restrictedPicklist", "picklistValues"),
    *("dependentPicklist", "controllerName", "encrypted", "mask", "compoundFieldName", "filterable", "sortable"),
    *("htmlFormatted", "referenceTo", "relationshipName", "cascadeDelete", "restrictedDelete", "filteredLookupInfo"),
}


MASTER = "012000000000000AAA"


def test_every_field_has_every_key(org: Sandbox) -> None:
    """Each described field has the keys of §7, each object its own."""
    for name in ("Account", "Contact", "Lead", "Individual", "Task", "ContentNote", "CampaignMember", "ContactHistory"):
        described = org.get(f"sobjects/{name}/describe").json()
        for field in described["fields"]:
            assert set(field) >= KEYS, field["name"]
        for key in (
            "createable",
            "updateable",
            "deletable",
            "undeletable",
            "queryable",
            "mergeable",
            "replicateable",
            "custom",
            "deepCloneable",
            "isInterface",
            "mruEnabled",
        ):
            assert isinstance(described[key], bool)
        assert described["actionOverrides"] == []
        assert described["recordTypeInfos"][0]["urls"]["layout"].endswith(f"/sobjects/{name}/describe/layouts/{MASTER}")


def test_what_can_be_stripped(org: Sandbox) -> None:
    """Names are required, checkboxes never null, addresses compound and read-only, long texts not filterable (§7)."""
    contact = fields(org, "Contact")
    assert (contact["LastName"]["nillable"], contact["LastName"]["length"]) == (False, 80)
    assert (contact["HasOptedOutOfEmail"]["type"], contact["HasOptedOutOfEmail"]["nillable"]) == ("boolean", False)
    assert (contact["MailingAddress"]["type"], contact["MailingAddress"]["updateable"]) == ("address", False)
    assert contact["MailingCity"]["compoundFieldName"] == "MailingAddress"
    assert (contact["Description"]["filterable"], contact["Email"]["filterable"]) == (False, True)
    assert contact["LastActivityDate"]["updateable"] is False
    assert contact["AccountId"]["referenceTo"] == ["Account"]
    assert fields(org, "Lead")["Company"]["nillable"] is False
    assert fields(org, "Case")["CaseNumber"]["autoNumber"] is True
    assert fields(org, "CampaignMember")["Email"]["calculated"] is True
    assert "IsDeleted" not in fields(org, "User")
    assert "IsEmailBounced" not in fields(org, "Lead")


def test_child_relationships(org: Sandbox) -> None:
    """An object says which references to it cascade, so that a deletion's reach is known before (Traps 12)."""
    described = org.get("sobjects/Account/describe").json()["childRelationships"]
    cascades = {(each["childSObject"], each["field"]): each["cascadeDelete"] for each in described}
    assert cascades["Contact", "AccountId"] is cascades["Opportunity", "AccountId"] is True
    assert cascades["Case", "AccountId"] is cascades["Task", "WhatId"] is False
    names = {each["childSObject"]: each["relationshipName"] for each in described}
    assert (names["Contact"], names["ContentDocumentLink"]) == ("Contacts", "ContentDocumentLinks")


def test_global_describe(org: Sandbox) -> None:
    """The list has every object of the org; Notes can be switched off."""
    body = org.get("sobjects/").json()
    names = {each["name"] for each in body["sobjects"]}
    assert (
        body["maxBatchSize"],
        {"Contact", "Lead", "ContactHistory", "ContentNote", "PermissionSetAssignment"} <= names,
    ) == (200, True)
    assert org.get("sobjects/Contact").json()["objectDescribe"]["keyPrefix"] == "003"
    org.load({"kind": "_settings", "contentNotes": False})
    assert "ContentNote" not in {each["name"] for each in org.get("sobjects").json()["sobjects"]}


def test_custom_field_by_load_line(org: Sandbox) -> None:
    """A _field line adds a field with describe's own keys, and changes a standard one."""
    spec = {"type": "picklist", "picklistValues": ["a", {"value": "b"}], "restrictedPicklist": True, "nillable": True}
    org.load({"kind": "_field", "object": "contact", "name": "Religion__c", **spec})
    org.load({"kind": "_field", "object": "Contact", "name": "Title", "length": 5})
    described = fields(org, "Contact")
    assert described["Religion__c"]["custom"] is True
    assert [each["value"] for each in described["Religion__c"]["picklistValues"]] == ["a", "b"]
    assert described["Title"]["length"] == 5
    org.make("Contact", LastName="A", Religion__c="a")


def test_custom_lookup(org: Sandbox) -> None:
    """A custom lookup has its relationship, and is emptied when its target is deleted."""
    spec = {"type": "reference", "referenceTo": ["Contact"], "childRelationshipName": "Referred__r"}
    org.load({"kind": "_field", "object": "Lead", "name": "Referrer__c", **spec})
    contact = org.make("Contact", LastName="A")
    org.make("Lead", LastName="B", Company="C", Referrer__c=contact)
    assert org.rows("SELECT Referrer__r.Name FROM Lead")[0]["Referrer__r"]["Name"] == "A"
    assert org.rows("SELECT Id, (SELECT LastName FROM Referred__r) FROM Contact")[0]["Referred__r"]["totalSize"] == 1
    org.delete(f"sobjects/Contact/{contact}")
    assert org.column("SELECT Referrer__c FROM Lead") == [None]


def test_custom_field_by_tooling(org: Sandbox) -> None:
    """Tooling CustomField adds a field, finds it, refuses it twice, and removes it."""
    values = {"valueSetDefinition": {"value": [{"fullName": "x"}]}, "restricted": True}
    metadata = {"type": "Picklist", "label": "Belief", "valueSet": values, "complianceGroup": "GDPR"}
    body = {"FullName": "Contact.Belief__c", "Metadata": metadata}
    made = org.post("tooling/sobjects/CustomField", body)
    assert (made.status_code, made.json()["success"]) == (201, True)
    assert code(org.post("tooling/sobjects/CustomField", body)) == (400, "DUPLICATE_DEVELOPER_NAME")
    assert fields(org, "Contact")["Belief__c"]["restrictedPicklist"] is True
    found = org.get(
        "tooling/query", params={"q": "SELECT Id, TableEnumOrId FROM CustomField WHERE DeveloperName = 'Belief'"}
    )
    assert found.json()["records"][0]["Id"] == made.json()["id"]
    one = f"tooling/sobjects/CustomField/{made.json()['id']}"
    assert org.get(one).json()["FullName"] == "Contact.Belief__c"
    assert org.delete(one).status_code == 204
    assert "Belief__c" not in fields(org, "Contact")
    refused = org.post("tooling/sobjects/CustomField", body, token="sandbox-lacks:CustomizeApplication")
    assert code(refused) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    odd = {"FullName": "Contact.Odd__c", "Metadata": {"type": "Nope"}}
    assert code(org.post("tooling/sobjects/CustomField", odd)) == (400, "FIELD_INTEGRITY_EXCEPTION")


def test_loaded_rows_are_kept_as_given(org: Sandbox) -> None:
    """A load line sets read-only fields and past stamps; ids and references are normalised."""
    line = {"Id": "003000000000001", "LastName": "A", "AccountId": "001000000000001", "LastActivityDate": "2019-05-06"}
    stamps = {"CreatedDate": "2018-01-01T00:00:00+02:00", "LastModifiedDate": "2019-01-01T00:00:00.000+0000"}
    org.load({"kind": "contact", **line, **stamps, "SystemModstamp": "2020-01-01T00:00:00Z", "IsDeleted": False})
    row = org.get("sobjects/Contact/003000000000001AAA").json()
    assert (row["CreatedDate"], row["LastModifiedDate"], row["SystemModstamp"]) == (
        "2017-12-31T22:00:00.000+0000",
        "2019-01-01T00:00:00.000+0000",
        "2020-01-01T00:00:00.000+0000",
    )
    assert (row["AccountId"], row["LastActivityDate"], row["Name"]) == ("001000000000001AAA", "2019-05-06", "A")


def test_loaded_ids_are_never_given_again(org: Sandbox) -> None:
    """A made row never takes the id of a loaded one."""
    first = org.make("Contact", LastName="A")
    following = ids.make("003", 2)
    org.load({"kind": "Contact", "Id": following, "LastName": "B"})
    assert org.make("Contact", LastName="C") not in {first, following}


def test_loaded_people_and_notes_bring_what_belongs_to_them(org: Sandbox) -> None:
    """A loaded person account has its contact, a loaded note its document, version and owner's link."""
    org.load(
        {"kind": "_settings", "personAccounts": True},
        {"kind": "Account", "LastName": "Martin", "PersonEmail": "l@home.example", "IsPersonAccount": True},
        {"kind": "ContentNote", "Id": "069000000000001AAA", "Title": "t", "Content": "PHA+"},
    )
    assert org.rows("SELECT Email, IsPersonAccount FROM Contact") == [
        {"Email": "l@home.example", "IsPersonAccount": True}
    ]
    assert org.column("SELECT Id FROM ContentDocument") == ["069000000000001AAA"]
    assert org.column("SELECT ContentDocumentId FROM ContentVersion") == ["069000000000001AAA"]


@pytest.mark.parametrize(
    "line",
    [
        {"kind": "Nope"},
        {"kind": "FieldDefinition"},
        {"kind": "Contact", "LastName": "A", "Nope": 1},
        {"kind": "Contact", "LastName": "A", "Id": "00Q"},
        {"kind": "Lead", "LastName": "A", "Id": "00Q000000000001AAA"},
        {"kind": "Contact", "LastName": "A", "CreatedDate": "2024-01-01"},
        {"kind": "Contact", "LastName": "A", "CreatedDate": "2024-01-01T00:00:00"},
        {"kind": "_settings", "nope": True},
        {"kind": "_settings", "restrictedDelete": ["Case.Nope"]},
        {"kind": "_field", "object": "Nope", "name": "A__c"},
        {"kind": "_field", "object": "Contact"},
        {"kind": "_field", "object": "Contact", "name": "A__c", "nope": 1},
    ],
)  # fmt: skip
def test_load_lines_that_are_not_understood(org: Sandbox, line: dict[str, Any]) -> None:
    """A line with an unknown object, field, setting or a broken id or stamp is refused with ValueError."""
    with pytest.raises(ValueError, match=r"salesforce|isoformat|zone"):
        org.load(line)


def test_id_checksum() -> None:
    """The 18-character form follows from the case of the 15 (Traps 1)."""
    assert ids.full("70130000001tcyI") == "70130000001tcyIAAQ"
    assert ids.full("70130000001tcyIAAQ") == "70130000001tcyIAAQ"
    assert ids.full("70130000001tcyIAAA") is None
    assert ids.full("7013") is ids.full(None) is None
    assert ids.number(ids.make("003", 123_456)) == 123_456
