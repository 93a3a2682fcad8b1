"""What became of a made-up population, told from the vendors' own APIs: snapshots of all records, compared with the truth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request, urlopen

from connectors.sandbox.seed import Truth

Snapshot = dict[str, dict[str, str]]
EMAIL, TELEPHONE, RESTRICTED = "email suppressed", "telephone suppressed", "restricted"


@dataclass(frozen=True, slots=True)
class Names:
    """The names, in each CRM, of the properties that say "do not call", "do not mail" and "restricted"."""

    telephone: Mapping[str, str]
    email: Mapping[str, str]
    restricted: Mapping[str, str]


@dataclass(slots=True)
class Verdict:
    """How the CRMs compare with the truth: what was expected and is so, by kind, and every difference as a sentence."""

    right: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def count(self, what: str, held: bool, sentence: str) -> None:
        """Counts one expectation."""
        if held:
            self.right[what] = self.right.get(what, 0) + 1
        else:
            self.wrong.append(sentence)


def snapshot(urls: Mapping[str, str], truth: Truth, names: Names) -> Snapshot:
    """Every person record of the three CRMs by ref: the properties that the truth names, flags, identifiers and names."""
    wanted = _wanted(truth)
    return {
        **_hubspot(urls["hubspot"], wanted["hubspot:contact"], names),
        **_salesforce(urls["salesforce"], "Contact", wanted["salesforce:Contact"], names),
        **_salesforce(urls["salesforce"], "Lead", wanted["salesforce:Lead"], names),
        **_pipedrive(urls["pipedrive"], wanted["pipedrive:person"], names),
    }


def verdict(before: Snapshot, after: Snapshot, truth: Truth) -> Verdict:
    """Compares two snapshots: every expected change must be there, and no other."""
    found = Verdict()
    expected = _expected(truth)
    for ref in sorted(before):
        _judge(ref, before[ref], after.get(ref), expected[ref], found)
    for ref in sorted(set(after) - set(before)):
        found.wrong.append(f"{ref} was created")
    return found


def _wanted(truth: Truth) -> dict[str, list[str]]:
    places: dict[str, list[str]] = {}
    for line in [*truth.properties["banned"], *truth.properties["text"]]:
        places.setdefault(f"{line['crm']}:{line['kind']}", []).append(line["property"])
    return {place: places.get(place, []) for place in (*places, "salesforce:Lead", "salesforce:Contact")}


def _expected(truth: Truth) -> dict[str, list[dict[str, Any]]]:
    lines: dict[str, list[dict[str, Any]]] = {}
    for line in truth.lines:
        lines.setdefault(line["ref"], []).append(line)
    return lines


def _judge(
    ref: str, before: dict[str, str], after: dict[str, str] | None, lines: Sequence[Any], found: Verdict
) -> None:
    changes = {"suppress", "clear", "redact"}
    fate = next(line["expect"] for line in lines if line["expect"] not in changes and "property" not in line)
    if fate == "erase" or after is None:
        found.count(fate, after is None and fate == "erase", f"{ref}: {fate} was expected")
        return
    found.count(fate, True, "")
    changed = {name for name in before | after if before.get(name, "") != after.get(name, "")}
    for name, line in _changes(lines, fate).items():
        held = _holds(after.get(name, ""), line)
        found.count(line["expect"], held, f"{ref}: {line['expect']} of {name} was expected")
        changed.discard(name)
    found.wrong += [f"{ref}: {name} was changed" for name in sorted(changed)]


def _changes(lines: Sequence[Any], fate: str) -> dict[str, Any]:
    """The fields of a record that are expected to be in a state, each with its line."""
    wanted = {line["property"]: line for line in lines if line["expect"] in {"clear", "redact"}}
    for line in lines:
        if line["expect"] == "suppress":
            wanted |= {f"{channel} suppressed": line for channel in line["channels"]}
    if fate == "undatable":
        wanted[RESTRICTED] = {"expect": "restrict"}
    return wanted


def _holds(value: str, line: Mapping[str, Any]) -> bool:
    match line["expect"]:
        case "clear":
            return value == ""
        case "redact":
            return line["gone"] not in value and all(part in value for part in line["survives"])
    return value == "yes"


def _hubspot(url: str, wanted: list[str], names: Names) -> Snapshot:
    flags = [names.telephone["hubspot"], names.restricted["hubspot"], "hs_email_optout"]
    properties = ["email", "hs_additional_emails", "phone", "mobilephone", "firstname", "lastname", *wanted, *flags]
    found: Snapshot = {}
    after = ""
    while after is not None:
        query = "&".join(["limit=100", f"after={after}", f"properties={','.join(properties)}"])
        page = _get(f"{url}/crm/v3/objects/contacts?{query}")
        for row in page["results"]:
            values = {name: row["properties"].get(name) or "" for name in properties}
            telephone, restricted, email = (_true(values.pop(name)) for name in flags)
            found[f"hubspot:contact:{row['id']}"] = values | _flags(email, telephone, restricted)
        after = page.get("paging", {}).get("next", {}).get("after")
    return found


def _salesforce(url: str, kind: str, wanted: list[str], names: Names) -> Snapshot:
    base = f"{url}/services/data/v66.0"
    restricted = names.restricted["salesforce"]
    known = {item["name"] for item in _get(f"{base}/sobjects/{kind}/describe")["fields"]}
    fields = [n for n in ["Email", "Phone", "MobilePhone", "FirstName", "LastName", *wanted, restricted] if n in known]
    query = f"SELECT Id, HasOptedOutOfEmail, DoNotCall, {', '.join(fields)} FROM {kind}".replace(" ", "+")
    found: Snapshot = {}
    page = _get(f"{base}/query/?q={query}")
    while True:
        for row in page["records"]:
            values = {name: str(row[name] or "") for name in fields if name != restricted}
            flags = _flags(row["HasOptedOutOfEmail"], row["DoNotCall"], bool(row.get(restricted)))
            found[f"salesforce:{kind}:{row['Id']}"] = values | flags
        if page["done"]:
            return found
        page = _get(f"{url}{page['nextRecordsUrl']}")


def _pipedrive(url: str, wanted: list[str], names: Names) -> Snapshot:
    fields = _get(f"{url}/api/v2/personFields?limit=500")["data"]
    codes = {item["field_name"]: item["field_code"] for item in fields}
    found: Snapshot = {}
    cursor: str | None = ""
    while cursor is not None:
        query = "limit=500&include_fields=marketing_status" + (f"&cursor={cursor}" if cursor else "")
        page = _get(f"{url}/api/v2/persons?{query}")
        for row in page["data"] or []:
            found[f"pipedrive:person:{row['id']}"] = _person(row, wanted, codes, names)
        cursor = (page.get("additional_data") or {}).get("next_cursor")
    return found


def _person(row: Mapping[str, Any], wanted: list[str], codes: Mapping[str, str], names: Names) -> dict[str, str]:
    custom = row.get("custom_fields") or {}
    flagged = {kind: custom.get(codes.get(name, "")) is not None for kind, name in _pipedrive_names(names)}
    values = {name: "" if custom.get(name) is None else str(custom[name]) for name in wanted}
    values |= {name: json.dumps([item["value"] for item in row[name]]) for name in ("emails", "phones")}
    email = row.get("marketing_status") == "unsubscribed" or flagged[EMAIL]
    return values | {"name": row["name"]} | _flags(email, flagged[TELEPHONE], flagged[RESTRICTED])


def _pipedrive_names(names: Names) -> Iterator[tuple[str, str]]:
    yield EMAIL, names.email["pipedrive"]
    yield TELEPHONE, names.telephone["pipedrive"]
    yield RESTRICTED, names.restricted["pipedrive"]


def _flags(email: bool, telephone: bool, restricted: bool) -> dict[str, str]:
    set_ = {EMAIL: email, TELEPHONE: telephone, RESTRICTED: restricted}
    return {name: "yes" if value else "" for name, value in set_.items()}


def _true(value: str) -> bool:
    return value.lower() not in {"", "false", "no"}


def _get(url: str) -> Any:
    headers = {"Authorization": "Bearer sandbox", "x-api-token": "sandbox"}
    with urlopen(Request(url, headers=headers), timeout=60) as answer:
        return json.loads(answer.read())
