"""Adapters that each break one promise, and the kit on them; test_connectors_kit_itself says which tests must fail, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest
import structlog
from pydantic import SecretStr

from connectors.memory import MemoryCrm
from connectors.template import OPTIONS
from connectors.template.client import Api, Row
from connectors.template.connector import Cardbox
from connectors.template.test_cardbox import CardboxWorld
from connectors.template.vendor import serving
from connectors.testkit import Bench, ConnectorContract, World
from connectors.testkit.trouble import Trouble
from connectors.transport import Tools
from core.actions import Action, Anonymise, Clear, Command, Erase, Redact, Restrict, Suppress
from core.connector import Account, AlreadyDone, Changed, Done, Operator, Receipt, Refused
from core.errors import BadAnswer, NotAllowed, Unreachable
from core.model import CHANNELS, Moment, Page, Query, Record, Ref
from tests.test_connectors_kit_memory import PROPERTIES, MemoryWorld


class InMemory(ConnectorContract):
    """A broken adapter over the CRM in a dict."""

    Adapter: ClassVar[type[MemoryCrm]]

    @pytest.fixture
    def world(self) -> World:
        """An empty CRM."""
        return MemoryWorld(self.Adapter("memory", properties=PROPERTIES))


class TestDropsTheLastPage(InMemory):
    """A scan that ends one page early, and says that it is whole."""

    class Adapter(MemoryCrm):
        def scan(self, query: Query) -> Iterator[Page]:
            pages = list(super().scan(query))
            yield from [*pages[:-2], replace(pages[-1], last=True)]


class TestNeverSaysLast(InMemory):
    """A scan that does not say that it is whole."""

    class Adapter(MemoryCrm):
        def scan(self, query: Query) -> Iterator[Page]:
            yield from (replace(page, last=False) for page in super().scan(query))


class TestReadsEverythingFirst(InMemory):
    """A scan that is one page, of a million people if need be."""

    class Adapter(MemoryCrm):
        def scan(self, query: Query) -> Iterator[Page]:
            yield Page(tuple(record for page in super().scan(query) for record in page.records), last=True)


class TestShowsEveryValue(InMemory):
    """Values that nobody asked for."""

    class Adapter(MemoryCrm):
        def scan(self, query: Query) -> Iterator[Page]:
            return super().scan(replace(query, properties=("memo", "hobbies")))


class TestRaisesForTheMissing(InMemory):
    """A KeyError for who is gone."""

    class Adapter(MemoryCrm):
        def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
            for ref in refs:
                self.records[ref.id]
            return super().get(refs, properties)


class TestLeavesOutTheMissing(InMemory):
    """No answer for who is gone."""

    class Adapter(MemoryCrm):
        def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
            return {ref: record for ref, record in super().get(refs, properties).items() if record}


class TestTakesOneBatchOfRefs(InMemory):
    """None for all refs beyond the batch size."""

    class Adapter(MemoryCrm):
        def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
            return dict.fromkeys(refs) | super().get(refs[: self.capabilities.reads], properties)


class TestGuessesIds(InMemory):
    """An id of another length is cut to size, and so is another person's."""

    class Adapter(MemoryCrm):
        def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
            cut = {ref: Ref(ref.crm, ref.kind, ref.id[:5]) for ref in refs}
            found = super().get(list(cut.values()), properties)
            return {ref: found[short] for ref, short in cut.items()}


class TestSeesLessInGet(InMemory):
    """A second look without the clock."""

    class Adapter(MemoryCrm):
        def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
            found = super().get(refs, properties)
            return {ref: record and replace(record, inbound=()) for ref, record in found.items()}


class Changing(MemoryCrm):
    """One whose records are read as `seen` makes them."""

    def seen(self, record: Record) -> Record:
        """Another record."""
        return record

    def scan(self, query: Query) -> Iterator[Page]:
        """All of them."""
        for page in super().scan(query):
            yield replace(page, records=tuple(map(self.seen, page.records)))

    def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
        """Some of them."""
        return {ref: record and self.seen(record) for ref, record in super().get(refs, properties).items()}


class TestForgetsAddresses(InMemory):
    """Only the main address is read: an objection to another one is missed."""

    class Adapter(Changing):
        def seen(self, record: Record) -> Record:
            return replace(record, emails=record.emails[:1])


class TestForgetsTheZone(InMemory):
    """Dates that could be of any zone."""

    class Adapter(Changing):
        def seen(self, record: Record) -> Record:
            return replace(record, created=record.created and record.created.replace(tzinfo=None))


class TestMissesObjections(InMemory):
    """An opt-out that is not read."""

    class Adapter(Changing):
        def seen(self, record: Record) -> Record:
            return replace(record, objections=(), suppressed=frozenset())


