"""A plan as a file: JSON Lines, the head first. What is read back must be what its digest says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from core.errors import PlanRefused, StoreProblem
from core.plan import Plan
from core.store.plans import head_of, parts_of, read


def write(plan: Plan, expires_at: datetime, file: Path) -> None:
    """Writes a plan. Raises StoreProblem when the file cannot be written."""
    try:
        file.write_text("".join(f"{line}\n" for line in lines(plan, expires_at)), encoding="utf-8")
    except OSError as error:
        raise StoreProblem(f"{file} cannot be written ({error.strerror}).", "Give another place with --out.") from None


def lines(plan: Plan, expires_at: datetime) -> Iterator[str]:
    """The lines of the file."""
    yield json.dumps({"plan": head_of(plan) | {"expires_at": expires_at.isoformat()}}, ensure_ascii=False)
    for part, body in parts_of(plan):
        yield json.dumps({part: body}, ensure_ascii=False)


def digest(file: Path) -> str:
    """The digest of the plan in a file. Raises PlanRefused when it is none or was changed."""
    refusal = PlanRefused(f"{file} is not a plan of Repoussoir.", "Make one with `repoussoir plan --out FILE`.")
    try:
        parts = [next(iter(json.loads(line).items())) for line in file.read_text(encoding="utf-8").splitlines()]
        (name, head), *rest = parts
    except (OSError, ValueError, TypeError, AttributeError, StopIteration):
        raise refusal from None
    if name != "plan":
        raise refusal
    return read(head, rest).digest
