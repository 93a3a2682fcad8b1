"""What happens between the children and the record, and after a crash there: finished, told (§5, Traps 20)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from connectors.salesforce.children import CHILDREN_IN_BIN
from connectors.salesforce.erase import MAY_BE_IN_BIN
from connectors.salesforce.options import CASCADE
from connectors.salesforce.purge import IN_BIN
from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.world import Sandbox
from core.actions import Action, Anonymise, Command, Erase
from core.connector import AlreadyDone, Changed, Done, Gone, Refused
from core.errors import ConfigError, Unreachable
from tests.connectors_salesforce import (
    ACME,
    ANN,
    BOB,
    DEAL,
    MADE,
    PERSON,
    SHADOW,
    Line,
    asked,
    command,
    connect,
    contact,
    do,
    fault,
    forget,
    lead,
    live,
    load,
    meanwhile,
    mend,
    person,
    ref,
    row,
)

ALL = Erase(CASCADE)
TASK, MAIL = id_of("00T", 1), id_of("02s", 1)
TOLD = f"already removed: 1 Task ({IN_BIN})"
NOW = datetime.now(UTC).isoformat(timespec="milliseconds")
LATER = "2099-01-01T00:00:00Z"
DELETE = ("DELETE", "composite/sobjects$")


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox(vendors=[SandboxOrg]) as running:
        yield running


@pytest.fixture
def org(world: Sandbox) -> Sandbox:
    world.reset()
    load(world, contact(), contact(BOB), lead(), ("Task", {"Id": TASK, "WhoId": ANN, "Subject": "x"}))
    return world


def mail(who: str = ANN, sent: str = NOW, came: str = NOW) -> tuple[Line, Line]:
    relation = {"EmailMessageId": MAIL, "RelationId": who, "RelationType": "FromAddress", "CreatedDate": came}
    letter = {"Id": MAIL, "Incoming": True, "MessageDate": sent, "CreatedDate": came}
    return ("EmailMessage", letter), ("EmailMessageRelation", relation)


CHANGES: dict[str, tuple[Line, ...]] = {
    "the person writes": mail(),
    "the person calls": (("Task", {"WhoId": ANN, "CallType": "Inbound", "Subject": "y"}),),
    "the person opens a case": (("Case", {"ContactId": ANN, "Origin": "Web"}),),
    "an open case is put on the person": (("Case", {"ContactId": ANN, "Origin": "Import"}),),
    "the person orders": (("Order", {"BillToContactId": ANN, "EffectiveDate": "2026-01-01", "Status": "Draft"}),),
    "an opt-out": (contact(HasOptedOutOfEmail=True, SystemModstamp=LATER),),
    "a user edits": (contact(Title="t", LastModifiedDate=LATER, SystemModstamp=LATER),),
    "the system changes an address": (contact(Email="b@x.fr", SystemModstamp=LATER),),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_while_children_are_removed_saves_the_record(
    org: Sandbox, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """DESIGN §6: anything but what was judged is Changed; the receipt says what had gone by then, and where it is."""
    crm = connect(org)
    order = command(crm, ALL)
    meanwhile(org, monkeypatch, *DELETE, *CHANGES[change])
    assert list(crm.apply([order])) == [Changed(TOLD)]
    assert live(org, "Contact", ANN)
    assert not live(org, "Task", TASK)


def test_what_our_own_cascade_moves_is_no_change(org: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """§2.3, Traps 4: SystemModstamp moves on changes of the system too, such as an activity that is deleted."""
    call = {"WhoId": ANN, "CallType": "Inbound", "Subject": "y", "CreatedDate": MADE}
    load(org, ("Task", call), *mail(sent=MADE, came=MADE))
    crm = connect(org)
    order = command(crm, ALL)
    meanwhile(org, monkeypatch, *DELETE, contact(LastModifiedDate=MADE, SystemModstamp=LATER))
    assert list(crm.apply([order])) == [Done()]
    assert row(org, "Contact", ANN) is None


def test_one_that_changes_does_not_keep_the_others(org: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """One receipt a record, each for itself."""
    crm = connect(org)
    batch = [command(crm, ALL, ref(id)) for id in (ANN, BOB)]
    meanwhile(org, monkeypatch, *DELETE, *mail(BOB))
    assert list(crm.apply(batch)) == [Done(), Changed()]
    assert live(org, "Contact", BOB)


def test_an_edit_right_before_the_cascade_saves_the_children_too(org: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look is bound to the version of the order as well."""
    crm = connect(org)
    order = command(crm, ALL)
    meanwhile(org, monkeypatch, "POST", "composite/sobjects/Contact", contact(Title="t", SystemModstamp=LATER))
    assert list(crm.apply([order])) == [Changed()]
    assert live(org, "Task", TASK)