class TestTakesEditsForContacts(InMemory):
    """The clock moves with every version."""

    class Adapter(Changing):
        def seen(self, record: Record) -> Record:
            moved = tuple(Moment(item.at.replace(minute=int(record.version)), item.source) for item in record.inbound)
            return record if record.version == "1" else replace(record, inbound=moved)


class TestHasOneVersion(InMemory):
    """A version that never moves protects nobody."""

    class Adapter(Changing):
        def seen(self, record: Record) -> Record:
            return replace(record, version="1")

        def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
            here = [
                replace(one, version=held.version) if (held := self.records.get(one.ref.id)) else one for one in batch
            ]
            return super().apply(here)


class TestOverwritesEdits(InMemory):
    """The version is read, and not compared."""

    class Adapter(MemoryCrm):
        def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
            for one in batch:
                held = self.records.get(one.ref.id)
                yield from super().apply([replace(one, version=held.version) if held else one])


class TestMixesUpReceipts(InMemory):
    """What was done first is told first."""

    class Adapter(MemoryCrm):
        def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
            yield from sorted(super().apply(batch), key=lambda receipt: not isinstance(receipt, Done))


class TestOnlySaysSo(InMemory):
    """Done, and nothing was written."""

    class Adapter(MemoryCrm):
        def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
            for one in batch:
                (receipt,) = super().apply([one]) if not isinstance(one.action, Restrict) else (Done(),)
                yield receipt


class Instead(MemoryCrm):
    """One that does another action than it was told."""

    def instead(self, action: Action) -> Action:
        """The other action."""
        return action

    def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
        """Does that."""
        return super().apply([replace(one, action=self.instead(one.action)) for one in batch])


class TestClosesEveryChannel(InMemory):
    """An objection to mail is taken for one to the telephone."""

    class Adapter(Instead):
        def instead(self, action: Action) -> Action:
            return Suppress(CHANNELS) if isinstance(action, Suppress) else action


class TestRestrictsByOptingOut(InMemory):
    """Art. 18 written to an opt-out flag, too."""

    class Adapter(MemoryCrm):
        def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
            for one in batch:
                (receipt,) = super().apply([one])
                if isinstance(one.action, Restrict) and isinstance(receipt, Done):
                    self.records[one.ref.id] = replace(self.records[one.ref.id], suppressed=frozenset({"email"}))
                yield receipt


class TestClearsTheWholeChoice(InMemory):
    """All choices go with the banned one."""

    class Adapter(Instead):
        def instead(self, action: Action) -> Action:
            return Clear(action.properties) if isinstance(action, Clear) else action


class TestRedactsTheWholeText(InMemory):
    """The business content goes with the span."""

    class Adapter(Instead):
        def instead(self, action: Action) -> Action:
            return Clear((action.property,)) if isinstance(action, Redact) else action


class TestBinsInsteadOfErasing(InMemory):
    """Erase means erase."""

    class Adapter(Instead):
        def instead(self, action: Action) -> Action:
            return Anonymise() if isinstance(action, Erase) else action


class TestErasesByAddress(InMemory):
    """Whoever shares the address goes too."""

    class Adapter(MemoryCrm):
        def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
            for one in batch:
                held = self.records.get(one.ref.id)
                (receipt,) = super().apply([one])
                if held and isinstance(one.action, Erase) and isinstance(receipt, Done):
                    self.records = {id: other for id, other in self.records.items() if other.emails != held.emails}
                yield receipt


class TestAnonymisesTheAddressOnly(InMemory):
    """Numbers and texts stay."""

    class Adapter(MemoryCrm):
        def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
            for one in batch:
                held = self.records.get(one.ref.id)
                (receipt,) = super().apply([one])
                if held and isinstance(one.action, Anonymise) and isinstance(receipt, Done):
                    self.records[one.ref.id] = replace(self.records[one.ref.id], phones=held.phones)
                yield receipt


class TestFindsNotesByTheirBeginning(InMemory):
    """L-1 is taken for L-10."""

    class Adapter(MemoryCrm):
        def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
            for one in batch:
                note = getattr(one.action, "note", None)
                known = self.notes.get(one.ref.id, {})
                like = note and any(id.startswith(note.id) for id in known)
                yield AlreadyDone() if like and note.id not in known else next(iter(super().apply([one])))


class TestQuotesThePerson(InMemory):
    """Values in a reason and in a log."""

    class Adapter(MemoryCrm):
        def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
            for one in batch:
                memo = held.values.get("memo") if (held := self.records.get(one.ref.id)) else ""
                structlog.get_logger().info("writing", memo=memo)
                (receipt,) = super().apply([one])
                yield Refused(f"{receipt.why}: {memo}") if isinstance(receipt, Refused) else receipt


class TestTellsUsersTwice(InMemory):
    """The same operator again and again."""

    class Adapter(MemoryCrm):
        def users(self) -> Iterator[Operator]:
            yield from [Operator(id="7", name="Ann", active=True)] * 2


