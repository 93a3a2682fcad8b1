"""Who is erased and who is kept, over three CRMs and from configuration to read-back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli import exits
from tests.workbench import Desk, ago, desk, hubspot, pipedrive, salesforce, stamp

SF = "003Sd0000000001IAA"


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """An empty desk."""
    with desk(tmp_path, capsys) as made:
        yield made


def clicked(id: str, email: str, at: datetime) -> dict[str, object]:
    """A contact collected long ago that clicked a link at a moment."""
    return hubspot(id, email, created=ago(months=60), hs_email_last_click_date=stamp(at))


def test_ret_21_thirty_six_months_is_kept_and_a_day_more_is_erased(at: Desk) -> None:
    """The boundary, in all three CRMs."""
    at.load(
        clicked("101", "kept@a.example", ago(months=36)),
        clicked("102", "gone@b.example", ago(months=36, days=1)),
        pipedrive(1, "kept@c.example", created=ago(months=36)),
        pipedrive(2, "gone@d.example", created=ago(months=36, days=1)),
        salesforce(SF, "kept@e.example", created=ago(months=36)),
        salesforce("00QSd0000000001MAA", "gone@f.example", created=ago(months=36, days=1), kind="Lead"),
    )

    assert at.run("run")[0] == exits.OK
    assert {ref: at.exists(ref) for ref in REFS} == dict(
        zip(REFS, [True, False, True, False, True, False], strict=True)
    )
    assert at.json("ledger", "verify")["intents_without_outcome"] == 0


REFS = (
    "hubspot:contact:101",
    "hubspot:contact:102",
    "pipedrive:person:1",
    "pipedrive:person:2",
    f"salesforce:Contact:{SF}",
    "salesforce:Lead:00QSd0000000001MAA",
)


def test_ret_24_a_hold_on_one_record_keeps_the_person_and_is_named(at: Desk) -> None:
    """The hold names the HubSpot record; the Pipedrive one of the same person is kept too, and both say why."""
    at.load(clicked("101", "held@a.example", ago(months=48)), pipedrive(1, "Held@A.example", created=ago(months=48)))
    at.run("hold", "add", "hubspot:contact:101", "--reason", "litigation", "--author", "Legal")

    at.run("run")
    reports = at.json("plan")["reports"]

    assert at.exists("hubspot:contact:101")
    assert at.exists("pipedrive:person:1")
    assert {item["ref"]: item["blocked"] for item in reports} == {
        "hubspot:contact:101": "legal hold H-1 (RET-24)",
        "pipedrive:person:1": "legal hold H-1 (RET-24)",
    }
    at.run("hold", "release", "H-1", "--by", "Legal")
    at.run("run")
    assert not at.exists("hubspot:contact:101")


def test_ret_20_our_own_activity_and_edits_keep_nobody(at: Desk) -> None:
    """Mails sent and opened, calls made, notes and an edit of yesterday do not restart the clock."""
    yesterday = ago(days=1)
    busy = {
        "notes_last_contacted": stamp(yesterday),
        "hs_email_last_open_date": stamp(yesterday),
        "hs_email_last_send_date": stamp(yesterday),
        "lastmodifieddate": stamp(yesterday),
    }
    at.load(
        hubspot("101", "silent@a.example", created=ago(months=40), **busy),
        salesforce(SF, "silent@b.example", created=ago(months=40), LastActivityDate=f"{yesterday:%Y-%m-%d}"),
        {
            "crm": "salesforce", "kind": "Task", "WhoId": SF, "Subject": "Appel", "Status": "Completed", "IsClosed": True,
            "CallType": "Outbound", "TaskSubtype": "Call", "CreatedDate": f"{yesterday:%Y-%m-%dT12:00:00.000+0000}",
        },
    )  # fmt: skip

    at.run("run")

    assert not at.exists("hubspot:contact:101")
    assert not at.exists(f"salesforce:Contact:{SF}")


def test_ret_22_an_imported_record_without_a_date_is_quarantined_not_erased(at: Desk) -> None:
    """Imported long ago, no contact ever: restricted and reported, and the next plan is empty."""
    at.load(hubspot("101", "imported@a.example", created=ago(months=90), source="IMPORT"))

    at.run("run")
    contact = at.call("hubspot", "GET", "/crm/v3/objects/contacts/101?properties=repoussoir_restricted")
    plan = at.json("plan")

    assert contact["properties"]["repoussoir_restricted"] == "true"
    assert plan["items"] == []
    assert [item["rule"] for item in plan["reports"]] == ["RET-22"]


def test_the_clock_is_the_persons_an_order_in_one_crm_keeps_the_record_in_another(at: Desk) -> None:
    """Silent in HubSpot for years, ordered through Salesforce last month: kept in both."""
    at.load(
        hubspot("101", "client@a.example", created=ago(months=60)),
        salesforce(SF, "CLIENT@a.example", created=ago(months=60)),
        {"crm": "salesforce", "kind": "Account", "Id": "001Sd0000000001IAA", "Name": "Acme"},
        {
            "crm": "salesforce", "kind": "Opportunity", "Id": "006Sd0000000001IAA", "AccountId": "001Sd0000000001IAA",
            "Name": "Commande", "StageName": "Closed Won", "IsClosed": True, "IsWon": True,
            "CloseDate": f"{ago(months=1):%Y-%m-%d}",
        },
        {"crm": "salesforce", "kind": "OpportunityContactRole", "OpportunityId": "006Sd0000000001IAA", "ContactId": SF},
    )  # fmt: skip

    at.run("run")

    assert at.exists("hubspot:contact:101")
    assert at.exists(f"salesforce:Contact:{SF}")
    explained = at.json("explain", "hubspot:contact:101")
    assert explained["last_contact_source"] == f"won_deal on salesforce:Contact:{SF}"
    assert explained["audience"] == "customer"
    assert [item["rule"] for item in explained["retention"] if item["governs"]] == ["customers"]


def test_an_order_under_a_generic_mailbox_keeps_a_one_man_business_in_every_crm(at: Desk) -> None:
    """contact@ is all there is: silent in HubSpot, ordered through Salesforce; `explain` names the record that keeps it."""
    at.load(
        hubspot("101", "contact@plomberie.example", created=ago(months=60)),
        salesforce(SF, "Contact@plomberie.example", created=ago(months=60)),
        {"crm": "salesforce", "kind": "Account", "Id": "001Sd0000000001IAA", "Name": "Plomberie"},
        {
            "crm": "salesforce", "kind": "Opportunity", "Id": "006Sd0000000001IAA", "AccountId": "001Sd0000000001IAA",
            "Name": "Commande", "StageName": "Closed Won", "IsClosed": True, "IsWon": True,
            "CloseDate": f"{ago(months=1):%Y-%m-%d}",
        },
        {"crm": "salesforce", "kind": "OpportunityContactRole", "OpportunityId": "006Sd0000000001IAA", "ContactId": SF},
    )  # fmt: skip

    at.run("run")
    explained = at.json("explain", "hubspot:contact:101")

    assert at.exists("hubspot:contact:101")
    assert explained["last_contact_source"] == f"won_deal on salesforce:Contact:{SF}"
    assert (explained["linked"], explained["shared_key"]) == ([], True)


def test_a_switchboard_number_neither_keeps_nor_condemns(at: Desk) -> None:
    """Seven records share a number and nobody was in contact; the overdue one goes, the others are untouched."""
    at.load(
        hubspot("100", "overdue@a.example", created=ago(months=50), phone="01 99 00 12 34"),
        *(hubspot(str(100 + n), f"colleague{n}@a.example", phone="+33 1 99 00 12 34") for n in range(1, 7)),
    )

    at.run("run")

    assert [at.exists(f"hubspot:contact:{100 + n}") for n in range(7)] == [False] + [True] * 6


def test_if_one_scan_is_cut_nothing_is_erased_anywhere_and_objections_still_go_out(at: Desk) -> None:
    """Salesforce breaks off while it is read: HubSpot's overdue contact stays, Pipedrive's objection reaches HubSpot."""
    at.load(
        hubspot("101", "overdue@a.example", created=ago(months=50)),
        hubspot("102", "objector@a.example"),
        pipedrive(1, "objector@a.example", marketing_status="unsubscribed"),
        salesforce(SF, "other@a.example"),
    )
    fault = [{"crm": "salesforce", "path": "/query", "times": None, "cut": "before"}]
    at.call("hubspot", "POST", "/_sandbox/faults", fault)

    code, out, _ = at.run("run")

    contact = at.call("hubspot", "GET", "/crm/v3/objects/contacts/102?properties=hs_email_optout")
    assert code == exits.INCOMPLETE
    assert "salesforce" in out
    assert at.exists("hubspot:contact:101")
    assert contact["properties"]["hs_email_optout"] == "true"

    at.call("hubspot", "DELETE", "/_sandbox/faults")
    assert at.run("run")[0] == exits.OK
    assert not at.exists("hubspot:contact:101")


def test_a_record_that_changed_since_the_plan_is_left_alone(at: Desk) -> None:
    """Edited, put on hold, or replied elsewhere: each is left alone, the fourth is erased."""
    at.load(
        hubspot("101", "edited@a.example", created=ago(months=50)),
        hubspot("102", "held@a.example", created=ago(months=50)),
        hubspot("103", "replied@a.example", created=ago(months=50)),
        pipedrive(3, "replied@a.example", created=ago(months=50)),
        hubspot("104", "gone@a.example", created=ago(months=50)),
    )
    digest = at.json("plan")["digest"]
    at.call("hubspot", "PATCH", "/crm/v3/objects/contacts/101", {"properties": {"firstname": "Jeanne"}})
    at.run("hold", "add", "hubspot:contact:102", "--reason", "litigation", "--author", "Legal")
    at.load(
        {"crm": "pipedrive", "kind": "activities", "subject": "Formulaire", "type": "form", "done": True,
         "due_date": f"{datetime.now(UTC):%Y-%m-%d}", "marked_as_done_time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
         "add_time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "person_id": 3,
         "participants": [{"person_id": 3, "primary": True}]}
    )  # fmt: skip

    at.run("apply", digest[:12])

    assert [at.exists(f"hubspot:contact:{id}") for id in (101, 102, 103, 104)] == [True, True, True, False]
    assert at.exists("pipedrive:person:3")
