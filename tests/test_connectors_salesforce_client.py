"""The Salesforce client: log-in, expiry, paging, and what each error means (salesforce.md §1, §2, §10)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

import connectors.salesforce
from connectors.registry import adapter
from connectors.salesforce.client import Client, Rejected
from connectors.salesforce.options import SalesforceOptions
from connectors.sandbox.wire import CutConnection, Request, Response
from connectors.transport import Tools
from core.errors import BadAnswer, ConfigError, NotAllowed, QuotaSpent, RepoussoirError, StopCrm, Unreachable
from tests.connectors_salesforce import Handler, client, failing, options, served

ONE, TWO = "003000000000001AAA", "003000000000002AAA"


def error(code: str, message: str = "No such column 'secret@x.fr'") -> list[dict[str, Any]]:
    return [{"errorCode": code, "message": message, "fields": []}]


def ask(handler: Handler, naps: list[float] | None = None, *, safe: bool = True, **given: Any) -> Any:
    with served(handler) as (_, url):
        return client(url, naps, **given).send("limits", "GET", "/services/data/v66.0/limits", safe=safe)


@pytest.mark.parametrize(
    ("status", "body", "raised", "says"),
    [
        (403, error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), QuotaSpent, "daily"),
        (403, error("API_DISABLED_FOR_ORG"), NotAllowed, "API_DISABLED_FOR_ORG"),
        (403, error("INSUFFICIENT_ACCESS"), NotAllowed, "INSUFFICIENT_ACCESS"),
        (403, "<html>Cloudflare</html>", StopCrm, "403"),
        (401, error("INVALID_SESSION_ID"), NotAllowed, "INVALID_SESSION_ID"),
        (401, {"error": "x"}, StopCrm, "401"),
        (401, "<html>", StopCrm, "401"),
        (410, error("GONE"), StopCrm, "version"),
        (400, error("INVALID_FIELD"), Rejected, "INVALID_FIELD"),
        (404, error("NOT_FOUND"), Rejected, "NOT_FOUND"),
        (414, "<h1>Bad Message 414</h1>", Rejected, "414"),
        (200, b'{"records": [', BadAnswer, "unintelligible"),
        (503, "<html>down</html>", Unreachable, "503"),
    ],
)
def test_each_error_is_what_the_caller_can_do_about_it(status: int, body: Any, raised: type, says: str) -> None:
    """§10: and no text of the vendor is passed on, for it quotes values and SOQL."""
    with pytest.raises(RepoussoirError) as caught:
        ask(failing(status, body))
    assert type(caught.value) is raised
    assert says in str(caught.value)
    assert "secret@x.fr" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, error("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")),
        (403, error("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded")),
        (429, error("TOO_MANY")),
        (420, ""),
        (400, error("UNABLE_TO_LOCK_ROW")),
    ],
)
def test_a_read_is_repeated_and_a_write_is_not_since_its_record_may_change_while_we_wait(
    status: int, body: Any
) -> None:
    """§10 concurrency: back off; the caller of a write reads back before it sends the same again."""
    answers = [Response(status, body), Response(200, {"fine": True})]
    naps: list[float] = []
    assert ask(lambda request: answers.pop(0), naps, safe=True) == {"fine": True}
    assert len(naps) == 1
    with pytest.raises(Unreachable):
        ask(lambda request: Response(status, body), naps, safe=False)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_write_that_may_have_taken_effect_is_not_repeated(status: int) -> None:
    """A 5xx says nothing about what was done: the caller reads back."""
    with served(failing(status, "")) as (stub, url):
        with pytest.raises(Unreachable):
            client(url).send("update", "PATCH", "/services/data/v66.0/x", safe=False, json={})
        assert len(stub.asked) == 1


def oauth(answers: list[Response], tokens: list[str]) -> Handler:
    def handle(request: Request) -> Response:
        if request.path == "/services/oauth2/token":
            token = f"T{len(tokens)}"
            tokens.append(token)
            return Response(200, {"access_token": token, "instance_url": "https://acme.my.salesforce.com"})
        return answers.pop(0)

    return handle


CREDENTIALS: dict[str, Any] = {"token": "", "client_id": "key", "client_secret": "s3cret", "domain": "acme.my"}


def test_an_expired_session_is_renewed_once_and_the_call_repeated() -> None:
    """§1.3: our own renewal, for the package's drops headers and may recurse without end."""
    tokens: list[str] = []
    answers = [Response(401, error("INVALID_SESSION_ID")), Response(200, {"fine": True})]
    with served(oauth(answers, tokens)) as (stub, url):
        made = client(url, **CREDENTIALS)
        assert made.send("write", "PATCH", "/services/data/v66.0/x", safe=False, json={"a": 1}) == {"fine": True}
        sent = [request.headers["authorization"] for request in stub.asked if "data" in request.path]
    assert sent == ["Bearer T0", "Bearer T1"]
    assert [request.json() for request in stub.asked if "data" in request.path] == [{"a": 1}, {"a": 1}]


