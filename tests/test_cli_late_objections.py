"""An objection that shows late, or whose record goes before it was listed, is on the list all the same (SUP-01, SUP-07)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pydantic import SecretStr

from cli.runtime import keyring
from core.errors import BadAnswer
from core.model import Objection, Page, Query, Record, Ref
from core.people import Entry
from tests.office import Office

NO_MAIL: dict[str, Any] = {"objections": (Objection("email", "flag"),), "suppressed": frozenset({"email"})}


class Kill(BaseException):
    """The process dies."""


@pytest.fixture
def at(tmp_path: Path) -> Office:
    """Nobody yet."""
    return Office(tmp_path)


@pytest.fixture
def pair(at: Office) -> Office:
    """One overdue person: two addresses in a, one of them in b."""
    at.add("a1", "x@x.example", "y@x.example")
    at.add("b1", "x@x.example")
    return at


def listed(at: Office, address: str) -> bool:
    """Whether an address is on the list."""
    item = at.parts.identity.email(address)
    assert item is not None
    return bool(at.store.suppression.matching(item))


def there(at: Office, name: str) -> bool:
    """Whether a record is still in its CRM."""
    return name[1:] in at.crms[name[0]].records


def killed(at: Office, crm: str) -> None:
    """A run that dies at the first write to a CRM, before it took effect."""
    real = at.crms[crm].apply

    def die(batch: object) -> NoReturn:
        raise Kill

    at.crms[crm].apply = die  # type: ignore[method-assign]  # the power goes
    with pytest.raises(Kill):
        at.run()
    at.crms[crm].apply = real  # type: ignore[method-assign]


def crowd(at: Office, objectors: int, age: int = 5) -> None:
    """Forty people of b that were read once, some of whom object since."""
    for number in range(1, 41):
        at.add(f"b{number}", f"p{number}@x.example", age=age if number == 40 else 5)
    at.plan()
    for number in range(41 - objectors, 41):
        at.edit(f"b{number}", **NO_MAIL)


def test_an_objection_of_a_linked_record_after_the_plan_is_listed_before_the_erasure(pair: Office) -> None:
    """The other address of the person is theirs too; it may come back from a bought list."""
    digest = pair.plan()
    pair.edit("b1", **NO_MAIL)
    pair.now += timedelta(days=1)

    result = pair.apply(digest)

    assert not there(pair, "a1")
    assert listed(pair, "x@x.example")
    assert listed(pair, "y@x.example")
    assert result.tally.listed == 2


def test_an_objection_that_moves_no_version_is_listed_before_the_erasure(pair: Office) -> None:
    """A vendor whose consents leave the stamp of the record alone."""
    digest = pair.plan()
    pair.crms["a"].records["1"] = replace(pair.crms["a"].records["1"], **NO_MAIL)

    pair.apply(digest)

    assert not there(pair, "a1")
    assert listed(pair, "y@x.example")


def test_an_entry_that_staff_add_while_a_plan_waits_covers_the_other_address_of_whom_it_erases(pair: Office) -> None:
    """The list moved, and no record did."""
    digest = pair.plan()
    item = pair.parts.identity.email("x@x.example")
    assert item is not None
    pair.store.suppression.add([Entry("email", item.key, pair.now, "staff")])

    pair.apply(digest)

    assert listed(pair, "y@x.example")


def test_an_objection_between_two_nights_is_listed_before_an_interrupted_plan_erases(pair: Office) -> None:
    """The run breaks off before the erasure; the next one resumes it."""
    killed(pair, "a")
    pair.edit("b1", **NO_MAIL)

    pair.run(hours=20)

    assert not there(pair, "a1")
    assert listed(pair, "y@x.example")


def test_an_objection_between_the_scan_and_the_erasure_of_one_run_is_listed(pair: Office) -> None:
    """The reading of a large account takes hours."""
    scan = pair.crms["b"].scan

    def then(query: Query) -> Iterator[Page]:
        yield from scan(query)
        pair.crms["b"].scan = scan  # type: ignore[method-assign]
        pair.edit("b1", **NO_MAIL)

    pair.crms["b"].scan = then  # type: ignore[method-assign]  # somebody unsubscribes meanwhile
    pair.run()

    assert not there(pair, "a1")
    assert listed(pair, "y@x.example")


def test_while_objections_jump_nobody_with_an_unlisted_one_is_erased_and_none_is_listed(at: Office) -> None:
    """The plan was made before the jump: whoever objects in it is left for somebody to look at, the others go."""
    for number in range(1, 41):
        at.add(f"b{number}", f"p{number}@x.example", age=2000 if number > 38 else 5)
    digest = at.plan()
    for number in range(36, 40):
        record = at.crms["b"].records[str(number)]
        at.crms["b"].records[str(number)] = replace(record, **NO_MAIL)

    result = at.apply(digest)

    assert there(at, "b39")
    assert not there(at, "b40")
    assert result.tally.counts["erase", "changed"] == 1
    assert at.store.suppression.count() == 0


def test_an_objection_that_was_read_is_listed_when_its_record_goes_before_the_next_run(at: Office) -> None:
    """`plan` at noon reads it, a user deletes the record at two, the run comes at night."""
    at.add("b1", "p@x.example", age=5)
    at.add("b2", "q@x.example", age=5)
    at.run()
    at.edit("b1", **NO_MAIL)
    at.plan()
    del at.crms["b"].records["1"]

    at.run(hours=12)

    assert listed(at, "p@x.example")
    assert [row.ref.id for row in at.store.index.rows()] == ["2"]


def test_an_objection_that_waits_behind_a_jump_outlives_its_record(at: Office) -> None:
    """Its row stays until somebody has looked, and goes with the first reading after that."""
    crowd(at, 5)
    at.run(days=1)
    del at.crms["b"].records["40"]
    at.run(days=1)
    waiting = at.run(days=2).waiting
    unheard = listed(at, "p40@x.example")
    assert waiting is not None
    at.apply(waiting.digest, "Claire")
    at.run(hours=1)

    assert not unheard
    assert listed(at, "p39@x.example")
    assert listed(at, "p40@x.example")
    assert len(list(at.store.index.rows())) == 39


def test_one_record_that_cannot_be_read_back_keeps_no_objection_from_going_out(at: Office) -> None:
    """Its own write stays owed, nothing is destroyed there, and the message says which record and what to do."""
    at.add("a1", "x@x.example")
    at.edit("a1", collected=None)
    killed(at, "a")
    get = at.crms["a"].get

    def bad(refs: Sequence[Ref], properties: Sequence[str] = ()) -> Mapping[Ref, Record | None]:
        if any(ref.id == "1" for ref in refs):
            raise BadAnswer("a: a row without its stamp")
        return get(refs, properties)

    at.crms["a"].get = bad  # type: ignore[method-assign]  # one row is broken
    at.add("a5", "p@x.example", age=5)
    at.add("b5", "p@x.example", age=5, **NO_MAIL)
    at.add("a6", "q@x.example")

    result = at.run(days=1)

    assert at.crms["a"].records["5"].suppressed
    assert there(at, "a6")
    assert not at.crms["a"].records["1"].restricted
    assert "a:person:1" in result.tally.stopped["a"]
    assert "mend or delete it" in result.tally.stopped["a"]


def rotated(at: Office, **secrets: str) -> None:
    """From now on k2 is the current key, beside those given."""
    keys = at.config.keys.model_copy(
        update={"current": "k2", "secrets": {name: SecretStr(value) for name, value in secrets.items()}}
    )
    at.config = at.config.model_copy(update={"keys": keys})
    at.store.keys.confirm(keyring(at.config), at.now)


def test_sec_06_a_waiting_plan_lists_nothing_under_a_key_that_was_retired_since(at: Office) -> None:
    """Such an entry would match nobody, and the next command would refuse to open the store."""
    crowd(at, 5)
    waiting = at.run(days=1).waiting
    assert waiting is not None
    rotated(at, k1="k" * 64, k2="n" * 64)
    at.run(hours=2)
    rotated(at, k2="n" * 64)
    at.run(hours=2)

    result = at.apply(waiting.digest, "Claire")

    at.store.keys.confirm(keyring(at.config), at.now)
    assert result.tally.lapsed == 5
