"""What every adapter promises of writing: what it offers is done, once, on the version that was read, and nothing besides."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from connectors.testkit.bench import EDITED, SECRET, TEXT, Bench, final, note, person, planted
from core.actions import ACTIONS, Action, Annotate, Clear, Command, Redact, Restrict, Span, Suppress
from core.connector import AlreadyDone, Changed, Done, Gone, Refused
from core.model import Channel

each = pytest.mark.parametrize("name", ACTIONS)
bound = pytest.mark.parametrize("name", [name for name in ACTIONS if name != "annotate"])


class Writing:
    """Mixed into ConnectorContract."""

    # --- each action ---

    @each
    def test_what_is_offered_is_done(self, bench: Bench, name: str) -> None:
        """Must do each action that it offers, and tell the new version if any (Capabilities.actions, Done)."""
        bench.needs(name)
        ref, action = bench.seed(), bench.action(name)
        writes = bench.world.writes()

        receipt = bench.do(ref, action)

        assert isinstance(receipt, Done), receipt
        assert bench.world.writes() > writes, "it says Done and has written nothing"
        if not final(action) and receipt.version:
            assert receipt.version == bench.read(ref).version, "Done tells another version than the record has"

    @each
    def test_twice_is_once(self, bench: Bench, name: str) -> None:
        """Must answer AlreadyDone, or Gone, the second time, and write nothing (Connector.apply).

        May answer Changed to the very same command: it carries the version before the first.
        """
        bench.needs(name)
        ref, action = bench.seed(), bench.action(name)
        command = bench.command(ref, action)
        assert isinstance(bench.apply(command)[0], Done)
        writes = bench.world.writes()

        again = bench.apply(command)[0]

        assert isinstance(again, AlreadyDone | Gone if final(action) else AlreadyDone | Changed), (
            f"the second time: {again}"
        )
        if not final(action) and not isinstance(action, Redact):
            assert isinstance(bench.do(ref, action), AlreadyDone)
        assert bench.world.writes() == writes, "the second time wrote again"

    @bound
    def test_another_version_is_changed_and_not_written(self, bench: Bench, name: str) -> None:
        """Must not write to a record that was edited since it was read (DESIGN §6, Changed)."""
        bench.needs(name)
        ref = bench.seed()
        command = bench.command(ref, bench.action(name))
        bench.world.edit(ref, EDITED)
        before = bench.world.look(ref), bench.world.writes()

        receipt = bench.apply(command)[0]

        assert isinstance(receipt, Changed), f"it was edited meanwhile, and the receipt is {receipt}"
        assert (bench.world.look(ref), bench.world.writes()) == before, "it was written to all the same"

    @each
    def test_who_is_gone_is_gone(self, bench: Bench, name: str) -> None:
        """Must answer Gone, and must not write, for a record that was deleted (Gone).

        May erase for good what a colleague put into a bin: that is Done.
        """
        bench.needs(name)
        ref = bench.seed()
        command = bench.command(ref, bench.action(name))
        bench.world.remove(ref)
        writes = bench.world.writes()

        receipt = bench.apply(command)[0]

        assert isinstance(receipt, Gone | Done if name == "erase" else Gone), receipt
        if isinstance(receipt, Gone):
            assert bench.world.writes() == writes, "something was written for a record that is gone"

    # --- batches ---

    def test_receipts_come_in_the_order_of_the_commands(self, bench: Bench) -> None:
        """Must answer one receipt a command, in order, whatever became of each (Connector.apply)."""
        bench.needs("suppress")
        here, gone, edited, last = bench.crowd(4)
        batch = [bench.command(ref, bench.action("suppress")) for ref in (here, gone, edited, last)]
        bench.world.remove(gone)
        bench.world.edit(edited, EDITED)

        receipts = bench.apply(*batch)

        assert [type(receipt) for receipt in receipts] == [Done, Gone, Changed, Done], (
            "not the receipts of these commands"
        )
        assert [bench.read(ref).suppressed for ref in (here, edited, last)] == [{"email"}, frozenset(), {"email"}]

    def test_a_whole_batch_is_taken(self, bench: Bench) -> None:
        """Must take as many commands at once as `capabilities.batch` says (Capabilities)."""
        bench.needs("suppress")
        refs = bench.crowd(bench.can.batch["suppress"])
        read = bench.get(*refs)
        versions = {ref: record.version for ref, record in read.items() if record}

        receipts = bench.apply(*(Command(ref, versions[ref], bench.action("suppress")) for ref in refs))

        assert {type(receipt) for receipt in receipts} == {Done}

    # --- objections and marks ---

    @pytest.mark.parametrize("channel", get_args(Channel))
    def test_suppress_closes_the_channel_and_no_other(self, bench: Bench, channel: Channel) -> None:
        """Must read back as suppressed and as an objection, on this channel only (SUP-01, Record.suppressed)."""
        bench.needs("suppress")
        ref = bench.seed()

        assert isinstance(bench.do(ref, Suppress((channel,))), Done)

        for found in (bench.read(ref), bench.scanned(ref)):
            assert found.suppressed == {channel}, "not this channel and no other"
            assert {item.channel for item in found.objections} == {channel}, "the flag does not read as an objection"

    def test_suppress_adds_to_what_is_closed(self, bench: Bench) -> None:
        """Must not open the one channel by closing the other (SUP-01)."""
        bench.needs("suppress")
        ref = bench.seed()
        bench.do(ref, Suppress(("email",)))

        assert isinstance(bench.do(ref, Suppress(("email", "telephone"))), Done)

        assert bench.read(ref).suppressed == {"email", "telephone"}

    def test_restrict_is_no_objection(self, bench: Bench) -> None:
        """Must read back as restricted; must not touch an opt-out flag (Art. 18, DESIGN §6)."""
        bench.needs("restrict")
        ref = bench.seed()

        bench.do(ref, Restrict("Art. 18"))

        found = bench.read(ref)
        assert found.restricted, "the restriction does not read back"
        assert (found.suppressed, found.objections) == (frozenset(), ()), "a restriction is not an objection"

    # --- notes ---

    def test_a_note_is_found_again_by_its_id(self, bench: Bench) -> None:
        """Must write each note once, and tell one from another whose id only begins alike (Annotate, DESIGN §6)."""
        bench.needs("annotate")
        ref = bench.seed()

        receipts = [bench.do(ref, Annotate(note(id))) for id in ("L-10", "L-1", "L-10")]

        assert [type(receipt) for receipt in receipts] == [Done, Done, AlreadyDone], (
            "a note is not told from another one"
        )
        texts = bench.world.notes(ref)
        assert sorted("entry L-10 of" in text for text in texts) == [False, True], "one note each, with its text"

    def test_a_note_is_bound_to_no_version(self, bench: Bench) -> None:
        """Must write a note on whatever version there is: it only adds (core.actions.Command)."""
        bench.needs("annotate")
        ref = bench.seed()

        assert isinstance(bench.apply(Command(ref, "", bench.action("annotate")))[0], Done)

    @pytest.mark.parametrize("name", ["annotate", "restrict", "suppress"])
    def test_what_we_write_does_not_move_the_clock(self, bench: Bench, name: str) -> None:
        """Must not date the person later because of a write of ours (RET-20, DESIGN §6)."""
        bench.needs(name)
        ref = bench.seed()
        before = bench.read(ref)

        assert isinstance(bench.do(ref, bench.action(name)), Done)

        after = bench.read(ref)
        dates = [(read.inbound, read.created, read.collected) for read in (before, after)]
        assert dates[0] == dates[1], "a write of ours moved the clock"

    # --- values ---

    def test_redact_takes_the_spans_and_nothing_else(self, bench: Bench) -> None:
        """Must replace each span by its label and keep the rest to the letter (Redact)."""
        bench.needs("redact")
        ref, quote, word = bench.seed(), TEXT.index("quote"), TEXT.index(SECRET)
        spans = (Span(quote, quote + len("quote"), "a"), Span(word, word + len(SECRET), "b"))

        assert isinstance(bench.do(ref, Redact(bench.world.text, spans)), Done)

        shown = bench.read(ref, bench.world.text)
        assert shown.values.get(bench.world.text) == TEXT.replace("quote", "[a]").replace(SECRET, "[b]")
        assert SECRET not in (bench.world.look(ref) or "")
        assert shown.emails == person().emails

    @pytest.mark.parametrize("name", ["redact", "clear"])
    def test_what_cannot_be_done_is_refused_by_name(self, bench: Bench, name: str) -> None:
        """Must refuse, and not guess, spans that do not fit and a property that is not there; tells names only (Refused)."""
        bench.needs(name)
        ref = bench.seed()
        spans = (Span(len(TEXT) + 1, len(TEXT) + 5, "health"),)
        wishes: dict[str, Action] = {"redact": Redact(bench.world.text, spans), "clear": Clear(("no_such_property",))}
        before = bench.world.look(ref)

        receipt = bench.do(ref, wishes[name])

        assert isinstance(receipt, Refused) and receipt.why, receipt
        assert planted(receipt.why) == [], "the reason quotes a value"
        assert bench.world.look(ref) == before, "what was refused was written all the same"

    def test_clear_empties_what_it_names_and_nothing_else(self, bench: Bench) -> None:
        """Must empty the property; must not touch another one, nor an identifier (Clear)."""
        bench.needs("clear")
        ref = bench.seed(person(chosen=bench.world.options[:1]))
        names = tuple(filter(None, (bench.world.text, bench.world.choice)))
        before = bench.read(ref, *names)

        assert isinstance(bench.do(ref, Clear((bench.world.text,))), Done)

        after = bench.read(ref, *names)
        assert SECRET not in (bench.world.look(ref) or "")
        left = {name: value for name, value in before.values.items() if name != bench.world.text}
        assert (dict(after.values), after.emails, after.phones) == (left, before.emails, before.phones)

    def test_clear_takes_one_choice_out_of_many(self, bench: Bench) -> None:
        """Must take out just the options that are named (Clear.options)."""
        bench.needs("clear")
        choice, options = bench.world.choice, bench.world.options
        if not choice:
            pytest.skip(f"{type(bench.world).__name__} has no multiple choice")
        ref = bench.seed(person(chosen=options[:3]))
        values = bench.read(ref, choice).values[choice].split(";")
        assert len(values) == 3, "a multiple choice is joined by semicolons"

        assert isinstance(bench.do(ref, Clear((choice,), options=(values[1],), places=(1,))), Done)

        left = bench.read(ref, choice).values.get(choice, "")
        assert left.split(";") == [values[0], values[2]], "not the other choices are left"

    # --- the end ---

    @pytest.mark.parametrize("name", ["erase", "bin"])
    def test_what_was_erased_is_nowhere(self, bench: Bench, name: str) -> None:
        """Must be gone for the CRM's users, for `get` and for `scan`; a bin is named (DESIGN §6 "Erase means erase")."""
        bench.needs(name)
        ref, other = bench.crowd(2)

        receipt = bench.do(ref, bench.action(name))

        assert isinstance(receipt, Done), receipt
        assert receipt.remains or name == "erase", "the receipt must say that it can be restored, and until when"
        assert bench.world.look(ref) is None, "it says Done, and the record is there"
        assert bench.get(ref)[ref] is None
        assert set(bench.scan()) == {other}, "the scan does not find just the other one"

    def test_erasing_one_leaves_the_other_with_the_same_address(self, bench: Bench) -> None:
        """Must erase by id; must never take along who shares an address or a number (docs/new-connector.md)."""
        bench.needs("erase")
        other = person(1) if bench.world.twins else replace(person(1), emails=person(2).emails)
        ref, twin = bench.world.seed([person(1), other])

        bench.do(ref, bench.action("erase"))

        assert bench.world.look(ref) is None, "it says Done, and the record is there"
        assert bench.world.look(twin) is not None, "somebody else was erased"

    def test_anonymise_leaves_nothing_that_tells_who_it_was(self, bench: Bench) -> None:
        """Must leave a record without any identifier of the person, for the CRM's users too (RET-25, Anonymise)."""
        bench.needs("anonymise")
        ref = bench.seed()

        assert isinstance(bench.do(ref, bench.action("anonymise")), Done)

        left = bench.world.look(ref)
        assert left is not None, "anonymise keeps the record"
        assert planted(left) == [], "the record still tells who it was"
        assert bench.read(ref).phones == (), "a number is left"
