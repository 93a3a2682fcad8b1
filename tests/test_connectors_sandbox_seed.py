"""The made-up population: the same for the same seed, valid numbers, and a truth that its own records bear out.

The second half judges the records anew, from the load lines alone, by a few plain rules of retention (RET-20 to RET-22):
a truth that its own records contradict would make every test that leans on it worthless.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from stdnum import iban, luhn
from stdnum.fr import nir, siret

from connectors.sandbox.seed import Population, population
from connectors.sandbox.seed.draw import overdue_edge
from connectors.sandbox.seed.ids import with_suffix
from connectors.sandbox.seed.people import Line

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
RETENTION = {"keep", "erase", "undatable", "held", "due_soon"}
PLACES = {"hubspot:contacts": "hubspot:contact", "pipedrive:persons": "pipedrive:person"}


@pytest.fixture(scope="module")
def made() -> Population:
    return population(300, 7, NOW)


@pytest.fixture(scope="module")
def lines(made: Population) -> list[Line]:
    return list(made.lines)


def ref_of(record: Line) -> str | None:
    """The ref of a record of a person, None for any other."""
    place = f"{record['crm']}:{record['kind']}"
    if place in ("salesforce:Contact", "salesforce:Lead"):
        return f"{place}:{record['Id']}"
    return f"{PLACES[place]}:{record['id']}" if place in PLACES else None


def retention(made: Population) -> dict[str, Line]:
    return {one["ref"]: one for one in made.truth.lines if one["expect"] in RETENTION and "property" not in one}


def of_kind(made: Population, expect: str) -> list[Line]:
    return [one for one in made.truth.lines if one["expect"] == expect]


def test_the_same_seed_gives_the_same_bytes_and_another_one_other_people(made: Population) -> None:
    again = population(300, 7, NOW)
    assert json.dumps(list(made.lines)) == json.dumps(list(again.lines)) == json.dumps(list(made.lines))
    assert json.dumps(made.truth.as_json()) == json.dumps(again.truth.as_json())
    assert not set(population(300, 8, NOW).truth.planted) >= set(made.truth.planted)


def test_every_stamp_moves_with_now(made: Population) -> None:
    later = population(300, 7, NOW + timedelta(days=365 * 8))
    newest = max(re.findall(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d", json.dumps(list(later.lines))))
    assert newest <= "2034-11-22T09:30:00"
    assert not re.search(r"\D201\d-\d\d-\d\d", json.dumps(list(later.lines)))


@pytest.mark.parametrize("people", [50, 300, 2000])
def test_every_record_of_a_person_has_exactly_one_line_of_retention(people: int) -> None:
    made = population(people, 1, NOW)
    refs = [ref for record in made.lines if (ref := ref_of(record))]
    judged = [one["ref"] for one in made.truth.lines if one["expect"] in RETENTION and "property" not in one]
    assert Counter(refs) == Counter(judged)
    assert set(Counter(refs).values()) == {1}


@pytest.mark.parametrize("people", [50, 300])
def test_every_expectation_is_there_and_in_a_larger_one_in_every_crm(people: int) -> None:
    made = population(people, 1, NOW)
    found = {(one["expect"], one["ref"].split(":")[0]) for one in made.truth.lines}
    assert {expect for expect, _ in found} == RETENTION | {"suppress", "clear", "redact"}
    if people == 300:
        crms = {"hubspot", "salesforce", "pipedrive"}
        assert found == {(expect, crm) for expect in RETENTION | {"suppress", "clear", "redact"} for crm in crms}


def test_three_people_in_five_are_in_several_crms() -> None:
    made = population(2000, 1, NOW)
    crms = defaultdict(set)
    for copy in made.copies:
        crms[copy.persona.email].add(copy.place.split(":")[0])
    assert 0.55 < sum(len(found) > 1 for found in crms.values()) / len(crms) < 0.70


def test_people_outside_the_limits_are_refused() -> None:
    for people in (49, 150_001):
        with pytest.raises(ValueError, match="between"):
            population(people, 1, NOW)


def test_addresses_lie_in_reserved_domains_and_numbers_in_ranges_for_fiction(made: Population) -> None:
    """RFC 2606 .example; ARCEP 2018-0881 and Ofcom ranges."""
    fiction = re.compile(r"\+33(63998|19900|26191|35301|46571|53649)\d{4}|\+44(7700900|2079460|1632960)\d{3}")
    assert all(email.lower().endswith(".example") for copy in made.copies for email in copy.emails)
    assert all(fiction.fullmatch(copy.persona.phone) for copy in made.copies)
    assert all(digits(copy.phone) == copy.persona.phone for copy in made.copies)


def test_no_two_people_share_a_key_but_those_who_are_meant_to(made: Population) -> None:
    owners = defaultdict(set)
    for copy in made.copies:
        for key in (*(email.lower() for email in copy.emails), copy.persona.phone):
            owners[key].add((copy.persona.first, copy.persona.last, copy.persona.company.number))
    shared = {key: len(people) for key, people in owners.items() if len(people) > 1}
    assert sorted(shared.values()) == [4, 7]
    assert next(key for key, count in shared.items() if count == 4).startswith("info@")
    groups = Counter(one["expect"] for one in made.truth.lines if one.get("shared"))
    assert groups == {"erase": 2, "keep": 11}


def test_no_two_hubspot_contacts_have_the_same_address(lines: list[Line]) -> None:
    emails = [record["properties"]["email"] for record in lines if record["kind"] == "contacts"]
    assert len(emails) == len(set(emails))


def test_salesforce_ids_have_eighteen_characters_and_the_suffix_of_their_capitals(lines: list[Line]) -> None:
    assert with_suffix("001A0000006Vm9r") == "001A0000006Vm9rIAC"
    ids = [record["Id"] for record in lines if "Id" in record]
    assert len(ids) == len(set(ids)) > 100
    assert all(len(one) == 18 and with_suffix(one[:15]) == one for one in ids)
    prefixes = {"Contact": "003", "Lead": "00Q", "Account": "001", "Opportunity": "006", "Individual": "0PK"}
    for record in lines:
        assert record.get("Id", "").startswith(prefixes.get(record["kind"], ""))


def test_planted_numbers_pass_the_checks_of_their_issuers() -> None:
    valid = {"nir": nir.is_valid, "iban": iban.is_valid, "card": luhn.is_valid}
    texts = [one for one in of_kind(population(2000, 1, NOW), "redact") if one["class"] in valid]
    assert {one["class"] for one in texts} == set(valid)
    assert all(valid[one["class"]](one["gone"].replace(" ", "")) for one in texts)


def test_a_revealing_note_holds_what_must_go_once_and_what_must_stay_word_for_word() -> None:
    made = population(2000, 1, NOW)
    values = text_values(list(made.lines))
    redacted = of_kind(made, "redact")
    assert {one["ref"].rsplit(":", 1)[0] for one in redacted} == {
        "hubspot:contact",
        "salesforce:Contact",
        "salesforce:Lead",
        "pipedrive:person",
    }
    for one in redacted:
        text = values[one["ref"], one["property"]]
        assert text.count(one["gone"]) == 1
        assert all(text.count(sentence) == 1 and one["gone"] not in sentence for sentence in one["survives"])


def test_look_alike_notes_and_harmless_options_are_to_be_left_as_they_are() -> None:
    made = population(2000, 1, NOW)
    values = text_values(list(made.lines))
    left = [one for one in of_kind(made, "keep") if "property" in one]
    texts = " ".join(str(values[one["ref"], one["property"]]) for one in left)
    for phrase in ("Syndicat de copropriété", "zone SUD", "ealth score", "vegetarien"):
        assert phrase in texts
    numbers = re.findall(r"SIRET (\d+)", texts)
    assert numbers
    assert all(siret.is_valid(number) for number in numbers)


def test_a_property_to_clear_is_filled_and_is_banned_whole_or_by_that_option() -> None:
    made = population(2000, 1, NOW)
    values = text_values(list(made.lines))
    banned = {one["property"]: one.get("options") for one in made.truth.properties["banned"]}
    cleared = of_kind(made, "clear")
    assert {one["property"] for one in cleared} == set(banned)
    for one in cleared:
        value = values[one["ref"], one["property"]]
        assert value is not None
        options = banned[one["property"]]
        assert options is None or value in options


def test_what_is_planted_covers_every_identity_and_every_secret(made: Population, lines: list[Line]) -> None:
    planted = set(made.truth.planted)
    for copy in made.copies:
        assert {*copy.emails, copy.phone, f"{copy.persona.first} {copy.persona.last}"} <= planted
    assert all(any(one["gone"] in secret for secret in planted) for one in of_kind(made, "redact"))


def test_a_hold_names_a_held_record_with_all_that_ret_24_asks(made: Population) -> None:
    held = {one["ref"]: one["hold_id"] for one in of_kind(made, "held")}
    assert made.truth.holds
    for hold in made.truth.holds:
        assert set(hold) == {"hold_id", "ref", "scope", "reason", "authorised_by", "start", "review_on"}
        assert held[hold["ref"]] == hold["hold_id"]


def test_the_edge_of_the_period_follows_ret_21() -> None:
    assert overdue_edge(date(2026, 11, 24)) == date(2023, 11, 24)
    assert overdue_edge(date(2027, 2, 28)) == date(2024, 2, 28)
    assert overdue_edge(date(2027, 3, 1)) == date(2024, 3, 1)
    assert overdue_edge(date(2028, 2, 29)) == date(2025, 3, 1)


# --- The truth, judged anew from the load lines ---


def digits(phone: str) -> str:
    """E.164 of a phone number as the generator spells them."""
    plain = re.sub(r"[^\d+]", "", phone.replace("(0)", ""))
    return re.sub(r"^(00|0(?!0))", lambda found: "+" if found[0] == "00" else "+33", plain)


def moment(stamp: str) -> datetime:
    found = datetime.fromisoformat(stamp)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def text_values(lines: list[Line]) -> dict[tuple[str, str], Any]:
    """Every property of every person, by ref and name."""
    values = {}
    for record in lines:
        if ref := ref_of(record):
            own = record.get("properties", record)
            for name, value in {**own, **own.get("custom_fields", {})}.items():
                values[ref, name] = value
    return values


def keys(record: Line) -> Iterator[str]:
    """The canonical e-mail addresses and phone numbers of a record of a person."""
    own = record.get("properties", record)
    emails = [own.get("email"), own.get("Email"), *own.get("hs_additional_emails", "").split(";")]
    emails += [one["value"] for one in own.get("emails", [])]
    phones = [own.get(name) for name in ("phone", "mobilephone", "Phone", "MobilePhone")]
    phones += [one["value"] for one in own.get("phones", [])]
    yield from (email.lower() for email in emails if email)
    yield from (digits(phone) for phone in phones if phone)


def collected(record: Line) -> str | None:
    """The creation stamp of a record, when it is one of collection."""
    if record["crm"] == "hubspot":
        own = record["properties"]
        return own["createdate"] if own["hs_object_source"] in ("FORM", "CONTACTS_WEB") else None
    if record["crm"] == "salesforce":
        return record["CreatedDate"] if record["LeadSource"] == "Web" else None
    return record["add_time"] if 1 in record["custom_fields"].values() else None


def own_contacts(record: Line) -> Iterator[str]:
    """The stamps of contacts from the person that a record of a person bears itself."""
    own = record.get("properties", record)
    for name in (
        "hs_email_last_click_date",
        "hs_email_last_reply_date",
        "recent_conversion_date",
        "last_incoming_mail_time",
    ):
        if name in own:
            yield own[name]


def child_contact(record: Line) -> tuple[str | None, str | None]:
    """The ref and the stamp of a contact from the person that another record bears witness of."""
    own, kind = record.get("properties", record), record["kind"]
    if record["crm"] == "hubspot":
        inbound = {own.get("hs_email_direction"), own.get("hs_call_direction")} & {"INCOMING_EMAIL", "INBOUND"}
        stamp = (
            own.get("hs_timestamp")
            if inbound
            else own.get("closedate")
            if own.get("dealstage") == "closedwon"
            else None
        )
        return f"hubspot:contact:{record['associations'][0]['id']}" if stamp else None, stamp
    if record["crm"] == "pipedrive":
        by_person = own.get("type") in ("inbound_call", "form")
        return f"pipedrive:person:{own.get('person_id')}", own["due_date"] if by_person else own.get("won_time")
    stamps = {
        "Task": own.get("ActivityDate") if own.get("CallType") == "Inbound" else None,
        "Case": own.get("ClosedDate"),
        "CampaignMember": own.get("FirstRespondedDate"),
        "EmailMessageRelation": own.get("CreatedDate") if own.get("RelationType") == "FromAddress" else None,
        "OpportunityContactRole": own.get("CreatedDate") if own.get("OpportunityId", "")[:3] == "006" else None,
    }
    person = own.get("WhoId") or own.get("ContactId") or own.get("LeadId") or own.get("RelationId") or ""
    return f"salesforce:{'Lead' if person.startswith('00Q') else 'Contact'}:{person}", stamps.get(kind)


def starts(lines: list[Line]) -> dict[str, datetime | None]:
    """For every person's record the latest collection or contact over all records that share a key of one person.

    A key that is nobody's own brings the contacts of whoever carries it, and never a collection.
    """
    open_deals = {r["Id"] for r in lines if r["kind"] == "Opportunity" and not r["IsWon"]}
    stamps: dict[str, list[datetime]] = defaultdict(list)
    contacts: dict[str, list[datetime]] = defaultdict(list)
    groups: dict[str, set[str]] = {}
    for record in lines:
        if ref := ref_of(record):
            contacts[ref] += [moment(one) for one in own_contacts(record)]
            stamps[ref] += [moment(one) for one in (collected(record), *own_contacts(record)) if one]
            for key in keys(record):
                groups.setdefault(key, set()).add(ref)
        elif record["kind"] in ("property", "_field", "settings", "personFields", "subscription"):
            continue
        elif record.get("OpportunityId") not in open_deals:
            person, stamp = child_contact(record)
            if person and stamp:
                stamps[person].append(moment(stamp))
                contacts[person].append(moment(stamp))
    weak = {key for key, refs in groups.items() if len(refs) > 5 or key.startswith(("info@", "contact@"))}
    linked = {ref: {ref} for refs in groups.values() for ref in refs}
    for refs in (refs for key, refs in groups.items() if key not in weak):
        union = set().union(*(linked[ref] for ref in refs))
        for ref in union:
            linked[ref] = union
    named = {
        ref for key, refs in groups.items() if "@" in key and not key.startswith(("info@", "contact@")) for ref in refs
    }
    for refs in (groups[key] for key in weak):
        for ref in refs:
            told_apart = any(other in named for other in linked[ref])
            stamps[ref] += [one for other in refs if not (told_apart and other in named) for one in contacts[other]]
    return {ref: max((one for other in refs for one in stamps[other]), default=None) for ref, refs in linked.items()}


@pytest.mark.parametrize("people", [300, 2000])
def test_the_truth_about_retention_is_borne_out_by_the_records(people: int) -> None:
    made = population(people, 5, NOW)
    found, today = starts(list(made.lines)), NOW.date()
    for ref, truth in retention(made).items():
        start = found[ref]
        if truth["expect"] == "undatable":
            assert start is None, truth
            continue
        assert start is not None, truth
        due = start.date() + relativedelta(months=36)
        if truth["expect"] in ("erase", "held"):
            assert due < today, truth
        elif truth["expect"] == "due_soon":
            assert today <= due <= today + timedelta(days=30), truth
        elif "open" not in truth["why"]:
            assert due > today + timedelta(days=30), truth


def test_the_boundary_is_hit_to_the_day_on_both_sides(made: Population) -> None:
    found = starts(list(made.lines))
    days = {
        one["expect"]: (start.date() + relativedelta(months=36) - NOW.date()).days
        for one in made.truth.lines
        if one.get("boundary") and (start := found[one["ref"]])
    }
    assert days == {"erase": -1, "due_soon": 0}


def test_an_open_deal_ticket_or_case_stands_behind_every_record_that_is_kept_for_one() -> None:
    made = population(2000, 5, NOW)
    lines, found = list(made.lines), starts(list(made.lines))
    kept = [one for one in of_kind(made, "keep") if one["why"].startswith("an open")]
    assert {(one["ref"].split(":")[0], one["why"]) for one in kept} == {
        ("hubspot", "an open deal"),
        ("hubspot", "an open ticket"),
        ("salesforce", "an open deal"),
        ("salesforce", "an open ticket"),
        ("pipedrive", "an open deal"),
    }
    assert all((start := found[one["ref"]]) and start < NOW - timedelta(days=1097) for one in kept)
    still_open = [
        record
        for record in lines
        if record.get("status") == "open"
        or record.get("properties", {}).get("dealstage") == "qualifiedtobuy"
        or record["kind"] == "tickets"
        or (record["kind"] in ("Opportunity", "Case") and not record["IsClosed"])
    ]
    assert len(still_open) == len(kept)


def test_every_objection_in_the_records_is_in_the_truth_and_nothing_else_is(
    made: Population, lines: list[Line]
) -> None:
    expected = {one["ref"]: set(one["channels"]) for one in of_kind(made, "suppress")}
    unsubscribed = {record["email"] for record in lines if record["kind"] == "subscription"}
    solicit = {record["Id"] for record in lines if record["kind"] == "Individual"}
    erased = {one["ref"] for one in of_kind(made, "erase")}
    objected: dict[str, set[str]] = defaultdict(set)
    for record in lines:
        ref, own = ref_of(record), record.get("properties", record)
        by_email = own.get("email") in unsubscribed or own.get("hs_email_optout") == "true"
        if by_email or own.get("HasOptedOutOfEmail") or own.get("marketing_status") == "unsubscribed":
            objected[str(ref)].add("email")
        if own.get("DoNotCall"):
            objected[str(ref)].add("telephone")
        if own.get("IndividualId") in solicit:
            objected[str(ref)] |= {"email", "telephone"}
    by_key: dict[str, set[str]] = defaultdict(set)
    for record in lines:
        for key in keys(record) if (ref := ref_of(record)) and ref not in erased else ():
            by_key[key] |= objected.get(str(ref), set())
    reached = {str(ref): set().union(*(by_key[k] for k in keys(r))) for r in lines if (ref := ref_of(r))}
    assert {ref: channels for ref, channels in reached.items() if channels and ref not in erased} == expected
