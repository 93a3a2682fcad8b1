"""Who is one person, what is known of them, and whom an objection covers: DESIGN §6 "The person, not the record"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core.identity import Identity, Keyring
from core.index import Row, row
from core.model import Channel, Moment, Objection, Record, Ref
from core.objections import spread
from core.people import Entry, People

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
IDENTITY = Identity(Keyring({"k1": b"k" * 32}, "k1"))


def person(name: str, *emails: str, phones: tuple[str, ...] = (), **facts: object) -> Row:
    """A row of the CRM whose letter the name begins with: `a1` is record 1 of crm a."""
    record = Record(ref=Ref(name[0], "person", name[1:]), version="1", emails=emails, phones=phones, **facts)  # type: ignore[arg-type]  # facts are fields of Record
    return row(record, IDENTITY)


def people(*rows: Row, shared_above: int = 5) -> People:
    """Everybody in some rows."""
    return People(rows, shared_above)


def objected(everybody: People, name: str, listed: dict[object, Entry] | None = None) -> set[Channel]:
    """The channels on which a record must not be solicited once the list has gained what it must."""
    entries = {**(listed or {}), **spread(everybody, listed or {}, NOW)}  # type: ignore[arg-type, dict-item]  # keys as spread makes them
    return set(everybody.facts(Ref(name[0], "person", name[1:]), entries, lambda _: (), ()).objected)  # type: ignore[arg-type]  # the same


def says_no(channel: Channel, at: datetime | None = None) -> tuple[Objection, ...]:
    """An objection flag."""
    return (Objection(channel, "flag", at),)


def linked(everybody: People, name: str) -> set[str]:
    """The records of the same person, as written in these tests."""
    return {f"{ref.crm}{ref.id}" for ref in everybody.linked(Ref(name[0], "person", name[1:]))}


def test_sup_05_another_case_another_format_and_a_secondary_address_are_the_same_person() -> None:
    """Records are linked by any shared key, directly or through another record."""
    everybody = people(
        person("a1", " Jean.DUPONT@Exämple.fr "),
        person("b1", "perso@x.example", "jean.dupont@xn--exmple-cua.fr", phones=("06 39 98 10 11",)),
        person("c1", phones=("+33 6 39 98 10 11",)),
        person("c2", "else@x.example"),
    )

    assert linked(everybody, "a1") == {"b1", "c1"}
    assert linked(everybody, "c2") == set()


def test_a_key_on_many_records_and_a_generic_mailbox_link_nobody() -> None:
    """shared_key_above: six records under one number are six people; so are two under info@."""
    six = [person(f"a{n}", f"p{n}@x.example", phones=("0199001234",)) for n in range(6)]
    five = [person(f"b{n}", f"q{n}@x.example", phones=("0199005678",)) for n in range(5)]
    info = [person(f"c{n}", "info@x.example") for n in range(2)]
    everybody = people(*six, *five, *info)

    assert linked(everybody, "a0") == set()
    assert linked(everybody, "b0") == {"b1", "b2", "b3", "b4"}
    assert linked(everybody, "c0") == set()
    assert everybody.facts(Ref("c", "person", "0"), {}, lambda _: (), ()).shared


def test_ret_20_the_latest_contact_of_the_person_counts_on_every_record() -> None:
    """An order in one CRM protects the record in another; the facts name where it was seen."""
    order = Moment(NOW - timedelta(days=30), "order")
    everybody = people(
        person("a1", "x@x.example", collected=NOW - timedelta(days=2000)), person("b1", "X@x.example", inbound=(order,))
    )
    facts = everybody.facts(Ref("a", "person", "1"), {}, lambda _: (), ())

    assert facts.inbound is not None
    assert facts.inbound.moment == order
    assert facts.inbound.ref == Ref("b", "person", "1")


def test_ret_22_a_phone_protects_but_does_not_date_and_neither_does_a_collection_elsewhere() -> None:
    """An undated record stays undated when only a phone links it, or when another record merely has a collection date."""
    click = Moment(NOW - timedelta(days=2000), "click")
    by_phone = people(
        person("a1", "a@x.example", phones=("0639981011",)),
        person("b1", "b@x.example", phones=("0639981011",), inbound=(click,)),
    )
    by_mail = people(person("a1", "a@x.example"), person("b1", "a@x.example", collected=NOW - timedelta(days=2000)))
    dated = people(person("a1", "a@x.example"), person("b1", "a@x.example", inbound=(click,)))
    found = [everybody.facts(Ref("a", "person", "1"), {}, lambda _: (), ()) for everybody in (by_phone, by_mail, dated)]

    assert [facts.anchored is not None for facts in found] == [False, False, True]
    assert all(facts.inbound is not None for facts in found)


def test_sup_07_an_objection_by_email_covers_the_person_and_nobody_beside_them() -> None:
    """Transitively through addresses; a colleague who shares only the number keeps their mails."""
    everybody = people(
        person("a1", "x@x.example", objections=says_no("email")),
        person("b1", "X@x.example", "y@x.example", phones=("0639981011",)),
        person("c1", "Y@x.example"),
        person("c2", "colleague@x.example", phones=("0639981011",)),
    )

    assert [objected(everybody, name) for name in ("a1", "b1", "c1", "c2")] == [{"email"}, {"email"}, {"email"}, set()]


def test_sup_07_a_phone_alone_carries_the_telephone_objection_only() -> None:
    """All channels reach the records matched by e-mail; by phone alone only the telephone does, also at a second look."""
    everybody = people(
        person("a1", "x@x.example", phones=("0639981011",), objections=says_no("email") + says_no("telephone")),
        person("b1", "X@x.example"),
        person("c1", "other@x.example", phones=("0033639981011",)),
    )
    once = spread(everybody, {}, NOW)
    again = spread(everybody, once, NOW)

    assert objected(everybody, "b1") == {"email", "telephone"}
    assert objected(everybody, "c1") == {"telephone"}
    assert again == {}
    assert {entry.key.kind for entry in once.values() if entry.channel == "email"} == {"email"}


def test_sup_07_an_identifier_on_the_list_is_suppressed_wherever_it_appears_shared_or_not() -> None:
    """A generic mailbox that objected is closed on every record that has it, and links no further."""
    everybody = people(
        person("a1", "info@x.example", objections=says_no("email")),
        person("b1", "info@x.example", "jean@x.example"),
        person("c1", "jean@x.example"),
    )

    assert objected(everybody, "b1") == {"email"}
    assert objected(everybody, "c1") == set()


def test_r_s3_1_the_list_alone_is_enough_for_whoever_comes_back() -> None:
    """No record shows the objection any more: the entry matches the new one, under an old key as well."""
    old = Identity(Keyring({"k0": b"o" * 32}, "k0"))
    both = Identity(Keyring({"k1": b"k" * 32, "k0": b"o" * 32}, "k1"))
    listed = old.email("back@x.example")
    assert listed is not None
    entry = Entry("email", listed.key, NOW, "letter")
    record = Record(ref=Ref("a", "person", "9"), version="1", emails=("BACK@x.example",))
    everybody = people(row(record, both))

    assert objected(everybody, "a9", {("email", listed.key): entry}) == {"email"}


def test_what_we_pushed_ourselves_is_no_source() -> None:
    """A flag of our own making starts no objection."""
    record = Record(ref=Ref("a", "person", "1"), version="1", emails=("x@x.example",), objections=says_no("email"))

    assert row(record, IDENTITY, frozenset({"email"})).objections == ()
    assert row(record, IDENTITY).objections == record.objections


def test_ret_24_a_hold_on_one_record_is_a_hold_on_its_person() -> None:
    """Whoever is linked is held, and the hold is named."""
    everybody = people(person("a1", "x@x.example"), person("b1", "x@x.example"), person("c1", "y@x.example"))
    holds = {Ref("a", "person", "1"): ("H-1",)}
    found = {
        name: everybody.facts(Ref(name[0], "person", "1"), {}, lambda r: holds.get(r.ref, ()), ()).holds
        for name in ("a1", "b1", "c1")
    }

    assert found == {"a1": ("H-1",), "b1": ("H-1",), "c1": ()}


def test_a_hundred_thousand_rows_are_joined_quickly_enough_to_count_calls() -> None:
    """Every key is looked at a few times, not once per pair: work grows with the rows (counted, not timed)."""
    rows = [person(f"a{n}", f"p{n // 2}@x.example") for n in range(4000)]
    everybody = people(*rows)

    assert linked(everybody, "a0") == {"a1"}
    assert sum(len(group) for group in everybody.groups("email")) == 4000


def test_sup_05_two_identifiers_in_one_field_are_both_read() -> None:
    """`a@x; b@x` and `06 … / 01 …`: neither loses its objection."""
    everybody = people(
        person("a1", "x@x.example; y@x.example", phones=("06 39 98 10 11 / 01 99 00 12 34",)),
        person("b1", "Y@x.example"),
        person("c1", phones=("+33199001234",)),
    )

    assert linked(everybody, "a1") == {"b1", "c1"}


def test_sup_06_during_a_rotation_a_shared_key_is_seen_to_be_shared() -> None:
    """Some rows were read before it and carry the old key alone, others carry both: six in all are too many."""
    both = Identity(Keyring({"k2": b"n" * 32, "k1": b"k" * 32}, "k2"))
    records = [
        Record(ref=Ref("a", "person", str(n)), version="1", emails=(f"p{n}@x.example",), phones=("0199001234",))
        for n in range(6)
    ]
    rows = [row(item, IDENTITY if n < 3 else both) for n, item in enumerate(records)]

    for some, strong in ((rows, False), (rows[:5], True)):
        everybody = people(*some)
        assert [everybody.strong(item.identifiers[1]) for item in some] == [strong] * len(some)
        assert linked(everybody, "a0") == ({"a1", "a2", "a3", "a4"} if strong else set())
