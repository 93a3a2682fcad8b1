"""What the adapter to copy shows besides what the kit asks of every adapter: the traps of docs/new-connector.md."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from pydantic import SecretStr

from connectors.template import OPTIONS, connect
from connectors.template.connector import Cardbox
from connectors.template.vendor import Vendor, card, serving
from connectors.transport import Tools
from core.actions import Clear, Command, Erase, Restrict
from core.connector import Gone, Receipt, Refused
from core.errors import BadAnswer, ConfigError, NotAllowed, Unreachable
from core.model import Query, Ref
from core.schema import Property


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A Cardbox with one card."""
    fields = {"memo": "ill, wants a quote", "religion": "none"}
    with serving(card("1", ["ada@quillsleigh.example"], "2021-05-05T08:00:00+02:00", fields=fields)) as server:
        yield server


def connected(vendor: Vendor, token: str = "cardbox") -> Cardbox:
    """The adapter, never really waiting."""
    options = OPTIONS(connector="cardbox", base_url=vendor.url, token=SecretStr(token))
    return connect("box", options, Tools(sleep=lambda _: None, random=Random(1)))


def one(vendor: Vendor, action: Erase | Restrict | Clear, id: str = "1") -> Receipt:
    """The receipt of one command on the first version."""
    return next(iter(connected(vendor).apply([Command(Ref("box", "card", id), "1", action)])))


def test_a_refusal_has_names_and_codes(vendor: Vendor) -> None:
    """The vendor knows no such field, or keeps the value without a word."""
    assert one(vendor, Restrict("")) == Refused("Cardbox has no field repoussoir_restricted")
    vendor.fault, vendor.quote = "refused", "ada@quillsleigh.example"
    assert one(vendor, Clear(("religion",))) == Refused("Cardbox refuses it: UNKNOWN_FIELD")
    vendor.fault = "silent"
    assert one(vendor, Clear(("religion",))) == Refused("Cardbox kept religion")


def test_a_list_that_does_not_get_on_is_never_taken_for_whole(vendor: Vendor) -> None:
    """The cursor stands still: the scan raises instead of going round or ending early."""
    vendor.fault = "stuck"

    with pytest.raises(BadAnswer, match="cursor"):
        list(connected(vendor).scan(Query("card")))


@pytest.mark.parametrize("missing", ["version", "emails", "source", "fields"])
def test_half_a_card_is_never_guessed_at(vendor: Vendor, missing: str) -> None:
    """A card that lacks what every card has stops the scan."""
    del vendor.cards["1"][missing]

    with pytest.raises(BadAnswer):
        list(connected(vendor).scan(Query("card")))


def test_a_hidden_clock_is_unreadable_and_an_import_is_not_dated(vendor: Vendor) -> None:
    """RET-20, RET-22: what cannot be read is named, and a copied card's creation dates nothing."""
    vendor.cards["1"] |= {"source": "import"}
    del vendor.cards["1"]["last_reply"]

    (page,) = connected(vendor).scan(Query("card"))

    assert page.records[0].unreadable == ("last_reply",)
    assert page.records[0].collected is None


def test_a_merged_card_is_gone_under_its_old_id(vendor: Vendor) -> None:
    """The vendor answers the survivor: that must never be taken for the one that was asked."""
    vendor.merged = {"7": "1"}
    refs = [Ref("box", "card", id) for id in ("1", "7")]

    found = connected(vendor).get(refs)

    assert [found[ref] is None for ref in refs] == [False, True]
    assert one(vendor, Erase(), "7") == Gone()


def test_the_schema_has_the_shapes_of_the_core(vendor: Vendor) -> None:
    """A type that the adapter does not know is `other`."""
    vendor.fields = {"a": {"label": "A", "type": "memo"}, "b": {"label": "B", "type": "hologram"}}

    schema = connected(vendor).schema("card")

    assert [item.shape for item in schema.properties] == ["longtext", "other"]
    assert schema.get("a") == Property(name="a", label="A", shape="longtext", custom=True)


def test_errors_are_the_core_s_and_hold_no_value_and_no_token(vendor: Vendor) -> None:
    """A refused token, a date that is none, nobody there."""
    with pytest.raises(NotAllowed) as refused:
        connected(vendor, "s3cret").check()
    vendor.cards["1"]["created"] = "ada@quillsleigh.example"
    with pytest.raises(BadAnswer) as odd:
        list(connected(vendor).scan(Query("card")))
    absent = connected(vendor)
    vendor.shutdown()
    vendor.server_close()
    with pytest.raises(Unreachable) as nobody:
        absent.check()
    told = [refused.value, odd.value, nobody.value]

    assert [str(error) for error in told if "s3cret" in repr(error) or "ada" in repr(error)] == []
    assert [error.__cause__ for error in told] == [None] * 3


def test_a_connector_without_a_token_is_an_error_of_the_configuration(vendor: Vendor) -> None:
    """And says where the token goes."""
    with pytest.raises(ConfigError, match="crm__box__token"):
        connected(vendor, "")
