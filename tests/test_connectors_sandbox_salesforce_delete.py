"""Deletion in the Salesforce sandbox: bin, cascades, restrictions, undelete, emptying (reference salesforce.md §5)."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
import requests

from tests.connectors_sandbox_salesforce import VERSION, Sandbox, code, sandbox


@pytest.fixture
def org() -> Iterator[Sandbox]:
    """A running sandbox."""
    with sandbox() as running:
        yield running


ENVELOPE = """<?xml version="1.0"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:partner.soap.sforce.com">
<soapenv:Header><urn:SessionHeader><urn:sessionId>{token}</urn:sessionId></urn:SessionHeader></soapenv:Header>
<soapenv:Body><urn:{name}>{ids}</urn:{name}></soapenv:Body></soapenv:Envelope>"""


def soap(org: Sandbox, name: str, *ids: str, token: str = "sandbox", version: str = VERSION) -> requests.Response:
    """One SOAP call with ids."""
    body = ENVELOPE.format(token=token, name=name, ids="".join(f"<urn:ids>{id}</urn:ids>" for id in ids))
    headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
    return org.call("POST", f"/services/Soap/u/{version}", token=None, data=body.encode(), headers=headers)


def outcomes(answer: requests.Response) -> list[str | None]:
    """For each result `true`, or its status code."""
    results = ElementTree.fromstring(answer.content).iter("{urn:partner.soap.sforce.com}result")
    name = "{urn:partner.soap.sforce.com}"
    return [each.findtext(f"{name}errors/{name}statusCode") or each.findtext(f"{name}success", "") for each in results]


def test_a_deleted_row_goes_to_the_bin_for_fifteen_days(org: Sandbox) -> None:
    """A deleted row is in queryAll with IsDeleted, still with its data, until its days in the bin are over."""
    org.at("2026-11-01T12:00:00+00:00")
    id = org.make("Contact", LastName="A", Email="a@b.example")
    assert org.delete(f"sobjects/Contact/{id}").status_code == 204
    assert org.column("SELECT Id FROM Contact") == []
    by_id = f"SELECT Email, IsDeleted FROM Contact WHERE Id = '{id}'"
    assert org.rows(by_id, "queryAll") == [{"Email": "a@b.example", "IsDeleted": True}]
    org.at("2026-11-16T11:59:59+00:00")
    assert len(org.rows(by_id, "queryAll")) == 1
    org.at("2026-11-16T12:00:00+00:00")
    assert org.rows(by_id, "queryAll") == org.rows("SELECT Id FROM Contact", "queryAll") == []
    assert code(org.get(f"sobjects/Contact/{id}")) == (404, "NOT_FOUND")


def test_an_account_takes_its_contacts_and_opportunities_along(org: Sandbox) -> None:
    """An account takes contacts, opportunities, orders and their children along; its cases only lose it (Traps 12)."""
    account = org.make("Account", Name="Acme")
    contact = org.make("Contact", LastName="A", AccountId=account)
    deal = org.make("Opportunity", Name="D", AccountId=account, StageName="Prospecting", CloseDate="2027-01-01")
    org.make("OpportunityContactRole", OpportunityId=deal, ContactId=contact)
    org.make("Order", AccountId=account, EffectiveDate="2026-01-01")
    case = org.make("Case", AccountId=account, ContactId=contact)
    org.delete(f"sobjects/Account/{account}")
    for kind in ("Account", "Contact", "Opportunity", "OpportunityContactRole", "Order"):
        assert org.column(f"SELECT Id FROM {kind}") == []
    assert org.rows("SELECT Id, AccountId, ContactId FROM Case") == [{"Id": case, "AccountId": None, "ContactId": None}]


def test_a_contact_leaves_its_tasks_cases_and_files(org: Sandbox) -> None:
    """References of tasks, cases and mails are emptied; memberships, roles, notes and links go; documents stay (§5)."""
    contact = org.make("Contact", LastName="A", Email="a@b.example")
    task = org.make("Task", WhoId=contact, Description="wrote to A")
    org.make("Case", ContactId=contact, SuppliedEmail="a@b.example")
    org.make("CampaignMember", CampaignId=org.make("Campaign", Name="C"), ContactId=contact)
    deal = org.make("Opportunity", Name="D", StageName="Prospecting", CloseDate="2027-01-01")
    org.make("OpportunityContactRole", OpportunityId=deal, ContactId=contact)
    org.make("Note", ParentId=contact, Title="t")
    mail = org.make("EmailMessage", Subject="s")
    org.make("EmailMessageRelation", EmailMessageId=mail, RelationId=contact, RelationType="ToAddress")
    note = org.make("ContentNote", Title="t", Content="PHA+")
    org.make("ContentDocumentLink", ContentDocumentId=note, LinkedEntityId=contact, ShareType="V")
    org.patch(f"sobjects/Contact/{contact}", {"Email": None})
    assert org.column("SELECT OldValue FROM ContactHistory") == ["a@b.example"]
    stamp = org.column("SELECT SystemModstamp FROM Task")[0]
    org.delete(f"sobjects/Contact/{contact}")
    assert org.rows("SELECT Id, WhoId, Description FROM Task") == [
        {"Id": task, "WhoId": None, "Description": "wrote to A"}
    ]
    assert org.column("SELECT SystemModstamp FROM Task")[0] > stamp
    assert org.rows("SELECT ContactId, SuppliedEmail FROM Case") == [
        {"ContactId": None, "SuppliedEmail": "a@b.example"}
    ]
    for kind in ("CampaignMember", "OpportunityContactRole", "Note", "ContactHistory"):
        assert org.column(f"SELECT Id FROM {kind}") == []
    assert org.rows("SELECT RelationId, RelationAddress FROM EmailMessageRelation")[0]["RelationId"] is None
    assert org.column("SELECT Id FROM Opportunity") == [deal]
    assert org.column("SELECT Id FROM ContentDocument") == org.column("SELECT Id FROM ContentNote") == [note]
    links = f"SELECT LinkedEntityId FROM ContentDocumentLink WHERE ContentDocumentId = '{note}'"
    assert [id[:3] for id in org.column(links)] == ["005"]


def test_a_document_takes_its_note_versions_and_links(org: Sandbox) -> None:
    """Deleting a ContentDocument deletes the note it is, its versions and every link to it."""
    contact = org.make("Contact", LastName="A")
    note = org.make("ContentNote", Title="t", Content="PHA+")
    org.make("ContentDocumentLink", ContentDocumentId=note, LinkedEntityId=contact, ShareType="V")
    assert org.delete(f"sobjects/ContentDocument/{note}").status_code == 204
    for kind in ("ContentDocument", "ContentNote", "ContentVersion"):
        assert org.column(f"SELECT Id FROM {kind}") == []
    assert org.column(f"SELECT Id FROM ContentDocumentLink WHERE LinkedEntityId = '{contact}'") == []


def test_restricted_children_refuse_the_deletion(org: Sandbox) -> None:
    """Where the org says so, a case keeps its contact from being deleted; describe says which references do."""
    org.load({"kind": "_settings", "restrictedDelete": ["Case.ContactId"]})
    contact = org.make("Contact", LastName="A")
    org.make("Case", ContactId=contact)
    relations = org.get("sobjects/Contact/describe").json()["childRelationships"]
    case = next(each for each in relations if each["childSObject"] == "Case")
    assert (case["field"], case["restrictedDelete"], case["cascadeDelete"]) == ("ContactId", True, False)
    assert code(org.delete(f"sobjects/Contact/{contact}")) == (400, "DELETE_FAILED")
    assert org.column("SELECT ContactId FROM Case") == [contact]


def test_an_activated_order_refuses_the_deletion(org: Sandbox) -> None:
    """An account with an activated order stays, and everything of it."""
    account = org.make("Account", Name="Acme")
    org.make("Contact", LastName="A", AccountId=account)
    order = org.make("Order", AccountId=account, EffectiveDate="2026-01-01")
    org.patch(f"sobjects/Order/{order}", {"Status": "Activated"})
    assert code(org.delete(f"sobjects/Account/{account}")) == (400, "DELETE_FAILED")
    assert org.column("SELECT LastName FROM Contact") == ["A"]


def test_users_cannot_be_deleted(org: Sandbox) -> None:
    """A user can be made inactive, never deleted (§9)."""
    user = org.column("SELECT Id FROM User WHERE Alias = 'remi'")[0]
    assert code(org.delete(f"sobjects/User/{user}")) == (400, "INVALID_TYPE_FOR_OPERATION")
    assert org.patch(f"sobjects/User/{user}", {"IsActive": False}).status_code == 204
    assert org.column("SELECT Alias FROM User WHERE IsActive = true") == ["ines", "rita"]


def test_undelete_brings_back_what_went_along(org: Sandbox) -> None:
    """undelete restores a row and its cascaded children, and only by the id that was deleted."""
    account = org.make("Account", Name="Acme")
    contact = org.make("Contact", LastName="A", AccountId=account)
    org.delete(f"sobjects/Account/{account}")
    unknown = "001000000000009AAA"
    assert outcomes(soap(org, "undelete", contact, unknown, "x")) == [
        "UNDELETE_FAILED",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
    ]
    assert outcomes(soap(org, "undelete", account[:15])) == ["true"]
    assert org.rows("SELECT Id, AccountId FROM Contact") == [{"Id": contact, "AccountId": account}]
    assert outcomes(soap(org, "undelete", account)) == ["UNDELETE_FAILED"]


def test_an_emptied_row_lingers_in_query_all_for_a_day(org: Sandbox) -> None:
    """emptyRecycleBin ends the way back; queryAll may show the rows for 24 hours more (§2.3)."""
    org.at("2026-11-24T12:00:00+00:00")
    account = org.make("Account", Name="Acme")
    org.make("Contact", LastName="A", AccountId=account)
    assert outcomes(soap(org, "emptyRecycleBin", account)) == ["INVALID_ID_FIELD"]
    org.delete(f"sobjects/Account/{account}")
    assert outcomes(soap(org, "emptyRecycleBin", account, token="sandbox-lacks:ModifyAllData")) == ["true"]
    assert outcomes(soap(org, "undelete", account)) == ["UNDELETE_FAILED"]
    assert org.column("SELECT LastName FROM Contact", "queryAll") == ["A"]
    org.at("2026-11-25T12:00:00+00:00")
    assert org.column("SELECT LastName FROM Contact", "queryAll") == []


def test_soap_refusals(org: Sandbox) -> None:
    """A bad session, a retired version, too many ids and unknown calls are faults, 500 in XML."""
    for answer, error in (
        (soap(org, "undelete", token="sandbox-expired"), "INVALID_SESSION_ID"),
        (soap(org, "undelete", version="29.0"), "UNSUPPORTED_API_VERSION"),
        (soap(org, "emptyRecycleBin", *["003000000000001AAA"] * 201), "EXCEEDED_ID_LIMIT"),
        (soap(org, "convertLead"), "INVALID_OPERATION"),
    ):
        assert (answer.status_code, f"<faultcode>sf:{error}</faultcode>" in answer.text) == (500, True)
    assert outcomes(soap(org, "undelete", "003000000000001AAA", token="sandbox-readonly")) == [
        "INSUFFICIENT_ACCESS_OR_READONLY"
    ]


def test_history_is_deleted_by_soap_with_its_permission(org: Sandbox) -> None:
    """REST refuses to delete history rows without Delete From Field History; SOAP delete takes them (§5)."""
    id = org.make("Contact", LastName="A", Email="a@b.example")
    org.patch(f"sobjects/Contact/{id}", {"Email": None})
    row = org.column("SELECT Id FROM ContactHistory")[0]
    assert outcomes(soap(org, "delete", row, token="sandbox-lacks:DeleteFieldHistory")) == [
        "INVALID_TYPE_FOR_OPERATION"
    ]
    assert outcomes(soap(org, "delete", row)) == ["true"]
    assert org.column("SELECT Id FROM ContactHistory") == []
