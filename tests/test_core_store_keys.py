"""Rotation of the HMAC key: nothing that protects or silences a person is lost with the old one (SUP-06, RET-24)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core.errors import KeyProblem
from core.identity import Identifier, Identity, Keyring
from core.index import Row
from core.model import CHANNELS, Ref
from core.people import Entry
from core.store.store import Store
from core.store.tables import suppression, tombstone

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
OLD, BOTH = Keyring({"k1": b"a" * 32}, "k1"), Keyring({"k2": b"b" * 32, "k1": b"a" * 32}, "k2")
ONLY_NEW = Keyring({"k2": b"b" * 32}, "k2")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store that was made with the old key."""
    made = Store(f"sqlite:///{tmp_path / 'store.sqlite'}")
    made.keys.confirm(OLD, NOW)
    yield made
    made.close()


def mail(ring: Keyring, address: str = "x@x.example") -> Identifier:
    """The identifier of an address."""
    item = Identity(ring).email(address)
    assert item
    return item


def test_ret_24_a_key_that_a_hold_in_force_is_under_must_be_given(store: Store) -> None:
    """Without it the hold would match nobody, silently; released, it needs no key any more."""
    hold = store.holds.add([str(mail(OLD).key), "email:contact:7"], "litigation", "legal", NOW, NOW)
    with pytest.raises(KeyProblem, match="k1"):
        store.keys.confirm(ONLY_NEW, NOW)
    store.keys.confirm(BOTH, NOW)
    held = Row(ref=Ref("a", "person", "1"), version="1", identifiers=(mail(BOTH),))
    assert store.holds.matcher()(held) == (hold.id,)

    store.holds.release(hold.id, "legal", NOW)
    store.keys.confirm(ONLY_NEW, NOW)
    assert store.keys.in_use() == frozenset()


def test_ret_24_every_hold_on_a_record_is_named(store: Store) -> None:
    """Two matters on one record: releasing one must not look like releasing all."""
    ids = tuple(store.holds.add(["a:person:1"], "matter", "legal", NOW, NOW).id for _ in range(2))

    assert store.holds.matcher()(Row(ref=Ref("a", "person", "1"), version="1")) == ids


def test_sup_04_an_entry_is_moved_with_its_evidence_and_dates_on_every_channel(store: Store) -> None:
    """Nothing but the key changes; another person's entry stays."""
    entries = [Entry(channel, mail(OLD).key, NOW - timedelta(days=9), "letter") for channel in CHANNELS]
    store.suppression.add(entries, "folder 7")
    store.suppression.add([Entry("email", mail(OLD, "other@x.example").key, NOW, "form")])

    assert store.suppression.rekey([mail(BOTH), mail(BOTH, "stranger@x.example")]) == 2

    lines = store._database.rows(select(suppression).order_by(suppression.c.key_id, suppression.c.channel))
    told = [(line.key_id, line.channel, line.evidence, line.objected_at) for line in lines]
    assert told == [
        ("k1", "email", "", NOW),
        ("k2", "email", "folder 7", NOW - timedelta(days=9)),
        ("k2", "telephone", "folder 7", NOW - timedelta(days=9)),
    ]
    assert store.suppression.rekey([mail(BOTH)]) == 0


@pytest.mark.parametrize("days", [-5, 5])
def test_sup_04_of_two_entries_for_one_person_the_earlier_stands(store: Store, days: int) -> None:
    """Whichever key the earlier objection was under."""
    store.suppression.add([Entry("email", mail(OLD).key, NOW, "letter")], "old")
    store.suppression.add([Entry("email", mail(BOTH).key, NOW + timedelta(days=days), "form")], "new")
    store.suppression.rekey([mail(BOTH)])

    (line,) = store._database.rows(select(suppression))
    assert (line.key_id, line.objected_at) == ("k2", min(NOW, NOW + timedelta(days=days)))
    assert line.evidence == ("old" if days > 0 else "new")


def test_ret_26_a_person_erased_twice_is_remembered_from_the_last_time(store: Store) -> None:
    """The stated period counts from the erasure that was."""
    store.tombstones.add([mail(OLD)], "RET-01", NOW)
    store.tombstones.add([mail(OLD)], "RET-01", NOW + timedelta(days=400))

    (line,) = store._database.rows(select(tombstone))
    assert line.erased_at == NOW + timedelta(days=400)
    assert store.tombstones.purge(NOW + timedelta(days=365 * 5 + 300)) == 0
    assert store.tombstones.purge(NOW + timedelta(days=365 * 6 + 100)) == 1


def test_sec_06_entries_and_holds_are_moved_together_and_the_ledger_says_how_many(store: Store) -> None:
    """Counts and key ids, in one line; the old key may go then, and the hold still matches; moved once is moved."""
    person = Row(ref=Ref("a", "person", "1"), version="1", identifiers=(mail(BOTH), mail(BOTH, "y@x.example")))
    store.index.put([person], 1)
    store.suppression.add([Entry(channel, mail(OLD).key, NOW, "letter") for channel in CHANNELS])
    hold = store.holds.add([str(mail(OLD).key)], "litigation", "legal", NOW, NOW)
    store.holds.extend({hold.id: [str(mail(OLD, "y@x.example").key)]}, NOW)
    for _ in range(2):
        store.rekey(BOTH.ids, NOW)

    (line,) = store.ledger.entries()
    (moved,) = store.holds.all()
    assert line.body == {"do": "rekey", "from": ["k1"], "to": "k2", "entries": 2, "holds": 2, "tombstones": 0}
    assert (moved.scope, moved.added) == ((str(mail(BOTH).key),), (str(mail(BOTH, "y@x.example").key),))
    assert store.holds.matcher()(person) == (hold.id,)
    store.keys.confirm(ONLY_NEW, NOW)


def test_ret_24_a_hold_keeps_the_old_key_alive_until_its_person_was_seen(store: Store) -> None:
    """Whoever is in no CRM just now may come back: the key under which they are held is still needed."""
    store.holds.add(["a:person:1", str(mail(OLD).key)], "litigation", "legal", NOW, NOW)
    store.index.put([Row(ref=Ref("a", "person", "1"), version="1", identifiers=(mail(BOTH, "z@x.example"),))], 1)
    store.rekey(BOTH.ids, NOW)

    with pytest.raises(KeyProblem, match="k1"):
        store.keys.confirm(ONLY_NEW, NOW)
    assert store.ledger.count() == 0
