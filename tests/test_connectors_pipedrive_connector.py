"""The Pipedrive connector as a whole: who we are, what is declared, the schema, the users. Holds `Company` for the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from pydantic import ValidationError
from structlog.testing import capture_logs

from connectors.pipedrive import OPTIONS, connect
from connectors.pipedrive.connector import Pipedrive
from connectors.sandbox.pipedrive import Pipedrive as App
from connectors.sandbox.world import Sandbox
from connectors.transport import Tools
from core.actions import Action, Command
from core.connector import Receipt
from core.errors import ConfigError, NotAllowed
from core.model import Query, Record, Ref

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
TEXT = "a" * 40
CHOICES = "b" * 40


class Company:
    """A Pipedrive company on a port of this machine, and connectors to it."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(vendors=[App]).start(0)
        self.url = self.sandbox.urls["pipedrive"]
        self.slept: list[float] = []
        self.reset()

    def reset(self) -> Company:
        """Back to an empty company, its clock at NOW, without rate limits."""
        self.sandbox.reset()
        self.sandbox.clock.set(NOW)
        self.sandbox.app("pipedrive").limits = False
        self.slept.clear()
        return self

    def load(self, kind: str, *records: dict[str, Any]) -> None:
        """Loads records of a kind."""
        self.sandbox.load(json.dumps({"crm": "pipedrive", "kind": kind, **record}) for record in records)

    def person(self, id: int = 1, **more: Any) -> Ref:
        """Loads a person with an e-mail address and a number."""
        given: dict[str, Any] = {"emails": [{"value": f"p{id}@example.org", "primary": True, "label": "work"}]}
        given |= {"phones": [{"value": f"+3361234{id:04}", "primary": True, "label": "work"}], "name": f"Person {id}"}
        given |= {"add_time": "2021-01-01T00:00:00Z", "update_time": "2021-01-02T00:00:00Z"}
        self.load("persons", {"id": id, **given, **more})
        return ref(id)

    def field(self, code: str, name: str, kind: str, *labels: str) -> None:
        """Loads a custom person field; its options are numbered from 1."""
        options = [{"id": number, "label": label} for number, label in enumerate(labels, 1)] or None
        self.load("personFields", {"field_code": code, "field_name": name, "field_type": kind, "options": options})

    def connect(self, token: str = "sandbox", **options: Any) -> Pipedrive:
        """A connector that does not wait."""
        given = {"connector": "pipedrive", "base_url": self.url, "token": token, "burst": 480, **options}
        made = connect("pd", OPTIONS.model_validate(given), Tools(sleep=self.slept.append, now=lambda: NOW))
        assert isinstance(made, Pipedrive)
        return made

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The data of an answer, asked for as another client would; None for a 404."""
        answer = requests.request(
            method, f"{self.url}/api{path}", json=body, headers={"x-api-token": "sandbox"}, timeout=5
        )
        return answer.json()["data"] if answer.ok else None

    def shown(self, id: int = 1, include: str = "marketing_status") -> Any:
        """A person as the vendor shows it."""
        return self.ask("GET", f"/v2/persons/{id}?include_fields={include}")

    def fault(self, path: str, **effect: Any) -> None:
        """Makes the next request to a path go wrong."""
        requests.post(f"{self.url}/_sandbox/faults", json=[{"crm": "pipedrive", "path": path, **effect}], timeout=5)

    def log(self, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """The requests so far."""
        asked = {name: value for name, value in {"method": method, "path": path}.items() if value}
        found = requests.get(f"{self.url}/_sandbox/requests", params=asked, timeout=5).json()
        return list(found["requests"])

    def writes(self) -> list[str]:
        """The methods of the requests that were not reads."""
        return [entry["method"] for entry in self.log() if entry["method"] != "GET"]


def ref(id: int) -> Ref:
    """The ref of a person."""
    return Ref("pd", "person", str(id))


def read(crm: Pipedrive, id: int = 1, *properties: str) -> Record:
    """One person, which must be there."""
    found = crm.get([ref(id)], properties)[ref(id)]
    assert found is not None
    return found


def scanned(crm: Pipedrive, *properties: str) -> dict[str, Record]:
    """Every person by id."""
    return {item.ref.id: item for page in crm.scan(Query("person", properties)) for item in page.records}


def apply(crm: Pipedrive, action: Action, *ids: int) -> list[Receipt]:
    """Applies an action to persons, as they are now."""
    return list(crm.apply([Command(ref(id), read(crm, id).version, action) for id in ids or (1,)]))


@pytest.fixture(scope="module")
def running() -> Iterator[Company]:
    """One server for the file."""
    company = Company()
    yield company
    company.sandbox.stop()


@pytest.fixture
def company(running: Company) -> Company:
    """The server in its first state."""
    return running.reset()


def test_check_tells_the_company_the_quota_and_what_is_undeclared(company: Company) -> None:
    """§7: the account is known by users/me."""
    company.sandbox.app("pipedrive").limits = True
    account = company.connect().check()
    assert (account.id, account.name, account.missing, account.blind) == ("101", "sandbox", (), ())
    assert account.quota is not None and account.quota[0] > 0
    assert account.undeclared == ("repoussoir_no_telephone", "repoussoir_no_email", "repoussoir_restricted")


def test_check_of_another_companys_token_tells_its_id(company: Company) -> None:
    """So that the core can refuse it."""
    assert company.connect("sandbox-other").check().id == "202"


def test_a_user_who_is_no_global_administrator_is_blind(company: Company) -> None:
    """§12, 14: visibility hides persons in silence, so an absent one proves nothing."""
    sales = [{"app": "sales", "admin": True, "permission_set_id": "x"}]
    company.load("users", {"id": 2, "name": "Rob", "access": sales})
    assert "administrator" in company.connect("sandbox-regular").check().blind[0]


@pytest.mark.parametrize("scope", ["contacts:read", "deals:read", "activities:read"])
def test_check_names_the_scope_that_is_missing(company: Company, scope: str) -> None:
    """A right to read that the token lacks is told before anything is planned."""
    assert company.connect(f"sandbox-lacks:{scope}").check().missing == (scope,)


def test_a_refused_token_stops_the_crm(company: Company) -> None:
    """401."""
    with pytest.raises(NotAllowed):
        company.connect("sandbox-expired").check()


def test_names_in_the_configuration_that_are_not_in_the_account_make_it_blind(company: Company) -> None:
    """A field or activity type that is misspelt would be missing in silence (RET-22)."""
    options: dict[str, Any] = {"collected": "Since", "imported": {"field": "Source", "values": ["Import"]}}
    told = company.connect(**options, inbound_activity_types=["call", "fax"]).check().blind
    assert [name in sentence for name, sentence in zip(("Since", "Source", "fax"), told, strict=True)] == [True] * 3
    assert "call, meeting, task, deadline, email, lunch" in told[2]


def test_default_types_that_match_nothing_are_said_by_check_and_stop_nobody(company: Company) -> None:
    """An account without them is not misconfigured: its records with mails, leads or deals alone can be dated."""
    with capture_logs() as told:
        assert company.connect().check().blind == ()
    (said,) = told
    assert (said["log_level"], said["there"]) == ("warning", "call, meeting, task, deadline, email, lunch")
    assert "inbound_activity_types" in said["event"]
    company.load("activityTypes", {"name": "Form", "key_string": "form"})
    with capture_logs() as told:
        company.connect().check()
    assert told == []


def test_the_native_channel_is_known_after_check_and_only_with_campaigns(company: Company) -> None:
    """§4.4: the marketing status exists with the add-on only."""
    company.person()
    crm = company.connect()
    assert crm.capabilities.native == {}
    crm.check()
    assert crm.capabilities.native == {"person": ("email",)}
    company.load("settings", {"campaigns": False})
    crm = company.connect()
    crm.check()
    assert crm.capabilities.native == {}


def test_statuses_that_can_no_longer_be_read_make_the_records_undatable(company: Company) -> None:
    """SUP-01: a right that is lost must not read as nobody's objection; read before in the life of the connector."""
    company.person(marketing_status="unsubscribed")
    crm = company.connect()
    assert scanned(crm)["1"].objections
    company.load("settings", {"campaigns": False})
    assert scanned(crm)["1"].unreadable == ("marketing_status",)
    company.load("settings", {"campaigns": True})
    assert scanned(crm)["1"].unreadable == ()


