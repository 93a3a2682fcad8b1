"""The contact's properties: HubSpot's definitions, read once, and the core's Schema made of them (§3)."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.hubspot.answers import Answer, Forbidden, Json, Rejected
from connectors.hubspot.client import PATHS, Client
from core.errors import ConfigError
from core.schema import Option, Property, Schema, Shape

PLAIN, SENSITIVE = "non_sensitive", ("sensitive", "highly_sensitive")
_SHAPES: Mapping[tuple[str, str], Shape] = {
    ("enumeration", "checkbox"): "choices",
    ("enumeration", "booleancheckbox"): "bool",
    ("string", "textarea"): "longtext",
    ("string", "html"): "html",
    ("string", "phonenumber"): "phone",
    ("string", "file"): "other",
}
_TYPES: Mapping[str, Shape] = {
    "bool": "bool",
    "date": "date",
    "datetime": "date",
    "enumeration": "choice",
    "number": "number",
    "phone_number": "phone",
    "string": "text",
}
_EMAILS = ("email", "work_email")


class Properties:
    """The definitions of the contact's properties, sensitive ones included; read when first needed, then kept."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, Json] | None = None
        self._hidden: tuple[str, ...] = ()

    def known(self) -> Mapping[str, Json]:
        """Every definition by name whose values the token may read: any other name gets a 403 for a whole read (§12.12)."""
        if self._known is None:
            self._known = self._list(PLAIN)
            for level in SENSITIVE:
                self._known |= self._readable(level)
        return self._known

    def hidden_scopes(self) -> tuple[str, ...]:
        """The scopes of sensitive values that exist and that the token may not read."""
        self.known()
        return self._hidden

    def forget(self) -> None:
        """Reads anew the next time."""
        self._known, self._hidden = None, ()

    def need(self, setting: str, names: tuple[str, ...]) -> None:
        """Raises ConfigError when the configuration names properties that the account does not have.

        A read leaves out unknown names silently (§2.1): an objection or a phone number would be missed.
        """
        if missing := [name for name in names if name not in self.known()]:
            raise ConfigError(
                f"{self._client.crm}: {setting} needs contact properties that HubSpot does not have: {', '.join(missing)}.",
                f"Correct {setting} in the configuration.",
            )

    def _list(self, level: str) -> dict[str, Json]:
        what, query = "properties.list", {"dataSensitivity": level}
        rows = Answer.of(
            what, self._client.fetch(what, "GET", f"{PATHS['properties']}/contacts", query, safe=True)
        ).rows
        return {str(row["name"]): {**row, "dataSensitivity": level} for row in rows if not row.get("archived")}

    def _readable(self, level: str) -> dict[str, Json]:
        """The sensitive properties of a level; an account without the feature may refuse the question (§3)."""
        try:
            found = self._list(level)
        except (Forbidden, Rejected):
            return {}
        if found and not self._may_read(next(iter(found))):
            self._hidden += (f"crm.objects.contacts.{level}.read",)
            return {}
        return found

    def _may_read(self, name: str) -> bool:
        try:
            self._client.page("contacts", (name,))
        except Forbidden:
            return False
        return True


def schema(crm: str, kind: str, definitions: Mapping[str, Json]) -> Schema:
    """HubSpot's definitions as the core's Schema, by name."""
    return Schema(crm, kind, tuple(_property(definitions[name]) for name in sorted(definitions)))


def writable(definition: Json) -> bool:
    """True when the API takes a value for it (§2.5); what does not say so is not."""
    told = definition.get("modificationMetadata")
    return isinstance(told, dict) and told.get("readOnlyValue") is False and not definition.get("calculated")


def _property(row: Json) -> Property:
    return Property(
        name=row["name"],
        label=row.get("label") or row["name"],
        shape=_shape(row),
        description=row.get("description") or "",
        group=row.get("groupName") or "",
        options=tuple(Option(str(item["value"]), str(item["label"])) for item in row.get("options") or []),
        clearable=writable(row),
        custom=not row.get("hubspotDefined"),
        sensitivity=_sensitivity(row),
        tracked=True,
    )


def _shape(row: Json) -> Shape:
    if row["name"] in _EMAILS:
        return "email"
    kind, field = str(row.get("type")), str(row.get("fieldType"))
    return _SHAPES.get((kind, field)) or _TYPES.get(kind, "other")


def _sensitivity(row: Json) -> str:
    level = row["dataSensitivity"]
    categories = row.get("sensitiveDataCategories") or []
    return "" if level == PLAIN else " ".join([level, *map(str, categories)])
