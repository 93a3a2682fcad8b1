"""What a HubSpot account's table in `config.toml` may hold besides the common keys. Must not know the client."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from connectors.options import Options

# HubSpot describes each of these as set by what the contact did: answered a survey, subscribed, ordered. They come with a
# product, and an account without it has no such property.
PRODUCT_SOURCES = (
    "hs_feedback_last_survey_date",
    "hs_feedback_last_ces_survey_date",
    "hs_feedback_last_csat_survey_date",
    "hs_latest_subscription_create_date",
    "hs_recent_closed_order_date",
)
PROPERTY_SOURCES = (
    "hs_email_last_click_date",
    "hs_email_last_reply_date",
    "hs_sales_email_last_clicked",
    "hs_sales_email_last_replied",
    "recent_conversion_date",
    "engagements_last_meeting_booked",
    *PRODUCT_SOURCES,
)
CHILD_SOURCES = ("incoming_email", "inbound_call", "ticket", "won_deal")
SOURCES = (*PROPERTY_SOURCES, *CHILD_SOURCES)
CASCADE = ("notes", "activities", "emails", "files")


def _sources(names: tuple[str, ...]) -> tuple[str, ...]:
    return _known(names, SOURCES)


def _children(names: tuple[str, ...]) -> tuple[str, ...]:
    return _known(names, CASCADE)


def _known(names: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"unknown: {', '.join(unknown)}; known are: {', '.join(known)}")
    return names


PropertyName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]
Number = Annotated[str, Field(pattern=r"^[0-9]+$")]


class HubSpotOptions(Options):
    """One HubSpot account (portal)."""

    cascade: Annotated[tuple[str, ...], AfterValidator(_children)] = ()
    """Children that are erased along with a person: notes, activities (calls, tasks, meetings), emails, files. Files
    are never deleted, since HubSpot does not tell what else uses one: the receipt names those of the children that went."""

    inbound: Annotated[tuple[str, ...], AfterValidator(_sources)] = SOURCES
    """Where contacts coming from the person are read: properties of the contact, incoming_email, inbound_call, ticket,
    won_deal."""

    collected: str = ""
    """The contact property that holds the date of collection. Empty, or empty on a record: the creation date."""

    imported: tuple[str, ...] = (
        "IMPORT",
        "MIGRATION",
        "BATCH_UPDATE",
        "API",
        "INTEGRATION",
        "INTEGRATIONS_PLATFORM",
        "INTEGRATIONS_SYNC",
        "PORTAL_OBJECT_SYNC",
        "SALESFORCE",
        "BET_CRM_CONNECTOR",
        "COMPANY_INSIGHTS",
        "RECYCLING_BIN",
    )
    """Record sources (hs_object_source) that mean an import, a migration, a sync or an enrichment: then the creation date
    is not the date of collection. A record without a source counts as collected here unless the list holds ""."""

    phones: tuple[str, ...] = ()
    """Further contact properties that hold phone numbers, besides phone and mobilephone."""

    customer_stages: tuple[str, ...] = ("customer", "evangelist")
    """Values of lifecyclestage that mean a customer."""

    prospect_stages: tuple[str, ...] = (
        "subscriber",
        "lead",
        "marketingqualifiedlead",
        "salesqualifiedlead",
        "opportunity",
    )
    """Values of lifecyclestage that mean a prospect."""

    won_stages: tuple[str, ...] = ("closedwon",)
    """Stages of a deal that mean won, besides those that HubSpot itself marks as won."""

    lost_stages: tuple[str, ...] = ("closedlost",)
    """Stages of a deal that mean lost. A deal in any other stage is open unless HubSpot marks it as closed."""

    closed_ticket_stages: tuple[str, ...] = ("4",)
    """Stages of a ticket that mean closed. A ticket in any other stage is open unless HubSpot marks it as closed."""

    ticket_sources: tuple[str, ...] = ("CHAT", "EMAIL", "FORM", "PHONE")
    """Sources of a ticket (source_type) that mean that the person opened it. One that HubSpot marks as outbound never
    does; an answer of the person in a ticket counts whatever its source."""

    marketing_subscriptions: tuple[Number, ...] = ()
    """Ids of the subscription types whose opt-out is an objection to marketing by e-mail. Opting out of everything
    always is one."""

    business_units: tuple[Number, ...] = ()
    """Ids of the brands (business units; 0 is the default one) that an opt-out must cover. Empty: the account has none.
    Opting out of every one of them is an objection to all marketing by e-mail, of one alone none."""

    no_telephone: PropertyName = "repoussoir_no_telephone"
    """The contact property that says "do not call"; `init` makes it."""

    restricted: PropertyName = "repoussoir_restricted"
    """The contact property that says "restricted processing" (Art. 18); `init` makes it."""
