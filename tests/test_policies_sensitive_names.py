"""R-B1: the schema pass tells which properties hold banned data from what they are called, in six languages."""

from __future__ import annotations

import pytest

from core.schema import Option, Property, Schema, Shape
from policies.sensitive.categories import CATEGORIES, Category
from policies.sensitive.names import Verdict, classify, verdict, words

BANNED: dict[Category, str] = {
    "racial_or_ethnic_origin": "ethnicity origine_ethnique EthnicOrigin__c etnia etnische_afkomst "
    "ethnische_herkunft origen_etnico",
    "political_opinions": "political_party opinionsPolitiques Parteizugehörigkeit intention_de_vote afiliacion_politica "
    "partito_politico politieke_voorkeur",
    "religious_or_philosophical_beliefs": "religion Religion__c hs_religious_beliefs confessionReligieuse Religionszugehörigkeit "
    "creencias_religiosas fede_religiosa geloof",
    "trade_union_membership": "union_membership syndicat appartenance_syndicale Gewerkschaftsmitglied afiliacion_sindical "
    "sindacato vakbond",
    "genetic_data": "dna_test_result testGenetique brca1_status Gentest datos_geneticos dati_genetici erfelijke_aandoening",
    "biometric_data_unique_id": "fingerprint_template empreinte_digitale reconnaissanceFaciale Fingerabdruck huella_dactilar "
    "impronta_digitale vingerafdruk",
    "health": "health_condition pathologie groupe_sanguin RQTH__c is_pregnant Blutgruppe discapacidad malattia ziekte "
    "date_arret_maladie handicap Schwerbehinderung allergie",
    "sex_life_or_sexual_orientation": "sexual_orientation orientationSexuelle sexuelle_orientierung orientacion_sexual "
    "orientamento_sessuale seksuele_geaardheid",
    "criminal": "criminal_record casier_judiciaire Vorstrafen antecedentes_penales precedenti_penali strafblad condamnations",
    "national_id": "numero_de_securite_sociale ssn NIR__c codice_fiscale bsn Sozialversicherungsnummer numero_dni",
    "card": "cvv card_number numero_carte_bancaire Kreditkartennummer",
}
HARMLESS = """
    health_score account_health customer_health_status union_type race_number party_size third_party screen_orientation
    device_fingerprint empreinte_carbone handicap_golf infraction_sla date_de_conversion lead_source origine_du_lead
    syndicat_de_copropriete politique_tarifaire secteur_sante diagnostic_energetique is_disabled account_disabled firstname
    lastname company jobtitle gender marital_status date_of_birth hs_language hs_legal_basis notes description message
    card_type carte_fidelite last4_card_number denomination_sociale race_du_chien adn_de_marque health_insurance_provider
    payment_method contract_type conversion_rate politically_exposed_person credit_union order_number account_number
    nie_kontaktowac prise_de_parole probation_end hs_all_assigned_business_unit_ids traitement_commande weight
"""


def prop(name: str, label: str = "", shape: Shape = "text", **more: object) -> Property:
    """A property, called by its name unless it has a label."""
    return Property(name=name, label=label or name, shape=shape, **more)  # type: ignore[arg-type]  # a test's shorthand


def choices(name: str, *labels: str, label: str = "") -> Property:
    """A picklist whose values are numbers."""
    return prop(name, label, "choice", options=tuple(Option(str(i), text) for i, text in enumerate(labels)))


@pytest.mark.parametrize(("category", "name"), [(key, name) for key, names in BANNED.items() for name in names.split()])
def test_a_property_called_by_its_category_is_banned(category: Category, name: str) -> None:
    """R-B1: in French, English, German, Spanish, Italian and Dutch; snake, camel or a vendor's suffix."""
    assert verdict(prop(name)) == Verdict(category, "explicit", "name")


@pytest.mark.parametrize("name", HARMLESS.split())
def test_a_property_that_only_sounds_like_it_is_left_alone(name: str) -> None:
    """R-B1: the negative collocations of the reference, and ordinary properties of CRMs."""
    assert verdict(prop(name)) is None


