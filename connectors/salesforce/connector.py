"""The Salesforce connector: the contract's methods, each handed to the module that does it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.salesforce import actions, check, declare, notes, purge, rows, scan
from connectors.salesforce.client import Client
from connectors.salesforce.options import CASCADE, INBOUND, SalesforceOptions
from connectors.salesforce.records import KINDS, essential
from connectors.salesforce.schema import Org
from connectors.transport import Tools
from core.actions import ACTIONS, Command
from core.connector import Account, Capabilities, Operator, Receipt
from core.model import Page, Query, Record, Ref
from core.schema import Schema


def capabilities(options: SalesforceOptions) -> Capabilities:
    """What can be done in an org that is configured so. Permissions are named as `check` names the missing ones."""
    kinds = tuple(name for name in KINDS if name != "Account" or options.person_accounts)
    edit = tuple(f"{kind}.edit" for kind in kinds)
    flags = tuple(f"{kind}.{flag}" for kind in kinds for flag in KINDS[kind].flags.values())
    fields = tuple(f"{kind}.{name}" for kind in kinds for name in essential(KINDS[kind], options))
    return Capabilities(
        kinds=kinds,
        # The note about erased people may hang on an organisation.
        actions={**dict.fromkeys(ACTIONS, kinds), "annotate": tuple(dict.fromkeys((*kinds, "Account")))},
        batch={**dict.fromkeys(ACTIONS, rows.MOST), "annotate": notes.MOST},
        reads=rows.MOST,
        scopes={
            "scan": (*(f"{kind}.read" for kind in kinds), *fields),
            "suppress": (*edit, *flags),
            "restrict": edit,
            **dict.fromkeys(("redact", "clear", "anonymise"), (*edit, "ViewAllData")),
            **dict.fromkeys(("bin", "erase"), (*(f"{kind}.delete" for kind in kinds), "ViewAllData")),
        },
        native={kind: tuple(KINDS[kind].flags) for kind in kinds},
        remains={
            **dict.fromkeys(("redact", "clear"), actions.HISTORY),
            "anonymise": actions.ANONYMISED,
            "bin": purge.IN_BIN,
            "erase": f"without Bulk API Hard Delete or an emptied bin: {purge.IN_BIN}; the vendor's backups",
        },
        inbound=INBOUND,
        cascade=CASCADE,
    )


class Salesforce:
    """One org. See `core.connector.Connector`."""

    def __init__(self, crm: str, options: SalesforceOptions, tools: Tools) -> None:
        self.capabilities = capabilities(options)
        self._org = Org(Client(crm, options, tools), options)

    def check(self) -> Account:
        """Which org this is, and what our user lacks."""
        return check.check(self._org, self.capabilities.kinds)

    def declare(self) -> tuple[str, ...]:
        """Makes the checkbox that Restrict writes, on each kind."""
        return declare.declare(self._org, self.capabilities.kinds)

    def schema(self, kind: str) -> Schema:
        """The fields of a kind that our user can see."""
        return self._org.schema(scan.kind_of(self._org, kind).name)

    def scan(self, query: Query) -> Iterator[Page]:
        """Every record of a kind."""
        return scan.scan(self._org, query)

    def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
        """Some records by ref."""
        return scan.get(self._org, refs, properties)

    def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
        """One kind of action on some records."""
        return actions.apply(self._org, batch)

    def users(self) -> Iterator[Operator]:
        """The users of the org."""
        return check.users(self._org)
