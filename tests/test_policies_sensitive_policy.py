"""R-B1, SEN-01 to SEN-07: what the policy needs to see of a kind, and what it finds on its records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from core.actions import Clear, Redact, redacted
from core.facts import NOTHING
from core.findings import Finding
from core.model import Record, Ref
from core.policy import Policy
from core.schema import Option, Property, Schema, Shape
from policies.sensitive import Sensitive, SensitiveSettings

NOW = datetime(2026, 11, 24, tzinfo=UTC)
REF = Ref("hubspot", "contact", "101")


def prop(name: str, shape: Shape, label: str = "", **more: object) -> Property:
    """A property the company made."""
    return Property(name=name, label=label or name, shape=shape, **({"custom": True} | more))  # type: ignore[arg-type]  # shorthand


SITUATION = tuple(
    Option(value, label) for value, label in (("emp", "Salarié"), ("rqth", "RQTH"), ("sick", "En arrêt maladie"))
)
SCHEMA = Schema(
    "hubspot",
    "contact",
    (
        prop("email", "email", custom=False),
        prop("firstname", "text", custom=False),
        prop("company_name", "text"),
        prop("jobtitle", "text", custom=False),
        prop("message", "longtext", "Message", custom=False),
        prop("religion", "text", "Religion", tracked=True),
        prop("handicap", "bool", "Handicap"),
        prop("race", "text", "Race"),
        prop("situation", "choices", "Situation", options=SITUATION),
        prop("statut", "choice", "Statut", options=SITUATION),
        prop("calcul_sante", "longtext", "Données de santé", clearable=False),
        prop("lu_seul", "longtext", "Synthèse", clearable=False),
        prop("commentaires", "longtext", "Commentaires"),
        prop("fiche", "html", "Fiche"),
        prop("taille_tshirt", "text", "Taille de t-shirt"),
        prop("budget", "number"),
    ),
)


def judged(values: Mapping[str, str], **settings: object) -> list[Finding]:
    """The findings on a record with these values."""
    policy = Sensitive(SensitiveSettings.model_validate(settings))
    policy.needs(SCHEMA)
    return list(policy.judge(Record(ref=REF, version="v1", values=values), NOTHING, NOW))


def told(found: list[Finding]) -> list[tuple[str, str, object]]:
    """The policy, rule and action of each."""
    return [(item.policy, item.rule, item.action) for item in found]


def test_it_is_a_policy_about_records() -> None:
    """A record with its values is enough to judge it."""
    policy: Policy = Sensitive(SensitiveSettings())
    assert (policy.name, policy.scope) == ("sensitive", "record")


def test_it_needs_what_is_banned_or_read_and_nothing_else() -> None:
    """SEC-04: no value is asked for that it does not look at."""
    assert Sensitive(SensitiveSettings()).needs(SCHEMA).properties == {
        "message", "religion", "handicap", "race", "situation", "statut", "calcul_sante", "lu_seul", "commentaires", "fiche",
        "taille_tshirt",
    }  # fmt: skip


def test_the_admin_adds_and_takes_away() -> None:
    """R-B1: `banned` and `scan_also` add, `allow` has the last word, `scan` says which texts are read."""
    settings = SensitiveSettings(
        banned=("hubspot:contact.budget", "first*"), allow=("Religion", "situation"), scan=("html",), scan_also=("jobtitle",)
    )  # fmt: skip
    assert Sensitive(settings).needs(SCHEMA).properties == {
        "budget", "firstname", "handicap", "race", "statut", "calcul_sante", "fiche", "jobtitle",
    }  # fmt: skip


def test_a_property_for_a_category_is_cleared_without_being_read() -> None:
    """SEN-01: and the finding says that the vendor keeps old values."""
    [found] = judged({"religion": "voir avec lui"})
    assert told([found]) == [("sensitive/religious_or_philosophical_beliefs", "SEN-01", Clear(("religion",)))]
    assert (
        found.because
        == '"Religion" (religion) is a property for religious_or_philosophical_beliefs (explicit, schema.name)'
    )
    assert found.facts["history"] == "the vendor keeps old values"
    assert (found.ref, found.version) == (REF, "v1")


def test_an_unticked_box_is_not_filled() -> None:
    """R-B1: a box cannot be emptied further; a ticked one can."""
    assert judged({"handicap": "false"}) == []
    assert told(judged({"handicap": "true"})) == [("sensitive/health", "SEN-01", Clear(("handicap",)))]


def test_an_ambiguous_property_is_only_reported() -> None:
    """SEN-02: `race` may be a dog's."""
    [found] = judged({"race": "caniche"})
    assert told([found]) == [("sensitive/racial_or_ethnic_origin", "SEN-02", None)]
    assert found.because.endswith("only reported")


