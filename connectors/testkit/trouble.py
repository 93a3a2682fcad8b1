"""What every adapter promises when something is wrong: lesser rights, a failing vendor, lost answers, and no word too many."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest

from connectors.testkit.bench import Bench, final, overheard, person, planted
from connectors.testkit.world import SIGHT, TOKEN, Fault
from core.actions import ACTIONS
from core.connector import Connector, Done, Refused
from core.errors import BadAnswer, NotAllowed, RepoussoirError, Unreachable

_READS = ("busy", "down", "garbage", "stuck", "broken")


class Trouble:
    """Mixed into ConnectorContract."""

    # --- rights ---

    def test_connecting_calls_nobody(self, bench: Bench) -> None:
        """Must not call the vendor before it is asked something (docs/new-connector.md): `connect` is free."""
        bench.fault("down")

        bench.connect()

        assert bench.waits == []

    def test_a_token_that_is_refused_is_not_allowed(self, bench: Bench) -> None:
        """Must raise NotAllowed from whatever is asked; must never read as an empty CRM (Connector)."""
        ref = bench.seed()
        crm = bench.connect(TOKEN)
        asks: dict[str, Callable[[], object]] = {
            "check": crm.check,
            "schema": lambda: crm.schema(ref.kind),
            "scan": lambda: bench.pages(crm),
            "get": lambda: crm.get([ref]),
            "users": lambda: list(crm.users()),
        }

        for name, ask in asks.items():
            with pytest.raises(NotAllowed):
                ask()
                pytest.fail(f"{name} was answered to a token that the vendor refuses")

    def test_a_right_that_is_missing_is_named(self, bench: Bench) -> None:
        """Must name it in `check`, or raise NotAllowed where it is needed; must not read as silence (Account)."""
        if not set(bench.world.lesser) - {TOKEN, SIGHT}:
            pytest.skip(f"{type(bench.world).__name__}.lesser names no scope")
        ref = bench.seed()
        wanted = bench.read(ref, bench.world.text)

        for right in [name for name in bench.world.lesser if name not in (TOKEN, SIGHT)]:
            told, crm = "", bench.connect(right)
            with suppress(NotAllowed):
                account = crm.check()
                told = " ".join((*account.missing, *account.blind))
            assert right in told or _forbidden(bench, crm, right), f"nothing tells that {right} is missing"
            with suppress(NotAllowed):
                found = bench.scan(crm, bench.world.text).get(ref)
                assert found, f"without {right}, a record is left out"
                assert found.unreadable or found.inbound == wanted.inbound, f"without {right}, the person seems silent"
                assert dict(found.values) == dict(wanted.values), f"without {right}, a value seems empty"

    def test_who_sees_only_part_says_so(self, bench: Bench) -> None:
        """Must say in `blind` that records may be hidden: an absent one then proves nothing (Account.blind)."""
        bench.seed()

        assert bench.connect(SIGHT).check().blind, "check must say that part of the records is hidden"

    # --- a vendor that fails ---

    def test_it_waits_as_long_as_it_is_told(self, bench: Bench) -> None:
        """Must wait what the vendor asked for, by the sleep it was given, then go on (connectors.transport)."""
        ref = bench.seed()
        bench.crm.get([ref])
        bench.waits.clear()
        bench.fault("busy")

        assert bench.get(ref)[ref] is not None
        assert len(bench.waits) == 1, "one call was put off, and waited for once"
        assert bench.waits == [bench.world.wait or bench.waits[0]], "it did not wait what the vendor asked for"

    def test_a_vendor_that_is_down_is_unreachable(self, bench: Bench) -> None:
        """Must raise Unreachable after some tries; must not let TryLater out, nor take a page of HTML for data (Connector)."""
        ref = bench.seed()
        bench.crm.get([ref])
        bench.fault("down")

        for ask in (bench.crm.check, bench.pages, lambda: bench.crm.get([ref])):
            with pytest.raises(Unreachable):
                ask()
        assert bench.waits, "it must have tried again"

    def test_garbage_is_never_guessed_at(self, bench: Bench) -> None:
        """Must raise BadAnswer on half an answer; must not read it as gone, or as nobody (BadAnswer)."""
        ref = bench.seed()
        bench.crm.get([ref])
        bench.fault("garbage")

        for ask in (bench.pages, lambda: bench.crm.get([ref])):
            with pytest.raises((BadAnswer, Unreachable)):
                ask()

    @pytest.mark.parametrize("fault", ["stuck", "broken"])
    def test_a_scan_that_cannot_be_whole_raises(self, bench: Bench, fault: Fault) -> None:
        """Must raise when the list repeats itself or breaks off; must not end as if that were all (Connector.scan)."""
        bench.crowd(2 * bench.world.page + 1)
        bench.fault(fault)

        with pytest.raises((BadAnswer, Unreachable)):
            bench.pages()

    @pytest.mark.parametrize("name", ACTIONS)
    def test_a_lost_answer_is_settled_by_reading(self, bench: Bench, name: str) -> None:
        """Must read back before it sends a write again; may raise Unreachable, must not write twice (ADR 0007)."""
        bench.needs(name)
        (usual, ref), action = bench.crowd(2), bench.action(name)
        start = bench.world.writes()
        assert isinstance(bench.do(usual, action), Done)
        cost = bench.world.writes() - start
        command = bench.command(ref, action)
        bench.fault("lost")

        try:
            receipt = bench.apply(command)[0]
        except (Unreachable, BadAnswer):
            receipt = None

        assert bench.world.writes() - start <= 2 * cost, "a write whose answer was lost was sent again"
        assert receipt is None or isinstance(receipt, Done), f"it was done, and the receipt is {receipt}"
        if final(action):
            assert receipt is None or bench.world.look(ref) is None

    def test_a_refusal_of_the_vendor_is_a_receipt(self, bench: Bench) -> None:
        """Must answer Refused with the vendor's code; must not repeat its words, which quote values (Refused)."""
        bench.needs("clear")
        ref = bench.seed()
        command = bench.command(ref, bench.action("clear"))
        bench.fault("refused")

        receipt = bench.apply(command)[0]

        assert isinstance(receipt, Refused) and receipt.why, receipt
        assert planted(receipt.why) == [], "the reason quotes a value"

    def test_what_the_vendor_drops_without_a_word_is_refused(self, bench: Bench) -> None:
        """Must compare what came back with what was asked; must not take a friendly answer for proof (DESIGN §6, Refused)."""
        bench.needs("clear")
        ref = bench.seed()
        command = bench.command(ref, bench.action("clear"))
        bench.fault("silent")

        receipt = bench.apply(command)[0]

        assert isinstance(receipt, Refused), f"nothing was written, and the receipt is {receipt}"

    # --- no word too many ---

    def test_no_value_of_a_person_is_told(self, bench: Bench) -> None:
        """Must not put a value into a receipt, a repr, or a log, whatever is done (Connector, SEC: no person in a log)."""
        with overheard() as heard:
            for name, ref in zip(ACTIONS, bench.crowd(len(ACTIONS)), strict=True):
                if bench.world.kind in bench.can.actions.get(name, ()):
                    bench.read(ref, bench.world.text)
                    heard.append(repr(bench.do(ref, bench.action(name))))
            heard += map(repr, (bench.pages(None, bench.world.text), bench.crm.check(), bench.crm))

        assert [text for text in heard if planted(text)] == [], "a value is told"

    @pytest.mark.parametrize("fault", _READS)
    def test_no_value_and_no_token_is_told_in_an_error(self, bench: Bench, fault: Fault) -> None:
        """Must raise only `core.errors`, with neither a value nor the secret in them or in what caused them (core.errors)."""
        refs = bench.crowd(bench.world.page + 1)
        commands = [bench.command(refs[0], bench.action(name)) for name in ("clear", "erase")]
        bench.fault(fault)
        asks: list[Callable[[], object]] = [bench.pages, lambda: bench.crm.get(refs[:1])]
        asks += [partial(bench.apply, command) for command in commands]

        with overheard() as heard:
            for ask in asks:
                try:
                    ask()
                except RepoussoirError as error:
                    heard += [repr(error), str(error), repr(error.__cause__)]
                    assert error.__suppress_context__ or error.__context__ is None, (
                        "raise from None: causes quote values"
                    )

        assert [text for text in heard if planted(text)] == [], "a value is told"
        assert [text for text in heard if bench.world.token in text] == [], "the secret is told"

    def test_the_token_is_told_nowhere(self, bench: Bench) -> None:
        """Must not show the secret in a repr, in a log, or in a URL: only in headers (docs/new-connector.md)."""
        ref = bench.seed()

        with overheard() as heard:
            crm = bench.connect()
            heard += map(repr, (crm, crm.check(), crm.get([ref]), vars(crm)))
            with suppress(NotAllowed):
                heard.append(repr(list(crm.users())))

        assert [text for text in heard if bench.world.token in text] == [], "the secret is told"


def _forbidden(bench: Bench, crm: Connector, right: str) -> bool:
    """True when whatever needs the right raises NotAllowed, or is refused."""
    needing = [name for name, scopes in crm.capabilities.scopes.items() if right in scopes]
    for number, name in enumerate(needing, 1):
        try:
            if name == "scan":
                if any(record.unreadable for record in bench.scan(crm).values()):
                    return True
            elif name == "users":
                list(crm.users())
            elif bench.world.kind in crm.capabilities.actions.get(name, ()):
                ref = bench.seed(person(number))
                receipt = next(iter(crm.apply([bench.command(ref, bench.action(name))])))
                if isinstance(receipt, Refused):
                    return True
        except NotAllowed:
            return True
    return False
