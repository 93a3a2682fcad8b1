"""sObject Collections: up to 200 rows in one call, answered one by one (salesforce.md §3.2). Knows no action.

The answer is always HTTP 200, in the order of the request; a row's error is read from `statusCode`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.salesforce.client import Client, Row, chunks, full_id
from connectors.salesforce.codes import known
from connectors.salesforce.schema import Object
from core.errors import BadAnswer, TryLater, Unreachable

MOST = 200
GONE = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND"})
_LOCKED = "UNABLE_TO_LOCK_ROW"
# §12: a rule that only warns of duplicates must not keep an opt-out from being written.
_DUPLICATES = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=false; runAsCurrentUser=true"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the vendor said of one row. `why` is its code and which fields of the object it names; texts quote values."""

    ok: bool
    code: str = ""
    why: str = ""

    @property
    def locked(self) -> bool:
        """True when somebody else is writing the row: what was read of it may be old by now."""
        return self.code == _LOCKED

    @property
    def gone(self) -> bool:
        """True when the row was not there to be written."""
        return self.code in GONE


def read(client: Client, kind: str, ids: Iterable[str], fields: Iterable[str]) -> dict[str, Row | None]:
    """Live rows by id, asked by POST so that neither many ids nor many fields are too long; None for what is not there."""
    wanted = list(dict.fromkeys(ids))
    names = sorted({*fields, "Id"})
    found: dict[str, Row | None] = {}
    for part in chunks(wanted, 2000):
        path = f"{client.base}/composite/sobjects/{kind}"
        said = client.send("retrieve", "POST", path, safe=True, json={"ids": list(part), "fields": names})
        if not isinstance(said, list) or len(said) != len(part):
            raise BadAnswer(f"Salesforce answered another number of {kind} rows than was asked for")
        found.update((one, _live(one, row)) for one, row in zip(part, said, strict=True))
    return found


def _live(asked: str, row: Any) -> Row | None:
    if not isinstance(row, dict) or row.get("IsDeleted") is True:
        return None
    if full_id(str(row.get("Id"))) != full_id(asked):
        raise BadAnswer("Salesforce answered about other rows than it was asked for")
    return row


def patch(
    client: Client, kind: Object, bodies: Mapping[str, Mapping[str, Any]], *, safe: bool = False
) -> dict[str, Outcome]:
    """Writes fields of rows of one kind by id; None clears a field."""

    def send(ids: Sequence[str]) -> Any:
        records = [{"attributes": {"type": kind.name}, "id": one, **bodies[one]} for one in ids]
        body = {"allOrNone": False, "records": records}
        return client.exchange("PATCH", f"{client.base}/composite/sobjects", json=body, headers=_DUPLICATES)

    return _each(client, "update", list(bodies), send, safe, kind.fields)


def delete(client: Client, ids: Iterable[str], *, safe: bool = False) -> dict[str, Outcome]:
    """Puts rows into the recycle bin. Ids of one kind must stand together: ten changes of kind a call at most."""

    def send(part: Sequence[str]) -> Any:
        params = {"ids": ",".join(part), "allOrNone": "false"}
        return client.exchange("DELETE", f"{client.base}/composite/sobjects", params=params)

    return _each(client, "delete", list(dict.fromkeys(ids)), send, safe)


def _each(
    client: Client,
    what: str,
    ids: list[str],
    send: Callable[[Sequence[str]], Any],
    safe: bool,
    names: Container[str] = (),
) -> dict[str, Outcome]:
    """Sends the rows in parts of 200. Locked rows are sent again after a while, and only those, when that is safe."""
    outcomes: dict[str, Outcome] = {}
    for part in chunks(ids, MOST):
        outcomes.update(_part(client, what, list(part), send, safe, names))
    return outcomes


def _part(
    client: Client,
    what: str,
    ids: list[str],
    send: Callable[[Sequence[str]], Any],
    safe: bool,
    names: Container[str],
) -> dict[str, Outcome]:
    said: dict[str, Outcome] = {}

    def once() -> None:
        pending = [one for one in ids if one not in said or said[one].code == _LOCKED]
        said.update(_answers(pending, send(pending), names))
        if any(said[one].code == _LOCKED for one in pending):
            raise TryLater("rows are locked")

    try:
        client.call(what, once, safe=safe)
    except Unreachable:
        if len(said) < len(ids):
            raise
    return said


def _answers(ids: Sequence[str], said: Any, names: Container[str]) -> dict[str, Outcome]:
    if not isinstance(said, list) or len(said) != len(ids):
        raise BadAnswer("Salesforce answered another number of rows than it was sent")
    for one, row in zip(ids, said, strict=True):
        if not isinstance(row, dict) or row.get("success") not in (True, False):
            raise BadAnswer("Salesforce answered a row without saying whether it succeeded")
        if row.get("id") and full_id(str(row["id"])) != full_id(one):
            raise BadAnswer("Salesforce answered about other rows than it was sent")
    return {one: outcome(row, names) for one, row in zip(ids, said, strict=True)}


def outcome(row: Mapping[str, Any], names: Container[str] = ()) -> Outcome:
    """One row's result as a value; of the fields that the vendor names, those that are in `names`."""
    if row["success"] is True:
        return Outcome(True)
    errors = [error for error in row.get("errors") or () if isinstance(error, dict)]
    first = errors[0] if errors else {}
    code = known(first.get("statusCode") or first.get("errorCode")) or "without a code"
    named = (str(name) for name in first.get("fields") or () if name in names)
    return Outcome(False, code, f"{code} {', '.join(named)}".strip())


def same(one: object, other: object) -> bool:
    """True when two values of a field mean the same: an empty text is null, a blank checkbox is False.

    Salesforce trims texts, and writes rich text in its own way.
    """
    return _plain(one) == _plain(other)


def _plain(value: object) -> object:
    if isinstance(value, str):
        return re.sub(r"\s+", "", html.unescape(value)) or None
    return None if value is False else value
