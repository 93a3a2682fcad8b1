"""check, declare, schema and users against the local HubSpot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr, ValidationError

from connectors.hubspot import OPTIONS
from core.errors import BadAnswer, NotAllowed
from core.schema import Schema, Shape
from tests.test_connectors_hubspot_connector import Place
from tests.vendor_clients.traffic import recorded


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
    return running


def test_check_tells_the_portal_the_quota_and_what_is_not_declared(place: Place) -> None:
    """Cheap, authenticated, and it writes nothing."""
    place.contact("101", email="a@example.fr")
    connector = place.connect()
    account = connector.check()
    assert (account.id, account.missing, account.blind) == ("1234567", (), ())
    assert account.quota and account.quota[1] == 625_000
    assert account.undeclared == ("repoussoir_no_telephone", "repoussoir_restricted")
    assert place.calls() <= 16
    assert not place.opted_out("check@repoussoir.invalid")


def test_another_account_is_told_by_its_id(place: Place) -> None:
    """The core refuses it."""
    assert place.connect("sandbox-other").check().id == "7654321"


@pytest.mark.parametrize(
    "scope",
    [
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
        "crm.schemas.contacts.read",
        "crm.schemas.contacts.write",
        "crm.objects.deals.read",
        "tickets",
        "communication_preferences.read",
        "communication_preferences.write",
        "settings.users.read",
        "crm.objects.owners.read",
    ],
)
def test_each_scope_that_is_lacking_is_named(place: Place, scope: str) -> None:
    """§1.1: tried by harmless calls; the names are those of the capabilities."""
    connector = place.connect(f"sandbox-lacks:{scope}")
    assert connector.check().missing == (scope,)
    assert scope in {name for names in connector.capabilities.scopes.values() for name in names}


def test_a_token_that_may_only_read(place: Place) -> None:
    """Its writes are named."""
    assert place.connect("sandbox-readonly").check().missing == (
        "crm.objects.contacts.write",
        "crm.schemas.contacts.write",
        "communication_preferences.write",
    )


def test_scopes_that_only_some_settings_need(place: Place) -> None:
    """Companies for the cascade and for an anchor."""
    token = "sandbox-lacks:crm.objects.companies.read"
    assert place.connect(token).check().missing == ()
    for options in ({"cascade": ["notes", "files"]}, {"audit_anchor": "company:1"}):
        assert place.connect(token, **options).check().missing == ("crm.objects.companies.read",)


def test_a_refused_token_and_an_account_without_a_name(place: Place) -> None:
    """Nothing may be done with either."""
    with pytest.raises(NotAllowed):
        place.connect("sandbox-expired").check()
    with pytest.raises(NotAllowed):
        place.connect("nobody").check()
    place.fault("/account-info/", status=200, body={})
    with pytest.raises(BadAnswer):
        place.connect().check()


def test_declare_makes_what_is_missing_and_leaves_the_rest(place: Place) -> None:
    """Twice is once; names can be chosen."""
    connector = place.connect(no_telephone="do_not_call")
    place.load({"kind": "property", "objectType": "contacts", "name": "do_not_call", "label": "Ours"})
    assert connector.declare() == ("repoussoir_restricted",)
    assert connector.declare() == ()
    assert connector.check().undeclared == ()
    made = place.raw("GET", "/crm/v3/properties/contacts/repoussoir_restricted")
    assert (made["type"], made["fieldType"]) == ("bool", "booleancheckbox")
    assert {item["value"] for item in made["options"]} == {"true", "false"}
    assert place.raw("GET", "/crm/v3/properties/contacts/do_not_call")["label"] == "Ours"


def test_declared_options_say_what_the_package_holds_for_required(place: Place) -> None:
    """Its OptionInput needs label, value and hidden; sent as a dict, nothing of it is checked before it leaves."""
    with recorded() as exchanges:
        place.connect().declare()

    sent = [one.request.json() for one in exchanges if one.request.method == "POST" and one.response.status == 201]
    assert len(sent) == 2
    assert all({"label", "value", "hidden"} <= set(option) for body in sent for option in body["options"])


def test_a_property_that_somebody_made_meanwhile_is_fine(place: Place) -> None:
    """§3: 409 is success, and not ours."""
    place.fault("/properties/contacts$", method="POST", status=409, body={"category": "CONFLICT"}, times=None)
    assert place.connect().declare() == ()


def test_the_schema_shows_sensitive_properties_where_their_values_may_be_read(place: Place) -> None:
    """§12.12: they are hidden by default; one name that may not be read breaks a whole page."""
    for name, level in (("diet", "sensitive"), ("illness", "highly_sensitive")):
        more = {"dataSensitivity": level, "sensitiveDataCategories": ["HIPAA"]}
        place.load({"kind": "property", "objectType": "contacts", "name": name, **more})
    schema = place.connect().schema("contact")
    assert [item.sensitivity for name in ("diet", "illness") if (item := schema.get(name))] == [
        "sensitive HIPAA",
        "highly_sensitive HIPAA",
    ]
    token = "sandbox-lacks:crm.objects.contacts.highly_sensitive.read"
    lesser = place.connect(token)
    assert lesser.schema("contact").get("diet") and not lesser.schema("contact").get("illness")
    assert lesser.check().missing == ("crm.objects.contacts.highly_sensitive.read",)


@pytest.mark.parametrize("status", [400, 403])
def test_an_account_without_sensitive_data_may_refuse_the_question(place: Place, status: int) -> None:
    """§3: Enterprise only; the ordinary properties are still there."""
    body = {"category": "VALIDATION_ERROR"}
    place.fault("/properties/contacts$", method="GET", status=status, body=body, skip=1, times=2)
    schema = place.connect().schema("contact")
    assert schema.get("email") and place.connect().check().missing == ()


@pytest.fixture
def schema(place: Place) -> Schema:
    """The contact's properties."""
    place.load(
        {
            "kind": "property",
            "objectType": "contacts",
            "name": "hobbies",
            "label": "Hobbies",
            "type": "enumeration",
            "fieldType": "checkbox",
            "options": [{"label": "Wine", "value": "w"}],
        },
        {"kind": "property", "objectType": "contacts", "name": "memo", "type": "string", "fieldType": "html"},
    )
    return place.connect().schema("contact")


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("email", "email"),
        ("work_email", "email"),
        ("phone", "phone"),
        ("hs_email_optout", "bool"),
        ("hs_email_optout_1001", "bool"),
        ("lifecyclestage", "choice"),
        ("hobbies", "choices"),
        ("createdate", "date"),
        ("message", "longtext"),
        ("memo", "html"),
        ("jobtitle", "text"),
    ],
)
def test_every_property_has_a_shape(schema: Schema, name: str, shape: Shape) -> None:
    """§3: from type and fieldType."""
    found = schema.get(name)
    assert found and found.shape == shape


