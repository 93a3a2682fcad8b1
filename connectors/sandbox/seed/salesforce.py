"""Copies of people as Salesforce rows in the load format. Throws no dice: the same copies give the same lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.seed.content import BANNED, OPTIONS
from connectors.sandbox.seed.ids import salesforce_id, with_suffix
from connectors.sandbox.seed.people import SF_CONTACT, SF_LEAD, Company, Copy, Event, Line

_CAMPAIGN = salesforce_id("701", 1)


def head(companies: Iterable[Company]) -> Iterator[Line]:
    """The org before its people: custom fields, accounts and one campaign."""
    for banned in BANNED:
        if banned.place == SF_CONTACT:
            yield _field("Contact", banned.name, banned.label)
    yield _row("Campaign", Id=_CAMPAIGN, Name="Salon de printemps", IsActive=True)
    for company in companies:
        yield _row("Account", Id=_account(company), Name=company.name, Website=f"https://{company.domain}")


def lines(copy: Copy) -> Iterator[Line]:
    """The Contact or Lead, its Individual, and the rows of its activities."""
    individual = {"IndividualId": _twin("0PK", copy)} if copy.latest("objected") else {}
    if individual:
        yield _row(
            "Individual",
            Id=individual["IndividualId"],
            FirstName=copy.persona.first,
            LastName=copy.persona.last,
            HasOptedOutSolicit=True,
        )
    yield {**_person(copy), **individual, **copy.values}
    for number, event in enumerate(copy.events):
        if event.what in _CHILDREN:
            yield from _CHILDREN[event.what](copy, number, event)


def _person(copy: Copy) -> Line:
    return _row(
        copy.place.split(":")[1],
        Id=copy.id,
        FirstName=copy.persona.first,
        LastName=copy.persona.last,
        Email=copy.emails[0],
        **_phone(copy),
        LeadSource="Import" if copy.imported else "Web",
        CreatedDate=_time(copy.created),
        LastModifiedDate=_time(copy.edited),
        SystemModstamp=_time(copy.edited),
        **_activity(copy),
        **_employer(copy),
    )


def _employer(copy: Copy) -> dict[str, Any]:
    if copy.place == SF_LEAD:
        return {"Company": copy.persona.company.name, "Status": "Open - Not Contacted", "IsConverted": False}
    return {"AccountId": _account(copy.persona.company)}


def _phone(copy: Copy) -> dict[str, str]:
    return {"MobilePhone" if copy.persona.phone.startswith("+336") else "Phone": copy.phone} if copy.phone else {}


def _activity(copy: Copy) -> dict[str, str]:
    moment = copy.latest("dialled", "met", "call")
    return {"LastActivityDate": f"{moment:%Y-%m-%d}"} if moment else {}


def _task(copy: Copy, _: int, event: Event) -> Iterator[Line]:
    yield _row(
        "Task",
        WhoId=copy.id,
        Subject="Appel",
        Status="Completed",
        IsClosed=True,
        Priority="Normal",
        TaskSubtype="Call",
        CallType="Inbound" if event.what == "call" else "Outbound",
        ActivityDate=f"{event.at:%Y-%m-%d}",
        **_stamps(event),
    )


def _event(copy: Copy, _: int, event: Event) -> Iterator[Line]:
    yield _row(
        "Event",
        WhoId=copy.id,
        Subject="Point commercial",
        StartDateTime=_time(event.at),
        ActivityDate=f"{event.at:%Y-%m-%d}",
        DurationInMinutes=30,
        **_stamps(event),
    )


def _email(copy: Copy, number: int, event: Event) -> Iterator[Line]:
    incoming, message = event.what == "email", _twin("02s", copy, number)
    yield _row(
        "EmailMessage",
        Id=message,
        Incoming=incoming,
        FromAddress=copy.emails[0] if incoming else "ventes@nous.example",
        ToAddress="ventes@nous.example" if incoming else copy.emails[0],
        Subject="Question sur votre offre" if incoming else "Notre lettre du mois",
        TextBody="Merci de votre retour.",
        Status="1" if incoming else "3",
        MessageDate=_time(event.at),
        **_stamps(event),
    )
    yield _row(
        "EmailMessageRelation",
        EmailMessageId=message,
        RelationId=copy.id,
        RelationType="FromAddress" if incoming else "ToAddress",
        RelationAddress=copy.emails[0],
        **_stamps(event),
    )


def _case(copy: Copy, number: int, event: Event) -> Iterator[Line]:
    still_open = event.what == "ticket"
    yield _row(
        "Case",
        ContactId=copy.id,
        AccountId=_account(copy.persona.company),
        Subject="Question sur une facture",
        Origin=("Web", "Email", "Phone")[number % 3],
        Status="New" if still_open else "Closed",
        IsClosed=not still_open,
        **({} if still_open else {"ClosedDate": _time(event.at)}),
        **_stamps(event),
    )


def _response(copy: Copy, _: int, event: Event) -> Iterator[Line]:
    yield _row(
        "CampaignMember",
        CampaignId=_CAMPAIGN,
        **{"LeadId" if copy.place == SF_LEAD else "ContactId": copy.id},
        Status="Responded",
        HasResponded=True,
        FirstRespondedDate=f"{event.at:%Y-%m-%d}",
        **_stamps(event),
    )


def _opportunity(copy: Copy, number: int, event: Event) -> Iterator[Line]:
    won, opportunity = event.what == "order", _twin("006", copy, number)
    yield _row(
        "Opportunity",
        Id=opportunity,
        AccountId=_account(copy.persona.company),
        Name="Commande" if won else "Projet",
        StageName="Closed Won" if won else "Qualification",
        IsClosed=won,
        IsWon=won,
        CloseDate=f"{event.at:%Y-%m-%d}",
        Amount=1200,
        **_stamps(event),
    )
    yield _row("OpportunityContactRole", OpportunityId=opportunity, ContactId=copy.id, IsPrimary=True, **_stamps(event))


_CHILDREN = {
    "email": _email,
    "sent": _email,
    "call": _task,
    "dialled": _task,
    "met": _event,
    "case": _case,
    "ticket": _case,
    "campaign": _response,
    "order": _opportunity,
    "deal": _opportunity,
}


def _twin(prefix: str, copy: Copy, number: int = 0) -> str:
    """The id of the `number`-th row of its kind (below 10) that belongs to a person."""
    return with_suffix(f"{prefix}{'L' if copy.place == SF_LEAD else 'C'}{number}{copy.id[5:15]}")


def _account(company: Company) -> str:
    return salesforce_id("001", company.number)


def _stamps(event: Event) -> dict[str, str]:
    at = _time(event.at)
    return {"CreatedDate": at, "LastModifiedDate": at, "SystemModstamp": at}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _field(sobject: str, name: str, label: str) -> Line:
    options = [{"active": True, "defaultValue": False, "label": text, "value": v} for v, text in OPTIONS.get(name, ())]
    return {
        "crm": "salesforce",
        "kind": "_field",
        "object": sobject,
        "name": name,
        "label": label,
        "type": "picklist" if options else "string",
        "length": 255,
        "nillable": True,
        "updateable": True,
        "picklistValues": options,
    }


def _row(kind: str, **fields: Any) -> Line:
    return {"crm": "salesforce", "kind": kind, **fields}