class OverHttp(Trouble):
    """A broken adapter over the vendor of the template; of the kit, what needs a vendor that goes wrong."""

    Adapter: ClassVar[type[Cardbox]]

    @pytest.fixture
    def bench(self, world: World) -> Bench:
        """As the whole kit has it."""
        return Bench(world)

    @pytest.fixture
    def world(self) -> Iterator[World]:
        """An empty account."""
        adapter = self.Adapter

        class Broken(CardboxWorld):
            def connect(self, tools: Tools, lacks: str = "") -> Cardbox:
                token = SecretStr(f"lacks-{lacks}" if lacks else self.token)
                return adapter("box", OPTIONS(connector="cardbox", base_url=self.vendor.url, token=token), tools)

        with serving() as vendor:
            yield Broken(vendor)


class Calling(Cardbox):
    """One with another client."""

    Client: ClassVar[type[Api]]

    def __init__(self, crm: str, options: Any, tools: Tools) -> None:
        super().__init__(crm, options, tools)
        self._api.__class__ = self.Client


class TestRepeatsWrites(OverHttp):
    """A write whose answer was lost is sent once more, unseen."""

    class Adapter(Calling):
        class Client(Api):
            def _call(self, what: str, method: str, *path: str, safe: bool = True, **more: Any) -> tuple[int, Row]:
                return super()._call(what, method, *path, safe=True, **more)


class TestPutsTheTokenIntoTheUrl(OverHttp):
    """Where every log of every proxy finds it."""

    class Adapter(Calling):
        class Client(Api):
            def _read(self, what: str, *path: str, **query: Any) -> Row:
                token = self._http.headers["Authorization"]
                return super()._read(what, *path, token=token, **query)


class TestTakesARefusalForNobody(OverHttp):
    """No right to read, so there is nobody."""

    class Adapter(Cardbox):
        def scan(self, query: Query) -> Iterator[Page]:
            try:
                yield from super().scan(query)
            except NotAllowed:
                yield Page((), last=True)


class TestTakesGarbageForGone(OverHttp):
    """What is not understood is not there."""

    class Adapter(Cardbox):
        def get(self, refs: Sequence[Ref], properties: Sequence[str] = ()) -> dict[Ref, Record | None]:
            try:
                return super().get(refs, properties)
            except BadAnswer:
                return dict.fromkeys(refs)


class TestTakesACircleForTheEnd(OverHttp):
    """A cursor that stands still ends the scan."""

    class Adapter(Cardbox):
        def scan(self, query: Query) -> Iterator[Page]:
            try:
                yield from super().scan(query)
            except BadAnswer as error:
                if "cursor" not in str(error):
                    raise
                yield Page((), last=True)


class TestEndsWhereTheListBreaks(OverHttp):
    """A page that cannot be read is taken for the last."""

    class Adapter(Cardbox):
        def scan(self, query: Query) -> Iterator[Page]:
            try:
                yield from super().scan(query)
            except Unreachable:
                yield Page((), last=True)


class TestBelievesEveryAnswer(OverHttp):
    """A yes is a yes, whatever the card says."""

    class Adapter(Cardbox):
        def apply(self, batch: Sequence[Command]) -> Iterator[Receipt]:
            for receipt in super().apply(batch):
                yield Done() if isinstance(receipt, Refused) and "kept" in receipt.why else receipt


class TestDoesNotWait(OverHttp):
    """It tries again at once, however long it was told to wait."""

    class Adapter(Cardbox):
        def __init__(self, crm: str, options: Any, tools: Tools) -> None:
            super().__init__(crm, options, replace(tools, sleep=lambda _: None))


class TestHidesItsBlindness(OverHttp):
    """Part of the cards, told as all."""

    class Adapter(Cardbox):
        def check(self) -> Account:
            return replace(super().check(), blind=(), missing=())


class TestQuotesTheVendor(OverHttp):
    """The vendor's reason, which names the person."""

    class Adapter(Calling):
        class Client(Api):
            def _write(self, method: str, id: str, version: str, body: Any = None) -> Any:
                more = {"headers": {"If-Match": version}, "json": body}
                status, card = self._call("cards.write", method, "cards", id, safe=False, **more)
                return Refused(card["message"]) if status == 422 else Changed() if status == 412 else card


class TestCallsWhenItConnects(OverHttp):
    """A configuration cannot be read without the vendor."""

    class Adapter(Cardbox):
        def __init__(self, crm: str, options: Any, tools: Tools) -> None:
            super().__init__(crm, options, tools)
            self.check()


class TestShowsItsSecret(OverHttp):
    """A repr with the token in it, and an error with the cause in it."""

    class Adapter(Cardbox):
        def __init__(self, crm: str, options: Any, tools: Tools) -> None:
            super().__init__(crm, options, tools)
            self._token = options.token.get_secret_value()

        def __repr__(self) -> str:
            return f"Cardbox({self._token})"
