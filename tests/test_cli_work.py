"""Over several nights, what changes or breaks off between runs destroys nobody and loses no objection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pydantic import SecretStr

from cli import exits, explain, results
from cli.notify import sentence
from cli.runtime import keyring
from core.actions import Command
from core.connector import Account, Receipt
from core.errors import NotAllowed, Unreachable, WrongAccount
from core.identity import Identifier
from core.index import Row
from core.model import Moment, Objection, Page, Query, Ref
from core.people import Entry
from core.settings import KeySettings
from tests.jobdesk import raising
from tests.office import NOW, Office

NO_MAIL = (Objection("email", "opt_out"),)


class Kill(BaseException):
    """The process dies."""


@pytest.fixture
def at(tmp_path: Path) -> Office:
    """Nobody yet."""
    return Office(tmp_path)


def there(at: Office, name: str) -> bool:
    """Whether a record is still in its CRM."""
    return name[1:] in at.crms[name[0]].records


def found(at: Office, *emails: str) -> tuple[Identifier, ...]:
    """E-mails as the list knows them."""
    return at.parts.identity.all(emails, ())


def killed(at: Office, crm: str) -> None:
    """A run that dies at the first write to a CRM, before it took effect."""
    real = at.crms[crm].apply

    def die(batch: object) -> NoReturn:
        raise Kill

    at.crms[crm].apply = die  # type: ignore[method-assign]  # the power goes
    with pytest.raises(Kill):
        at.run()
    at.crms[crm].apply = real  # type: ignore[method-assign]


def away(at: Office, crm: str, error: Exception) -> None:
    """From now on a CRM answers nothing else."""

    def fail(*_: Any, **__: Any) -> NoReturn:
        raise error

    for name in ("check", "scan", "get", "schema"):
        setattr(at.crms[crm], name, fail)


def test_a_record_edited_since_the_plan_is_not_erased_because_the_plan_also_suppressed_it(at: Office) -> None:
    """Our own write hands its version on only when it was made on the version of the plan."""
    at.add("a1", "x@a.example")
    at.add("b1", "x@a.example", objections=NO_MAIL, suppressed=frozenset({"email"}))
    at.add("a2", "y@a.example")
    at.add("b2", "y@a.example", objections=NO_MAIL, suppressed=frozenset({"email"}))
    digest = at.plan()
    at.edit("a1", origin="edited")

    result = at.apply(digest)

    assert there(at, "a1")
    assert at.crms["a"].records["1"].suppressed == {"email"}
    assert not there(at, "a2")
    assert result.tally.counts["erase", "changed"] == 1


def test_an_interrupted_plan_goes_on_only_after_a_fresh_reading(at: Office) -> None:
    """Killed before the write; the person fills a form in the other CRM, as a new record; the next night keeps both."""
    at.add("a1", "x@a.example")
    killed(at, "a")
    at.add("b9", "x@a.example", age=0, inbound=(Moment(NOW, "form"),))

    at.run(days=1)

    assert there(at, "a1")


def test_an_interrupted_plan_destroys_nothing_while_a_crm_cannot_be_read(at: Office) -> None:
    """The gap counts for the resumed plan too; once everything is readable again it is finished, receipts included."""
    at.add("a1", "x@a.example")
    at.add("b2", "y@a.example", age=5)
    killed(at, "a")
    scan = at.crms["b"].scan

    def cut(*_: object) -> NoReturn:
        raise Unreachable("b: no answer")

    at.crms["b"].scan = cut  # type: ignore[method-assign]  # the line is down
    at.run(hours=1)
    kept = there(at, "a1")
    at.crms["b"].scan = scan  # type: ignore[method-assign]
    result = at.run(hours=1)

    assert kept
    assert not there(at, "a1")
    assert result.tally.counts["erase", "done"] == 1


def test_nothing_is_written_to_another_account_not_even_what_was_interrupted(at: Office) -> None:
    """The account is asked for before anything is recovered or resumed."""
    at.add("a1", "x@a.example")
    killed(at, "a")
    options = at.config.crm["a"].model_copy(update={"account": "account-of-a"})
    at.config = at.config.model_copy(update={"crm": {**at.config.crm, "a": options}})
    at.crms["a"].check = lambda: Account(id="production", name="other")  # type: ignore[method-assign]  # a wrong token

    with pytest.raises(WrongAccount):
        at.run(hours=1)
    assert at.crms["a"].writes == []


def test_a_crm_that_owes_an_outcome_and_is_away_keeps_no_objection_from_going_out(at: Office) -> None:
    """SUP-07: it is a gap; the others are read, and the next run tries again."""
    at.add("b1", "x@a.example")
    at.add("a2", "y@a.example", age=5)
    killed(at, "b")
    away(at, "b", NotAllowed("b: the token was revoked"))
    at.add("a3", "y@a.example", age=5, objections=NO_MAIL, suppressed=frozenset({"email"}))

    result = at.run(days=1)

    assert at.crms["a"].records["2"].suppressed == {"email"}
    assert any("revoked" in gap for gap in result.gaps)


def test_while_objections_wait_for_a_look_nobody_is_destroyed(at: Office) -> None:
    """A jump holds the list back; an overdue objector erased meanwhile would be on no list when they come back."""
    for number in range(30):
        at.add(f"a{number}", f"p{number}@x.example", age=2000 if number == 0 else 10)
    at.plan()
    for number in range(4):
        at.edit(f"a{number}", objections=NO_MAIL)

    result = at.run(days=1)

    assert there(at, "a0")
    assert result.waiting is not None
    assert "objection_jump" in {trip.brake for trip in result.waiting.trips}
    at.apply(result.waiting.digest, "Claire")
    assert not there(at, "a0")
    assert at.store.suppression.count() == 4


def test_a_date_beyond_the_calendar_is_never_due_and_stops_nobody(at: Office) -> None:
    """A won deal that closes in 9999: kept, and the run goes on."""
    at.add("a1", "x@a.example", inbound=(Moment(datetime(9999, 12, 31, tzinfo=UTC), "won_deal"),))
    at.add("a2", "y@a.example")

    at.run()

    assert there(at, "a1")
    assert not there(at, "a2")


def test_an_answer_about_fewer_records_than_were_asked_for_is_none(at: Office) -> None:
    """Left out is not gone, and a linked record that is left out is not unchanged."""
    at.add("a1", "x@a.example")
    at.add("b1", "x@a.example")
    digest = at.plan()
    at.edit("b1", inbound=(Moment(NOW, "reply"),))
    at.crms["b"].get = lambda refs, properties=(): {}  # type: ignore[method-assign]  # breaks the contract

    result = at.apply(digest)

    assert there(at, "a1")
    assert there(at, "b1")
    assert any("fewer" in why for why in result.tally.stopped.values())


def test_ret_22_nobody_is_quarantined_for_what_an_unread_crm_may_know(at: Office) -> None:
    """While b cannot be read, its contact may date the record of a."""
    at.add("a1", "x@a.example")
    at.edit("a1", collected=None)
    at.add("b1", "x@a.example", age=9, inbound=(Moment(NOW - timedelta(days=9), "reply"),))
    away(at, "b", Unreachable("b: no answer"))

    at.run()

    assert not at.crms["a"].records["1"].restricted


def test_the_error_brake_of_one_crm_does_not_stop_another(at: Office) -> None:
    """25 refusals in a; b is sound and goes on."""
    for number in range(25):
        at.add(f"a{number}", f"p{number}@x.example")
        at.add(f"b{number}", f"q{number}@x.example")
        at.crms["a"].refusing[str(number)] = "REQUIRED_FIELD"

    result = at.run()

    assert at.crms["b"].records == {}
    assert set(result.tally.stopped) == {"a"}


def test_sec_06_a_run_after_a_rotation_moves_entries_and_holds_and_says_so_once(at: Office) -> None:
    """The hold goes on holding and gains no key twice; the second run has nothing to move, and says nothing."""
    at.add("a1", "x@a.example")
    at.add("a2", "y@a.example", age=5, objections=NO_MAIL)
    at.store.holds.add(["a:person:1"], "litigation", "Legal", at.now, at.now)
    at.run()
    keys = KeySettings(current="k2", secrets={name: SecretStr(name[1] * 64) for name in ("k1", "k2")})
    secrets = {**at.config.keys.secrets, "k2": keys.secrets["k2"]}
    at.config = at.config.model_copy(update={"keys": keys.model_copy(update={"secrets": secrets})})
    for _ in range(2):
        at.run(days=1)

    lines = [line.body for line in at.store.ledger.entries() if line.body.get("do") == "rekey"]
    assert lines == [{"do": "rekey", "from": ["k1"], "to": "k2", "entries": 1, "holds": 1, "tombstones": 0}]
    assert at.store.keys.in_use() == {"k2"}
    assert there(at, "a1")
    assert len(at.store.holds.all()[0].added) == 1


def test_what_stopped_an_interrupted_plan_is_told_even_when_the_new_one_goes_through(at: Office) -> None:
    """A CRM failed for a moment while the old plan was finished: the exit code, the JSON and the job's line all say so."""
    at.add("a1", "x@a.example")
    real = at.crms["a"].get
    at.crms["a"].get = raising(Kill())  # type: ignore[method-assign]  # the power goes before anything is written
    with pytest.raises(Kill):
        at.run()

    def once(*_: object) -> NoReturn:
        at.crms["a"].get = real  # type: ignore[method-assign]  # the next call goes through
        raise Unreachable("a: no answer")

    at.crms["a"].get = once  # type: ignore[method-assign]  # the line is down for a moment
    result = at.run(hours=1)

    told = results.body(result)
    assert result.tally.counts["erase", "done"] == 1
    assert (told["stopped"], told["left"]) == ({"a": "a: no answer"}, 1)
    assert results.code(result) == exits.INCOMPLETE
    assert "stopped: a: no answer" in sentence(told)


