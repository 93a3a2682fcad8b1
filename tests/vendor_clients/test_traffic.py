"""Every request and every answer of a full run, judged by what others say of the three APIs.

HubSpot by a document made of its Python client, Salesforce by the types of jsforce (where node is), Pipedrive by its own
OpenAPI files (where REPOUSSOIR_SPECS names the folder that holds them). What a contract does not know, or is known to be
wrong in, is excused beside it with the reason; an excuse that nothing needs any more fails too.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from tests.vendor_clients import hubspot_contract, openapi, pipedrive_contract, salesforce_contract
from tests.vendor_clients.judging import UNKNOWN, Contract, judge
from tests.vendor_clients.traffic import Exchange, full_run

NODE = which("node")
SPECS = os.environ.get("REPOUSSOIR_SPECS", "")
NO_NODE = "node or its packages are not installed"
NO_SPECS = "REPOUSSOIR_SPECS names no folder with Pipedrive's OpenAPI files"
EXCUSES = {
    "hubspot": hubspot_contract.EXCUSES,
    "salesforce": salesforce_contract.EXCUSES,
    "pipedrive": pipedrive_contract.EXCUSES,
}

# What tells each action of each CRM: the call, and something in its body.
DEEDS: dict[str, dict[str, tuple[str, str]]] = {
    "hubspot": {
        "read": (r"GET /crm/v3/objects/contacts", ""),
        "declare": (r"POST /crm/v3/properties/contacts", "repoussoir_restricted"),
        "suppress": (r"POST /communication-preferences/v4/statuses/[^/]+/unsubscribe-all", ""),
        "restrict": (r"POST /crm/v3/objects/contacts/batch/update", r'"repoussoir_restricted": "true"'),
        "redact": (r"POST /crm/v3/objects/contacts/batch/update", r"\[[\w' ]+\]"),
        "clear": (r"POST /crm/v3/objects/contacts/batch/update", r'"religion": ""'),
        "anonymise": (r"POST /crm/v3/objects/contacts/batch/update", r'"email": ""'),
        "bin": (r"POST /crm/v3/objects/contacts/batch/archive", ""),
        "erase": (r"POST /crm/v3/objects/contacts/gdpr-delete", ""),
        **{
            f"erase {kind}": (f"POST /crm/v3/objects/{kind}/batch/archive", "") for kind in ("notes", "calls", "emails")
        },
        "unlink": (r"POST /crm/v4/associations/contacts/notes/batch/archive", ""),
        "annotate": (r"POST /crm/v3/objects/notes/batch/create", ""),
    },
    "salesforce": {
        "read": (r"GET /services/data/v66.0/query/", ""),
        "declare": (r"POST /services/data/v66.0/tooling/sobjects/CustomField", "RepoussoirRestricted__c"),
        "suppress": (r"PATCH /services/data/v66.0/composite/sobjects", r'"HasOptedOutOfEmail": true'),
        "restrict": (r"PATCH /services/data/v66.0/composite/sobjects", r'"RepoussoirRestricted__c": true'),
        "redact": (r"PATCH /services/data/v66.0/composite/sobjects", r"\[[\w' ]+\]"),
        "clear": (r"PATCH /services/data/v66.0/composite/sobjects", r'"Religion__c": null'),
        "anonymise": (r"PATCH /services/data/v66.0/composite/sobjects", r'"LastName": "ERASED-'),
        "bin": (r"DELETE /services/data/v66.0/composite/sobjects", ""),
        **{
            f"erase {kind}": (
                r"POST /services/data/v66.0/jobs/ingest",
                f'"object": "{kind}", "operation": "hardDelete"',
            )
            for kind in ("Contact", "Lead", "Task", "EmailMessage", "ContentDocument", "CampaignMember")
        },
        "unlink": (r"PATCH /services/data/v66.0/composite/sobjects", r'"WhoId": null'),
        "annotate": (r"POST /services/data/v66.0/composite", r"/sobjects/ContentNote"),
    },
    "pipedrive": {
        "read": (r"GET /api/v2/persons", ""),
        "declare": (r"POST /api/v2/personFields", "repoussoir_restricted"),
        "suppress": (r"PATCH /api/v2/persons/\d+", r'"marketing_status": "unsubscribed"'),
        "restrict": (r"PATCH /api/v2/persons/\d+", r'\{"custom_fields": \{"\w{40}": \d+\}\}'),
        "redact": (r"PATCH /api/v2/persons/\d+", r"\[[\w' ]+\]"),
        "clear": (r"PATCH /api/v2/persons/\d+", r'"custom_fields": \{"\w{40}": null\}'),
        "anonymise": (r"PATCH /api/v2/persons/\d+", r'"emails": \[\]'),
        "bin or erase": (r"DELETE /api/v2/persons/\d+", ""),
        "erase notes": (r"DELETE /api/v1/notes/\d+", ""),
        "erase comments": (r"DELETE /api/v1/notes/\d+/comments/[\w-]+", ""),
        "erase activities": (r"DELETE /api/v2/activities/\d+", ""),
        "erase files": (r"DELETE /api/v1/files/\d+", ""),
        "erase pictures": (r"DELETE /api/v1/persons/\d+/picture", ""),
        "erase mails": (r"DELETE /api/v1/mailbox/mailThreads/\d+", ""),
        "unlink": (r"PUT /api/v1/notes/\d+", r'"person_id": null'),
        "annotate": (r"POST /api/v1/notes", ""),
    },
}


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> list[Exchange]:
    """The exchanges of a full run."""
    return full_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def hubspot() -> Contract:
    """The package as a contract; its objects are whole in themselves, so that no other field is allowed."""
    return openapi.contract(hubspot_contract.document(), unnamed="forbid")


@pytest.fixture(scope="module")
def salesforce() -> Contract:
    """The types of jsforce as a contract."""
    if not (NODE and salesforce_contract.GENERATOR.exists()):
        pytest.skip(NO_NODE)
    return salesforce_contract.contract(salesforce_contract.schemas(NODE))


@pytest.fixture(scope="module")
def pipedrive() -> Contract:
    """The vendor's own files as a contract."""
    if not (SPECS and all(pipedrive_contract.file(Path(SPECS), one).exists() for one in pipedrive_contract.VERSIONS)):
        pytest.skip(NO_SPECS)
    return pipedrive_contract.contract(Path(SPECS))


