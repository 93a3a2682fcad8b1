"""Nobody who objected is solicited again, in any CRM: SUP-01, SUP-07, as DESIGN §6 "What an objection is" says. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from core.actions import Suppress
from core.facts import Facts
from core.findings import Finding
from core.model import CHANNELS, Record
from core.policy import Needs
from core.schema import Schema


class Suppression:
    """Finds the records that an objection reaches and that their CRM would still solicit."""

    name = "suppression"
    scope: Literal["person"] = "person"

    def needs(self, schema: Schema) -> Needs:
        """Nothing beyond identifiers and flags, which every record carries."""
        return Needs()

    def judge(self, record: Record, facts: Facts, now: datetime) -> Iterator[Finding]:
        """One finding for the channels that are still open, and one that reports a request seen on the person."""
        channels = tuple(item for item in CHANNELS if item in facts.objected and item not in record.suppressed)
        if channels:
            sources = sorted({facts.objected[channel].source for channel in channels})
            yield Finding(
                ref=record.ref,
                version=record.version,
                policy=self.name,
                rule="SUP-07",
                because=f"the person objected ({', '.join(sources)}) and this record still allows {' and '.join(channels)}",
                action=Suppress(channels),
                facts={channel: f"matched by {facts.objected[channel].by}" for channel in channels},
            )
        for request in record.requests:
            yield Finding(
                ref=record.ref,
                version=record.version,
                policy=self.name,
                rule="DSR-08",
                because=f"a request for {request} is marked on this record: answer it within one month (DSR-01)",
            )
