"""RET-26: who was erased and is there again. The table of what follows, by what brought them back."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.actions import Anonymise, Erase, Restrict
from core.facts import Facts, Returned, Seen
from core.findings import Finding
from core.model import Moment, Record, Ref
from core.periods import Period
from policies.retention import Retention, Rule

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 24, 12, tzinfo=PARIS)
ERASED = NOW - timedelta(days=30)
REF, OTHER = Ref("hubspot", "contact", "1"), Ref("pipedrive", "person", "7")
LONG_AGO, LATELY, SINCE = NOW - timedelta(days=2000), NOW - timedelta(days=200), NOW - timedelta(days=1)


def seen(at: datetime, source: str = "click") -> Seen:
    """Something that happened at a moment."""
    return Seen(Moment(at, source), OTHER)


def back(**said: object) -> Returned:
    """A return by e-mail, after an erasure thirty days ago."""
    return Returned(**{"rule": "RET-01", "at": ERASED, "by": "email", **said})  # type: ignore[arg-type]  # fields of Returned


def judged(returned: Returned, *, record: dict[str, object] | None = None, **facts: object) -> list[Finding]:
    """The findings on a record that came back; by import, and undated unless said otherwise."""
    made = Record(**{"ref": REF, "version": "1", "origin": "IMPORT", **(record or {})})  # type: ignore[arg-type]  # fields of Record
    return list(retention().judge(made, Facts(returned=returned, **facts), NOW))  # type: ignore[arg-type]  # fields of Facts


def retention(*rules: Rule, **settings: object) -> Retention:
    """Thirty-six months for everybody, unless said otherwise."""
    return Retention(rules or (Rule("all", Period(months=36)),), PARIS, otherwise="prospect", **settings)  # type: ignore[arg-type]  # settings


def dated(at: datetime) -> dict[str, Seen]:
    """Facts of a record that is dated so, and whose person is."""
    return {"inbound": seen(at, "collected"), "anchored": seen(at, "collected")}


BY_HAND: dict[str, object] = {"origin": "CRM_UI"}


def test_ret_26_a_contact_from_the_person_since_starts_a_new_clock() -> None:
    """A form after the erasure: no finding, whatever else brought copies along."""
    assert judged(back(acted=seen(SINCE)), **dated(SINCE)) == []


def test_ret_26_an_order_of_that_very_day_counts_though_it_has_no_hour() -> None:
    """Vendors date orders and deals by the day: midnight is before the erasure of that morning."""
    midnight = ERASED.replace(hour=0)

    assert judged(back(acted=seen(midnight, "order")), **dated(midnight)) == []


def test_ret_26_an_import_of_older_data_is_erased_again_and_the_finding_says_what_brought_it_back() -> None:
    """It says when it was collected."""
    (finding,) = judged(back(), **dated(LONG_AGO))

    assert (finding.rule, finding.action, finding.policy) == ("RET-26", Erase(), "retention/all")
    assert finding.because == (
        "erased on 2026-10-25 (RET-01) and brought back by IMPORT, as it was known by 2021-06-03, with nothing newer on it"
    )
    assert finding.facts == {
        "erased_on": "2026-10-25",
        "erased_by": "RET-01",
        "matched_by": "email",
        "origin": "IMPORT",
    }


def test_ret_26_a_restore_that_is_dated_before_the_erasure_is_erased_again() -> None:
    """Not imported, but everything on it is from before, and its clock is over: a restore or a copy."""
    (finding,) = judged(back(), record={"origin": ""}, **dated(LONG_AGO))

    assert (finding.rule, finding.action) == ("RET-26", Erase())
    assert "a restore or a copy, as it was known by 2021-06-03" in finding.because


def test_ret_26_what_is_done_again_is_what_the_rule_in_force_does() -> None:
    """Where the policy anonymises, who comes back is anonymised."""
    policy = retention(Rule("all", Period(months=36), outcome="anonymise"))
    record = Record(ref=REF, version="1", origin="IMPORT")

    assert [item.action for item in policy.judge(record, Facts(returned=back(), **dated(LONG_AGO)), NOW)] == [
        Anonymise()
    ]


def test_ret_26_an_import_of_newer_data_is_quarantined() -> None:
    """It says that it was collected after the erasure: no old data, and no act that we know of."""
    (finding,) = judged(back(), **dated(SINCE))

    assert (finding.rule, finding.action) == ("RET-26", Restrict("returned"))


def test_ret_26_collected_yesterday_by_hand_is_no_new_clock_but_quarantined() -> None:
    """Typed in by staff: the creation date would keep them for three more years."""
    (finding,) = judged(back(), record=BY_HAND, **dated(SINCE))

    assert (finding.rule, finding.action) == ("RET-26", Restrict("returned"))
    assert "origin: CRM_UI" in finding.because


def test_ret_26_what_was_collected_on_the_day_of_the_erasure_is_no_old_data() -> None:
    """A date without an hour may be after it: nothing is erased on it, and it is not called a restore."""
    (finding,) = judged(back(), record=BY_HAND, **dated(ERASED - timedelta(hours=1)))

    assert (finding.rule, finding.action) == ("RET-26", Restrict("returned"))
    assert "nor as old data" in finding.because


def test_ret_26_an_import_without_a_date_is_quarantined() -> None:
    """The old list, or the leads of today's fair: nothing tells which."""
    (finding,) = judged(back())

    assert (finding.rule, finding.action) == ("RET-26", Restrict("returned"))
    assert "origin: IMPORT" in finding.because


