"""Objects with more fields than the URL of a query has room for: read in two parts that must be of one version (§2.2, §3.2)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.world import Sandbox
from core.actions import Clear
from core.connector import Done
from core.errors import BadAnswer
from core.model import Query, Record
from tests.connectors_salesforce import (
    ANN,
    BOB,
    asked,
    command,
    connect,
    contact,
    do,
    fault,
    field,
    forget,
    load,
    meanwhile,
    person,
    ref,
)

NAMES = tuple(f"Questionnaire_answer_number_{number:03}__c" for number in range(900))
FIRST, LAST = NAMES[0], NAMES[-1]
LATER = "2099-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox(vendors=[SandboxOrg]) as running:
        yield running


@pytest.fixture
def org(world: Sandbox) -> Sandbox:
    world.reset()
    load(
        world, *(field(name) for name in NAMES), contact(**{"Email": "a@x.fr", FIRST: "one", LAST: "two"}), contact(BOB)
    )
    return world


def scanned(org: Sandbox) -> dict[str, Record]:
    pages = list(connect(org).scan(Query("Contact", NAMES)))
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]
    return {record.ref.id: record for page in pages for record in page.records}


def test_every_field_of_900_is_read_by_scan_and_get(org: Sandbox) -> None:
    """A field that cannot be asked for must never look clean, nor stop the scan."""
    found = scanned(org)
    assert set(found) >= {ANN, BOB}
    assert found[ANN].values == {FIRST: "one", LAST: "two"}
    assert found[ANN].emails == ("a@x.fr",)
    assert connect(org).get([ref(), ref(BOB)], NAMES) == {ref(): found[ANN], ref(BOB): found[BOB]}


def test_get_of_a_full_batch_costs_two_reads(org: Sandbox) -> None:
    """The names of the fields leave room for 200 ids in the URL; what has none is asked by POST."""
    ids = [id_of("003", number) for number in range(1000, 1200)]
    load(org, *(contact(id) for id in ids))
    crm = connect(org)
    crm.get([ref()], NAMES)
    forget(org)
    assert all(crm.get([ref(id) for id in ids], NAMES).values())
    assert (asked(org, "query", "GET"), asked(org, "sobjects/Contact")) == (1, 1)


def test_what_fits_is_read_at_once(org: Sandbox) -> None:
    """No call more than there are pages for an object of usual size."""
    list(connect(org).scan(Query("Contact", NAMES[:150])))
    assert asked(org, "composite") == 0


@pytest.mark.parametrize("how", ["scan", "get"])
def test_parts_of_two_versions_are_read_again(org: Sandbox, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """A record is one read of it: an opt-out of one version and an answer of another would judge nobody."""
    new = dict.fromkeys(NAMES, "new")
    crm = connect(org)
    crm.get([ref()])
    meanwhile(
        org,
        monkeypatch,
        "GET",
        "query/ .* FROM Contact",
        contact(**{"Email": "b@x.fr", **new, "SystemModstamp": LATER}),
    )
    found = crm.get([ref()], NAMES)[ref()] if how == "get" else scanned(org)[ANN]
    assert found is not None
    assert (found.emails, found.values) == (("b@x.fr",), new)


def test_a_record_that_never_stands_still_stops_the_scan(org: Sandbox) -> None:
    """A gap must not pass for a record that is not there."""
    none = [None] * 2
    fault(org, path="composite/sobjects/Contact", status=200, body=none, times=None)
    with pytest.raises(BadAnswer):
        connect(org).get([ref(), ref(BOB)], NAMES)


def test_a_record_deleted_between_the_parts_is_gone(org: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """None means gone, and the others are read all the same."""
    crm = connect(org)
    crm.get([ref()])
    meanwhile(org, monkeypatch, "GET", "query/ .* FROM Contact", contact(IsDeleted=True))
    found = crm.get([ref(), ref(BOB)], NAMES)
    assert found[ref()] is None
    assert found[ref(BOB)] is not None


def test_many_email_fields_do_not_push_out_what_every_record_needs(org: Sandbox) -> None:
    """Every e-mail field is an identifier, asked for or not; the version, the id and the opt-outs come first."""
    load(org, *(field(name.replace("answer", "mail"), "email") for name in NAMES))
    last = LAST.replace("answer", "mail")
    load(org, contact(**{"HasOptedOutOfEmail": True, last: "z@x.fr"}))
    found = scanned(org)[ANN]
    assert found.emails == ("z@x.fr",)
    assert found.suppressed == {"email"}


def test_one_of_900_fields_is_cleared(org: Sandbox) -> None:
    """Writing needs only what it writes."""
    crm = connect(org)
    assert isinstance(do(crm, Clear((LAST,))), Done)
    assert command(crm, Clear((LAST,))).ref == ref()
    found = crm.get([ref()], NAMES)[ref()]
    assert found is not None
    assert found.values == {FIRST: "one"}


def test_person_accounts_are_read_in_parts_too(org: Sandbox) -> None:
    """The second part is asked for the same rows as the first; an organisation is none of them."""
    load(org, *(field(name, object="Account") for name in NAMES), *person(**{LAST: "two"}))
    crm = connect(org, person_accounts=True)
    (page,) = crm.scan(Query("Account", NAMES))
    assert [record.values for record in page.records] == [{LAST: "two"}]
