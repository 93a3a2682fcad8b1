"""Person accounts: what hangs on the account itself is the person's; what hangs on an organisation is not (salesforce.md §5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.salesforce.options import CASCADE
from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.world import Sandbox
from core.actions import Erase
from core.connector import Done
from core.model import Moment, Query, Record
from tests.connectors_salesforce import (
    ACME,
    ANN,
    BOB,
    DEAL,
    MADE,
    PERSON,
    SHADOW,
    command,
    connect,
    contact,
    do,
    live,
    load,
    person,
    ref,
    row,
    rows,
)

ALL = Erase(CASCADE)
TASK, EVENT, MAIL = id_of("00T", 1), id_of("00U", 1), id_of("02s", 1)
CALL = {"Id": TASK, "Subject": "Call", "CallType": "Inbound", "CreatedDate": "2025-03-04T10:00:00Z"}
CALLED = (Moment(datetime(2025, 3, 4, 10, tzinfo=UTC), "inbound_call"),)
WROTE = (Moment(datetime(2025, 6, 1, 8, tzinfo=UTC), "inbound_email"),)
LETTER = {"Id": MAIL, "Incoming": True, "MessageDate": "2025-06-01T08:00:00Z", "CreatedDate": MADE}


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox(vendors=[SandboxOrg]) as running:
        yield running


@pytest.fixture
def org(world: Sandbox) -> Sandbox:
    world.reset()
    deal = {"Id": DEAL, "Name": "d", "StageName": "Prospecting", "CloseDate": "2025-01-01", "AccountId": ACME}
    load(
        world,
        *person(),
        ("Account", {"Id": ACME, "Name": "Acme"}),
        contact(AccountId=ACME),
        contact(BOB),
        ("Opportunity", deal),
    )
    return world


def read(org: Sandbox, id: str = PERSON, kind: str = "Account") -> Record:
    """The record as `scan` reads it, having checked that `get` reads the same."""
    crm = connect(org, person_accounts=True)
    found = {record.ref.id: record for page in crm.scan(Query(kind)) for record in page.records}
    assert crm.get([ref(id, kind)]) == {ref(id, kind): found[id]}
    return found[id]


def erased(org: Sandbox) -> object:
    return do(connect(org, person_accounts=True), ALL, ref(PERSON, "Account"))


def test_a_call_on_the_account_alone_is_contact_from_the_person(org: Sandbox) -> None:
    """§5: an activity may name the account and no contact; the person would seem silent."""
    load(org, ("Task", {**CALL, "WhatId": PERSON}))
    assert read(org).inbound == CALLED


def test_a_call_of_somebody_else_about_the_account_is_not(org: Sandbox) -> None:
    """RET-20: contact coming from the person; the caller is another."""
    load(org, ("Task", {**CALL, "WhatId": PERSON, "WhoId": BOB}))
    assert read(org).inbound == ()


def test_a_mail_on_the_account_alone_is_contact_from_the_person(org: Sandbox) -> None:
    """§6.1: a mail may be related to the account and to no contact."""
    load(org, ("EmailMessage", {**LETTER, "RelatedToId": PERSON}))
    assert read(org).inbound == WROTE


@pytest.mark.parametrize("links", [{"WhatId": PERSON}, {"WhatId": PERSON, "WhoId": SHADOW}, {"WhoId": SHADOW}])
def test_activities_on_the_account_go_with_the_person(org: Sandbox, links: dict[str, str]) -> None:
    """RET-25: archived ones too, as the text would stay and nothing lead to it any more."""
    load(org, ("Task", {**CALL, **links}), ("Event", {"Id": EVENT, "Subject": "x", "IsArchived": True, **links}))
    assert erased(org) == Done()
    assert (rows(org, "Task"), rows(org, "Event")) == ([], [])


@pytest.mark.parametrize(
    ("links", "left"),
    [({"WhatId": PERSON, "WhoId": BOB}, {"WhoId": BOB}), ({"WhatId": DEAL, "WhoId": SHADOW}, {"WhatId": DEAL})],
)
def test_an_activity_shared_with_another_only_loses_the_person(
    org: Sandbox, links: dict[str, str], left: dict[str, str]
) -> None:
    """DESIGN §6: linked to another person or a deal, it is never deleted."""
    load(org, ("Task", {**CALL, **links}))
    assert erased(org) == Done(remains="the text of a shared Task")
    kept = row(org, "Task", TASK) or {}
    assert {name: kept[name] for name in ("WhoId", "WhatId") if name in kept} == left


def test_mails_on_the_account_go_with_the_person(org: Sandbox) -> None:
    """A mail that is related to the account of the person alone is no business of anybody else."""
    load(org, ("EmailMessage", {**LETTER, "RelatedToId": PERSON}))
    load(org, ("EmailMessage", {**LETTER, "Id": id_of("02s", 2), "RelatedToId": PERSON}))
    load(org, ("EmailMessageRelation", relation(id_of("02s", 2), SHADOW)))
    assert erased(org) == Done()
    assert rows(org, "EmailMessage") == []


def test_a_mail_of_another_about_the_account_stays(org: Sandbox) -> None:
    """It is also theirs; the vendor empties the link, and the receipt says that the text stays."""
    load(org, ("EmailMessage", {**LETTER, "RelatedToId": PERSON}), ("EmailMessageRelation", relation(MAIL, BOB)))
    assert erased(org) == Done(remains="the text of a shared EmailMessage")
    assert live(org, "EmailMessage", MAIL)


def test_an_activity_of_two_persons_erased_together_is_told_to_both(org: Sandbox) -> None:
    """It is shared, so it stays; each receipt says so."""
    second = id_of("001", 601)
    account = {"Id": second, "LastName": "Q", "PersonContactId": id_of("003", 601), "IsPersonAccount": True}
    load(org, ("Account", account), ("Task", {**CALL, "WhatId": second, "WhoId": SHADOW}))
    crm = connect(org, person_accounts=True)
    orders = [command(crm, ALL, ref(id, "Account")) for id in (PERSON, second)]
    assert list(crm.apply(orders)) == [Done(remains="the text of a shared Task")] * 2
    assert live(org, "Task", TASK)


def relation(mail: str, who: str) -> dict[str, Any]:
    return {"EmailMessageId": mail, "RelationId": who, "RelationType": "ToAddress"}


def test_what_hangs_on_an_organisation_is_neither_read_nor_touched(org: Sandbox) -> None:
    """A task, an event or a mail on a business account is a business record, not one of the contact who works there."""
    load(
        org,
        ("Task", {**CALL, "WhatId": ACME}),
        ("Event", {"Id": EVENT, "Subject": "x", "WhatId": ACME}),
        ("EmailMessage", {**LETTER, "RelatedToId": ACME}),
    )
    assert read(org, ANN, "Contact").inbound == ()
    assert read(org).inbound == ()
    crm = connect(org, person_accounts=True)
    assert [do(crm, ALL), do(crm, ALL, ref(PERSON, "Account"))] == [Done(), Done()]
    for kind, id in (("Task", TASK), ("Event", EVENT), ("EmailMessage", MAIL)):
        assert live(org, kind, id), kind
    assert (row(org, "Task", TASK) or {})["WhatId"] == ACME
