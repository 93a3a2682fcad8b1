"""A rule that matched a record, and why. Holds refs, names, rule ids and dates; never a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.actions import Action
from core.model import Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that matched a record.

    `rule` is a rule id of the reference (`RET-01`, `SUP-07`, `SEN-05`); `policy` the policy and, after a slash, the rule of
    the configuration (`retention/prospects`). `because` is one sentence, `facts` its inputs by name, both without values.
    `action` is what to do; None only reports. `blocked` names what stands above the action (DESIGN §6 precedence), such as
    `hold H-3`: then nothing is done and the finding says so.
    """

    ref: Ref
    version: str
    policy: str
    rule: str
    because: str
    action: Action | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    blocked: str = ""
