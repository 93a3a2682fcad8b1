"""Ids and numbers in the vendors' and the issuers' formats, with right checksums. Imports nothing of the sandbox."""

from __future__ import annotations

import hashlib
import random
import string

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SUFFIX = string.ascii_uppercase + "012345"
_ORG = "Sd"


def salesforce_id(prefix: str, number: int) -> str:
    """The 18-character id of the `number`-th row of an object, such as prefix 003 for Contact."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return with_suffix(prefix + _ORG + digits.rjust(10, "0"))


def with_suffix(short: str) -> str:
    """A 15-character Salesforce id with the three characters that say which of its letters are capitals."""
    chunks = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(_SUFFIX[sum(1 << i for i, c in enumerate(chunk) if c.isupper())] for chunk in chunks)


def pipedrive_code(name: str) -> str:
    """The 40-hex code of a custom field: the same for the same name, in every run."""
    return hashlib.sha1(f"sandbox {name}".encode(), usedforsecurity=False).hexdigest()


def nir(rng: random.Random) -> str:
    """A French social security number of a commune number that no town has, spaced as on the card."""
    parts = (
        f"{rng.choice('12')}",
        f"{rng.randrange(40, 99):02}",
        f"{rng.randrange(1, 13):02}",
        f"{rng.randrange(1, 20):02}",
        f"{rng.randrange(901, 990)}",
        f"{rng.randrange(1, 1000):03}",
    )
    return " ".join((*parts, f"{97 - int(''.join(parts)) % 97:02}"))


def iban(rng: random.Random) -> str:
    """A French IBAN of a bank that does not exist, in groups of four; its inner RIB key is right too."""
    bank, branch, account = 99999, rng.randrange(100, 99999), rng.randrange(10**10, 10**11)
    bban = f"{bank:05}{branch:05}{account:011}{97 - (89 * bank + 15 * branch + 3 * account) % 97:02}"
    check = 98 - int(f"{bban}152700") % 97
    return _grouped(f"FR{check:02}{bban}")


def card(rng: random.Random) -> str:
    """A 16-digit payment card number that passes Luhn, in groups of four."""
    return _grouped(_luhn(f"497010{rng.randrange(10**9):09}"))


def siret(rng: random.Random) -> str:
    """A 14-digit French establishment number; it passes Luhn, its first nine digits as well."""
    siren = _luhn(f"{rng.randrange(30_000_000, 99_999_999)}")
    return _luhn(f"{siren}{rng.randrange(1, 200):04}")


def _luhn(digits: str) -> str:
    doubled = [int(d) * (2 - i % 2) for i, d in enumerate(reversed(digits))]
    return digits + str(-sum(d // 10 + d % 10 for d in doubled) % 10)


def _grouped(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
