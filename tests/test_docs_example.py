"""The adapter of docs/new-connector.md: installed as a guest it does a whole job, and it keeps what that page promises."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from dateutil.relativedelta import relativedelta
from pydantic import SecretStr

from connectors.memory import KIND, MemoryCrm
from connectors.registry import GROUP
from connectors.transport import Tools
from core.actions import Action, Annotate, Clear, Command, Erase, Note, Redact, Restrict, Span, Suppress
from core.connector import AlreadyDone, Changed, Done, Gone, Receipt, Refused
from core.errors import BadAnswer, NotAllowed, RepoussoirError, Unreachable
from core.model import Query, Record, Ref
from core.schema import Property
from docs.examples import cardbox
from docs.examples.cardbox_server import Json, Server, card, serving

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "new-connector.md").read_text(encoding="utf-8")
COMMANDS = "import json, sys; from cli.main import main; print([main(words) for words in json.loads(sys.argv[1])])"
TOLD = Note("L7", "Rule RET-01. Ledger L7.", datetime(2026, 1, 1, tzinfo=UTC).date())
ERASED = Done(remains="Cardbox keeps its backups for 14 days")
SCRIPT: tuple[tuple[str, str, Action], ...] = (
    ("1", "1", Suppress(("email", "telephone"))),
    ("1", "2", Suppress(("telephone",))),
    ("1", "1", Restrict("undatable")),
    ("1", "2", Restrict("undatable")),
    ("1", "3", Redact("memo", (Span(0, 5, "health"),))),
    ("1", "4", Redact("memo", (Span(90, 95, "health"),))),
    ("1", "4", Clear(("religion",))),
    ("1", "5", Clear(("religion",))),
    ("1", "", Annotate(TOLD)),
    ("1", "", Annotate(TOLD)),
    ("1", "4", Erase()),
    ("1", "5", Erase()),
    ("1", "5", Erase()),
    ("9", "1", Restrict("undatable")),
)


def ago(months: int) -> str:
    """That many months before now, as the vendor writes it."""
    return (datetime.now(UTC) - relativedelta(months=months)).isoformat()


def blocks(language: str) -> list[str]:
    """The fenced blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


def connected(server: Server, token: str = "cardbox") -> cardbox.Cardbox:
    """The adapter, speaking to a server and never really waiting."""
    options = cardbox.OPTIONS(connector="cardbox", base_url=server.url, token=SecretStr(token))
    return cardbox.connect("box", options, Tools(sleep=lambda _: None, random=Random(1)))


def filled(**fields: str) -> Json:
    """A card with a memo and a religion."""
    return card(
        "1", "ada@quillsleigh.example", ago(2), fields={"memo": "ill, wants a quote", "religion": "none"} | fields
    )


@pytest.fixture
def vendor() -> Iterator[Server]:
    """A Cardbox with one card."""
    with serving(filled()) as server:
        yield server


def one(connector: cardbox.Cardbox | MemoryCrm, kind: str, id: str, version: str, action: Action) -> Receipt:
    """The receipt of one command."""
    return next(iter(connector.apply([Command(Ref("box", kind, id), version, action)])))


def guest(folder: Path) -> None:
    """What an installer would leave: the module, and the entry point that the page tells to declare."""
    project = next(table["project"] for table in map(tomllib.loads, blocks("toml")) if "project" in table)
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = [f"{name} = {value}" for name, value in project["entry-points"][GROUP].items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *points]))
    (folder / "cardbox.py").write_text((ROOT / "docs" / "examples" / "cardbox.py").read_text(encoding="utf-8"))


def typed(folder: Path, commands: list[list[str]]) -> tuple[list[int], str]:
    """Exit codes and output of some commands, in a process in which the guest is installed."""
    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", COMMANDS, json.dumps(commands)]
    shown = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(shown.stdout.splitlines()[-1]), shown.stdout + shown.stderr