def test_a_run_that_was_stopped_does_not_say_that_nothing_had_to_be_done(
    at: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    """The CRM broke off at the first write: what became of it is not known."""
    at.add("a1", "x@a.example")
    at.crms["a"].apply = raising(Unreachable("a: no answer"))  # type: ignore[method-assign]  # the line is down
    results.report(at.run(), json=False)

    shown = capsys.readouterr().out
    assert "Nothing is known to be done." in shown and "Nothing had to be done." not in shown


def test_what_an_interrupted_plan_left_is_counted_once(at: Office) -> None:
    """The new plan asks for the same again: one person is left, not two."""
    at.add("a1", "x@a.example")
    killed(at, "a")
    at.crms["a"].apply = raising(Unreachable("a: no answer"))  # type: ignore[method-assign]  # the line is down

    result = at.run(hours=1)

    assert (result.tally.left, dict(result.tally.counts)) == (1, {})
    assert results.code(result) == exits.INCOMPLETE


def test_sup_11_an_objection_that_was_taken_back_since_the_plan_is_not_listed(at: Office) -> None:
    """The flag of one person is cleared between plan and apply; the other's stands. What was left out is counted."""
    at.add("a1", "x@a.example", age=5, objections=NO_MAIL, suppressed=frozenset({"email"}))
    at.add("a2", "y@a.example", age=5, objections=NO_MAIL, suppressed=frozenset({"email"}))
    digest = at.plan()
    at.edit("a1", objections=(), suppressed=frozenset())
    result = at.apply(digest)

    assert [len(at.store.suppression.matching(item)) for item in found(at, "x@a.example", "y@a.example")] == [0, 1]
    assert (result.tally.listed, result.tally.lapsed) == (1, 1)
    assert results.body(result)["lapsed"] == 1


def test_an_objection_of_a_record_that_is_gone_is_still_listed(at: Office) -> None:
    """Deleted since the plan: nobody took it back, and the person may come back by an import."""
    at.add("a1", "x@a.example", age=5, objections=NO_MAIL, suppressed=frozenset({"email"}))
    digest = at.plan()
    del at.crms["a"].records["1"]
    result = at.apply(digest)

    assert (result.tally.listed, result.tally.lapsed) == (1, 0)


def test_sup_04_an_entry_planned_under_the_old_key_is_listed_under_the_new_one(at: Office) -> None:
    """The key changed between plan and apply: it is the same person."""
    at.add("a1", "x@a.example", age=5, objections=NO_MAIL, suppressed=frozenset({"email"}))
    digest = at.plan()
    secrets = {**at.config.keys.secrets, "k2": SecretStr("2" * 64)}
    keys = at.config.keys.model_copy(update={"secrets": secrets, "current": "k2"})
    at.config = at.config.model_copy(update={"keys": keys})
    at.store.keys.confirm(keyring(at.config), at.now)
    result = at.apply(digest)

    assert [entry.key.key_id for entry in at.store.suppression.matching(found(at, "x@a.example")[0])] == ["k2"]
    assert (result.tally.listed, result.tally.lapsed) == (1, 0)


def test_entries_that_were_listed_before_a_crash_are_neither_listed_again_nor_left_out(at: Office) -> None:
    """The plan goes on; its list is there."""
    at.add("a1", "x@a.example", age=5, objections=NO_MAIL, suppressed=frozenset({"email"}))
    at.add("b1", "x@a.example", age=5)
    killed(at, "b")
    result = at.run(hours=1)

    assert at.store.suppression.count() == 1
    assert (result.tally.listed, result.tally.lapsed) == (0, 0)
    assert result.tally.counts["suppress", "done"] == 1


def broken_off(at: Office, *, instant: int, after: bool) -> None:
    """A run that dies at some write to a, before or after it took effect."""
    real, left = at.crms["a"].apply, [instant]

    def die(batch: Sequence[Command]) -> Iterator[Receipt]:
        left[0] -= 1
        if left[0]:
            return real(batch)
        if after:
            list(real(batch))
        raise Kill

    at.crms["a"].apply = die  # type: ignore[method-assign]  # the power goes
    with pytest.raises(Kill):
        at.run()
    at.crms["a"].apply = real  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("instant", "after", "edited", "changed"),
    [(2, False, False, 0), (2, False, True, 1), (1, True, False, 1)],
    ids=["our own version", "edited since", "not proven"],
)
def test_a_plan_that_goes_on_knows_the_version_it_made_itself(
    at: Office, instant: int, after: bool, edited: bool, changed: int
) -> None:
    """Suppressed, then the power went before the erasure: only a version whose outcome is in the store is our own."""
    at.add("a1", "x@a.example")
    at.add("b1", "x@a.example", objections=NO_MAIL, suppressed=frozenset({"email"}))
    broken_off(at, instant=instant, after=after)
    if edited:
        at.edit("a1", origin="edited")
    result = at.run(hours=1)

    assert result.tally.counts["erase", "changed"] == changed
    assert not there(at, "a1")


