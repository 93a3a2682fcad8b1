"""HubSpot's OpenAPI document as far as the installed hubspot-api-client (Apache-2.0) knows it, rebuilt from its generated code.

Made anew in memory each time, and never kept.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from inspect import getmembers, getsource, isclass, isfunction
from typing import Any

from tests.vendor_clients.judging import UNKNOWN
from tests.vendor_clients.openapi import HOST

Json = dict[str, Any]

PACKAGES = (
    "crm.contacts",
    "crm.objects",
    "crm.associations.v4",
    "crm.properties",
    "crm.owners",
    "settings.users",
    "files",
)

# Where the package is known not to tell what HubSpot does (hubspot.md §1.3, §2.1, §2.3, §2.6, §3, §5.2, §7, §8).
EXCUSES = {
    rf"\w+ /communication-preferences/v4/.*: {UNKNOWN}": "the package has v3 alone, which cannot opt out of everything",
    rf"GET /account-info/v3/details 200: {UNKNOWN}": "the package has no account-info",
    r".* request: no parameter dataSensitivity": "the package cannot ask for sensitive properties",
    r".* answer: .*: Additional .*\('dataSensitivity' was unexpected\)": "nor does it read which ones are sensitive",
    r".* answer: .*: Additional .*\('url' was unexpected\)": "it drops the address of a record",
    r".*/users/ 200: answer: .*: Additional .*\('firstName', 'lastName' were unexpected\)": "it drops names of users",
    r".* 4\d\d: answer: the body: Additional .*\('status' was unexpected\)": "it drops the status of an error",
    r".* answer: .*results\.\*\.properties\.\w+: null where string belongs": "null is empty; it lost nullable",
    r".* answer: .*\.associationTypes\.\*\.label: null where string belongs": "a link without label; it lost nullable",
    r".* answer: .*\.toObjectId: integer where string belongs": "a number on the wire, a text in the package",
    r".* 207: answer: errors\.\*: '(errors|links)' is a required property": "usually missing on the wire",
}
_PLAIN: Mapping[str, Json] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "file": {"type": "string", "format": "binary"},
    "object": {},
}
_CALL = re.compile(r'call_api\(\s*"(?P<path>[^"]+)",\s*"(?P<method>[A-Z]+)"')
_PATH = re.compile(r'path_params\["(?P<wire>\w+)"\] = local_var_params\["(?P<name>\w+)"\]')
_QUERY = re.compile(r'query_params\.append\(\("(?P<wire>\w+)", local_var_params\["(?P<name>\w+)"\]\)\)')
_BODY = re.compile(r'body_params = local_var_params\["(?P<name>\w+)"\]')
_TYPE = re.compile(r":type (?P<name>\w+): (?P<type>.+)")
_REQUIRED = re.compile(r":param (?P<name>\w+):.*\(required\)$", re.M)
_ANSWERS = re.compile(r"response_types_map = (\{.*?\})", re.S)
_NOT_NONE = re.compile(r"Invalid value for `(\w+)`, must not be `None`")
_ALLOWED = re.compile(r"allowed_values = (\[.*?\]).*?self\._(\w+) =", re.S)


def document() -> Json:
    """The document; its one server is HOST."""
    paths: dict[str, Json] = {}
    schemas: Json = {}
    for package in PACKAGES:
        schemas |= _models(package)
        for path, method, operation in _operations(package):
            paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.0.3",
        "info": {"title": "HubSpot, as its Python client knows it", "version": "12.0.0"},
        "servers": [{"url": HOST}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _models(package: str) -> Iterator[tuple[str, Json]]:
    """Every model of a package as a schema: its properties, which are required, and which values are allowed."""
    for name, model in getmembers(import_module(f"hubspot.{package}.models"), isclass):
        source, wire = getsource(model), model.attribute_map
        properties = {wire[one]: _schema(package, type) for one, type in model.openapi_types.items()}
        for values, attribute in _ALLOWED.findall(source):
            properties[wire[attribute]]["enum"] = ast.literal_eval(values)
        schema: Json = {"type": "object", "properties": properties}
        if required := sorted({wire[one] for one in _NOT_NONE.findall(source)}):
            schema["required"] = required
        yield f"{package}.{name}", schema


def _schema(package: str, type: str) -> Json:
    """The schema of a type as the generated code writes it: `str`, `list[T]`, `dict[str, T]`, the name of a model."""
    if inner := re.fullmatch(r"list\[(.+)\]", type):
        return {"type": "array", "items": _schema(package, inner[1])}
    if inner := re.fullmatch(r"dict\[str, (.+)\]", type):
        return {"type": "object", "additionalProperties": _schema(package, inner[1])}
    return dict(_PLAIN[type]) if type in _PLAIN else {"$ref": f"#/components/schemas/{package}.{type}"}


def _operations(package: str) -> Iterator[tuple[str, str, Json]]:
    """Path, method and operation of each call of a package."""
    for _, api in getmembers(import_module(f"hubspot.{package}.api"), isclass):
        for name, function in getmembers(api, isfunction):
            if name.endswith("_with_http_info"):
                source = getsource(function)
                call = _CALL.search(source)
                assert call, f"hubspot.{package}: {name} is generated in another way than this reads"
                yield call["path"], call["method"].lower(), _operation(package, source)


def _operation(package: str, source: str) -> Json:
    types, required = dict(_TYPE.findall(source)), set(_REQUIRED.findall(source))

    def parameters(pattern: re.Pattern[str], place: str) -> Iterator[Json]:
        for wire, name in pattern.findall(source):
            needed = place == "path" or name in required
            yield {"name": wire, "in": place, "required": needed, "schema": _schema(package, types[name])}

    operation: Json = {"parameters": [*parameters(_PATH, "path"), *parameters(_QUERY, "query")]}
    if body := _BODY.search(source):
        operation["requestBody"] = {"required": True, **_json(_schema(package, types[body["name"]]))}
    return operation | {"responses": _responses(package, source)}


def _responses(package: str, source: str) -> Json:
    """The answers that the client knows; 204 where it knows none; and its model of an error for the rest."""
    told = _ANSWERS.search(source)
    known = ast.literal_eval(told[1]) if told else {}
    answers = {str(status): _answer(_schema(package, type)) for status, type in known.items()}
    error = _answer(_schema(package, "Error"))
    return (answers or {"204": {"description": "done"}}) | {"4XX": error, "5XX": error}


def _answer(schema: Json) -> Json:
    return {"description": "answered", **_json(schema)}


def _json(schema: Json) -> Json:
    return {"content": {"application/json": {"schema": schema}}}
