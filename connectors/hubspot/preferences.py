"""Communication preferences v4: what an address has opted out of, and opting it out of everything (§5.2).

Status belongs to the address, not to the contact. The batch calls need Marketing Hub Enterprise: refused once, the single
ones are used. Must not know records' rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

from connectors.hubspot.answers import Answer, Forbidden, Json, Rejected
from connectors.hubspot.client import BATCH, PATHS, Client, chunks
from connectors.hubspot.records import OPT_OUT, Consent, moment
from core.errors import BadAnswer, RepoussoirError, Unreachable
from core.model import Objection

_STATUSES = f"{PATHS['preferences']}/statuses"
_NO_BRAND = ("",)
_OUT = "UNSUBSCRIBED"
_KEPT = ("SUBSCRIBED", "NOT_SPECIFIED")

# None: HubSpot would not tell for this address.
Rows = list[Json] | None


class Preferences:
    """The subscription statuses of one account."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._batch = True
        self._brands = client.options.business_units or _NO_BRAND

    def read(self, addresses: Iterable[str]) -> dict[str, Consent]:
        """What each address has chosen, by lower-case address; every address is answered."""
        wanted = list(dict.fromkeys(address.lower() for address in addresses))
        wide = {brand: self._rows(wanted, "/unsubscribe-all", "wideStatuses", brand) for brand in self._brands}
        types = self._types(wanted)
        return {
            address: _consent({brand: wide[brand][address] for brand in wide}, types.get(address, []))
            for address in wanted
        }

    def unsubscribe(self, addresses: Iterable[str]) -> dict[str, str]:
        """Opts addresses out of everything, in every brand; answers why not for those that are not, after reading back.

        When an answer is lost, those that were read not to be are sent once more.
        Raises what a call raised when it cannot be told whether it took effect.
        """
        wanted = list(dict.fromkeys(address.lower() for address in addresses))
        whys, doubt = self._sent(wanted)
        left = self._open(wanted)
        if left and doubt:
            whys, doubt = self._sent(left)
            left = self._open(left)
        if left and doubt:
            raise doubt
        return {address: whys.get(address) or "no effect" for address in left}

    def _sent(self, addresses: list[str]) -> tuple[dict[str, str], RepoussoirError | None]:
        """Writes once; answers the reasons of the refused ones, and the error when an answer was lost."""
        whys: dict[str, str] = {}
        doubt: RepoussoirError | None = None
        for brand in self._brands:
            for chunk in chunks(addresses, BATCH):
                try:
                    whys |= self._opt_out(chunk, brand)
                except (Unreachable, BadAnswer) as error:
                    doubt = error
        return whys, doubt

    def _open(self, addresses: list[str]) -> list[str]:
        """Those that are not opted out of everything, as read now."""
        return [address for address, consent in self.read(addresses).items() if not consent.opted_out]

    def _opt_out(self, addresses: list[str], brand: str) -> dict[str, str]:
        """One round of writes; answers the reasons of the refused ones, as far as they are told."""
        query = _query(brand)
        if self._batch:
            what, path = "preferences.batch_unsubscribe_all", f"{_STATUSES}/batch/unsubscribe-all"
            try:
                body = self._client.fetch(what, "POST", path, query, {"inputs": addresses}, safe=False)
            except Forbidden:
                self._batch = False
            except Rejected:
                pass  # one bad address may have refused them all: each is tried alone
            else:
                # Errors come inside a 200 (§12.3); which addresses they mean is told by reading back.
                told = body.get("errors") if isinstance(body, dict) else None
                return dict.fromkeys(addresses, "row error") if told else {}
        return {address: why for address in addresses if (why := self._opt_out_one(address, query))}

    def _opt_out_one(self, address: str, query: Mapping[str, str]) -> str:
        path = f"{_STATUSES}/{quote(address, safe='')}/unsubscribe-all"
        try:
            self._client.fetch("preferences.unsubscribe_all", "POST", path, query, safe=False)
        except Rejected as error:
            return error.why
        return ""

    def _types(self, addresses: list[str]) -> dict[str, Rows]:
        """The opt-outs by subscription type, for the types that mean marketing."""
        marketing = self._client.options.marketing_subscriptions
        found = self._rows(addresses, "", "statuses", "") if marketing else {}
        return {
            address: None if rows is None else [row for row in rows if str(row.get("subscriptionId")) in marketing]
            for address, rows in found.items()
        }

    def _rows(self, addresses: list[str], route: str, field: str, brand: str) -> dict[str, Rows]:
        """The statuses of each address under one of the two read routes, by batch as far as it answers."""
        query = _query(brand)
        found: dict[str, Rows] = {**self._many(addresses, f"{_STATUSES}/batch{route}/read", field, query)}
        for address in addresses:
            if address not in found:
                found[address] = self._one(address, route, query)
        return found

    def _many(self, addresses: list[str], path: str, field: str, query: Mapping[str, str]) -> dict[str, list[Json]]:
        found: dict[str, list[Json]] = {}
        for chunk in chunks(addresses, BATCH) if self._batch else ():
            what = "preferences.batch_read"
            try:
                body = self._client.fetch(what, "POST", path, query, {"inputs": chunk}, safe=True)
            except Forbidden:
                self._batch = False
                break
            except Rejected:
                continue
            rows = Answer.of(what, body).rows
            found |= {str(row.get("subscriberIdString", "")).lower(): _listed(what, row, field) for row in rows}
        return found

    def _one(self, address: str, route: str, query: Mapping[str, str]) -> Rows:
        what = "preferences.read"
        try:
            body = self._client.fetch(what, "GET", f"{_STATUSES}/{quote(address, safe='')}{route}", query, safe=True)
        except Rejected as error:
            return [] if error.status == 404 else None
        answer = Answer.of(what, body)
        return None if answer.errors else [*answer.rows]