def test_an_account_that_should_have_statuses_and_has_none_is_blind(company: Company) -> None:
    """The operator said that there is Campaigns."""
    company.person()
    company.load("settings", {"campaigns": False})
    crm = company.connect(campaigns=True)
    assert ["marketing status" in sentence for sentence in crm.check().blind] == [True]
    assert read(crm).unreadable == ("marketing_status",)


def test_an_account_without_persons_does_not_tell_whether_it_has_campaigns(company: Company) -> None:
    """Nobody's objection can be missed there."""
    assert company.connect(campaigns=True).check().blind == ()


def test_an_account_without_statuses_of_which_nothing_was_said_is_warned_of(company: Company) -> None:
    """§4.4: a 403 may mean no Campaigns, or no right to it."""
    company.person()
    company.load("settings", {"campaigns": False})
    with capture_logs() as told:
        crm = company.connect()
        assert crm.check().blind == ()
    assert [said["log_level"] for said in told if "campaigns = false" in said["event"]] == ["warning"]
    assert read(crm).unreadable == ()


def test_statuses_are_not_asked_for_where_there_is_no_campaigns(company: Company) -> None:
    """Nor warned of."""
    company.person()
    with capture_logs() as told:
        crm = company.connect(campaigns=False)
        assert crm.check().blind == ()
    assert [said for said in told if "campaigns" in said["event"]] == []
    assert read(crm).unreadable == ()
    assert "marketing_status" not in str([entry["query"] for entry in company.log("GET", "v2/persons")])


