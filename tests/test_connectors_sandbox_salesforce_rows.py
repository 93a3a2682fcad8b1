"""Single rows of the Salesforce sandbox: create, read, update, upsert, conditions (reference salesforce.md §3.1)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors_sandbox_salesforce import Sandbox, code, sandbox


@pytest.fixture
def org() -> Iterator[Sandbox]:
    """A running sandbox."""
    with sandbox() as running:
        yield running


def test_create_read_update(org: Sandbox) -> None:
    """A row is made with 201, read back whole with derived names, and changed with an empty 204."""
    id = org.make("Contact", LastName="Martin", firstname="Léa", Email="lea@acme.example", MailingCity="Lyon")
    row = org.get(f"sobjects/contact/{id[:15]}").json()
    assert row["attributes"] == {"type": "Contact", "url": f"/services/data/v66.0/sobjects/Contact/{id}"}
    assert (row["Id"], row["Name"], row["HasOptedOutOfEmail"]) == (id, "Léa Martin", False)
    assert row["MailingAddress"]["city"] == "Lyon"
    assert row["CreatedDate"].endswith("+0000")
    assert row["OwnerId"] == row["CreatedById"] == org.get("/services/oauth2/userinfo").json()["user_id"]
    answer = org.patch(f"sobjects/Contact/{id}", {"Email": None, "HasOptedOutOfEmail": True, "FirstName": ""})
    assert (answer.status_code, answer.content) == (204, b"")
    changed = org.get(f"sobjects/Contact/{id}", params={"fields": "Email,Name,HasOptedOutOfEmail"}).json()
    assert (changed["Email"], changed["Name"], changed["HasOptedOutOfEmail"]) == (None, "Martin", True)
    assert "FirstName" not in changed
    assert "Last-Modified" in org.get(f"sobjects/Contact/{id}").headers


def test_every_write_moves_the_version(org: Sandbox) -> None:
    """SystemModstamp and LastModifiedDate move on a write, also when the clock stands still."""
    org.at("2026-11-24T12:00:00+00:00")
    id = org.make("Lead", LastName="A", Company="B")
    stamps = [org.rows("SELECT SystemModstamp, LastModifiedDate, CreatedDate FROM Lead")[0]]
    for phone in ("1", "2"):
        org.patch(f"sobjects/Lead/{id}", {"Phone": phone})
        stamps.append(org.rows("SELECT SystemModstamp, LastModifiedDate, CreatedDate FROM Lead")[0])
    assert len({row["SystemModstamp"] for row in stamps}) == 3
    assert [row["SystemModstamp"] for row in stamps] == [row["LastModifiedDate"] for row in stamps]
    assert {row["CreatedDate"] for row in stamps} == {"2026-11-24T12:00:00.000+0000"}


def test_unknown_and_deleted_ids(org: Sandbox) -> None:
    """An id nobody has is NOT_FOUND, one in the bin ENTITY_IS_DELETED, for each method."""
    id = org.make("Contact", LastName="A")
    assert org.delete(f"sobjects/Contact/{id}").status_code == 204
    for method, body in (("GET", None), ("PATCH", {"LastName": "B"}), ("DELETE", None)):
        assert code(org.call(method, f"sobjects/Contact/{id}", json=body)) == (404, "ENTITY_IS_DELETED")
        assert code(org.call(method, "sobjects/Contact/003000000000009AAA", json=body)) == (404, "NOT_FOUND")
        assert code(org.call(method, "sobjects/Contact/nonsense", json=body)) == (404, "NOT_FOUND")
        assert code(org.call(method, f"sobjects/Lead/{id}", json=body)) == (404, "NOT_FOUND")
        assert code(org.call(method, f"sobjects/Nope/{id}", json=body)) == (404, "NOT_FOUND")


def test_an_id_with_a_wrong_checksum_is_no_id(org: Sandbox) -> None:
    """15 characters are taken and 18 answered; 18 with another checksum name nothing (Traps 1)."""
    id = org.make("Contact", LastName="A")
    assert org.get(f"sobjects/Contact/{id[:15]}").json()["Id"] == id
    assert code(org.get(f"sobjects/Contact/{id[:15]}AAB")) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("kind", "body", "error", "fields"),
    [
        ("Contact", {"FirstName": "A"}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ("Lead", {"LastName": "A"}, "REQUIRED_FIELD_MISSING", ["Company"]),
        ("Contact", {"LastName": None}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ("Contact", {"LastName": "x" * 81}, "STRING_TOO_LONG", ["LastName"]),
        ("Contact", {"LastName": "A", "Email": "nonsense"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
        ("Contact", {"LastName": "A", "Name": "B"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Name"]),
        ("Contact", {"LastName": "A", "LastActivityDate": "2020-01-01"}, "INVALID_FIELD_FOR_INSERT_UPDATE",
         ["LastActivityDate"]),
        ("Contact", {"LastName": "A", "MailingAddress": {"city": "B"}}, "INVALID_FIELD_FOR_INSERT_UPDATE",
         ["MailingAddress"]),
        ("Contact", {"LastName": "A", "SystemModstamp": None}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["SystemModstamp"]),
        ("Contact", {"LastName": "A", "DoNotCall": None}, "INVALID_TYPE_ON_FIELD_IN_RECORD", ["DoNotCall"]),
        ("Contact", {"LastName": "A", "AccountId": "nonsense"}, "MALFORMED_ID", ["AccountId"]),
        ("Contact", {"LastName": "A", "AccountId": "001000000000009AAA"}, "INVALID_CROSS_REFERENCE_KEY", ["AccountId"]),
        ("Contact", {"LastName": "A", "AccountId": "003000000000009AAA"}, "FIELD_INTEGRITY_EXCEPTION", ["AccountId"]),
        ("Contact", {"LastName": "A", "Nope": 1}, "INVALID_FIELD", None),
        ("Contact", {"LastName": "A", "Id": "003000000000001AAA"}, "INVALID_FIELD", None),
        ("Contact", {"LastName": 5}, "JSON_PARSER_ERROR", None),
        ("Contact", {"LastName": "A", "DoNotCall": "yes"}, "JSON_PARSER_ERROR", None),
        ("Contact", {"LastName": "A", "Birthdate": "yesterday"}, "JSON_PARSER_ERROR", None),
        ("Account", {"Name": "A", "AnnualRevenue": "a lot"}, "JSON_PARSER_ERROR", None),
        ("Account", {"Name": "A", "AnnualRevenue": 10**19}, "NUMBER_OUTSIDE_VALID_RANGE", ["AnnualRevenue"]),
        ("ContentDocument", {"Title": "A"}, "INVALID_TYPE_FOR_OPERATION", []),
        ("CampaignMember", {"CampaignId": "701000000000001AAA"}, "INVALID_CROSS_REFERENCE_KEY", ["CampaignId"]),
    ],
)  # fmt: skip
def test_refused_values(org: Sandbox, kind: str, body: dict[str, object], error: str, fields: list[str] | None) -> None:
    """Each refused value has the vendor's code and names its field; nothing is created."""
    answer = org.post(f"sobjects/{kind}", body)
    assert code(answer) == (400, error)
    assert answer.json()[0].get("fields") == fields
    assert org.column(f"SELECT COUNT(Id) FROM {kind}") == [0]


