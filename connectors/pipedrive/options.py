"""What the table of a Pipedrive account in `config.toml` may hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connectors.options import Options

MAIL, WON, ACTIVITY, WEB_LEAD = "incoming_mail", "won_deal", "activity", "web_lead"
SOURCES = (MAIL, WON, ACTIVITY, WEB_LEAD)
CASCADE = ("notes", "activities", "emails", "files")


def _known(what: str, names: tuple[str, ...]) -> AfterValidator:
    def check(given: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(given) - set(names)):
            raise ValueError(f"unknown {what}: {', '.join(unknown)}; known are {', '.join(names)}")
        return given

    return AfterValidator(check)


class Imported(BaseModel):
    """Where a person field says that the record came by import, migration or integration."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    field: str = Field(min_length=1)
    """The person field: its name or its code."""

    values: tuple[str, ...] = Field(min_length=1)
    """The values, or labels of options, that mean import."""


class PipedriveOptions(Options):
    """One Pipedrive company."""

    auth: Literal["api_token", "bearer"] = "api_token"
    """What the token is: a user's API token, or an OAuth access token (bearer)."""

    burst: int = Field(default=10, ge=1, le=480)
    """Calls in any two seconds. Pipedrive allows 20 (Lite) to 120 (Ultimate) for an API token, 80 to 480 with OAuth."""

    inbound: Annotated[tuple[str, ...], _known("source of contact", SOURCES)] = SOURCES
    """What counts as a contact from the person: incoming_mail, won_deal, activity (of the types named below), and
    web_lead (a lead that a web form, live chat or chatbot made)."""

    inbound_activity_types: tuple[str, ...] = ("inbound_call", "form", "meeting_booked")
    """The key strings of the activity types that record a contact made by the person. A type named here that the account
    does not have makes every record undatable. Leave it out, and the default types that are there count; in an account
    with none of them, persons with a done activity are undatable, since nobody said whose contact it was, and the others
    are dated by the other sources. An empty list says that no activity is a contact from the person."""

    cascade: Annotated[tuple[str, ...], _known("child", CASCADE)] = ()
    """Children that are erased along with a person: notes, activities, emails, files."""

    collected: str = ""
    """The person field (name or code) that holds the date on which the data was collected. Empty: the creation date."""

    imported: Imported | None = None
    """The person field and its values that mean import: then the creation date is not the collection date."""

    campaigns: bool | None = None
    """Whether the account has Campaigns, whose marketing status holds objections to e-mails. With true, records whose status
    cannot be read are undatable, and check says so; with false it is not asked for. Left out, it is read where it is, and
    check warns where it is not."""

    no_telephone: str = Field(default="repoussoir_no_telephone", min_length=1)
    """The name or code of the single option field that carries an objection to calls."""

    no_email: str = Field(default="repoussoir_no_email", min_length=1)
    """The name or code of the single option field for an objection to e-mails, where Campaigns does not carry it."""

    restricted: str = Field(default="repoussoir_restricted", min_length=1)
    """The name or code of the single option field that marks a restricted record (Art. 18)."""

    @property
    def activity_types(self) -> tuple[str, ...]:
        """The activity types that count; none when activities are not a source."""
        return self.inbound_activity_types if ACTIVITY in self.inbound else ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The names that `Record.inbound` uses: an activity says its type, `activity:form`."""
        plain = tuple(name for name in self.inbound if name != ACTIVITY)
        return plain + tuple(activity(kind) for kind in self.activity_types)


def activity(kind: str) -> str:
    """The source name of an activity type."""
    return f"{ACTIVITY}:{kind}"
