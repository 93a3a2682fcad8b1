"""The Salesforce sandbox answers SOQL as the vendor does (reference salesforce.md §2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.connectors_sandbox_salesforce import Sandbox, code, sandbox


@pytest.fixture
def org() -> Iterator[Sandbox]:
    """A running sandbox."""
    with sandbox() as running:
        yield running


PEOPLE: list[dict[str, Any]] = [
    {"kind": "Account", "Id": "001000000000001AAA", "Name": "Acme", "Industry": "Technology"},
    {"kind": "Contact", "Id": "003000000000001AAA", "LastName": "Martin", "FirstName": "Léa",
     "Email": "lea@acme.example",
     "AccountId": "001000000000001AAA", "CreatedDate": "2021-03-01T10:00:00Z", "LastActivityDate": "2022-05-01"},
    {"kind": "Contact", "Id": "003000000000002AAA", "LastName": "durand", "Email": "Paul@Acme.example",
     "AccountId": "001000000000001AAA", "CreatedDate": "2023-03-01T10:00:00Z", "HasOptedOutOfEmail": True},
    {"kind": "Contact", "Id": "003000000000003AAA", "LastName": "O'Brien", "CreatedDate": "2024-03-01T10:00:00Z",
     "LastActivityDate": "2024-06-01"},
]  # fmt: skip


@pytest.fixture
def people(org: Sandbox) -> Sandbox:
    """Three contacts, two of them at one account."""
    org.load(*PEOPLE)
    return org


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("Email = 'LEA@ACME.EXAMPLE'", ["Martin"]),
        ("lastname = 'DURAND'", ["durand"]),
        ("LastName LIKE 'o\\'b%'", ["O'Brien"]),
        ("LastName LIKE 'Mart_n'", ["Martin"]),
        ("LastName LIKE '%\\%%'", []),
        ("Email != null", ["Martin", "durand"]),
        ("Email = null", ["O'Brien"]),
        ("Email != 'lea@acme.example'", ["durand", "O'Brien"]),
        ("HasOptedOutOfEmail = true", ["durand"]),
        ("HasOptedOutOfEmail = null", ["Martin", "O'Brien"]),
        ("LastActivityDate < 2023-01-01", ["Martin"]),
        ("(LastActivityDate < 2023-01-01 OR (LastActivityDate = null AND CreatedDate < 2023-06-01T00:00:00Z))",
         ["Martin", "durand"]),
        ("CreatedDate >= 2023-03-01T11:00:00+01:00", ["durand", "O'Brien"]),
        ("Id IN ('003000000000001', '003000000000003AAA')", ["Martin", "O'Brien"]),
        ("Id NOT IN ('003000000000001')", ["durand", "O'Brien"]),
        ("Id > '003000000000001AAA'", ["durand", "O'Brien"]),
        ("Id >= '003000000000002' AND Id < '003000000000003'", ["durand"]),
        ("Account.Name = 'acme' AND (NOT LastName = 'martin')", ["durand"]),
        ("NOT Account.Name = 'acme'", ["O'Brien"]),
        ("AccountId IN (SELECT Id FROM Account WHERE Industry = 'Technology')", ["Martin", "durand"]),
        ("Id NOT IN (SELECT ContactId FROM Case)", ["Martin", "durand", "O'Brien"]),
        ("Contact.LastName = 'Martin'", ["Martin"]),
        ("LastName = 'Martin' OR LastName = 'durand'", ["Martin", "durand"]),
    ],
)  # fmt: skip
def test_where(people: Sandbox, where: str, names: list[str]) -> None:
    """A condition selects what SOQL says: names and text in any case, null apart, literals typed."""
    assert people.column(f"SELECT LastName FROM Contact WHERE {where}") == names


@pytest.mark.parametrize(
    ("tail", "names"),
    [
        ("ORDER BY LastName", ["durand", "Martin", "O'Brien"]),
        ("ORDER BY LastName DESC", ["O'Brien", "Martin", "durand"]),
        ("ORDER BY LastActivityDate", ["durand", "Martin", "O'Brien"]),
        ("ORDER BY LastActivityDate NULLS LAST", ["Martin", "O'Brien", "durand"]),
        ("ORDER BY LastActivityDate DESC", ["durand", "O'Brien", "Martin"]),
        ("ORDER BY LastActivityDate DESC NULLS LAST", ["O'Brien", "Martin", "durand"]),
        ("ORDER BY Id DESC LIMIT 1", ["O'Brien"]),
        ("ORDER BY Account.Name, LastName DESC", ["O'Brien", "Martin", "durand"]),
        ("LIMIT 1 OFFSET 1", ["durand"]),
        ("LIMIT 0", []),
    ],
)
def test_order_and_limit(people: Sandbox, tail: str, names: list[str]) -> None:
    """Nulls come first unless the query says otherwise, in either direction."""
    assert people.column(f"SELECT LastName FROM Contact {tail}") == names


def test_record_shape(people: Sandbox) -> None:
    """A record carries attributes and 18-character ids, parents are nested, a missing parent is null."""
    answer = people.ask("SELECT id, account.name, Account.Owner.Name FROM Contact WHERE LastName != 'durand'").json()
    first, last = answer["records"]
    assert first["attributes"] == {
        "type": "Contact",
        "url": "/services/data/v66.0/sobjects/Contact/003000000000001AAA",
    }
    assert first["Id"] == "003000000000001AAA"
    assert first["Account"]["Name"] == "Acme"
    assert first["Account"]["Owner"]["Name"] == "Ines Admin"
    assert last["Account"] is None
    assert (answer["totalSize"], answer["done"]) == (2, True)


def test_alias_and_polymorphic_parent(people: Sandbox) -> None:
    """A query may name its object by an alias, and read the common fields of whoever a task is about."""
    people.load({"kind": "Task", "WhoId": "003000000000001AAA", "Subject": "Call"})
    row = people.rows("SELECT t.Subject, t.Who.Name, t.Who.Type FROM Task t WHERE t.Who.Type = 'Contact'")[0]
    assert row["Who"]["Name"] == "Léa Martin"
    assert row["Who"]["Type"] == "Contact"
    assert row["Who"]["attributes"]["url"].endswith("/Contact/003000000000001AAA")


def test_child_queries(people: Sandbox) -> None:
    """Children are nested answers of their own, null where there are none."""
    people.load({"kind": "Account", "Name": "Empty"})
    acme, empty = people.rows(
        "SELECT Name, (SELECT LastName FROM Contacts WHERE Email != null ORDER BY LastName) FROM Account"
    )
    assert [each["LastName"] for each in acme["Contacts"]["records"]] == ["durand", "Martin"]
    assert acme["Contacts"]["totalSize"] == 2
    assert empty["Contacts"] is None


def test_long_child_list_has_its_own_pages(people: Sandbox) -> None:
    """A child list longer than its page says where the rest is (a trap: simple-salesforce does not follow it)."""
    people.load(*({"kind": "Note", "ParentId": "003000000000001AAA", "Title": f"n{at}"} for at in range(230)))
    nested = people.rows("SELECT Id, (SELECT Title FROM Notes) FROM Contact WHERE Id = '003000000000001'")[0]["Notes"]
    assert (nested["totalSize"], nested["done"], len(nested["records"])) == (230, False, 200)
    assert len(people.get(nested["nextRecordsUrl"]).json()["records"]) == 30


def test_aggregates(people: Sandbox) -> None:
    """Groups answer their fields and aggregates; nulls are not counted; HAVING and aliases work."""
    assert people.ask("SELECT COUNT() FROM Contact WHERE Email != null").json() == {
        "totalSize": 2,
        "done": True,
        "records": [],
    }
    row = people.rows("SELECT COUNT(Id), COUNT(Email) mails, MAX(CreatedDate), COUNT_DISTINCT(AccountId) FROM Contact")[
        0
    ]
    assert row == {"expr0": 3, "mails": 2, "expr1": "2024-03-01T10:00:00.000+0000", "expr2": 1}
    grouped = "SELECT Account.Name, COUNT(Id) n, MIN(LastName) FROM Contact GROUP BY Account.Name"
    assert people.rows(f"{grouped} ORDER BY COUNT(Id) DESC")[0] == {"Name": "Acme", "n": 2, "expr0": "Martin"}
    assert people.rows(f"{grouped} HAVING COUNT(Id) < 2") == [{"Name": None, "n": 1, "expr0": "O'Brien"}]


def test_sum_and_average(org: Sandbox) -> None:
    """SUM and AVG take numbers only, and are null over nothing."""
    org.load(*({"kind": "Account", "Name": "A", "AnnualRevenue": value} for value in (10, 30)))
    assert org.rows("SELECT SUM(AnnualRevenue), AVG(AnnualRevenue) FROM Account") == [{"expr0": 40, "expr1": 20}]
    assert org.rows("SELECT AVG(AnnualRevenue) FROM Account WHERE Name = 'B'") == [{"expr0": None}]
    assert code(org.ask("SELECT SUM(Name) FROM Account")) == (400, "MALFORMED_QUERY")


def test_fields_function(people: Sandbox) -> None:
    """FIELDS() spells out fields, compound addresses included, and wants a small LIMIT for ALL and CUSTOM."""
    people.load({"kind": "_field", "object": "Contact", "name": "Religion__c", "type": "string", "length": 100})
    row = people.rows("SELECT FIELDS(ALL) FROM Contact LIMIT 1")[0]
    assert row["Religion__c"] is None
    assert row["MailingAddress"] is None
    assert row["DoNotCall"] is False
    assert "Religion__c" not in people.rows("SELECT FIELDS(STANDARD) FROM Contact LIMIT 1")[0]
    assert people.rows("SELECT FIELDS(CUSTOM) FROM Contact LIMIT 200")[0] == {"Religion__c": None}
    assert code(people.ask("SELECT FIELDS(ALL) FROM Contact")) == (400, "MALFORMED_QUERY")
    assert code(people.ask("SELECT FIELDS(ALL) FROM Contact LIMIT 201")) == (400, "MALFORMED_QUERY")


@pytest.mark.parametrize(
    ("soql", "error"),
    [
        ("SELECT Id FROM Contact WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE Id IN ()", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = 'a' AND LastName = 'b' OR LastName = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = 'a' AND NOT LastName = 'b'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE NOT LastName = 'a' AND LastName = 'b'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = 'O'Brien'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = 'a\\q'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE CreatedDate > 2024-01-01T00:00:00 00:00", "MALFORMED_QUERY"),
        ("SELECT Id, COUNT(Id) FROM Contact", "MALFORMED_QUERY"),
        ("SELECT LastName FROM Contact GROUP BY Email", "MALFORMED_QUERY"),
        ("SELECT LastName surname FROM Contact", "MALFORMED_QUERY"),
        ("SELECT * FROM Contact", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact LIMIT 10 WHERE LastName = 'a'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE Id IN (SELECT ContactId FROM Case) OR LastName = 'a'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = '" + "x" * 4001 + "'", "MALFORMED_QUERY"),
        ("SELECT Id FROM ContentDocumentLink", "MALFORMED_QUERY"),
        ("SELECT Id FROM ContentDocumentLink WHERE ShareType = 'V'", "MALFORMED_QUERY"),
        ("SELECT QualifiedApiName FROM FieldDefinition", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact HAVING COUNT(Id) > 1", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE AccountId IN (SELECT Id, Name FROM Account)", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE AccountId IN (SELECT Name FROM Account)", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName IN (SELECT Id FROM Account)", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE " + " AND ".join(["Id NOT IN (SELECT ContactId FROM Case)"] * 3), "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact LIMIT -1", "MALFORMED_QUERY"),
        ("SELECT FIELDS(SOME) FROM Contact", "MALFORMED_QUERY"),
        ("SELECT FIELDS(STANDARD) FROM Contact GROUP BY LastName", "MALFORMED_QUERY"),
        ("SELECT MAX() FROM Contact", "MALFORMED_QUERY"),
        ("SELECT FORMAT(CreatedDate) FROM Contact", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE COUNT(Id) > 1", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE CreatedDate < null", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE CreatedDate = LAST_N_DAYS", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact ORDER BY LastName NULLS", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact #", "MALFORMED_QUERY"),
        ("SELECT ReportsTo.ReportsTo.ReportsTo.ReportsTo.ReportsTo.ReportsTo.Name FROM Contact", "MALFORMED_QUERY"),
        ("SELECT Id, (SELECT Id, (SELECT Id FROM Tasks) FROM Contacts) FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = TODAY", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Id = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Email INCLUDES ('a')", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id, Id FROM Contact", "INVALID_FIELD"),
        ("SELECT Nope FROM Contact", "INVALID_FIELD"),
        ("SELECT Account.Nope FROM Contact", "INVALID_FIELD"),
        ("SELECT Nope.Name FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Nope = 'a'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Description = 'a'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact ORDER BY Description", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE CreatedDate > '2024-01-01T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE CreatedDate > 2024-01-01", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE LastActivityDate > 2024-01-01T00:00:00Z", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE LastName = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE DoNotCall = 'true'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Contact WHERE CreatedDate LIKE 'x'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Id, (SELECT Id FROM Nopes) FROM Contact", "INVALID_TYPE"),
        ("SELECT Id FROM Contact OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)  # fmt: skip
def test_refused_queries(org: Sandbox, soql: str, error: str) -> None:
    """A query the vendor refuses is refused, with its code."""
    assert code(org.ask(soql)) == (400, error)


def test_date_literals(org: Sandbox) -> None:
    """Date literals are spans of days counted from the org's today."""
    org.at("2026-11-24T12:00:00+00:00")
    org.load(*({"kind": "Contact", "LastName": day, "CreatedDate": f"{day}T08:00:00Z"} for day in _DAYS))

    def found(condition: str) -> list[str]:
        return list(org.column(f"SELECT LastName FROM Contact WHERE CreatedDate {condition}"))

    assert found("= TODAY") == ["2026-11-24"]
    assert found("= YESTERDAY") == ["2026-11-23"]
    assert found("= LAST_N_DAYS:30") == ["2026-10-25", "2026-11-23", "2026-11-24"]
    assert found("< LAST_N_DAYS:30") == ["2023-11-01", "2025-12-31", "2026-10-24"]
    assert found("= LAST_N_MONTHS:1") == ["2026-10-24", "2026-10-25"]
    assert found("> N_DAYS_AGO:1") == ["2026-11-24"]
    assert found("= LAST_YEAR") == ["2025-12-31"]
    assert found("< LAST_N_YEARS:2") == ["2023-11-01"]
    assert found("= THIS_QUARTER") == ["2026-10-24", "2026-10-25", "2026-11-23", "2026-11-24"]
    assert found("!= THIS_YEAR") == ["2023-11-01", "2025-12-31"]
    assert found("= LAST_90_DAYS") == found("= THIS_QUARTER")
    assert found("= NEXT_N_DAYS:5") == found("= NEXT_MONTH") == found("= TOMORROW") == []
    assert found("<= YESTERDAY")[-1] == "2026-11-23"
    assert found("= THIS_WEEK") == ["2026-11-23", "2026-11-24"]


