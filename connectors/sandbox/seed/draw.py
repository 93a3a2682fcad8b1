"""The dice of the generator: who somebody is, where they are recorded and when things happened. Knows no case."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

from connectors.sandbox.seed import words
from connectors.sandbox.seed.ids import salesforce_id
from connectors.sandbox.seed.people import (
    CONTACT,
    INBOUND,
    OUTBOUND,
    PERSON,
    SF_CONTACT,
    SF_LEAD,
    Company,
    Copy,
    Event,
    Persona,
)

PERIOD_MONTHS = 36
_SCARCE_ABOVE = 50_000

# Numbers that the regulators keep for fiction: ARCEP decision 2018-0881, Ofcom's telephone numbers for drama.
_MOBILE = ("+3363998",)
_LANDLINE = ("+3319900", "+3326191", "+3335301", "+3346571", "+3353649")
_BRITISH = ("+447700900", "+442079460", "+441632960")

_IDS: dict[str, tuple[int, Callable[[int], str]]] = {
    CONTACT: (101, str),
    SF_CONTACT: (1, lambda number: salesforce_id("003", number)),
    SF_LEAD: (1, lambda number: salesforce_id("00Q", number)),
    PERSON: (1, str),
}


def overdue_edge(today: date) -> date:
    """The first day that, taken as the start of the period, is not overdue today."""
    day = today - timedelta(days=PERIOD_MONTHS * 31 + 10)
    while add_months(day, PERIOD_MONTHS) < today:
        day += timedelta(days=1)
    return day


def add_months(day: date, months: int) -> date:
    """The day `months` later, the last of the month when there is no such day."""
    year, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + year, month + 1, 1)
    length = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - first
    return first.replace(day=min(day.day, length.days))


def slug(text: str) -> str:
    """Lower-case ASCII letters and digits of a name, the rest as hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(c if c.isalnum() else "-" for c in plain)


