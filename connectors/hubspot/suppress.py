"""Suppress: opt every address of the contact out of everything, and set the declared property for the telephone.

Consent belongs to addresses (§12.14); hs_email_optout itself is read-only (§12.13).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors.hubspot.answers import Json
from connectors.hubspot.client import Client
from connectors.hubspot.preferences import Preferences
from connectors.hubspot.records import ADDITIONAL, OPT_OUT, Consent, additional, emails, is_on, silent, values
from connectors.hubspot.schema import Properties
from connectors.hubspot.writing import Values, judged, write
from core.actions import Command, Suppress
from core.connector import AlreadyDone, Done, Receipt, Refused

CONTACTS = "contacts"


def suppress(
    client: Client, properties: Properties, preferences: Preferences, batch: Sequence[Command]
) -> Iterator[Receipt]:
    """Does it to some contacts. The e-mail part goes first: it moves versions, and only the first write may rely on one."""
    flag = client.options.no_telephone
    rows = client.read(CONTACTS, [command.ref.id for command in batch], ("email", ADDITIONAL, OPT_OUT, flag))
    consents = preferences.read(address for row in rows.values() for address in _unsaid(client, row))
    loud = {id: _loud(client, row, consents) for id, row in rows.items()}

    def plan(command: Command, row: Json) -> Receipt | Values:
        ring = _wants(command, "telephone") and not is_on(values(row).get(flag))
        mail = _wants(command, "email") and loud[command.ref.id]
        return {} if ring or mail else AlreadyDone()

    told = {command.ref.id: judged(command, rows.get(command.ref.id), plan) for command in batch}
    due = [command for command in batch if isinstance(told[command.ref.id], Mapping)]
    mail = _silence(preferences, {item.ref.id: loud[item.ref.id] for item in due if _wants(item, "email")})
    calls = [
        item.ref.id for item in due if _wants(item, "telephone") and not is_on(values(rows[item.ref.id]).get(flag))
    ]
    telephone = _no_calls(client, properties, calls)
    for command in batch:
        first = told[command.ref.id]
        yield _joined(mail, telephone, command.ref.id) if isinstance(first, Mapping) else first


def _wants(command: Command, channel: str) -> bool:
    return isinstance(command.action, Suppress) and channel in command.action.channels


def _unsaid(client: Client, row: Json) -> tuple[str, ...]:
    """The addresses whose status the row does not tell."""
    return emails(row) if client.options.business_units else additional(row)


def _loud(client: Client, row: Json, consents: Mapping[str, Consent]) -> list[str]:
    """The addresses that HubSpot would still send marketing to."""
    return [text.lower() for text in emails(row) if not silent(row, text.lower(), consents, client.options)]


def _silence(preferences: Preferences, loud: Mapping[str, list[str]]) -> dict[str, Receipt]:
    """Opts the addresses out; a receipt for each contact that had some."""
    whys = preferences.unsubscribe(address for addresses in loud.values() for address in addresses)
    found: dict[str, Receipt] = {}
    for id, addresses in loud.items():
        left = [address for address in addresses if address in whys]
        if left:
            found[id] = Refused(f"{len(left)} of {len(addresses)} addresses not opted out: {whys[left[0]]}")
        elif addresses:
            found[id] = Done()
    return found


def _no_calls(client: Client, properties: Properties, ids: Sequence[str]) -> dict[str, Receipt]:
    flag = client.options.no_telephone
    if ids and flag not in properties.known():
        return {id: Refused(f"the property {flag} is not there: run init") for id in ids}
    return write(client, CONTACTS, {id: {flag: "true"} for id in ids})


def _joined(mail: Mapping[str, Receipt], telephone: Mapping[str, Receipt], id: str) -> Receipt:
    """One receipt for both channels: the worse of the two. The version is told only when nothing came after it."""
    both = [part[id] for part in (mail, telephone) if id in part]
    worse = next((item for item in both if not isinstance(item, Done)), None)
    return worse or both[-1]
