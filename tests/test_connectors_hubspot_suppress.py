"""Suppress against the local HubSpot: every address, both tiers, the telephone, and errors inside a 200."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.actions import Command, Suppress
from core.connector import AlreadyDone, Changed, Done, Gone, Refused
from core.errors import NotAllowed, Unreachable
from core.model import Ref
from tests.test_connectors_hubspot_connector import Place, do, fresh

EMAIL, TELEPHONE, BOTH = Suppress(("email",)), Suppress(("telephone",)), Suppress(("email", "telephone"))


@pytest.fixture(scope="module")
def running() -> Iterator[Place]:
    """One server for the file."""
    place = Place()
    yield place
    place.close()


@pytest.fixture
def place(running: Place) -> Place:
    """The server in its first state."""
    running.sandbox.reset()
    return running


@pytest.mark.parametrize("tier", ["professional", "enterprise"])
def test_every_address_of_the_contact_is_opted_out(place: Place, tier: str) -> None:
    """§12.14: consent belongs to addresses; by batch on Enterprise, one by one below."""
    place.settings(tier=tier)
    crm = place.connect()
    ref = place.contact("101", email="a+x@example.fr", hs_additional_emails="b@example.fr")
    assert [type(item) for item in do(crm, EMAIL, ref)] == [Done]
    assert place.opted_out("a+x@example.fr") and place.opted_out("b@example.fr")
    assert fresh(crm, ref).suppressed == {"email"}
    assert [type(item) for item in do(crm, EMAIL, ref)] == [AlreadyDone]


def test_twice_is_once_with_the_old_version(place: Place) -> None:
    """An opt-out moves the contact's version; the same command again is AlreadyDone."""
    crm = place.connect()
    ref = place.contact("101", email="a@example.fr")
    batch = [Command(ref, fresh(crm, ref).version, EMAIL)]
    assert [type(item) for item in (*crm.apply(batch), *crm.apply(batch))] == [Done, AlreadyDone]
    assert place.calls("/unsubscribe-all$", "POST") == 2  # the batch that is refused, and the one that counts


def test_a_changed_contact_and_one_that_is_not_there(place: Place) -> None:
    """Its address may be another one now."""
    crm = place.connect()
    ref = place.contact("101", email="a@example.fr")
    version = fresh(crm, ref).version
    place.raw("PATCH", "/crm/v3/objects/contacts/101", {"properties": {"email": "new@example.fr"}})
    missing = Ref("hubspot", "contact", "9")
    assert list(crm.apply([Command(ref, version, EMAIL), Command(missing, "v", EMAIL)])) == [Changed(), Gone()]
    assert not place.opted_out("a@example.fr") and not place.opted_out("new@example.fr")


def test_a_batch_is_a_handful_of_calls_on_enterprise(place: Place) -> None:
    """§5.2: a hundred addresses a call."""
    place.settings(tier="enterprise")
    crm = place.connect()
    refs = [place.contact(str(1000 + number), email=f"p{number}@example.fr") for number in range(60)]
    versions = {ref: record.version for ref, record in crm.get(refs).items() if record}
    before = place.calls()
    receipts = list(crm.apply([Command(ref, versions[ref], EMAIL) for ref in refs]))
    assert {type(item) for item in receipts} == {Done}
    assert place.calls() - before == 3
    assert all(place.opted_out(f"p{number}@example.fr") for number in (0, 59))


def test_errors_inside_a_200_are_read(place: Place) -> None:
    """§12.3: the address that was not opted out is told from the others by reading back."""
    place.settings(tier="enterprise")
    crm = place.connect()
    good = place.contact("101", email="a@example.fr")
    bad = place.contact("102", email="b@example.fr", hs_additional_emails="not-an-address")
    receipts = do(crm, EMAIL, good, bad)
    assert isinstance(receipts[0], Done) and isinstance(receipts[1], Refused)
    assert receipts[1].why.startswith("1 of 2 addresses not opted out")
    assert "@" not in receipts[1].why and "not-an-address" not in receipts[1].why
    assert place.opted_out("a@example.fr") and place.opted_out("b@example.fr")


def test_a_bad_address_below_enterprise_gives_its_reason(place: Place) -> None:
    """Without a value."""
    crm = place.connect()
    ref = place.contact("101", email="a@example.fr", hs_additional_emails="not-an-address")
    (receipt,) = do(crm, EMAIL, ref)
    assert receipt == Refused("1 of 2 addresses not opted out: 400 VALIDATION_ERROR")


def test_an_answer_that_says_done_and_did_nothing_is_found_out(place: Place) -> None:
    """What counts is the status that is read back."""
    place.settings(tier="enterprise")
    ref = place.contact("101", email="a@example.fr")
    place.fault("/batch/unsubscribe-all$", status=200, body={"status": "COMPLETE", "results": []})
    assert do(place.connect(), EMAIL, ref) == [Refused("1 of 1 addresses not opted out: no effect")]


