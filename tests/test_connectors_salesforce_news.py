"""What the person does after the judgement is never taken for a child of theirs, and nothing is repeated unseen (Traps 12)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.salesforce.options import CASCADE
from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.wire import Request, Response
from connectors.sandbox.world import Sandbox
from core.actions import Action, Bin, Erase
from core.connector import Changed, Done, Gone, Refused
from tests.connectors_salesforce import (
    ACME,
    ANN,
    BOB,
    DEAL,
    MADE,
    Line,
    command,
    connect,
    contact,
    do,
    fault,
    live,
    load,
    meanwhile,
    ref,
    row,
    rows,
    stored,
)

ALL = Erase(CASCADE)
TASK, MAIL = id_of("00T", 1), id_of("02s", 1)
NOW = datetime.now(UTC).isoformat(timespec="milliseconds")
LOCKED = {"statusCode": "UNABLE_TO_LOCK_ROW", "message": "", "fields": []}
DEALT: Line = (
    "Opportunity",
    {"Id": DEAL, "Name": "d", "StageName": "Prospecting", "CloseDate": "2027-01-01", "AccountId": ACME},
)


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox(vendors=[SandboxOrg]) as running:
        yield running


@pytest.fixture
def org(world: Sandbox) -> Sandbox:
    world.reset()
    load(world, ("Account", {"Id": ACME, "Name": "Acme"}), contact(), contact(BOB))
    load(world, ("Task", {"Id": TASK, "WhoId": ANN, "Subject": "x"}))
    return world


def mail(sent: str = NOW) -> tuple[Line, Line]:
    """A mail of ANN that has come in just now, whenever it was sent."""
    relation = {"EmailMessageId": MAIL, "RelationId": ANN, "RelationType": "FromAddress"}
    return ("EmailMessage", {"Id": MAIL, "Incoming": True, "MessageDate": sent}), ("EmailMessageRelation", relation)


@pytest.mark.parametrize("action", [ALL, Erase(), Bin()])
@pytest.mark.parametrize("sent", [NOW, MADE], ids=["now", "long ago"])
def test_a_mail_between_the_judgement_and_the_first_look_saves_the_person(
    org: Sandbox, action: Action, sent: str
) -> None:
    """§2.3: a mail does not move the contact's SystemModstamp; what came in the last minutes is judged first."""
    crm = connect(org)
    order = command(crm, action)
    load(org, *mail(sent))
    assert list(crm.apply([order])) == [Changed()]
    assert live(org, "Contact", ANN)
    assert live(org, "Task", TASK)
    assert live(org, "EmailMessage", MAIL)


