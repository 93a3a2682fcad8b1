"""CRM search v3: filters, the index's lag, 10,000 rows and no more (hubspot.md §2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from connectors.sandbox.hubspot import filters, links, records, schema, view
from connectors.sandbox.hubspot.access import Call, Route, object_scopes
from connectors.sandbox.hubspot.errors import invalid
from connectors.sandbox.hubspot.filters import Test
from connectors.sandbox.hubspot.kinds import Kind, kind_named
from connectors.sandbox.hubspot.values import Definition
from connectors.sandbox.hubspot.view import Fields
from connectors.sandbox.wire import Response

MOST_GROUPS, MOST_FILTERS, MOST_IN_ALL = 5, 6, 18
MOST_ROWS, MOST_CHARACTERS, PAGE = 10_000, 3_000, 200

Hit = tuple[str, dict[str, Any], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Query:
    """A search that may be run."""

    groups: list[list[Test]]
    text: str
    sort: Definition | None
    descending: bool
    limit: int
    after: int
    asked: Fields

    def matches(self, kind: Kind, values: dict[str, str]) -> bool:
        """True for a record that some group of filters and the text fit."""
        if self.groups and not any(all(test(values) for test in group) for group in self.groups):
            return False
        return not self.text or any(self.text in values.get(name, "").lower() for name in kind.searched)


def _search(call: Call, kind: Kind) -> Response:
    query = _parse(call, kind)
    hits = _sorted(query, list(_hits(call, kind, query)))
    end = query.after + query.limit
    results = [
        view.plain(call.portal, kind, id, doc, values, query.asked) for id, doc, values in hits[query.after : end]
    ]
    more = {"paging": {"next": {"after": str(end)}}} if end < len(hits) else {}
    return Response(200, {"total": len(hits), "results": results, **more})


def _hits(call: Call, kind: Kind, query: Query) -> Iterator[Hit]:
    horizon = call.portal.ago(call.portal.settings().search_lag_seconds)
    for id, doc in call.portal.state.all(records.live(call.portal, kind)):
        values = records.as_searched(doc, horizon)
        if values is not None and query.matches(kind, values):
            yield id, doc, values


def _sorted(query: Query, hits: list[Hit]) -> list[Hit]:
    """By the one sort there may be, records without a value last; else by id."""
    hits.sort(key=lambda hit: int(hit[0]))
    sort = query.sort
    if sort is None:
        return hits
    keyed = [(filters.comparable(sort, hit[2].get(sort["name"], "")), hit) for hit in hits]
    known = sorted((pair for pair in keyed if pair[0] not in (None, "")), key=itemgetter(0), reverse=query.descending)
    return [hit for _, hit in known] + [hit for value, hit in keyed if value in (None, "")]


def _parse(call: Call, kind: Kind) -> Query:
    if len(call.request.body.decode()) > MOST_CHARACTERS:
        raise invalid(f"The request body is longer than {MOST_CHARACTERS} characters")
    body = call.body()
    sort, descending = _sort(call, kind, body.get("sorts") or [])
    limit, after = _integer(body, "limit", 10), _integer(body, "after", 0)
    if not 0 <= limit <= PAGE:
        raise invalid(f"limit must not be above {PAGE}")
    if after + limit > MOST_ROWS:
        raise invalid(f"Paging beyond {MOST_ROWS} results is not possible")
    return Query(
        groups=_groups(call, kind, body.get("filterGroups") or []),
        text=str(body.get("query") or "").lower(),
        sort=sort,
        descending=descending,
        limit=limit,
        after=after,
        asked=view.from_body(call, kind, body),
    )


def _integer(body: dict[str, Any], field: str, default: int) -> int:
    text = str(body.get(field) or default)
    if not text.isdigit():
        raise invalid(f"{field} must be an integer, got {text}")
    return int(text)


def _groups(call: Call, kind: Kind, given: list[Any]) -> list[list[Test]]:
    groups = [group.get("filters") or [] for group in given if isinstance(group, dict)]
    if len(groups) > MOST_GROUPS or sum(map(len, groups)) > MOST_IN_ALL or any(len(g) > MOST_FILTERS for g in groups):
        raise invalid(f"At most {MOST_GROUPS} filterGroups of {MOST_FILTERS} filters, {MOST_IN_ALL} in all")
    return [[_test(call, kind, one) for one in group] for group in groups]


def _test(call: Call, kind: Kind, given: Any) -> Test:
    if not isinstance(given, dict) or not given.get("propertyName"):
        raise invalid("Some required fields were not set: [propertyName]")
    name = str(given["propertyName"])
    if name.startswith("associations."):
        return _associated(call, kind, kind_named(name.removeprefix("associations.")), given)
    return filters.predicate(_searchable(call, kind, name), given)


def _searchable(call: Call, kind: Kind, name: str) -> Definition:
    definition = schema.lookup(call.portal, kind, name)
    if definition is None:
        raise invalid(f"There is no property {name} on {kind.name}")
    if definition["dataSensitivity"] == "highly_sensitive":
        raise invalid(f"Property {name} is highly sensitive and cannot be searched")
    schema.visible(call, kind, [name])
    return definition


def _associated(call: Call, kind: Kind, end: Kind, given: dict[str, Any]) -> Test:
    """The pseudo-property `associations.{object}`."""
    if given.get("operator") not in {"EQ", "IN"}:
        raise invalid("associations can be filtered with EQ and IN only")
    wanted = [str(given.get("value"))] if given["operator"] == "EQ" else [str(id) for id in given.get("values") or []]
    near = {id for other in wanted for id, _ in links.following(call.portal, end, other, kind)}
    return lambda values: values["hs_object_id"] in near


def _sort(call: Call, kind: Kind, given: list[Any]) -> tuple[Definition | None, bool]:
    if not given:
        return None, False
    if len(given) > 1:
        raise invalid("Only one sort can be applied")
    name, descending = _direction(given[0])
    return _searchable(call, kind, name), descending


def _direction(given: Any) -> tuple[str, bool]:
    """A sort as an object, or as a name with `-` for descending."""
    if isinstance(given, dict):
        return str(given.get("propertyName")), given.get("direction") == "DESCENDING"
    return str(given).removeprefix("-"), str(given).startswith("-")


ROUTES = (Route("POST", "/crm/v3/objects/{kind}/search", _search, object_scopes("read")),)
