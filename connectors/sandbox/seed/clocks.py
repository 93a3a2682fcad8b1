"""The cases about retention: who is kept, who is to be erased, who cannot be dated. Each makes one person."""

from __future__ import annotations

from datetime import timedelta

from connectors.sandbox.seed.draw import Draw
from connectors.sandbox.seed.people import (
    CONTACT,
    INBOUND,
    PERSON,
    SF_CONTACT,
    TAKES_ORDERS,
    Copy,
    Event,
    Line,
    Made,
    judged,
    line,
)


def plain(draw: Draw, _: int) -> Made:
    """A prospect in contact within the period; now and then with some work of our side."""
    copies = draw.meet(draw.recent(), persona=draw.persona(phone=draw.phones_for_all))
    if draw.rng.random() < 0.3:
        draw.busy(copies, copies[0].created)
    return judged(copies, "keep", "in contact within the period")


def customer(draw: Draw, number: int) -> Made:
    """Somebody who ordered within the last two years."""
    place = TAKES_ORDERS[number % 3]
    persona = draw.persona(phone=draw.phones_for_all)
    return judged(draw.meet(draw.days_ago(5, 700), place, what="order", persona=persona), "keep", "a recent order")


def outbound_only(draw: Draw, _: int) -> Made:
    """Somebody who gave their data within the period and has never answered since."""
    start, persona = draw.recent(), draw.persona(phone=draw.phones_for_all)
    copies = [draw.copy(persona, place, start) for place in draw.places()]
    return judged(draw.busy(copies, start), "keep", "collected within the period; only our side acted since")


def overdue(draw: Draw, _: int) -> Made:
    """A prospect silent for longer than the period, whom our side went on writing to."""
    copies = draw.busy(draw.meet(draw.overdue()), draw.now - timedelta(days=200))
    return judged(copies, "erase", "no contact from the person for more than 36 months; only our side acted since")


def overdue_by_a_day(draw: Draw, _: int) -> Made:
    """The period of a prospect ended yesterday."""
    copies = draw.meet(draw.edge - timedelta(days=1))
    return judged(copies, "erase", "36 months and a day since the last contact", boundary=True)


def due_today(draw: Draw, _: int) -> Made:
    """The period of a prospect ends today: not overdue, so kept."""
    return judged(draw.meet(draw.edge), "due_soon", "exactly 36 months since the last contact: kept", boundary=True)


def due_soon(draw: Draw, _: int) -> Made:
    """A prospect who falls due within the next 30 days."""
    copies = draw.meet(draw.edge + timedelta(days=draw.rng.randint(4, 24)))
    return judged(copies, "due_soon", "falls due within 30 days: kept until then")


def imported_then_silent(draw: Draw, number: int) -> Made:
    """An imported prospect whose only contact since is overdue; in one CRM only."""
    place = (CONTACT, SF_CONTACT, PERSON)[number % 3]
    copy = draw.copy(draw.persona(), place, draw.edge - timedelta(days=2000), imported=True)
    copy.events.append(Event(INBOUND[place][0], draw.overdue()))
    return judged([copy], "erase", "imported, then one contact more than 36 months ago")


def imported_in_contact(draw: Draw, _: int) -> Made:
    """An imported prospect in contact since, within the period."""
    return judged(draw.meet(draw.recent(), imported=True), "keep", "imported, then in contact within the period")


def undatable(draw: Draw, _: int) -> Made:
    """Records that came by import, integration or migration, and no contact ever."""
    created, persona = draw.days_ago(30, 2400), draw.persona()
    copies = [draw.copy(persona, place, created, imported=True) for place in draw.places()]
    if draw.rng.random() < 0.7:
        draw.busy(copies, created)
    return judged(copies, "undatable", "no date of collection and no contact from the person")


def kept_by_order(draw: Draw, number: int) -> Made:
    """Overdue in one CRM, with a won opportunity of last month in Salesforce."""
    copies = _overdue_in(draw, (CONTACT, PERSON)[number % 2], SF_CONTACT)
    copies[1].events.append(Event("order", draw.days_ago(20, 40)))
    return judged(copies, "keep", "overdue in one CRM, an order last month in another")


def kept_by_contact(draw: Draw, number: int) -> Made:
    """Overdue in one CRM, in contact last month in another; every kind of contact takes its turn."""
    turns = [(place, what) for place in (SF_CONTACT, PERSON, CONTACT) for what in INBOUND[place]]
    place, what = turns[number % len(turns)]
    copies = _overdue_in(draw, PERSON if place == CONTACT else CONTACT, place)
    copies[1].events.append(Event(what, draw.days_ago(20, 40)))
    return judged(copies, "keep", f"overdue in one CRM, a contact last month in another ({what})")


def kept_by_phone(draw: Draw, _: int) -> Made:
    """Overdue under one e-mail address, in contact under another; only the phone number links the records."""
    persona = draw.persona()
    silent = draw.copy(persona, CONTACT, draw.overdue())
    active = draw.copy(draw.namesake(persona), PERSON, draw.recent())
    return judged([silent, active], "keep", "a recent contact under the same phone number protects")


def open_business(draw: Draw, number: int) -> Made:
    """Overdue but for a deal, an opportunity, a ticket or a case that is still open."""
    turns = ((CONTACT, "deal"), (SF_CONTACT, "deal"), (PERSON, "deal"), (CONTACT, "ticket"), (SF_CONTACT, "ticket"))
    place, what = turns[number % len(turns)]
    copies = _overdue_in(draw, place)
    copies[0].events.append(Event(what, copies[0].created))
    return judged(copies, "keep", f"an open {what}")


def held(draw: Draw, number: int) -> Made:
    """Overdue, and under a legal hold that names one of the records: the whole person is held."""
    copies = draw.meet(draw.overdue())
    hold: Line = {
        "hold_id": f"HOLD-{number + 1}",
        "ref": copies[0].ref,
        "scope": "person",
        "reason": "pending litigation",
        "authorised_by": "legal@nous.example",
        "start": f"{draw.now - timedelta(days=90):%Y-%m-%d}",
        "review_on": f"{draw.now + timedelta(days=180):%Y-%m-%d}",
    }
    truth = [line(copy, "held", "overdue, under a legal hold", hold_id=hold["hold_id"]) for copy in copies]
    return Made(copies, truth, [hold])


def _overdue_in(draw: Draw, *places: str) -> list[Copy]:
    """The copies of one person in exactly these places, collected there longer ago than the period."""
    persona = draw.persona()
    return [draw.copy(persona, place, draw.overdue()) for place in places]