@pytest.mark.parametrize(
    ("name", "category"),
    [("race", "racial_or_ethnic_origin"), ("regime_alimentaire", "health"), ("sante", "health"), ("iban", "bank"),
     ("passport_number", "national_id"), ("gender_identity", "sex_life_or_sexual_orientation")],
)  # fmt: skip
def test_an_ambiguous_name_is_only_indirect(name: str, category: Category) -> None:
    """SEN-02: what a name lets be thought is told apart from what it says."""
    assert verdict(prop(name)) == Verdict(category, "indirect", "name")


def test_a_hash_is_read_by_its_label_alone() -> None:
    """Pipedrive's names are hashes, in which words are chance."""
    assert verdict(prop("dna" + "a" * 37, "Religion")) == Verdict(
        "religious_or_philosophical_beliefs", "explicit", "label"
    )
    assert verdict(prop("deadbeef" * 5, "Budget")) is None


def test_the_choices_bear_out_a_hint_or_tell_by_themselves() -> None:
    """R-B1: a picklist of nothing but origins is one of origins, whatever it is called; `other` does not count."""
    origins = choices("x", "Maghrébin", "Asiatique", "Autre", label="Race")
    assert verdict(origins) == Verdict("racial_or_ethnic_origin", "explicit", "label")
    assert verdict(choices("groupe", "CGT", "CFDT", "Autre")) == Verdict(
        "trade_union_membership", "explicit", "options"
    )
    assert verdict(choices("race", "Caniche", "Teckel")) == Verdict("racial_or_ethnic_origin", "indirect", "name")


def test_the_vendors_marking_bears_out_a_hint() -> None:
    """R-B1: HubSpot's dataSensitivity and Salesforce's HIPAA say that the customer knows; PII and GDPR say nothing."""
    assert verdict(prop("race", sensitivity="highly_sensitive")) == Verdict(
        "racial_or_ethnic_origin", "explicit", "name"
    )
    assert verdict(prop("race", sensitivity="non_sensitive")) == Verdict("racial_or_ethnic_origin", "indirect", "name")
    assert verdict(prop("race", sensitivity="PII;GDPR")) == Verdict("racial_or_ethnic_origin", "indirect", "name")
    assert verdict(prop("info", sensitivity="ComplianceGroup=HIPAA")) == Verdict("health", "indirect", "marking")


def test_a_description_or_group_only_hints() -> None:
    """SEN-02: it is not what the property is called."""
    assert verdict(prop("info_3", description="Religion du contact")) == Verdict(
        "religious_or_philosophical_beliefs", "indirect", "description"
    )
    assert verdict(prop("info_4", group="Dossier médical")) == Verdict("health", "indirect", "group")


def test_an_address_or_telephone_number_is_never_banned_by_name() -> None:
    """R-B1: those are what a CRM is for."""
    assert verdict(prop("union_rep_email", shape="email")) is None


def test_a_schema_is_classified_by_name() -> None:
    """R-B1: every property of a schema, those left out being harmless."""
    schema = Schema("hubspot", "contact", (prop("religion"), prop("budget"), prop("x", "Handicap")))
    assert {name: found.category for name, found in classify(schema).items()} == {
        "religion": "religious_or_philosophical_beliefs",
        "x": "health",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hs_religiousBeliefs", "religious beliefs"),
        ("NIRNumber__c", "nir number"),
        ("Date de l'arrêt maladie", "date arret maladie"),
    ],
)
def test_names_are_split_into_folded_words(text: str, expected: str) -> None:
    """Joints of camelCase, vendor suffixes, articles and accents do not count."""
    assert words(text) == expected


def test_every_category_has_names_of_its_own() -> None:
    """SEN-01: the nine categories and the three kinds of identifiers."""
    assert set(BANNED) | {"bank"} == set(CATEGORIES)