def test_what_the_admin_bans_is_cleared() -> None:
    """R-B1: by name, whatever it holds."""
    assert told(judged({"taille_tshirt": "L"}, banned=["taille*"])) == [
        ("sensitive/banned", "R-B1", Clear(("taille_tshirt",)))
    ]


def test_just_the_choice_is_taken_out_of_a_multiple_choice() -> None:
    """R-B1: the harmless rest stays."""
    found = judged({"situation": "emp;rqth"})
    assert told(found) == [("sensitive/health", "SEN-01", Clear(("situation",), places=(1,)))]
    assert [item.action.options for item in found if isinstance(item.action, Clear)] == [("rqth",)]
    assert "rqth" not in repr(found)


def test_a_choice_that_the_admin_bans_is_taken_out_whatever_it_says() -> None:
    """R-B1: by label or value, with the wildcard; the other choices stay, and the finding does not repeat it."""
    found = judged({"situation": "emp;rqth"}, banned_options=("salari*",), options="report")
    actions = told(found)

    assert actions == [
        ("sensitive/banned", "R-B1", Clear(("situation",), places=(0,))),
        ("sensitive/health", "SEN-01", None),
    ]
    assert "Salarié" not in found[0].because


def test_a_choice_without_a_harmless_rest_empties_the_property() -> None:
    """R-B1: a single choice, or nothing but choices that reveal."""
    assert told(judged({"statut": "rqth"})) == [("sensitive/health", "SEN-01", Clear(("statut",)))]
    assert {item.action for item in judged({"situation": "rqth;sick"})} == {Clear(("situation",))}


def test_a_record_with_another_choice_is_left_alone() -> None:
    """R-B1: the value decides, not the picklist."""
    assert judged({"situation": "emp", "statut": "emp"}) == []


def test_the_words_are_taken_out_of_a_text_and_the_rest_is_kept() -> None:
    """SEN-01, SEN-05: one action on the property with the spans of every category, carried by the first finding."""
    text = "Client diabétique. NIR 255081416802538, budget 12 k€. Adhérent à la CGT."
    found = judged({"commentaires": text})
    assert [(item.policy, item.rule) for item in found] == [
        ("sensitive/trade_union_membership", "SEN-01"), ("sensitive/health", "SEN-01"), ("sensitive/national_id", "SEN-05"),
    ]  # fmt: skip
    action = found[0].action
    assert isinstance(action, Redact)
    assert redacted(text, action.spans) == "Client [santé]. NIR [numéro d'identité], budget 12 k€. [syndicat]."
    assert [item.action for item in found[1:]] == [None, None]
    assert found[1].because.endswith("taken out with the trade_union_membership in it")


def test_html_is_redacted_in_place() -> None:
    """SEN-08: the spans count characters of the value as stored, labels in the language of the settings."""
    raw = "<p>Elle est s&eacute;ropositive, <b>budget</b> 12&nbsp;k€</p>"
    [found] = judged({"fiche": raw}, label_language="en")
    assert isinstance(found.action, Redact)
    assert redacted(raw, found.action.spans) == "<p>Elle est [health], <b>budget</b> 12&nbsp;k€</p>"


def test_what_lets_infer_is_reported_and_not_touched() -> None:
    """SEN-02: beside words that are taken out."""
    found = judged({"commentaires": "Menu halal. Cliente diabétique."})
    assert [(item.rule, item.action is None) for item in found] == [("SEN-02", True), ("SEN-01", False)]
    assert found[0].because.endswith("only reported")
    action = found[1].action
    assert isinstance(action, Redact) and len(action.spans) == 1


def test_a_redacted_text_is_not_found_again() -> None:
    """A second run changes nothing."""
    text = "Cliente diabétique, adhérente à la CGT, CB 4111 1111 1111 1111 12/27 cvv 123, en prison."
    [action] = [item.action for item in judged({"commentaires": text}) if item.action]
    assert isinstance(action, Redact)
    assert judged({"commentaires": redacted(text, action.spans)}) == []


