"""What logging an activity moves on the records it is associated with (hubspot.md §2.5, §5.3). Knows no route."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.sandbox.hubspot import links, records, schema
from connectors.sandbox.hubspot.kinds import Kind
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.values import moment

_CONTACTING = {"emails", "calls", "meetings"}


def associate(portal: Portal, start: Kind, start_id: str, end: Kind, end_id: str, given: Iterable[int]) -> None:
    """Associates two records; a new association with an activity counts as logging it. Raises Refusal on a bad type."""
    if links.add(portal, start, start_id, end, end_id, given) and start.engagement != end.engagement:
        if start.engagement:
            _log(portal, start, start_id, end, end_id)
        else:
            _log(portal, end, end_id, start, start_id)


def _log(portal: Portal, activity: Kind, activity_id: str, kind: Kind, id: str) -> None:
    logged, found = records.fetch(portal, activity, activity_id), records.fetch(portal, kind, id)
    if logged and found:
        at = logged[1]["properties"].get("hs_timestamp") or portal.now()
        values = _moved(found[1]["properties"], activity.name, at)
        known = {name: value for name, value in values.items() if schema.lookup(portal, kind, name)}
        records.write(portal, kind, found[0], found[1], known)


def _moved(values: dict[str, str], activity: str, at: str) -> dict[str, str]:
    """A task counts but is no contact; a note is none either, but it moves the last activity."""
    moved = {"num_notes": _one_more(values, "num_notes")}
    if activity != "tasks":
        moved["notes_last_updated"] = _later(values.get("notes_last_updated"), at)
    if activity in _CONTACTING:
        moved["notes_last_contacted"] = _later(values.get("notes_last_contacted"), at)
        moved["num_contacted_notes"] = _one_more(values, "num_contacted_notes")
    return moved


def _one_more(values: dict[str, str], name: str) -> str:
    return str(int(values.get(name, "0")) + 1)


def _later(known: str | None, at: str) -> str:
    return at if known is None or (moment(known) or 0) < (moment(at) or 0) else known
