"""What the table of a Salesforce org in `config.toml` may hold. Must not import anything that calls the vendor."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from connectors.options import Options

CASCADE = ("notes", "activities", "emails", "files", "campaign_members")
INBOUND = ("inbound_call", "inbound_email", "case", "campaign_response", "won_deal", "order")


def _among(known: tuple[str, ...]) -> AfterValidator:
    def check(names: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(names) - set(known)):
            raise ValueError(f"unknown: {', '.join(unknown)}; known are {', '.join(known)}")
        return names

    return AfterValidator(check)


FieldName = Annotated[str, Field(pattern=r"^([A-Za-z][A-Za-z0-9_]*)?$")]


class SalesforceOptions(Options):
    """One Salesforce org. Log in with an access token, with client credentials, or with a JWT (salesforce.md §1.1)."""

    version: Annotated[str, Field(pattern=r"^\d{2,3}\.0$")] = "66.0"
    """The API version, without a v."""

    domain: Annotated[str, Field(pattern=r"^([A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*)?$")] = ""
    """The part of My Domain before .salesforce.com, such as acme.my, or acme--dev.sandbox.my for a sandbox."""

    client_id: str = ""
    """The consumer key of the external client app, for client credentials and for JWT."""

    client_secret: SecretStr = Field(default=SecretStr(""), repr=False)
    """The consumer secret, for client credentials. Not in TOML: environment or secrets directory."""

    username: str = ""
    """The user to act as, for JWT."""

    private_key: SecretStr = Field(default=SecretStr(""), repr=False)
    """The RSA key in PEM form that signs the JWT. Not in TOML: environment or secrets directory."""

    person_accounts: bool = False
    """True when the org has person accounts; they are then read and written as Accounts."""

    cascade: Annotated[tuple[str, ...], _among(CASCADE)] = ()
    """Children that are erased along with a person: notes, activities, emails, files, campaign_members."""

    inbound: Annotated[tuple[str, ...], _among(INBOUND)] = INBOUND
    """What counts as contact coming from the person. A source that cannot be read makes records undatable."""

    case_origins: tuple[str, ...] = ("Web", "Email", "Phone")
    """The origins of a case that mean that the person opened it."""

    collected: FieldName = ""
    """The field that holds when the data was collected. Empty: the creation date, unless the record was imported."""

    imported: tuple[str, ...] = ("Import", "Data import", "Purchased list", "Migration")
    """The lead sources that mean import or migration: then the creation date is not the date of collection."""

    stage: FieldName = ""
    """The field that tells customers from prospects, if there is one."""

    customer: tuple[str, ...] = ()
    """The values of `stage` that mean customer."""

    prospect: tuple[str, ...] = ()
    """The values of `stage` that mean prospect. A lead that is not converted is a prospect in any case."""

    restricted: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*__p?c$")] = "RepoussoirRestricted__c"
    """The checkbox that marks a record as restricted (Art. 18); `init` makes it."""
