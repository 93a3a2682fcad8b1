"""What the suppression list gains: whom an objection covers, on which channel, since when (SUP-01, SUP-05, SUP-07, SUP-11)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identity import Identity, Keyring, SubjectKey
from core.index import Row, row
from core.model import CHANNELS, Channel, Objection, Record, Ref
from core.objections import Known, spread
from core.people import Entry, People

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
EARLY, LATE = NOW - timedelta(days=20), NOW - timedelta(days=2)
IDENTITY = Identity(Keyring({"k1": b"k" * 32}, "k1"))
MAILS = ("u@x.example", "v@x.example", "w@x.example", "info@x.example")
PHONES = ("0639981011", "0639981012", "0639981013")
ABOVE = 2


def person(name: str, *identifiers: str, says: tuple[Objection, ...] = (), identity: Identity = IDENTITY) -> Row:
    """A row of the CRM whose letter the name begins with; what has an @ is an e-mail."""
    emails = tuple(item for item in identifiers if "@" in item)
    phones = tuple(item for item in identifiers if "@" not in item)
    return row(
        Record(ref=Ref(name[0], "person", name[1:]), version="1", emails=emails, phones=phones, objections=says),
        identity,
    )


def no(channel: Channel, at: datetime | None = None, source: str = "flag") -> Objection:
    """An objection flag."""
    return Objection(channel, source, at)


def key(identifier: str, identity: Identity = IDENTITY) -> SubjectKey:
    """The subject key of an address or number."""
    found = identity.email(identifier) or identity.phone(identifier)
    assert found is not None
    return found.key


def listed(*entries: tuple[Channel, str], at: datetime = EARLY) -> Known:
    """A suppression list."""
    return {(channel, key(text)): Entry(channel, key(text), at, "z:flag") for channel, text in entries}


def gained(rows: list[Row], known: Known | None = None, above: int = ABOVE) -> set[tuple[Channel, str]]:
    """What the list gains, said with the identifiers of these tests."""
    names = {key(text): text for text in (*MAILS, *PHONES)}
    return {(channel, names[subject]) for channel, subject in spread(People(rows, above), known or {}, NOW)}


WORLDS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(MAILS + PHONES), max_size=3, unique=True),
        st.lists(st.sampled_from(CHANNELS), max_size=1),
    ),
    max_size=7,
).map(lambda drawn: [person(f"a{n}", *ids, says=tuple(map(no, says))) for n, (ids, says) in enumerate(drawn)])
LISTS = st.lists(st.tuples(st.sampled_from(CHANNELS), st.sampled_from(MAILS)), max_size=2).map(
    lambda drawn: listed(*drawn)
)


def _closed(start: set[Ref], rows: list[Row], strong: set[SubjectKey], kind: str) -> list[Row]:
    """The rows that strong keys of one kind join to some of them, step by step."""
    reached = [item for item in rows if item.ref in start]
    while True:
        keys = {i.key for item in reached for i in item.identifiers if i.kind == kind and i.key in strong}
        more = [item for item in rows if item in reached or keys & {i.key for i in item.identifiers}]
        if len(more) == len(reached):
            return reached
        reached = more


def expected(rows: list[Row], known: Known) -> set[tuple[Channel, SubjectKey]]:
    """SUP-07 and DESIGN §6 by hand, with nothing of the code under test: first by e-mail, then telephones by phone."""
    count = Counter(item.key for one in rows for item in one.identifiers)
    generic = {key("info@x.example")}
    strong = {subject for subject, many in count.items() if many <= ABOVE and subject not in generic}
    found: set[tuple[Channel, SubjectKey]] = set(known)
    passes: list[tuple[Channel, str]] = [("email", "email"), ("telephone", "email"), ("telephone", "phone")]
    for channel, kind in passes:
        shows = {one.ref for one in rows if any(flag.channel == channel for flag in one.objections)}
        start = shows | {
            one.ref for one in rows for i in one.identifiers
            if i.kind == kind and i.key in strong and (channel, i.key) in found
        }  # fmt: skip
        carried = {"email"} if channel == "email" else {"phone"} if kind == "phone" else {"email", "phone"}
        for one in _closed(start, rows, strong, kind):
            found |= {
                (channel, i.key) for i in one.identifiers if i.kind in carried and (i.key in strong or one.ref in shows)
            }
    return found - set(known)


@given(WORLDS, LISTS)
def test_sup_07_the_list_gains_exactly_what_the_rule_says(rows: list[Row], known: Known) -> None:
    """No missed objection and none too many, against the rule computed step by step."""
    assert set(spread(People(rows, ABOVE), known, NOW)) == expected(rows, known)


@given(WORLDS, LISTS)
def test_sup_07_spreading_twice_gains_nothing(rows: list[Row], known: Known) -> None:
    """The plan after a clean run is empty: what was gained covers everything it will ever cover on the same records."""
    new = spread(People(rows, ABOVE), known, NOW)

    assert spread(People(rows, ABOVE), {**known, **new}, NOW) == {}


@given(WORLDS, LISTS, st.randoms())
def test_sup_07_the_order_of_records_does_not_count(rows: list[Row], known: Known, random: object) -> None:
    """The same records read in another order give the same entries with the same dates and sources."""
    mixed = list(rows)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # a Random

    assert spread(People(mixed, ABOVE), known, NOW) == spread(People(rows, ABOVE), known, NOW)


@given(WORLDS, LISTS)
def test_sup_01_every_identifier_of_the_record_that_shows_an_objection_is_covered(
    rows: list[Row], known: Known
) -> None:
    """SUP-05: secondary addresses too, shared and generic ones included, for the person used them to object."""
    after = {**known, **spread(People(rows, ABOVE), known, NOW)}

    for one in rows:
        for flag in one.objections:
            wanted = [item for item in one.identifiers if item.kind == "email" or flag.channel == "telephone"]
            assert not [item.kind for item in wanted if (flag.channel, item.key) not in after]


def test_sup_07_an_objection_in_one_crm_covers_the_other_addresses_of_the_person_in_another() -> None:
    """Transitive through strong e-mails: a shows it, b links a to c."""
    rows = [
        person("a1", MAILS[0], says=(no("email"),)),
        person("b1", MAILS[0], MAILS[1]),
        person("c1", MAILS[1], MAILS[2], PHONES[0]),
    ]

    assert gained(rows) == {("email", mail) for mail in MAILS[:3]}


def test_sup_07_a_phone_alone_carries_the_telephone_objection_to_phones_only() -> None:
    """Two people at one number: the one's objections never close the other's mailbox."""
    both = (no("email"), no("telephone"))
    rows = [person("a1", MAILS[0], PHONES[0], says=both), person("b1", MAILS[1], PHONES[0], PHONES[1])]

    assert gained(rows) == {
        ("email", MAILS[0]), ("telephone", MAILS[0]), ("telephone", PHONES[0]), ("telephone", PHONES[1]),
    }  # fmt: skip


def test_sup_07_a_number_reached_by_email_carries_the_telephone_objection_on() -> None:
    """a says no to calls, b is a by e-mail and has a phone, c is at that phone and has another one: all are closed."""
    rows = [
        person("a1", MAILS[0], says=(no("telephone"),)),
        person("b1", MAILS[0], PHONES[0]),
        person("c1", MAILS[1], PHONES[0], PHONES[1]),
    ]

    assert gained(rows) == {("telephone", MAILS[0]), ("telephone", PHONES[0]), ("telephone", PHONES[1])}


@pytest.mark.parametrize("shared", [MAILS[3], MAILS[0]])
def test_a_shared_key_is_suppressed_itself_and_covers_nobody_else(shared: str) -> None:
    """shared_key_above and generic mailboxes: what is on too many records links nobody, yet is not written to again."""
    rows = [
        person("a1", shared, says=(no("email"),)),
        *(person(f"b{n}", shared, MAILS[1 + n], phone) for n, phone in enumerate(PHONES[:2])),
    ]

    assert gained(rows) == {("email", shared)}


def test_an_email_objection_is_no_telephone_objection_and_the_reverse() -> None:
    """SUP-01: per channel."""
    assert gained([person("a1", MAILS[0], PHONES[0], says=(no("email"),))]) == {("email", MAILS[0])}
    assert ("email", MAILS[0]) not in gained([person("a1", MAILS[0], PHONES[0], says=(no("telephone"),))])


def test_sup_04_the_earliest_flag_dates_the_entry_and_names_its_source() -> None:
    """The delay of SUP-08 counts from the first objection; an undated one is dated by the run that saw it."""
    late, early = no("email", LATE, "late"), no("email", EARLY, "early")
    rows = [person("a1", MAILS[0], says=(late, no("email"))), person("b1", MAILS[0], MAILS[1], says=(early,))]

    assert {(entry.objected_at, entry.source) for entry in spread(People(rows, ABOVE), {}, NOW).values()} == {
        (EARLY, "b:early")
    }
    (entry,) = spread(People([person("a1", MAILS[0], says=(no("email"),))], ABOVE), {}, NOW).values()
    assert (entry.objected_at, entry.source) == (NOW, "a:flag")


def test_sup_07_the_list_alone_covers_a_new_record_and_keeps_the_date_of_the_objection() -> None:
    """R-S3.1: nobody shows a flag any more; who comes back with a second address is covered since the day they objected."""
    found = spread(People([person("c9", MAILS[0], MAILS[1])], ABOVE), listed(("email", MAILS[0])), NOW)

    assert [(entry.key, entry.objected_at, entry.source) for entry in found.values()] == [
        (key(MAILS[1]), EARLY, "z:flag")
    ]


def test_sup_11_no_objection_no_entry() -> None:
    """What is not on the list and not flagged gains nothing; a lifted entry is not made again by other people's records."""
    assert gained([person("a1", *MAILS, *PHONES), person("b1", MAILS[0])]) == set()
    assert gained([]) == set()


def test_sup_06_an_entry_under_an_old_key_counts_and_is_not_written_again() -> None:
    """Rotation: the person is known under the old key; only what is new is made, with the current one."""
    old = Identity(Keyring({"k1": b"k" * 32}, "k1"))
    new = Identity(Keyring({"k1": b"k" * 32, "k2": b"n" * 32}, "k2"))
    known: Known = {("email", key(MAILS[0], old)): Entry("email", key(MAILS[0], old), EARLY, "z:flag")}
    found = spread(People([person("a1", MAILS[0], MAILS[1], identity=new)], ABOVE), known, NOW)

    assert set(found) == {("email", key(MAILS[1], new))}
    assert all(entry.key.key_id == "k2" for entry in found.values())


def test_sup_03_an_entry_holds_no_ref_and_no_clear_identifier() -> None:
    """SUP-03, SUP-04: channel, keyed hash, date and flag; nothing that names a person or a record."""
    (entry,) = spread(People([person("a77", MAILS[0], says=(no("email"),))], ABOVE), {}, NOW).values()

    assert "77" not in entry.source
    assert "x.example" not in repr(entry)
