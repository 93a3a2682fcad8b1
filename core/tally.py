"""What came of applying plans, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

ENDED = frozenset({"done", "already", "gone"})
"""The receipts after which there is nothing left to do."""


@dataclass(slots=True)
class Tally:
    """What came of a plan: receipts counted by (action, receipt), and why a CRM was stopped.

    `listed` entries were new on the suppression list; `lapsed` are those of the plan that nothing gives any more.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    stopped: dict[str, str] = field(default_factory=dict)
    left: int = 0
    listed: int = 0
    lapsed: int = 0

    @property
    def clean(self) -> bool:
        """True when everything was done or was done before."""
        return not self.stopped and not self.left and all(receipt in ENDED for _, receipt in self.counts)

    def take(self, other: Tally) -> None:
        """Counts what another plan did as well, and says what stopped it; what it left may be in this one again."""
        self.counts += other.counts
        self.stopped = other.stopped | self.stopped
        self.listed += other.listed
        self.lapsed += other.lapsed