_DAYS = ("2023-11-01", "2025-12-31", "2026-10-24", "2026-10-25", "2026-11-23", "2026-11-24")


def test_date_literals_use_the_users_zone(org: Sandbox) -> None:
    """TODAY starts at midnight of the user's time zone, not at midnight UTC (Traps 2)."""
    org.at("2026-06-01T12:00:00+00:00")
    org.load({"kind": "Contact", "LastName": "Late", "CreatedDate": "2026-05-31T22:30:00Z"})
    assert org.column("SELECT LastName FROM Contact WHERE CreatedDate = TODAY") == []
    org.load({"kind": "_settings", "timeZone": "Europe/Paris"})
    assert org.column("SELECT LastName FROM Contact WHERE CreatedDate = TODAY") == ["Late"]


def test_multi_select_picklist(org: Sandbox) -> None:
    """INCLUDES and EXCLUDES look into the parts of a multi-select picklist."""
    values = {"object": "Contact", "name": "Topics__c", "type": "multipicklist", "picklistValues": ["a", "b", "c"]}
    org.load({"kind": "_field", **values})
    org.load(*({"kind": "Contact", "LastName": text, "Topics__c": text} for text in ("a;b", "c")))
    assert org.column("SELECT LastName FROM Contact WHERE Topics__c INCLUDES ('a;b', 'x')") == ["a;b"]
    assert org.column("SELECT LastName FROM Contact WHERE Topics__c EXCLUDES ('a')") == ["c"]