def _query(brand: str) -> dict[str, str]:
    return {"channel": "EMAIL", **({"businessUnitId": brand} if brand else {})}


def _listed(what: str, row: Json, field: str) -> list[Json]:
    found: Any = row.get(field)
    if not isinstance(found, list):
        raise BadAnswer(f"{what}: a row has no {field}")
    return found


def _consent(wide: Mapping[str, Rows], types: Rows) -> Consent:
    """Silent when opted out of the whole account, or of every brand there is, which both are objections to all marketing.

    An opt-out of one brand is neither.
    """
    portal = [row for rows in wide.values() for row in rows or () if row.get("wideStatusType") == "PORTAL_WIDE"]
    everywhere = any(row.get("status") == _OUT for row in portal)
    brands = [_brand(rows or (), brand) for brand, rows in wide.items() if brand]
    each = bool(brands) and all(any(row.get("status") == _OUT for row in rows) for rows in brands)
    shown = _objections(portal, lambda _: "PORTAL_WIDE") + _of_every(brands)
    shown += _objections(types or (), lambda row: f"{OPT_OUT}_{row['subscriptionId']}")
    return Consent(everywhere or each, tuple(shown), read=None not in (*wide.values(), types))


def _brand(rows: Iterable[Json], brand: str) -> list[Json]:
    """What an address has chosen for one brand as a whole."""
    mine = [row for row in rows if row.get("wideStatusType") == "BUSINESS_UNIT_WIDE"]
    return [row for row in mine if str(row.get("businessUnitId", brand)) == brand]


def _of_every(brands: Iterable[Iterable[Json]]) -> list[Objection]:
    """One objection when there is one in every brand, as old as the last of them."""
    found = [_objections(rows, lambda _: "BUSINESS_UNIT_WIDE") for rows in brands]
    if not found or not all(found):
        return []
    dates = [item.at for items in found for item in items]
    known = [at for at in dates if at]
    return [Objection("email", "BUSINESS_UNIT_WIDE", max(known) if len(known) == len(dates) else None)]


def _objections(rows: Iterable[Json], source: Callable[[Json], str]) -> list[Objection]:
    """An objection a row, unless its status says that the person may be written to."""
    left = [row for row in rows if row.get("status") not in _KEPT]
    found = [Objection("email", source(row), moment(str(row.get("timestamp") or ""))) for row in left]
    return [*dict.fromkeys(found)]
