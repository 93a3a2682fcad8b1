"""The person fields that `Suppress` and `Restrict` write where Pipedrive has no flag of its own (pipedrive.md §6)."""

from __future__ import annotations

from connectors.pipedrive.client import Api
from connectors.pipedrive.options import PipedriveOptions
from connectors.pipedrive.scan import Reader
from connectors.pipedrive.schema import Layout
from core.errors import Unreachable

_OPTIONS = ({"label": "yes"}, {"label": "no"})


def declare(api: Api, reader: Reader, options: PipedriveOptions) -> tuple[str, ...]:
    """Makes what is missing, and answers the names. The e-mail field too: Campaigns may refuse a change (§4.4)."""
    made = undeclared(reader.layout(fresh=True), options)
    for name in made:
        try:
            body = {"field_name": name, "field_type": "enum", "options": list(_OPTIONS)}
            api.write("personFields.create", "post", "personFields", body)
        except Unreachable:
            if name in undeclared(reader.layout(fresh=True), options):
                raise
    if made:
        reader.layout(fresh=True)
    return made


def undeclared(known: Layout, options: PipedriveOptions) -> tuple[str, ...]:
    """The names of the fields that are not there, or not as a single option field with a choice to set."""
    parts = (
        (options.no_telephone, known.flags["telephone"]),
        (options.no_email, known.flags["email"]),
        (options.restricted, known.restricted),
    )
    return tuple(name for name, fields in parts if not fields)
