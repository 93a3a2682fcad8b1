"""The HubSpot connector: a facade. Each method is one of the modules beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from connectors.hubspot import actions, check, declare
from connectors.hubspot.actions import REMAINS, Desk
from connectors.hubspot.client import BATCH, Client
from connectors.hubspot.evidence import Evidence
from connectors.hubspot.options import CASCADE, SOURCES, HubSpotOptions
from connectors.hubspot.preferences import Preferences
from connectors.hubspot.scan import COMPANY, CONTACT, Reader
from connectors.hubspot.schema import Properties, schema
from connectors.options import Options
from connectors.transport import Tools
from core.actions import ACTIONS, Command
from core.connector import Account, Capabilities, Operator, Receipt
from core.model import Page, Query, Record, Ref
from core.schema import Schema

CAPABILITIES = Capabilities(
    kinds=(CONTACT,),
    actions={**dict.fromkeys(ACTIONS, (CONTACT,)), "annotate": (CONTACT, COMPANY)},
    batch=dict.fromkeys(ACTIONS, BATCH),
    reads=BATCH,
    scopes=check.SCOPES,
    native={CONTACT: ("email",)},
    remains=REMAINS,
    inbound=SOURCES,
    cascade=CASCADE,
)


class HubSpotConnector:
    """One HubSpot account as `core.connector.Connector` says."""

    capabilities = CAPABILITIES

    def __init__(self, crm: str, options: HubSpotOptions, tools: Tools) -> None:
        self._client = Client(crm, options, tools)
        self._properties = Properties(self._client)
        preferences = Preferences(self._client)
        self._reader = Reader(self._client, self._properties, preferences)
        evidence = Evidence(self._client, self._properties)
        self._desk = Desk(self._client, self._properties, preferences, evidence, options.cascade)

    def check(self) -> Account:
        """Which portal the token belongs to, and which scopes it lacks."""
        return check.check(self._client, self._properties)

    def declare(self) -> tuple[str, ...]:
        """Makes the properties for the telephone objection and the restriction."""
        return declare.declare(self._client, self._properties)

    def schema(self, kind: str) -> Schema:
        """The contact's properties, sensitive ones included where their values may be read; none for a company."""
        return schema(self._client.crm, kind, self._properties.known() if kind == CONTACT else {})

    def scan(self, query: Query) -> Iterator[Page]:
        """Every contact that is not archived."""
        return self._reader.scan(query)

    def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
        """Some contacts; companies, for the audit anchor, with their version only."""
        return self._reader.get(refs, properties)

    def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
        """One kind of action on at most a hundred records."""
        return actions.apply(self._desk, batch)

    def users(self) -> Iterator[Operator]:
        """The users of the account."""
        return check.users(self._client)


def connect(crm: str, options: Options, tools: Tools) -> HubSpotConnector:
    """A connector for the account called `crm` in the configuration; calls nothing yet."""
    return HubSpotConnector(crm, cast(HubSpotOptions, options), tools)
