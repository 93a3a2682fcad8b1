"""Who a record is about, without saying it: canonical e-mail and phone, and the keyed hashes made of them (SUP-05, SUP-06).

A canonical form lives in memory only. Must not be logged or stored; the subject key may.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import idna
import phonenumbers

from core.errors import KeyProblem

Kind = Literal["email", "phone"]
SHORTEST_SECRET = 32
_FEWEST_DIGITS = 4
_CHECK = b"repoussoir key check"
_BETWEEN_ADDRESSES = re.compile(r"[\s;,/|:\"()<>\[\]\\]+")
_BETWEEN_NUMBERS = re.compile(r"[;,/|]+|\b(?:ou|or)\b")
_DIALLED = re.compile(r"(?:\+|\b0)(?:[ .()-]*[0-9]){8,}")
_ADDRESS = re.compile(r"^[^@\s;,|:\"()<>\[\]\\]+@[^@\s;,/|:\"()<>\[\]\\']+\.[^@\s;,/|:\"()<>\[\]\\.']+$")
_IN_BRACKETS = re.compile(r"<([^<>]*)>[^<>]*$")
_SUBJECT_KEY = re.compile(r"(email|phone):([^:]+):([0-9a-f]{64})")
_LINK = re.compile(r"^mailto:([^?]*).*$", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class SubjectKey:
    """The keyed hash of one canonical e-mail or phone. Written `email:k1:3f…`."""

    kind: Kind
    key_id: str
    digest: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.key_id}:{self.digest}"

    @classmethod
    def find(cls, text: str) -> SubjectKey | None:
        """The key that a text is; None when it is something else, such as a ref."""
        match = _SUBJECT_KEY.fullmatch(text)
        return cls("email" if match[1] == "email" else "phone", match[2], match[3]) if match else None


def canonical_email(raw: str) -> str | None:
    """The one spelling of an address: NFKC, no display name, lower case, IDNA domain. None when it is no address.

    Nor are those of the domain `.invalid`, which stand where an address was (RFC 2606).
    Source: SUP-05. Invisible characters, which copying brings along, go. Dots and `+tags` are kept: only the receiving
    host knows whether they matter. What separates or quotes addresses is no part of one: left on it, it would make
    another person of it.
    """
    text = "".join(c for c in unicodedata.normalize("NFKC", raw) if unicodedata.category(c) != "Cf").strip()
    shown = _IN_BRACKETS.search(text)
    address = _LINK.sub(r"\1", (shown[1] if shown else text).strip().lower()).strip(" '").rstrip(".")
    if not _ADDRESS.match(address) or address.endswith(".invalid"):
        return None
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return address


def canonical_phone(raw: str, region: str) -> str | None:
    """The number in E.164; a national number is read as one of `region`. None when it can be no number (SUP-05)."""
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", raw), region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mentions_somebody(text: str, region: str) -> bool:
    """True when an address, or what looks like a number to call, stands in a text that is kept as it is typed."""
    address = any(canonical_email(part) for part in _BETWEEN_ADDRESSES.split(text))
    return bool(address or _DIALLED.search(text)) or phonenumbers.PhoneNumberMatcher(text, region).has_next()


def nobody(emails: Iterable[str], phones: Iterable[str]) -> bool:
    """True when neither an address nor a number, in whatever country, is left to tell a person by (RET-25)."""
    return not any(map(canonical_email, emails)) and all(
        sum(map(str.isdigit, text)) < _FEWEST_DIGITS for text in phones
    )


class Keyring:
    """The HMAC secrets that are live: the current one makes new keys, the others still match old entries.

    Raises KeyProblem when there is none, when `current` is not among them, or when one is shorter than 256 bits (SEC-06).
    """

    def __init__(self, secrets: Mapping[str, bytes], current: str) -> None:
        if current not in secrets:
            raise KeyProblem(
                f"There is no HMAC key {current!r}.", "Run `repoussoir init`, or give the key you backed up."
            )
        short = [name for name, secret in secrets.items() if len(secret) < SHORTEST_SECRET]
        if short:
            raise KeyProblem(
                f"The HMAC key {short[0]!r} is shorter than {SHORTEST_SECRET} bytes.", "Make one with `init`."
            )
        self._secrets = dict(secrets)
        self.current = current

    def __repr__(self) -> str:
        return f"Keyring({', '.join(sorted(self._secrets))})"

    @property
    def ids(self) -> tuple[str, ...]:
        """The live key ids, the current one first."""
        return (self.current, *sorted(set(self._secrets) - {self.current}))

    def keys(self, kind: Kind, canonical: str) -> tuple[SubjectKey, ...]:
        """The subject keys of a canonical form under every live secret, the current one first."""
        message = _octets(f"{kind}:{canonical}")
        return tuple(SubjectKey(kind, key_id, self._digest(key_id, message)) for key_id in self.ids)

    def check_values(self) -> dict[str, str]:
        """A value by key id that tells a wrong secret from the right one, and tells nothing else."""
        return {key_id: self._digest(key_id, _CHECK) for key_id in self.ids}

    def _digest(self, key_id: str, message: bytes) -> str:
        return hmac.new(self._secrets[key_id], message, hashlib.sha256).hexdigest()


def _octets(text: str) -> bytes:
    """UTF-8, also of half a character: vendors cut texts at UTF-16 units."""
    return text.encode(errors="surrogatepass")


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier of a record as its subject keys, the current key first.

    `generic` marks a mailbox that is no person's (`info@`): it links nobody (DESIGN §6 "The person, not the record").
    """

    keys: tuple[SubjectKey, ...]
    generic: bool = False

    @property
    def key(self) -> SubjectKey:
        """The key under the current secret."""
        return self.keys[0]

    @property
    def kind(self) -> Kind:
        """E-mail or phone."""
        return self.keys[0].kind


