"""What every adapter promises of reading: the account, the schema, whole scans, and `get` that sees the same."""

from __future__ import annotations

from datetime import UTC
from typing import get_args

import pytest

from connectors.testkit.bench import EDITED, REPLIED, TEXT, Bench, person
from connectors.testkit.world import Person
from core.actions import ACTIONS
from core.errors import BadAnswer, Unreachable
from core.identity import canonical_email, canonical_phone
from core.model import Channel, Query, Ref
from core.schema import Shape


class Reading:
    """Mixed into ConnectorContract."""

    # --- who we are ---

    def test_capabilities_are_data_that_hold_together(self, bench: Bench) -> None:
        """Must give each action it offers a batch size, must name no action or kind that is none (DESIGN §5)."""
        can = bench.connect().capabilities

        assert bench.world.kind in can.kinds, "capabilities.kinds does not name the kind under test"
        assert set(can.actions) <= set(ACTIONS), "capabilities.actions names an action that is none"
        needing = {"scan", "schema", "declare", "users", *ACTIONS}
        assert can.scopes.keys() <= needing, "capabilities.scopes names what is neither a method nor an action"
        assert [name for name in can.actions if can.batch.get(name, 0) < 1] == [], "actions without a batch size"
        assert can.reads >= 1

    def test_check_tells_which_account_it_is(self, bench: Bench) -> None:
        """Must name the account, the same each time; must not report a lack to who may do everything (DESIGN §5)."""
        crm = bench.connect()
        account = crm.check()

        assert account.id and account.name, "check must tell the vendor's id and name of the account"
        assert crm.check().id == account.id
        assert (account.missing, account.blind) == ((), ()), "check reports a lack to a token that lacks nothing"

    def test_declare_makes_once_what_check_misses(self, bench: Bench) -> None:
        """Must make exactly what `undeclared` names; must not make it twice (Connector.declare)."""
        crm = bench.connect()
        missing = crm.check().undeclared

        assert crm.declare() == missing, "declare must make what check called undeclared"
        assert crm.declare() == (), "a second declare must make nothing"
        assert crm.check().undeclared == ()

    def test_schema_names_every_property_once(self, bench: Bench) -> None:
        """Must give each property one name and a shape of the core's, a choice its options (Connector.schema)."""
        schema = bench.crm.schema(bench.world.kind)
        names = [item.name for item in schema.properties]

        assert schema.kind == bench.world.kind
        assert sorted(names) == sorted(set(names)), "a property is there twice"
        assert {item.shape for item in schema.properties} <= set(get_args(Shape))
        text = schema.get(bench.world.text)
        assert text and text.clearable, "the schema must show the text property, as one that can be emptied"
        if bench.world.choice:
            choice = schema.get(bench.world.choice)
            assert choice and choice.shape == "choices", "a multiple choice has the shape `choices`"
            assert {option.value for option in choice.options} >= set(bench.world.options)

    def test_users_are_told_once_each(self, bench: Bench) -> None:
        """Must tell each user by the vendor's id, a login with its zone (Connector.users)."""
        users = list(bench.crm.users())

        assert users, "an account has at least the user whose token this is"
        assert len({user.id for user in users}) == len(users) and all(user.id for user in users), "not one id each"
        assert [user.id for user in users if user.last_login and user.last_login.tzinfo is None] == []

    # --- scan ---

    def test_a_scan_of_an_empty_crm_is_whole(self, bench: Bench) -> None:
        """Must end with a page that says so; must not raise, and must not yield anybody (Connector.scan)."""
        pages = bench.pages()

        assert [record for page in pages for record in page.records] == []
        assert pages and pages[-1].last, "the last page must say so, also when there is nobody"

    def test_a_scan_leaves_nobody_out(self, bench: Bench) -> None:
        """Must yield every record over the borders of pages; may repeat one (Connector.scan)."""
        refs = bench.crowd(2 * bench.world.page + 1)

        found = bench.scan()

        assert [str(ref) for ref in refs if ref not in found] == [], "the scan left records out"
        assert len(found) == len(refs), "the scan yields records that are not there"

    def test_only_the_last_page_says_that_it_is_the_last(self, bench: Bench) -> None:
        """Must say so once, at the end; `total`, when told, must be how many there are (Page)."""
        size = len(bench.crowd(bench.world.page + 1))

        pages = bench.pages()

        assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True], (
            "`last` is not on the last page only"
        )
        assert {page.total for page in pages} <= {None, size}

    def test_a_scan_takes_its_time_page_by_page(self, bench: Bench) -> None:
        """Must be lazy: the first page is there before the last was asked for (DESIGN §5)."""
        refs = bench.crowd(2 * bench.world.page + 1)

        first = next(iter(bench.crm.scan(Query(bench.world.kind))))

        assert len({record.ref for record in first.records}) < len(refs), "the first page holds everybody"

    def test_a_change_during_the_scan_takes_nobody_along(self, bench: Bench) -> None:
        """Must leave out nobody who is there all the while, when another is deleted or edited; may raise (Connector.scan)."""
        refs = bench.crowd(2 * bench.world.page + 1)
        pages = bench.crm.scan(Query(bench.world.kind))
        found = {record.ref for record in next(pages).records}
        bench.world.remove(refs[0])
        bench.world.edit(refs[1], EDITED)

        try:
            found |= {record.ref for page in pages for record in page.records}
        except (BadAnswer, Unreachable):
            return

        assert [str(ref) for ref in refs[1:] if ref not in found] == [], "the scan left records out"

    def test_values_are_those_that_were_asked_for(self, bench: Bench) -> None:
        """Must answer the properties of the query; must not answer another one (Query, Record.values)."""
        ref = bench.seed()

        assert dict(bench.scanned(ref, bench.world.text).values) == {bench.world.text: TEXT}
        assert dict(bench.scanned(ref).values) == {}, "values that nobody asked for are personal data for nothing"

    def test_every_identifier_is_read(self, bench: Bench) -> None:
        """Must answer all addresses and numbers of a record, as ones that can be spelled one way (SUP-05, Record.emails)."""
        emails = tuple(f"ada.{place}@quillsleigh.example" for place in range(bench.world.emails))
        phones = tuple(f"+3363998{place:04}" for place in range(bench.world.phones))
        ref = bench.seed(Person(name="Ada Quillsleigh", emails=emails, phones=phones))

        found = bench.scanned(ref)

        assert {canonical_email(text) for text in found.emails} == set(emails), "an address is missing, or is none"
        assert {canonical_phone(text, "FR") for text in found.phones} == set(phones), "a number is missing, or is none"

    def test_the_clock_is_what_the_person_did(self, bench: Bench) -> None:
        """Must date with a zone, in UTC; must tell when the person was last in touch, by a source it names (RET-20, Moment)."""
        ref = bench.seed()

        found = bench.scanned(ref)

        dates = [found.created, found.collected, *(moment.at for moment in found.inbound)]
        assert [date for date in dates if date and date.utcoffset() != UTC.utcoffset(None)] == [], "a date without UTC"
        assert found.created, "the date of creation is missing"
        assert found.unreadable == (), "who may read everything finds nothing unreadable"
        assert max((moment.at.date() for moment in found.inbound), default=None) == REPLIED.date(), (
            "not the last contact"
        )
        assert {moment.source for moment in found.inbound} <= set(bench.can.inbound)

    @pytest.mark.parametrize("channel", get_args(Channel))
    def test_an_objection_made_in_the_crm_is_read(self, bench: Bench, channel: Channel) -> None:
        """Must show the vendor's flag as objection and as suppressed; must not show one of another channel (SUP-01)."""
        other = bench.seed()  # whether a vendor has the flag may show on a record only
        if channel not in bench.can.native.get(bench.world.kind, ()):
            pytest.skip(f"capabilities.native names no flag of the vendor's own for {channel}")
        ref = bench.seed(person(1, objects=(channel,)))

        found, beside = bench.scanned(ref), bench.scanned(other)

        assert {item.channel for item in found.objections} == {channel}, "the objection is missed"
        assert found.suppressed == {channel}
        assert (beside.objections, beside.suppressed) == ((), frozenset()), "nobody objected here"

    # --- get ---

    def test_get_answers_every_ref_and_none_for_who_is_gone(self, bench: Bench) -> None:
        """Must answer each ref asked for: a record, or None once it was deleted; must not raise (Connector.get)."""
        here, gone = bench.crowd(2)
        bench.world.remove(gone)

        found = bench.get(here, gone)

        assert found[gone] is None, "a deleted record is None"
        assert found[here] == bench.read(here), "the one beside it is there, under its own ref"
        assert bench.crm.get([]) == {}

    def test_get_reads_what_scan_reads(self, bench: Bench) -> None:
        """Must read a record as `scan` does, clock and values included: the second look must see the same (DESIGN §6)."""
        ref = bench.seed()

        assert bench.read(ref, bench.world.text) == bench.scanned(ref, bench.world.text), (
            "get and scan see different records"
        )

    def test_get_takes_more_refs_than_a_batch(self, bench: Bench) -> None:
        """Must take any number of refs, not only `capabilities.reads` (Connector.get)."""
        refs = bench.crowd(bench.can.reads + 1)

        found = bench.get(*refs)

        assert [str(ref) for ref in refs if found.get(ref) is None] == [], "records were left out"

    def test_what_is_no_id_is_nobody(self, bench: Bench) -> None:
        """Must answer None for an id the vendor could never have given, whatever stands in it (Connector.get)."""
        ref = bench.seed()
        odd = [Ref(ref.crm, ref.kind, id) for id in (f"{ref.id}0", "0", "' OR 1=1", "../me", "a,b&c=d", "é")]

        found = bench.get(*odd, ref)

        assert [str(one) for one in odd if found[one] is not None] == [], "an id was taken for another one"
        assert found[ref] is not None, "an odd id must not take the others along"

    def test_a_record_is_read_under_its_own_kind_only(self, bench: Bench) -> None:
        """Must not answer a record under another kind than its own (Connector.get)."""
        ref = bench.seed()
        others = [Ref(ref.crm, kind, ref.id) for kind in bench.can.kinds if kind != ref.kind]
        if not others:
            pytest.skip("capabilities.kinds names one kind only")

        found = bench.get(*others, ref)

        assert [str(other) for other in others if found[other] is not None] == []
        assert found[ref] is not None

    def test_an_edit_moves_the_version(self, bench: Bench) -> None:
        """Must tell another version after an edit; must not without one, however often it is read (Record.version)."""
        ref = bench.seed()
        before = bench.read(ref)
        assert before.version and bench.read(ref).version == before.version

        bench.world.edit(ref, EDITED)

        after = bench.read(ref, bench.world.text)
        assert after.version != before.version, "an edit must move the version"
        assert after.values[bench.world.text] == EDITED
