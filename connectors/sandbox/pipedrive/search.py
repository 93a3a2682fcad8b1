"""Search of one item type, of all, or of one field: its own shapes, limits and lag (§4.1, trap 25)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from connectors.sandbox.pipedrive import listing, query, times
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.answers import invalid, nested_page, refused
from connectors.sandbox.pipedrive.operation import CONTACTS, DEALS, LEADS, Call, Operation, v1, v2
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

_SEARCHABLE = {"address", "varchar", "text", "varchar_auto", "double", "monetary", "phone"}
_SCORE, _EXACT_SCORE = 0.5092, 1.2272

Texts = Callable[[Account, Doc], Iterable[Any]]
Test = Callable[[str], bool]


def _values(key: str) -> Texts:
    return lambda _, doc: [one.get("value") for one in doc.get(key) or []]


def _key(key: str) -> Texts:
    return lambda _, doc: [doc.get(key)]


def _value(code: str) -> Texts:
    return lambda _, doc: [doc.get("custom_fields", doc).get(code)]


def _custom(kind: str) -> Texts:
    def texts(account: Account, doc: Doc) -> list[Any]:
        fields = account.custom_fields(kind)
        held = doc.get("custom_fields", doc)
        found = [held.get(code) for code, one in fields.items() if one["field_type"] in _SEARCHABLE]
        return [value.get("value") if isinstance(value, dict) else value for value in found]

    return texts


def _brief(account: Account, kind: str, id: Any, name: str = "name") -> Doc | None:
    doc = account.live(kind, id) if id else None
    return {"id": doc["id"], name: doc[name]} if doc else None


def _organization_of(account: Account, id: Any) -> Doc | None:
    brief = _brief(account, "organizations", id)
    return brief | {"address": None} if brief else None


def _person_item(account: Account, doc: Doc) -> Doc:
    points = {key: [one["value"] for one in doc[key]] for key in ("phones", "emails")}
    return {"name": doc["name"], **points, "organization": _organization_of(account, doc.get("org_id"))}


def _organization_item(_: Account, doc: Doc) -> Doc:
    return {"name": doc["name"], "address": (doc.get("address") or {}).get("value")}


def _deal_item(account: Account, doc: Doc) -> Doc:
    keys = ("title", "value", "currency", "status", "is_archived")
    stage = _brief(account, "stages", doc["stage_id"])
    return {key: doc[key] for key in keys} | {"stage": stage} | _parties(account, doc, doc.get("org_id"))


def _parties(account: Account, doc: Doc, org: Any) -> Doc:
    person = _brief(account, "persons", doc.get("person_id"))
    return {"person": person, "organization": _organization_of(account, org)}


def _lead_item(account: Account, doc: Doc) -> Doc:
    person = account.live("persons", doc.get("person_id")) or {"emails": [], "phones": []}
    value = doc.get("value") or {"amount": None, "currency": None}
    item = {"title": doc["title"], "is_archived": doc["is_archived"], "value": value["amount"]}
    points = {key: [one["value"] for one in person[key]] for key in ("phones", "emails")}
    return item | {"currency": value["currency"], **points} | _parties(account, doc, doc.get("organization_id"))


@dataclass(frozen=True, slots=True)
class Kind:
    """One item type: where its texts are, by search field, and how a found item looks."""

    kind: str
    note: str
    texts: Mapping[str, Texts]
    item: Callable[[Account, Doc], Doc]


KINDS = {
    "person": Kind(
        "persons",
        "person_id",
        {
            "name": _key("name"),
            "email": _values("emails"),
            "phone": _values("phones"),
            "custom_fields": _custom("personFields"),
        },
        _person_item,
    ),
    "organization": Kind(
        "organizations",
        "org_id",
        {
            "name": _key("name"),
            "address": lambda _, doc: [(doc.get("address") or {}).get("value")],
            "custom_fields": _custom("organizationFields"),
        },
        _organization_item,
    ),
    "deal": Kind("deals", "deal_id", {"title": _key("title"), "custom_fields": _custom("dealFields")}, _deal_item),
    "lead": Kind("leads", "lead_id", {"title": _key("title"), "custom_fields": _custom("dealFields")}, _lead_item),
}


def _test(term: str, exact: bool) -> Test:
    wanted = term.lower()
    return (lambda text: text.lower() == wanted) if exact else (lambda text: wanted in text.lower())


def _hits(texts: Iterable[Any], test: Test) -> list[str]:
    return [str(text) for text in texts if text not in (None, "") and test(str(text))]


def _candidates(call: Call, one: Kind, fields: Iterable[str]) -> Iterator[Doc]:
    """Every record; only those that carry the address when an exact e-mail is looked for."""
    if call.query.get("exact_match") and list(fields) == ["email"] and one.kind == "persons":
        yield from call.account.linked("persons", "email", call.query["term"].lower())
    elif set(fields) & {"notes", *one.texts}:
        yield from call.account.all(one.kind)


def _visible(call: Call, doc: Doc) -> bool:
    """Whether the index has a record: it lags behind the last writes by `searchLag` seconds."""
    indexed = times.v2(call.account.now() - timedelta(seconds=call.account.settings["searchLag"]))
    return not doc.get("is_deleted") and call.sees(doc) and times.v2(times.read(doc["update_time"])) <= indexed


def _found(call: Call, name: str, fields: Iterable[str]) -> Iterator[Doc]:
    one, test = KINDS[name], _test(call.query["term"], call.query.get("exact_match", False))
    notes: dict[Any, list[str]] = {}
    if "notes" in fields:
        for note in call.account.all("notes"):
            notes.setdefault(note.get(one.note), []).extend(_hits([note["content"]], test))
    for doc in _candidates(call, one, fields):
        if not _visible(call, doc):
            continue
        hits = {field: _hits(one.texts[field](call.account, doc), test) for field in fields if field in one.texts}
        if any(hits.values()) or notes.get(doc["id"]):
            yield _result(call.account, name, doc, hits.get("custom_fields", []), notes.get(doc["id"], []))


def _result(account: Account, name: str, doc: Doc, custom: list[str], notes: list[str]) -> Doc:
    visible = doc.get("visible_to")
    item: Doc = {"id": doc["id"], "type": name, "visible_to": int(visible) if visible else None}
    item |= {"owner": {"id": doc["owner_id"]}, "custom_fields": custom, "notes": notes}
    return {"result_score": _SCORE, "item": item | KINDS[name].item(account, doc)}


def _term(call: Call, exact: bool) -> None:
    if len(call.query.get("term", "").strip()) < (1 if exact else 2):
        raise invalid(("term", "must be at least 2 characters long (1 when exact)"))


def _of_kind(name: str, call: Call) -> list[Doc]:
    _term(call, call.query.get("exact_match", False))
    fields = call.query.get("fields") or [*KINDS[name].texts, "notes"]
    wanted = {
        "organization": call.query.get("organization_id"),
        "person": call.query.get("person_id"),
    }
    return [row for row in _found(call, name, fields) if _belongs(row["item"], wanted)]


def _belongs(item: Doc, wanted: Mapping[str, Any]) -> bool:
    return all(id is None or (item.get(key) or {}).get("id") == id for key, id in wanted.items())


def _search(name: str, call: Call) -> Response:
    return listing.plain(_of_kind(name, call), call.query, lambda rows: {"items": rows})


def _search_all(call: Call) -> Response:
    _term(call, call.query.get("exact_match", False))
    names = [name for name in call.query.get("item_types") or KINDS if name in KINDS]
    rows: list[Doc] = []
    for name in names:
        fields = call.query.get("fields") or [*KINDS[name].texts, "notes"]
        rows += _found(call, name, fields)
    return listing.plain(rows, call.query, lambda page: {"items": page, "related_items": []})


def _search_field(call: Call) -> Response:
    """By one field, minding the case of letters, which the other searches do not."""
    params = call.query
    if "entity_type" not in params or "field" not in params:
        raise invalid(("entity_type", "and field are required"))
    match, term = params.get("match", "exact"), params.get("term", "")
    _term(call, match == "exact")
    tests: dict[str, Test] = {
        "exact": lambda text: text == term,
        "beginning": lambda text: text.startswith(term),
        "middle": lambda text: term in text,
    }
    one = KINDS[params["entity_type"]]
    read = one.texts.get(params["field"]) or _value(params["field"])
    docs = [doc for doc in call.account.all(one.kind) if _visible(call, doc)]
    rows = [doc for doc in docs if _hits(read(call.account, doc), tests[match])]
    return listing.plain([{"id": doc["id"], "name": doc.get("name", doc.get("title"))} for doc in rows], params)


def _leads_v1(call: Call) -> Response:
    """The v1 search of leads, whose query is loose."""
    raw, params = call.query, {"term": call.query.get("term", "")}
    exact = raw.get("exact_match") in {"1", "true"}
    ids = {key: int(raw[key]) for key in ("person_id", "organization_id") if raw.get(key, "").isdigit()}
    if len(params["term"]) < (1 if exact else 2):
        raise refused(400, "The term is too short")
    inner = Call(call.request, call.account, call.user, call.admin, {**params, "exact_match": exact, **ids})
    page = nested_page(_of_kind("lead", inner), raw)
    page.body["data"] = {"items": page.body["data"] or []}
    return page


_INCLUDED = {"person": "person.picture", "deal": "deal.cc_email", "lead": "lead.was_seen"}


def _params(name: str, *more: str) -> dict[str, query.Parse]:
    fields = query.several(*KINDS[name].texts, "notes")
    links: dict[str, query.Parse] = dict.fromkeys(more, query.integer)
    params = {"term": query.string, "fields": fields, "exact_match": query.boolean} | links
    if name in _INCLUDED:
        params["include_fields"] = query.several(_INCLUDED[name])
    return params | listing.PAGE


_ALL: dict[str, query.Parse] = {
    "term": query.string,
    "item_types": query.several(*KINDS, "product", "file", "mail_attachment", "project"),
    "fields": query.several(
        *("address", "code", "custom_fields", "email", "name", "notes", "phone", "title", "description")
    ),
    "search_for_related_items": query.boolean,
    "exact_match": query.boolean,
    "include_fields": query.several("deal.cc_email", "person.picture", "product.price"),
    "limit": query.limit(100),
    "cursor": query.string,
}
_FIELD: dict[str, query.Parse] = {
    "term": query.string,
    "entity_type": query.choice(*KINDS),
    "match": query.choice("exact", "beginning", "middle"),
    "field": query.string,
} | listing.PAGE

_STATUS = {"status": query.choice("open", "won", "lost")}


def _one(name: str, scopes: str, params: Mapping[str, query.Parse]) -> Operation:
    return v2("GET", f"/{KINDS[name].kind}/search", 20, f"{scopes} search:read", partial(_search, name), params)


OPERATIONS: list[Operation] = [
    _one("person", CONTACTS, _params("person", "organization_id")),
    _one("organization", CONTACTS, _params("organization")),
    _one("deal", DEALS, _params("deal", "person_id", "organization_id") | _STATUS),
    _one("lead", LEADS, _params("lead", "person_id", "organization_id")),
    v2("GET", "/itemSearch", 20, "search:read", _search_all, _ALL),
    v2("GET", "/itemSearch/field", 20, "search:read", _search_field, _FIELD),
    v1("GET", "/leads/search", 40, f"{LEADS} search:read", _leads_v1),
]