def test_pages(org: Sandbox) -> None:
    """Pages hold 2000 records, or what Sforce-Query-Options asks for between 200 and 2000, over a snapshot."""
    org.load(*({"kind": "Contact", "LastName": f"n{at:04d}"} for at in range(2100)))
    first = org.ask("SELECT LastName FROM Contact ORDER BY LastName").json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (2100, False, 2000)
    org.load({"kind": "Contact", "LastName": "later"})
    last = org.get(first["nextRecordsUrl"]).json()
    assert (last["done"], [each["LastName"] for each in last["records"]][::99]) == (True, ["n2000", "n2099"])
    small = org.ask("SELECT Id FROM Contact", headers={"Sforce-Query-Options": "batchSize=50"}).json()
    assert len(small["records"]) == 200
    assert len(org.get(small["nextRecordsUrl"]).json()["records"]) == 200


def test_a_page_leaves_out_what_is_gone(org: Sandbox) -> None:
    """A row deleted after a query was opened is missing from its later pages; its total stays."""
    org.load({"kind": "_settings", "queryBatch": 1}, *({"kind": "Contact", "LastName": name} for name in "abc"))
    first = org.ask("SELECT Id, LastName FROM Contact").json()
    (b,) = org.column("SELECT Id FROM Contact WHERE LastName = 'b'")
    org.delete(f"sobjects/Contact/{b}")
    second = org.get(first["nextRecordsUrl"]).json()
    assert (second["records"], second["totalSize"], second["done"]) == ([], 3, False)
    assert org.get(second["nextRecordsUrl"]).json()["records"][0]["LastName"] == "c"


