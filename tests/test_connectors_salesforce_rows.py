"""Rows of a collections call, and what becomes of a write (salesforce.md §3.2, §10)."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.salesforce import rows
from connectors.salesforce.connector import Salesforce
from connectors.salesforce.schema import Object
from connectors.salesforce.settle import Want, settle
from connectors.sandbox.wire import Request, Response
from connectors.transport import Tools
from core.actions import Anonymise, Command
from core.connector import Changed, Done, Gone, Receipt
from core.errors import BadAnswer, Unreachable
from core.model import Ref
from tests.connectors_salesforce import client, failing, options, served

ONE, TWO = "003000000000001AAA", "003000000000002AAA"
SEEN = Object("Contact", {"Email": {}, "DoNotCall": {}}, (), True, True, True)


def test_row_errors_are_read_from_status_code_and_lose_their_text() -> None:
    """§3.2: always HTTP 200; `statusCode` in rows; messages quote values."""
    bad = {
        "success": False,
        "errors": [{"statusCode": "STRING_TOO_LONG", "message": "secret@x.fr", "fields": ["Email"]}],
    }
    with served(failing(200, [{"id": ONE, "success": True, "errors": []}, bad])) as (_, url):
        said = rows.patch(client(url), SEEN, {ONE: {"Email": None}, TWO: {"Email": None}})
    assert said[ONE].ok
    assert said[TWO].why == "STRING_TOO_LONG Email"


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [{"success": True, "id": ONE}],
        [{"success": True, "id": TWO}, {"success": True, "id": ONE}],
        [{"id": ONE}, {"success": True}],
        {"hasErrors": True},
    ],
)
def test_an_answer_that_does_not_match_the_rows_sent_is_no_answer(answer: Any) -> None:
    """Traps 9: count and order of the results are checked, never assumed."""
    with served(failing(200, answer)) as (_, url), pytest.raises(BadAnswer):
        rows.patch(client(url), SEEN, {ONE: {"Email": None}, TWO: {"Email": None}})


def test_locked_rows_are_not_sent_again_blindly() -> None:
    """§10: a lock means that somebody else is writing the row; the caller reads it again first."""
    sent: list[list[str]] = []

    def handle(request: Request) -> Response:
        ids = [record["id"] for record in request.json()["records"]]
        sent.append(ids)
        locked = {"success": False, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "", "fields": []}]}
        return Response(200, [locked if id == TWO and len(sent) < 3 else {"id": id, "success": True} for id in ids])

    with served(handle) as (_, url):
        said = rows.patch(client(url), SEEN, {ONE: {"Email": None}, TWO: {"Email": None}})
    assert sent == [[ONE, TWO]]
    assert said[ONE].ok and said[TWO].locked


def test_a_rule_that_only_warns_of_duplicates_does_not_keep_a_write_out() -> None:
    """§12: without the header a duplicate alert refuses the row, and an opt-out would not be set."""
    with served(failing(200, [{"id": ONE, "success": True}])) as (stub, url):
        rows.patch(client(url), SEEN, {ONE: {"DoNotCall": True}})
    assert "allowSave=true" in stub.asked[0].headers["sforce-duplicate-rule-header"]


def test_rows_that_stay_locked_are_refused_and_do_not_stop_the_crm() -> None:
    """§10: at most five tries; a lock is a row's affair."""
    locked = {"success": False, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "", "fields": []}]}
    with served(failing(200, [locked])) as (_, url):
        said = rows.patch(client(url), SEEN, {ONE: {"Email": None}})
    assert said[ONE].why == "UNABLE_TO_LOCK_ROW"


def test_retrieved_rows_are_matched_and_deleted_ones_are_not_there() -> None:
    """§3.2 retrieve: null for a missing id; a row under another id than asked for is no answer."""
    answer: list[Any] = [None, {"Id": TWO, "IsDeleted": True}]
    with served(failing(200, answer)) as (_, url):
        assert rows.read(client(url), "Contact", [ONE, TWO], ["IsDeleted"]) == {ONE: None, TWO: None}
    with served(failing(200, [{"Id": TWO}, None])) as (_, url), pytest.raises(BadAnswer):
        rows.read(client(url), "Contact", [ONE, TWO], [])


@pytest.mark.parametrize(
    ("after", "receipt"),
    [
        ({"Id": ONE, "SystemModstamp": "v2", "Title": "theirs"}, Changed()),
        ({"Id": ONE, "SystemModstamp": "v2", "Title": None}, Done("v2")),
        (None, Gone()),
    ],
)
def test_a_lost_answer_is_judged_by_what_the_row_is_now(after: Any, receipt: Receipt) -> None:
    """Contract: somebody else's change after a lost write is Changed, and the write is not sent again."""
    sent: list[int] = []

    def send(wants: Any) -> Any:
        sent.append(len(wants))
        raise Unreachable("lost")

    with served(failing(200, [after])) as (_, url):
        assert settle(client(url), "Contact", {ONE: Want("v1", {"Title": None})}, send) == {ONE: receipt}
    assert sent == [1]


def test_the_name_of_a_person_account_is_left_to_its_parts() -> None:
    """§5: Account.Name of a person is made of FirstName and LastName; writing it would refuse the whole row."""
    account = "001000000000001AAA"
    now: dict[str, Any] = {"Id": account, "SystemModstamp": "v1", "Name": "Ann Durand", "LastName": "Durand"}
    now["IsPersonAccount"] = True
    fields = [{"name": name, "type": "string", "updateable": True, "nillable": False} for name in ("Name", "LastName")]
    fields.append({"name": "IsPersonAccount", "type": "boolean"})

    def handle(request: Request) -> Response:
        if request.method == "GET":
            return Response(200, {"fields": fields, "childRelationships": []})
        if request.method == "PATCH":
            (body,) = request.json()["records"]
            now.update({name: value for name, value in body.items() if name.endswith("Name")}, SystemModstamp="v2")
            return Response(200, [{"id": account, "success": True}])
        return Response(200, [dict(now)])

    with served(handle) as (_, url):
        crm = Salesforce("sf", options(token="T", base_url=url, person_accounts=True), Tools())
        (receipt,) = crm.apply([Command(Ref("sf", "Account", account), "v1", Anonymise())])
    assert isinstance(receipt, Done)
    assert now["LastName"].startswith("ERASED-")
    assert now["Name"] == "Ann Durand"
