"""Values that HubSpot works out itself when others are written (hubspot.md §5.2, §5.3). Stores nothing."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.sandbox.hubspot import consent
from connectors.sandbox.hubspot.kinds import CONTACTS, Kind
from connectors.sandbox.hubspot.portal import Portal

_STAGES = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
)


def complete(portal: Portal, kind: Kind, current: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The values of a write and those that follow from them."""
    found = dict(values)
    if _steps_back(current.get("lifecyclestage", ""), values.get("lifecyclestage", "")):
        del found["lifecyclestage"]
    if kind == CONTACTS and "email" in values:
        found |= {"hs_email_domain": values["email"].partition("@")[2], **consent.flags(portal, values["email"])}
    if kind.name == "deals" and "dealstage" in values:
        found |= _deal(values["dealstage"])
    if kind.name == "tickets" and "hs_pipeline_stage" in values:
        found["hs_is_closed"] = str(values["hs_pipeline_stage"] == "4").lower()
    return found


def _steps_back(current: str, wanted: str) -> bool:
    """The lifecycle stage only moves forward unless it is cleared first; a step back is ignored."""
    return current in _STAGES and wanted in _STAGES and _STAGES.index(wanted) < _STAGES.index(current)


def _deal(stage: str) -> dict[str, str]:
    won = stage == "closedwon"
    return {"hs_is_closed": str(won or stage == "closedlost").lower(), "hs_is_closed_won": str(won).lower()}