def test_headers_are_sent_again_after_a_renewal() -> None:
    """§1.3: the package's renewal drops them; a rule that only warns of duplicates would keep an opt-out from being written."""
    answers = [Response(401, error("INVALID_SESSION_ID")), Response(200, [])]
    with served(oauth(answers, [])) as (stub, url):
        client(url, **CREDENTIALS).send(
            "write", "PATCH", "/services/data/v66.0/x", safe=False, headers={"X-Rule": "on"}
        )
        sent = [request.headers.get("x-rule") for request in stub.asked if "data" in request.path]
    assert sent == ["on", "on"]


def test_a_session_that_expired_before_the_bin_is_emptied_is_renewed_as_well() -> None:
    """§5, §10: the partner API says so in a fault of status 500; the record would stay in the bin."""
    tokens: list[str] = []
    fault = "<Envelope><Fault><faultcode>sf:INVALID_SESSION_ID</faultcode></Fault></Envelope>"
    answers = [Response(500, fault), Response(200, "<fine/>")]
    with served(oauth(answers, tokens)) as (stub, url):
        assert client(url, **CREDENTIALS).soap("empty", "<x/>") == "<fine/>"
        sent = [request.body.decode() for request in stub.asked if "Soap" in request.path]
    assert len(tokens) == 2
    assert ["T0<" in sent[0], "T1<" in sent[1]] == [True, True]


def test_a_session_that_stays_expired_stops_the_crm() -> None:
    """§1.3: a permanent 401 must not recurse."""
    tokens: list[str] = []
    answers = [Response(401, error("INVALID_SESSION_ID")) for _ in range(2)]
    with served(oauth(answers, tokens)) as (_, url), pytest.raises(NotAllowed):
        client(url, **CREDENTIALS).send("limits", "GET", "/services/data/v66.0/limits", safe=True)
    assert len(tokens) == 2


def test_a_401_that_is_no_expiry_is_not_answered_by_logging_in_again() -> None:
    """§1.3: other 401 texts are final."""
    tokens: list[str] = []
    with served(oauth([Response(401, "<html>")], tokens)) as (_, url), pytest.raises(StopCrm):
        client(url, **CREDENTIALS).send("limits", "GET", "/services/data/v66.0/limits", safe=True)
    assert len(tokens) == 1


def test_a_given_token_is_never_renewed() -> None:
    """§1.1: direct access has no refresh."""
    with served(failing(401, error("INVALID_SESSION_ID"))) as (stub, url):
        with pytest.raises(NotAllowed):
            client(url).send("limits", "GET", "/services/data/v66.0/limits", safe=True)
        assert len(stub.asked) == 1