def test_an_opt_out_of_one_brand_is_not_enough(place: Place) -> None:
    """§5.2: what an omitted brand covers is not documented."""
    place.settings(tier="enterprise")
    ref = place.contact("101", email="a@example.fr")
    wide = {"wideStatusType": "BUSINESS_UNIT_WIDE", "status": "UNSUBSCRIBED", "timestamp": "2026-01-01T00:00:00Z"}
    body = {"results": [{"subscriberIdString": "a@example.fr", "wideStatuses": [{**wide, "businessUnitId": 7}]}]}
    place.fault("/batch/unsubscribe-all/read$", status=200, body=body, times=None)
    assert [type(item) for item in do(place.connect(), EMAIL, ref)] == [Refused]


def test_every_brand_is_opted_out_of(place: Place) -> None:
    """§5.2: with brands the opt-out is given and read brand by brand."""
    place.settings(tier="enterprise")
    ref = place.contact("101", email="a@example.fr")
    wide = {"wideStatusType": "BUSINESS_UNIT_WIDE", "status": "UNSUBSCRIBED", "timestamp": "2026-01-01T00:00:00Z"}
    silent = {"results": [{"subscriberIdString": "a@example.fr", "wideStatuses": [wide]}]}
    loud = {"results": [{"subscriberIdString": "a@example.fr", "wideStatuses": []}]}
    path = "/batch/unsubscribe-all/read$"
    crm = place.connect(business_units=["0", "7"])
    for body in (silent, loud, silent, loud, silent, silent):
        place.fault(path, status=200, body=body)
    place.fault("/batch/unsubscribe-all$", status=200, body={"status": "COMPLETE", "results": []}, times=None)
    assert [type(item) for item in do(crm, EMAIL, ref)] == [Done]
    assert place.calls("/batch/unsubscribe-all$") == 2


def test_the_telephone_objection_goes_into_the_declared_property(place: Place) -> None:
    """No native flag; it is refused until `init` has made it."""
    crm = place.connect()
    ref = place.contact("101", phone="01")
    (before,) = do(crm, TELEPHONE, ref)
    assert isinstance(before, Refused) and "init" in before.why
    crm.declare()
    assert [type(item) for _ in range(2) for item in do(crm, TELEPHONE, ref)] == [Done, AlreadyDone]
    assert place.values("101", "repoussoir_no_telephone")["repoussoir_no_telephone"] == "true"
    assert [item.source for item in fresh(crm, ref).objections] == ["repoussoir_no_telephone"]


def test_both_channels_are_one_receipt(place: Place) -> None:
    """The worse of the two; the version is that after the last write."""
    crm = place.connect()
    crm.declare()
    ref = place.contact("101", email="a@example.fr", phone="01")
    (receipt,) = do(crm, BOTH, ref)
    assert receipt == Done(fresh(crm, ref).version)
    assert fresh(crm, ref).suppressed == {"email", "telephone"}
    bad = place.contact("102", email="b@example.fr", hs_additional_emails="not-an-address")
    assert [type(item) for item in do(crm, BOTH, bad)] == [Refused]
    assert fresh(crm, bad).suppressed == {"telephone"}


def test_a_contact_without_an_address_is_silent_already(place: Place) -> None:
    """There is nothing to solicit, and nothing to repeat every night."""
    ref = place.contact("101", phone="01")
    assert [type(item) for item in do(place.connect(), EMAIL, ref)] == [AlreadyDone]
    assert fresh(place.connect(), ref).suppressed == {"email"}


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_lost_answer_is_no_lost_opt_out(place: Place, cut: str) -> None:
    """Opting out twice is the same as once: the call is repeated, then read back."""
    ref = place.contact("101", email="a@example.fr")
    place.fault("/unsubscribe-all$", method="POST", cut=cut)
    assert [type(item) for item in do(place.connect(), EMAIL, ref)] == [Done]
    assert place.opted_out("a@example.fr")


def test_an_opt_out_that_cannot_be_told_raises(place: Place) -> None:
    """Neither done nor refused."""
    ref = place.contact("101", email="a@example.fr")
    place.fault("/unsubscribe-all$", method="POST", status=502, body="<html/>", times=None)
    with pytest.raises(Unreachable):
        do(place.connect(), EMAIL, ref)


def test_without_the_scope_the_account_is_stopped(place: Place) -> None:
    """The scope is named."""
    ref = place.contact("101", email="a@example.fr")
    with pytest.raises(NotAllowed) as caught:
        do(place.connect("sandbox-lacks:communication_preferences.write"), EMAIL, ref)
    assert "communication_preferences.write" in caught.value.missing
