"""Who a record is about: every spelling of one address or number is one key, and no key tells what it was made of."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import KeyProblem
from core.identity import Identity, Keyring, canonical_email, canonical_phone, mentions_somebody

OLD, NEW = b"o" * 32, b"n" * 32
KEYRING = Keyring({"k1": OLD, "k2": NEW}, "k2")
IDENTITY = Identity(KEYRING)
LOCALS = st.from_regex(r"[a-z0-9]([a-z0-9._+-]{0,10}[a-z0-9])?", fullmatch=True)
DOMAINS = st.sampled_from(["example.fr", "mail.example.org", "exämple.fr", "société.example", "xn--exmple-cua.fr"])
FRAMES = (
    "{}", "  {}\t", "\u00a0{}\r\n", "mailto:{}", "MAILTO: {}", "<{}>", "<mailto:{}>", "Jean Dupont <{}>", '"Dupont, J" <{}>',
    "DUPONT, Jean <{}>", "M. (Jean) <{} >", "other@else.example <{}>", "\u200b{}\ufeff", "{}.", "Jean <{}> (work)",
    "mailto:{}?subject=hello",
)  # fmt: skip


def test_sup_05_the_example_of_the_rule_collides() -> None:
    """SUP-05: the two spellings that the rule gives are one address."""
    one = canonical_email(" Jean.DUPONT@Exämple.fr ")

    assert one == canonical_email("jean.dupont@xn--exmple-cua.fr") == "jean.dupont@xn--exmple-cua.fr"


@given(LOCALS, DOMAINS, st.sampled_from(FRAMES), st.sampled_from([str.upper, str.title, str.lower]))
def test_sup_05_every_frame_and_case_of_an_address_is_one_key(
    local: str, domain: str, frame: str, case: object
) -> None:
    """SUP-05: trimming, display name, mailto and case never split a person in two."""
    plain = canonical_email(f"{local}@{domain}")

    assert plain is not None
    assert canonical_email(frame.format(case(f"{local}@{domain}"))) == plain  # type: ignore[operator]  # a method of str


@pytest.mark.parametrize("wide", ["ｊｅａｎ＠ｅｘａｍｐｌｅ．ｆｒ", "jean＠example.fr", "jean@ｅｘａｍｐｌｅ.fr"])
def test_sup_05_compatibility_forms_are_folded(wide: str) -> None:
    """SUP-05: NFKC comes first, so full-width letters are the plain ones."""
    assert canonical_email(wide) == "jean@example.fr"


@given(
    st.text(max_size=40) | st.builds("{}@{}.{}".format, st.text(max_size=8), st.text(max_size=8), st.text(max_size=4))
)
def test_sup_05_a_canonical_address_is_its_own_canonical_form(raw: str) -> None:
    """SUP-05: normalising twice changes nothing, and no text makes it raise."""
    once = canonical_email(raw)

    assert once is None or canonical_email(once) == once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jean.dupont@example.fr", "jeandupont@example.fr"),
        ("jean+news@example.fr", "jean@example.fr"),
        ("jean@example.fr", "jean@example.com"),
        ("jean@mail.example.fr", "jean@example.fr"),
        ("jeanne@example.fr", "jean@example.fr"),
    ],
)
def test_sup_05_different_addresses_stay_different(one: str, other: str) -> None:
    """SUP-05: dots, tags and domains are kept, for only the receiving host knows what they mean."""
    assert canonical_email(one) != canonical_email(other)


@pytest.mark.parametrize(
    "raw", ["", " ", "jean", "jean@", "@example.fr", "jean@example", "a@b@c.fr", "Jean <>", "n/a", "<"]
)
def test_what_is_no_address_has_no_key(raw: str) -> None:
    """An empty or broken address makes no key, so it never links two people."""
    assert canonical_email(raw) is None
    assert IDENTITY.email(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        "06 39 98 10 11", "+33 6 39 98 10 11", "0033639981011", "+33 (0)6 39 98 10 11", "06.39.98.10.11", "06-39-98-10-11",
        "tel:+33639981011", "０６３９９８１０１１", "06\u00a039\u00a098\u00a010\u00a011", "+33639981011 ext. 12",
    ],
)  # fmt: skip
def test_sup_05_every_spelling_of_a_number_is_one_key(raw: str) -> None:
    """SUP-05: E.164 with the default country."""
    assert canonical_phone(raw, "FR") == "+33639981011"


def test_sup_05_a_national_number_is_read_in_its_region() -> None:
    """SUP-05: the same digits are another person elsewhere; an international number is the same everywhere."""
    assert canonical_phone("020 7946 0018", "GB") == "+442079460018"
    assert canonical_phone("020 7946 0018", "GB") != canonical_phone("020 7946 0018", "FR")
    assert canonical_phone("+44 20 7946 0018", "FR") == "+442079460018"


@given(st.text(max_size=30))
def test_sup_05_a_canonical_number_is_its_own_canonical_form(raw: str) -> None:
    """SUP-05: normalising twice changes nothing, whatever the region, and no text makes it raise."""
    once = canonical_phone(raw, "FR")

    assert once is None or canonical_phone(once, "GB") == once


@pytest.mark.parametrize("raw", ["", "none", "3631", "12", "0000000000000000000000", "06 39 98 10 11 / 07 39 98 10 11"])
def test_what_is_no_number_has_no_key(raw: str) -> None:
    """A short code, a placeholder or two numbers in one field make no key."""
    assert IDENTITY.phone(raw) is None


def test_sup_06_a_key_is_an_hmac_sha_256_of_the_canonical_form() -> None:
    """SUP-06: keyed, so that nobody without the secret can try addresses; the kind is part of what is hashed."""
    found = IDENTITY.email("Jean@Example.fr")

    assert found is not None
    assert found.key.digest == hmac.new(NEW, b"email:jean@example.fr", hashlib.sha256).hexdigest()
    assert found.key.digest != hashlib.sha256(b"jean@example.fr").hexdigest()
    assert str(found.key) == f"email:k2:{found.key.digest}"


def test_sup_06_a_key_of_before_a_rotation_is_still_made() -> None:
    """SUP-06: the current key comes first, the old one after it, and it equals what the old ring alone made."""
    before = Keyring({"k1": OLD}, "k1").keys("email", "jean@example.fr")
    after = KEYRING.keys("email", "jean@example.fr")

    assert [key.key_id for key in after] == ["k2", "k1"]
    assert after[1] == before[0]
    assert after[0].digest != after[1].digest


def test_the_kind_keeps_a_phone_and_an_email_apart() -> None:
    """The same text as e-mail and as phone gives two keys."""
    assert KEYRING.keys("email", "+33639981011")[0].digest != KEYRING.keys("phone", "+33639981011")[0].digest


@pytest.mark.parametrize(
    ("secrets", "current"), [({}, "k1"), ({"k1": OLD}, "k2"), ({"k1": b"s" * 31}, "k1"), ({"k1": OLD, "k0": b""}, "k1")]
)
def test_sec_06_a_missing_or_short_key_stops(secrets: dict[str, bytes], current: str) -> None:
    """SEC-06: no key, an unknown current key, or one below 256 bits is refused; the secret is not in the message."""
    with pytest.raises(KeyProblem) as caught:
        Keyring(secrets, current)

    assert "sss" not in str(caught.value)


def test_check_values_tell_a_wrong_key_and_nothing_of_a_person() -> None:
    """The key: the check value of one id differs as soon as the secret does, and is no hash of an identifier."""
    checks = KEYRING.check_values()

    assert set(checks) == {"k1", "k2"}
    assert checks["k1"] == Keyring({"k1": OLD}, "k1").check_values()["k1"]
    assert checks["k1"] != Keyring({"k1": b"x" * 32}, "k1").check_values()["k1"]


def test_no_repr_tells_a_secret_or_an_identifier() -> None:
    """No personal value and no secret in a repr."""
    assert repr(KEYRING) == "Keyring(k1, k2)"
    told = repr(IDENTITY) + repr(IDENTITY.all(("jean.dupont@example.fr",), ("0639981011",)))

    for hidden in ("dupont", "639981011", "ooo", "nnn"):
        assert hidden not in told


@pytest.mark.parametrize(
    ("address", "generic"),
    [
        ("INFO@x.example", True),
        ("Info <info@x.example>", True),
        ("inform@x.example", False),
        ("jean.info@x.example", False),
    ],
)
def test_a_mailbox_that_is_nobodys_is_marked_generic(address: str, generic: bool) -> None:
    """DESIGN §6: info@ and its like are marked by their local part alone."""
    found = IDENTITY.email(address)

    assert found is not None
    assert found.generic is generic


def test_all_gives_each_identifier_once_and_leaves_out_what_is_none() -> None:
    """SUP-05: secondary addresses count, doubles in another spelling do not."""
    found = IDENTITY.all(("a@x.example", "broken", " A@X.example", "b@x.example"), ("0639981011", "+33639981011"))

    assert [item.kind for item in found] == ["email", "email", "phone"]


def test_a_text_cut_in_the_middle_of_a_character_is_hashed_all_the_same() -> None:
    """Vendors cut long texts at UTF-16 units; half a character must stop neither a scan nor a match."""
    assert KEYRING.keys("email", "cut\ud83d@x.example") != KEYRING.keys("email", "cut@x.example")
    assert IDENTITY.email("cut\ud83d@x.example") is not None


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_subject_key_tells_texts_apart(one: str, other: str) -> None:
    """Two keys are equal exactly when the texts are."""
    assert (KEYRING.keys("email", one) == KEYRING.keys("email", other)) is (one == other)


@pytest.mark.parametrize(
    "raw",
    [
        "x@y.example,",
        "x@y.example;",
        '"x@y.example"',
        "'x@y.example'",
        "(x@y.example)",
        "Dupond;x@y.example",
        "mail: x@y.example",
    ],
)
def test_sup_05_what_separates_or_quotes_an_address_is_no_part_of_it(raw: str) -> None:
    """Left on it, it would make another person of it, whom no objection and no contact reaches."""
    assert IDENTITY.all((raw,), ()) == IDENTITY.all(("x@y.example",), ())
    assert IDENTITY.email(raw) in {None, IDENTITY.email("x@y.example")}


@pytest.mark.parametrize("raw", ["o'brien@y.example", "a/b@y.example", "first+tag@y.example"])
def test_sup_05_marks_that_an_address_may_hold_stay(raw: str) -> None:
    """One address, and not the rest of it after the mark."""
    assert canonical_email(raw) == raw


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("file 2026/114", False), ("form of 2026-11-20", False), ("claim no. 12345678", False), ("H-1, Legal", False),
        ("lawsuit of x@y.example", True), ("call from 06 39 98 10 11", True), ("mail by Dupond <x@y.example>", True),
    ],
)  # fmt: skip
def test_a_text_that_is_kept_as_typed_is_told_from_one_that_names_somebody(text: str, names: bool) -> None:
    """References, dates and file numbers are none."""
    assert mentions_somebody(text, "FR") is names