def test_one_merged_away_meanwhile_is_gone_and_not_purged(org: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """§5 Merge: the person lives on in the winner."""
    crm = connect(org)
    order = command(crm, ALL)
    meanwhile(org, monkeypatch, *DELETE, contact(IsDeleted=True, MasterRecordId=BOB, SystemModstamp=NOW))
    assert list(crm.apply([order])) == [Gone("already removed: 1 Task (recycle bin, 15 days)")]
    assert row(org, "Contact", ANN) is not None


def test_business_that_comes_while_children_are_removed_keeps_the_account(
    org: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Traps 12: the vendor's cascade is inspected once more; a lost opportunity is no clock input, and would go too."""
    load(org, *person(), ("Task", {"WhoId": SHADOW, "Subject": "x"}))
    lost = (
        "Opportunity",
        {"Id": DEAL, "AccountId": PERSON, "Name": "d", "StageName": "Closed Lost", "CloseDate": "2025-01-01"},
    )
    crm = connect(org, person_accounts=True)
    order = command(crm, ALL, ref(PERSON, "Account"))
    meanwhile(org, monkeypatch, *DELETE, lost)
    why = f"deleting it would delete a Opportunity too; already removed: 1 Task ({IN_BIN})"
    assert list(crm.apply([order])) == [Refused(why)]
    assert live(org, "Account", PERSON)
    assert live(org, "Opportunity", DEAL)


def test_a_child_that_stays_tells_which_others_had_gone(org: Sandbox) -> None:
    """A refusal half-way says what was done."""
    event = id_of("00U", 1)
    load(org, ("Event", {"Id": event, "WhoId": ANN, "Subject": "x"}))
    crm = connect(org)
    order = command(crm, ALL)
    locked = {"success": False, "errors": [{"statusCode": "ENTITY_IS_LOCKED", "message": "", "fields": []}]}
    fault(org, method="DELETE", path="composite/sobjects", status=200, body=[locked, {"success": True, "id": TASK}])
    why = f"Event: ENTITY_IS_LOCKED; already removed: 1 Task ({IN_BIN})"
    assert list(crm.apply([order])) == [Refused(why)]


def test_looking_twice_costs_two_calls_a_time_and_batch(org: Sandbox) -> None:
    """DESIGN §8: the second look is one query and one batch of queries, for one person as for 200."""
    ids = [id_of("003", number) for number in range(1000, 1200)]
    load(org, *(contact(id) for id in ids))
    crm = connect(org)
    found = crm.get([ref(id) for id in ids])
    orders = [Command(each, record.version, ALL) for each, record in found.items() if record]
    crm.get([ref()])
    for batch in (orders[:1], orders[1:]):
        forget(org)
        assert set(crm.apply(batch)) == {Done()}
        # And one for what lies in the bin already.
        assert asked(org, "composite/batch$") == 3


def crash(org: Sandbox, **values: str) -> Command:
    """An erasure that stops after the deletion took effect and before its answer was read."""
    load(org, contact(**values))
    first = connect(org)
    order = command(first, ALL)
    fault(org, method="DELETE", path="composite/sobjects", cut="after", skip=1)
    fault(org, method="POST", path="composite/sobjects/Contact", status=503, body="", skip=1, times=None)
    with pytest.raises(Unreachable):
        list(first.apply([order]))
    mend(org)
    assert not live(org, "Contact", ANN)
    return order


def test_after_a_crash_the_bin_is_emptied_and_the_individual_goes(org: Sandbox) -> None:
    """§5, §6.2: asked once more, the erasure finds the row by queryAll and finishes it."""
    own = id_of("0PK", 1)
    load(org, ("Individual", {"Id": own, "LastName": "I"}))
    order = crash(org, IndividualId=own)
    assert list(connect(org).apply([order])) == [Done(remains=CHILDREN_IN_BIN)]
    assert row(org, "Contact", ANN) is None
    assert row(org, "Individual", own) is None


def test_after_a_crash_what_stays_in_the_bin_is_told(org: Sandbox) -> None:
    """Traps 11: neither hard delete nor emptying is permitted; the bin keeps it for up to 15 days."""
    order = crash(org)
    fault(org, path="/services/Soap", status=500, body="<fault/>", times=None)
    crm = connect(org, "sandbox-lacks:BulkApiHardDelete")
    assert list(crm.apply([order])) == [AlreadyDone(f"{CHILDREN_IN_BIN}; {MAY_BE_IN_BIN}")]
    assert row(org, "Contact", ANN) is not None


def test_a_cut_between_delete_and_purge_is_told(org: Sandbox) -> None:
    """The job that purges is cut off on every try: the receipt says where the record is, and until when."""
    fault(org, path="jobs/ingest|Soap", cut="before", times=None)
    assert do(connect(org), ALL) == Done(remains=IN_BIN)
    assert not live(org, "Contact", ANN)


def test_an_individual_shared_with_somebody_stays_after_a_crash_too(org: Sandbox) -> None:
    """§6.2: several records may share one."""
    shared = id_of("0PK", 1)
    load(org, ("Individual", {"Id": shared, "LastName": "I"}), contact(BOB, IndividualId=shared))
    order = crash(org, IndividualId=shared)
    assert list(connect(org).apply([order])) == [Done(remains=f"{CHILDREN_IN_BIN}; the linked Individual")]
    assert live(org, "Individual", shared)


def test_a_merge_that_cannot_be_ruled_out_is_not_purged(org: Sandbox) -> None:
    """§7: with MasterRecordId hidden, a row in the bin may be the loser of a merge."""
    crm = connect(org, "sandbox-lacks:FLS:Contact.MasterRecordId")
    order = command(crm, ALL)
    load(org, contact(IsDeleted=True, MasterRecordId=BOB, SystemModstamp=NOW))
    assert list(crm.apply([order])) == [AlreadyDone(MAY_BE_IN_BIN)]
    assert row(org, "Contact", ANN) is not None


def test_the_record_is_the_last_to_leave_the_bin(org: Sandbox) -> None:
    """As long as it is there, asking once more finds what a crash has left; its Individual would be lost from sight."""
    own = id_of("0PK", 1)
    load(org, ("Individual", {"Id": own, "LastName": "I"}), contact(IndividualId=own))
    crm = connect(org, "sandbox-lacks:BulkApiHardDelete")
    order = command(crm, ALL)
    seen: list[str] = []
    app = org.app("salesforce")
    real = app.answer
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "answer", lambda request: seen.append(request.body.decode()) or real(request))
        assert list(crm.apply([order])) == [Done()]
    (soap,) = [body for body in seen if "emptyRecycleBin" in body]
    assert soap.index(own) < soap.index(ANN)


@pytest.mark.parametrize("binned", [False, True])
def test_an_organisation_is_never_taken_for_a_person(org: Sandbox, binned: bool) -> None:
    """§5 Person accounts: a business account has the same object and the same sort of id."""
    load(org, *person(), ("Account", {"Id": ACME, "Name": "Acme", "IsDeleted": binned, "SystemModstamp": NOW}))
    crm = connect(org, person_accounts=True)
    assert list(crm.apply([Command(ref(ACME, "Account"), stamp(org, ACME), ALL)])) == [Gone()]
    assert live(org, "Account", ACME) is not binned
    assert row(org, "Account", ACME) is not None


@pytest.mark.parametrize("action", [ALL, Anonymise()])
def test_accounts_are_left_alone_unless_they_are_configured_as_persons(org: Sandbox, action: Action) -> None:
    """An org's accounts are organisations until the configuration says that some are persons."""
    load(org, ("Account", {"Id": ACME, "Name": "Acme", "SystemModstamp": NOW}))
    with pytest.raises(ConfigError):
        list(connect(org).apply([Command(ref(ACME, "Account"), stamp(org, ACME), action)]))


def test_an_organisation_is_not_anonymised(org: Sandbox) -> None:
    """The same for what writes fields."""
    load(
        org,
        *person(),
        ("Account", {"Id": ACME, "Name": "Acme", "Website": "https://acme.example", "SystemModstamp": NOW}),
    )
    crm = connect(org, person_accounts=True)
    assert list(crm.apply([Command(ref(ACME, "Account"), stamp(org, ACME), Anonymise())])) == [Gone()]
    assert (row(org, "Account", ACME) or {})["Website"] == "https://acme.example"


def stamp(org: Sandbox, id: str) -> str:
    """The version of an account as the wire tells it."""
    found = connect(org).get([ref(id, "Account")])[ref(id, "Account")]
    return found.version if found else NOW


def with_children(number: int) -> Iterator[Line]:
    """A contact with one child of every sort, and an Individual."""
    who, mail, file, own = (id_of(prefix, number) for prefix in ("003", "02s", "069", "0PK"))
    yield "Individual", {"Id": own, "LastName": "I"}
    yield contact(who, IndividualId=own)
    yield "Task", {"WhoId": who, "Subject": "x"}
    yield "Event", {"WhoId": who, "Subject": "x"}
    yield "Note", {"ParentId": who, "Title": "n"}
    yield "Attachment", {"ParentId": who, "Name": "a", "Body": "AA=="}
    yield "CampaignMember", {"CampaignId": id_of("701", 1), "ContactId": who}
    yield "EmailMessage", {"Id": mail}
    yield "EmailMessageRelation", {"EmailMessageId": mail, "RelationId": who, "RelationType": "FromAddress"}
    yield "ContentVersion", {"ContentDocumentId": file, "Title": "f", "PathOnClient": "f.pdf", "VersionData": "AA=="}
    yield "ContentDocumentLink", {"ContentDocumentId": file, "LinkedEntityId": who, "ShareType": "V"}


def test_a_hundred_people_with_children_of_every_sort_cost_about_a_call_each(org: Sandbox) -> None:
    """DESIGN §8: at most 2.1 calls each; most of them empty the bin, object by object, however many there are."""
    load(org, ("Campaign", {"Id": id_of("701", 1), "Name": "c"}))
    load(org, *(line for number in range(1000, 1100) for line in with_children(number)))
    crm = connect(org)
    found = crm.get([ref(id_of("003", number)) for number in range(1000, 1100)])
    orders = [Command(each, record.version, ALL) for each, record in found.items() if record]
    forget(org)
    assert list(crm.apply(orders)) == [Done()] * 100
    assert sum(asked(org, method=method) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")) <= 100