def test_cursor_lives_two_days_and_belongs_to_its_user(org: Sandbox) -> None:
    """A cursor that is old, foreign or made up is INVALID_QUERY_LOCATOR."""
    org.at("2026-11-24T12:00:00+00:00")
    org.load({"kind": "_settings", "queryBatch": 1}, *({"kind": "Contact", "LastName": name} for name in "ab"))
    url = org.ask("SELECT Id FROM Contact").json()["nextRecordsUrl"]
    assert code(org.get(url, token="sandbox-readonly")) == (400, "INVALID_QUERY_LOCATOR")
    assert code(org.get("query/01gNope-2000")) == (400, "INVALID_QUERY_LOCATOR")
    assert org.get(url).status_code == 200
    org.at("2026-11-26T12:00:01+00:00")
    assert code(org.get(url)) == (400, "INVALID_QUERY_LOCATOR")


def test_a_uri_over_16_kb_is_414_in_html(org: Sandbox) -> None:
    """400 quoted ids fit into a GET, 700 do not (§2.2)."""
    ids = [f"'003{at:012d}AAA'" for at in range(700)]
    assert org.ask(f"SELECT Id FROM Contact WHERE Id IN ({','.join(ids[:400])})").status_code == 200
    answer = org.ask(f"SELECT Id FROM Contact WHERE Id IN ({','.join(ids)})")
    assert (answer.status_code, answer.text.startswith("<h1>Bad Message 414</h1>")) == (414, True)


