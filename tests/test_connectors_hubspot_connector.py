"""The HubSpot adapter as its tests drive it (`Place`), and how it behaves on the wire: waits, quota, broken answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import requests
import structlog
from pydantic import SecretStr

from connectors.hubspot import OPTIONS, connect
from connectors.hubspot.connector import HubSpotConnector
from connectors.registry import adapter
from connectors.sandbox.hubspot import HubSpot
from connectors.sandbox.world import Sandbox
from connectors.transport import Tools
from core.actions import ACTIONS, Action, Command
from core.connector import Connector, Receipt
from core.errors import BadAnswer, NotAllowed, QuotaSpent, StopCrm, Unreachable
from core.model import Query, Record, Ref

Row = dict[str, Any]
STAMP = "2024-03-01T09:00:00.000Z"


class Place:
    """A running local HubSpot, connectors to it, and its state as another client sees it."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(vendors=[HubSpot]).start(0)
        self.url = self.sandbox.urls["hubspot"]
        self.waits: list[float] = []
        self._http = requests.Session()

    def close(self) -> None:
        """Stops it."""
        self._http.close()
        self.sandbox.stop()

    def connect(
        self, token: str = "sandbox", sleep: Callable[[float], None] | None = None, **options: Any
    ) -> HubSpotConnector:
        """A connector that does not really wait."""
        made = OPTIONS(connector="hubspot", base_url=self.url, token=SecretStr(token), **options)
        return connect("hubspot", made, Tools(sleep=sleep or self.waits.append))

    def load(self, *lines: Row) -> None:
        """Loads lines of the load format."""
        self.sandbox.load(json.dumps({"crm": "hubspot", **line}) for line in lines)

    def contact(self, id: str, links: Sequence[tuple[str, str]] = (), **properties: Any) -> Ref:
        """Loads a contact, made by hand in 2021 unless told otherwise, linked to (kind, id)s."""
        values = {"createdate": "2021-05-05T08:00:00.000Z", "lastmodifieddate": STAMP, "hs_object_source": "CRM_UI"}
        ends = [{"to": kind, "id": other} for kind, other in links]
        self.load({"kind": "contacts", "id": id, "properties": values | properties, "associations": ends})
        return Ref("hubspot", "contact", id)

    def child(self, kind: str, id: str, links: Sequence[tuple[str, str]] = (), **properties: Any) -> None:
        """Loads another object."""
        ends = [{"to": other, "id": number} for other, number in links]
        self.load({"kind": kind, "id": id, "properties": properties, "associations": ends})

    def settings(self, **given: Any) -> None:
        """Switches account settings."""
        self.load({"kind": "settings", **given})

    def fault(self, path: str, **effect: Any) -> None:
        """Plans one misbehaviour."""
        self.raw("POST", "/_sandbox/faults", [{"crm": "hubspot", "path": path, **effect}])

    def calls(self, path: str = "", method: str | None = None) -> int:
        """How many requests of the adapter matched; those of `raw` count too."""
        query = {"path": path, **({"method": method} if method else {})}
        return int(self.raw("GET", "/_sandbox/requests", **query)["count"])

    def raw(self, verb: str, route: str, body: Any = None, **query: Any) -> Any:
        """What another client would do."""
        headers = {"Authorization": "Bearer sandbox"}
        answer = self._http.request(verb, self.url + route, json=body, params=query, headers=headers, timeout=10)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def values(self, id: str, *names: str, kind: str = "contacts") -> Row:
        """Properties as another client reads them."""
        found: Row = self.raw("GET", f"/crm/v3/objects/{kind}/{id}", properties=",".join(names))["properties"]
        return found

    def there(self, kind: str, id: str) -> bool:
        """True when a record is there and not in the bin."""
        answer = self._http.get(f"{self.url}/crm/v3/objects/{kind}/{id}", headers={"Authorization": "Bearer sandbox"})
        return answer.status_code == 200

    def opted_out(self, email: str) -> bool:
        """True when an address is opted out of everything."""
        path = f"/communication-preferences/v4/statuses/{email}/unsubscribe-all"
        return bool(self.raw("GET", path, channel="EMAIL")["results"])


