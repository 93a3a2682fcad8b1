"""What stands above the destruction of a record, for every policy alike (RET-23, RET-24; DESIGN §6 "Precedence")."""

from __future__ import annotations

from dataclasses import replace

from core.actions import DESTRUCTIVE, Restrict
from core.facts import Facts
from core.findings import Finding


def settle(finding: Finding, facts: Facts) -> Finding:
    """The finding, blocked when its action destroys something that must stay, or quarantines on half of what there is.

    Objections are never blocked.
    """
    if isinstance(finding.action, Restrict) and facts.gaps:
        return replace(finding, blocked=f"incomplete reading: {'; '.join(facts.gaps)}")
    if not isinstance(finding.action, DESTRUCTIVE):
        return finding
    return replace(finding, blocked=obstacle(facts))


def obstacle(facts: Facts) -> str:
    """The highest thing that forbids destruction, as a phrase; empty when nothing does."""
    if facts.holds:
        return f"legal hold {', '.join(facts.holds)} (RET-24)"
    if facts.restricted:
        return "restriction of processing (RET-23)"
    if facts.gaps:
        return f"incomplete reading: {'; '.join(facts.gaps)}"
    return ""