def test_query_hides_what_query_all_shows(org: Sandbox) -> None:
    """queryAll adds the bin, losers of merges and archived activities; its pages follow under /query/ (§2.3)."""
    org.load(
        {"kind": "Contact", "Id": "003000000000001AAA", "LastName": "Winner"},
        {"kind": "Contact", "LastName": "Loser", "IsDeleted": True, "MasterRecordId": "003000000000001AAA"},
        {"kind": "Task", "Subject": "old", "IsArchived": True, "WhoId": "003000000000001AAA"},
    )
    assert org.column("SELECT LastName FROM Contact") == ["Winner"]
    assert org.rows("SELECT LastName, IsDeleted, MasterRecordId FROM Contact WHERE IsDeleted = true", "queryAll") == [
        {"LastName": "Loser", "IsDeleted": True, "MasterRecordId": "003000000000001AAA"}
    ]
    assert org.column("SELECT Subject FROM Task") == []
    assert org.column("SELECT Subject FROM Task WHERE WhoId = '003000000000001AAA'", "queryAll") == ["old"]
    org.load({"kind": "_settings", "queryBatch": 1})
    assert "/query/01g" in org.ask("SELECT Id FROM Contact", "queryAll").json()["nextRecordsUrl"]


def test_field_definitions(org: Sandbox) -> None:
    """FieldDefinition says how fields are classified and tracked (§6.5)."""
    org.load({"kind": "_field", "object": "Contact", "name": "Birthdate", "complianceGroup": "PII;GDPR"})
    rows = org.rows(
        "SELECT QualifiedApiName, DataType, ComplianceGroup, IsFieldHistoryTracked FROM FieldDefinition "
        "WHERE EntityDefinition.QualifiedApiName = 'Contact'"
    )
    by_name = {row["QualifiedApiName"]: row for row in rows}
    assert by_name["Birthdate"]["ComplianceGroup"] == "PII;GDPR"
    assert by_name["Email"]["IsFieldHistoryTracked"] is True
    assert by_name["FirstName"]["DataType"] == "Text(40)"
