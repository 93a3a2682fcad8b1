"""simple-salesforce works against the Salesforce sandbox (reference salesforce.md §1.2, §4.3)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)
from simple_salesforce.format import format_soql

from tests.connectors_sandbox_salesforce import Sandbox, sandbox


class HttpRewrite(HTTPAdapter):
    """Sends what goes to any https host to the sandbox: the client knows no other scheme (§1.2)."""

    def __init__(self, target: str) -> None:
        self.target = target
        super().__init__()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Sends a request to the sandbox instead."""
        url = urlsplit(str(request.url))
        request.url = self.target + url.path + (f"?{url.query}" if url.query else "")
        return super().send(request, stream, 10, False, cert, proxies)


def mounted(org: Sandbox) -> requests.Session:
    """A session whose https goes to the sandbox."""
    session = requests.Session()
    session.mount("https://", HttpRewrite(org.url))
    return session


@pytest.fixture
def org() -> Iterator[Sandbox]:
    """A running sandbox."""
    with sandbox() as running:
        yield running


@pytest.fixture
def client(org: Sandbox) -> Iterator[Salesforce]:
    """The client, with a session id."""
    with mounted(org) as session:
        yield Salesforce(
            instance_url="https://mock.my.salesforce.com", session_id="sandbox", version="66.0", session=session
        )


def test_log_in_with_client_credentials(org: Sandbox) -> None:
    """The client logs in with key and secret on a My Domain, and is refused with a wrong secret."""
    with mounted(org) as session:
        keys: dict[str, Any] = {"consumer_key": "sandbox", "domain": "acme.my", "session": session}
        client = Salesforce(consumer_secret="sandbox", **keys)
        assert client.session_id == "sandbox"
        with pytest.raises(SalesforceAuthenticationFailed):
            Salesforce(consumer_secret="nonsense", **keys)


def test_rows_and_queries(org: Sandbox, client: Any) -> None:
    """Create, read, update, query, page and delete; the client reads its API usage from each answer."""
    made = client.Contact.create({"LastName": "O'Brien", "Email": "o@b.example"})
    assert made["success"]
    assert client.Contact.update(made["id"], {"Email": None}) == 204
    assert client.Contact.get(made["id"])["Email"] is None
    found = client.query(format_soql("SELECT Id FROM Contact WHERE LastName = {}", "O'Brien"))
    assert [row["Id"] for row in found["records"]] == [made["id"]]
    assert client.api_usage["api-usage"].total == 100_000
    org.load({"kind": "_settings", "queryBatch": 2}, *({"kind": "Contact", "LastName": str(at)} for at in range(5)))
    assert client.query_all("SELECT Id FROM Contact")["totalSize"] == 6
    assert len(list(client.query_all_iter("SELECT Id FROM Contact"))) == 6
    assert client.Contact.delete(made["id"]) == 204
    assert len(client.query_all("SELECT Id FROM Contact", include_deleted=True)["records"]) == 6
    assert client.describe()["maxBatchSize"] == 200
    assert client.Contact.describe()["name"] == "Contact"
    assert client.limits()["DailyApiRequests"]["Max"] == 100_000
    window = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
    org.at("2026-01-02T00:00:00+00:00")
    assert client.Contact.deleted(*window)["deletedRecords"] == []


def test_collections_and_composite(org: Sandbox, client: Any) -> None:
    """restful() reaches collections; an empty list comes back as None."""
    records = [{"attributes": {"type": "Contact"}, "LastName": name} for name in "AB"]
    made: Any = client.restful("composite/sobjects", method="POST", json={"records": records})
    ids = ",".join(each["id"] for each in made)
    gone = client.restful("composite/sobjects", method="DELETE", params={"ids": ids, "allOrNone": "false"})
    assert [each["success"] for each in gone] == [True, True]


def test_errors(org: Sandbox, client: Any) -> None:
    """The client tells the vendor's refusals apart by their status."""
    with pytest.raises(SalesforceMalformedRequest) as malformed:
        client.query("SELECT Nope FROM Contact")
    content: Any = malformed.value.content
    assert content[0]["errorCode"] == "INVALID_FIELD"
    with pytest.raises(SalesforceResourceNotFound):
        client.Contact.get("003000000000009AAA")
    id = client.Contact.create({"LastName": "A"})["id"]
    with pytest.raises(SalesforceGeneralError) as changed:
        client.Contact.update(id, {"LastName": "B"}, headers={"If-Unmodified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"})
    assert changed.value.status == 412
    client.session_id = "sandbox-expired"
    client.headers["Authorization"] = "Bearer sandbox-expired"
    with pytest.raises(SalesforceExpiredSession):
        client.restful("limits")


def test_bulk_2(org: Sandbox, client: Any) -> None:
    """bulk2 inserts, deletes and queries; counts and result files are as it expects them."""
    org.load({"kind": "_settings", "bulkPolls": 0})
    done = client.bulk2.Contact.insert(records=[{"LastName": "A"}, {"LastName": ""}], wait=0.001)
    assert (done[0]["numberRecordsProcessed"], done[0]["numberRecordsFailed"]) == (2, 1)
    failed = client.bulk2.Contact.get_failed_records(done[0]["job_id"])
    assert next(csv.DictReader(io.StringIO(failed)))["sf__Error"].startswith("REQUIRED_FIELD_MISSING:")
    pages = list(client.bulk2.Contact.query("SELECT Id, LastName FROM Contact", max_records=1, wait=0.001))
    assert len(pages) == 1
    id = next(csv.DictReader(io.StringIO(pages[0])))["Id"]
    assert client.bulk2.Contact.hard_delete(records=[{"Id": id}], wait=0.001)[0]["numberRecordsFailed"] == 0
    assert client.query("SELECT COUNT() FROM Contact", include_deleted=True)["totalSize"] == 0