class Draw:
    """One seeded source of everything that is left to chance. The same seed and calls give the same results."""

    def __init__(self, people: int, seed: int, now: datetime) -> None:
        self.rng = random.Random(seed)
        self.now = now.astimezone(UTC).replace(microsecond=0)
        self.edge = datetime.combine(overdue_edge(self.now.date()), time(10), UTC)
        self.phones_for_all = people <= _SCARCE_ABOVE
        self.companies = [self._company(number) for number in range(1, max(8, people // 8) + 1)]
        self._emails: set[str] = set()
        self._ids = {place: map(make, count(first)) for place, (first, make) in _IDS.items()}
        self._pools = {"mobile": _pool(_MOBILE, 4), "landline": _pool(_LANDLINE, 4), "british": _pool(_BRITISH, 3)}

    def between(self, start: datetime, end: datetime) -> datetime:
        """A moment from start to end, in whole seconds."""
        return start + timedelta(seconds=self.rng.randint(0, max(0, int((end - start).total_seconds()))))

    def days_ago(self, least: int, most: int) -> datetime:
        """A moment that many days before now."""
        return self.between(self.now - timedelta(days=most), self.now - timedelta(days=least))

    def recent(self) -> datetime:
        """A start of the period that is far from due."""
        return self.between(self.edge + timedelta(days=60), self.now - timedelta(days=5))

    def overdue(self) -> datetime:
        """A start of the period that is overdue in every time zone, by up to five years."""
        return self.between(self.edge - timedelta(days=1800), self.edge - timedelta(days=3))

    def persona(self, phone: bool = True, company: Company | None = None) -> Persona:
        """Somebody nobody else is: no e-mail address and no phone number is drawn twice."""
        language = self.rng.choices(("fr", "en"), (70, 30))[0]
        first, last = self._name(language)
        company = company or self.rng.choice(self.companies)
        host = company.domain if self.rng.random() < 0.8 else self.rng.choice(words.MAIL_HOSTS)
        return Persona(
            first=first,
            last=last,
            email=self._email(f"{slug(first)}.{slug(last)}", host),
            second_email=self._email(f"{slug(first)[0]}{slug(last)}", self.rng.choice(words.MAIL_HOSTS)),
            phone=self._phone(language) if phone else "",
            company=company,
            language=language,
        )

    def namesake(self, persona: Persona) -> Persona:
        """The same person under e-mail addresses that the first record does not know."""
        host = self.rng.choice(words.MAIL_HOSTS)
        other = self._email(f"{slug(persona.last)}.{slug(persona.first)}", host)
        return replace(persona, email=other, second_email=self._email(slug(persona.last), host))

    def places(self, *first: str) -> list[str]:
        """Where a person is recorded: these places, and others by chance; three people in five are in several CRMs."""
        wanted = max(len(first), self.rng.choices((1, 2, 3), (40, 40, 20))[0])
        places = list(first)
        salesforce = SF_LEAD if self.rng.random() < 0.3 else SF_CONTACT
        for place in self.rng.sample((CONTACT, salesforce, PERSON), 3):
            if len(places) < wanted and place.split(":")[0] not in {known.split(":")[0] for known in places}:
                places.append(place)
        if SF_CONTACT in places and self.rng.random() < 0.05:
            places.append(SF_LEAD)
        return places

    def copy(self, persona: Persona, place: str, created: datetime, imported: bool = False) -> Copy:
        """A record of the person, spelled as people type it in that CRM."""
        return Copy(
            place=place,
            id=next(self._ids[place]),
            persona=persona,
            emails=self._spelled_emails(persona, place),
            phone=self.spelled_phone(persona.phone),
            created=created,
            imported=imported,
        )

    def meet(
        self,
        start: datetime,
        *places: str,
        what: str | None = None,
        persona: Persona | None = None,
        imported: bool = False,
    ) -> list[Copy]:
        """The copies of a person whose latest own act is `start`, in these places and others by chance.

        The act is `what`, on the first place; or one by chance: a contact somewhere, or the collection itself.
        """
        persona = persona or self.persona()
        collected = what is None and not imported and self.rng.random() < 0.4
        copies = []
        for number, place in enumerate(self.places(*places)):
            earlier = self.between(start - timedelta(days=500), start - timedelta(days=1))
            copies.append(self.copy(persona, place, start if collected and number == 0 else earlier, imported))
        if not collected:
            copy = copies[0] if what else self.rng.choice(copies)
            copy.events.append(Event(what or self.rng.choice(INBOUND[copy.place]), start))
        return copies

    def busy(self, copies: list[Copy], since: datetime) -> list[Copy]:
        """The same copies after some work of our side on each of them."""
        for copy in copies:
            for what in self.rng.sample(OUTBOUND[copy.place], self.rng.randint(1, 3)):
                copy.events.append(Event(what, self.between(max(since, copy.created), self.now)))
        return copies

    def spelled_phone(self, phone: str) -> str:
        """A phone number as somebody types it; British ones always with their country."""
        if not phone.startswith("+33"):
            return self.rng.choice((phone, f"{phone[:3]} {phone[3:7]} {phone[7:]}")) if phone else ""
        pairs = [phone[4:6], phone[6:8], phone[8:10], phone[10:12]]
        head, tail = phone[3], "".join(pairs)
        return self.rng.choice(
            (
                phone,
                f"0{head}{tail}",
                f"0{head} {' '.join(pairs)}",
                f"0{head}.{'.'.join(pairs)}",
                f"0{head}-{'-'.join(pairs)}",
                f"+33 {head} {' '.join(pairs)}",
                f"+33 (0){head} {' '.join(pairs)}",
                f"0033{head}{tail}",
            )
        )

    def _spelled_emails(self, persona: Persona, place: str) -> tuple[str, ...]:
        if place == CONTACT:
            main, other = persona.email, persona.second_email
        else:
            main, other = self._cased(persona.email), self._cased(persona.second_email)
        if place in (SF_CONTACT, SF_LEAD) or not other or self.rng.random() < 0.75:
            return (main,)
        return (other, main) if self.rng.random() < 0.7 else (main, other)

    def _cased(self, email: str) -> str:
        return self.rng.choice((email, email.title(), email.upper(), email))

    def _name(self, language: str) -> tuple[str, str]:
        firsts = words.FRENCH_FIRST if language == "fr" else words.ENGLISH_FIRST
        heads, tails = words.FRENCH_LAST if language == "fr" else words.ENGLISH_LAST
        return self.rng.choice(firsts), self.rng.choice(heads) + self.rng.choice(tails)

    def _company(self, number: int) -> Company:
        language = self.rng.choice(("fr", "en"))
        last, trade = self._name(language)[1], self.rng.choice(words.COMPANY[language])
        name = f"{trade} {last}" if language == "fr" else f"{last} {trade}"
        return Company(number, name, f"{slug(name)}-{number}.example")

    def _email(self, local: str, host: str) -> str:
        for suffix in count():
            email = f"{local}{suffix or ''}@{host}"
            if email not in self._emails:
                self._emails.add(email)
                return email
        raise AssertionError("count() has no end")

    def _phone(self, language: str) -> str:
        mobile = self.rng.random() < 0.75
        order = ("mobile", "landline", "british") if mobile else ("landline", "mobile", "british")
        if language == "en" and self.rng.random() < 0.5:
            order = ("british", *order[:2])
        for name in order:
            if number := next(self._pools[name], None):
                return number
        raise ValueError("no phone number is left for so many people")


def _pool(prefixes: tuple[str, ...], digits: int) -> Iterator[str]:
    """Every number of the prefixes once, far from sorted: 7,919 is prime to the size of every pool."""
    size = 10**digits
    for number in range(size * len(prefixes)):
        prefix, rest = divmod(number * 7919 % (size * len(prefixes)), size)
        yield f"{prefixes[prefix]}{rest:0{digits}}"
