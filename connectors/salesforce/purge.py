"""Emptying the recycle bin: Bulk 2.0 hardDelete where the user may, else the partner API (salesforce.md §4.1, §5).

Rows must be in the bin already. What could not be purged, for whatever reason, stays there for 15 days: that is an answer,
which must not be lost for an error.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from xml.etree import ElementTree

from connectors.salesforce.client import Client, chunks, full_id
from connectors.salesforce.schema import Org
from core.errors import BadAnswer, StopCrm

IN_BIN = "recycle bin, 15 days"

_EMPTY_AT_ONCE = 200
_POLLS = 120
_LONGEST_NAP = 10.0
_OVER = frozenset({"JobComplete", "Failed", "Aborted"})
_PARTNER = "urn:partner.soap.sforce.com"


def purge(org: Org, ids: Mapping[str, Iterable[str]]) -> set[str]:
    """Removes rows, given by object, from the bin; answers the ids of those that certainly are gone for good."""
    gone: set[str] = set()
    if _permitted(org):
        for name, some in ids.items():
            gone |= _tried(partial(_hard_delete, org.client, name), list(some))
    left = [id for some in ids.values() for id in some if id not in gone]
    for part in chunks(left, _EMPTY_AT_ONCE):
        gone |= _tried(partial(_empty, org.client), list(part))
    return gone


def _permitted(org: Org) -> bool:
    try:
        return org.may("BulkApiHardDelete")
    except (BadAnswer, StopCrm):
        return False


def _tried(act: Callable[[list[str]], set[str]], ids: list[str]) -> set[str]:
    try:
        return act(ids) if ids else set()
    except (BadAnswer, StopCrm):
        return set()


def _hard_delete(client: Client, name: str, ids: list[str]) -> set[str]:
    """One job, step by step: the package loses job ids and results on failure (§4.3). Results come in any order."""
    jobs = f"{client.base}/jobs/ingest"
    order = {"object": name, "operation": "hardDelete", "contentType": "CSV", "lineEnding": "LF"}
    job = f"{jobs}/{_told(client.send('bulk.create', 'POST', jobs, safe=False, json=order), 'id')}"
    table = "\n".join(("Id", *ids, ""))
    client.text(
        "bulk.upload", "PUT", f"{job}/batches", safe=False, data=table.encode(), headers={"Content-Type": "text/csv"}
    )
    client.send("bulk.start", "PATCH", job, safe=True, json={"state": "UploadComplete"})
    _wait(client, job)
    told = client.text("bulk.results", "GET", f"{job}/successfulResults/", safe=True)
    lines = csv.DictReader(io.StringIO(told, newline=""))
    return {id for line in lines if (id := full_id(line.get("sf__Id") or line.get("Id") or ""))} & set(ids)


def _told(job: Any, name: str) -> str:
    if not isinstance(job, dict) or not isinstance(job.get(name), str):
        raise BadAnswer(f"Salesforce did not tell the {name} of a job")
    return str(job[name])


def _wait(client: Client, job: str) -> None:
    """Until the job is over, whatever became of it: a failed one does not take back the rows it has done."""
    nap = 0.5
    for _ in range(_POLLS):
        if _told(client.send("bulk.state", "GET", job, safe=True), "state") in _OVER:
            return
        client.sleep(nap)
        nap = min(nap * 2, _LONGEST_NAP)


def _empty(client: Client, ids: list[str]) -> set[str]:
    listed = "".join(f"<ids>{id}</ids>" for id in ids)
    said = client.soap("empty_recycle_bin", f'<emptyRecycleBin xmlns="{_PARTNER}">{listed}</emptyRecycleBin>')
    try:
        results = list(ElementTree.fromstring(said).iter(f"{{{_PARTNER}}}result"))
    except ElementTree.ParseError:
        raise BadAnswer("Salesforce answered the emptying of the recycle bin with no XML") from None
    if len(results) != len(ids):
        raise BadAnswer("Salesforce answered another number of rows than it was sent")
    return {id for id, result in zip(ids, results, strict=True) if result.findtext(f"{{{_PARTNER}}}success") == "true"}
