"""Writing to Salesforce: opt-outs, restriction, clearing, redaction, anonymising (salesforce.md §3, §5, Traps; SUP-01)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.salesforce.actions import ANONYMISED, HISTORY
from connectors.sandbox.salesforce import Salesforce as SandboxOrg
from connectors.sandbox.salesforce.ids import make as id_of
from connectors.sandbox.world import Sandbox
from core.actions import Anonymise, Clear, Redact, Restrict, Span, Suppress
from core.connector import AlreadyDone, Changed, Done, Refused
from core.errors import NotAllowed
from core.model import Channel
from tests.connectors_salesforce import (
    ANN,
    BOB,
    ZOE,
    asked,
    command,
    connect,
    contact,
    do,
    field,
    lead,
    load,
    read,
    ref,
    stored,
)

BOTH: tuple[Channel, ...] = ("email", "telephone")


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with Sandbox(vendors=[SandboxOrg]) as running:
        yield running


@pytest.fixture
def org(world: Sandbox) -> Sandbox:
    world.reset()
    return world


@pytest.mark.parametrize(("id", "kind"), [(ANN, "Contact"), (ZOE, "Lead")])
def test_suppress_sets_the_vendors_flags_and_twice_is_once(org: Sandbox, id: str, kind: str) -> None:
    """SUP-01: both channels have a native flag; the new version is told; the second time nothing is written."""
    load(org, contact(), lead())
    crm = connect(org)
    receipt = do(crm, Suppress(BOTH), ref(id, kind))
    after = read(crm, ref(id, kind))
    assert receipt == Done(after.version)
    assert after.suppressed == {"email", "telephone"}
    count = asked(org, method="PATCH")
    assert do(crm, Suppress(BOTH), ref(id, kind)) == AlreadyDone()
    assert asked(org, method="PATCH") == count


def test_suppress_of_one_channel_leaves_the_other(org: Sandbox) -> None:
    """SUP-01: an objection is per channel."""
    load(org, contact())
    crm = connect(org)
    do(crm, Suppress(("telephone",)))
    assert read(crm, ref()).suppressed == {"telephone"}


def test_a_stale_version_writes_nothing(org: Sandbox) -> None:
    """Contract: every write is bound to the version that was read; the batch is re-read right before it."""
    load(org, contact(), contact(BOB))
    crm = connect(org)
    stale = command(crm, Suppress(BOTH))
    do(crm, Clear(("Title",)))
    load(org, contact(Title="x", SystemModstamp="2026-01-01T00:00:00Z"))
    receipts = list(crm.apply([stale, command(crm, Suppress(BOTH), ref(BOB))]))
    assert receipts[0] == Changed()
    assert isinstance(receipts[1], Done)
    assert read(crm, ref()).suppressed == frozenset()


def test_a_converted_lead_is_refused_by_its_stored(org: Sandbox) -> None:
    """Traps 7: read-only without View and Edit Converted Leads; an ordinary answer, not an error."""
    load(org, lead(IsConverted=True))
    crm = connect(org, "sandbox-lacks:AllowViewEditConvertedLeads")
    assert do(crm, Suppress(BOTH), ref(ZOE, "Lead")) == Refused("CANNOT_UPDATE_CONVERTED_LEAD")


def test_a_validation_rule_refuses_one_row_of_two_and_its_text_is_not_told(org: Sandbox) -> None:
    """Traps 9: HTTP 200 with a row that failed; messages quote values."""
    rule = {"object": "Contact", "when": "Title = 'x'", "message": "a@x.fr is wrong", "fields": ["Title"]}
    load(org, ("_settings", {"validationRules": [rule]}), contact(Title="x"), contact(BOB))
    crm = connect(org)
    receipts = list(crm.apply([command(crm, Suppress(BOTH), each) for each in (ref(), ref(BOB))]))
    assert receipts[0] == Refused("FIELD_CUSTOM_VALIDATION_EXCEPTION Title")
    assert isinstance(receipts[1], Done)


def test_a_flag_that_cannot_be_written_is_refused_and_the_other_one_set(org: Sandbox) -> None:
    """§7: a hidden flag; done only in part is Refused, and what can be done is done."""
    load(org, contact())
    crm = connect(org, "sandbox-lacks:FLS:Contact.DoNotCall")
    receipt = do(crm, Suppress(BOTH))
    assert isinstance(receipt, Refused)
    assert "Contact.DoNotCall" in receipt.why
    assert read(crm, ref()).suppressed == {"email"}


def test_a_user_who_may_not_write_is_refused(org: Sandbox) -> None:
    """§10 rights: INSUFFICIENT_ACCESS_OR_READONLY on the row."""
    load(org, contact())
    assert do(connect(org, "sandbox-readonly"), Suppress(BOTH)) == Refused("INSUFFICIENT_ACCESS_OR_READONLY")


def test_restrict_needs_its_declared_checkbox(org: Sandbox) -> None:
    """Art. 18: declare makes it, on each kind; never an opt-out flag."""
    load(org, contact(), lead())
    crm = connect(org)
    refused = do(crm, Restrict("r"))
    assert isinstance(refused, Refused)
    assert "RepoussoirRestricted__c" in refused.why
    assert crm.check().undeclared == ("Contact.RepoussoirRestricted__c", "Lead.RepoussoirRestricted__c")
    assert crm.declare() == ("Contact.RepoussoirRestricted__c", "Lead.RepoussoirRestricted__c")
    assert crm.declare() == ()
    assert isinstance(do(crm, Restrict("r")), Done)
    record = read(crm, ref())
    assert (record.restricted, record.suppressed) == (True, frozenset())
    assert do(crm, Restrict("r")) == AlreadyDone()
    assert crm.check().undeclared == ()


def test_declare_says_what_an_admin_must_do_when_it_may_not(org: Sandbox) -> None:
    """The field's name, its type and who needs access to it."""
    with pytest.raises(NotAllowed) as caught:
        connect(org, "sandbox-lacks:CustomizeApplication").declare()
    assert "Contact.RepoussoirRestricted__c" in str(caught.value)
    assert "checkbox" in str(caught.value)
    assert caught.value.missing == ("CustomizeApplication",)


