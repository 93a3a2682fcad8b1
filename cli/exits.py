"""Exit codes, as documented in docs/operations.md."""

from __future__ import annotations

from core.errors import (
    Busy,
    KeyProblem,
    LedgerBroken,
    NotAllowed,
    RepoussoirError,
    StoreProblem,
    TellHuman,
    WrongAccount,
)

OK = 0
BUG = 1
USAGE = 2
APPROVAL = 3
INCOMPLETE = 4
CREDENTIALS = 5
STORE = 6
BUSY = 7
INTERRUPTED = 130

_CODES: tuple[tuple[type[RepoussoirError], int], ...] = (
    (Busy, BUSY),
    (KeyProblem, STORE),
    (StoreProblem, STORE),
    (LedgerBroken, STORE),
    (WrongAccount, CREDENTIALS),
    (NotAllowed, CREDENTIALS),
    (TellHuman, USAGE),
)


def code(error: RepoussoirError) -> int:
    """The exit code of an error; a CRM that stopped work makes it incomplete."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), INCOMPLETE)
