"""The connector: a facade over reading, writing, declaring and checking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from connectors.pipedrive import actions, check, declare, schema
from connectors.pipedrive.actions import Writer
from connectors.pipedrive.client import Api
from connectors.pipedrive.notes import PARENTS
from connectors.pipedrive.options import CASCADE, PipedriveOptions
from connectors.pipedrive.scan import READS, Reader
from connectors.transport import Tools
from core.actions import ACTIONS, Command
from core.connector import Account, Capabilities, Operator, Receipt
from core.model import Page, Query, Record, Ref
from core.schema import Schema

_WRITE = ("contacts:full",)


def capabilities(options: PipedriveOptions) -> Capabilities:
    """What can be done, as far as it can be told before `check`: no native channel until Campaigns was seen."""
    kinds = (schema.PERSON,)
    scopes: dict[str, tuple[str, ...]] = dict.fromkeys(ACTIONS, _WRITE)
    scopes |= {"scan": ("contacts:read", "deals:read", "activities:read", "leads:read"), "users": ("users:read",)}
    scopes |= {"erase": (*_WRITE, "activities:full", "leads:read", "mail:full")}
    return Capabilities(
        kinds=kinds,
        actions=dict.fromkeys(ACTIONS, kinds) | {"annotate": tuple(PARENTS)},
        batch=dict.fromkeys(ACTIONS, READS),
        reads=READS,
        scopes=scopes,
        remains={
            "redact": actions.HISTORY,
            "clear": actions.HISTORY,
            "anonymise": actions.SHELL,
            "bin": actions.BIN,
            "erase": actions.BIN,
        },
        inbound=options.sources,
        cascade=CASCADE,
    )


class Pipedrive:
    """One Pipedrive company; see `core.connector.Connector` for the contract."""

    def __init__(self, crm: str, options: PipedriveOptions, tools: Tools) -> None:
        self.capabilities = capabilities(options)
        self._crm, self._options = crm, options
        self._api = Api(crm, options, tools)
        self._reader = Reader(crm, self._api, options)
        self._writer = Writer(self._api, self._reader, options)

    def check(self) -> Account:
        """Who we are. Sets `capabilities.native` by what was seen of Campaigns."""
        account = check.check(self._api, self._reader, self._options)
        has = None if "contacts:read" in account.missing else self._reader.has_campaigns()
        if has:
            self.capabilities = replace(self.capabilities, native={schema.PERSON: ("email",)})
        return replace(account, blind=(*account.blind, *check.statusless(self._options))) if has is False else account

    def declare(self) -> tuple[str, ...]:
        """Makes the person fields that we write where the vendor has none."""
        return declare.declare(self._api, self._reader, self._options)

    def schema(self, kind: str) -> Schema:
        """The person fields, read anew."""
        return schema.described(self._crm, self._reader.layout(fresh=True))

    def scan(self, query: Query) -> Iterator[Page]:
        """Every person."""
        return self._reader.scan(query)

    def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
        """Some persons."""
        return self._reader.get(refs, properties)

    def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
        """One kind of action on some persons."""
        return self._writer.apply(batch)

    def users(self) -> Iterator[Operator]:
        """Who can sign in."""
        return check.users(self._api)