def test_a_property_that_cannot_be_changed_is_found_without_an_action() -> None:
    """R-B1: a person must; the finding says why."""
    found = judged({"calcul_sante": "x", "lu_seul": "Cliente diabétique."})
    assert [(item.facts["property"], item.action) for item in found] == [("calcul_sante", None), ("lu_seul", None)]
    assert {item.because.split("; ")[1] for item in found} == {"it cannot be changed through the API, so a person must"}


@pytest.mark.parametrize(
    ("verb", "expected"),
    [("report", None), ("clear", Clear(("commentaires",)))],
)
def test_a_category_may_be_reported_or_clear_the_whole_text(verb: str, expected: object) -> None:
    """R-B1: as the admin decides, for that category alone."""
    found = judged({"commentaires": "Cliente diabétique. NIR 255081416802538."}, categories={"health": verb})
    assert found[0].action == expected
    assert isinstance(found[1].action, Redact) is (verb == "report")


def test_a_property_may_be_masked_instead_of_emptied_once() -> None:
    """R-B1: a required text keeps a label; the label is not masked again, and a box can only be reported."""
    [found] = judged({"religion": "catholique"}, properties="redact")
    assert isinstance(found.action, Redact)
    assert redacted("catholique", found.action.spans) == "[croyance]"
    assert judged({"religion": "[croyance]"}, properties="redact") == []
    assert told(judged({"handicap": "true"}, properties="redact")) == [("sensitive/health", "SEN-01", None)]


def test_reported_properties_are_still_read_as_text() -> None:
    """SEN-05: a number in a property that is only reported is taken out."""
    found = judged({"religion": "NIR 255081416802538"}, properties="report")
    assert [(item.rule, item.action is None) for item in found] == [("SEN-01", True), ("SEN-05", False)]


def test_no_finding_holds_a_value_in_words() -> None:
    """SEN-08: findings show class and place, never the text."""
    planted = {
        "religion": "Zoroastrien", "race": "Patagon",
        "commentaires": "Ada Kowalska est diabétique, NIR 255081416802538, CB 4111111111111111",
        "fiche": "<p>Ada Kowalska, séropositive</p>", "lu_seul": "Ada Kowalska est en prison", "statut": "rqth",
    }  # fmt: skip
    shown = repr(judged(planted)) + "".join(map(str, judged(planted)))
    secrets = (
        "Zoroastrien",
        "Patagon",
        "Ada",
        "Kowalska",
        "diabétique",
        "255081416802538",
        "4111111111111111",
        "séropositive",
        "en prison",
    )
    assert not [secret for secret in secrets if secret in shown]


def test_findings_come_in_one_order() -> None:
    """The same values give the same findings, however the adapter orders them."""
    values = {
        "statut": "rqth",
        "religion": "x",
        "commentaires": "Menu halal, elle est diabétique.",
        "situation": "emp;sick",
    }
    backwards = dict(reversed(values.items()))
    assert judged(values) == judged(backwards)
    assert [item.facts["property"] for item in judged(values)] == [
        "commentaires",
        "commentaires",
        "religion",
        "situation",
        "statut",
    ]


def test_empty_and_harmless_values_give_nothing() -> None:
    """R-B1: only what is filled and reveals."""
    assert (
        judged({"religion": " ", "commentaires": "Rappeler lundi.", "firstname": "Juif", "budget": "255081416802538"})
        == []
    )


def test_a_changed_schema_is_worked_out_again() -> None:
    """A property that appears between two runs is seen; the same schema is not worked out twice."""
    policy = Sensitive(SensitiveSettings())
    first = policy.prepare(SCHEMA)
    assert policy.prepare(Schema(SCHEMA.crm, SCHEMA.kind, SCHEMA.properties)) is first
    more = Schema(SCHEMA.crm, SCHEMA.kind, (*SCHEMA.properties, prop("syndicat", "text")))
    assert policy.needs(more).properties - set(first.checks) == {"syndicat"}


def test_a_kind_whose_schema_was_not_seen_is_never_found_clean() -> None:
    """Silence would pass for a clean record."""
    with pytest.raises(LookupError, match="hubspot contact: judged before its schema was seen"):
        list(Sensitive(SensitiveSettings()).judge(Record(ref=REF, version="v1"), NOTHING, NOW))
