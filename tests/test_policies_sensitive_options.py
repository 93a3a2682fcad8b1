"""R-B1: what the choices of a picklist say of the person they are chosen for."""

from __future__ import annotations

import pytest

from core.schema import Option, Property
from policies.sensitive.categories import Category
from policies.sensitive.options import meanings


def picklist(label: str, *labels: str) -> Property:
    """A picklist whose API values are o0, o1 …"""
    options = tuple(Option(f"o{i}", text) for i, text in enumerate(labels))
    return Property(name="situation", label=label, shape="choices", options=options)


def read(item: Property) -> dict[str, Category]:
    """The category of each choice, by the value the API uses."""
    return {value: found.category for value, found in meanings(item).items() if value.startswith("o")}


@pytest.mark.parametrize(
    ("label", "category"),
    [
        ("Catholique", "religious_or_philosophical_beliefs"), ("Muslim", "religious_or_philosophical_beliefs"),
        ("Adhérent CGT", "trade_union_membership"), ("Travailleur handicapé (RQTH)", "health"), ("Diabetic", "health"),
        ("En arrêt maladie", "health"), ("Homosexuel", "sex_life_or_sexual_orientation"), ("Gitan", "racial_or_ethnic_origin"),
        ("Caucasian", "racial_or_ethnic_origin"), ("Casier judiciaire vierge", "criminal"), ("Trisomie 21", "genetic_data"),
        ("Militant politique", "political_opinions"), ("Empreinte digitale", "biometric_data_unique_id"),
    ],
)  # fmt: skip
def test_a_choice_that_reveals_is_told_without_a_sentence(label: str, category: Category) -> None:
    """R-B1: a label needs no context; its harmless neighbours are not touched."""
    assert read(picklist("Situation", "Salarié", label, "Retraité")) == {"o1": category}


@pytest.mark.parametrize(
    "labels",
    [
        ("Nord", "Sud", "Est", "Ouest"),
        ("École catholique", "École publique"),
        ("Bon", "Moyen", "Mauvais"),
        ("PS", "Mac", "PC"),
    ],
)
def test_choices_that_only_sound_like_it_are_left_alone(labels: tuple[str, ...]) -> None:
    """R-B1: regions, institutions and acronyms with other senses."""
    assert read(picklist("Situation", *labels)) == {}


@pytest.mark.parametrize(
    "label", ["Secteur d'activité", "Industry", "Spécialité", "Product line", "Thérapeutique : gamme"]
)
def test_a_picklist_of_things_says_nothing_of_persons(label: str) -> None:
    """R-B1: an industry, a product or a speciality is no condition of the contact."""
    assert read(picklist(label, "Diabète", "Cancer", "Religion", "Asthme")) == {}


def test_an_ambiguous_word_counts_in_company() -> None:
    """R-B1: FO alone may be anything; beside the CGT it is a union."""
    assert read(picklist("Situation", "FO", "Autre")) == {}
    assert read(picklist("Situation", "FO", "CGT", "Autre")) == {
        "o0": "trade_union_membership",
        "o1": "trade_union_membership",
    }


def test_a_value_is_known_by_its_label_too() -> None:
    """Adapters give values as the vendor's API does, which may be either."""
    assert set(meanings(picklist("Situation", "Catholique"))) == {"o0", "Catholique"}


def test_what_is_no_picklist_has_no_choices() -> None:
    """R-B1: options of another shape are not read."""
    item = Property(name="x", label="Situation", shape="text", options=(Option("1", "Catholique"),))
    assert meanings(item) == {}
