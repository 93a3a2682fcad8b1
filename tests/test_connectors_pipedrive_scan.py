"""Reading persons whole and by id (pipedrive.md §4.1, §12)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.pipedrive.scan import merged
from core.actions import Bin, Command
from core.connector import Gone
from core.errors import BadAnswer, NotAllowed, Unreachable
from core.model import Query, Ref
from tests.test_connectors_pipedrive_connector import TEXT, Company, read, ref, scanned


@pytest.fixture(scope="module")
def running() -> Iterator[Company]:
    """One server for the file."""
    company = Company()
    yield company
    company.sandbox.stop()


@pytest.fixture
def company(running: Company) -> Company:
    """The server in its first state."""
    return running.reset()


def wide(company: Company, fields: int, persons: int) -> list[str]:
    """An account with many custom fields, each filled on every person with its own text; the codes."""
    codes = [f"{number:040x}" for number in range(1, fields + 1)]
    for code in codes:
        company.field(code, f"Field {code[-3:]}", "varchar")
    values = {code: f"value {code[-3:]}" for code in codes}
    company.load("persons", *({"id": id, "custom_fields": values} for id in range(1, persons + 1)))
    return codes


def test_a_scan_reads_every_page_and_says_which_is_the_last(company: Company) -> None:
    """RET-20: by list, never by search; 500 a page."""
    company.load("persons", *({"id": id} for id in range(1, 1202)))
    pages = list(company.connect().scan(Query("person")))
    assert [(len(page.records), page.last) for page in pages] == [(500, False), (500, False), (201, True)]
    assert len({item.ref for page in pages for item in page.records}) == 1201
    assert len(company.log(path="v2/persons$")) == 3 + 1
    assert company.log(path="search") == []


def test_a_scan_of_nobody_has_a_last_page(company: Company) -> None:
    """The core must know that it is complete."""
    (page,) = company.connect().scan(Query("person"))
    assert (page.records, page.last) == ((), True)


def test_a_scan_that_breaks_off_raises(company: Company) -> None:
    """*Absent from an incomplete read* never means deleted."""
    company.load("persons", *({"id": id} for id in range(1, 502)))
    crm = company.connect()
    pages = crm.scan(Query("person"))
    assert not next(pages).last
    company.fault("persons", status=503, times=None)
    with pytest.raises(Unreachable):
        next(pages)


def test_a_deleted_person_is_not_scanned(company: Company) -> None:
    """§4.5."""
    company.person(1)
    company.person(2, is_deleted=True)
    assert list(scanned(company.connect())) == ["1"]


def test_a_deleted_person_that_the_list_still_shows_is_gone(company: Company) -> None:
    """§13: whether it does is unknown."""
    rows = [{"id": id, "update_time": "2021-01-02T00:00:00Z", "is_deleted": id == 2} for id in (1, 2)]
    listed = {"success": True, "data": rows, "additional_data": {"next_cursor": None}}
    company.fault("v2/persons$", status=200, body=listed, times=None)
    crm = company.connect()
    assert list(scanned(crm)) == ["1"]
    assert crm.get([ref(2)]) == {ref(2): None}
    assert list(crm.apply([Command(ref(2), "2021-01-02T00:00:00Z", Bin())])) == [Gone()]
    assert company.writes() == []


def test_more_than_fifteen_fields_are_read_in_several_whole_passes(company: Company) -> None:
    """Trap 11: the vendor takes 15 keys; the passes are merged by id."""
    codes = wide(company, 40, 501)
    found = scanned(company.connect(), *codes)
    assert len(found) == 501
    assert all(item.values == {code: f"value {code[-3:]}" for code in codes} for item in found.values())
    assert len(company.log(path="v2/persons$")) == 3 * 2 + 1


def test_a_person_missing_from_a_later_pass_is_read_again(company: Company) -> None:
    """One that went between two passes is left out, one that is there is not left half read."""
    codes = wide(company, 20, 3)
    crm = company.connect()
    for page in crm.scan(Query("person", tuple(codes))):
        assert [len(item.values) for item in page.records] == [20, 20, 20]
    empty = {"success": True, "data": [], "additional_data": {"next_cursor": None}}
    company.fault("v2/persons$", status=200, body=empty, skip=1)
    again = scanned(company.connect(), *codes)
    assert [len(item.values) for item in again.values()] == [20, 20, 20]


def test_a_person_that_changes_between_two_passes_carries_its_older_version() -> None:
    """Else a write could be bound to a read that mixes two states."""
    first, second = ({"id": 1, "update_time": stamp} for stamp in ("2021-01-02T00:00:00Z", "2021-01-01T00:00:00Z"))
    assert merged(first, second)["update_time"] == merged(second, first)["update_time"] == "2021-01-01T00:00:00Z"


def test_get_answers_every_ref_in_batches_of_a_hundred(company: Company) -> None:
    """Deleted, merged away, never there, of another kind, or under another id: None."""
    company.load("persons", *({"id": id} for id in range(1, 252)))
    company.ask("DELETE", "/v2/persons/2")
    company.ask("PUT", "/v1/persons/3/merge", {"merge_with_id": 4})
    odd = [Ref("pd", "person", "0001"), Ref("pd", "person", "x"), Ref("pd", "deal", "1"), Ref("other", "person", "1")]
    asked = [ref(id) for id in range(1, 300)] + odd
    found = company.connect().get(asked)
    assert list(found) == asked
    assert {item.id for item, record in found.items() if record is None and item not in odd} == {
        *("2", "3"),
        *map(str, range(252, 300)),
    }
    assert [found[item] for item in odd] == [None] * 4
    assert all(record is None or record.ref == item for item, record in found.items())


def test_get_reads_what_scan_reads(company: Company) -> None:
    """The core compares the two."""
    company.field(TEXT, "Notes internes", "text")
    company.person(custom_fields={TEXT: "some words"})
    crm = company.connect()
    assert read(crm, 1, TEXT) == scanned(crm, TEXT)["1"]


def test_an_optional_field_that_is_refused_is_left_out_and_the_others_are_read(company: Company) -> None:
    """§4.4: without the add-on the status may make the whole call fail; it is asked for once, then not again."""
    company.person(marketing_status="unsubscribed", last_incoming_mail_time="2022-03-01T12:00:00Z")
    refused = {"success": False, "error": "no"}
    company.fault("v2/persons$", status=403, body=refused)
    company.fault("v2/persons$", status=403, body=refused, skip=5)
    got = scanned(company.connect())["1"]
    assert (got.objections, got.suppressed, got.unreadable, got.version) == (
        (),
        frozenset(),
        (),
        "2021-01-02T00:00:00Z",
    )
    assert [moment.source for moment in got.inbound] == ["incoming_mail"]


def test_without_campaigns_there_is_no_status(company: Company) -> None:
    """§4.4: or the field is left out in silence."""
    company.load("settings", {"campaigns": False})
    company.person()
    assert scanned(company.connect())["1"].version == "2021-01-02T00:00:00Z"


def test_a_token_that_may_not_read_persons_is_not_an_empty_account(company: Company) -> None:
    """Fail closed."""
    with pytest.raises(NotAllowed):
        list(company.connect("sandbox-lacks:contacts:read").scan(Query("person")))


def test_an_optional_field_that_was_asked_for_is_included(company: Company) -> None:
    """§4.1: it comes only with include_fields."""
    company.person(doi_status="CONFIRMED")
    assert read(company.connect(), 1, "doi_status").values == {"doi_status": "CONFIRMED"}


def test_a_row_without_an_id_is_a_bad_answer(company: Company) -> None:
    """Never guess."""
    body = {"success": True, "data": [{"name": "x"}], "additional_data": {}}
    crm = company.connect()
    crm.schema("person")
    company.fault("v2/persons$", status=200, body=body, skip=1)
    with pytest.raises(BadAnswer):
        list(crm.scan(Query("person")))
