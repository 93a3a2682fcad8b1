"""Reading records: every one of a kind, or some by id, clock inputs included. Must not write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from urllib.parse import quote

from connectors.salesforce import clock, rows
from connectors.salesforce.client import Row, full_id
from connectors.salesforce.records import KINDS, Facts, Kind, Reading, id_of, reading, record, version_of
from connectors.salesforce.schema import Org
from core.errors import BadAnswer, ConfigError, NotAllowed
from core.model import Page, Query, Record, Ref

# §2.2: of 16,384 bytes, what is left for the names of fields; in `get` beside 200 ids.
_ROOM_IN_SCAN, _ROOM_IN_GET = 14_000, 8_000
_TRIES = 3


def scan(org: Org, query: Query) -> Iterator[Page]:
    """Every live record of a kind, page by page, in the vendor's order. Children are read first, whole.

    Raises NotAllowed for a property that our user cannot see: a field that cannot be read must never look clean (§7).
    """
    plan = _plan(org, kind_of(org, query.kind), query.properties)
    _all_visible(org.client.crm, query.properties, (plan,))
    with clock.Index() as index:
        clock.read_all(index, org, plan.kind)
        fields = _fitting(plan.fields, _ROOM_IN_SCAN)
        for page in org.client.pages("scan", _soql(org, plan, fields)):
            yield Page(tuple(_records(plan, _whole(org, plan, fields, page.rows), index)), page.last, page.total)


def get(org: Org, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
    """Some records, as `scan` reads them. None for what is deleted, merged away, or not to be seen."""
    found: dict[Ref, Record | None] = dict.fromkeys(refs)
    plans = []
    for name in sorted({ref.kind for ref in refs}):
        asked = {ref: full for ref in refs if ref.kind == name and (full := full_id(ref.id))}
        if name in KINDS and (name != "Account" or org.options.person_accounts):
            plans.append(_plan(org, KINDS[name], properties))
            read = {id: item for id, (item, _) in _some(org, plans[-1], set(asked.values())).items()}
        else:
            read = _bare(org, name, set(asked.values()))
        found.update({ref: read.get(full) for ref, full in asked.items()})
    _all_visible(org.client.crm, properties, plans)
    return found


def seen(org: Org, kind: str, ids: Iterable[str], properties: Sequence[str]) -> dict[str, tuple[Record, Facts]]:
    """Some records that are there, by id, as `get` reads them, and what their children say."""
    return _some(org, _plan(org, kind_of(org, kind), properties), set(ids))


def kind_of(org: Org, name: str) -> Kind:
    """A kind that holds persons in this org. Raises ConfigError for any other."""
    if name not in KINDS or (name == "Account" and not org.options.person_accounts):
        raise ConfigError(
            f"{org.client.crm}: {name} is not a kind that holds persons.", "Set person_accounts for Account."
        )
    return KINDS[name]


def _plan(org: Org, kind: Kind, properties: Sequence[str]) -> Reading:
    seen = org.object(kind.name)
    if kind.name == "Account" and "IsPersonAccount" not in seen.fields:
        raise ConfigError(f"{org.client.crm}: the org has no person accounts.", "Leave person_accounts out.")
    individual = org.find("Individual") if f"{kind.individual}Id" in seen.fields else None
    return reading(org.client.crm, kind, org.options, seen, individual, properties)


def _all_visible(crm: str, properties: Sequence[str], plans: Sequence[Reading]) -> None:
    """Raises NotAllowed for a property that none of the kinds read shows."""
    lost = [name for name in properties if plans and not any(name in plan.asked for plan in plans)]
    if lost:
        kinds = ", ".join(plan.kind.name for plan in plans)
        raise NotAllowed(
            f"{crm}: {', '.join(lost)} of {kinds} not there or hidden by field-level security", tuple(lost)
        )


def _soql(org: Org, plan: Reading, fields: Iterable[str], narrowed: str = "") -> str:
    """The query of a kind. A plain query shows neither deleted rows nor the losers of a merge (§2.3)."""
    # Only an org with person accounts has IsPersonAccount; its shadow contacts are read as Accounts (§5).
    own = plan.kind.where if "IsPersonAccount" in org.object(plan.kind.name).fields else ""
    where = " AND ".join(filter(None, (own, narrowed)))
    return f"SELECT {','.join(fields)} FROM {plan.kind.name}{' WHERE ' if where else ''}{where}"


def _fitting(fields: Sequence[str], room: int) -> Sequence[str]:
    """The first of some fields, as many as have room in a URL (§2.2)."""
    lengths = accumulate(len(quote(f"{name},")) for name in fields)
    return fields[: sum(length <= room for length in lengths)]


def _some(org: Org, plan: Reading, ids: set[str]) -> dict[str, tuple[Record, Facts]]:
    found = _asked(org, plan, ids, _TRIES)
    with clock.Index() as index:
        clock.read_some(index, org, plan.kind, [key for row in found for key in _keys(plan.kind, row)])
        told = {id_of(row): (row, index.facts(_keys(plan.kind, row))) for row in found}
        return {id: (record(plan, row, facts), facts) for id, (row, facts) in told.items()}


def _asked(org: Org, plan: Reading, ids: Iterable[str], tries: int) -> list[Row]:
    fields = _fitting(plan.fields, _ROOM_IN_GET)
    return _whole(org, plan, fields, org.client.rows_of("get", _soql(org, plan, fields, "Id IN {ids}"), ids), tries)


def _whole(org: Org, plan: Reading, fields: Sequence[str], asked: Iterable[Row], tries: int = _TRIES) -> list[Row]:
    """Rows with the fields that their query had no room for, asked by POST (§3.2); both parts are of one version.

    A row that has changed or gone in between is asked for again. Raises BadAnswer when it keeps changing.
    """
    rest = plan.fields[len(fields) :]
    first = {id_of(row): row for row in asked}
    if not rest:
        return list(first.values())
    more = rows.read(org.client, plan.kind.name, first, {"SystemModstamp", "IsDeleted", *rest})
    found = {id: {**first[id], **row} for id, row in more.items() if row and version_of(row) == version_of(first[id])}
    left = first.keys() - found
    if left and not tries:
        raise BadAnswer(f"{org.client.crm}: {plan.kind.name} rows kept changing while they were read")
    return [*found.values(), *(_asked(org, plan, left, tries - 1) if left else ())]


def _bare(org: Org, kind: str, ids: set[str]) -> dict[str, Record]:
    """Records that hold no person, such as the audit anchor: their version and nothing else."""
    org.object(kind)
    rows = org.client.rows_of("get", f"SELECT Id, SystemModstamp FROM {kind} WHERE Id IN {{ids}}", ids)
    return {id_of(row): Record(ref=Ref(org.client.crm, kind, id_of(row)), version=version_of(row)) for row in rows}


def _records(plan: Reading, rows: Iterable[Row], index: clock.Index) -> Iterator[Record]:
    for row in rows:
        yield record(plan, row, index.facts(_keys(plan.kind, row)))


def _keys(kind: Kind, row: Row) -> list[str]:
    return [full for name in kind.keys if (full := full_id(str(row.get(name))))]
