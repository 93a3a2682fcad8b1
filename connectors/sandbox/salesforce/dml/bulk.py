"""Does the rows of a bulk file: empty cells leave a field as it is, `#N/A` empties it (reference §4.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.salesforce.dml.coerce import NULL, from_csv
from connectors.sandbox.salesforce.dml.remove import delete, hard_delete
from connectors.sandbox.salesforce.dml.write import insert, update, upsert
from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.schema import Object
from connectors.sandbox.salesforce.session import Session, record_id
from connectors.sandbox.salesforce.soql.access import relation
from connectors.sandbox.state import Doc

Work = Callable[[dict[str, str]], tuple[str, bool]]


@dataclass(slots=True)
class Outcome:
    """Result rows: `[id, created, …cells]`, `[id, error, …cells]`, and the cells of rows that were not come to."""

    succeeded: list[list[str]] = field(default_factory=list)
    failed: list[list[str]] = field(default_factory=list)
    unprocessed: list[list[str]] = field(default_factory=list)

    @property
    def stopped(self) -> bool:
        """True when the job ended before its last row."""
        return bool(self.unprocessed)


def process(session: Session, job: Doc, header: list[str], rows: list[list[str]]) -> Outcome:
    """Does each row on its own; done rows stay done. Raises Fail when the header does not fit, before any row."""
    kind = session.object(job["object"])
    _check_header(kind, job, header)
    work = _worker(session, kind, job)
    most = session.org.settings.bulk_fail_after
    outcome = Outcome()
    for cells in rows[:most]:
        given = dict(zip(header, cells, strict=False))
        try:
            if len(cells) != len(header):
                raise Fail("INVALID_NUMBER_OF_FIELDS", "The row has another number of cells than the header", [])
            id, created = work(given)
            outcome.succeeded.append([id, "true" if created else "false", *cells])
        except Fail as fail:
            outcome.failed.append([given.get("Id", ""), _bulk_error(fail).csv(), *cells])
    outcome.unprocessed = [] if most is None else rows[most:]
    return outcome


def _bulk_error(fail: Fail) -> Fail:
    if fail.code == "NOT_FOUND":
        return Fail("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
    return fail


def _check_header(kind: Object, job: Doc, header: list[str]) -> None:
    operation = job["operation"]
    if operation in {"delete", "hardDelete"} and [name.lower() for name in header] != ["id"]:
        raise Fail("InvalidBatch", f"Field name not found : {next((n for n in header if n.lower() != 'id'), 'Id')}")
    if operation == "update" and "id" not in (name.lower() for name in header):
        raise Fail("InvalidBatch", "Field name not found : Id")
    for name in header:
        parent, _, _ = name.partition(".")
        unknown = relation(kind, parent) is None if "." in name else not kind.has(name)
        if unknown or (operation == "insert" and name.lower() == "id"):
            raise Fail("InvalidBatch", f"Field name not found : {name}")


def _worker(session: Session, kind: Object, job: Doc) -> Work:
    def row_id(cells: dict[str, str]) -> str:
        return record_id(next(text for name, text in cells.items() if name.lower() == "id"))

    def change(cells: dict[str, str]) -> tuple[str, bool]:
        update(session, kind, row_id(cells), _values(kind, cells))
        return row_id(cells), False

    def remove(cells: dict[str, str]) -> tuple[str, bool]:
        (hard_delete if job["operation"] == "hardDelete" else delete)(session, kind, row_id(cells))
        return row_id(cells), False

    def put(cells: dict[str, str]) -> tuple[str, bool]:
        key = kind.fields[job["externalIdFieldName"].lower()]
        given = next((text for name, text in cells.items() if name.lower() == key.name.lower()), "")
        rest = {name: text for name, text in cells.items() if name.lower() != key.name.lower()}
        if key.name == "Id" and not given:
            return insert(session, kind, _values(kind, rest)), True
        if not given:
            raise Fail("MISSING_ARGUMENT", f"{key.name} not specified", [])
        return upsert(session, kind, key, record_id(given) if key.name == "Id" else given, _values(kind, rest))

    works: dict[str, Work] = {
        "insert": lambda cells: (insert(session, kind, _values(kind, cells)), True),
        "update": change,
        "upsert": put,
        "delete": remove,
        "hardDelete": remove,
    }
    return works[job["operation"]]


def _values(kind: Object, cells: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in cells.items():
        if text == "" or name.lower() == "id":
            continue
        parent, _, key = name.partition(".")
        own = kind.field(name)
        if key:
            values[parent] = None if text == NULL else {key: text}
        elif own is not None:
            values[name] = from_csv(own, text)
    return values
