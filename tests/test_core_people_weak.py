"""A key on too many records, or a generic mailbox: enough to protect whoever carries it, and for nothing else (DESIGN §6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from core.facts import Facts
from core.identity import Identity, Keyring
from core.index import Row, row
from core.model import Moment, Record, Ref
from core.people import People

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
OLD = NOW - timedelta(days=2000)
ORDER = Moment(NOW - timedelta(days=30), "order")
IDENTITY = Identity(Keyring({"k1": b"k" * 32}, "k1"))
INFO, SWITCHBOARD = "contact@plomberie.example", "0199001234"


def person(
    name: str, *emails: str, phones: tuple[str, ...] = (), identity: Identity = IDENTITY, **facts: object
) -> Row:
    """A row of the CRM whose letter the name begins with, collected long ago unless said otherwise."""
    values = {"ref": Ref(name[0], "person", name[1:]), "version": "1", "emails": emails, "phones": phones}
    return row(Record(**{"collected": OLD, **values, **facts}), identity)  # type: ignore[arg-type]  # fields of Record


def known(rows: Iterable[Row], name: str, held: dict[str, tuple[str, ...]] | None = None) -> Facts:
    """What is known of a record among some rows; `held` are the holds by the name of a record."""
    people = People(rows, 5)
    return people.facts(
        Ref(name[0], "person", name[1:]), {}, lambda r: (held or {}).get(f"{r.ref.crm}{r.ref.id}", ()), ()
    )


def colleagues(count: int = 6, **first: object) -> list[Row]:
    """People behind one switchboard, b0 with something of its own."""
    return [person(f"b{n}", f"b{n}@x.example", phones=(SWITCHBOARD,), **(first if not n else {})) for n in range(count)]


def test_ret_20_a_contact_under_a_generic_mailbox_protects_and_says_where_it_was_seen() -> None:
    """The only address of a one-man business: silent in one CRM, an order in the other."""
    facts = known([person("a1", INFO), person("b1", INFO, inbound=(ORDER,))], "a1")

    assert facts.inbound is not None
    assert (facts.inbound.moment, facts.inbound.ref) == (ORDER, Ref("b", "person", "1"))
    assert facts.linked == ()


def test_ret_20_a_contact_behind_a_switchboard_protects_who_has_no_address_of_their_own() -> None:
    """A number on seven records; whose contact it was cannot be told from the silent one."""
    facts = known([person("a1", phones=(SWITCHBOARD,)), *colleagues(inbound=(ORDER,))], "a1")

    assert facts.inbound is not None
    assert facts.inbound.ref == Ref("b", "person", "0")


def test_ret_24_two_addresses_behind_one_switchboard_are_two_people() -> None:
    """A colleague's order, deal or hold is theirs: it keeps nobody who has an address of their own."""
    held = {"b0": ("H-1",)}
    rows = colleagues(inbound=(ORDER,), open=("deal",), restricted=True)
    facts = known([person("a1", "a1@x.example", phones=(SWITCHBOARD,)), *rows], "a1", held)

    assert facts.inbound is not None
    assert facts.inbound.ref == Ref("a", "person", "1")
    assert (facts.open, facts.holds, facts.restricted) == ((), (), False)


def test_ret_20_whoever_has_only_the_switchboard_protects_all_behind_it() -> None:
    """The caller left no address: it may have been any of them."""
    caller = person("c1", phones=(SWITCHBOARD,), inbound=(ORDER,))
    facts = known([person("a1", "a1@x.example", phones=(SWITCHBOARD,)), caller, *colleagues()], "a1")

    assert facts.inbound is not None
    assert facts.inbound.ref == Ref("c", "person", "1")


def test_ret_20_an_address_on_too_many_records_tells_nobody_apart() -> None:
    """They have it in common: it may be one person in many copies."""
    copies = [person(f"b{n}", "x@x.example", **({"inbound": (ORDER,)} if not n else {})) for n in range(6)]
    facts = known([person("a1", "x@x.example"), *copies], "a1")

    assert facts.inbound is not None
    assert facts.inbound.ref == Ref("b", "person", "0")


def test_ret_22_a_weak_key_dates_nobody() -> None:
    """A record without a date stays undated, whatever its neighbours have."""
    facts = known([person("a1", INFO, collected=None), person("b1", INFO, inbound=(ORDER,))], "a1")

    assert facts.anchored is None
    assert facts.inbound is not None


