"""Findings on some records: each policy asked with what it needs, and precedence over all of them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.actions import FINAL, Action
from core.facts import NOTHING, Facts
from core.findings import Finding
from core.index import Row
from core.model import Record, Ref
from core.people import Entries, People
from core.policy import Policy
from core.precedence import settle
from core.returns import Erasures, returned
from core.schema import Schema

Local = Mapping[Ref, Sequence[Finding]]


@dataclass(frozen=True, slots=True)
class Judge:
    """The policies in force. `version` is the digest of their configuration; `shared_above` when a key is nobody's own.

    `anchors` are the records that carry our notes about erased people: nothing removes these.
    """

    policies: tuple[Policy, ...]
    version: str
    shared_above: int = 5
    anchors: frozenset[Ref] = frozenset()

    def needs(self, schema: Schema) -> tuple[str, ...]:
        """The properties whose values the policies must see, sorted."""
        return tuple(sorted({name for policy in self.policies for name in policy.needs(schema).properties}))

    def local(self, record: Record, now: datetime) -> tuple[Finding, ...]:
        """The findings that a record with its values is enough for; not yet settled."""
        return tuple(
            finding
            for policy in self.policies
            if policy.scope == "record"
            for finding in policy.judge(record, NOTHING, now)
        )

    def still(self, action: Action, record: Record, now: datetime) -> bool:
        """True when a record, by its values alone, still asks for an action: what was stripped is not gone."""
        return any(finding.action == action for finding in self.local(record, now))

    def people(self, rows: Iterable[Row]) -> People:
        """The rows as people."""
        return People(rows, self.shared_above)

    def findings(self, refs: Iterable[Ref], local: Local, known: Known, now: datetime) -> Iterator[Finding]:
        """All findings on some records, settled; what is local to a record was found before."""
        for ref in refs:
            facts = known.facts(ref)
            record = known.people.rows[ref].record()
            for policy in self.policies:
                if policy.scope == "person":
                    yield from (self._settled(finding, facts) for finding in policy.judge(record, facts, now))
            yield from (self._settled(finding, facts) for finding in local.get(ref, ()))

    def _settled(self, finding: Finding, facts: Facts) -> Finding:
        if finding.ref in self.anchors and isinstance(finding.action, FINAL):
            return replace(finding, blocked="the audit anchor: its notes would go with it")
        return settle(finding, facts)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known besides the records: the people, the list with what it will gain, the holds, the gaps of the reading,
    the erasures that there were.

    `connected` are the CRMs that can be asked again, None for all: of whoever is linked to another one, too little is
    known to destroy anything.
    """

    people: People
    entries: Entries
    holds: Callable[[Row], tuple[str, ...]]
    gaps: tuple[str, ...] = ()
    connected: Collection[str] | None = None
    erasures: Erasures = field(default_factory=dict)

    def facts(self, ref: Ref) -> Facts:
        """The facts on the person of a record."""
        facts = self.people.facts(ref, self.entries, self.holds, self.gaps + self._unconnected(ref))
        back = returned(self.people, ref, self.erasures)
        return replace(facts, returned=back) if back else facts

    def _unconnected(self, ref: Ref) -> tuple[str, ...]:
        if self.connected is None:
            return ()
        others = {linked.crm for linked in self.people.linked(ref) if linked.crm not in self.connected}
        return tuple(f"{crm}: not connected" for crm in sorted(others)) if others else ()