_GENERIC = """
accounts accueil achats admin administration billing bonjour commercial compta comptabilite contact contacts
direction enquiries facturation hello help info infos kontakt mail marketing newsletter no-reply noreply office
postmaster press presse recrutement reception rh sales secretariat service shop standard support team vente
ventes webmaster
"""
GENERIC_MAILBOXES = frozenset(_GENERIC.split())


@dataclass(frozen=True, slots=True)
class Identity:
    """How identifiers are read: the keyring, the region of national phone numbers, the mailboxes that are no person's."""

    keyring: Keyring
    region: str = "FR"
    generic: frozenset[str] = GENERIC_MAILBOXES

    def email(self, raw: str) -> Identifier | None:
        """The identifier of an address, None when it is none."""
        canonical = canonical_email(raw)
        if canonical is None:
            return None
        return Identifier(self.keyring.keys("email", canonical), canonical.split("@")[0] in self.generic)

    def phone(self, raw: str) -> Identifier | None:
        """The identifier of a number, None when it is none."""
        canonical = canonical_phone(raw, self.region)
        return Identifier(self.keyring.keys("phone", canonical)) if canonical else None

    def all(self, emails: tuple[str, ...], phones: tuple[str, ...]) -> tuple[Identifier, ...]:
        """The identifiers of a record, each once, e-mails first, in the order given."""
        found = [item for raw in emails for item in _each(self.email, raw, _BETWEEN_ADDRESSES)]
        found += [item for raw in phones for item in _each(self.phone, raw, _BETWEEN_NUMBERS)]
        return tuple(dict.fromkeys(found))


def _each(read: Callable[[str], Identifier | None], raw: str, between: re.Pattern[str]) -> list[Identifier]:
    """What is written in one field: one identifier, or several side by side when it is none as a whole."""
    whole = read(raw)
    parts = [whole] if whole else [read(part) for part in between.split(raw)]
    return [item for item in parts if item]
