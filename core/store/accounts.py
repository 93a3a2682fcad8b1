"""Which account each CRM was when it was first read whole: the rows of one account must never pass for another's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from core.errors import WrongAccount
from core.store.database import Database
from core.store.tables import account


class Accounts:
    """The accounts that the store remembers, one a CRM."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self) -> dict[str, str]:
        """The remembered account ids by CRM."""
        return {row.crm: row.account for row in self._database.rows(select(account))}

    def remember(self, crm: str, id: str, now: datetime) -> None:
        """Notes who a CRM is, unless that is known. Must be called after a whole scan, or right before it is written to."""
        statement = self._database.insert(account).on_conflict_do_nothing()
        self._database.execute(statement, [{"crm": crm, "account": id, "since": now}])

    def forget(self, crm: str) -> None:
        """The next whole scan says anew who a CRM is."""
        self._database.execute(delete(account).where(account.c.crm == crm))

    def confirm(self, crm: str, answered: str, configured: str = "") -> None:
        """Raises WrongAccount unless a CRM answered as the account that the configuration names and the store remembers."""
        row = next(iter(self._database.rows(select(account).where(account.c.crm == crm))), None)
        remembers = f"the store remembers {row.account} since {row.since.date()}" if row else ""
        if configured and answered != configured:
            told = f"the configuration expects {configured}{f', and {remembers}' if row else ''}"
            raise WrongAccount(
                f"{crm}: the credentials belong to account {answered}, {told}.",
                f"Correct [crm.{crm}] account, or give the token of the right account.",
            )
        if row and answered != row.account:
            raise _another(crm, answered, remembers, row, configured)


def _another(crm: str, answered: str, remembers: str, row: Any, configured: str) -> WrongAccount:
    forget = f"`repoussoir forget {crm} --by NAME`"
    if configured:
        return WrongAccount(
            f"{crm}: the configuration names account {configured}, and {remembers}.",
            f"If the account was replaced on purpose: {forget}. Else correct [crm.{crm}] account, and give its token.",
        )
    return WrongAccount(
        f"{crm}: the credentials belong to account {answered}, and {remembers}.",
        f"Give the token of {row.account}. If the account was replaced on purpose: name the new one as "
        f"[crm.{crm}] account, then {forget}.",
    )
