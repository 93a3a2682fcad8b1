"""The CRM object kinds of the account: names, stamps, scopes and association types (hubspot.md §2, §2.6, §4)."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.sandbox.hubspot.errors import invalid


@dataclass(frozen=True, slots=True)
class Kind:
    """One object kind. `shown` is returned when no property is named, `searched` is what `query` looks through,
    `sources` are the files of its default properties, `required` must be set at creation (one of each group)."""

    name: str
    singular: str
    type_id: str
    shown: tuple[str, ...]
    searched: tuple[str, ...]
    required: tuple[tuple[str, ...], ...]
    sources: tuple[str, ...]
    created: str = "createdate"
    modified: str = "hs_lastmodifieddate"
    engagement: bool = False
    scope: str = "contacts"

    def object_scopes(self, verb: str) -> tuple[str, ...]:
        """The scopes that let a token read or write these records."""
        return ("tickets",) if self.name == "tickets" else (f"crm.objects.{self.scope}.{verb}",)

    def schema_scopes(self, verb: str) -> tuple[str, ...]:
        """The scopes that let a token read or write these properties' definitions."""
        return ("tickets",) if self.name == "tickets" else (f"crm.schemas.{self.scope}.{verb}",)

    def sensitive_scopes(self, level: str, verb: str) -> tuple[str, ...]:
        """The scopes for values of `level` sensitivity; specification and guide differ by the suffix."""
        stem = f"crm.objects.{self.scope}.{level}.{verb}"
        return stem, f"{stem}.v2"

    def always(self) -> tuple[str, ...]:
        """What is returned whatever was asked for."""
        return self.created, self.modified, "hs_object_id"


def _engagement(name: str, type_id: str, *searched: str) -> Kind:
    sources = ("common", "engagements", name)
    return Kind(
        name, name[:-1], type_id, (), searched, (("hs_timestamp",),), sources, created="hs_createdate", engagement=True
    )


CONTACTS = Kind(
    "contacts",
    "contact",
    "0-1",
    ("firstname", "lastname", "email"),
    ("firstname", "lastname", "email", "hs_additional_emails", "phone", "mobilephone", "fax", "company"),
    (("email", "firstname", "lastname"),),
    ("contacts",),
    modified="lastmodifieddate",
)
COMPANIES = Kind(
    "companies",
    "company",
    "0-2",
    ("name", "domain"),
    ("name", "domain", "phone", "website"),
    (),
    ("common", "companies"),
    scope="companies",
)
DEALS = Kind(
    "deals",
    "deal",
    "0-3",
    ("dealname", "amount", "closedate", "pipeline", "dealstage"),
    ("dealname", "description", "dealtype"),
    (("dealstage",),),
    ("common", "deals"),
    scope="deals",
)
TICKETS = Kind(
    "tickets",
    "ticket",
    "0-5",
    ("subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_priority"),
    ("subject", "content"),
    (("hs_pipeline_stage",),),
    ("common", "tickets"),
    scope="tickets",
)
KINDS = (
    CONTACTS,
    COMPANIES,
    DEALS,
    TICKETS,
    _engagement("notes", "0-46", "hs_note_body"),
    _engagement("tasks", "0-27", "hs_task_subject", "hs_task_body"),
    _engagement("emails", "0-49", "hs_email_subject", "hs_email_text", "hs_email_html"),
    _engagement("calls", "0-48", "hs_call_title", "hs_call_body"),
    _engagement("meetings", "0-47", "hs_meeting_title", "hs_meeting_body"),
)
_BY_NAME = {name: kind for kind in KINDS for name in (kind.name, kind.singular, kind.type_id)}

_PAIRS = {
    ("contacts", "companies"): (279, 280),
    ("contacts", "deals"): (4, 3),
    ("contacts", "tickets"): (15, 16),
    ("deals", "companies"): (341, 342),
    ("deals", "tickets"): (27, 28),
    ("tickets", "companies"): (339, 340),
    ("calls", "meetings"): (399, 400),
    ("companies", "calls"): (181, 182),
    ("companies", "emails"): (185, 186),
    ("companies", "meetings"): (187, 188),
    ("companies", "notes"): (189, 190),
    ("companies", "tasks"): (191, 192),
    ("contacts", "calls"): (193, 194),
    ("contacts", "emails"): (197, 198),
    ("contacts", "meetings"): (199, 200),
    ("contacts", "notes"): (201, 202),
    ("contacts", "tasks"): (203, 204),
    ("deals", "calls"): (205, 206),
    ("deals", "emails"): (209, 210),
    ("deals", "meetings"): (211, 212),
    ("deals", "notes"): (213, 214),
    ("deals", "tasks"): (215, 216),
    ("tickets", "calls"): (219, 220),
    ("tickets", "emails"): (223, 224),
    ("tickets", "meetings"): (225, 226),
    ("tickets", "notes"): (227, 228),
    ("tickets", "tasks"): (229, 230),
}
_PRIMARY_PAIRS = {
    ("contacts", "companies"): (1, 2),
    ("deals", "companies"): (5, 6),
    ("tickets", "companies"): (26, 25),
}


def _both_ways(pairs: dict[tuple[str, str], tuple[int, int]]) -> dict[tuple[str, str], int]:
    there = {(a, b): types[0] for (a, b), types in pairs.items()}
    return there | {(b, a): types[1] for (a, b), types in pairs.items()}


DEFAULT_TYPES = _both_ways(_PAIRS)
PRIMARY_TYPES = _both_ways(_PRIMARY_PAIRS)


def kind_named(name: str) -> Kind:
    """The kind for a plural, a singular or a type id. Raises Refusal when there is none."""
    found = _BY_NAME.get(name.lower())
    if found is None:
        raise invalid(f"Unable to infer object type from: {name}")
    return found


def default_type(start: Kind, end: Kind) -> int:
    """The unlabelled association type from one kind to another. Raises Refusal when the vendor has none."""
    found = DEFAULT_TYPES.get((start.name, end.name))
    if found is None:
        raise invalid(f"No default association type from {start.name} to {end.name}")
    return found


def opposite_type(start: Kind, end: Kind, type_id: int) -> int:
    """The type of the same association seen from its other end. Raises Refusal when `type_id` is not of this pair."""
    for types in (DEFAULT_TYPES, PRIMARY_TYPES):
        if types.get((start.name, end.name)) == type_id:
            return types[end.name, start.name]
    raise invalid(f"Association type {type_id} is not defined from {start.name} to {end.name}")


def end_of(start: Kind, types: list[int]) -> Kind:
    """The kind at the other end of some association types. Raises Refusal when they do not share one."""
    for end in KINDS:
        known = {pairs.get((start.name, end.name)) for pairs in (DEFAULT_TYPES, PRIMARY_TYPES)}
        if types and known.issuperset(types):
            return end
    raise invalid(f"Association types {types} are not defined from {start.name}")
