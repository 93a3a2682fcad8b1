"""What stops work, by what the caller can do about it. Ordinary answers of a vendor are receipts, not errors.

RepoussoirError
├── TellHuman           a person must act; shown as one sentence without a traceback
│   ├── ConfigError     the configuration or the command is wrong
│   ├── KeyProblem      the HMAC key is missing, unknown or not the one the store was made with
│   ├── StoreProblem    the store cannot be read or written (disk full, no rights, wrong version)
│   ├── LedgerBroken    the hash chain does not verify
│   ├── Busy            another process is doing this
│   ├── PlanRefused     a plan may not be applied: expired, what-if, unknown, not approved
│   └── WrongAccount    the credentials belong to another account than the plan or the configuration names
├── TryLater            wait, then the same call may be repeated
├── StopCrm             nothing more can be done with this CRM in this run; the others go on
│   ├── NotAllowed      the credentials are refused, or lack a scope or permission
│   ├── Unreachable     it did not answer, or kept failing
│   └── QuotaSpent      its daily allowance, or our share of it, is used up
└── BadAnswer           the vendor said something we do not understand: stop this CRM, never guess

Must not carry a value of a record or a secret: messages name refs, properties, scopes, status codes and vendor error codes.
"""

from __future__ import annotations


class RepoussoirError(Exception):
    """The root. `str(error)` is one sentence fit to be shown and logged."""


class TellHuman(RepoussoirError):
    """A person must act. `mend` says how, as a sentence or the next command to type."""

    def __init__(self, problem: str, mend: str = "") -> None:
        super().__init__(f"{problem} {mend}".strip())
        self.problem = problem
        self.mend = mend


class ConfigError(TellHuman):
    """The configuration or the command is wrong."""


class KeyProblem(TellHuman):
    """The HMAC key is missing, unknown to the store, or another than the store was made with."""


class StoreProblem(TellHuman):
    """The store cannot be read or written."""


class LedgerBroken(TellHuman):
    """The hash chain of the ledger does not verify."""


class Busy(TellHuman):
    """Another process holds the lock."""


class PlanRefused(TellHuman):
    """The plan may not be applied."""


class WrongAccount(TellHuman):
    """The credentials belong to another account than expected."""


class TryLater(RepoussoirError):
    """The vendor asks to wait. Raised by an adapter's error mapping, consumed by `connectors.transport`.

    `after` is the wait in seconds the vendor asked for, if it did.
    """

    def __init__(self, why: str, *, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class StopCrm(RepoussoirError):
    """Nothing more can be done with this CRM in this run."""


class NotAllowed(StopCrm):
    """The credentials are refused or lack something. `missing` names the scopes or permissions, when the vendor says."""

    def __init__(self, why: str, missing: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.missing = missing


class Unreachable(StopCrm):
    """The vendor did not answer, or kept failing. A write under way may or may not have taken effect."""


class QuotaSpent(StopCrm):
    """The daily allowance is used up."""


class BadAnswer(RepoussoirError):
    """The vendor said something that we do not understand."""


# What an adapter that breaks its contract over one row may raise; the message may hold a value, so it is never shown.
FAULTS = (KeyError, TypeError, ValueError, AttributeError, IndexError)
