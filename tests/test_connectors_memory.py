"""The reference adapter: applied twice is the same as once."""

from __future__ import annotations

import pytest

from connectors.memory import MemoryCrm
from core.actions import Action, Anonymise, Bin, Clear, Command, Erase, Redact, Restrict, Span, Suppress
from core.connector import AlreadyDone, Changed, Done, Gone, Receipt
from tests.engine import record, ref

REDACT = Redact("comment", (Span(0, 3, "health"), Span(5, 8, "health")))


def one(crm: MemoryCrm, action: Action, version: str = "1") -> Receipt:
    """The receipt of one command on a version of the record."""
    return next(iter(crm.apply([Command(ref("a1"), version, action)])))


def crm() -> MemoryCrm:
    """One record with a comment, a choice and an address."""
    return MemoryCrm("a", [record("a1", "x@x.example", values={"comment": "ill, ill", "hobbies": "a;b"})])


@pytest.mark.parametrize(
    ("action", "again"),
    [
        (Suppress(("email",)), AlreadyDone()),
        (Restrict(""), AlreadyDone()),
        (Clear(("comment",)), AlreadyDone()),
        (Clear(("hobbies",), ("a",)), AlreadyDone()),
        (REDACT, AlreadyDone()),
        (Anonymise(), AlreadyDone()),
        (Bin(), Gone()),
        (Erase(), Gone()),
    ],
)
def test_the_same_command_twice_is_the_same_as_once(action: Action, again: Receipt) -> None:
    """The second one has the version from before the first: the state comes before the version, as in every adapter."""
    made = crm()
    first = one(made, action)

    assert isinstance(first, Done)
    assert one(made, action) == again
    assert len(made.writes) == 1


@pytest.mark.parametrize("action", [Suppress(("email",)), Clear(("comment",)), REDACT, Anonymise(), Bin(), Erase()])
def test_another_version_is_never_written_to(action: Action) -> None:
    """Also when the edit made the spans fit no more."""
    made = crm()
    made.edit(record("a1", "x@x.example", values={"comment": "no", "hobbies": "a;b"}))

    assert one(made, action) == Changed()
    assert made.writes == []