def test_jwt_logs_in_with_the_users_name_and_the_key() -> None:
    """§1.1 flow 5: assertion signed by the key, no secret in the URL."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    tokens: list[str] = []
    with served(oauth([Response(200, {})], tokens)) as (stub, url):
        made = client(url, token="", client_id="key", username="ops@acme.fr", private_key=pem)
        made.send("limits", "GET", "/services/data/v66.0/limits", safe=True)
        form = stub.asked[0].form()
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert form["assertion"].count(".") == 2
    assert stub.asked[0].query == {}


def test_a_refused_log_in_names_the_code_and_nothing_else() -> None:
    """§1.1: invalid_grant; the description may name the user."""
    body = {"error": "invalid_grant", "error_description": "user ops@acme.fr hasn't approved"}
    with pytest.raises(NotAllowed) as caught:
        ask(failing(400, body), **CREDENTIALS)
    assert "invalid_grant" in str(caught.value)
    assert "ops@acme.fr" not in str(caught.value)


def test_options_that_cannot_log_in_are_refused_before_any_call() -> None:
    """A token needs an org, client credentials need My Domain (`login` answers invalid_grant)."""
    lacking: list[dict[str, Any]] = [
        {},
        {"token": "T"},
        {"client_id": "k", "client_secret": "s"},
        {"client_id": "k", "username": "u"},
    ]
    for given in lacking:
        with pytest.raises(ConfigError):
            Client("sf", options(**given), Tools())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"inbound": ("opened_mail",)}, "inbound_call"),
        ({"cascade": ("deals",)}, "campaign_members"),
        ({"version": "v66.0"}, "version"),
        ({"collected": "Given__c FROM Contact"}, "collected"),
        ({"domain": "acme.my/../x"}, "domain"),
    ],
)
def test_options_name_what_is_known(given: dict[str, Any], says: str) -> None:
    """An unknown source is an error that names the known ones; `v66.0` would be sent as vv66.0 (§1.2)."""
    with pytest.raises(ValidationError) as caught:
        options(**given)
    assert says in str(caught.value)


def test_secrets_do_not_show_in_the_options() -> None:
    """Secrets never in a repr."""
    shown = repr(options(token="T0ken", client_secret="s3cret", private_key="k3y"))
    assert not any(secret in shown for secret in ("T0ken", "s3cret", "k3y"))


def test_the_registry_finds_the_adapter() -> None:
    """connectors.registry: module of options and `connect`, which does not call the vendor."""
    assert adapter("salesforce").OPTIONS is SalesforceOptions
    given = {"token": "T", "base_url": "http://127.0.0.1:9"}
    assert connectors.salesforce.connect("sf", options(**given), Tools()).capabilities.kinds == ("Contact", "Lead")
    both = options(**given, person_accounts=True)
    assert connectors.salesforce.connect("sf", both, Tools()).capabilities.kinds == ("Contact", "Lead", "Account")


def page(ids: list[str], following: str | None) -> Response:
    records = [{"attributes": {}, "Id": id} for id in ids]
    answer: dict[str, Any] = {"totalSize": 3, "done": following is None, "records": records}
    return Response(200, answer | ({"nextRecordsUrl": following} if following else {}))


def test_pages_follow_the_next_url_to_the_letter_and_stop_on_done() -> None:
    """§2.1: page size is not guaranteed; a short or even empty page is not the last one."""
    following = "/services/data/v66.0/query/01gD0000002HU6KIAW-2000"
    answers = [page([ONE], following), page([], following.replace("2000", "4000")), page([TWO], None)]
    with served(lambda request: answers.pop(0)) as (stub, url):
        pages = list(client(url).pages("scan", "SELECT Id FROM Contact"))
    assert [(len(each.rows), each.last) for each in pages] == [(1, False), (0, False), (1, True)]
    assert stub.asked[1].path == following


@pytest.mark.parametrize(
    "answer",
    [
        {"records": []},
        {"records": [], "done": False},
        {"records": [], "done": False, "nextRecordsUrl": "https://evil.example/x"},
        {"done": True},
        [],
    ],
)
def test_an_answer_that_does_not_say_how_it_goes_on_is_no_page(answer: Any) -> None:
    """A scan that cannot be complete raises: absent from an incomplete read never means deleted."""
    with served(failing(200, answer)) as (_, url), pytest.raises(BadAnswer):
        list(client(url).pages("scan", "SELECT Id FROM Contact"))


def test_an_expired_cursor_stops_the_scan() -> None:
    """§2.1: INVALID_QUERY_LOCATOR after the first page is not the end of the rows."""
    answers = [page([ONE], "/services/data/v66.0/query/01g-2000"), Response(400, error("INVALID_QUERY_LOCATOR"))]
    with served(lambda request: answers.pop(0)) as (_, url), pytest.raises(Rejected):
        list(client(url).pages("scan", "SELECT Id FROM Contact"))


def test_ids_are_asked_in_parts_that_fit_in_a_url() -> None:
    """§2.2: URI and headers must stay within 16,384 bytes, however many ids and fields there are."""
    ids = [f"003{number:012d}AAA" for number in range(900)]
    lengths: list[int] = []

    def handle(request: Request) -> Response:
        lengths.append(len(quote(request.query["q"][0])))
        return page([], None)

    fields = ", ".join(f"Field_number_{number}__c" for number in range(300))
    with served(handle) as (_, url):
        list(client(url).rows_of("get", f"SELECT {fields} FROM Contact WHERE Id IN {{ids}}", ids))
        assert len(lengths) > 3 and max(lengths) < 15_500
        lengths.clear()
        list(client(url).rows_of("get", "SELECT Id FROM Contact WHERE Id IN {ids}", ids))
        assert len(lengths) == 3 and max(lengths) < 15_500
        lengths.clear()
        list(client(url).rows_of("get", "SELECT Id FROM Contact WHERE Id IN {ids}", []))
        assert lengths == []


def test_our_share_of_the_daily_calls_ends_the_run() -> None:
    """§7: Sforce-Limit-Info on each answer; `daily_quota_share` of it is ours."""
    headers = {"Sforce-Limit-Info": "api-usage=18/10"}
    with served(lambda request: Response(200, {"a": 1}, headers)) as (stub, url):
        made = client(url, daily_quota_share=0.5)
        with pytest.raises(QuotaSpent):
            for _ in range(9):
                made.send("limits", "GET", "/services/data/v66.0/limits", safe=True)
        assert made.usage == (18, 10)
        assert len(stub.asked) == 5


def test_a_cut_connection_before_the_first_byte_of_a_read_is_repeated() -> None:
    """A read is safe to repeat."""
    seen: list[int] = []

    def handle(request: Request) -> Response:
        seen.append(1)
        if len(seen) == 1:
            raise CutConnection
        return Response(200, {"fine": True})

    assert ask(handle) == {"fine": True}
