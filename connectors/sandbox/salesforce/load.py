"""Takes a line of a load file: a record as the vendor holds it, a custom field, or switches of the org."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.sandbox.salesforce import ids, times
from connectors.sandbox.salesforce.dml.derive import defaults, derive, numbers
from connectors.sandbox.salesforce.dml.effects import spread
from connectors.sandbox.salesforce.founding import ADMIN
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.rows import Rows
from connectors.sandbox.salesforce.schema import Field, Object
from connectors.sandbox.state import Doc

_MADE_ALONG = frozenset({"ContentNote", "ContentVersion", "Account"})


def load(rows: Rows, record: Mapping[str, Any]) -> None:
    """Takes one line. Raises ValueError when it is not understood."""
    values = {name: value for name, value in record.items() if name not in {"crm", "kind", "attributes"}}
    if record["kind"] == "_settings":
        rows.org.set(values)
    elif record["kind"] == "_field":
        rows.org.add_field(values)
    else:
        _load_row(rows, str(record["kind"]), values)


def _load_row(rows: Rows, name: str, values: Mapping[str, Any]) -> None:
    kind = rows.org.schema.get(name.lower())
    if kind is None or kind.is_("virtual"):
        raise ValueError(f"salesforce: there is no object {name}")
    given = dict(_given(kind, key, value) for key, value in values.items() if value is not None)
    row = _defaults(rows.org, kind) | given
    if "Id" not in given:
        row["Id"] = rows.org.new_id(kind)
    else:
        rows.org.reserve(kind, row["Id"])
    _date(rows.org, kind, row)
    row |= {key: value for key, value in numbers(rows, kind).items() if key not in given}
    row |= {key: value for key, value in derive(rows, kind, row).items() if key not in given}
    rows.put(kind, row)
    if kind.name in _MADE_ALONG and "_deleted" not in row:
        spread(rows, kind, row)


def _given(kind: Object, name: str, value: Any) -> tuple[str, Any]:
    field = kind.field(name)
    if field is None:
        raise ValueError(f"salesforce: {kind.name} has no field {name}")
    return field.name, _read(kind, field, value)


def _read(kind: Object, field: Field, value: Any) -> Any:
    if field.type in {"id", "reference"}:
        whole = ids.full(value)
        if whole is None:
            short = str(value)[:15]
            hint = f" (should it be {short}{ids.checksum(short)}?)" if len(str(value)) == 18 else ""
            raise ValueError(f"salesforce: {kind.name}.{field.name}: {value} is no record id{hint}")
        return whole
    if field.type == "datetime":
        return times.normal(value)
    return times.day(value) if field.type == "date" else value


def _defaults(org: Org, kind: Object) -> Doc:
    known: dict[str, Doc] = org.derived.setdefault("defaults", {})
    if kind.name not in known:
        own: Doc = {"CreatedById": ADMIN, "LastModifiedById": ADMIN}
        known[kind.name] = own | ({"OwnerId": ADMIN} if kind.has("OwnerId") else {}) | defaults(kind)
    return known[kind.name]


def _date(org: Org, kind: Object, row: Doc) -> None:
    """Fills the stamps that a line leaves out, and puts a deleted row into the bin."""
    row.setdefault("CreatedDate", org.stamp())
    row.setdefault("LastModifiedDate", row["CreatedDate"])
    row.setdefault("SystemModstamp", row["LastModifiedDate"])
    if row.pop("IsDeleted", False):
        row |= {"_deleted": row["SystemModstamp"], "_root": row["Id"]}
