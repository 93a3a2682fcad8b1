"""The written form of actions and items: read back as written, the same for the same value, without a value of a person."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import canonical
from core.actions import (
    Action,
    Annotate,
    Anonymise,
    Bin,
    Clear,
    Erase,
    Note,
    Redact,
    Restrict,
    Span,
    Suppress,
    redacted,
)
from core.model import Ref
from core.plan import Item, Plan

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SECRET = "Prefers kosher meals"
NAMES = st.text(min_size=1, max_size=6)
SPANS = st.lists(st.integers(0, 60), max_size=8, unique=True).map(
    lambda cuts: tuple(Span(a, b, "health") for a, b in zip(*[iter(sorted(cuts))] * 2, strict=False))
)
PLAIN: st.SearchStrategy[Action] = st.one_of(
    st.sampled_from([Suppress(("email",)), Suppress(("telephone",)), Suppress(("email", "telephone"))]),
    NAMES.map(Restrict),
    st.builds(Redact, NAMES, SPANS),
    st.builds(Clear, st.lists(NAMES, min_size=1, max_size=3).map(tuple)),
    st.builds(Clear, NAMES.map(lambda name: (name,)), st.just((SECRET,)), st.just((0,))),
    st.sampled_from([Anonymise(), Bin(), Erase(), Erase(("notes",)), Erase(("notes", "emails"))]),
)


def plan(*acts: Action) -> Plan:
    """A plan that does these to record 1."""
    items = tuple(Item(Ref("a", "person", "1"), "1", action, "p", "SEN-05", "because") for action in acts)
    return Plan(items=items, entries=(), reports=(), accounts={}, policy="v1", made_at=NOW)


@given(PLAIN)
def test_an_action_is_read_back_as_what_was_written(action: Action) -> None:
    """A stored plan asks for exactly what was approved (choices excepted, which are never stored)."""
    body = json.loads(canonical.dumps(canonical.encode(action)))

    assert canonical.decode(body) == action


@given(st.lists(st.text(min_size=1, max_size=8).map(lambda text: f"«{text}»"), min_size=1, max_size=4))
def test_choices_are_in_no_json_repr_or_label(options: list[str]) -> None:
    """Clear's options are values of a person: not in canonical JSON, repr, label, digest or equality."""
    action = Clear(("diet",), tuple(options), tuple(range(len(options))))
    found = plan(action)
    told = repr(action) + canonical.dumps(canonical.encode(action)) + canonical.label(action) + repr(found)
    told += canonical.dumps([item.body() for item in found.items])

    assert not [option for option in options if option in told]
    assert action == replace(action, options=())
    assert found.digest == plan(replace(action, options=())).digest


def test_an_audit_note_is_written_by_its_id_only() -> None:
    """The text of a note stays out of plans; and a note is not read back."""
    body = canonical.encode(Annotate(Note("L1-abc", "the text", NOW.date())))

    assert body == {"do": "annotate", "note": "L1-abc"}
    with pytest.raises(ValueError, match="not an action"):
        canonical.decode(body)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"do": "destroy"},
        {"do": "erase"},
        {"do": "suppress", "channels": ["post"]},
        {"do": "suppress", "channels": "email"},
        {"do": "restrict", "reason": 1},
        {"do": "redact", "property": "x", "spans": [[1, 2]]},
        {"do": "clear", "properties": ["x"]},
    ],
)
def test_what_is_no_action_is_refused(body: dict[str, object]) -> None:
    """A changed plan file never becomes some other action."""
    with pytest.raises(ValueError, match=r"."):
        canonical.decode(body)


def test_an_item_survives_being_written() -> None:
    """Everything an item says is in its body."""
    item = Item(
        Ref("a", "person", "1"), "v:7", Erase(("notes",)), "retention/p", "RET-01", "silent", {"due": "2026-01-01"}
    )

    assert Item.read(json.loads(canonical.dumps(item.body()))) == item


@given(st.dictionaries(NAMES, st.integers() | st.text(max_size=5) | st.booleans() | st.none(), max_size=5))
def test_canonical_json_does_not_depend_on_the_order_of_keys(value: dict[str, object]) -> None:
    """The same value always gives the same text, on one line, and is read back as itself."""
    text = canonical.dumps(value)

    assert canonical.dumps(dict(reversed(value.items()))) == text
    assert json.loads(text) == value
    assert "\n" not in text


@given(
    st.lists(NAMES.map(lambda name: canonical.dumps(name)), max_size=4),
    st.lists(NAMES.map(lambda name: canonical.dumps(name)), max_size=4),
)
def test_a_digest_tells_where_one_line_ends(one: list[str], other: list[str]) -> None:
    """Lines of canonical JSON are digested apart: only the same lines have the same digest."""
    assert canonical.digest("ab") != canonical.digest("a", "b")
    assert (canonical.digest(*one) == canonical.digest(*other)) is (one == other or not any([*one, *other]))


@given(st.text(min_size=61, max_size=80), SPANS)
def test_redacting_replaces_the_spans_and_keeps_the_rest_to_the_letter(text: str, spans: tuple[Span, ...]) -> None:
    """Strip: only the span goes; what stands around it stays, character by character."""
    found = redacted(text, spans)
    outside = "".join(c for place, c in enumerate(text) if not any(span.start <= place < span.end for span in spans))

    assert len(found) == len(outside) + len(spans) * len("[health]")
    for span in reversed(spans):
        shift = sum(len("[health]") - (past.end - past.start) for past in spans if past.end <= span.start)
        start = span.start + shift
        assert found[start : start + 8] == "[health]"
        found = found[:start] + text[span.start : span.end] + found[start + 8 :]
    assert found == text


@pytest.mark.parametrize(
    "spans",
    [
        (Span(0, 0, "x"),),
        (Span(2, 1, "x"),),
        (Span(-1, 2, "x"),),
        (Span(0, 6, "x"),),
        (Span(2, 4, "x"), Span(3, 5, "x")),
        (Span(3, 4, "x"), Span(0, 2, "x")),
    ],
)
def test_spans_that_do_not_fit_raise_without_the_text(spans: tuple[Span, ...]) -> None:
    """A text that changed is never cut at the wrong place, and the error tells nothing of it."""
    with pytest.raises(ValueError, match="does not fit") as caught:
        redacted("abcde", spans)

    assert "abcde" not in str(caught.value)
