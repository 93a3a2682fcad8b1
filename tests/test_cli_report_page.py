"""The page itself: totals of the ledger, everything escaped, nobody's data, readable by all, right on an empty store."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cli.report import GROUPS, gathered, write_report
from cli.report_data import STATES
from cli.report_ledger import RECEIPTS
from core.errors import StoreProblem
from core.identity import SubjectKey
from core.model import Objection, Ref
from core.people import Entry
from tests.office import NOW, Office

TEMPLATE = (Path(__file__).parent.parent / "cli" / "templates" / "report.html.j2").read_text(encoding="utf-8")
PLANTED = ("Quillsleigh", "ada@quillsleigh.example", "+33612345678", "06 12 34 56 78", "Parkinson", "jean@x.example")


class Tables(HTMLParser):
    """The tables of a page by caption, as rows of text; heads first."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self._path: list[str] = []
        self._caption = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens a row or a cell."""
        self._path.append(tag)
        if tag == "caption":
            self._caption = ""
        elif tag == "tr":
            self.found.setdefault(self._caption, []).append([])
        elif tag in {"td", "th"}:
            self.found[self._caption][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """Closes what is open down to the tag."""
        while self._path and self._path.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Text of a caption or a cell."""
        if "caption" in self._path:
            self._caption += data
        elif {"td", "th"} & set(self._path):
            self.found[self._caption][-1][-1] += data

    def rows(self, caption: str) -> list[dict[str, str]]:
        """A table as a dict a row, by its heads."""
        (name,) = [name for name in self.found if name.startswith(caption)]
        head, *rows = self.found[name]
        return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """People to be erased, suppressed, cleaned, held, refused and set aside, with all that must not be shown."""
    made = Office(tmp_path, controller="Acme <b>SAS</b>")
    for name in ("a1", "a2", "b3"):
        made.add(name, f"{name}-ada@quillsleigh.example", phones=("+33612345678",))
    made.add("a4", "ada@quillsleigh.example", age=9, objections=(Objection("email", "opt_out"),))
    made.edit("a4", suppressed=frozenset({"email"}))
    made.add("b5", "ada@quillsleigh.example", age=9)
    made.add("b6", age=9, values={"comment": "Ada Quillsleigh est atteinte de la maladie de Parkinson"})
    made.add("a7", "held@quillsleigh.example")
    made.add("b8", "refused@quillsleigh.example")
    made.add("a9", "none@quillsleigh.example")
    made.edit("a9", collected=None)
    made.crms["b"].refusing["8"] = "<script>alert(8)</script> two contracts"
    reason = "<img src=x> of jean@x.example, 06 12 34 56 78"
    made.store.holds.add(["a:person:7"], reason, "Legal", NOW, NOW)
    made.store.suppression.add([Entry("email", SubjectKey("email", "k1", "0" * 64), NOW, "<i>jean@x.example</i>")])
    lifted = {"do": "lift", "key": f"email:k1:{'1' * 64}", "channel": "email", "by": "Ana"}
    made.store.ledger.append(NOW, "list", lifted | {"evidence": "<s>form of jean@x.example</s>"})
    made.store.runs.begin("r1", "<u>nightly</u>", NOW)
    yield made
    made.store.close()


def page(office: Office) -> str:
    """The page as it is written."""
    return write_report(
        office.parts, Path(str(office.config.store.url).removeprefix("sqlite:///")).parent / "page"
    ).read_text(encoding="utf-8")


def number(text: str) -> int:
    """A figure as it is shown."""
    return int(text.replace(",", ""))


def counted(office: Office) -> Counter[tuple[str, str, str]]:
    """The receipts of the ledger by CRM, action and receipt, counted here once more."""
    found: Counter[tuple[str, str, str]] = Counter()
    for entry in office.store.ledger.entries():
        if entry.kind == "outcome":
            found[Ref.parse(entry.body["ref"]).crm, entry.body["action"]["do"], entry.body["receipt"]] += 1
        if entry.kind == "note":
            found[Ref.parse(entry.body["ref"]).crm, "annotate", entry.body["receipt"]] += 1
    return found


def test_the_totals_of_the_page_are_those_of_the_ledger(office: Office) -> None:
    """Receipts, changes by day, by rule and by kind, all add up to the same."""
    office.run()
    office.run(days=1)
    tables, expected = Tables(page(office)), counted(office)

    *rows, total = tables.rows("Receipts")
    shown = {(row["CRM"], row["action"], name): number(row[name]) for row in rows for name in RECEIPTS}
    assert {key: count for key, count in shown.items() if count} == expected
    assert number(total["total"]) == sum(expected.values())
    changes = sum(
        count for (_, action, receipt), count in expected.items() if receipt == "done" and action != "annotate"
    )
    assert changes == 6
    assert sum(number(row["changes"]) for row in tables.rows("Why")) == changes
    for caption in ("Changes made", "Records at the last whole scan"):
        assert sum(number(row[name]) for row in tables.rows(caption) for name in GROUPS) == changes


def test_the_page_tells_what_remains_and_why(office: Office) -> None:
    """The refused one with its reason and ref, the held one with its hold, the one without a date set aside."""
    office.run()
    tables = Tables(page(office))

    (refused,) = tables.rows("Not done")
    assert (refused["on which records"], refused["records"]) == ("b:person:8", "1")
    (hold,) = tables.rows("Holds")
    assert (hold["hold"], hold["on which records"], hold["kept by it"]) == ("H-1", "a:person:7", "1")
    prospects = tables.rows("Records with a finding")[0]
    assert {name: number(prospects[name]) for name in STATES if prospects[name] != "0"} == {
        "done": 3,
        "not done": 1,
        "held": 1,
        "undatable": 1,
    }
    assert tables.rows("The newest runs")[0]["outcome"] == "not ended"


