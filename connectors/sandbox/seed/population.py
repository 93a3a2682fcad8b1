"""How many people of each case make a population, and what is true of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain, count
from typing import Any

from connectors.sandbox.seed import clocks, content, disclosures, hubspot, objections, pipedrive, salesforce, shared
from connectors.sandbox.seed.draw import Draw
from connectors.sandbox.seed.people import PERSON, SF_CONTACT, SF_LEAD, Company, Copy, Line, Made
from connectors.sandbox.state import iso

FEWEST, MOST = 50, 150_000

Case = Callable[[Draw, int], Made]

# Per case: how often it is made per thousand people (at least once), and how many people it makes.
_CASES: tuple[tuple[Case, float, int], ...] = (
    (clocks.overdue, 60, 1),
    (clocks.overdue_by_a_day, 4, 1),
    (clocks.due_today, 4, 1),
    (clocks.due_soon, 20, 1),
    (clocks.imported_then_silent, 6, 1),
    (clocks.imported_in_contact, 12, 1),
    (clocks.undatable, 25, 1),
    (clocks.kept_by_order, 10, 1),
    (clocks.kept_by_contact, 30, 1),
    (clocks.kept_by_phone, 6, 1),
    (clocks.open_business, 14, 1),
    (clocks.held, 6, 1),
    (objections.unsubscribed_hubspot, 8, 1),
    (objections.optout_property, 6, 1),
    (objections.optout_salesforce, 8, 1),
    (objections.do_not_call, 8, 1),
    (objections.solicit, 5, 1),
    (objections.unsubscribed_pipedrive, 8, 1),
    (objections.look_alike, 18, 1),
    (objections.overdue_objector, 4, 1),
    (disclosures.banned, 30, 1),
    (disclosures.harmless_option, 8, 1),
    (disclosures.revealing_note, 40, 1),
    (disclosures.harmless_note, 25, 1),
    (shared.switchboard, 0.5, 7),
    (shared.mailbox, 0.5, 4),
    (shared.one_man_business, 2, 1),
    (clocks.outbound_only, 80, 1),
    (clocks.customer, 180, 1),
)
_VENDORS = {"hubspot": hubspot, "salesforce": salesforce, "pipedrive": pipedrive}


@dataclass(frozen=True, slots=True)
class Truth:
    """What must become of a population as of `now`.

    `lines` has exactly one line without a `property` for every record of a person whose `expect` is keep, erase,
    undatable, held or due_soon; besides it a line per record to suppress, and per property to clear, to redact or to leave
    as it is (keep). `holds` must be set before a run. `properties` names what a policy has to ban or scan, and the marker of
    an import. `planted` are strings that may appear nowhere outside the CRMs.
    """

    now: str
    people: int
    seed: int
    lines: list[Line]
    holds: list[Line]
    properties: dict[str, list[Line]]
    planted: list[str]

    def as_json(self) -> dict[str, Any]:
        """The truth as the control API shows it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Population:
    """Made-up people. `lines` starts anew each time it is read, and is always the same."""

    truth: Truth
    companies: list[Company]
    copies: list[Copy]

    @property
    def lines(self) -> Iterator[Line]:
        """The records of the load format, definitions first."""
        for vendor in _VENDORS.values():
            yield from vendor.head(self.companies)
        for copy in self.copies:
            yield from _VENDORS[copy.place.split(":")[0]].lines(copy)


def population(people: int, seed: int, now: datetime) -> Population:
    """People with their records in the three CRMs and the truth about them; every stamp is relative to `now`.

    The same arguments give the same population. Raises ValueError outside FEWEST to MOST people.
    """
    if not FEWEST <= people <= MOST:
        raise ValueError(f"between {FEWEST} and {MOST} people")
    draw = Draw(people, seed, now)
    numbers: defaultdict[Case, Iterator[int]] = defaultdict(count)
    made = [case(draw, next(numbers[case])) for case in _plan(draw, people)]
    copies = list(chain.from_iterable(one.copies for one in made))
    truth = Truth(
        now=iso(draw.now),
        people=people,
        seed=seed,
        lines=list(chain.from_iterable(one.truth for one in made)),
        holds=list(chain.from_iterable(one.holds for one in made)),
        properties=_properties(),
        planted=sorted({secret for one in made for secret in _secrets(one)}),
    )
    return Population(truth, draw.companies, copies)


def _plan(draw: Draw, people: int) -> list[Case]:
    plan: list[Case] = []
    left = people
    for case, per_thousand, size in _CASES:
        times = max(1, round(people * per_thousand / 1000))
        plan += [case] * times
        left -= times * size
    plan += [clocks.plain] * left
    draw.rng.shuffle(plan)
    return plan


def _properties() -> dict[str, list[Line]]:
    marker = {"property": "LeadSource", "value": "Import"}
    return {
        "banned": [ban.as_json() for ban in content.BANNED],
        "text": [{**_where(place), "property": name} for place, name in content.TEXT.items()],
        "import_marker": [
            {**_where(SF_CONTACT), **marker},
            {**_where(SF_LEAD), **marker},
            {**_where(PERSON), "property": content.RECORD_SOURCE, "label": "Record source", "value": content.IMPORT},
        ],
    }


def _where(place: str) -> Line:
    return dict(zip(("crm", "kind"), place.split(":"), strict=True))


def _secrets(made: Made) -> Iterator[str]:
    yield from made.planted
    for copy in made.copies:
        yield from _identity(copy)


def _identity(copy: Copy) -> Iterator[str]:
    persona = copy.persona
    yield f"{persona.first} {persona.last}"
    for email in copy.emails:
        yield from (email, email.lower())
    if persona.phone:
        yield from (copy.phone, persona.phone, persona.phone[3:])
