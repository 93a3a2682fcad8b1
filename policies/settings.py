"""The tables of the policies in `config.toml`, and the policies made of them."""

from __future__ import annotations

from datetime import tzinfo
from typing import Literal

from pydantic import Field

from core.periods import Period
from core.settings import IsoPeriod, Part
from policies.retention import CUSTOMER_SIGNALS, Retention, Rule
from policies.sensitive import SensitiveSettings


class SuppressionSettings(Part):
    """The liste repoussoir: objections from every CRM, pushed to every CRM (SUP-01, SUP-07)."""

    enabled: bool = True
    """Turn it off only where another tool does this."""


class RuleSettings(Part):
    """One retention rule. Where several apply to a person, the longest wins."""

    period: IsoPeriod
    """How long after the last contact from the person (RET-20), as P36M or P3Y."""

    audience: Literal["prospect", "customer", "any"] = "any"
    """Whom it is for. Of somebody whose audience is unknown, the longest of all rules is asked for."""

    outcome: Literal["erase", "bin", "anonymise", "restrict"] = "erase"
    """What becomes of the record. `erase` is for good."""

    crms: tuple[str, ...] = ()
    """Only these CRMs; empty for all."""

    kinds: tuple[str, ...] = ()
    """Only these kinds of record; empty for all that hold people."""

    rule: str = "RET-01"
    """The rule of law it applies, quoted in every finding."""


class RetentionSettings(Part):
    """How long people are kept."""

    enabled: bool = True
    """Turn it off to keep everybody, against RET-01."""

    rules: dict[str, RuleSettings] = Field(default_factory=dict)
    """The rules by name."""

    customer_signals: frozenset[str] = CUSTOMER_SIGNALS
    """The facts that make somebody a customer: won_deal, order, contract, customer_stage."""

    otherwise: Literal["prospect", "unknown"] = "unknown"
    """What somebody is who shows no such fact; unknown means the longest period."""

    remind_before: IsoPeriod = Period(days=30)
    """How long before the due day a record is reported as due soon; it delays nothing."""

    undatable: Literal["restrict", "report"] = "restrict"
    """What becomes of a record that has no collection date and no contact from the person (RET-22), and of one that came
    back after an erasure in a way that nobody can tell (RET-26); never erasure."""

    def policy(self, zone: tzinfo) -> Retention:
        """The policy."""
        rules = tuple(
            Rule(
                id=name, period=rule.period, audience=rule.audience, outcome=rule.outcome, crms=rule.crms,
                kinds=rule.kinds, source=rule.rule,
            )
            for name, rule in self.rules.items()
        )  # fmt: skip
        return Retention(
            rules,
            zone,
            customer=self.customer_signals,
            otherwise=self.otherwise,
            remind_before=self.remind_before,
            undatable=self.undatable,
        )


class SensitiveTable(SensitiveSettings):
    """Which special-category, criminal and identity data are taken out, and how (SEN-01 to SEN-08)."""

    enabled: bool = True
    """Turn it off only where another tool does this."""
