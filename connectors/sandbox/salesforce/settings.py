"""The switches of the org, set by a `_settings` line of a load file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


def _tracked() -> dict[str, list[str]]:
    return {"Contact": ["Email", "Phone"], "Lead": ["Email", "Phone"]}


@dataclass(frozen=True, slots=True)
class Settings:
    """Every switch, spelt in camelCase in the load file.

    `tracked_fields` maps an object to the fields whose changes go to its history; `validation_rules` are refusals
    `{"object", "when": <SOQL condition>, "message", "fields"?}` of a row after the change; `restricted_delete` lists
    `Object.Field` references whose rows keep the row they refer to from being deleted; `hidden_fields` and
    `hidden_objects` are what field and object security withhold from everyone; `bulk_fail_after` ends every ingest job
    as Failed after that many rows; `bulk_polls` is how often a job says InProgress; `query_batch` is the page size when
    the client names none; `time_zone` is the zone of date literals.
    """

    person_accounts: bool = False
    hard_delete: bool = True
    content_notes: bool = True
    recycle_bin_days: int = 15
    tracked_fields: Mapping[str, list[str]] = field(default_factory=_tracked)
    validation_rules: list[Mapping[str, Any]] = field(default_factory=list)
    restricted_delete: list[str] = field(default_factory=list)
    hidden_fields: list[str] = field(default_factory=list)
    hidden_objects: list[str] = field(default_factory=list)
    daily_api_requests: int = 100_000
    query_batch: int = 2000
    bulk_polls: int = 1
    bulk_fail_after: int | None = None
    time_zone: str = "UTC"

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Settings:
        """Settings from their camelCase names. Raises ValueError for a name there is not."""
        snake = {re.sub(r"[A-Z]", lambda m: "_" + m[0].lower(), name): value for name, value in given.items()}
        unknown = sorted(set(snake) - {each.name for each in fields(cls)})
        if unknown:
            raise ValueError(f"salesforce: no such setting: {', '.join(unknown)}")
        return cls(**snake)