def test_restricted_picklist(org: Sandbox) -> None:
    """A restricted picklist takes its own values only; an ordinary one takes any."""
    spec = {
        "object": "Contact",
        "name": "Tier__c",
        "type": "picklist",
        "picklistValues": ["Gold"],
        "restrictedPicklist": True,
    }
    org.load({"kind": "_field", **spec})
    refused = org.post("sobjects/Contact", {"LastName": "A", "Tier__c": "Lead"})
    assert code(refused) == (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    org.make("Contact", LastName="A", Tier__c="Gold", LeadSource="Anything")


def test_formula_fields_are_read_only(org: Sandbox) -> None:
    """A calculated field can be neither created nor updated."""
    org.load({"kind": "_field", "object": "Contact", "name": "Score__c", "type": "double", "calculated": True})
    id = org.make("Contact", LastName="A")
    assert code(org.patch(f"sobjects/Contact/{id}", {"Score__c": 1})) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


def test_body_that_is_no_json(org: Sandbox) -> None:
    """Broken JSON, a list and no body at all are JSON_PARSER_ERROR."""
    for data in (b"{", b"[]", b""):
        assert code(org.call("POST", "sobjects/Contact", data=data)) == (400, "JSON_PARSER_ERROR")


def test_unknown_path_and_method(org: Sandbox) -> None:
    """Outside the API, 404 NOT_FOUND and 405 METHOD_NOT_ALLOWED, both as arrays."""
    assert code(org.get("nope")) == (404, "NOT_FOUND")
    assert code(org.get("/limits")) == (404, "NOT_FOUND")
    assert code(org.call("PUT", "sobjects/Contact")) == (405, "METHOD_NOT_ALLOWED")


def test_upsert_and_read_by_external_id(org: Sandbox) -> None:
    """An external id makes a row once, changes it after, finds it in any case, and is unique."""
    org.load(
        {"kind": "_field", "object": "Contact", "name": "Ext__c", "type": "string", "externalId": True, "unique": True}
    )
    made = org.patch("sobjects/Contact/Ext__c/a%2Fb%20c", {"LastName": "A"})
    assert (made.status_code, made.json()["created"]) == (201, True)
    again = org.patch("sobjects/Contact/Ext__c/a%2Fb%20c", {"FirstName": "B"})
    assert (again.status_code, again.json()) == (200, {**made.json(), "created": False})
    assert org.get("sobjects/Contact/Ext__c/A%2FB%20C").json()["Name"] == "B A"
    assert code(org.post("sobjects/Contact", {"LastName": "C", "Ext__c": "A/b c"})) == (400, "DUPLICATE_VALUE")
    assert code(org.get("sobjects/Contact/Ext__c/other")) == (404, "NOT_FOUND")
    assert code(org.get("sobjects/Contact/LastName/A")) == (404, "NOT_FOUND")
    assert code(org.patch("sobjects/Contact/Ext__c/x", {"LastName": "A", "Ext__c": "x"})) == (400, "INVALID_FIELD")
    assert org.delete("sobjects/Contact/Ext__c/a%2Fb%20c").status_code == 204
    assert org.column("SELECT Id FROM Contact") == []


def test_an_external_id_of_several_rows_is_300(org: Sandbox) -> None:
    """Two rows with one external id answer 300 and their paths."""
    org.load({"kind": "_field", "object": "Contact", "name": "Ext__c", "type": "string", "externalId": True})
    ids = [org.make("Contact", LastName=name, Ext__c="x") for name in "AB"]
    for answer in (org.get("sobjects/Contact/Ext__c/x"), org.patch("sobjects/Contact/Ext__c/x", {"LastName": "C"})):
        assert (answer.status_code, [path[-18:] for path in answer.json()]) == (300, ids)


def test_parent_by_external_id(org: Sandbox) -> None:
    """A parent may be named by its external id instead of its id."""
    org.load({"kind": "_field", "object": "Account", "name": "Ext__c", "type": "string", "externalId": True})
    account = org.make("Account", Name="Acme", Ext__c="7")
    id = org.make("Contact", LastName="A", Account={"Ext__c": "7"})
    assert org.get(f"sobjects/Contact/{id}").json()["AccountId"] == account
    assert code(org.post("sobjects/Contact", {"LastName": "A", "Account": {"Ext__c": "8"}})) == (400, "INVALID_FIELD")


def test_conditional_writes(org: Sandbox) -> None:
    """If-Unmodified-Since refuses a PATCH or DELETE of a row that changed after it, by whole seconds."""
    org.at("2026-11-24T12:00:00+00:00")
    id = org.make("Contact", LastName="A")
    read = {"If-Unmodified-Since": "Tue, 24 Nov 2026 12:00:00 GMT"}
    assert org.patch(f"sobjects/Contact/{id}", {"FirstName": "B"}, headers=read).status_code == 204
    org.at("2026-11-24T12:00:05+00:00")
    org.patch(f"sobjects/Contact/{id}", {"FirstName": "C"})
    assert code(org.patch(f"sobjects/Contact/{id}", {"FirstName": "D"}, headers=read)) == (412, "PRECONDITION_FAILED")
    assert org.delete(f"sobjects/Contact/{id}", headers=read).status_code == 412
    fresh = {"If-Unmodified-Since": "Tue, 24 Nov 2026 12:00:05 GMT"}
    assert (
        org.get(f"sobjects/Contact/{id}", headers={"If-Modified-Since": fresh["If-Unmodified-Since"]}).status_code
        == 304
    )
    assert org.delete(f"sobjects/Contact/{id}", headers=fresh).status_code == 204


def test_deleted_and_updated(org: Sandbox) -> None:
    """The replication calls answer what went and what changed in a window, and no further back than they keep."""
    org.at("2026-11-24T12:00:00+00:00")
    gone, kept = (org.make("Contact", LastName=name) for name in "AB")
    org.delete(f"sobjects/Contact/{gone}")
    window = {"start": "2026-11-24T11:00:00+00:00", "end": "2026-11-24T13:00:00Z"}
    deleted = org.get("sobjects/Contact/deleted/", params=window).json()
    assert deleted["deletedRecords"] == [{"id": gone, "deletedDate": "2026-11-24T12:00:00.000+0000"}]
    assert deleted["latestDateCovered"] == "2026-11-24T13:00:00.000+0000"
    assert org.get("sobjects/Contact/updated", params=window).json()["ids"] == [kept]
    early = {"start": "2026-11-01T00:00:00Z", "end": "2026-11-24T13:00:00Z"}
    assert code(org.get("sobjects/Contact/deleted", params=early)) == (400, "INVALID_REPLICATION_DATE")
    naive = {"start": "2026-11-24T11:00:00", "end": "2026-11-24T13:00:00Z"}
    assert code(org.get("sobjects/Contact/updated", params=naive)) == (400, "INVALID_REPLICATION_DATE")


def test_a_closed_task_moves_last_activity_and_a_note_does_not(org: Sandbox) -> None:
    """A closed task counts by its due date or the day it was closed; open ones and notes do not count (§8)."""
    org.at("2026-11-24T12:00:00+00:00")
    org.load({"kind": "Contact", "Id": "003000000000001AAA", "LastName": "A", "LastActivityDate": "2020-01-01"})
    contact = "sobjects/Contact/003000000000001AAA"
    before = org.get(contact).json()
    org.make("Note", ParentId=before["Id"], Title="t", Body="b")
    note = org.make("ContentNote", Title="t", Content="PHA+eDwvcD4=")
    org.make("ContentDocumentLink", ContentDocumentId=note, LinkedEntityId=before["Id"], ShareType="V")
    task = org.make("Task", WhoId=before["Id"], Subject="s", ActivityDate="2026-02-03")
    assert org.get(contact).json() == before
    org.patch(f"sobjects/Task/{task}", {"Status": "Completed"})
    after = org.get(contact).json()
    assert after["LastActivityDate"] == "2026-02-03"
    assert after["SystemModstamp"] > before["SystemModstamp"]
    assert after["LastModifiedDate"] == before["LastModifiedDate"]
    org.make("Task", WhoId=before["Id"], Status="Completed", ActivityDate="2025-01-01")
    assert org.get(contact).json()["LastActivityDate"] == "2026-02-03"
    org.make("Task", WhoId=before["Id"], Status="Completed")
    assert org.get(contact).json()["LastActivityDate"] == "2026-11-24"


def test_an_event_moves_last_activity_also_into_the_future(org: Sandbox) -> None:
    """An event counts by its day, past or not yet come, for its contact, its account and its deal (§8)."""
    account = org.make("Account", Name="Acme")
    contact = org.make("Contact", LastName="A", AccountId=account)
    org.make("Event", WhoId=contact, StartDateTime="2031-02-03T10:00:00Z", DurationInMinutes=30)
    assert org.column("SELECT LastActivityDate FROM Contact") == ["2031-02-03"]
    assert org.column("SELECT LastActivityDate FROM Account") == ["2031-02-03"]
    assert org.column("SELECT AccountId FROM Event") == [account]


def test_references_to_what_is_gone_or_not_seen(org: Sandbox) -> None:
    """A row cannot be tied to a deleted row, nor to one the user does not see."""
    account = org.make("Account", Name="Acme")
    hidden = org.post("sobjects/Contact", {"LastName": "A", "AccountId": account}, token="sandbox-regular")
    assert code(hidden) == (400, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY")
    org.delete(f"sobjects/Account/{account}")
    assert code(org.post("sobjects/Contact", {"LastName": "A", "AccountId": account}))[1] == "ENTITY_IS_DELETED"


def test_consent_records_belong_to_their_individual(org: Sandbox) -> None:
    """Consent rows need a party, and go with it; contacts only lose it (§6.2, §6.3)."""
    individual = org.make("Individual", LastName="A", HasOptedOutSolicit=True)
    contact = org.make("Contact", LastName="A", IndividualId=individual)
    org.make("ContactPointEmail", ParentId=individual, EmailAddress="a@b.example")
    consent = {"Name": "c", "ContactPointType": "Email", "PrivacyConsentStatus": "OptOut", "CaptureSource": "web"}
    dated = {**consent, "CaptureDate": "2026-01-01T00:00:00Z", "CaptureContactPointType": "Web"}
    assert code(org.post("sobjects/ContactPointTypeConsent", dated)) == (400, "REQUIRED_FIELD_MISSING")
    org.make("ContactPointTypeConsent", PartyId=individual, **dated)
    found = "SELECT Party.Name, PrivacyConsentStatus FROM ContactPointTypeConsent WHERE Party.HasOptedOutSolicit = true"
    assert org.rows(found)[0]["PrivacyConsentStatus"] == "OptOut"
    assert org.column("SELECT EmailDomain FROM ContactPointEmail") == ["b.example"]
    org.delete(f"sobjects/Individual/{individual}")
    assert org.column("SELECT Id FROM ContactPointTypeConsent") == org.column("SELECT Id FROM ContactPointEmail") == []
    assert org.rows("SELECT Id, IndividualId FROM Contact") == [{"Id": contact, "IndividualId": None}]


def test_closed_statuses_are_the_orgs_own(org: Sandbox) -> None:
    """A task is closed when this org says its status is: TaskStatus rows decide (§8)."""
    org.load({"kind": "TaskStatus", "ApiName": "Terminé", "MasterLabel": "Terminé", "IsClosed": True})
    org.make("Task", Status="Terminé")
    assert org.column("SELECT IsClosed FROM Task") == [True]


def test_lead_task_has_no_related_record(org: Sandbox) -> None:
    """WhatId cannot accompany a lead."""
    lead = org.make("Lead", LastName="A", Company="B")
    account = org.make("Account", Name="A")
    refused = org.post("sobjects/Task", {"WhoId": lead, "WhatId": account})
    assert code(refused) == (400, "FIELD_INTEGRITY_EXCEPTION")


def test_history_keeps_the_old_value(org: Sandbox) -> None:
    """Changing a tracked field writes the old value to history, a long one as changed only (§5)."""
    org.load({"kind": "_settings", "trackedFields": {"Contact": ["Email", "Title", "Description"]}})
    id = org.make("Contact", LastName="A", Email="a@b.example", Description="x" * 300, Title="Boss")
    org.patch(f"sobjects/Contact/{id}", {"Email": None, "Description": None, "Phone": "1"})
    rows = org.rows(f"SELECT Field, OldValue, NewValue FROM ContactHistory WHERE ContactId = '{id}' ORDER BY Field")
    assert rows == [
        {"Field": "Description", "OldValue": None, "NewValue": None},
        {"Field": "Email", "OldValue": "a@b.example", "NewValue": None},
    ]


def test_converted_lead_needs_its_permission(org: Sandbox) -> None:
    """A converted lead refuses updates without View and Edit Converted Leads; deleting it is possible (Traps 7)."""
    org.load({"kind": "Lead", "Id": "00Q000000000001EAA", "LastName": "A", "Company": "B", "IsConverted": True})
    lacking = "sandbox-lacks:EditConvertedLeads"
    refused = org.patch("sobjects/Lead/00Q000000000001EAA", {"Phone": None}, token=lacking)
    assert code(refused) == (400, "CANNOT_UPDATE_CONVERTED_LEAD")
    assert org.patch("sobjects/Lead/00Q000000000001EAA", {"Phone": None}).status_code == 204
    assert org.delete("sobjects/Lead/00Q000000000001EAA", token=lacking).status_code == 204


def test_validation_rule(org: Sandbox) -> None:
    """A validation rule of the org refuses a row by its values after the change."""
    rule = {"object": "Contact", "when": "Email = null AND Phone = null", "message": "Keep one", "fields": ["Email"]}
    id = org.make("Contact", LastName="A", Email="a@b.example")
    org.load({"kind": "_settings", "validationRules": [rule]})
    refused = org.patch(f"sobjects/Contact/{id}", {"Email": None})
    assert code(refused) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert refused.json()[0] == {
        "message": "Keep one",
        "errorCode": refused.json()[0]["errorCode"],
        "fields": ["Email"],
    }
    assert org.column("SELECT Email FROM Contact") == ["a@b.example"]


def test_campaign_members_copy_the_person(org: Sandbox) -> None:
    """A campaign member holds read-only copies of the contact's data, which stay when the contact changes (§5)."""
    contact = org.make("Contact", LastName="A", Email="a@b.example", MailingCity="Lyon")
    campaign = org.make("Campaign", Name="C")
    member = org.make("CampaignMember", CampaignId=campaign, ContactId=contact)
    org.patch(f"sobjects/Contact/{contact}", {"Email": None})
    assert org.rows("SELECT Email, City, LastName FROM CampaignMember") == [
        {"Email": "a@b.example", "City": "Lyon", "LastName": "A"}
    ]
    assert org.patch(f"sobjects/CampaignMember/{member}", {"Email": None}).status_code == 400
    assert org.post("sobjects/CampaignMember", {"CampaignId": campaign}).status_code == 400


def test_files_and_notes(org: Sandbox) -> None:
    """A note is a document with a version and a link to its owner; a version's bytes are served as they are."""
    contact = org.make("Contact", LastName="A")
    note = org.make("ContentNote", Title="t", Content="PHA+aGk8L3A+")
    org.make("ContentDocumentLink", ContentDocumentId=note, LinkedEntityId=contact, ShareType="V")
    twice = {"ContentDocumentId": note, "LinkedEntityId": contact, "ShareType": "V"}
    assert code(org.post("sobjects/ContentDocumentLink", twice)) == (400, "DUPLICATE_VALUE")
    links = f"SELECT LinkedEntityId FROM ContentDocumentLink WHERE ContentDocumentId = '{note}'"
    assert [id[:3] for id in org.column(links)] == ["005", "003"]
    assert org.get(f"sobjects/ContentNote/{note}/Content").content == b"<p>hi</p>"
    org.patch(f"sobjects/ContentNote/{note}", {"Content": "PHA+eW88L3A+"})
    versions = org.rows("SELECT Id, IsLatest, VersionNumber FROM ContentVersion ORDER BY VersionNumber")
    assert [(row["VersionNumber"], row["IsLatest"]) for row in versions] == [("1", False), ("2", True)]
    file = org.make("ContentVersion", PathOnClient="cv.pdf", VersionData="Y3Y=", FirstPublishLocationId=contact)
    assert org.get(f"sobjects/ContentVersion/{file}/VersionData").content == b"cv"
    document = org.get(f"sobjects/ContentVersion/{file}").json()["ContentDocumentId"]
    assert org.get(f"sobjects/ContentDocument/{document}").json()["Title"] == "cv.pdf"
    mine = org.column(f"SELECT ContentDocumentId FROM ContentDocumentLink WHERE LinkedEntityId = '{contact}'")
    assert mine == [note, document]


def test_person_accounts(org: Sandbox) -> None:
    """A person account and its contact show the same person; the contact is written through the account (§5)."""
    assert "IsPersonAccount" not in {each["name"] for each in org.get("sobjects/Account/describe").json()["fields"]}
    org.load({"kind": "_settings", "personAccounts": True})
    account = org.make("Account", LastName="Martin", FirstName="Léa", PersonEmail="lea@home.example")
    row = org.get(f"sobjects/Account/{account}").json()
    assert (row["Name"], row["IsPersonAccount"], row["PersonHasOptedOutOfEmail"]) == ("Léa Martin", True, False)
    contact = row["PersonContactId"]
    org.patch(f"sobjects/Account/{account}", {"PersonHasOptedOutOfEmail": True, "PersonEmail": "new@home.example"})
    shadow = org.get(f"sobjects/Contact/{contact}").json()
    assert (shadow["Email"], shadow["HasOptedOutOfEmail"], shadow["IsPersonAccount"]) == (
        "new@home.example",
        True,
        True,
    )
    assert shadow["AccountId"] == account
    for answer in (
        org.patch(f"sobjects/Contact/{contact}", {"Email": None}),
        org.delete(f"sobjects/Contact/{contact}"),
    ):
        assert code(answer) == (400, "INVALID_PERSON_ACCOUNT_OPERATION")
    org.delete(f"sobjects/Account/{account}")
    assert code(org.get(f"sobjects/Contact/{contact}")) == (404, "ENTITY_IS_DELETED")
    assert code(org.post("sobjects/Account", {"Phone": "1"})) == (400, "REQUIRED_FIELD_MISSING")
