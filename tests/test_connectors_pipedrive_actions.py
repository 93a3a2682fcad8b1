"""Writing to persons: opt-outs, restriction, clearing, redaction, anonymising, notes (pipedrive.md §4.3, §4.4, §12)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import pytest

from connectors.pipedrive.connector import Pipedrive
from core.actions import Action, Annotate, Anonymise, Clear, Command, Note, Redact, Restrict, Span, Suppress
from core.connector import AlreadyDone, Changed, Done, Gone, Receipt, Refused
from core.errors import BadAnswer, NotAllowed, Unreachable
from core.model import Ref
from tests.test_connectors_pipedrive_connector import CHOICES, TEXT, Company, apply, read, ref

EMAIL: Action = Suppress(("email",))
BOTH: Action = Suppress(("email", "telephone"))
NOTE = Note("L-0007", "RET-01 applied", date(2026, 11, 24))


@pytest.fixture(scope="module")
def running() -> Iterator[Company]:
    """One server for the file."""
    company = Company()
    yield company
    company.sandbox.stop()


@pytest.fixture
def company(running: Company) -> Company:
    """The server in its first state, with a text and a multiple choice."""
    running.reset()
    running.field(TEXT, "Notes internes", "text")
    running.field(CHOICES, "Régime", "set", "sans sel", "végétarien")
    return running


@pytest.fixture
def crm(company: Company) -> Pipedrive:
    """A connector whose fields are declared."""
    made = company.connect()
    made.declare()
    return made


def custom(company: Company, id: int = 1) -> dict[str, Any]:
    """The filled custom fields of a person, by name; a single option by its label."""
    fields = {item["field_code"]: item for item in company.ask("GET", "/v2/personFields?limit=500")}
    labels = {choice["id"]: choice["label"] for item in fields.values() for choice in item["options"] or ()}
    filled = {code: value for code, value in company.shown(id)["custom_fields"].items() if value is not None}
    return {
        fields[code]["field_name"]: labels[value] if fields[code]["field_type"] == "enum" else value
        for code, value in filled.items()
    }


def kinds(receipts: Iterable[Receipt]) -> list[type]:
    """What was answered, without the details."""
    return [type(receipt) for receipt in receipts]


# --- suppress ---


def test_both_channels_are_suppressed_and_stay_so(company: Company, crm: Pipedrive) -> None:
    """SUP-01: the status for e-mails, a declared field for calls; twice is once."""
    company.person(marketing_status="subscribed")
    (receipt,) = apply(crm, BOTH)
    assert receipt == Done(read(crm).version)
    assert company.shown()["marketing_status"] == "unsubscribed"
    assert custom(company) == {"repoussoir_no_telephone": "yes"}
    assert read(crm).suppressed == {"email", "telephone"}
    assert apply(crm, BOTH) == [AlreadyDone()]
    assert company.writes()[3:] == ["PATCH"]


def test_a_second_application_of_the_same_command_is_already_done(company: Company, crm: Pipedrive) -> None:
    """The state is looked at before the version."""
    company.person(marketing_status="subscribed")
    command = Command(ref(1), read(crm).version, BOTH)
    assert kinds(crm.apply([command])) == [Done]
    assert list(crm.apply([command])) == [AlreadyDone()]


@pytest.mark.parametrize("status", ["archived", "no_consent"])
def test_a_silent_refusal_falls_back_to_the_declared_field(company: Company, crm: Pipedrive, status: str) -> None:
    """Trap 6: the vendor answers success with the old status; here, because there is no address or it is archived."""
    more: dict[str, Any] = {} if status == "archived" else {"emails": []}
    company.person(marketing_status=status, **more)
    (receipt,) = apply(crm, EMAIL)
    assert isinstance(receipt, Done)
    assert status in receipt.remains
    assert custom(company) == {"repoussoir_no_email": "yes"}
    assert apply(crm, EMAIL) == [AlreadyDone()]


def test_a_refusal_that_leaves_the_person_mailable_is_no_success(company: Company, crm: Pipedrive) -> None:
    """Trap 6, SUP-01: Campaigns goes on mailing whom it calls subscribed; the declared field is set all the same."""
    company.person(marketing_status="no_consent")
    company.ask("PATCH", "/v2/persons/1", {"marketing_status": "subscribed"})
    (receipt,) = apply(crm, EMAIL)
    assert isinstance(receipt, Refused)
    assert "marketing_status subscribed" in receipt.why
    assert custom(company) == {"repoussoir_no_email": "yes"}
    assert "email" not in read(crm).suppressed


REFUSALS: list[dict[str, Any]] = [
    *(
        {"status": status, "body": {"success": False, "error": "p1@example.org"}}
        for status in (400, 402, 403, 415, 422)
    ),
    {"status": 403, "body": {"success": False, "code": "feature_capping_campaigns_limit"}},
]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_status_that_is_refused_out_loud_falls_back_to_the_declared_field(
    company: Company, crm: Pipedrive, refusal: dict[str, Any]
) -> None:
    """§4.4, §9: what the vendor answers without the add-on, or the right to it, is not documented; the objection stands."""
    company.person(marketing_status="no_consent")
    company.fault("persons/1$", method="PATCH", **refusal)
    (receipt,) = apply(crm, BOTH)
    assert isinstance(receipt, Done)
    assert "marketing_status" in receipt.remains and "repoussoir_no_email was set instead" in receipt.remains
    assert "example.org" not in receipt.remains
    assert custom(company) == {"repoussoir_no_email": "yes", "repoussoir_no_telephone": "yes"}
    assert apply(crm, BOTH) == [AlreadyDone()]


def test_a_success_that_says_false_is_a_refusal_of_the_status_too(company: Company, crm: Pipedrive) -> None:
    """L3: in a 200; what was tried is read back before the declared field is written."""
    company.person(marketing_status="no_consent")
    company.fault("persons/1$", method="PATCH", status=200, body={"success": False, "error": "no"})
    (receipt,) = apply(crm, EMAIL)
    assert isinstance(receipt, Done) and "repoussoir_no_email was set instead" in receipt.remains
    assert custom(company) == {"repoussoir_no_email": "yes"}


def test_a_status_that_the_answer_shows_and_the_vendor_does_not_keep_is_read_back(
    company: Company, crm: Pipedrive
) -> None:
    """Trap 6: an account without the add-on may repeat what it was sent and forget it."""
    company.person(marketing_status="no_consent")
    row = company.shown() | {"marketing_status": "unsubscribed"}
    company.fault("persons/1$", method="PATCH", status=200, body={"success": True, "data": row})
    (receipt,) = apply(crm, EMAIL)
    assert isinstance(receipt, Done) and "repoussoir_no_email was set instead" in receipt.remains
    assert custom(company) == {"repoussoir_no_email": "yes"}


def test_a_refused_status_of_somebody_who_is_still_mailed_is_no_success(company: Company, crm: Pipedrive) -> None:
    """SUP-01: Campaigns goes by its own status; the declared fields are set all the same."""
    company.person(marketing_status="subscribed")
    company.fault("persons/1$", method="PATCH", status=403, body={"success": False})
    (receipt,) = apply(crm, BOTH)
    assert isinstance(receipt, Refused)
    assert "not suppressed: email" in receipt.why
    assert custom(company) == {"repoussoir_no_email": "yes", "repoussoir_no_telephone": "yes"}


def test_a_refused_status_without_a_declared_field_is_told(company: Company) -> None:
    """Nothing was written, and the receipt does not say otherwise."""
    company.person(marketing_status="no_consent")
    company.fault("persons/1$", method="PATCH", status=403, body={"success": False})
    (receipt,) = apply(company.connect(), EMAIL)
    assert isinstance(receipt, Refused)
    assert "no person field is declared for email" in receipt.why


def test_a_token_that_may_write_nothing_stops_the_crm_at_the_first_objection(company: Company, crm: Pipedrive) -> None:
    """The declared field is refused too: then it is the token, not the add-on."""
    company.person(marketing_status="no_consent")
    with pytest.raises(NotAllowed):
        apply(company.connect("sandbox-readonly"), EMAIL)


def test_a_status_of_the_vendors_own_wording_is_not_repeated(company: Company, crm: Pipedrive) -> None:
    """Receipts are kept: they hold what is known beforehand, never a text that came along."""
    company.person(marketing_status="no_consent")
    row = company.shown() | {"marketing_status": "jean@example.org"}
    for method in ("PATCH", "GET"):
        company.fault("persons/1$", method=method, status=200, body={"success": True, "data": row})
    (receipt,) = crm.apply([Command(ref(1), read(crm).version, EMAIL)])
    assert "jean" not in str(receipt)


def test_without_campaigns_the_declared_field_is_written_and_the_status_is_not_sent(company: Company) -> None:
    """§4.4: the vendor may refuse the whole body for it."""
    company.load("settings", {"campaigns": False, "campaignsRefusal": "403"})
    company.person()
    crm = company.connect()
    crm.declare()
    assert apply(crm, EMAIL) == [Done(read(crm).version)]
    assert custom(company) == {"repoussoir_no_email": "yes"}


def test_what_can_be_suppressed_is_and_the_rest_is_told(company: Company) -> None:
    """An undeclared field must not hold up the channel that works."""
    company.person(marketing_status="subscribed")
    crm = company.connect()
    (receipt,) = apply(crm, BOTH)
    assert isinstance(receipt, Refused)
    assert "telephone" in receipt.why
    assert company.shown()["marketing_status"] == "unsubscribed"


# --- versions and lost answers ---


@pytest.mark.parametrize(
    "action",
    [EMAIL, Restrict("Art. 18"), Clear((TEXT,)), Redact(TEXT, (Span(0, 4, "health"),)), Anonymise()],
)
def test_a_person_that_changed_is_not_written(company: Company, crm: Pipedrive, action: Action) -> None:
    """DESIGN §6: every write carries the version that was read."""
    company.person(marketing_status="subscribed", custom_fields={TEXT: "long words"})
    stale = Command(ref(1), read(crm).version, action)
    company.ask("PATCH", "/v2/persons/1", {"custom_fields": {TEXT: "other words"}})
    before, writes = company.shown(), len(company.writes())
    assert list(crm.apply([stale])) == [Changed()]
    assert (company.shown(), len(company.writes())) == (before, writes)


@pytest.mark.parametrize("action", [EMAIL, Restrict("x"), Clear((TEXT,)), Anonymise(), Annotate(NOTE)])
def test_a_person_that_is_gone_is_gone(company: Company, crm: Pipedrive, action: Action) -> None:
    """404, or marked as deleted."""
    assert list(crm.apply([Command(ref(1), "v", action), Command(Ref("pd", "person", "x"), "v", action)])) == [
        Gone(),
        Gone(),
    ]


def test_receipts_come_in_order_and_the_batch_is_read_once(company: Company, crm: Pipedrive) -> None:
    """§4.3: there is no conditional write, so the batch is read again right before."""
    for id in (1, 2, 4):
        company.person(id, custom_fields={TEXT: "words"} if id != 2 else {})
    commands = [Command(ref(id), read(crm, id).version if id != 3 else "v", Clear((TEXT,))) for id in (4, 3, 2, 1)]
    before = len(company.log())
    assert kinds(crm.apply(commands)) == [Done, Gone, AlreadyDone, Done]
    assert [entry["method"] for entry in company.log()[before:]] == ["GET", "GET", "PATCH", "PATCH"]


def test_own_earlier_writes_hand_on_their_version(company: Company, crm: Pipedrive) -> None:
    """Trap 9: our own PATCH moves update_time."""
    company.person(marketing_status="subscribed", custom_fields={TEXT: "words"})
    (first,) = apply(crm, Restrict("Art. 18"))
    assert isinstance(first, Done) and first.version
    (second,) = crm.apply([Command(ref(1), first.version, EMAIL)])
    assert isinstance(second, Done) and second.version
    assert kinds(crm.apply([Command(ref(1), second.version, Clear((TEXT,)))])) == [Done]


def test_a_write_whose_answer_is_lost_is_read_back_and_not_repeated(company: Company, crm: Pipedrive) -> None:
    """It took effect."""
    company.person(custom_fields={TEXT: "words"})
    company.fault("persons/1$", method="PATCH", cut="after")
    (receipt,) = apply(crm, Clear((TEXT,)))
    assert isinstance(receipt, Done)
    assert receipt.version == read(crm).version
    assert company.writes().count("PATCH") == 1


def test_a_write_that_certainly_did_not_arrive_is_repeated_once(company: Company, crm: Pipedrive) -> None:
    """Read back first; then the second failure stops."""
    company.person(custom_fields={TEXT: "words"})
    company.fault("persons/1$", method="PATCH", cut="before")
    assert kinds(apply(crm, Clear((TEXT,)))) == [Done]
    assert company.writes().count("PATCH") == 2
    company.person(2, custom_fields={TEXT: "words"})
    company.fault("persons/2$", method="PATCH", cut="before", times=None)
    with pytest.raises(Unreachable):
        apply(crm, Clear((TEXT,)), 2)


def test_a_write_is_not_repeated_on_a_person_that_changed_meanwhile(company: Company, crm: Pipedrive) -> None:
    """The answer was lost, it did not arrive, and the version that was read is no longer."""
    company.person(custom_fields={TEXT: "words"})
    command = Command(ref(1), read(crm).version, Clear((TEXT,)))
    edited = {"id": 1, "update_time": "2026-11-24T10:00:00Z", "custom_fields": {TEXT: "other words"}}
    company.fault("persons/1$", method="PATCH", cut="before")
    company.fault("persons/1$", method="GET", status=200, body={"success": True, "data": edited})
    with pytest.raises(Unreachable):
        list(crm.apply([command]))
    assert company.writes().count("PATCH") == 1


def test_a_read_only_token_stops_the_crm(company: Company) -> None:
    """403: none of the others would fare better."""
    company.person(custom_fields={TEXT: "words"})
    with pytest.raises(NotAllowed):
        apply(company.connect("sandbox-readonly"), Clear((TEXT,)))


def test_emptied_neighbours_stop_everything(company: Company, crm: Pipedrive) -> None:
    """§13: that a PATCH of one custom field keeps the others is not documented."""
    company.person(custom_fields={TEXT: "words", CHOICES: [1, 2]})
    command = Command(ref(1), read(crm).version, Clear((TEXT,)))
    row = {"id": 1, "update_time": "2026-11-24T09:00:00Z", "custom_fields": {TEXT: None, CHOICES: None}}
    company.fault("persons/1$", method="PATCH", status=200, body={"success": True, "data": row})
    company.fault("persons/1$", method="GET", status=200, body={"success": True, "data": row})
    with pytest.raises(BadAnswer, match="emptied others"):
        list(crm.apply([command]))


def test_an_answer_that_merely_leaves_fields_out_is_no_alarm(company: Company, crm: Pipedrive) -> None:
    """§13: then the person is read again."""
    company.person(custom_fields={CHOICES: [1]})
    row = {"id": 1, "update_time": "2026-11-24T09:00:00Z", "custom_fields": {}}
    company.fault("persons/1$", method="PATCH", status=200, body={"success": True, "data": row})
    (receipt,) = apply(crm, Clear((CHOICES,)))
    assert isinstance(receipt, Done)


# --- restrict, clear, redact ---


def test_a_restriction_is_marked_and_is_no_opt_out(company: Company, crm: Pipedrive) -> None:
    """DESIGN §6: never an opt-out flag."""
    company.person(marketing_status="subscribed")
    assert kinds(apply(crm, Restrict("Art. 18"))) == [Done]
    got = read(crm)
    assert (got.restricted, got.suppressed, got.objections) == (True, frozenset(), ())
    assert apply(crm, Restrict("Art. 18")) == [AlreadyDone()]


def test_a_restriction_that_is_not_declared_is_refused(company: Company) -> None:
    """`declare` was not run."""
    company.person()
    assert kinds(apply(company.connect(), Restrict("Art. 18"))) == [Refused]


def test_properties_are_emptied_and_the_others_kept(company: Company, crm: Pipedrive) -> None:
    """Trap 20: null, never an empty list, for a multiple choice; [] for addresses."""
    company.person(custom_fields={TEXT: "words", CHOICES: [1, 2]})
    (receipt,) = apply(crm, Clear((CHOICES, "email")))
    assert isinstance(receipt, Done)
    assert "changelog" in receipt.remains
    assert (custom(company), company.shown()["emails"]) == ({"Notes internes": "words"}, [])
    assert len(company.shown()["phones"]) == 1
    assert kinds(apply(crm, Clear((CHOICES, "email")))) == [AlreadyDone]


@pytest.mark.parametrize("option", ["2", "végétarien"])
def test_just_the_banned_choice_is_taken_out(company: Company, crm: Pipedrive, option: str) -> None:
    """By number or by label; the last one leaves null (trap 20)."""
    company.person(1, custom_fields={CHOICES: [1, 2]})
    company.person(2, custom_fields={CHOICES: [2]})
    company.person(3, custom_fields={CHOICES: [1]})
    assert kinds(apply(crm, Clear((CHOICES,), (option,), (1,)), 1, 2, 3)) == [Done, Done, AlreadyDone]
    assert [company.shown(id)["custom_fields"].get(CHOICES) for id in (1, 2, 3)] == [[1], None, [1]]


def test_the_name_and_what_is_not_there_cannot_be_emptied(company: Company, crm: Pipedrive) -> None:
    """§4.3; what can be emptied is, and the rest is named."""
    company.person(custom_fields={TEXT: "words"})
    (receipt,) = apply(crm, Clear((TEXT, "name", "add_time", "nothing")))
    assert isinstance(receipt, Refused)
    assert all(name in receipt.why for name in ("name", "add_time", "nothing"))
    assert custom(company) == {}
    assert company.shown()["name"] == "Person 1"


def test_a_value_that_stays_is_told(company: Company, crm: Pipedrive) -> None:
    """A success that changed nothing is read as what it is."""
    company.person(custom_fields={TEXT: "words"})
    row = {"id": 1, "update_time": "2026-11-24T09:00:00Z", "custom_fields": {TEXT: "words"}}
    company.fault("persons/1$", method="PATCH", status=200, body={"success": True, "data": row})
    (receipt,) = apply(crm, Clear((TEXT,)))
    assert isinstance(receipt, Refused)
    assert TEXT in receipt.why
    assert "words" not in receipt.why


def test_a_validation_error_is_a_refusal_with_its_code_only(company: Company, crm: Pipedrive) -> None:
    """§9: the text may echo the value."""
    company.person(custom_fields={TEXT: "words"})
    body = {"success": False, "error": "words are wrong", "code": "ERR_SCHEMA_VALIDATION_FAILED"}
    company.fault("persons/1$", method="PATCH", status=400, body=body)
    (receipt,) = apply(crm, Clear((TEXT,)))
    assert isinstance(receipt, Refused)
    assert "ERR_SCHEMA_VALIDATION_FAILED" in receipt.why
    assert "words" not in receipt.why


def test_only_the_spans_are_replaced(company: Company, crm: Pipedrive) -> None:
    """DESIGN §6, Strip: the business content stays to the letter."""
    company.person(custom_fields={TEXT: "Rappeler lundi. Diabétique. Budget 5 k€."})
    assert kinds(apply(crm, Redact(TEXT, (Span(16, 26, "santé"),)))) == [Done]
    assert custom(company) == {"Notes internes": "Rappeler lundi. [santé]. Budget 5 k€."}


def test_a_redaction_that_cannot_be_done_is_refused(company: Company, crm: Pipedrive) -> None:
    """Spans that do not fit, options, and built-in stamps."""
    company.person(custom_fields={TEXT: "short", CHOICES: [1]})
    for action in (Redact(TEXT, (Span(0, 99, "x"),)), Redact(CHOICES, (Span(0, 1, "x"),)), Redact("add_time", ())):
        assert kinds(apply(crm, action)) == [Refused]
    assert custom(company) == {"Notes internes": "short", "Régime": [1]}


def test_an_empty_custom_fields_is_never_sent(company: Company, crm: Pipedrive) -> None:
    """§4.3: it might clear them all."""
    company.person(custom_fields={TEXT: "words"}, marketing_status="subscribed")
    apply(crm, EMAIL)
    apply(crm, Clear(("email",)))
    assert custom(company) == {"Notes internes": "words"}


# --- anonymise ---


def test_an_anonymised_person_keeps_nothing_of_its_own_but_our_marks(company: Company, crm: Pipedrive) -> None:
    """RET-25: name, addresses, custom fields, contact sync, organisation, labels and picture go."""
    company.load("settings", {"contactSync": True})
    company.load("organizations", {"id": 5, "name": "Org"})
    own: dict[str, Any] = {
        "job_title": "Baker",
        "birthday": "1980-01-01",
        "notes": "words",
        "im": [{"value": "x", "primary": True}],
    }
    company.person(
        custom_fields={TEXT: "words", CHOICES: [1]}, org_id=5, label_ids=[1], picture_id=8, first_name="Jean", **own
    )
    apply(crm, Suppress(("telephone",)))
    (receipt,) = apply(crm, Anonymise())
    assert isinstance(receipt, Done)
    assert receipt.version == read(crm).version
    assert "notes, activities" in receipt.remains
    got = company.shown()
    assert (got["name"], got["first_name"], got["last_name"]) == ("Anonymised 1", "Anonymised", "1")
    assert [got[key] for key in ("emails", "phones", "org_id", "label_ids", "picture_id")] == [[], [], None, [], None]
    assert not any(got[key] for key in own)
    assert custom(company) == {"repoussoir_no_telephone": "yes"}
    assert kinds(apply(crm, Anonymise())) == [AlreadyDone]


def test_two_anonymised_persons_do_not_share_a_name(company: Company, crm: Pipedrive) -> None:
    """The vendor would offer to merge them."""
    company.person(1)
    company.person(2)
    apply(crm, Anonymise(), 1, 2)
    assert company.shown(1)["name"] != company.shown(2)["name"]


def test_what_the_vendor_will_not_empty_is_named(company: Company, crm: Pipedrive) -> None:
    """§13: whether null is taken for these is unknown; the identifiers are gone before it is tried."""
    company.load("settings", {"contactSync": True})
    company.person(birthday="1980-01-01")
    company.fault("persons/1$", method="PATCH", status=400, body={"success": False}, skip=1)
    (receipt,) = apply(crm, Anonymise())
    assert receipt == Refused("Pipedrive kept birthday")
    assert company.shown()["emails"] == []
