"""Making the checkbox that Restrict writes, by the Tooling API. The two opt-out flags are the vendor's own.

A field made through the API is visible to nobody until field-level security grants it: an admin must give our user read
and edit access to it (a permission set does), else `check` goes on naming it as undeclared.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.salesforce.client import Rejected
from connectors.salesforce.schema import Org
from core.errors import NotAllowed

LABEL = "Restricted (Repoussoir)"
_THERE = frozenset({"DUPLICATE_DEVELOPER_NAME", "DUPLICATE_VALUE"})


def undeclared(org: Org, kinds: Sequence[str]) -> tuple[str, ...]:
    """The fields that are not there, or not visible, as `Kind.Field`."""
    name = org.options.restricted
    return tuple(f"{kind}.{name}" for kind in kinds if name not in org.object(kind).fields)


def declare(org: Org, kinds: Sequence[str]) -> tuple[str, ...]:
    """Makes the fields that are missing; answers those it made. Raises NotAllowed that says what an admin must do."""
    made = tuple(field for field in undeclared(org, kinds) if _made(org, field))
    org.forget()
    return made


def _made(org: Org, field: str) -> bool:
    metadata = {"type": "Checkbox", "label": LABEL, "defaultValue": False}
    body = {"FullName": field, "Metadata": metadata}
    path = f"{org.client.base}/tooling/sobjects/CustomField"
    try:
        org.client.send("declare", "POST", path, safe=False, json=body)
    except Rejected as error:
        if error.code in _THERE:
            return False
        raise NotAllowed(_help(org, field, error.code), ("CustomizeApplication",)) from None
    except NotAllowed:
        raise NotAllowed(_help(org, field, "not allowed"), ("CustomizeApplication",)) from None
    return True


def _help(org: Org, field: str, code: str) -> str:
    return (
        f"{org.client.crm}: {field} could not be made ({code}): an admin must create a checkbox of that name, unchecked by "
        "default, and give our user read and edit access to it"
    )
