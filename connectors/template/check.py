"""Who the token is, what it lacks, how far it sees; and the users of the account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.connector import Account, Operator

from .actions import WRITES
from .client import Api
from .schema import undeclared

SCOPES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(WRITES, ("write",)),
    "scan": ("read",),
    "erase": ("delete",),
    "users": ("admin",),
}


def check(api: Api) -> Account:
    """The account. Cheap: two calls."""
    me = api.me()
    missing = {scope for scopes in SCOPES.values() for scope in scopes} - set(me["rights"])
    return Account(
        id=str(me["account"]),
        name=me["name"],
        missing=tuple(sorted(missing)),
        blind=() if me["sees"] == "all" else ("The token sees only the cards of its own team.",),
        undeclared=() if "read" in missing else undeclared(api.fields()),
    )


def users(api: Api) -> Iterator[Operator]:
    """The users of the account."""
    for row in api.users():
        yield Operator(id=str(row["id"]), name=row["name"], active=row["active"], admin=row["admin"])