def everything(connector: Connector, *properties: str) -> list[Record]:
    """All records of a scan."""
    return [record for page in connector.scan(Query("contact", properties)) for record in page.records]


def fresh(connector: Connector, ref: Ref, *properties: str) -> Record:
    """One record, read now."""
    found = connector.get([ref], properties)[ref]
    assert found is not None
    return found


def do(connector: Connector, action: Action, *refs: Ref) -> list[Receipt]:
    """Applies an action to records as they are now."""
    return list(connector.apply([Command(ref, fresh(connector, ref).version, action) for ref in refs]))


@pytest.fixture(scope="module")
def running() -> Iterator[Place]:
    """One server for the file."""
    place = Place()
    yield place
    place.close()


@pytest.fixture
def place(running: Place) -> Place:
    """The server in its first state."""
    running.sandbox.reset()
    running.waits.clear()
    return running


def test_the_registry_knows_the_adapter_and_its_capabilities_fit_together(place: Place) -> None:
    """Every action has a batch size, a kind and scopes; `connect` calls nothing."""
    connector: Connector = place.connect()
    told = connector.capabilities
    assert adapter("hubspot").OPTIONS is OPTIONS
    assert set(told.actions) == set(told.batch) == set(ACTIONS)
    assert set(ACTIONS) <= set(told.scopes) and {"scan", "users"} <= set(told.scopes)
    assert place.calls() == 0


def test_a_read_is_repeated_after_a_429_when_the_window_says(place: Place) -> None:
    """§8: no Retry-After on a 429 of the rolling window; ten seconds."""
    place.contact("101", email="a@example.fr")
    body = {"status": "error", "message": "no", "policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"}
    place.fault("/objects/contacts$", status=429, body=body)
    assert [record.ref.id for record in everything(place.connect())] == ["101"]
    assert place.waits == [10.0]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 521, 524])
def test_a_read_by_post_is_repeated_after_a_gateway_error(place: Place, status: int) -> None:
    """§12.22: the package repeats neither POST nor these statuses; a batch read may be repeated."""
    ref = place.contact("101", email="a@example.fr")
    place.fault("/contacts/batch/read", status=status, body="<html>gateway</html>")
    assert fresh(place.connect(), ref).emails == ("a@example.fr",)


def test_a_locked_account_is_waited_for(place: Place) -> None:
    """§8: 423 lasts two seconds and changes nothing."""
    ref = place.contact("101", email="a@example.fr")
    place.fault("/contacts/batch/read", status=423, body={"status": "error"})
    assert fresh(place.connect(), ref)
    assert place.waits == [2.0]


def test_the_daily_limit_stops_the_account(place: Place) -> None:
    """§8: policyName DAILY is for tomorrow, not for a wait."""
    body = {"status": "error", "message": "You have reached your daily limit.", "policyName": "DAILY"}
    place.fault("/objects/contacts$", status=429, body=body, times=None)
    with pytest.raises(QuotaSpent):
        everything(place.connect())
    assert place.waits == []


def test_our_share_of_the_day_is_left_to_the_customers_other_apps(place: Place) -> None:
    """§12.28: the daily limit is the account's; calls by whomever count, and nothing is sent once the share is used."""
    place.settings(dailyLimit=20)
    connector = place.connect(daily_quota_share=0.5)
    with pytest.raises(QuotaSpent):
        for _ in range(30):
            everything(connector)
    assert place.calls("/crm/") == 10


def test_a_full_window_is_waited_out_before_the_next_call(place: Place) -> None:
    """§8: throttle from the headers, not from constants."""
    headers = {"X-HubSpot-RateLimit-Remaining": "0", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}
    place.fault("/associations/contacts/deals", status=200, body={"results": []}, headers=headers)
    place.contact("101")
    everything(place.connect(inbound=[]))
    assert place.waits == [10.0]