def test_the_schema_says_what_can_be_cleared_and_whose_it_is(schema: Schema) -> None:
    """§3: readOnlyValue; the property history keeps old values of all."""
    city, job, hobbies = schema.get("ip_city"), schema.get("jobtitle"), schema.get("hobbies")
    assert city and job and hobbies
    assert (city.clearable, job.clearable, hobbies.clearable) == (False, True, True)
    assert (job.custom, hobbies.custom, job.tracked) == (False, True, True)
    assert [(item.value, item.label) for item in hobbies.options] == [("w", "Wine")]
    assert [item.name for item in schema.properties] == sorted(item.name for item in schema.properties)


def test_users_are_told_with_their_rights_and_those_who_left(place: Place) -> None:
    """§7: superAdmin is exposed, a last login is not; owner ids are no user ids."""
    found = {item.id: item for item in place.connect().users()}
    assert (found["51"].name, found["51"].active, found["51"].admin) == ("Ada Martin", True, True)
    assert (found["52"].admin, found["52"].last_login) == (False, None)
    assert (found["54"].name, found["54"].active, found["54"].admin) == ("Denis Faure", False, None)
    assert len(found) == 4


def test_a_former_owner_who_is_a_user_still_is_told_once(place: Place) -> None:
    """§7: archived owners are deactivated as owners; the user list says who is there."""
    place.load({"kind": "owners", "id": "951", "userId": 51, "email": "ada@repoussoir.test", "archived": True})
    assert [item.id for item in place.connect().users()] == ["51", "52", "53"]


def test_options_refuse_what_nobody_knows() -> None:
    """A mistake in the configuration is found before anything is read."""
    for wrong in ({"cascade": ["deals"]}, {"inbound": ["opens"]}, {"marketing_subscriptions": ["x"]}, {"colour": 1}):
        with pytest.raises(ValidationError):
            OPTIONS(connector="hubspot", **wrong)
    assert "pat-secret" not in repr(OPTIONS(connector="hubspot", token=SecretStr("pat-secret")))
    assert all(field.description for field in OPTIONS.model_fields.values())