def test_the_audit_anchor_is_not_removed_with_the_notes_on_it(at: Office) -> None:
    """It is overdue as the other is; what it carries is the only word in the CRM about the erased."""
    anchor = at.add("a1", "audit@a.example")
    at.add("a2", "x@a.example")
    options = at.config.crm["a"].model_copy(update={"audit_anchor": "person:1"})
    at.config = at.config.model_copy(update={"crm": {**at.config.crm, "a": options}})

    result = at.run()

    assert (there(at, "a1"), there(at, "a2")) == (True, False)
    assert [item.blocked for item in result.plan.reports if item.ref == anchor] == [
        "the audit anchor: its notes would go with it"
    ]


def test_a_kind_that_is_read_no_more_is_no_sudden_loss(at: Office) -> None:
    """An account that stops to read leads: nothing waits for an approval that could not end it."""
    at.add("a1", "x@a.example")
    leads = [Row(ref=Ref("b", "lead", str(number)), version="1") for number in range(30)]
    scan = at.store.index.begin_scan("b", "lead", at.now)
    at.store.index.put(leads, scan)
    at.store.index.end_scan(scan, "b", "lead", at.now)

    assert at.run().waiting is None
    assert not there(at, "a1")


def test_who_was_ended_and_is_there_again_before_the_plan_was_closed_stops_nobodys_objection(at: Office) -> None:
    """Killed at the very end; somebody takes the record out of the bin: the next run judges it, and pushes what is due."""
    at.add("a1", "x@a.example")
    kept = at.crms["a"].records["1"]
    real = at.store.tombstones.note_absence

    def die(*_: object) -> NoReturn:
        raise Kill

    at.store.tombstones.note_absence = die  # type: ignore[method-assign]  # the power goes
    with pytest.raises(Kill):
        at.run()
    at.store.tombstones.note_absence = real  # type: ignore[method-assign]
    at.crms["a"].records["1"] = kept
    at.add("a5", "p@a.example", age=5, objections=NO_MAIL, suppressed=frozenset({"email"}))
    at.add("b5", "p@a.example", age=5)
    at.run(hours=1)

    assert "email" in at.crms["b"].records["5"].suppressed


