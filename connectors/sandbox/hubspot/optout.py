"""Carries the statuses of an address to the read-only properties of its contacts (hubspot.md §5.2, §5.3)."""

from __future__ import annotations

from connectors.sandbox.hubspot import consent, records
from connectors.sandbox.hubspot.kinds import CONTACTS
from connectors.sandbox.hubspot.portal import Portal


def reflect(portal: Portal, email: str) -> None:
    """Sets the opt-out properties of every contact that has the address as its primary one."""
    flags = consent.flags(portal, email)
    for id in portal.state.find(records.live(portal, CONTACTS), "email", email.lower()):
        found = records.fetch(portal, CONTACTS, id)
        if found and found[1]["properties"].get("email", "").lower() == email.lower():
            values = found[1]["properties"]
            changed = {name: flag for name, flag in flags.items() if values.get(name, "") != flag}
            if changed:
                records.write(portal, CONTACTS, id, found[1], changed)
