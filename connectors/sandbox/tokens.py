"""Which rights a sandbox token carries. Knows no vendor: each vendor app turns a Grant into its own refusals."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAIN, OTHER = "main", "other"

_LACKS = "sandbox-lacks:"
_ORG_PREFIX = re.compile(r"^00D[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?!")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token may do. `lacks` holds the vendor's own names of scopes or permissions.

    A vendor app must answer an expired grant with its own 401, must refuse every write of a read-only one, must serve
    account "other" as a different, empty account, and must show a grant without `admin` only part of the records.
    """

    account: str = MAIN
    lacks: frozenset[str] = field(default_factory=frozenset)
    read_only: bool = False
    expired: bool = False
    admin: bool = True


_NAMED = {
    "sandbox": Grant(),
    "sandbox-readonly": Grant(read_only=True),
    "sandbox-expired": Grant(expired=True),
    "sandbox-other": Grant(account=OTHER),
    "sandbox-regular": Grant(admin=False),
}


def grant(token: str) -> Grant | None:
    """The rights of a bearer token, with or without a Salesforce `00D…!` prefix; None when the token is unknown."""
    bare = _ORG_PREFIX.sub("", token.strip())
    if bare.startswith(_LACKS):
        scopes = frozenset(scope.strip() for scope in bare.removeprefix(_LACKS).split(",")) - {""}
        return Grant(lacks=scopes) if scopes else None
    return _NAMED.get(bare)
