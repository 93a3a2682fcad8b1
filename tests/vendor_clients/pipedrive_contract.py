"""Pipedrive's own OpenAPI files, from a folder that somebody has them in: one for v1, one for v2."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.vendor_clients import openapi
from tests.vendor_clients.judging import Contract
from tests.vendor_clients.traffic import Exchange

VERSIONS = ("v1", "v2")
_V1, _V2 = r"\w+ /api/v1", r"\w+ /api/v2"
_ONE = r" 200: answer: data(\.\*)?\."
# The files are not to be trusted about null (pipedrive.md §14); what else they contradict themselves in.
EXCUSES = {
    rf"{_V1}/.* 200: answer: data: null where array belongs": "v1 answers an empty list so",
    rf"{_V2}/.* 200: answer: additional_data\.next_cursor: null where string belongs": "the last page",
    rf"{_V1}/notes.*{_ONE}(deal|organization|person|user\.icon_url|\w+_id): null .*": "linked to none, no picture",
    r"PUT /api/v1/notes/\d+ 200: request: person_id: null .*": "the one way to unlink; the answer is looked at (§13)",
    rf"{_V2}/persons.*{_ONE}picture_id: null .*": "no picture",
    rf"{_V2}/activities.*{_ONE}(deal|lead|org|person|project)_id: null .*": "linked to none",
    rf"{_V2}/activities.*{_ONE}(conference_meeting_\w+|location|priority|note|public_description): null .*": "not given",
    rf"{_V2}/activities.*{_ONE}(due_date|due_time|duration|marked_as_done_time): null .*": "not given",
    rf"{_V2}/deals{_ONE}(expected_close_date|lost_time|won_time): null .*": "not given, not lost, not won",
    rf"{_V1}/persons/\d+/files{_ONE}\w+_id: null .*": "linked to none",
    rf"{_V1}/.*mail.* 200: answer: .*\.linked_person_id: null .*": "the address of nobody",
    rf"{_V1}/.*/mailMessages{_ONE}data\.mail_tracking_status: None .*": "not tracked; its description says null",
    rf"{_V1}/activityTypes{_ONE}(add|update)_time: .* is not a 'date-time'": "its own example has the form of v1",
    rf"{_V1}/leads/archived 200: request: .*'update_time DESC' .*": "its description adds a direction to the name",
}
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def file(folder: Path, version: str) -> Path:
    """Where the document of a version is."""
    return folder / f"pipedrive-openapi-{version}.yaml"


def contract(folder: Path) -> Contract:
    """Judges each exchange by the document of its version."""
    made = {version: _of(folder, version) for version in VERSIONS}

    def judge(exchange: Exchange) -> Iterator[str]:
        return made[exchange.request.path.split("/")[2]](exchange)

    return judge


def _of(folder: Path, version: str) -> Contract:
    document: dict[str, Any] = yaml.load(file(folder, version).read_text(encoding="utf-8"), _Loader)
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                _listed(parameter)
    return openapi.contract(document | {"servers": [{"url": openapi.HOST}]}, f"/api/{version}")


def _listed(parameter: dict[str, Any]) -> None:
    """The files give the values of a comma separated list as those of one text, and tell of the commas in words only."""
    schema = parameter.get("schema", {})
    if "enum" in schema and "comma separated" in parameter.get("description", ""):
        parameter |= {"schema": {"type": "array", "items": schema}, "style": "form", "explode": False}
