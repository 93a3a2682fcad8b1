"""The JSON Schema of `config.toml`, for editors, made from the model. `python -m cli.schema` prints it. Secrets are not in it."""

from __future__ import annotations

import json
import sys
from typing import Any

from cli.config import Config
from connectors.registry import BUILTIN, adapter
from core.periods import Period

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NOISE = frozenset({"title", "writeOnly", "default"})
_PLACES = frozenset({"properties", "$defs", "patternProperties"})


def schema() -> dict[str, Any]:
    """The schema. Another connector's table than ours may hold any key: only its adapter knows them."""
    whole = Config.model_json_schema()
    definitions = whole["$defs"]
    del definitions["Options"]
    for name in BUILTIN:
        options = adapter(name).OPTIONS.model_json_schema()
        definitions |= options.pop("$defs", {})
        options["properties"]["connector"] = {
            "const": name,
            "description": options["properties"]["connector"]["description"],
        }
        definitions[f"crm_{name}"] = options
    other = {
        "type": "object",
        "required": ["connector"],
        "properties": {"connector": {"not": {"enum": list(BUILTIN)}}},
    }
    (names,) = whole["properties"]["crm"].pop("patternProperties")
    tables = [{"$ref": f"#/$defs/crm_{name}"} for name in BUILTIN]
    whole["properties"]["crm"] |= {"patternProperties": {names: {"oneOf": [*tables, other]}}}
    whole["properties"]["crm"]["additionalProperties"] = False
    return {"$schema": _DIALECT, "title": "Repoussoir configuration", **_tidy(whole)}


def text() -> str:
    """The schema as the file has it."""
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _tidy(node: Any) -> Any:
    """Without secrets, titles and defaults of whole tables; periods and sets as TOML has them."""
    if isinstance(node, list):
        return [_tidy(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    tidy = {name: _tidy(inner) for name, inner in node.items() if name not in _NOISE and name not in _PLACES}
    for place in _PLACES & node.keys():
        tidy[place] = {name: _tidy(inner) for name, inner in node[place].items() if not _secret(inner)}
    return tidy | _default(node)


def _default(node: dict[str, Any]) -> dict[str, Any]:
    default = node.get("default")
    if isinstance(default, dict):
        return {"default": str(Period(**default))} if node.get("pattern") == "^P" else {}
    if node.get("uniqueItems") and default is not None:
        return {"default": sorted(default)}
    return {"default": default} if "default" in node else {}


def _secret(node: Any) -> bool:
    """True for a key whose value, items or entries are secret."""
    inner = [node, node.get("items", {}), node.get("additionalProperties", {})]
    return any(isinstance(part, dict) and part.get("writeOnly") for part in inner)


if __name__ == "__main__":
    sys.stdout.write(text())