@pytest.mark.parametrize(
    "query", ["FROM ContentDocumentLink", "FROM Task", "FROM EmailMessageRelation", "FROM Contact"]
)
def test_a_mail_while_children_are_listed_is_not_taken_for_one(
    org: Sandbox, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    """Listed first, looked at next, and only what was listed is taken."""
    crm = connect(org)
    order = command(crm, ALL)
    meanwhile(org, monkeypatch, "GET", query, *mail())
    assert list(crm.apply([order])) == [Changed()]
    assert live(org, "Contact", ANN)
    assert live(org, "EmailMessage", MAIL)


class Waiting(list[float]):
    """Waits, in each of which somebody puts the task on a deal."""

    def __init__(self, org: Sandbox) -> None:
        super().__init__()
        self._org = org

    def append(self, nap: float) -> None:
        load(self._org, ("Task", {"Id": TASK, "WhoId": ANN, "WhatId": DEAL, "Subject": "x"}))


@pytest.mark.parametrize(
    "fails", [{"status": 503, "body": ""}, {"status": 200, "body": [{"success": False, "errors": [LOCKED]}]}]
)
def test_a_child_that_becomes_shared_before_its_deletion_is_repeated_stays(org: Sandbox, fails: dict[str, Any]) -> None:
    """ADR 0007: looked at again before the same is sent again; it belongs to a deal by then."""
    load(org, DEALT)
    crm = connect(org, naps=Waiting(org))
    order = command(crm, ALL)
    fault(org, method="DELETE", path="composite/sobjects", times=1, **fails)
    list(crm.apply([order]))
    assert live(org, "Task", TASK)


@pytest.mark.parametrize("cut", ["before", "after"])
def test_an_unlinking_that_was_not_answered_is_looked_at(org: Sandbox, cut: str) -> None:
    """The same for the link to a shared child."""
    load(org, DEALT, ("Task", {"Id": TASK, "WhoId": ANN, "WhatId": DEAL, "Subject": "x"}))
    fault(org, method="PATCH", path="composite/sobjects", cut=cut)
    assert do(connect(org), ALL) == Done(remains="the text of a shared Task")
    assert stored(org, TASK, "Task").get("WhoId") is None


def test_children_that_the_vendor_does_not_let_go_keep_the_record(org: Sandbox) -> None:
    """A refusal of the whole call is a receipt, as others of the batch may have lost children already."""
    fault(org, method="DELETE", status=403, body=[{"errorCode": "API_DISABLED_FOR_ORG"}], times=None)
    assert do(connect(org), ALL) == Refused("Task: the vendor did not take the call")
    assert live(org, "Task", TASK)


def test_links_that_were_taken_are_told_when_the_record_stays(org: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contract: `taken` says what is not as it was; counts and kinds only."""
    load(org, DEALT, ("Task", {"Id": TASK, "WhoId": ANN, "WhatId": DEAL, "Subject": "x"}))
    crm = connect(org)
    order = command(crm, ALL)
    meanwhile(org, monkeypatch, "PATCH", "composite/sobjects$", *mail())
    assert list(crm.apply([order])) == [Changed("unlinked: 1 Task")]


def test_children_of_a_record_that_stays_can_be_restored(org: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bin is emptied of what belongs to the erased, not of what belongs to others of the batch."""
    load(org, ("Task", {"Id": id_of("00T", 2), "WhoId": BOB, "Subject": "y"}))
    crm = connect(org)
    batch = [command(crm, ALL, ref(id)) for id in (ANN, BOB)]
    meanwhile(org, monkeypatch, "DELETE", "composite/sobjects$", *mail())
    assert list(crm.apply(batch)) == [Changed("already removed: 1 Task (recycle bin, 15 days)"), Done()]
    assert [each["Id"] for each in rows(org, "Task")] == [TASK]
    assert "_emptied" not in stored(org, TASK, "Task")


@pytest.mark.parametrize("action", [Erase(), Bin()])
def test_one_merged_away_right_before_its_deletion_is_gone(
    org: Sandbox, monkeypatch: pytest.MonkeyPatch, action: Action
) -> None:
    """§5 Merge: that the record is not there is not our doing, and the person lives on in the winner."""
    crm = connect(org)
    order = command(crm, action)
    loser = contact(IsDeleted=True, MasterRecordId=BOB, SystemModstamp=NOW)
    meanwhile(org, monkeypatch, "POST", "composite/batch", loser)
    assert list(crm.apply([order])) == [Gone()]
    assert "_emptied" not in (row(org, "Contact", ANN) or {"_emptied": ""})


def test_a_record_whose_deletion_is_refused_after_its_children_is_told_and_finished(org: Sandbox) -> None:
    """A refusal after the children is a receipt; asked once more, what lies in the bin by then is purged as well."""
    load(org, ("Note", {"ParentId": ANN, "Title": "n"}))
    crm = connect(org)
    batch = [command(crm, ALL, ref(id)) for id in (ANN, BOB)]
    refusal = [{"errorCode": "API_DISABLED_FOR_ORG", "message": "x"}]
    fault(org, method="DELETE", path="composite/sobjects$", status=403, body=refusal, skip=1, times=1)
    why = "the vendor does not allow the deletion"
    removed = "already removed: 1 Note, 1 Task (recycle bin, 15 days)"
    assert list(crm.apply(batch)) == [Refused(f"{why}; {removed}"), Refused(why)]
    assert list(crm.apply([command(crm, ALL, ref(id)) for id in (ANN, BOB)])) == [Done(), Done()]
    assert rows(org, "Note") == rows(org, "Task") == []


def test_without_its_cascade_what_stays_is_said(org: Sandbox) -> None:
    """§5: lookups are emptied, texts stay, and nothing leads to them any more."""
    sent = ("EmailMessage", {"Id": MAIL}), ("EmailMessageRelation", {"EmailMessageId": MAIL, "RelationId": ANN})
    load(org, *sent, ("Task", {"WhoId": ANN, "Subject": "y", "IsArchived": True}))
    assert do(connect(org), Erase()) == Done(remains="the text of 1 EmailMessage; the text of 2 Task")


@pytest.mark.parametrize("action", [Erase(), Bin()])
def test_one_merged_away_while_its_deletion_is_not_answered_is_gone(org: Sandbox, action: Action) -> None:
    """§5 Merge: a lost answer and an absent record are no proof that the deletion was ours."""
    crm = connect(org)
    order = command(crm, action)
    fault(org, method="DELETE", path="composite/sobjects$", cut="before")
    with pytest.MonkeyPatch.context() as patch:
        app = org.app("salesforce")
        real = app.answer

        def answer(request: Request) -> Response:
            if request.method == "POST" and request.path.endswith("/Contact") and looked:
                load(org, contact(IsDeleted=True, MasterRecordId=BOB, SystemModstamp=NOW))
            looked.extend([1] if request.path.endswith("composite/batch") else [])
            return real(request)

        looked: list[int] = []
        patch.setattr(app, "answer", answer)
        assert list(crm.apply([order])) == [Gone()]
    assert "_emptied" not in (row(org, "Contact", ANN) or {"_emptied": ""})
