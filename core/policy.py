"""The contract of a policy: pure functions from a record to findings. No I/O, no clock, no randomness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from core.facts import Facts
from core.findings import Finding
from core.model import Record
from core.schema import Schema


@dataclass(frozen=True, slots=True)
class Needs:
    """What a policy must see of a record: the properties whose values it reads."""

    properties: frozenset[str] = frozenset()


class Policy(Protocol):
    """One policy.

    `scope` is `record` when a record with its values is enough to judge it: it is judged as it is scanned, with empty
    facts. It is `person` when facts over all CRMs are needed: it is judged after every scan, from the index, and sees no
    values and no identifiers.
    """

    @property
    def name(self) -> str:
        """What it is called in the configuration and in findings."""
        ...

    @property
    def scope(self) -> Literal["record", "person"]:
        """What it must see to judge."""
        ...

    def needs(self, schema: Schema) -> Needs:
        """What it must see of the records of a kind."""
        ...

    def judge(self, record: Record, facts: Facts, now: datetime) -> Iterator[Finding]:
        """The findings on one record. The same inputs must give the same findings, in the same order.

        Must not decide about holds, restriction or incomplete scans: `core.precedence` does, for all policies.
        """
        ...
