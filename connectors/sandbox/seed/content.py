"""What records say that they must not: banned properties and revealing sentences, with harmless look-alikes. Data and dice."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

from connectors.sandbox.seed import words
from connectors.sandbox.seed.ids import card, iban, nir, pipedrive_code, siret
from connectors.sandbox.seed.people import CONTACT, PERSON, SF_CONTACT, SF_LEAD

RECORD_SOURCE = pipedrive_code("Record source")
WEB_FORM, IMPORT = 1, 2
_HEALTH_NOTES = pipedrive_code("Handicap")
_DIET = pipedrive_code("Régime alimentaire")
_NOTES = pipedrive_code("Notes internes")

# The free-text property of each place.
TEXT = {CONTACT: "notes_internes", SF_CONTACT: "Description", SF_LEAD: "Description", PERSON: _NOTES}


class Banned(NamedTuple):
    """A property that must not be filled; when `options` are named, only they must not be chosen."""

    place: str
    name: str
    label: str
    values: tuple[Any, ...]
    harmless: tuple[Any, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The property as the truth names it: without options the whole of it is banned."""
        options = {"options": list(self.values)} if self.harmless else {}
        crm, kind = self.place.split(":")
        return {"crm": crm, "kind": kind, "property": self.name, "label": self.label, **options}


BANNED = (
    Banned(CONTACT, "religion", "Religion", ("Catholique", "Musulman", "Protestant", "Juive")),
    Banned(SF_CONTACT, "Religion__c", "Religion", ("Catholic", "Muslim", "Jewish", "Hindu")),
    Banned(PERSON, _HEALTH_NOTES, "Handicap", ("RQTH depuis 2019", "Malentendant", "Fauteuil roulant")),
    Banned(CONTACT, "situation_sante", "Situation de santé", ("rqth", "ald", "arret_maladie")),
    Banned(SF_CONTACT, "Syndicat__c", "Syndicat", ("CGT", "CFDT", "FO")),
    Banned(PERSON, _DIET, "Régime alimentaire", (13,), (11, 12)),
    Banned(CONTACT, "regime_alimentaire", "Régime alimentaire", ("halal",), ("standard", "vegetarien")),
)

OPTIONS: dict[str, tuple[tuple[Any, str], ...]] = {
    "situation_sante": (("rqth", "RQTH"), ("ald", "Affection longue durée"), ("arret_maladie", "Arrêt maladie")),
    "regime_alimentaire": (("standard", "Standard"), ("vegetarien", "Végétarien"), ("halal", "Halal")),
    "Syndicat__c": (("CGT", "CGT"), ("CFDT", "CFDT"), ("FO", "FO")),
    _DIET: ((11, "Standard"), (12, "Végétarien"), (13, "Casher")),
    RECORD_SOURCE: ((WEB_FORM, "Web form"), (IMPORT, "Import")),
}

IDENTIFIERS: dict[str, tuple[Callable[[random.Random], str], dict[str, str]]] = {
    "nir": (nir, {"fr": "Numéro de sécurité sociale : {}.", "en": "French social security number {}."}),
    "iban": (iban, {"fr": "Remboursement sur l'IBAN {}.", "en": "Refund goes to IBAN {}."}),
    "card": (card, {"fr": "Paiement par carte {}.", "en": "Paid with card {}."}),
}

# Per class and language: a plain remark, and the part of it that must be gone.
REMARKS: dict[str, dict[str, tuple[tuple[str, str], ...]]] = {
    "health": {
        "fr": (("Elle suit une chimiothérapie pour un cancer du sein.", "chimiothérapie"),
               ("Il est diabétique et sous insuline.", "diabétique"),
               ("Il est en arrêt maladie pour dépression.", "dépression")),
        "en": (("She is undergoing chemotherapy for breast cancer.", "chemotherapy"),
               ("He is HIV positive.", "HIV positive"),
               ("She is on sick leave with depression.", "depression")),
    },
    "trade_union_membership": {
        "fr": (("Il est délégué syndical CGT.", "délégué syndical CGT"),
               ("Elle est adhérente de la CFDT.", "adhérente de la CFDT")),
        "en": (("He is a trade union member.", "trade union member"),
               ("She is a shop steward for the Unite union.", "shop steward")),
    },
    "religious_or_philosophical_beliefs": {
        "fr": (("Il est musulman pratiquant.", "musulman"), ("Elle est catholique pratiquante.", "catholique")),
        "en": (("He is a practising Muslim.", "Muslim"), ("She is a devout Catholic.", "Catholic")),
    },
    "political_opinions": {
        "fr": (("Elle est militante du Parti socialiste.", "Parti socialiste"),
               ("Il vote Rassemblement national.", "Rassemblement national")),
        "en": (("He is a member of the Labour Party.", "Labour Party"),
               ("She votes for the Green Party.", "Green Party")),
    },
    "sex_life_or_sexual_orientation": {
        "fr": (("Il est homosexuel.", "homosexuel"), ("Elle est lesbienne.", "lesbienne")),
        "en": (("He is gay.", "gay"), ("She is bisexual.", "bisexual")),
    },
    "racial_or_ethnic_origin": {
        "fr": (("Il est d'origine maghrébine.", "maghrébine"), ("Elle est d'origine rom.", "origine rom")),
        "en": (("He is of North African descent.", "North African"), ("She is of Roma origin.", "Roma")),
    },
}  # fmt: skip

HARMLESS = {
    "fr": (
        "Syndicat de copropriété du 12 rue des Lilas : entretien à renouveler.",
        "Responsable de la zone SUD, trois agences.",
        "Health score du compte : 82.",
        "Siège rue Saint-Sulpice, en face de l'église.",
        "SIRET {siret}.",
        "Fournit du matériel aux hôpitaux de Lyon.",
        "Syndicat des eaux : appel d'offres en mars.",
    ),
    "en": (
        "Account health score dropped to 61.",
        "Leads the zone SUD team.",
        "Race to the deadline: delivery due on Friday.",
        "Party of 24 for the launch dinner.",
        "Office on Church Street, second floor.",
        "French company number, SIRET {siret}.",
        "Credit union portal: security review next week.",
    ),
}


class Text(NamedTuple):
    """A note: the whole text, what must be gone, the secret it held, and the sentences that must stay word for word."""

    text: str
    gone: str
    secret: str
    survives: tuple[str, ...]


def identifier(rng: random.Random, kind: str, language: str) -> Text:
    """A business note with a valid number in it that nobody may keep there."""
    make, sentences = IDENTIFIERS[kind]
    number = make(rng)
    return _between_business(rng, sentences[language].format(number), number, number, language)


def remark(rng: random.Random, kind: str, language: str) -> Text:
    """A business note with a plain remark of a special category in it."""
    sentence, gone = rng.choice(REMARKS[kind][language])
    return _between_business(rng, sentence, gone, sentence, language)


def harmless(rng: random.Random, number: int, language: str) -> str:
    """A business note that only looks as if it revealed something."""
    sentences = HARMLESS[language]
    look_alike = sentences[number % len(sentences)].format(siret=siret(rng))
    return f"{look_alike} {rng.choice(words.BUSINESS[language])}"


def _between_business(rng: random.Random, sentence: str, gone: str, secret: str, language: str) -> Text:
    before, after = rng.sample(words.BUSINESS[language], 2)
    return Text(f"{before} {sentence} {after}", gone, secret, (before, after))