def test_the_page_s_commands_do_the_whole_job_with_the_guest_installed(tmp_path: Path) -> None:
    """The silent are erased, copies restricted, the banned field emptied, the objection spread, and notes tell of it."""
    people = [
        card("1", "old@a.example", ago(50)),
        card("2", "back@a.example", ago(50), last_reply=ago(3)),
        card("3", "twin@a.example", ago(5), fields={"no_mail": True}),
        card("4", "twin@a.example", ago(5)),
        card("5", "copy@a.example", ago(50), source="import"),
        card("6", "six@a.example", ago(5), fields={"religion": "none"}),
    ]
    config = next(text for text in blocks("toml") if "[crm." in text)
    guest(tmp_path)
    with serving(*people) as server:
        (tmp_path / "config.toml").write_text(re.sub(r'base_url = ".*"', f'base_url = "{server.url}"', config))
        (tmp_path / "secrets").mkdir()
        (tmp_path / "secrets" / "crm__cardbox__token").write_text("cardbox")
        commands = [line.split()[1:] for text in blocks("sh") for line in text.splitlines() if "repoussoir" in line]
        codes, shown = typed(tmp_path, commands)

        assert codes == [0] * len(commands), shown
        assert {words[0] for words in commands} >= {"init", "check", "plan", "run"}
        assert sorted(server.cards) == ["2", "3", "4", "5", "6"]
        assert server.cards["4"]["fields"]["no_mail"] is True
        assert server.cards["5"]["fields"][cardbox.RESTRICTED] is True
        assert server.cards["6"]["fields"]["religion"] is None
        assert {id for id, _ in server.notes} == {"4", "5", "6"}
        assert [word for word in ("a.example", "Bearer") if word in shown] == []


def test_receipts_are_those_of_the_reference_adapter(vendor: Server) -> None:
    """The same commands, one after the other, get the same kind of receipt from the memory CRM and from Cardbox."""
    values = vendor.cards["1"]["fields"]
    memory = MemoryCrm("box", [Record(ref=Ref("box", KIND, "1"), version="1", values=dict(values))])
    adapter = connected(vendor)
    adapter.declare()

    expected = [one(memory, KIND, *words) for words in SCRIPT]
    found = [one(adapter, cardbox.KIND, *words) for words in SCRIPT]

    assert [type(receipt) for receipt in found] == [type(receipt) for receipt in expected]
    assert {type(receipt) for receipt in found} == {Done, AlreadyDone, Changed, Refused, Gone}
    assert vendor.writes == len([kind for kind, _ in memory.writes if kind != "annotate"])


def test_what_it_writes_is_read_back_as_a_record(vendor: Server) -> None:
    """`get` shows each effect in the words of the core, and the version moves with every write."""
    adapter, ref = connected(vendor), Ref("box", cardbox.KIND, "1")
    adapter.declare()
    for version, action in (
        ("1", Suppress(("telephone",))),
        ("2", Restrict("")),
        ("3", Redact("memo", (Span(0, 3, "x"),))),
    ):
        assert one(adapter, cardbox.KIND, "1", version, action) == Done(str(int(version) + 1))

    found = adapter.get([ref], ["memo", "religion"])[ref]

    assert found and found.suppressed == {"telephone"} and found.restricted and found.version == "4"
    assert found.values == {"memo": "[x], wants a quote", "religion": "none"}


@pytest.mark.parametrize(("action", "after"), [(Restrict(""), Done("2")), (Erase(), ERASED)])
def test_a_lost_answer_is_settled_by_reading(vendor: Server, action: Action, after: Receipt) -> None:
    """The write was done and answered 503: it counts as done, and is not sent again."""
    connected(vendor).declare()
    vendor.lost = 1

    assert one(connected(vendor), cardbox.KIND, "1", "1", action) == after
    assert vendor.writes == 1


def test_a_refusal_is_told_even_when_the_vendor_does_not(vendor: Server) -> None:
    """The vendor answers 200 and keeps the value, or knows no such field: the receipt has names and codes, no value."""
    vendor.stubborn = {"religion"}

    assert one(connected(vendor), cardbox.KIND, "1", "1", Restrict("")) == Refused("Cardbox refuses it: UNKNOWN_FIELD")
    assert one(connected(vendor), cardbox.KIND, "1", "1", Clear(("religion",))) == Refused("Cardbox kept religion")


def test_scan_gives_every_card_once_and_says_which_page_is_the_last() -> None:
    """Five cards in pages of two."""
    with serving(*(card(str(n), f"p{n}@a.example", ago(1)) for n in range(5))) as server:
        pages = list(connected(server).scan(Query(cardbox.KIND)))

    assert [record.ref.id for page in pages for record in page.records] == list("01234")
    assert [page.last for page in pages] == [False, False, True]


