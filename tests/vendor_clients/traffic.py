"""A full run on the command line against the three servers, with every request and every answer on record."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cli import exits
from connectors.sandbox import world
from connectors.sandbox.control import PREFIX
from connectors.sandbox.salesforce.ids import make
from connectors.sandbox.wire import Request, Response
from tests.workbench import Desk, Line, ago, desk, hubspot, pipedrive, salesforce, stamp

PEOPLE, SEED = 200, 1
LONG_AGO = ago(months=60)
CONFIG = """\
controller = "Acme SAS"
extends = "fr_prospection_b2b"

[sensitive]
banned_options = ["halal", "casher"]

[retention.rules.prospects]
outcome = "{outcome}"

[brakes]
first_run = false
max_share = 1.0

[crm.hubspot]
connector = "hubspot"
base_url = "{hubspot}"
cascade = ["notes", "activities", "emails", "files"]

[crm.salesforce]
connector = "salesforce"
base_url = "{salesforce}"
imported = ["Import"]
cascade = ["notes", "activities", "emails", "files", "campaign_members"]

[crm.pipedrive]
connector = "pipedrive"
base_url = "{pipedrive}"
burst = 100
cascade = ["notes", "activities", "emails", "files"]

[crm.pipedrive.imported]
field = "Record source"
values = ["Import"]
"""


class Exchange(NamedTuple):
    """One request to a CRM and what it answered."""

    crm: str
    request: Request
    response: Response

    @property
    def call(self) -> str:
        """The method and the path."""
        return f"{self.request.method} {self.request.path}"


class _Said(NamedTuple):
    """What a command printed."""

    out: str = ""
    err: str = ""


class _Unheard:
    """Stands in for pytest's capture, which lives no longer than one test; what is printed is of no interest here."""

    readouterr = _Said


@contextmanager
def recorded() -> Iterator[list[Exchange]]:
    """The exchanges of the servers that run meanwhile, as they come."""
    exchanges: list[Exchange] = []
    answer = world.Site.answer

    def recording(site: world.Site, request: Request) -> Response:
        response = answer(site, request)
        if not request.path.startswith(PREFIX):
            exchanges.append(Exchange(site.app.name, request, response))
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.Site, "answer", recording)
        yield exchanges


def full_run(folder: Path) -> list[Exchange]:
    """Plans, applies, runs and reports over seeded people and some with children; then runs to anonymise, then to bin."""
    plan = str(folder / "plan.jsonl")
    with pytest.MonkeyPatch.context() as patch, recorded() as exchanges:
        for name in [name for name in os.environ if name.startswith("REPOUSSOIR_")]:
            patch.delenv(name)
        with desk(folder, _Unheard(), declare=False) as at:
            at.world.seed(PEOPLE, SEED)
            for crm in at.world.urls:  # a full window would cost seconds of waiting each time
                at.world.app(crm).limits = False
            at.load({"crm": "salesforce", "kind": "_settings", "bulkPolls": 0}, *_families())
            _configure(at, "erase")
            _type(at, "init", "--declare")
            _type(at, "plan", "--out", plan)
            _type(at, "apply", plan, "--approve-as", "Claire")
            _type(at, "run")
            _type(at, "report", "--out", str(folder / "report.html"))
            for number, outcome in enumerate(("anonymise", "bin"), 9002):
                at.load(*_alone(number))
                _configure(at, outcome)
                _type(at, "run")
    return exchanges


def _configure(at: Desk, outcome: str) -> None:
    at.config.write_text(CONFIG.format(outcome=outcome, **at.world.urls))


def _type(at: Desk, *words: str) -> None:
    code = at.run(*words)[0]
    assert code == exits.OK, f"{words[0]}: exit code {code}"


def _alone(number: int, **of_pipedrive: Any) -> Iterator[Line]:
    """Somebody overdue in each CRM."""
    yield hubspot(str(number), f"hub{number}@alone.example", created=LONG_AGO)
    yield salesforce(make("003", number), f"force{number}@alone.example", created=LONG_AGO)
    yield pipedrive(number, f"pipe{number}@alone.example", created=LONG_AGO, **of_pipedrive)


