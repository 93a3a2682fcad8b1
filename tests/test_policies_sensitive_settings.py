"""What the admin may write under `[policies.sensitive]`, and how a mistake is told."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from core.schema import Property, Schema
from policies.sensitive import SensitiveSettings
from policies.sensitive.patterns import Pattern

RELIGION = Property(name="religion__c", label="Réligion du contact", shape="text")


def problem(**table: Any) -> str:
    """What is said of a wrong table."""
    with pytest.raises(ValidationError) as caught:
        SensitiveSettings.model_validate(table)
    return str(caught.value)


def test_the_defaults_take_out_what_is_explicit_and_report_what_is_indirect() -> None:
    """SEN-02: only `explicit` acts by default."""
    settings = SensitiveSettings()
    assert settings.for_property("health") == "clear"
    assert settings.for_option("health", explicit=True) == "clear"
    assert settings.for_text("health", explicit=True) == "redact"
    assert settings.for_option("health", explicit=False) == settings.for_text("health", explicit=False) == "report"


def test_a_category_of_its_own_has_the_last_word() -> None:
    """R-B1: it may be raised or lowered; what is only inferred is never raised by it."""
    settings = SensitiveSettings(categories={"health": "report", "criminal": "clear"}, indirect="redact")
    assert settings.for_property("health") == settings.for_text("health", explicit=False) == "report"
    assert settings.for_text("criminal", explicit=True) == "clear"
    assert settings.for_text("criminal", explicit=False) == "redact"


def test_an_unknown_category_is_named_with_the_nearest_and_all_others() -> None:
    """R-B1: a mistyped category would leave data in."""
    said = problem(categories={"helth": "report"})
    assert "'helth' is no category; did you mean health?" in said
    assert "trade_union_membership" in said


def test_an_unknown_action_or_key_is_refused() -> None:
    """R-B1: nothing is silently ignored."""
    assert "'clear', 'redact' or 'report'" in problem(categories={"health": "delete"})
    assert "Extra inputs are not permitted" in problem(ban=["religion"])


@pytest.mark.parametrize("pattern", ["*", " ** ", "", "hubspot:contact.*"])
def test_a_pattern_for_everything_is_refused(pattern: str) -> None:
    """R-B1: one star would empty the CRM."""
    assert "would match every property" in problem(banned=[pattern])


def test_a_pattern_without_its_kind_is_refused_with_the_mend() -> None:
    """R-B1: `hubspot:religion` would silently match nothing."""
    assert "write CRM:KIND.NAME" in problem(banned=["hubspot:religion"])


def test_a_property_cannot_be_banned_and_allowed() -> None:
    """R-B1: the admin must say which."""
    assert "religion: both banned and allowed" in problem(banned=["religion"], allow=["religion"])


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("religion__c", True), ("RELIGION*", True), ("*du contact", True), ("reli*contact", True), ("Religion du contact", True),
        ("sf:contact.religion__c", True), ("sf:lead.religion__c", False), ("hs:contact.religion__c", False), ("religion", False),
        ("r.ligion__c", False),
    ],
)  # fmt: skip
def test_a_pattern_matches_a_name_or_a_label(pattern: str, matches: bool) -> None:
    """R-B1: with `*` for anything, in one CRM and kind if they are named; accents and case do not count."""
    schema = Schema("sf", "contact", (RELIGION,))
    assert Pattern.parse(pattern).matches(schema, RELIGION) is matches
