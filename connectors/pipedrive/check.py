"""Who the token is, how far it sees, and the users of the account (pipedrive.md §2, §7)."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from connectors.pipedrive.client import Api, Row, need
from connectors.pipedrive.declare import undeclared
from connectors.pipedrive.options import PipedriveOptions
from connectors.pipedrive.scan import Reader
from connectors.pipedrive.schema import Layout
from connectors.pipedrive.sources import key_strings, misspelt, moment, unmatched
from core.connector import Account, Operator
from core.errors import NotAllowed

log = structlog.get_logger(__name__)
_PROBES = {"contacts:read": "persons", "deals:read": "deals", "activities:read": "activities"}
_PARTIAL = "The token's user is no global administrator: Pipedrive shows it only part of the persons, deals and mails."


def check(api: Api, reader: Reader, options: PipedriveOptions) -> Account:
    """Asks who we are and tries each right to read. A right to write cannot be tried without writing."""
    me = api.one("users.me", "users/me", version="v1")
    missing = tuple(scope for scope, path in _PROBES.items() if not _reads(api, path))
    missing += () if _reads_leads(api) else ("leads:read",)
    known = None if "contacts:read" in missing else reader.layout(fresh=True)
    return Account(
        id=str(need(me, "company_id")),
        name=str(me.get("company_domain") or me.get("company_name") or ""),
        missing=missing,
        blind=(*(() if _admin(me, "global") else (_PARTIAL,)), *_misnamed(api, options, known, missing)),
        quota=api.meter.quota,
        undeclared=undeclared(known, options) if known else (),
    )


def users(api: Api) -> Iterator[Operator]:
    """Everybody with an account. Admin of any part of it counts; the sign-in is to the website, not by a token."""
    for row in api.all("users.list", "users"):
        yield Operator(
            id=str(need(row, "id")),
            name=row.get("name") or row.get("email") or "",
            active=bool(row.get("active_flag")) and not row.get("is_deleted"),
            admin=_admin(row) if "access" in row else None,
            last_login=moment(row.get("last_login")),
        )


def statusless(options: PipedriveOptions) -> tuple[str, ...]:
    """What to say of an account whose persons come without a marketing status: no Campaigns, or no right to it (§4.4)."""
    if options.campaigns:
        return ("Persons come without a marketing status (campaigns = true): objections to e-mails may be unread.",)
    if options.campaigns is None:
        log.warning(
            "campaigns: persons come without a marketing status, so objections that Campaigns may hold are not read; "
            "say campaigns = false if the account does not have it, true if it does"
        )
    return ()


def _reads_leads(api: Api) -> bool:
    """Leads are of v1 only."""
    try:
        next(api.rows("leads.probe", "leads", limit=1), None)
    except NotAllowed:
        return False
    return True


def _reads(api: Api, path: str) -> bool:
    try:
        next(api.pages(f"{path}.probe", path, limit=1))
    except NotAllowed:
        return False
    return True


def _admin(user: Row, app: str = "") -> bool:
    return any(item.get("admin") is True and app in ("", item.get("app")) for item in user.get("access") or ())


def _misnamed(api: Api, options: PipedriveOptions, known: Layout | None, missing: tuple[str, ...]) -> Iterator[str]:
    """Names in the configuration that this account does not have: what they should tell would be missing in silence."""
    if known and options.collected and known.collected is None:
        yield f"There is not exactly one person field {options.collected!r} (collected)."
    if known and options.imported and known.imported is None:
        yield f"There is not exactly one person field {options.imported.field!r} (imported)."
    if options.activity_types and "activities:read" not in missing:
        there = key_strings(api)
        for kind in misspelt(options, there):
            yield f"There is no activity type {kind!r} (inbound_activity_types); there are {', '.join(there)}."
        if unmatched(options, there):
            log.warning(
                "inbound_activity_types: the account has none of the default types, so persons with a done activity "
                "are undatable until you choose",
                there=", ".join(there),
            )