def test_ret_20_the_mere_collection_of_a_neighbour_keeps_nobody() -> None:
    """A colleague entered last week is no contact of this person: else a switchboard would keep everybody for ever."""
    facts = known([person("a1", INFO), person("b1", INFO, collected=NOW)], "a1")

    assert facts.inbound is not None
    assert (facts.inbound.moment.at, facts.inbound.ref) == (OLD, Ref("a", "person", "1"))


def test_ret_23_ret_24_open_business_holds_restriction_and_blind_spots_protect_across_a_weak_key() -> None:
    """All that keeps a person is taken over the neighbours too; the mark of our own quarantine is nobody's protection."""
    facts = known([
        person("a1", INFO),
        person("b1", INFO, open=("deal",), unreadable=("inbound_call",), requests=("access",)),
        person("b2", INFO, restricted=True),
    ], "a1", {"b2": ("H-1",)})  # fmt: skip
    ours = row(
        Record(ref=Ref("b", "person", "1"), version="1", emails=(INFO,), restricted=True), IDENTITY, {"restriction"}
    )

    assert facts.open == ((Ref("b", "person", "1"), "deal"),)
    assert facts.unreadable == ((Ref("b", "person", "1"), "inbound_call"),)
    assert (facts.holds, facts.restricted, facts.requests) == (("H-1",), True, ("access",))
    assert not known([person("a1", INFO), ours], "a1").restricted


def test_what_a_weak_key_says_of_the_audience_is_loose() -> None:
    """It may lengthen a period and never shorten one; what the record itself shows is not loose."""
    order, stage = frozenset({"order"}), frozenset({"prospect_stage"})
    facts = known([person("a1", INFO, signals=stage), person("b1", INFO, signals=order | stage)], "a1")

    assert (facts.signals, facts.loose) == (order | stage, order)


def test_a_weak_key_is_followed_once_and_no_further() -> None:
    """a1 and b1 share a mailbox, b1 and c1 another one, b1 and d1 an address: only b1 protects a1."""
    rows = [
        person("a1", INFO),
        person("b1", INFO, "info@other.example", "b1@x.example"),
        person("c1", "info@other.example", inbound=(ORDER,)),
        person("d1", "b1@x.example", inbound=(ORDER,)),
    ]
    facts = known(rows, "a1")

    assert facts.inbound is not None
    assert facts.inbound.moment.source == "collected"


def test_ret_20_the_weak_keys_of_all_records_of_a_person_protect_the_person() -> None:
    """The clock is the person's: the mailbox stands on the Salesforce record only, the copy in HubSpot is kept with it."""
    rows = [person("a1", "x@x.example"), person("b1", "x@x.example", INFO), person("c1", INFO, inbound=(ORDER,))]
    facts = known(rows, "a1")

    assert facts.inbound is not None
    assert facts.inbound.ref == Ref("c", "person", "1")
    assert facts.linked == (Ref("b", "person", "1"),)


def test_sup_06_a_weak_key_protects_across_a_rotation() -> None:
    """One row was read under the old key only, the other under both."""
    both = Identity(Keyring({"k2": b"b" * 32, "k1": b"k" * 32}, "k2"))
    facts = known([person("a1", INFO), person("b1", INFO, identity=both, inbound=(ORDER,))], "a1")

    assert facts.inbound is not None
    assert facts.inbound.moment == ORDER


def test_a_switchboard_of_thousands_is_added_up_once() -> None:
    """Work grows with the records and not with their pairs: each row is asked for its holds once, facts stay small."""
    rows = colleagues(3000, inbound=(ORDER,))
    rows = [*rows, *(person(f"c{n}", INFO, phones=(SWITCHBOARD,), open=("deal",)) for n in range(1000))]
    people, asked = People(rows, 5), Counter[Ref]()

    def holds(item: Row) -> tuple[str, ...]:
        asked[item.ref] += 1
        return ()

    facts = [people.facts(item.ref, {}, holds, ()) for item in rows]

    assert set(asked.values()) == {1}
    assert all(len(one.open) <= 2 for one in facts)
    assert {one.inbound.ref for one, item in zip(facts, rows, strict=True) if one.inbound and item.ref.crm == "c"} == {
        Ref("b", "person", "0")
    }