def test_a_list_that_does_not_get_on_is_never_taken_for_whole(vendor: Server) -> None:
    """The cursor stands still: the scan raises instead of going round or ending early."""
    vendor.stuck = True

    with pytest.raises(BadAnswer, match="cursor"):
        list(connected(vendor).scan(Query(cardbox.KIND)))


def test_it_waits_as_long_as_it_is_told(vendor: Server) -> None:
    """Two calls put off with Retry-After, the write among them: it is sent again once the card was seen unchanged."""
    waits: list[float] = []
    options = cardbox.OPTIONS(connector="cardbox", base_url=vendor.url, token=SecretStr("cardbox"))
    vendor.busy = 2

    receipt = one(cardbox.connect("box", options, Tools(sleep=waits.append)), cardbox.KIND, "1", "1", Erase())

    assert (receipt, waits, vendor.writes) == (ERASED, [7.0, 7.0], 1)


@pytest.mark.parametrize("missing", ["version", "emails", "source", "fields"])
def test_half_a_card_is_never_guessed_at(vendor: Server, missing: str) -> None:
    """A card that lacks what every card has stops the scan."""
    del vendor.cards["1"][missing]

    with pytest.raises(BadAnswer):
        list(connected(vendor).scan(Query(cardbox.KIND)))


def test_a_hidden_clock_is_unreadable_and_an_import_is_not_dated(vendor: Server) -> None:
    """RET-20, RET-22: what cannot be read is named, and a copied card's creation dates nothing."""
    vendor.cards["1"] |= {"source": "import"}
    del vendor.cards["1"]["last_reply"]

    (page,) = connected(vendor).scan(Query(cardbox.KIND))

    assert page.records[0].unreadable == ("last_reply",)
    assert page.records[0].collected is None


def test_a_merged_card_is_gone_under_its_old_id(vendor: Server) -> None:
    """The vendor answers the survivor: that must never be taken for the one that was asked."""
    vendor.merged = {"7": "1"}
    refs = [Ref("box", cardbox.KIND, id) for id in ("1", "7")]

    found = connected(vendor).get(refs)

    assert [found[ref] is None for ref in refs] == [False, True]
    assert one(connected(vendor), cardbox.KIND, "7", "1", Erase()) == Gone()


def test_check_says_what_is_missing_and_declare_makes_it_once(vendor: Server) -> None:
    """Rights by name, visibility as a sentence, undeclared fields; a second `declare` makes nothing."""
    vendor.me |= {"rights": ["read", "write"], "sees": "team"}
    adapter = connected(vendor)

    account = adapter.check()

    assert account.missing == ("admin", "delete") and account.blind
    assert adapter.declare() == account.undeclared == (cardbox.FLAGS["telephone"], cardbox.RESTRICTED)
    assert adapter.declare() == () == adapter.check().undeclared
    assert [user.admin for user in adapter.users()] == [True]


def test_the_schema_has_the_shapes_of_the_core(vendor: Server) -> None:
    """A type that the adapter does not know is `other`."""
    vendor.fields = {"a": {"label": "A", "type": "memo"}, "b": {"label": "B", "type": "hologram"}}

    shapes = [item.shape for item in connected(vendor).schema(cardbox.KIND).properties]

    assert shapes == ["longtext", "other"]
    assert Property(name="a", label="A", shape="longtext", custom=True) == connected(vendor).schema("card").get("a")


def test_errors_are_the_core_s_and_hold_no_value_and_no_token(vendor: Server) -> None:
    """A refused token, a date that is none, nobody there."""
    told: list[RepoussoirError] = []
    with pytest.raises(NotAllowed) as refused:
        connected(vendor, "s3cret").check()
    vendor.cards["1"]["created"] = "ada@quillsleigh.example"
    with pytest.raises(BadAnswer) as odd:
        list(connected(vendor).scan(Query(cardbox.KIND)))
    absent = connected(vendor)
    vendor.shutdown()
    vendor.server_close()
    with pytest.raises(Unreachable) as nobody:
        absent.check()
    told += [refused.value, odd.value, nobody.value]

    assert [str(error) for error in told if "s3cret" in repr(error) or "ada" in repr(error)] == []
    assert [error.__cause__ for error in told] == [None] * 3


def test_it_is_small_enough_to_read() -> None:
    """Fewer than 200 lines with something on them."""
    text = (ROOT / "docs" / "examples" / "cardbox.py").read_text(encoding="utf-8")

    assert len([line for line in text.splitlines() if line.strip()]) < 200
