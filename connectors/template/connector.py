"""The Cardbox connector: the contract's methods, each handed to the module that does it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from connectors.options import Options
from connectors.transport import Tools
from core.actions import Command
from core.connector import Account, Capabilities, Operator, Receipt
from core.errors import ConfigError
from core.model import Page, Query, Record, Ref
from core.schema import Schema

from . import actions, check, declare, schema
from .client import SIZE, Api
from .clock import SOURCES
from .options import CardboxOptions
from .scan import Reader


class Cardbox:
    """One account, as `core.connector.Connector` says."""

    capabilities = Capabilities(
        kinds=(schema.KIND,),
        actions=dict.fromkeys(actions.WRITES, (schema.KIND,)),
        batch=dict.fromkeys(actions.WRITES, SIZE),
        reads=SIZE,
        scopes=check.SCOPES,
        native={schema.KIND: schema.NATIVE},
        remains={"erase": actions.KEPT},
        inbound=SOURCES,
    )

    def __init__(self, crm: str, options: CardboxOptions, tools: Tools) -> None:
        self._crm, self._api = crm, Api(crm, options, tools)
        self._reader = Reader(crm, self._api, options)

    def check(self) -> Account:
        """Which account this is, and what the token lacks."""
        return check.check(self._api)

    def declare(self) -> tuple[str, ...]:
        """Makes the fields that we write where the vendor has none."""
        return declare.declare(self._api)

    def schema(self, kind: str) -> Schema:
        """The fields of a card."""
        return schema.schema(self._crm, kind, self._api.fields())

    def scan(self, query: Query) -> Iterator[Page]:
        """Every card."""
        return self._reader.scan(query)

    def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
        """Some cards."""
        return self._reader.get(refs, properties)

    def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
        """One kind of action on some cards."""
        return actions.apply(self._api, batch)

    def users(self) -> Iterator[Operator]:
        """The users of the account."""
        return check.users(self._api)


def connect(crm: str, options: Options, tools: Tools) -> Cardbox:
    """A connector for the account called `crm` in the configuration. Calls nothing yet."""
    if not options.token.get_secret_value():
        raise ConfigError(f"{crm} has no token.", f"Put it into the file crm__{crm}__token of the secrets directory.")
    return Cardbox(crm, cast(CardboxOptions, options), tools)