def test_ret_26_an_unknown_origin_without_a_date_is_quarantined() -> None:
    """Nobody can say what brought it back."""
    (finding,) = judged(back(), record={"origin": ""})

    assert (finding.rule, finding.action) == ("RET-26", Restrict("returned"))
    assert "origin: unknown" in finding.because


def test_ret_26_old_data_that_would_have_kept_them_is_quarantined_the_longest_period_wins() -> None:
    """The import shows a click that nobody knew of when the person was erased."""
    (finding,) = judged(back(), **dated(LATELY))

    assert (finding.rule, finding.action) == ("RET-26", Restrict("returned"))
    assert finding.because.endswith("by its last contact it would be kept until 2029-05-08")


def test_ret_26_who_is_quarantined_is_still_erased_once_their_own_clock_is_over() -> None:
    """A phone does not agree, so nothing is done again; the ordinary rule needs no return."""
    (finding,) = judged(back(apart=True), **dated(LONG_AGO))

    assert (finding.rule, finding.action) == ("RET-01", Erase())


@pytest.mark.parametrize("returned", [back(apart=True), back(by="phone")])
def test_ret_26_without_an_e_mail_and_with_a_phone_against_it_nothing_is_erased(returned: Returned) -> None:
    """A strong phone that no erasure knows, or a match by phone alone: quarantined."""
    (finding,) = judged(returned)

    assert (finding.rule, finding.action) == ("RET-26", Restrict("returned"))


def test_ret_26_a_household_phone_is_only_reported() -> None:
    """Somebody with an e-mail of their own shares the phone of the erased: the ordinary clock goes on."""
    told = judged(back(by="phone", apart=True), record=BY_HAND, **dated(SINCE))
    overdue = judged(back(by="phone", apart=True), record=BY_HAND, **dated(LONG_AGO))

    assert [(item.rule, item.action) for item in told] == [("RET-26", None)]
    assert [(item.rule, item.action) for item in overdue] == [("RET-26", None), ("RET-01", Erase())]


@pytest.mark.parametrize("facts", [{"returned": back(weak=True)}, {"returned": back(), "crowded": True}])
def test_ret_26_a_weak_key_is_only_reported(facts: dict[str, Returned]) -> None:
    """A generic mailbox, or an address on too many records."""
    found = judged(**facts, record=BY_HAND, **dated(SINCE))

    assert [(item.rule, item.action) for item in found] == [("RET-26", None)]
    assert "only reported" in found[0].because


def test_ret_26_open_business_and_unreadable_sources_are_only_reported() -> None:
    """A deal is under way, or it cannot be told whether the person was in contact."""
    deal = judged(back(), open=((OTHER, "deal"),))[0]
    hidden = judged(back(), unreadable=((OTHER, "inbound_call"),))[0]

    assert (deal.rule, deal.action, hidden.rule, hidden.action) == ("RET-26", None, "RET-26", None)
    assert "open deal on pipedrive:person:7" in deal.because
    assert "inbound_call could not be read on pipedrive:person:7" in hidden.because


def test_ret_26_a_quarantine_is_set_once_and_only_where_it_is_configured() -> None:
    """Restricted already, or `undatable = "report"`: told, and nothing is written."""
    record = Record(ref=REF, version="1", origin="CRM_UI")
    facts = Facts(returned=back())

    assert [item.action for item in retention(undatable="report").judge(record, facts, NOW)] == [None]
    assert [item.action for item in judged(back(), record={**BY_HAND, "restricted": True})] == [None]


def test_ret_26_who_was_anonymised_and_whom_no_rule_covers_are_left_alone() -> None:
    """As for every other finding of retention."""
    record = Record(ref=REF, version="1", origin="IMPORT")
    elsewhere = retention(Rule("all", Period(months=36), crms=("pipedrive",)))

    assert judged(back(), anonymised=True) == []
    assert [item.rule for item in elsewhere.judge(record, Facts(returned=back()), NOW)] == ["R-S3.2"]
