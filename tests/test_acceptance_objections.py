"""An objection shown by any one CRM reaches the person in the two others, whatever the spelling, and outlives the record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import exits
from tests.workbench import Desk, desk, hubspot, pipedrive, salesforce

SF = "003Sd0000000001IAA"
SF_SAME_PHONE = "003Sd0000000002IAA"


@pytest.fixture
def at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """The same person in three CRMs: another case, another phone format, a secondary address; and a colleague by phone only."""
    with desk(tmp_path, capsys) as made:
        made.load(
            hubspot("101", "jean.dupond@exemple.example", phone="06 39 98 10 11"),
            salesforce(SF, "Jean.DUPOND@Exemple.example", MobilePhone="+33 (0)6 39 98 10 11"),
            pipedrive(1, "perso@webmail.example jean.dupond@EXEMPLE.example", phones=("0033639981011",)),
            salesforce(SF_SAME_PHONE, "collegue@exemple.example", MobilePhone="0639981011"),
        )
        yield made


def email_closed(at: Desk) -> dict[str, bool]:
    """Whether each CRM would still mail the person, as its own API says."""
    contact = at.call("hubspot", "GET", "/crm/v3/objects/contacts/101?properties=hs_email_optout")
    person = at.call("pipedrive", "GET", "/api/v2/persons/1?include_fields=marketing_status")["data"]
    return {
        "hubspot": contact["properties"]["hs_email_optout"] == "true",
        "salesforce": sf(at, SF)["HasOptedOutOfEmail"],
        "pipedrive": person["marketing_status"] == "unsubscribed",
    }


def sf(at: Desk, id: str) -> dict[str, bool]:
    """The flags of a Salesforce contact."""
    row: dict[str, bool] = at.call("salesforce", "GET", f"/services/data/v66.0/sobjects/Contact/{id}")
    return row


def object_in(at: Desk, crm: str) -> None:
    """The person opts out of e-mail through the vendor's own API."""
    if crm == "hubspot":
        path = "/communication-preferences/v4/statuses/jean.dupond@exemple.example/unsubscribe-all?channel=EMAIL"
        at.call(crm, "POST", path)
    elif crm == "salesforce":
        at.call(crm, "PATCH", f"/services/data/v66.0/sobjects/Contact/{SF}", {"HasOptedOutOfEmail": True})
    else:
        at.call(crm, "PATCH", "/api/v2/persons/1", {"marketing_status": "unsubscribed"})


@pytest.mark.parametrize("crm", ["hubspot", "salesforce", "pipedrive"])
def test_sup_07_an_opt_out_in_one_crm_is_set_in_the_two_others(at: Desk, crm: str) -> None:
    """After one run every CRM has it; the colleague who only shares the phone is untouched; a second run does nothing."""
    object_in(at, crm)

    assert at.run("run")[0] == exits.OK
    assert email_closed(at) == {"hubspot": True, "salesforce": True, "pipedrive": True}
    assert sf(at, SF_SAME_PHONE)["HasOptedOutOfEmail"] is False
    assert at.plan() == []


def test_sup_07_do_not_call_reaches_the_phone_in_every_spelling(at: Desk) -> None:
    """An objection to calls is set on every record with that number, and closes no e-mail."""
    at.call("salesforce", "PATCH", f"/services/data/v66.0/sobjects/Contact/{SF}", {"DoNotCall": True})

    at.run("run")

    contact = at.call("hubspot", "GET", "/crm/v3/objects/contacts/101?properties=repoussoir_no_telephone")
    assert contact["properties"]["repoussoir_no_telephone"] == "true"
    assert sf(at, SF_SAME_PHONE)["DoNotCall"] is True
    assert email_closed(at) == {"hubspot": False, "salesforce": False, "pipedrive": False}


def test_r_s3_1_an_objection_survives_erasure_and_re_creation(at: Desk) -> None:
    """The records are deleted; whoever imports the person again finds them opted out after the next run."""
    object_in(at, "salesforce")
    at.run("run")
    at.call("hubspot", "POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": "101"})
    at.call("salesforce", "DELETE", f"/services/data/v66.0/sobjects/Contact/{SF}")
    at.call("pipedrive", "DELETE", "/api/v2/persons/1")
    at.run("run")

    at.load(salesforce("003Sd0000000009IAA", " JEAN.DUPOND@exemple.example "))
    at.run("run")

    assert sf(at, "003Sd0000000009IAA")["HasOptedOutOfEmail"] is True


def test_sup_03_the_list_takes_identifiers_from_a_file_and_shows_none(at: Desk, tmp_path: Path) -> None:
    """`suppress` reads a file, answers by line number, and lifts only with proof."""
    listed = tmp_path / "objections.txt"
    listed.write_text("Jean.Dupond@exemple.example\n")

    _, added, _ = at.run("suppress", "import", str(listed))
    found = at.json("suppress", "check", str(listed))
    at.run("run")
    closed = email_closed(at)

    assert "2 entries added" in added
    assert "dupond" not in added.lower()
    assert found == [{"line": 1, "channels": ["email", "telephone"]}]
    assert closed == {"hubspot": True, "salesforce": True, "pipedrive": True}


def test_sup_11_a_proven_later_opt_in_lifts_and_is_not_pushed_again(at: Desk, tmp_path: Path) -> None:
    """After `lift` nothing of the person is on the list, and our own flags are no objection of theirs.

    The number, which a colleague has too, goes only because it was typed.
    """
    listed = tmp_path / "objections.txt"
    listed.write_text("jean.dupond@exemple.example\n")
    at.run("suppress", "import", str(listed))
    at.run("run")
    listed.write_text("jean.dupond@exemple.example\n06 39 98 10 11\n")

    code, out, _ = at.run(
        "suppress", "lift", str(listed), "--channel", "all", "--evidence", "form 12", "--by", "Claire"
    )

    assert code == exits.OK
    assert "entries lifted" in out
    assert {"hubspot:contact:101", f"salesforce:Contact:{SF}", "pipedrive:person:1"} <= set(out.split())
    assert at.json("suppress", "count") == []
    assert at.plan() == []
    assert at.run("run")[0] == exits.OK
    assert at.json("suppress", "count") == []
