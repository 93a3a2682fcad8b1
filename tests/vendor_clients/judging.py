"""What a contract finds in the exchanges, less what is excused: every excuse has its reason and is needed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from jsonschema.exceptions import ValidationError, best_match

from tests.vendor_clients.traffic import Exchange

Contract = Callable[[Exchange], Iterator[str]]
"""What is wrong with an exchange, a sentence each; UNKNOWN for a call that it does not know."""

UNKNOWN = "the contract knows no such call"


def judge(exchanges: Iterable[Exchange], contract: Contract, excuses: Mapping[str, str]) -> list[str]:
    """The sentences that no excuse covers, once each, and the excuses that cover nothing any more.

    An excuse maps a regular expression over the whole sentence, `METHOD PATH STATUS: what is wrong`, to its reason.
    """
    once = {(one.call, repr(one.request.query), one.request.body, one.response.payload()): one for one in exchanges}
    found = {f"{one.call} {one.response.status}: {what}" for one in once.values() for what in contract(one)}
    used = {pattern for pattern in excuses for sentence in found if re.fullmatch(pattern, sentence)}
    wrong = [sentence for sentence in sorted(found) if not any(re.fullmatch(one, sentence) for one in used)]
    return wrong + [f"no longer needed: {pattern} ({why})" for pattern, why in excuses.items() if pattern not in used]


def fault(error: ValidationError) -> str:
    """What of a body does not fit its schema, by its place: alike for all rows of a list, and without their values."""
    error = best_match([error]) or error
    place = ".".join("*" if isinstance(step, int) else str(step) for step in error.absolute_path) or "the body"
    if error.validator == "type":
        return f"{place}: {_TYPES[type(error.instance)]} where {error.validator_value} belongs"
    return f"{place}: {error.message}"


_TYPES = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
