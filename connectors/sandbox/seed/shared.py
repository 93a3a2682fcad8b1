"""The cases about identifiers that belong to no single person: a switchboard, a generic mailbox. Most make a group."""

from __future__ import annotations

from dataclasses import replace

from connectors.sandbox.seed.draw import Draw
from connectors.sandbox.seed.people import (
    CONTACT,
    PERSON,
    SF_CONTACT,
    SF_LEAD,
    Copy,
    Event,
    Made,
    Persona,
    judged,
    line,
)

# The colleagues were entered in CRMs where that bears no witness of a form that they sent.
_ROUND = (CONTACT, PERSON, SF_CONTACT, PERSON, SF_LEAD, SF_CONTACT, PERSON)
_WHY = "overdue by its own clock: no colleague was in contact, and being entered later is no contact"


def switchboard(draw: Draw, _: int) -> Made:
    """Seven colleagues under one phone number; the first of them is overdue, the others are not."""
    first = draw.persona()
    others = (draw.persona(phone=False, company=first.company) for _ in _ROUND[1:])
    return _colleagues(draw, [first, *(replace(persona, phone=first.phone) for persona in others)])


def mailbox(draw: Draw, number: int) -> Made:
    """Four colleagues under one info@ address; the first of them is overdue, the others are not."""
    company = draw.companies[number]
    people = [draw.persona(company=company) for _ in range(4)]
    return _colleagues(draw, [replace(one, email=f"info@{company.domain}", second_email="") for one in people])


def one_man_business(draw: Draw, number: int) -> Made:
    """Somebody whose only address is contact@ of their firm, with another number in each CRM; an order in one of them."""
    company = draw.companies[number]
    persona = replace(draw.persona(company=company), email=f"contact@{company.domain}", second_email="")
    phones = {CONTACT: persona.phone, SF_CONTACT: draw.persona().phone}
    copies = [draw.copy(replace(persona, phone=phone), place, draw.overdue()) for place, phone in phones.items()]
    copies[1].events.append(Event("order", draw.days_ago(20, 40)))
    return judged(
        copies, "keep", "an order last month under the same mailbox protects, although it links nobody", shared=True
    )


def _colleagues(draw: Draw, people: list[Persona]) -> Made:
    copies = [_copy(draw, persona, number) for number, persona in enumerate(people)]
    truth = [line(copy, "keep", "in contact within the period", shared=True) for copy in copies[1:]]
    return Made(copies, [line(copies[0], "erase", _WHY, shared=True), *truth])


def _copy(draw: Draw, persona: Persona, number: int) -> Copy:
    return draw.copy(persona, _ROUND[number], draw.recent() if number else draw.overdue())
