"""Who is calling, and what field, object and row security let that user see and write (reference §7, §9, Traps 14)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connectors.sandbox.salesforce.errors import Fail, no_rights
from connectors.sandbox.salesforce.ids import full
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.rows import Rows
from connectors.sandbox.salesforce.schema import Object
from connectors.sandbox.state import Doc
from connectors.sandbox.tokens import Grant
from connectors.sandbox.wire import Request, Response

_ALSO = {
    "ModifyAllData": frozenset({"ViewAllData"}),
    "AllowViewEditConvertedLeads": frozenset({"EditConvertedLeads"}),
}
_REGULAR_LACKS = frozenset(
    {"ViewAllData", "ModifyAllData", "BulkApiHardDelete", "ManageUsers", "CustomizeApplication", "DeleteFieldHistory"}
)


@dataclass(frozen=True, slots=True)
class Session:
    """One authenticated call. `serve` answers another request with the same rights (composite sub-requests)."""

    org: Org
    rows: Rows
    grant: Grant
    user: str
    version: str
    serve: Callable[[Request], Response]

    @property
    def base(self) -> str:
        """The path every resource of this API version starts with."""
        return f"/services/data/v{self.version}"

    def may(self, permission: str) -> bool:
        """True when the user has a permission, named without `Permissions`."""
        lost = {permission} | _ALSO.get(permission, frozenset())
        lacks = self.grant.lacks if self.grant.admin else self.grant.lacks | _REGULAR_LACKS
        return not lost & lacks

    def must_write(self) -> None:
        """Raises Fail for a user who may write nothing."""
        if self.grant.read_only:
            raise no_rights()

    def find_object(self, name: str) -> Object | None:
        """An object as field security shows it to this user; None when it is hidden or unknown."""
        kind = self.org.schema.get(name.lower())
        if kind is None or kind.name.lower() in self._hidden("Object:", self.org.settings.hidden_objects):
            return None
        hidden = self._hidden("FLS:", self.org.settings.hidden_fields)
        if not any(each.startswith(f"{kind.name.lower()}.") for each in hidden):
            return kind
        return kind.with_fields(
            each for each in kind.fields.values() if f"{kind.name}.{each.name}".lower() not in hidden
        )

    def object(self, name: str) -> Object:
        """An object a query names. Raises Fail INVALID_TYPE when this user has none."""
        kind = self.find_object(name)
        if kind is None:
            raise Fail("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return kind

    def _hidden(self, scope: str, everyone: list[str]) -> set[str]:
        own = {name.removeprefix(scope) for name in self.grant.lacks if name.startswith(scope)}
        return {name.lower() for name in own.union(everyone)}

    def sees(self, kind: Object, row: Doc) -> bool:
        """True when sharing shows the row: any with View All Data, else the user's own and what hangs on them."""
        return self._shared(kind, row, "ViewAllData")

    def edits(self, kind: Object, row: Doc) -> bool:
        """True when the user may change or delete the row."""
        return not self.grant.read_only and self._shared(kind, row, "ModifyAllData")

    def _shared(self, kind: Object, row: Doc, permission: str) -> bool:
        if self.may(permission) or kind.is_("setup") or kind.is_("virtual"):
            return True
        if kind.has("OwnerId"):
            return bool(row.get("OwnerId") == self.user)
        parents = (row.get(name) for name in kind.sharing)
        found = (self.rows.locate(parent) for parent in parents if parent)
        return any(self._shared(*parent, permission) for parent in found if parent)

    def sees_all(self, kind: Object) -> bool:
        """True when no row of the object is hidden from this user."""
        return self.may("ViewAllData") or kind.is_("setup") or kind.is_("virtual")


def record_id(text: object) -> str:
    """An id from a request as 18 characters. Raises Fail MALFORMED_ID."""
    whole = full(text)
    if whole is None:
        raise Fail("MALFORMED_ID", f"malformed id {text}", ["Id"])
    return whole