def test_a_restriction_field_that_is_hidden_is_not_made_again(org: Sandbox) -> None:
    """A new field is visible to nobody until field-level security grants it."""
    load(org, field("RepoussoirRestricted__c", "boolean"), field("RepoussoirRestricted__c", "boolean", "Lead"))
    crm = connect(org, "sandbox-lacks:FLS:Contact.RepoussoirRestricted__c")
    assert crm.declare() == ()
    assert crm.check().undeclared == ("Contact.RepoussoirRestricted__c",)


def test_clear_empties_each_shape_and_says_what_history_keeps(org: Sandbox) -> None:
    """§7: null, or False for a checkbox; §5: stripping a tracked field writes the old value into history."""
    load(org, field("Vegan__c", "boolean"), contact(Title="t", Email="a@x.fr", Vegan__c=True, Birthdate="1980-01-01"))
    crm = connect(org)
    receipt = do(crm, Clear(("Title", "Email", "Vegan__c", "Birthdate")))
    assert receipt == Done(read(crm, ref()).version, f"{HISTORY}: Email")
    assert not {"Title", "Email", "Vegan__c", "Birthdate"} & set(stored(org))
    assert do(crm, Clear(("Title", "Email", "Vegan__c", "Birthdate"))) == AlreadyDone()


def test_clear_with_an_option_takes_out_just_that_choice(org: Sandbox) -> None:
    """DESIGN §6 Strip: for picklists the banned option, keeping the others."""
    choices: dict[str, Any] = {"picklistValues": ["a", "b", "c"]}
    load(org, field("Faith__c", "multipicklist", **choices), field("One__c", "picklist", **choices))
    load(org, contact(Faith__c="a;b;c", One__c="b"), contact(BOB, Faith__c="b", One__c="a"))
    crm = connect(org)
    assert isinstance(do(crm, Clear(("Faith__c", "One__c"), options=("b",), places=(1,))), Done)
    assert read(crm, ref(), "Faith__c", "One__c").values == {"Faith__c": "a;c"}
    assert isinstance(do(crm, Clear(("Faith__c", "One__c"), options=("b",), places=(1,)), ref(BOB)), Done)
    assert read(crm, ref(BOB), "Faith__c", "One__c").values == {"One__c": "a"}
    assert do(crm, Clear(("Faith__c", "One__c"), options=("b",), places=(1,))) == AlreadyDone()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("LastName", "Contact.LastName is required"),
        ("CreatedDate", "Contact.CreatedDate is read-only"),
        ("Nowhere__c", "Contact.Nowhere__c is not there or hidden by field-level security"),
    ],
)
def test_clear_refuses_what_cannot_be_emptied_and_empties_the_rest(org: Sandbox, name: str, why: str) -> None:
    """Traps 5: required fields cannot be null; a field we cannot see is not clean."""
    load(org, contact(Title="t"))
    crm = connect(org)
    assert do(crm, Clear(("Title", name))) == Refused(why)
    assert "Title" not in stored(org)
    assert do(crm, Clear((name,))) == Refused(why)


