"""The packs of words are well made: nothing in them is mistyped, unused or telling where it must not be."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest

import policies.sensitive
from policies.sensitive.categories import CATEGORIES, Category
from policies.sensitive.lexicon import PACKS, lexicon
from policies.sensitive.trie import expanded

FOLDER = Path(policies.sensitive.__file__).parent
KEYS = set("id category forms indirect written near before after window takes label unless".split())  # noqa: SIM905
SPECIAL = CATEGORIES[:9]


def pack(name: str) -> dict[str, Any]:
    """A pack as written."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


@pytest.mark.parametrize("name", PACKS)
def test_a_rule_has_no_unknown_key_category_or_cue(name: str) -> None:
    """A mistyped `unless` would be a rule without its exceptions."""
    table = pack(name)
    for rule in table["rule"]:
        assert set(rule) <= KEYS, rule["id"]
        assert set(rule.get("unless", {})) <= {"before", "after"}, rule["id"]
        assert rule["category"] in get_args(Category), rule["id"]
        assert rule.get("written", "upper") in {"upper", "lower"}, rule["id"]
    assert set(table) == {"harmless", "cues", "unless", "rule"}


@pytest.mark.parametrize("name", PACKS)
def test_every_cue_list_is_used(name: str) -> None:
    """A list that nobody names is dead."""
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    assert [cue for cue in pack(name)["cues"] if f'"@{cue}"' not in text] == []


def test_rule_ids_are_unique_and_tell_kinds_of_wording_only() -> None:
    """SEN-08: ids are shown in findings, so none may be one of the words it stands for."""
    ids = Counter(rule["id"] for name in PACKS for rule in pack(name)["rule"])
    assert [id for id, count in ids.items() if count > 1] == []
    for name in PACKS:
        for rule in pack(name)["rule"]:
            assert rule["id"].startswith(f"{name}.")
            assert rule["id"].split(".")[-1] not in {phrase for form in rule["forms"] for phrase in expanded(form)}


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize("category", SPECIAL)
def test_every_category_has_thirty_forms_at_least(name: str, category: str) -> None:
    """R-B1: nine categories in two languages."""
    forms = [form for rule in pack(name)["rule"] if rule["category"] == category for form in rule["forms"]]
    assert len({phrase for form in forms for phrase in expanded(form)}) >= 30


def test_the_longest_phrase_wins_and_a_harmless_one_hides_what_is_in_it() -> None:
    """R-B1: "syndicat de copropriété" is read as a whole."""
    rules = lexicon().rules
    assert rules["syndicat de copropriete"] == []
    assert lexicon().pattern.findall("le syndicat de copropriete du delegue syndical central") == [
        "syndicat de copropriete",
        "delegue syndical central",
    ]


def test_variants_are_written_out() -> None:
    """Braces are choices, accents do not count, and `oe` also stands for the ligature."""
    assert expanded("délégu{é,ée} syndical") == ["delegue syndical", "deleguee syndical"]
    assert expanded("soeur") == ["soeur", "sœur"]
