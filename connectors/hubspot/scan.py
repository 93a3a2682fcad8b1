"""Reading contacts: all of them by the list, some by batch (§2.1). Never search: it lags, stops at 10,000, hides (§12.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from connectors.hubspot.answers import Json
from connectors.hubspot.client import Client, chunks
from connectors.hubspot.clock import Clock, families
from connectors.hubspot.options import PRODUCT_SOURCES, PROPERTY_SOURCES
from connectors.hubspot.preferences import Preferences
from connectors.hubspot.records import (
    VITAL,
    Activity,
    Around,
    additional,
    emails,
    names,
    record,
    subscriptions,
    version,
)
from connectors.hubspot.schema import Properties
from core.errors import BadAnswer
from core.model import Page, Query, Record, Ref

CONTACT, COMPANY = "contact", "company"
KINDS = {CONTACT: "contacts", COMPANY: "companies"}
# Ten list pages share the calls for links, which take 1,000 records each (§2.6).
_PAGES, _BLOCK = 10, 1000
# HubSpot answers 414 to a URL of about 8 KB (§2.1); beyond this the properties go in a body.
_LONG = 6000


class Reader:
    """Contacts with all that the core needs of them."""

    def __init__(self, client: Client, properties: Properties, preferences: Preferences) -> None:
        self._client, self._properties, self._preferences = client, properties, preferences
        self._clock = Clock(client, families(client.options))

    def scan(self, query: Query) -> Iterator[Page]:
        """Every contact that is not archived, a page for up to ten of the vendor's."""
        wanted = self._names(query.properties)
        long = sum(len(f"&properties={name}") for name in wanted) > _LONG
        pages = self._client.pages(KINDS[CONTACT], ("hs_object_id",) if long else wanted)
        while block := [*islice(pages, _PAGES)]:
            rows = [row for found, _ in block for row in found]
            if long:
                rows = [*self._client.read(KINDS[CONTACT], [str(row["id"]) for row in rows], wanted).values()]
            yield Page(tuple(self._records(rows, query.properties)), last=block[-1][1])

    def get(self, refs: Sequence[Ref], properties: Sequence[str]) -> dict[Ref, Record | None]:
        """Some contacts, or companies (for the audit anchor: their version only)."""
        wanted = self._names(tuple(properties))
        found: dict[Ref, Record | None] = dict.fromkeys(refs)
        for chunk in chunks([ref for ref in found if ref.kind == CONTACT], _BLOCK):
            rows = self._client.read(KINDS[CONTACT], [ref.id for ref in chunk], wanted)
            found |= {item.ref: item for item in self._records(list(rows.values()), properties)}
        companies = [ref.id for ref in found if ref.kind == COMPANY]
        for id, row in self._client.read(KINDS[COMPANY], companies, ()).items():
            ref = Ref(self._client.crm, COMPANY, id)
            found[ref] = Record(ref=ref, version=version(row))
        return found

    def _names(self, asked: tuple[str, ...]) -> tuple[str, ...]:
        """The properties to read. Raises ConfigError for configured ones that the account does not have.

        Raises BadAnswer when one is not there that objections and identifiers are read from.
        """
        options = self._client.options
        if missing := [name for name in VITAL if name not in self._properties.known()]:
            raise BadAnswer(f"{self._client.crm}: HubSpot shows no contact property {', '.join(missing)}")
        self._properties.need("phones", options.phones)
        self._properties.need("collected", (options.collected,) if options.collected else ())
        self._properties.need("marketing_subscriptions", subscriptions(options))
        return tuple(dict.fromkeys([*names(options), *asked]))

    def _records(self, rows: list[Json], asked: Iterable[str]) -> Iterator[Record]:
        options = self._client.options
        activities = self._clock.read(str(row["id"]) for row in rows)
        addresses = emails if options.business_units else additional
        consents = self._preferences.read(address for row in rows for address in addresses(row))
        lost = self._lost()
        for row in rows:
            told = activities[str(row["id"])]
            activity = Activity(told.inbound, told.signals, told.open, told.unreadable | lost)
            ref = Ref(self._client.crm, CONTACT, str(row["id"]))
            yield record(ref, row, asked, Around(activity, consents), options)

    def _lost(self) -> frozenset[str]:
        """The inbound properties that the account should have and has not; a read leaves them out silently (§2.1)."""
        known = {*self._properties.known(), *PRODUCT_SOURCES}
        return frozenset(
            name for name in self._client.options.inbound if name in PROPERTY_SOURCES and name not in known
        )
