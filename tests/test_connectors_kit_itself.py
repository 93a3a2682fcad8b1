"""The kit is tested itself: every broken adapter is rejected, by the tests that the break concerns and for that reason."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import pytest

from connectors.testkit import ConnectorContract
from tests import broken_adapters

ROOT = Path(__file__).parent.parent
LOST, MISSED = "the scan does not find", "must answer every ref, and no other"
EDITED, MANY = "it was edited meanwhile", "not this channel and no other"
BROKEN: dict[str, dict[str, str]] = {
    "DropsTheLastPage": {
        "a_scan_leaves_nobody_out": "the scan left records out",
        "a_change_during_the_scan_takes_nobody_along": "the scan left records out",
        "what_was_erased_is_nowhere": "the scan does not find just the other one",
        **dict.fromkeys(("suppress_closes_the_channel_and_no_other", "values_are_those_that_were_asked_for"), LOST),
        **dict.fromkeys(("every_identifier_is_read", "the_clock_is_what_the_person_did"), LOST),
        **dict.fromkeys(("an_objection_made_in_the_crm_is_read", "get_reads_what_scan_reads"), LOST),
    },
    "NeverSaysLast": {
        "a_scan_of_an_empty_crm_is_whole": "the last page must say so",
        "only_the_last_page_says_that_it_is_the_last": "`last` is not on the last page only",
    },
    "ReadsEverythingFirst": {"a_scan_takes_its_time_page_by_page": "the first page holds everybody"},
    "ShowsEveryValue": {"values_are_those_that_were_asked_for": "values that nobody asked for"},
    "RaisesForTheMissing": {
        "get_answers_every_ref_and_none_for_who_is_gone": "KeyError",
        "what_is_no_id_is_nobody": "KeyError",
        "what_was_erased_is_nowhere": "KeyError",
    },
    "LeavesOutTheMissing": {
        "get_answers_every_ref_and_none_for_who_is_gone": MISSED,
        "what_is_no_id_is_nobody": MISSED,
        "what_was_erased_is_nowhere": MISSED,
    },
    "TakesOneBatchOfRefs": {
        "get_takes_more_refs_than_a_batch": "records were left out",
        "what_is_no_id_is_nobody": "an odd id must not take the others along",
    },
    "GuessesIds": {"what_is_no_id_is_nobody": "an id was taken for another one"},
    "SeesLessInGet": {"get_reads_what_scan_reads": "get and scan see different records"},
    "ForgetsAddresses": {"every_identifier_is_read": "an address is missing"},
    "ForgetsTheZone": {"the_clock_is_what_the_person_did": "a date without UTC"},
    "MissesObjections": {
        "an_objection_made_in_the_crm_is_read": "the objection is missed",
        "suppress_closes_the_channel_and_no_other": MANY,
        "suppress_adds_to_what_is_closed": "frozenset() ==",
        "receipts_come_in_the_order_of_the_commands": "frozenset()",
    },
    "TakesEditsForContacts": {"what_we_write_does_not_move_the_clock": "a write of ours moved the clock"},
    "HasOneVersion": {
        "an_edit_moves_the_version": "an edit must move the version",
        "another_version_is_changed_and_not_written": EDITED,
        "receipts_come_in_the_order_of_the_commands": "not the receipts of these commands",
        "what_is_offered_is_done": "Done tells another version than the record has",
    },
    "OverwritesEdits": {
        "another_version_is_changed_and_not_written": EDITED,
        "receipts_come_in_the_order_of_the_commands": "not the receipts of these commands",
    },
    "MixesUpReceipts": {"receipts_come_in_the_order_of_the_commands": "not the receipts of these commands"},
    "OnlySaysSo": {
        "what_is_offered_is_done": "it says Done and has written nothing",
        "twice_is_once": "the second time: Done",
        "another_version_is_changed_and_not_written": EDITED,
        "who_is_gone_is_gone": "Done",
        "restrict_is_no_objection": "the restriction does not read back",
    },
    "ClosesEveryChannel": {
        "suppress_closes_the_channel_and_no_other": MANY,
        "suppress_adds_to_what_is_closed": "AlreadyDone",
        "receipts_come_in_the_order_of_the_commands": "telephone",
    },
    "RestrictsByOptingOut": {"restrict_is_no_objection": "a restriction is not an objection"},
    "ClearsTheWholeChoice": {"clear_takes_one_choice_out_of_many": "not the other choices are left"},
    "RedactsTheWholeText": {
        "redact_takes_the_spans_and_nothing_else": "Call again in May",
        "what_cannot_be_done_is_refused_by_name": "Done",
    },
    "BinsInsteadOfErasing": {
        "what_was_erased_is_nowhere": "it says Done, and the record is there",
        "erasing_one_leaves_the_other_with_the_same_address": "it says Done, and the record is there",
    },
    "ErasesByAddress": {"erasing_one_leaves_the_other_with_the_same_address": "somebody else was erased"},
    "AnonymisesTheAddressOnly": {
        "anonymise_leaves_nothing_that_tells_who_it_was": "the record still tells who it was",
        "twice_is_once": "AlreadyDone",
    },
    "FindsNotesByTheirBeginning": {"a_note_is_found_again_by_its_id": "a note is not told from another one"},
    "QuotesThePerson": {
        "no_value_of_a_person_is_told": "a value is told",
        "what_cannot_be_done_is_refused_by_name": "the reason quotes a value",
    },
    "TellsUsersTwice": {"users_are_told_once_each": "not one id each"},
    "RepeatsWrites": {"a_lost_answer_is_settled_by_reading": "was"},
    "PutsTheTokenIntoTheUrl": {
        "the_token_is_told_nowhere": "the secret is told",
        "no_value_and_no_token_is_told_in_an_error": "the secret is told",
    },
    "TakesARefusalForNobody": {
        "a_token_that_is_refused_is_not_allowed": "scan was answered to a token that the vendor refuses",
        "a_right_that_is_missing_is_named": "without read, a record is left out",
    },
    "TakesGarbageForGone": {"garbage_is_never_guessed_at": "DID NOT RAISE"},
    "TakesACircleForTheEnd": {"a_scan_that_cannot_be_whole_raises": "DID NOT RAISE"},
    "EndsWhereTheListBreaks": {
        "a_scan_that_cannot_be_whole_raises": "DID NOT RAISE",
        "a_vendor_that_is_down_is_unreachable": "DID NOT RAISE",
    },
    "BelievesEveryAnswer": {"what_the_vendor_drops_without_a_word_is_refused": "nothing was written"},
    "DoesNotWait": {
        "it_waits_as_long_as_it_is_told": "waited for once",
        "a_vendor_that_is_down_is_unreachable": "it must have tried again",
    },
    "HidesItsBlindness": {"who_sees_only_part_says_so": "part of the records is hidden"},
    "QuotesTheVendor": {"a_refusal_of_the_vendor_is_a_receipt": "the reason quotes a value"},
    "CallsWhenItConnects": {
        "connecting_calls_nobody": "Unreachable",
        "a_token_that_is_refused_is_not_allowed": "NotAllowed",
    },
    "ShowsItsSecret": {"the_token_is_told_nowhere": "the secret is told"},
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, set[str]]]:
    """What pytest says of the broken adapters: the messages of each test that failed, by class."""
    path = tmp_path_factory.mktemp("kit") / "verdicts.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=line"]
    command += [f"--junitxml={path}", str(ROOT / "tests" / "broken_adapters.py")]
    environment = {**os.environ, "PYTEST_ADDOPTS": ""}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=110)
    assert run.returncode == 1, run.stdout[-2000:]
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for case in ElementTree.parse(path).iter("testcase"):
        for failure in (*case.findall("failure"), *case.findall("error")):
            name = str(case.get("name")).partition("[")[0].removeprefix("test_")
            found[str(case.get("classname")).rpartition(".Test")[2]][name].add(str(failure.get("message")))
    return found


def test_every_broken_adapter_is_here() -> None:
    """None is forgotten on either side, and there are many."""
    classes = {name.removeprefix("Test") for name, _ in inspect.getmembers(broken_adapters, inspect.isclass)}

    assert set(BROKEN) <= classes
    assert {name for name in vars(broken_adapters) if name.startswith("Test")} == {f"Test{name}" for name in BROKEN}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_adapter_is_rejected_for_the_right_reason(name: str, verdicts: dict[str, dict[str, set[str]]]) -> None:
    """The tests that the break concerns fail, each with words about it; all the others pass."""
    failed = verdicts.get(name, {})

    assert set(failed) == set(BROKEN[name])
    told = {test: [message for message in failed[test] if words not in message] for test, words in BROKEN[name].items()}
    assert {test: messages for test, messages in told.items() if messages} == {}


def test_every_promise_says_what_it_wants_and_where_that_stands() -> None:
    """Each test of the kit: Must or Must not, and its source in brackets."""
    tests = [
        item for name, item in inspect.getmembers(ConnectorContract, inspect.isfunction) if name.startswith("test_")
    ]
    texts = {test.__name__: " ".join((test.__doc__ or "").split()) for test in tests}

    assert len(tests) >= 30
    assert [name for name, text in texts.items() if not text.startswith("Must ")] == []
    assert [name for name, text in texts.items() if not ("(" in text and ")" in text)] == []
