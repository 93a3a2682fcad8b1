"""The contact properties for what HubSpot has no flag for: the telephone objection and the restriction (§3)."""

from __future__ import annotations

from connectors.hubspot.answers import Json, Rejected
from connectors.hubspot.client import Client
from connectors.hubspot.options import HubSpotOptions
from connectors.hubspot.schema import Properties

_OPTIONS = [
    {"label": label, "value": value, "displayOrder": order, "hidden": False}
    for order, (label, value) in enumerate((("Yes", "true"), ("No", "false")))
]


def labels(options: HubSpotOptions) -> dict[str, str]:
    """The properties to have, and what a user sees of them."""
    return {options.no_telephone: "Do not call (Repoussoir)", options.restricted: "Restricted processing (Repoussoir)"}


def undeclared(options: HubSpotOptions, properties: Properties) -> tuple[str, ...]:
    """The properties that are not there yet."""
    return tuple(name for name in labels(options) if name not in properties.known())


def declare(client: Client, properties: Properties) -> tuple[str, ...]:
    """Makes the properties that are not there; answers the names it made."""
    properties.forget()
    made = tuple(name for name in undeclared(client.options, properties) if _make(client, name))
    properties.forget()
    return made


def _make(client: Client, name: str) -> bool:
    """False when somebody else made it meanwhile (409, §3)."""
    try:
        client.call(
            "properties.create", client.properties.create, "contacts", _definition(client.options, name), safe=False
        )
    except Rejected as error:
        if error.status != 409:
            raise
        return False
    return True


def _definition(options: HubSpotOptions, name: str) -> Json:
    return {
        "name": name,
        "label": labels(options)[name],
        "groupName": "contactinformation",
        "type": "bool",
        "fieldType": "booleancheckbox",
        "options": _OPTIONS,
        "description": "Set by Repoussoir; setting it by hand counts too.",
    }