def test_declaring_twice_makes_the_fields_once(company: Company) -> None:
    """§6: names are not unique, so a field is looked for first; by name, custom and type."""
    company.field("c" * 40, "repoussoir_no_email", "set", "yes", "no")
    crm = company.connect()
    assert crm.declare() == ("repoussoir_no_telephone", "repoussoir_no_email", "repoussoir_restricted")
    assert company.connect().declare() == crm.declare() == ()
    fields = [item for item in company.ask("GET", "/v2/personFields?limit=500") if item["is_custom_field"]]
    assert sorted(item["field_type"] for item in fields) == ["enum", "enum", "enum", "set"]
    assert crm.check().undeclared == ()


def test_a_field_whose_making_was_not_answered_is_not_made_again(company: Company) -> None:
    """§9: there are no idempotency keys; it is looked for before anything is repeated."""
    company.fault("personFields", method="POST", cut="after")
    assert len(company.connect().declare()) == 3
    assert company.writes() == ["POST"] * 3


def test_a_field_that_was_certainly_not_made_is_reported(company: Company) -> None:
    """A right to declare that is missing stops the work, it is not skipped."""
    with pytest.raises(NotAllowed):
        company.connect("sandbox-readonly").declare()


def test_the_schema_holds_options_shapes_and_what_can_be_emptied(company: Company) -> None:
    """§6; every field is tracked since the changelog keeps old values."""
    company.field(CHOICES, "Régime", "set", "sans sel", "végétarien")
    schema = company.connect().schema("person")
    choices, name, email = schema.get(CHOICES), schema.get("name"), schema.get("email")
    assert choices and name and email
    assert (choices.label, choices.shape, choices.custom, choices.tracked) == ("Régime", "choices", True, True)
    assert [(item.value, item.label) for item in choices.options] == [("1", "sans sel"), ("2", "végétarien")]
    assert (name.required, name.clearable, email.shape, email.clearable) == (True, False, "email", True)


def test_the_users_are_listed_with_their_rights_and_sign_ins(company: Company) -> None:
    """§7: an admin is told by `access` alone; a user who never signed in has a null stamp."""
    company.load("users", {"id": 9, "name": "Never In", "last_login": None, "active_flag": False})
    ada, rob, never = company.connect().users()
    assert (ada.admin, rob.admin, never.admin) == (True, False, False)
    assert (ada.active, never.active) == (True, False)
    assert ada.last_login == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert never.last_login is None


def test_a_connector_needs_a_token_and_calls_nobody_yet(company: Company) -> None:
    """The registry's contract."""
    with pytest.raises(ConfigError, match="REPOUSSOIR_CRM__PD__TOKEN"):
        company.connect("")
    company.connect()
    assert company.log() == []


def test_an_unknown_source_or_child_is_refused_by_name() -> None:
    """The error names what is known."""
    with pytest.raises(ValidationError, match="incoming_mail, won_deal, activity"):
        OPTIONS(connector="pipedrive", inbound=("opens",))
    with pytest.raises(ValidationError, match="notes, activities, emails, files"):
        OPTIONS(connector="pipedrive", cascade=("deals",))


def test_every_option_is_documented() -> None:
    """The example configuration is made from the docstrings."""
    assert [name for name, item in OPTIONS.model_fields.items() if not item.description] == []
