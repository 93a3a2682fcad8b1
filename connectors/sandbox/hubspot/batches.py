"""CRM objects v3 in batches of 100: 207s, rows that fail and rows that vanish (hubspot.md §2.3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.sandbox.hubspot import creation, records, schema, view
from connectors.sandbox.hubspot.access import Call, Route, object_scopes
from connectors.sandbox.hubspot.creation import Draft
from connectors.sandbox.hubspot.errors import conflict, invalid, not_found, row_error
from connectors.sandbox.hubspot.kinds import CONTACTS, Kind
from connectors.sandbox.hubspot.objects import PAGE, PAGE_WITH_HISTORY, identifying, written
from connectors.sandbox.wire import Refusal, Response

Row = dict[str, Any]


def inputs(call: Call, most: int = PAGE) -> list[Any]:
    """The inputs of a batch. Raises Refusal when there are none or too many."""
    given = call.body().get("inputs")
    if not isinstance(given, list) or not given:
        raise invalid("Some required fields were not set: [inputs]")
    if len(given) > most:
        raise invalid(f"The maximum number of inputs supported in a batch request is {most}, got {len(given)}")
    return given


def rows(call: Call, most: int = PAGE) -> list[Row]:
    """The same where every input must be an object."""
    given = inputs(call, most)
    if not all(isinstance(row, dict) for row in given):
        raise invalid("Invalid input JSON: every input must be an object")
    return given


def ids(given: Iterable[Row]) -> list[str]:
    """The id of every input. Raises Refusal when one has none."""
    found = [row.get("id") for row in given]
    if None in found:
        raise invalid("Some required fields were not set: [id]")
    return [str(id) for id in found]


def outcome(call: Call, results: list[Row], errors: list[Row], ok: int = 200, mixed: int = 207) -> Response:
    """The envelope of a batch: status `mixed` with the errors, `ok` when there are none."""
    now = call.portal.now()
    body: Row = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return Response(mixed if errors else ok, body)


def absent(kind: Kind, missing: list[str]) -> list[Row]:
    """The one error that lists every id that was not found."""
    message = (
        f"Could not get some {kind.singular.upper()} objects, they may be deleted or not exist. "
        "Check that ids are valid."
    )
    return [row_error(not_found(message), {"ids": missing})] if missing else []


def _read(call: Call, kind: Kind) -> Response:
    body = call.body()
    asked = view.from_body(call, kind, body)
    wanted = ids(rows(call, PAGE_WITH_HISTORY if asked.history else PAGE))
    name = body.get("idProperty") or "hs_object_id"
    identifying(call, kind, name)
    archived = call.request.flag("archived")
    found = {id: records.fetch_by(call.portal, kind, name, id, archived) for id in wanted}
    there = dict(filter(None, found.values()))
    results = [view.show(call.portal, kind, id, doc, asked) for id, doc in there.items()]
    return outcome(call, results, absent(kind, [id for id, record in found.items() if not record]))


def _create(call: Call, kind: Kind) -> Response:
    """All or nothing, unless each input has a trace id of its own: then rows fail one by one."""
    given = rows(call)
    traces = _traces(given)
    if not traces:
        drafts = [creation.draft(call, kind, row) for row in given]
        _distinct(call, kind, drafts)
        return outcome(call, [_made(call, kind, made) for made in drafts], [], 201)
    results, errors = [], []
    for trace, row in zip(traces, given, strict=True):
        try:
            results.append(_made(call, kind, creation.draft(call, kind, row)) | {"objectWriteTraceId": trace})
        except Refusal as refusal:
            errors.append(row_error(refusal, {"objectWriteTraceId": [trace]}))
    return outcome(call, results, errors, 201)


def _traces(given: list[Row]) -> list[str]:
    """The trace ids of the inputs; none at all unless every input has one and no two are the same."""
    named = [str(row["objectWriteTraceId"]) for row in given if row.get("objectWriteTraceId")]
    return named if len(set(named)) == len(given) else []


def _distinct(call: Call, kind: Kind, drafts: list[Draft]) -> None:
    for name in ["email"] * (kind == CONTACTS) + schema.unique(call.portal, kind):
        given = [made.values[name] for made in drafts if made.values.get(name)]
        if len(set(given)) < len(given):
            raise conflict(f"Two inputs have the same {name}")


def _made(call: Call, kind: Kind, made: Draft) -> Row:
    id, doc = made.save(call, kind)
    return written(call, kind, id, doc, made.values)


def _update(call: Call, kind: Kind) -> Response:
    """One bad value refuses the whole call; unknown ids are errors; a merged id is silently left out."""
    given = rows(call)
    missing, ready = [], []
    for id, row in zip(ids(given), given, strict=True):
        name = row.get("idProperty") or "hs_object_id"
        identifying(call, kind, name)
        found = records.fetch_by(call.portal, kind, name, id)
        values = schema.checked(call, kind, row.get("properties"), found[1]["properties"] if found else None)
        if found is None:
            missing.append(id)
        elif name != "hs_object_id" or found[0] == id:
            creation.free(call, kind, values, found[0])
            ready.append((found[0], values, row.get("objectWriteTraceId")))
    results = [_changed(call, kind, id, values) | _trace(trace) for id, values, trace in ready]
    return outcome(call, results, absent(kind, missing))


def _trace(trace: Any) -> Row:
    return {"objectWriteTraceId": trace} if trace else {}


def _changed(call: Call, kind: Kind, id: str, values: dict[str, str]) -> Row:
    found = records.fetch(call.portal, kind, id)
    if found is None:
        raise not_found()
    records.write(call.portal, kind, *found, values)
    return written(call, kind, *found, values)


def _upsert(call: Call, kind: Kind) -> Response:
    """Updates or creates by a unique property. By e-mail it is all or nothing (hubspot.md §2.3)."""
    given = rows(call)
    keys = ids(given)
    if len(set(keys)) < len(keys):
        raise invalid("Duplicate ids found in batch input")
    partial = bool(_traces(given)) and not any(row.get("idProperty") == "email" for row in given)
    errors: list[Row] = []
    ready: list[tuple[str, Draft, Any]] = []
    for id, row in zip(keys, given, strict=True):
        try:
            ready.append((*_upsertable(call, kind, id, row), row.get("objectWriteTraceId")))
        except Refusal as refusal:
            if not partial:
                raise
            errors.append(row_error(refusal, {"objectWriteTraceId": [row["objectWriteTraceId"]]}))
    results = [_upserted(call, kind, id, made) | _trace(trace) for id, made, trace in ready]
    return outcome(call, results, errors)


def _upsertable(call: Call, kind: Kind, id: str, row: Row) -> tuple[str, Draft]:
    """The id of the record to update, empty for one to create, and what to write."""
    name = row.get("idProperty") or ""
    identifying(call, kind, name)
    given = row.get("properties") or {}
    found = records.fetch_by(call.portal, kind, name, id)
    if found is None:
        return "", creation.draft(call, kind, {"properties": {**given, name: id}})
    changes = {key: value for key, value in given.items() if key != name}
    values = schema.checked(call, kind, changes, found[1]["properties"])
    creation.free(call, kind, values, found[0])
    return found[0], Draft(values, [])


def _upserted(call: Call, kind: Kind, id: str, made: Draft) -> Row:
    return _changed(call, kind, id, made.values) | {"new": False} if id else _made(call, kind, made) | {"new": True}


def _archive(call: Call, kind: Kind) -> Response:
    for id in ids(rows(call)):
        found = records.fetch(call.portal, kind, id)
        if found:
            records.archive(call.portal, kind, *found)
    return Response(204)


def _route(name: str, handler: Any, verb: str) -> Route:
    return Route("POST", f"/crm/v3/objects/{{kind}}/batch/{name}", handler, object_scopes(verb), write=verb == "write")


ROUTES = (
    _route("read", _read, "read"),
    _route("create", _create, "write"),
    _route("update", _update, "write"),
    _route("upsert", _upsert, "write"),
    _route("archive", _archive, "write"),
)
