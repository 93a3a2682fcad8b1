"""Lost answers, limits and other trouble while writing to Salesforce (salesforce.md §10, Traps 6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.world import Sandbox
from core.actions import Clear, Command, Suppress
from core.connector import Changed, Done, Refused
from core.errors import QuotaSpent, Unreachable
from core.model import Channel, Query
from tests.connectors_salesforce import (
    ANN,
    BOB,
    ZOE,
    asked,
    command,
    connect,
    contact,
    do,
    fault,
    lead,
    load,
    read,
    ref,
)

BOTH: tuple[Channel, ...] = ("email", "telephone")
COLLECTIONS = "composite/sobjects$"


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox(vendors=[SandboxOrg]) as running:
        yield running


@pytest.fixture
def org(world: Sandbox) -> Sandbox:
    world.reset()
    return world


def test_receipts_come_in_the_order_of_the_commands(org: Sandbox) -> None:
    """Contract: one receipt a command, in order, whatever kinds are mixed; missing and malformed ids are Gone."""
    load(org, contact(), lead(), contact(BOB, DoNotCall=True))
    crm = connect(org)
    refs = [ref(ZOE, "Lead"), ref(id_of("003", 999)), ref(BOB), ref("nonsense"), ref(ANN[:15])]
    versions = [read(crm, each).version if each in (refs[0], refs[2], refs[4]) else "v" for each in refs]
    batch = [Command(each, version, Suppress(("telephone",))) for each, version in zip(refs, versions, strict=True)]
    names = [type(receipt).__name__ for receipt in crm.apply(batch)]
    assert names == ["Done", "Gone", "AlreadyDone", "Gone", "Done"]
    assert list(crm.apply([])) == []


def test_two_commands_on_one_record_are_done_one_after_the_other(org: Sandbox) -> None:
    """§3.2: a repeated id fails its row; the second command holds the older version."""
    load(org, contact(Title="a", Department="b"))
    crm = connect(org)
    batch = [command(crm, Clear(("Title",))), command(crm, Clear(("Department",)))]
    assert [type(receipt) for receipt in crm.apply(batch)] == [Done, Changed]


def test_a_write_whose_answer_was_lost_is_read_back_and_not_repeated(org: Sandbox) -> None:
    """Contract: a write that may have taken effect is resolved by reading."""
    load(org, contact())
    crm = connect(org)
    order = command(crm, Suppress(BOTH))
    fault(org, method="PATCH", path=COLLECTIONS, cut="after")
    assert list(crm.apply([order])) == [Done(read(crm, ref()).version)]
    assert asked(org, method="PATCH") == 1


@pytest.mark.parametrize("how", [{"cut": "before"}, {"status": 503, "body": "<html>"}, {"garbage": True}])
def test_a_write_that_did_not_happen_is_repeated_once_that_is_certain(org: Sandbox, how: dict[str, Any]) -> None:
    """The row still has the version that was read, so nothing was written."""
    load(org, contact())
    crm = connect(org)
    fault(org, method="PATCH", path=COLLECTIONS, **how)
    assert isinstance(do(crm, Suppress(BOTH)), Done)
    assert read(crm, ref()).suppressed == {"email", "telephone"}


def test_a_write_that_keeps_failing_stops_the_crm(org: Sandbox) -> None:
    """Unreachable: never guessed to be done."""
    load(org, contact())
    crm = connect(org)
    order = command(crm, Suppress(BOTH))
    fault(org, method="PATCH", path=COLLECTIONS, cut="before", times=None)
    with pytest.raises(Unreachable):
        list(crm.apply([order]))


def test_a_value_that_a_flow_puts_back_is_refused(org: Sandbox) -> None:
    """Traps 6: triggers and flows can re-fill a field; read back after the write and compare."""
    load(org, contact(Title="t"))
    crm = connect(org)
    order = command(crm, Clear(("Title",)))
    done = [{"id": ANN, "success": True, "errors": []}]
    fault(org, method="PATCH", path=COLLECTIONS, status=200, body=done)
    assert list(crm.apply([order])) == [Refused("the CRM did not keep it: Title")]


def test_the_daily_limit_stops_a_write_and_a_concurrency_limit_only_delays_it(org: Sandbox) -> None:
    """§10: TotalRequests is the day's; ConcurrentRequests passes."""
    load(org, contact())
    crm = connect(org)
    order = command(crm, Suppress(BOTH))
    limits = ("TotalRequests Limit exceeded.", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
    day, moment = ([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": text}] for text in limits)
    fault(org, method="PATCH", status=403, body=day)
    with pytest.raises(QuotaSpent):
        list(crm.apply([order]))
    fault(org, method="PATCH", status=403, body=moment)
    assert isinstance(next(iter(crm.apply([order]))), Done)


def test_a_full_batch_is_one_write(org: Sandbox) -> None:
    """§3.2: 200 rows a call; one read before, one write, one read back."""
    ids = [id_of("003", number) for number in range(1000, 1200)]
    load(org, *(contact(id) for id in ids))
    crm = connect(org)
    (page,) = crm.scan(Query("Contact"))
    batch = [Command(record.ref, record.version, Suppress(BOTH)) for record in page.records]
    assert {type(receipt) for receipt in crm.apply(batch)} == {Done}
    assert asked(org, method="PATCH") == 1


def test_a_record_that_the_vendor_calls_deleted_while_it_is_there_is_not_gone(org: Sandbox) -> None:
    """§10: ENTITY_IS_DELETED may be of something else the row hangs on; what counts is the row."""
    load(org, contact())
    crm = connect(org)
    order = command(crm, Suppress(BOTH))
    error = {"statusCode": "ENTITY_IS_DELETED", "message": "entity is deleted", "fields": []}
    fault(org, method="PATCH", path=COLLECTIONS, status=200, body=[{"success": False, "errors": [error]}])
    assert list(crm.apply([order])) == [Refused("ENTITY_IS_DELETED")]