def test_clear_of_an_address_empties_its_parts(org: Sandbox) -> None:
    """Traps 13: compound fields are read-only; their parts, geocode included, are cleared together."""
    load(org, contact(MailingStreet="s", MailingCity="c", MailingCountry="f", MailingLatitude=48.8))
    assert isinstance(do(connect(org), Clear(("MailingAddress",))), Done)
    assert not [name for name in stored(org) if name.startswith("Mailing")]


def test_redact_replaces_the_span_and_keeps_the_rest(org: Sandbox) -> None:
    """DESIGN §6 Strip: only the span, keeping the business content; twice is once."""
    load(org, contact(Description="He is ill, call in May."))
    crm = connect(org)
    action = Redact("Description", (Span(6, 9, "health"), Span(19, 22, "date")))
    first = command(crm, action)
    assert [type(receipt) for receipt in crm.apply([first])] == [Done]
    assert stored(org)["Description"] == "He is [health], call in [date]."
    assert list(crm.apply([first])) == [AlreadyDone()]


def test_redact_of_a_text_that_has_changed_writes_nothing(org: Sandbox) -> None:
    """Spans count characters of the value as read: on another text they would hit other words."""
    load(org, contact(Description="He is ill."))
    crm = connect(org)
    stale = command(crm, Redact("Description", (Span(6, 9, "health"),)))
    load(org, contact(Description="She was well.", SystemModstamp="2026-01-01T00:00:00Z"))
    assert list(crm.apply([stale])) == [Changed()]
    wide = command(crm, Redact("Description", (Span(6, 90, "health"),)))
    assert list(crm.apply([wide])) == [Refused("the spans do not fit the text")]
    assert stored(org)["Description"] == "She was well."


PERSONAL: dict[str, Any] = {
    "LastName": "Durand",
    "FirstName": "Ann",
    "Salutation": "Ms.",
    "Email": "ann@x.fr",
    "Second__c": "ann2@x.fr",
    "Phone": "0611",
    "Fax": "0622",
    "AssistantName": "Sam",
    "AssistantPhone": "0633",
    "MailingStreet": "1 rue X",
    "MailingLatitude": 48.8,
    "Title": "CEO",
    "Birthdate": "1980-01-01",
    "Description": "likes tea",
    "Badge__c": 42,
}


def test_anonymise_leaves_no_identifier_and_names_each_record_apart(org: Sandbox) -> None:
    """RET-25: every direct and indirect identifier; §12: equal placeholders trip duplicate rules; opt-outs stay."""
    load(org, field("Second__c", "email"), field("Badge__c", "double"))
    load(org, contact(**PERSONAL, DoNotCall=True, LeadSource="Web"), contact(BOB, **PERSONAL))
    crm = connect(org)
    receipts = list(crm.apply([command(crm, Anonymise(), each) for each in (ref(), ref(BOB))]))
    assert [(type(each), getattr(each, "remains", "")) for each in receipts] == [(Done, ANONYMISED)] * 2
    kept = stored(org)
    assert not set(PERSONAL.values()) & set(kept.values())
    assert set(PERSONAL) & set(kept) == {"LastName"}
    assert kept["LastName"].startswith("ERASED-")
    assert kept["LastName"] != stored(org, BOB)["LastName"]
    assert (kept["DoNotCall"], kept["LeadSource"]) == (True, "Web")
    assert read(crm, ref()).suppressed == {"telephone"}
    assert [type(each) for each in crm.apply([command(crm, Anonymise())])] == [AlreadyDone]


def test_anonymise_of_a_lead_replaces_its_company_too(org: Sandbox) -> None:
    """Traps 5: Lead.Company is required, and of a sole trader it is a name."""
    load(org, lead(Company="Durand SARL", Email="a@x.fr"))
    assert isinstance(do(connect(org), Anonymise(), ref(ZOE, "Lead")), Done)
    assert stored(org, ZOE, "Lead")["Company"].startswith("ERASED-")
    assert "Email" not in stored(org, ZOE, "Lead")


def test_a_person_account_is_written_through_the_account(org: Sandbox) -> None:
    """§5: writing to the shadow contact is INVALID_PERSON_ACCOUNT_OPERATION."""
    account = id_of("001", 501)
    person = {"Id": account, "LastName": "P", "FirstName": "Q", "PersonEmail": "p@x.fr", "IsPersonAccount": True}
    load(org, ("_settings", {"personAccounts": True}), ("Account", person))
    crm = connect(org, person_accounts=True)
    assert isinstance(do(crm, Suppress(BOTH), ref(account, "Account")), Done)
    assert read(crm, ref(account, "Account")).suppressed == {"email", "telephone"}
    assert isinstance(do(crm, Anonymise(), ref(account, "Account")), Done)
    assert read(crm, ref(account, "Account")).emails == ()