def test_a_crm_that_was_written_to_is_remembered_though_no_scan_of_it_was_whole(at: Office) -> None:
    """Our marks are on that account: another one's own flags must never pass for ours."""
    at.add("a5", "p@a.example", age=5, objections=NO_MAIL, suppressed=frozenset({"email"}))
    at.add("b5", "p@a.example", age=5)
    at.run()
    at.store.accounts.forget("b")
    at.add("b6", "q@a.example", age=5)
    at.add("a6", "q@a.example", age=5, objections=NO_MAIL, suppressed=frozenset({"email"}))
    real = at.crms["b"].scan

    def breaks_off(query: Query) -> Iterator[Page]:
        yield from (replace(page, last=False) for page in real(query))

    at.crms["b"].scan = breaks_off  # type: ignore[method-assign]  # half of it is read
    at.run(hours=1)

    assert "email" in at.crms["b"].records["6"].suppressed
    assert at.store.accounts.known()["b"] == "account-of-b"


def test_explain_changes_nothing_of_what_is_remembered(at: Office) -> None:
    """Looked at between the intent of our quarantine and its effect: the mark stays ours."""
    ref = at.add("a1", "x@a.example")
    at.edit("a1", collected=None)
    at.run()
    at.crms["a"].records["1"] = replace(at.crms["a"].records["1"], restricted=False)
    before = list(at.store.index.rows()), at.store.index.pushes([ref])

    (shown,) = explain._rows(at.parts, at.crms["a"].records["1"])

    assert not shown.ours

    assert (list(at.store.index.rows()), at.store.index.pushes([ref])) == before


def test_a_waiting_erasure_knows_the_version_that_our_own_flag_left(at: Office) -> None:
    """The same run pushed the flag and kept the erasure for approval; an edit by somebody else still stops it."""
    at.config = at.config.model_copy(update={"brakes": at.config.brakes.model_copy(update={"max_count": 0})})
    for name in ("a1", "a2", "a3"):
        at.add(name, f"{name}@x.example")
    items = found(at, "a1@x.example", "a3@x.example")
    at.store.suppression.add([Entry("email", item.key, at.now, "staff") for item in items])
    waiting = at.run().waiting
    assert waiting is not None
    at.edit("a3", origin="edited")

    result = at.apply(waiting.digest, "Claire")

    assert [there(at, name) for name in ("a1", "a2", "a3")] == [False, False, True]
    assert result.tally.counts == {("erase", "done"): 2, ("erase", "changed"): 1}
