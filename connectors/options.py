"""What every CRM's table in `config.toml` may hold. An adapter's own model adds the vendor's keys."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    loopback = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if parts.query or parts.fragment or parts.username or not parts.hostname:
        raise ValueError("a base URL is https://HOST, without credentials or a query")
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise ValueError("a base URL must be https:// (http:// only on this machine, for the sandbox)")
    return url.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_base_url)]


class Options(BaseModel):
    """One CRM account. Secrets come from the environment or the secrets directory, never from TOML."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    connector: Literal["hubspot", "salesforce", "pipedrive"] | str
    """Which adapter speaks to it: hubspot, salesforce, pipedrive, or the name of an installed one."""

    account: str = ""
    """The vendor's id of the account (portal, organisation, company). When set, any other account is refused."""

    base_url: BaseUrl | None = None
    """Where the API is. Leave it out for the vendor's own address; set it to point at a sandbox."""

    timeout: float = Field(default=60.0, gt=0, le=600)
    """Seconds to wait for one answer."""

    daily_quota_share: float = Field(default=0.5, gt=0, le=1)
    """The share of the account's daily API allowance at which a run stops: in HubSpot as soon as the whole account has
    used it, by whatever app; in Salesforce and Pipedrive when the calls of the run alone have."""

    audit_anchor: str = ""
    """The record (KIND:ID) that carries the note about erased people, one a run. Empty: none."""

    cascade: tuple[str, ...] = ()
    """Children that are erased along with a person, such as notes, activities, emails, files."""

    token: SecretStr = Field(default=SecretStr(""), repr=False)
    """The access token. Not in TOML: give it as REPOUSSOIR_CRM__<NAME>__TOKEN or as a file in the secrets directory."""