def test_a_refused_token_and_a_missing_scope_are_told_apart(place: Place) -> None:
    """§1.1: a 403 lists the scopes it would accept; a 401 is the token."""
    with pytest.raises(NotAllowed) as lacking:
        everything(place.connect("sandbox-lacks:crm.objects.contacts.read"))
    with pytest.raises(NotAllowed) as refused:
        everything(place.connect("sandbox-expired"))
    assert lacking.value.missing == ("crm.objects.contacts.read",)
    assert refused.value.missing == ()


def test_html_in_front_of_hubspot_stops_the_account(place: Place) -> None:
    """A 403 in HTML is a gateway's: no scope would help."""
    place.fault("/objects/contacts$", status=403, body="<html>Cloudflare</html>", times=None)
    with pytest.raises(StopCrm) as stopped:
        everything(place.connect())
    assert not isinstance(stopped.value, NotAllowed)


@pytest.mark.parametrize(
    "body",
    [
        "<html>maintenance</html>",
        [1],
        {"status": "COMPLETE"},
        {"results": ["row"]},
        {"results": [], "status": "PROCESSING"},
        {"results": [], "numErrors": 1},
    ],
)
def test_an_answer_that_is_not_understood_is_no_empty_list(place: Place, body: object) -> None:
    """A scan that cannot be complete raises: silence would mean deleted, or opted in."""
    place.contact("101", email="a@example.fr")
    place.fault("/objects/contacts$", status=200, body=body, times=None)
    with pytest.raises(BadAnswer):
        everything(place.connect())


def test_a_server_that_keeps_failing_is_unreachable(place: Place) -> None:
    """After the tries are used up, and never a short list."""
    place.fault("/objects/contacts$", status=502, body="<html/>", times=None)
    with pytest.raises(Unreachable):
        everything(place.connect())


def test_a_migration_parks_the_account(place: Place) -> None:
    """§8: 477, up to 24 hours."""
    place.fault("/objects/contacts$", status=477, body={"status": "error"}, headers={"Retry-After": "86400"})
    with pytest.raises(StopCrm):
        everything(place.connect())
    assert place.waits == []


@pytest.mark.parametrize("planted", ["Secret", "secret@example.fr", "0612345678", "Secret.Person", "secret-person"])
def test_no_value_can_pass_for_a_code(place: Place, planted: str) -> None:
    """§8: every field of an error is optional and free; only what looks like a code of HubSpot's is repeated."""
    ref = place.contact("101", email="a@example.fr")
    detail = {"code": planted, "subCategory": planted, "context": {"propertyName": [planted]}}
    told = {"category": planted, "errorType": planted, "policyName": planted, "subCategory": planted}
    place.fault("/batch/read", status=400, body={**told, "message": planted, "errors": [detail]})
    with pytest.raises(BadAnswer) as caught:
        place.connect().get([ref])
    assert str(caught.value).endswith("(400)")


def test_no_value_and_no_secret_is_in_an_error_or_a_log(place: Place) -> None:
    """§12.32: HubSpot's messages repeat e-mail addresses; ours hold codes and names of properties."""
    ref = place.contact("101", email="secret.person@example.fr")
    text = 'Property values were not valid: [{"value":"secret.person@example.fr"}]'
    names = ["email", "secret.person@example.fr"]
    detail = {"code": "INVALID_EMAIL", "message": text, "subCategory": text, "context": {"propertyName": names}}
    place.fault("/batch/read", status=400, body={"category": "VALIDATION_ERROR", "message": text, "errors": [detail]})
    with structlog.testing.capture_logs() as logs, pytest.raises(BadAnswer) as caught:
        place.connect().get([ref])
    shown = f"{caught.value} {logs} {caught.value.__cause__} {place.connect()!r}"
    assert "VALIDATION_ERROR INVALID_EMAIL email" in shown
    assert "secret" not in shown and "Bearer" not in shown
