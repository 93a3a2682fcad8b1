"""The standard objects of the sandbox's org, as tables in the language of `schema`."""

from __future__ import annotations

from connectors.sandbox.salesforce.schema import Object, read_table
from connectors.sandbox.salesforce.tables.activities import ACTIVITIES
from connectors.sandbox.salesforce.tables.content import CONTENT
from connectors.sandbox.salesforce.tables.people import PEOPLE
from connectors.sandbox.salesforce.tables.sales import SALES
from connectors.sandbox.salesforce.tables.setup import SETUP


def standard() -> list[Object]:
    """Every standard object, history objects included."""
    return [each for text in (PEOPLE, SALES, ACTIVITIES, CONTENT, SETUP) for each in read_table(text)]