def test_whatever_somebody_typed_is_escaped(office: Office) -> None:
    """Controller, reason of a hold, refusal of a vendor, source of an objection, name of a job."""
    office.run()
    text = page(office)

    assert not re.search(r"<(script|img|i>|u>|s>|b>SAS)", text)
    for typed in (
        "Acme &lt;b&gt;SAS",
        "&lt;img src=x&gt;",
        "&lt;script&gt;alert(",
        "&lt;i&gt;[address]",
        "&lt;s&gt;form of [address]",
        "&lt;u&gt;nightly",
    ):
        assert typed in text


def test_nothing_of_a_person_is_in_the_page_or_the_figures(office: Office) -> None:
    """No planted address, number, name or value, and no keyed hash, before and after a run."""
    for _ in range(2):
        told = page(office) + repr(gathered(office.parts, None))
        assert [secret for secret in PLANTED if secret.lower() in told.lower()] == []
        assert not re.search(r"(email|phone):k1:", told)
        office.run()


def test_the_page_fetches_nothing_and_runs_nothing(office: Office) -> None:
    """It can be kept for years and opened anywhere; its own policy forbids the browser to load anything."""
    office.run()
    text = page(office)

    assert not re.search(r"<(script|img|link|iframe|object|base)\b|<[^>]*\s(src|on\w+)=|url\(|@import|https?://", text)
    assert "default-src 'none'; style-src 'unsafe-inline'" in text


def test_every_chart_has_its_table_and_every_table_its_heads(office: Office) -> None:
    """For who cannot see the charts: title, words and table; each table has a caption, each head its direction."""
    office.run()
    text = page(office)

    assert text.count("<svg") == text.count("<title id=") == text.count("<desc id=") == 4
    assert text.count("<table") == text.count("<caption") > 8
    assert re.findall(r"<th(?![^>]*scope=)[^e>]*>", text) == []
    assert len(re.findall(r'id="([^"]+)"', text)) == len(set(re.findall(r'id="([^"]+)"', text)))
    headings = re.findall(r"<h(\d)", text)
    assert headings[0] == "1" and set(headings) == {"1", "2", "3"}


def test_an_empty_store_gives_a_page_that_passes_nothing(tmp_path: Path) -> None:
    """RET-27: no reading is no proof; and there is nothing to show."""
    text = page(Office(tmp_path))

    assert text.count("nothing was ever read under this period") == 4
    for said in ("Nothing was written yet.", "No plan was made yet.", "Nothing waits.", "It is empty."):
        assert said in text


def test_no_period_at_all_is_a_finding(tmp_path: Path) -> None:
    """R-S3.2: switched off is not declared."""
    assert "No retention period is declared or switched on (R-S3.2)" in page(
        Office(tmp_path, retention={"enabled": False})
    )


def test_a_braked_plan_waits_with_its_brakes_and_its_command_until_somebody_signs(tmp_path: Path) -> None:
    """The next command is the one to type, and the name that signed stays in the page."""
    office = Office(tmp_path, brakes={"first_run": True})
    office.add("a1", "ada@quillsleigh.example")
    waiting = office.run().waiting
    assert waiting
    text = page(office)

    assert f"repoussoir apply {waiting.digest[:12]} --approve-as NAME" in text
    assert "this version of the policies never ran" in text
    office.apply(waiting.digest, "Claire Dumas")
    tables = Tables(page(office))
    assert tables.rows("Approvals")[0]["who"] == "Claire Dumas"
    plan = next(row for row in tables.rows("The newest plans") if row["plan"] == waiting.digest[:12])
    assert (plan["became"], plan["approved by"], plan["brakes pulled"].split(":")[0]) == (
        "applied",
        "Claire Dumas",
        "first_run",
    )


def test_a_crm_left_out_is_a_gap_and_the_figures_stay_those_of_the_whole_reading(office: Office) -> None:
    """A narrowed look hides nobody who is still kept."""
    office.run()
    before = gathered(office.parts, None)
    crms, office.crms = office.crms, {"a": office.crms["a"]}
    office.plan(hours=1)
    office.crms = crms
    after = gathered(office.parts, None)

    assert after["gaps"] == ["b: left out of this command"]
    assert after["rules"] == before["rules"]
    assert after["reading"]["at"] == before["reading"]["at"]


def test_the_scheduled_runs_say_what_stood_in_the_way(office: Office) -> None:
    """Gaps and stops of their summaries; the outcome in the scheduler's own words."""
    body: dict[str, Any] = {"gaps": ["b: token refused"], "stopped": {"a": "a: quota spent"}}
    office.store.runs.end("r1", "incomplete", body, office.now)
    (run,) = Tables(page(office)).rows("The newest runs")

    assert (run["outcome"], run["what stood in the way"]) == ("incomplete", "b: token refused; a: quota spent")


def test_a_page_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """With what to do, and without a traceback."""
    with pytest.raises(StoreProblem, match=r"cannot be written .*--out"):
        write_report(Office(tmp_path).parts, tmp_path / "nowhere" / "report.html")


@pytest.mark.parametrize("theme", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_and_charts_stand_out_from_their_ground(theme: int) -> None:
    """WCAG 2.1: 4.5 to 1 for text (1.4.3), 3 to 1 for what charts are read by (1.4.11)."""
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", re.findall(r":root \{(.*?)\}", TEMPLATE, re.S)[theme]))

    for name in ("ink", "soft", "accent", "good", "wait", "bad"):
        assert min(contrast(colours[name], colours[ground]) for ground in ("paper", "band")) >= 4.5, name
    for name in ("blue", "sky", "slate", "amber", "red", "violet", "teal"):
        assert contrast(colours[name], colours["paper"]) >= 3, name


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as WCAG defines it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb`."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
