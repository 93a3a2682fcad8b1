"""Nobody who objected is solicited again, in any CRM: SUP-01, SUP-07, decided from facts alone."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from core.actions import Suppress
from core.facts import NOTHING, Facts, Objected
from core.findings import Finding
from core.model import CHANNELS, Channel, Objection, Record, Ref
from core.policy import Needs
from core.precedence import settle
from core.schema import Schema
from policies.suppression import Suppression

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
AT = datetime(2026, 11, 1, tzinfo=UTC)
BY_MAIL = Objected("a:hs_email_optout", AT, "email")
BY_PHONE = Objected("b:DoNotCall", AT, "phone")
SOME = st.frozensets(st.sampled_from(CHANNELS))


def record(**facts: object) -> Record:
    """A record of CRM c."""
    return Record(**{"ref": Ref("c", "person", "1"), "version": "7", **facts})  # type: ignore[arg-type]  # fields of Record


def judged(record: Record, facts: Facts) -> list[Finding]:
    """The findings of the policy."""
    return list(Suppression().judge(record, facts, NOW))


@given(SOME, SOME)
def test_sup_01_exactly_the_objected_channels_that_are_still_open_are_closed(
    objected: frozenset[Channel], closed: frozenset[Channel]
) -> None:
    """SUP-01, SUP-07: no channel is forgotten, none is closed without an objection, and nothing is done twice."""
    found = judged(record(suppressed=closed), Facts(objected=dict.fromkeys(objected, BY_MAIL)))
    channels = {
        channel for finding in found if isinstance(finding.action, Suppress) for channel in finding.action.channels
    }

    assert channels == objected - closed
    assert len(found) == bool(objected - closed)


def test_sup_01_channels_are_in_one_order() -> None:
    """The same facts give the same plan, in whatever order they were gathered."""
    found = judged(record(), Facts(objected={"telephone": BY_PHONE, "email": BY_MAIL}))

    assert found[0].action == Suppress(("email", "telephone"))


def test_sup_07_the_finding_names_its_sources_and_how_it_matched_and_no_person() -> None:
    """The finding is explained by flags and kinds of identifiers, on the version that was read."""
    person = record(emails=("jean.dupont@example.fr",), phones=("0639981011",), values={"firstname": "Jean"})
    (found,) = judged(person, Facts(objected={"email": BY_MAIL, "telephone": BY_PHONE}))

    assert (found.rule, found.version, found.ref) == ("SUP-07", "7", person.ref)
    assert "a:hs_email_optout" in found.because
    assert "b:DoNotCall" in found.because
    assert found.facts == {"email": "matched by email", "telephone": "matched by phone"}
    assert not [value for value in ("jean", "dupont", "63998") if value in repr(found).lower()]


def test_sup_07_only_the_sources_of_what_is_still_to_be_closed_are_told() -> None:
    """A channel that is closed already is no reason."""
    (found,) = judged(
        record(suppressed=frozenset({"email"})), Facts(objected={"email": BY_MAIL, "telephone": BY_PHONE})
    )

    assert found.action == Suppress(("telephone",))
    assert "hs_email_optout" not in found.because


def test_sup_07_a_flag_of_the_record_itself_is_judged_through_the_list() -> None:
    """What was pushed or lifted is decided where objections are gathered: the flag alone is no finding here."""
    assert judged(record(objections=(Objection("email", "opt_out"),)), NOTHING) == []


def test_ret_23_an_objection_goes_out_under_hold_restriction_archive_and_gaps() -> None:
    """A marketing objection stops marketing at once, whatever forbids destruction."""
    stopped = Facts(objected={"email": BY_MAIL}, holds=("H-1",), restricted=True, gaps=("b: not reached",), shared=True)
    (found,) = judged(record(restricted=True, archived=True), stopped)

    assert found.action == Suppress(("email",))
    assert settle(found, stopped).blocked == ""


def test_dsr_08_a_request_is_reported_on_the_record_that_shows_it_and_does_nothing() -> None:
    """DSR-01, DSR-08: a marked request is a report with its deadline, beside the objection."""
    found = judged(
        record(requests=("erasure", "access")), Facts(objected={"email": BY_MAIL}, requests=("erasure", "access"))
    )

    assert [(item.rule, item.action is None) for item in found] == [
        ("SUP-07", False),
        ("DSR-08", True),
        ("DSR-08", True),
    ]
    assert ["erasure" in found[1].because, "access" in found[2].because] == [True, True]
    assert judged(record(), Facts(requests=("erasure",))) == []


def test_sup_02_the_policy_asks_for_no_property() -> None:
    """SUP-03: identifiers and flags are enough."""
    assert Suppression().needs(Schema("c", "person", ())) == Needs()
    assert Suppression().scope == "person"
