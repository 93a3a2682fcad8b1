"""The choices of picklists: what the label of each says of the person it is chosen for. Pure; sees no value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from core.schema import Property
from policies.sensitive.categories import Category
from policies.sensitive.folding import plain
from policies.sensitive.lexicon import Meaning, meaning
from policies.sensitive.patterns import Pattern

_SHAPES = frozenset({"choice", "choices"})
_THINGS = re.compile(
    r"\b(?:secteurs?|sectors?|industr\w*|branche|specialit\w+|specialt\w+|metiers?|produits?|products?|gammes?|services?"
    r"|solutions?|departe?ments?|source|campa\w+|pays|country|countries|langues?|languages?|region|territor\w+|zone"
    r"|therapeuti\w+|activite|activity|topics?|themes?|interets?|interests?|event|evenement|format\w*|company type"
    r"|type de (?:societe|structure|client))\b"
)
_NEITHER = re.compile(
    r"\b(?:autres?|other|aucune?|none|non|no|inconnu|unknown|n ?a|sans reponse|prefer not to say|oui|yes"
    r"|ne souhaite pas repondre)\b"
)


def meanings(item: Property) -> Mapping[str, Meaning]:
    """What the choices of a picklist say, by value and by label; those that say nothing are not in it.

    A word with several senses counts only beside another choice of its category. A picklist of things (industries, products,
    countries) says nothing of persons.
    """
    if item.shape not in _SHAPES or _THINGS.search(plain(f"{item.name} {item.label}")):
        return {}
    read = [(option, meaning(option.label)) for option in item.options]
    certain = {found.category for _, found in read if found and found.sure}
    kept = [(option, found) for option, found in read if found and (found.sure or found.category in certain)]
    return {option.label: found for option, found in kept} | {option.value: found for option, found in kept}


def named(item: Property, patterns: Sequence[Pattern]) -> frozenset[str]:
    """The choices that the admin's patterns name, by value and by label."""
    found = [o for o in item.options if any(pattern.names(o.label, o.value) for pattern in patterns)]
    return frozenset(text for option in found for text in (option.label, option.value))


def common_category(item: Property) -> Category | None:
    """The category that every choice is of, save `other`, `none` and the like, if there are at least two such choices."""
    found = meanings(item)
    telling = [option for option in item.options if option.value in found or not _NEITHER.search(plain(option.label))]
    counts = Counter(found[option.value].category for option in telling if option.value in found)
    category, count = counts.most_common(1)[0] if counts else (None, 0)
    return category if count >= 2 and count == len(telling) else None