def _families(number: int = 9001) -> Iterator[Line]:
    """Somebody overdue in each CRM, with children of each kind of their own, and some that belong to others too."""
    yield from _alone(number, picture_id=3)
    yield from _of_hubspot({"to": "contacts", "id": str(number)})
    yield from _of_salesforce(make("003", number), number)
    yield from _of_pipedrive(number)


def _of_hubspot(contact: Line) -> Iterator[Line]:
    company = {"to": "companies", "id": "9001"}
    yield {"crm": "hubspot", "kind": "companies", "id": "9001", "properties": {"name": "Acme"}}
    for number, kind in enumerate(("notes", "calls", "tasks", "meetings", "emails"), 9001):
        told = {"hs_timestamp": stamp(LONG_AGO), "hs_attachment_ids": "77"} if kind == "notes" else {}
        yield _child(kind, number, told, contact)
    yield _child("notes", 9010, {}, contact, company)


def _child(kind: str, number: int, properties: Line, *ends: Line) -> Line:
    values = {"hs_timestamp": stamp(LONG_AGO), **properties}
    return {"crm": "hubspot", "kind": kind, "id": str(number), "properties": values, "associations": [*ends]}


def _of_salesforce(contact: str, number: int) -> Iterator[Line]:
    account, campaign, mail, file = (make(prefix, number) for prefix in ("001", "701", "02s", "069"))
    note = make("069", number + 1)
    rows: list[tuple[str, Line]] = [
        ("Account", {"Id": account, "Name": "Acme"}),
        ("Campaign", {"Id": campaign, "Name": "Spring"}),
        ("CampaignMember", {"CampaignId": campaign, "ContactId": contact}),
        ("Task", {"WhoId": contact, "Subject": "Call"}),
        ("Task", {"WhoId": contact, "WhatId": account, "Subject": "Call"}),
        ("Event", {"WhoId": contact, "Subject": "Fair"}),
        ("EmailMessage", {"Id": mail, "Incoming": False, "MessageDate": stamp(LONG_AGO)}),
        ("EmailMessageRelation", {"EmailMessageId": mail, "RelationId": contact, "RelationType": "ToAddress"}),
        ("Note", {"ParentId": contact, "Title": "n"}),
        ("Attachment", {"ParentId": contact, "Name": "a", "Body": "AA=="}),
        ("ContentVersion", {"ContentDocumentId": file, "Title": "f", "PathOnClient": "f.pdf", "VersionData": "AA=="}),
        ("ContentDocumentLink", {"ContentDocumentId": file, "LinkedEntityId": contact, "ShareType": "V"}),
        ("ContentNote", {"Id": note, "Title": "n", "Content": "AA=="}),
        ("ContentDocumentLink", {"ContentDocumentId": note, "LinkedEntityId": contact, "ShareType": "V"}),
    ]
    for kind, values in rows:
        yield {"crm": "salesforce", "kind": kind, **values}


def _of_pipedrive(person: int) -> Iterator[Line]:
    sides = {
        "from": [{"email_address": "sales@acme.example"}],
        "to": [{"email_address": f"pipe{person}@alone.example"}],
    }
    mail = {"id": 9001, "mail_thread_id": 9001, "message_time": stamp(LONG_AGO), **sides}
    rows: list[tuple[str, Line]] = [
        ("organizations", {"id": 9001, "name": "Acme"}),
        ("notes", {"id": 9001, "person_id": person, "content": "x"}),
        ("notes", {"id": 9002, "person_id": person, "org_id": 9001, "content": "x"}),
        ("comments", {"note_id": 9001, "content": "y"}),
        ("activities", {"id": 9001, "subject": "a", "person_id": person}),
        ("activities", {"id": 9002, "subject": "b", "person_id": person, "org_id": 9001}),
        ("files", {"id": 9001, "person_id": person}),
        ("leads", {"title": "Lead", "person_id": person, "is_archived": True, "add_time": stamp(LONG_AGO)}),
        ("mailMessages", mail),
    ]
    for kind, values in rows:
        yield {"crm": "pipedrive", "kind": kind, **values}
