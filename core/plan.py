"""The Plan: actions in one total order, counted, with a digest, and the brakes that stop it. A value; pure.

A plan is permission, not evidence: `core.apply` judges again before it destroys anything.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from core import actions, canonical
from core.actions import DESTRUCTIVE, FINAL, Action, Clear, Erase, Suppress
from core.brakes import Trip
from core.connector import Capabilities
from core.findings import Finding
from core.model import Ref
from core.people import Entry

ORDER = ("suppress", "restrict", "redact", "clear", "anonymise", "bin", "erase", "annotate")


@dataclass(frozen=True, slots=True)
class Item:
    """One action on one record, and the finding that asks for it."""

    ref: Ref
    version: str
    action: Action
    policy: str
    rule: str
    because: str
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def destructive(self) -> bool:
        """True when something is lost by it."""
        return isinstance(self.action, DESTRUCTIVE)

    def place(self) -> tuple[int, str, str, list[Any], str, str]:
        """Where it stands in the one total order: by kind of action, account, kind and id (numbers as numbers)."""
        ref, done = self.ref, canonical.dumps(canonical.encode(self.action))
        return ORDER.index(actions.name(self.action)), ref.crm, ref.kind, _natural(ref.id), ref.id, done

    def body(self) -> dict[str, Any]:
        """The item as JSON."""
        return {
            "ref": str(self.ref),
            "version": self.version,
            "action": canonical.encode(self.action),
            "policy": self.policy,
            "rule": self.rule,
            "because": self.because,
            "facts": dict(self.facts),
        }

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Item:
        """The item of `body`. Raises ValueError or KeyError on what is none."""
        return cls(
            Ref.parse(body["ref"]), body["version"], canonical.decode(body["action"]), body["policy"], body["rule"],
            body["because"], body["facts"],
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done, in order. `entries` come first: they are added to the suppression list.

    `reports` are the findings that ask for nothing or are blocked. `accounts` are the vendor's account ids by CRM: a plan is
    never applied to another one. `policy` is the digest of the policies it was made with. `trips` are the brakes that stop
    it. `gaps` say what its reading could not read whole. `what_if` is the moment it was judged as of, when that was not the
    real time.
    """

    items: tuple[Item, ...]
    entries: tuple[Entry, ...]
    reports: tuple[Finding, ...]
    accounts: Mapping[str, str]
    policy: str
    made_at: datetime
    what_if: datetime | None = None
    trips: tuple[Trip, ...] = ()
    gaps: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The SHA-256 of what would be done, to whom and by which policy; when it was made does not count."""
        as_of = self.what_if is not None and self.what_if.astimezone(UTC).isoformat()
        head = canonical.dumps({"accounts": dict(self.accounts), "policy": self.policy, "what_if": as_of})
        listed = (canonical.dumps([entry.channel, str(entry.key), entry.source]) for entry in self.entries)
        return canonical.digest(head, *listed, *(canonical.dumps(item.body()) for item in self.items))

    @property
    def destructive(self) -> tuple[Item, ...]:
        """The items that destroy something."""
        return tuple(item for item in self.items if item.destructive)

    def counts(self) -> Counter[tuple[str, str, str]]:
        """How many items by (account, kind of record, kind of action)."""
        return Counter((item.ref.crm, item.ref.kind, actions.name(item.action)) for item in self.items)

    def empty(self) -> bool:
        """True when there is nothing to do."""
        return not self.items and not self.entries


def plan(
    findings: Iterable[Finding],
    entries: Iterable[Entry],
    capabilities: Mapping[str, Capabilities],
    accounts: Mapping[str, str],
    policy: str,
    made_at: datetime,
) -> Plan:
    """Findings to a Plan without trips yet: one action of a kind a record, nothing on a record that is to go anyway.

    What an adapter cannot do becomes a report, never an item.
    """
    found = list(findings)
    able = [finding for finding in found if offered(finding, capabilities)]
    unable = [finding for finding in found if not offered(finding, capabilities)]
    reports = [finding for finding in able if finding.action is None or finding.blocked]
    reports += [replace(finding, blocked="the connector cannot do this on this kind") for finding in unable]
    return Plan(
        items=items_of(able),
        entries=tuple(sorted(entries, key=lambda entry: (entry.channel, entry.key))),
        reports=tuple(sorted(reports, key=lambda item: (item.ref, item.policy, item.rule, item.because))),
        accounts=accounts,
        policy=policy,
        made_at=made_at,
    )


def items_of(findings: Iterable[Finding]) -> tuple[Item, ...]:
    """The items that findings ask for, in order; a blocked finding asks for nothing."""
    asking = [_item(finding, finding.action) for finding in findings if finding.action and not finding.blocked]
    return tuple(sorted(_merged(asking), key=Item.place))


def offered(finding: Finding, capabilities: Mapping[str, Capabilities]) -> bool:
    """True when a CRM can do what a finding asks for on that kind of record, or when nothing is asked."""
    if finding.action is None:
        return True
    known = capabilities.get(finding.ref.crm)
    return known is not None and finding.ref.kind in known.actions.get(actions.name(finding.action), ())


def _item(finding: Finding, action: Action) -> Item:
    return Item(
        finding.ref, finding.version, action, finding.policy, finding.rule, finding.because, dict(finding.facts)
    )


def _merged(items: list[Item]) -> Iterator[Item]:
    ordered = sorted(items, key=lambda item: (item.ref, item.place(), item.policy, item.rule, item.because))
    for _, group in groupby(ordered, key=lambda item: item.ref):
        yield from _for_one(list(group))


def _for_one(items: list[Item]) -> Iterator[Item]:
    """The items of one record: the last of the final ones stands for all destruction; plain clears become one."""
    final = [item for item in items if isinstance(item.action, FINAL)]
    if final:
        yield from _each([item for item in items if isinstance(item.action, Suppress)])
        yield _end([item for item in final if type(item.action) is type(final[-1].action)])
        return
    clears = [item for item in items if isinstance(item.action, Clear) and not item.action.places]
    others = [item for item in items if item not in clears]
    yield from _each(others)
    if clears:
        names = tuple(sorted({name for item in clears for name in _properties(item.action)}))
        yield replace(_joined(clears), action=Clear(names))


def _each(items: list[Item]) -> Iterator[Item]:
    """Every action once."""
    return (_joined([item for item in items if item.action == action]) for action in _distinct(items))


def _end(items: list[Item]) -> Item:
    """The one final item; an erasure takes the children that any of them names."""
    cascade = {child for item in items if isinstance(item.action, Erase) for child in item.action.cascade}
    ended = _joined(items)
    return replace(ended, action=Erase(tuple(sorted(cascade)))) if cascade else ended


def _joined(items: list[Item]) -> Item:
    """Items that ask for the same as one, which gives all their reasons."""
    return replace(items[0], because="; ".join(dict.fromkeys(item.because for item in items)))


def _distinct(items: list[Item]) -> list[Action]:
    return [item.action for place, item in enumerate(items) if item.action not in [i.action for i in items[:place]]]


def _properties(action: Action) -> tuple[str, ...]:
    return action.properties if isinstance(action, Clear) else ()


def _natural(id: str) -> list[Any]:
    """An id as a sort key in which `9` stands before `10`; text and numbers never meet at one place."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", id)]
