"""composite/tree: records with their children, created all together or not at all (reference §3.3)."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.salesforce.dml.write import insert
from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.http.body import Routes, json_body, resource
from connectors.sandbox.salesforce.schema import Object
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.salesforce.soql.engine import child_relation
from connectors.sandbox.wire import Request, Response

_ROWS, _DEPTH = 200, 5
Made = list[dict[str, str]]


class _Refused(Fail):
    """A record of the tree that was refused."""

    def __init__(self, reference: str, why: Fail) -> None:
        super().__init__(why.code, why.message, why.fields)
        self.reference = reference


def _create(session: Session, request: Request, name: str) -> Response:
    records = json_body(request).get("records") or []
    made: Made = []
    try:
        with session.rows.undoable():
            _plant(session, resource(session, name), records, {}, made, 1)
    except _Refused as refused:
        result = {"referenceId": refused.reference, "errors": [refused.row()]}
        return Response(400, {"hasErrors": True, "results": [result]})
    return Response(201, {"hasErrors": False, "results": made})


def _plant(
    session: Session, kind: Object, records: list[dict[str, Any]], link: dict[str, str], made: Made, depth: int
) -> None:
    for record in records:
        reference = str((record.get("attributes") or {}).get("referenceId", ""))
        children = {name: value for name, value in record.items() if isinstance(value, dict) and "records" in value}
        values = {name: value for name, value in record.items() if name not in children and name != "attributes"}
        if depth > _DEPTH or len(made) == _ROWS:
            raise _Refused(reference, Fail("LIMIT_EXCEEDED", "A tree holds at most 200 records in 5 levels"))
        try:
            id = insert(session, kind, values | link)
        except Fail as fail:
            raise _Refused(reference, fail) from None
        made.append({"referenceId": reference, "id": id})
        for name, value in children.items():
            child, field = child_relation(session, kind, name)
            _plant(session, child, value["records"], {field.name: id}, made, depth + 1)


ROUTES: Routes = [("POST", "/composite/tree/{name}", _create)]
