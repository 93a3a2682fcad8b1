"""RET-26: erased in three CRMs, and there again: what brought them back decides, and the ledger and `explain` say so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from cli import exits
from tests.workbench import Desk, Line, ago, desk, hubspot, pipedrive, salesforce, stamp

SF, SF_NEW = "003Sd0000000001IAA", "003Sd0000000002IAA"
MOBILE = "06 39 98 10 11"
EVERYWHERE = ("hubspot:contact:101", f"salesforce:Contact:{SF}", "pipedrive:person:1")


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """Somebody silent for years in all three CRMs."""
    with desk(tmp_path, capsys) as made:
        made.load(*somebody())
        yield made


def somebody() -> list[Line]:
    """One person, in another case and another phone format in each CRM."""
    return [
        hubspot("101", "jean.dupond@exemple.example", created=ago(months=50), phone=MOBILE),
        salesforce(SF, "Jean.DUPOND@Exemple.example", created=ago(months=48), MobilePhone="+33 (0)6 39 98 10 11"),
        pipedrive(1, "jean.dupond@EXEMPLE.example", created=ago(months=45), phones=("0033639981011",)),
    ]


def erased(at: Desk) -> None:
    """The run that erases them everywhere."""
    assert at.run("run")[0] == exits.OK
    assert not any(at.exists(ref) for ref in EVERYWHERE)


def outcomes(at: Desk) -> list[tuple[str, str, str]]:
    """Ref, rule and receipt of every outcome in the ledger."""
    bodies = [line["body"] for line in at.json("ledger", "show", "--last", "100") if line["kind"] == "outcome"]
    return [(body["ref"], body["rule"], body["receipt"]) for body in bodies]


def because(at: Desk, ref: str) -> list[tuple[str, str, str]]:
    """Rule, action and reason of what `explain` says of a record."""
    found = at.json("explain", ref)["findings"]
    return [(item["rule"], item["action"], item["because"]) for item in found]


def restricted(at: Desk, id: str) -> Any:
    """Our quarantine on a HubSpot contact."""
    path = f"/crm/v3/objects/contacts/{id}?properties=repoussoir_restricted"
    return at.call("hubspot", "GET", path)["properties"]["repoussoir_restricted"]


def test_ret_26_an_import_of_the_old_list_is_erased_again_at_the_next_run(at: Desk) -> None:
    """Imported today into two CRMs, with what they did back then: explain and the ledger name what brought them back."""
    erased(at)
    then = stamp(ago(months=50))
    at.load(
        hubspot("102", " Jean.Dupond@EXEMPLE.example", created=datetime.now(UTC), source="IMPORT",
                recent_conversion_date=then),
        salesforce(SF_NEW, "jean.dupond@exemple.example", created=datetime.now(UTC), LeadSource="Purchased list"),
    )  # fmt: skip
    at.run("plan")

    ((rule, action, why),) = because(at, "hubspot:contact:102")
    assert at.run("run")[0] == exits.OK

    assert (rule, action) == ("RET-26", "erase")
    assert why.startswith("erased on ")
    assert f"(RET-01) and brought back by IMPORT, as it was known by {ago(months=50):%Y-%m-%d}" in why
    assert not at.exists("hubspot:contact:102")
    assert not at.exists(f"salesforce:Contact:{SF_NEW}")
    assert ("hubspot:contact:102", "RET-26", "done") in outcomes(at)
    assert (f"salesforce:Contact:{SF_NEW}", "RET-26", "done") in outcomes(at)
    assert at.plan() == []


def test_ret_26_a_form_since_starts_a_new_clock_for_every_copy(at: Desk) -> None:
    """A form in HubSpot: that contact is kept, and the copies that came into the two other CRMs beside it."""
    erased(at)
    now = datetime.now(UTC)
    at.load(
        hubspot("102", "jean.dupond@exemple.example", created=now, recent_conversion_date=stamp(now)),
        salesforce(SF_NEW, "jean.dupond@exemple.example", created=now, LeadSource="Import"),
        pipedrive(2, "jean.dupond@exemple.example", created=now),
    )

    assert at.plan() == []
    assert at.run("run")[0] == exits.OK

    assert because(at, "hubspot:contact:102") == []
    assert because(at, f"salesforce:Contact:{SF_NEW}") == []
    assert at.exists("pipedrive:person:2")
    assert restricted(at, "102") in (None, "")


def test_ret_26_an_order_of_today_in_salesforce_starts_a_new_clock(at: Desk) -> None:
    """The order has a day and no hour, and the erasure was earlier that day."""
    erased(at)
    account, today = "001Sd0000000001IAA", f"{datetime.now(UTC):%Y-%m-%d}"
    at.load(
        {"crm": "salesforce", "kind": "Account", "Id": account, "Name": "Acme"},
        salesforce(SF_NEW, "jean.dupond@exemple.example", created=datetime.now(UTC)),
        {"crm": "salesforce", "kind": "Opportunity", "Id": "006Sd0000000001IAA", "AccountId": account, "Name": "Commande",
         "StageName": "Closed Won", "IsClosed": True, "IsWon": True, "CloseDate": today},
        {"crm": "salesforce", "kind": "OpportunityContactRole", "OpportunityId": "006Sd0000000001IAA",
         "ContactId": SF_NEW},
    )  # fmt: skip

    assert at.plan() == []
    assert because(at, f"salesforce:Contact:{SF_NEW}") == []


@pytest.mark.parametrize("source", ["CRM_UI", "INTEGRATION", "IMPORT"])
def test_ret_26_typed_in_or_brought_in_without_a_date_is_quarantined_and_reported(at: Desk, source: str) -> None:
    """Nothing says that the person did it, and nothing that the data is old: restricted once, named, never destroyed."""
    erased(at)
    at.load(hubspot("102", "jean.dupond@exemple.example", created=datetime.now(UTC), source=source))

    assert at.planned("hubspot:contact:102") == ["restrict"]
    assert at.run("run")[0] == exits.OK
    plan = at.json("plan")

    assert restricted(at, "102") == "true"
    assert plan["items"] == []
    assert [(item["ref"], item["rule"]) for item in plan["reports"]] == [("hubspot:contact:102", "RET-26")]
    assert ("hubspot:contact:102", "RET-26", "done") in outcomes(at)
    ((rule, action, why),) = because(at, "hubspot:contact:102")
    assert (rule, action) == ("RET-26", "report")
    assert f"back (origin: {source})" in why


def test_ret_26_the_finding_is_in_what_plan_and_explain_print(at: Desk) -> None:
    """For people: the rule, what was decided and why, and no address."""
    erased(at)
    at.load(hubspot("102", "jean.dupond@exemple.example", created=datetime.now(UTC), source="IMPORT"))
    at.run("plan")

    _, shown, _ = at.run("explain", "hubspot:contact:102")
    told = " ".join(shown.split())

    assert "RET-26" in told
    assert "dupond" not in told.lower()


def soap(at: Desk, name: str, id: str) -> str:
    """A call of the partner API, as Data Loader makes it."""
    envelope = (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns="urn:partner.soap.sforce.com"><soapenv:Header><SessionHeader><sessionId>sandbox</sessionId>'
        f"</SessionHeader></soapenv:Header><soapenv:Body><{name}><ids>{id}</ids></{name}></soapenv:Body>"
        "</soapenv:Envelope>"
    )
    request = Request(
        f"{at.world.urls['salesforce']}/services/Soap/u/66.0", data=envelope.encode(), method="POST",
        headers={"Content-Type": "text/xml", "SOAPAction": '""'},
    )  # fmt: skip
    with urlopen(request, timeout=30) as answer:
        text: str = answer.read().decode()
    return text


def test_ret_26_undeleted_from_the_salesforce_bin_is_erased_again(at: Desk) -> None:
    """The bin could not be emptied the first time; a user takes the contact out of it: same id, same dates."""
    (at.folder / "secrets" / "crm__salesforce__token").write_text("sandbox-lacks:BulkApiHardDelete")
    fault = [{"crm": "salesforce", "path": "/services/Soap", "times": None, "status": 500, "body": "<fault/>"}]
    at.call("salesforce", "POST", "/_sandbox/faults", fault)
    erased(at)
    at.call("salesforce", "DELETE", "/_sandbox/faults")
    assert "<success>true</success>" in soap(at, "undelete", SF)
    assert at.exists(f"salesforce:Contact:{SF}")
    at.run("plan")

    ((rule, action, why),) = because(at, f"salesforce:Contact:{SF}")
    assert at.run("run")[0] == exits.OK

    assert (rule, action) == ("RET-26", "erase")
    assert "brought back by a restore or a copy, as it was known by" in why
    assert not at.exists(f"salesforce:Contact:{SF}")


@pytest.mark.parametrize("crm", ["hubspot", "pipedrive"])
def test_ret_26_restored_in_the_users_interface_of_hubspot_or_pipedrive(at: Desk, crm: str) -> None:
    """Deleted by hand before the run, so that it was in the bin meanwhile; a user restores it, under its old id."""
    path = "/crm/v3/objects/contacts/101" if crm == "hubspot" else "/api/v2/persons/1"
    at.call(crm, "DELETE", path)
    erased(at)
    at.load(next(line for line in somebody() if line["crm"] == crm))
    ref = next(ref for ref in EVERYWHERE if ref.startswith(crm))
    at.run("plan")

    ((rule, action, _),) = because(at, ref)
    assert at.run("run")[0] == exits.OK

    assert (rule, action) == ("RET-26", "erase")
    assert not at.exists(ref)


def test_ret_26_a_household_that_shares_the_phone_is_left_alone(at: Desk) -> None:
    """A new contact with an address of their own and the phone of who was erased: reported, nothing written."""
    erased(at)
    at.load(hubspot("102", "marie.dupond@exemple.example", created=datetime.now(UTC), source="CRM_UI", phone=MOBILE))

    plan = at.json("plan")

    assert plan["items"] == []
    assert [(item["ref"], item["rule"]) for item in plan["reports"]] == [("hubspot:contact:102", "RET-26")]


def test_ret_26_a_record_that_was_held_back_all_along_did_not_come_back(at: Desk) -> None:
    """HubSpot refuses to erase: the contact stays, is asked for again by its own rule, and is quarantined by nobody."""
    fault = [{"crm": "hubspot", "path": "gdpr-delete", "times": None, "status": 400, "body": {"message": "no"}}]
    at.call("hubspot", "POST", "/_sandbox/faults", fault)
    at.run("run")
    at.call("hubspot", "DELETE", "/_sandbox/faults")

    assert at.exists("hubspot:contact:101")
    assert [(item["ref"], item["rule"]) for item in at.plan()] == [("hubspot:contact:101", "RET-01")]


def test_sup_07_who_objected_was_erased_and_returns_by_themselves_is_suppressed_and_nothing_else(at: Desk) -> None:
    """Unsubscribed in Pipedrive, erased, calls and is a contact in Salesforce, in capitals: kept, and not mailed."""
    at.call("pipedrive", "PATCH", "/api/v2/persons/1", {"marketing_status": "unsubscribed"})
    erased(at)
    now = datetime.now(UTC)
    at.load(
        salesforce(SF_NEW, "JEAN.DUPOND@Exemple.example", created=now, MobilePhone="0639981011"),
        {"crm": "salesforce", "kind": "Task", "WhoId": SF_NEW, "Subject": "Appel", "Status": "Completed",
         "IsClosed": True, "CallType": "Inbound", "TaskSubtype": "Call",
         "CreatedDate": f"{now:%Y-%m-%dT%H:%M:%S.000+0000}"},
    )  # fmt: skip

    assert at.planned(f"salesforce:Contact:{SF_NEW}") == ["suppress"]
    assert at.run("run")[0] == exits.OK

    row = at.call("salesforce", "GET", f"/services/data/v66.0/sobjects/Contact/{SF_NEW}")
    assert (row["HasOptedOutOfEmail"], row["DoNotCall"], row["RepoussoirRestricted__c"]) == (True, False, False)
    assert at.plan() == []