def of(traffic: list[Exchange], crm: str) -> list[Exchange]:
    """The exchanges of a CRM."""
    return [exchange for exchange in traffic if exchange.crm == crm]


def sent(exchange: Exchange) -> str:
    """The body of a request as text."""
    is_json = exchange.request.headers.get("content-type", "").startswith("application/json")
    return json.dumps(exchange.request.json(), ensure_ascii=False) if is_json else ""


@pytest.mark.parametrize("crm", DEEDS)
def test_every_action_is_in_the_traffic(traffic: list[Exchange], crm: str) -> None:
    """Else the verdicts below would be about little."""
    seen = {
        deed
        for deed, (call, body) in DEEDS[crm].items()
        if any(re.fullmatch(call, one.call) and re.search(body, sent(one)) for one in of(traffic, crm))
    }

    assert seen == set(DEEDS[crm])


def test_hubspots_traffic_is_as_its_client_has_it(traffic: list[Exchange], hubspot: Contract) -> None:
    """Paths, parameters, bodies, answers and statuses."""
    assert judge(of(traffic, "hubspot"), hubspot, EXCUSES["hubspot"]) == []


def test_salesforces_traffic_is_as_jsforce_has_it(traffic: list[Exchange], salesforce: Contract) -> None:
    """Answers, and the orders of bulk jobs."""
    assert judge(of(traffic, "salesforce"), salesforce, EXCUSES["salesforce"]) == []


def test_pipedrives_traffic_is_as_its_files_have_it(traffic: list[Exchange], pipedrive: Contract) -> None:
    """Paths, parameters, bodies, answers and statuses."""
    assert judge(of(traffic, "pipedrive"), pipedrive, EXCUSES["pipedrive"]) == []


Distortion = Callable[[Any], None]


def _without(*place: str) -> Distortion:
    """Takes the last named field away."""
    return lambda body: _inside(body, place[:-1]).pop(place[-1])


def _saying(value: object, *place: str) -> Distortion:
    """Gives the last named field another value."""
    return lambda body: _inside(body, place[:-1]).update({place[-1]: value})


def _inside(body: Any, place: Sequence[str]) -> Any:
    """What is there, of a list in the first row."""
    for step in place:
        body = body[step][0] if isinstance(body[step], list) else body[step]
    return body


READ, CONTACT, JOB = r"POST /crm/v3/objects/contacts/batch/read", r"GET .*/Contact/describe", r"GET .*/ingest/\w+"


@pytest.mark.parametrize(
    ("crm", "call", "distort", "noticed"),
    [
        ("hubspot", READ, _without("results", "id"), r"results\.\*: 'id' is a required property"),
        ("hubspot", READ, _saying("no", "results", "archived"), r"results\.\*\.archived: string where boolean belongs"),
        ("hubspot", READ, _saying("DONE", "status"), r"status: 'DONE' is not one of .*"),
        ("salesforce", CONTACT, _without("fields", "nillable"), r"fields\.\*: 'nillable' is a required property"),
        ("salesforce", CONTACT, _saying(1, "fields", "name"), r"fields\.\*\.name: integer where string belongs"),
        ("salesforce", JOB, _saying("Done", "state"), r"state: 'Done' is not one of .*"),
        (
            "pipedrive",
            r"GET /api/v2/persons",
            _saying("1", "data", "id"),
            r"data\.\*\.id: string where integer belongs",
        ),
        ("pipedrive", r"GET /api/v2/personFields", _saying("flag", "data", "field_type"), r".*'flag' is not one of .*"),
    ],
)
def test_a_distorted_answer_is_noticed(
    request: pytest.FixtureRequest, traffic: list[Exchange], crm: str, call: str, distort: Distortion, noticed: str
) -> None:
    """A required field that is missing, a wrong type, a value that there is not; no excuse covers them."""
    contract, excuses = request.getfixturevalue(crm), EXCUSES[crm]
    whole = next(one for one in of(traffic, crm) if re.fullmatch(call, one.call))
    spoilt = whole._replace(response=replace(whole.response, body=deepcopy(whole.response.body)))
    distort(spoilt.response.body)

    added = set(judge([spoilt], contract, excuses)) - set(judge([whole], contract, excuses))

    assert len(added) == 1
    assert re.fullmatch(f"{re.escape(whole.call)} 200: answer: {noticed}", added.pop())


def test_an_unknown_call_and_an_idle_excuse_are_noticed(traffic: list[Exchange], hubspot: Contract) -> None:
    """Neither a call that nobody knows nor a reason that nobody needs passes silently."""
    strange = traffic[0]._replace(request=replace(traffic[0].request, path="/crm/v3/purge-all"))

    wrong = judge([strange], hubspot, {r"GET /gone.*": "no longer called"})

    assert wrong == [
        f"{strange.call} {strange.response.status}: {UNKNOWN}",
        r"no longer needed: GET /gone.* (no longer called)",
    ]
