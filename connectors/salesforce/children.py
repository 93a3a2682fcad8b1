"""What hangs on a person and goes with them: activities, mails, notes, files, campaign memberships (salesforce.md §5).

A child that is also another person's, or a deal's, an organisation's or a case's, only loses the link, and we say so.
Must run before the parent is deleted: afterwards nothing leads to them any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.salesforce import rows
from connectors.salesforce.client import Question, Rejected, Row, full_id, narrowed
from connectors.salesforce.purge import IN_BIN
from connectors.salesforce.schema import Org
from core.errors import BadAnswer, NotAllowed, StopCrm

People = Mapping[str, str]  # every id under which children point to a person, and the id of the person's record

# Users, libraries and the org itself hold links to a file without it being about them.
_NOBODY = ("005", "058", "00D")
_NOTE = "SNOTE"
_NAPS = (1.0, 4.0)


@dataclass(frozen=True, slots=True)
class Child:
    """One row to delete for the sake of its owner, or, when `unlink` names fields, to empty those of.

    `kept` says what stays: a shared child, whose text still names the person. Without an `id` it is only told.
    """

    owner: str
    object: str
    id: str
    unlink: tuple[str, ...] = ()
    kept: str = ""


@dataclass(slots=True)
class Taken:
    """What became of the children. `blocked` owners must not be deleted: a child of theirs would be lost from sight.

    `earlier` are own children that somebody, or an attempt of ours, had put into the bin before.
    """

    blocked: dict[str, str] = field(default_factory=dict)
    kept: dict[str, set[str]] = field(default_factory=dict)
    binned: list[Child] = field(default_factory=list)
    earlier: list[Child] = field(default_factory=list)
    unlinked: list[Child] = field(default_factory=list)

    def removed(self, owner: str) -> str:
        """How many rows of which objects were deleted, or only unlinked, for one owner; empty when none was."""
        binned, unlinked = _counts(self.binned, owner), _counts(self.unlinked, owner)
        told = (f"already removed: {binned} ({IN_BIN})" if binned else "", f"unlinked: {unlinked}" if unlinked else "")
        return "; ".join(filter(None, told))

    def keep(self, owner: str, what: str) -> None:
        """Notes something of an owner's that stays."""
        self.kept.setdefault(owner, set()).add(what)


def _counts(children: Iterable[Child], owner: str) -> str:
    counts = Counter(child.object for child in children if child.owner == owner)
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def listed(org: Org, kind: str, people: People, cascade: Collection[str], taken: Taken) -> list[Child]:
    """The children that `cascade` names, and those that are only told. Must not write; adds to `taken` who is blocked."""
    if cascade and not org.may("ViewAllData"):
        # Whose a child is besides cannot be told by who sees only some records.
        why = "without View All Data its own children cannot be told from shared ones"
        taken.blocked.update(dict.fromkeys(people.values(), why))
        return []
    try:
        return _found(org, kind, people, cascade)
    except (Rejected, NotAllowed):
        taken.blocked.update(dict.fromkeys(people.values(), "not all of its children can be read"))
        return []


def _found(org: Org, kind: str, people: People, cascade: Collection[str]) -> list[Child]:
    found = [child for name in cascade for child in _FINDERS[name](org, kind, people)]
    return [*found, *(_cases(org, kind, people) if cascade else ())]


def take(org: Org, kind: str, people: People, cascade: Collection[str], found: Iterable[Child], taken: Taken) -> None:
    """Deletes or unlinks children that were listed, and nothing else, and adds to `taken` what became of them.

    One that was not answered for is listed anew before it is asked for again: it may be somebody else's too by then.
    """
    known = list(found)
    for child in known:
        if child.kept:
            taken.keep(child.owner, child.kept)
    left, why = list({(child.object, child.id): child for child in known if child.id}.values()), ""
    for nap in (*_NAPS, 0.0):
        left, why = _tried(org, left, taken)
        if not left:
            return
        org.client.sleep(nap)
        still = set(_found(org, kind, people, cascade))
        _count_gone(org, [child for child in left if child not in still], taken)
        left = [child for child in left if child in still]
    _stay(left, why, taken)


def _tried(org: Org, children: Sequence[Child], taken: Taken) -> tuple[list[Child], str]:
    """One attempt; those that may be tried again, being locked or not answered for, and why."""
    said: dict[str, rows.Outcome] = {}
    why = ""
    for send in (_delete, _unlink):
        try:
            said.update(send(org, children))
        except (StopCrm, BadAnswer) as error:
            why = error.code if isinstance(error, Rejected) else "the vendor did not take the call"
    left = [child for child in children if child.id not in said or said[child.id].locked]
    for child in children:
        if child not in left:
            _answered(child, said[child.id], taken)
    return left, why or next((said[child.id].why for child in left), "")


def _delete(org: Org, children: Iterable[Child]) -> Mapping[str, rows.Outcome]:
    own = sorted((child for child in children if not child.unlink), key=lambda child: child.object)
    return rows.delete(org.client, [child.id for child in own])


def _unlink(org: Org, children: Collection[Child]) -> Mapping[str, rows.Outcome]:
    said: dict[str, rows.Outcome] = {}
    for name in sorted({child.object for child in children if child.unlink}):
        some = {child.id: dict.fromkeys(child.unlink) for child in children if child.unlink and child.object == name}
        said.update(rows.patch(org.client, org.object(name), some))
    return said


def _answered(child: Child, said: rows.Outcome, taken: Taken) -> None:
    if said.ok:
        (taken.unlinked if child.unlink else taken.binned).append(child)
    elif not said.gone:
        _stay([child], said.why, taken)


def _stay(children: Iterable[Child], why: str, taken: Taken) -> None:
    for child in children:
        if child.kept:
            taken.keep(child.owner, f"its link to a {child.object}: {why}")
        else:
            taken.blocked[child.owner] = f"{child.object}: {why}"


def _count_gone(org: Org, children: Collection[Child], taken: Taken) -> None:
    """Of children that nothing leads to any more, those that are deleted, or not linked any more, went by our own call."""
    for name in sorted({child.object for child in children}):
        some = [child for child in children if child.object == name]
        live = rows.read(org.client, name, [child.id for child in some], ("IsDeleted",))
        for child in some:
            if child.unlink:
                taken.unlinked.append(child)
            elif live[child.id] is None:
                taken.binned.append(child)


def told(org: Org, kind: str, people: People, cascade: Collection[str], taken: Taken) -> None:
    """Adds to `taken` what lies in the bin already, and how much of what no cascade names stays. Before anything is taken."""
    asked = [(place, soql) for place in _places(org, kind, cascade) for soql in narrowed(place.soql, people)]
    answers = org.client.answers("children", [Question(soql, everything=True) for _, soql in asked])
    left: dict[tuple[str, str], set[str]] = {}
    for (place, _), said in zip(asked, answers, strict=True):
        for row in said if isinstance(said, list) else ():
            owner = people[_id(row, place.key)]
            if place.binned:
                _lies(people, place, row, owner, taken)
            elif _sort(row) not in cascade:
                left.setdefault((owner, _BEHIND.get(place.object, (place.object,))[0]), set()).add(
                    _child_of(place, row)
                )
        if not isinstance(said, list):
            for owner in people.values():
                taken.keep(owner, f"{place.object}s that could not be read")
    for (owner, name), ids in left.items():
        taken.keep(owner, f"the text of {len(ids)} {name}")


@dataclass(frozen=True, slots=True)
class _Place:
    """One object and the field that points to the person; `binned`: what lies in the bin is wanted, else what is live."""

    object: str
    key: str
    binned: bool

    @property
    def soql(self) -> str:
        more = ("WhatId",) if self.object in ARCHIVED else _BEHIND.get(self.object, ("",))[1:]
        names = ", ".join(("Id", self.key, *more))
        deleted = str(self.binned).lower()
        return f"SELECT {names} FROM {self.object} WHERE IsDeleted = {deleted} AND {self.key} IN {{ids}}"


def _places(org: Org, kind: str, cascade: Collection[str]) -> Iterator[_Place]:
    handled = {name for one in cascade for name in OBJECTS[one]}
    keys = {**_POINTERS, "CampaignMember": "LeadId" if kind == "Lead" else "ContactId"}
    for name, key in keys.items():
        found = org.find(name)
        if found is None or not {key, "IsDeleted"} <= found.fields.keys():
            continue
        if name in handled:
            yield _Place(name, key, binned=True)
        # The others, notes and the like, go with the record.
        if name in _OUTLIVING and (
            name not in handled or (name == "ContentDocumentLink" and len(_SORTS - set(cascade)))
        ):
            yield _Place(name, key, binned=False)


def _lies(people: People, place: _Place, row: Row, owner: str, taken: Taken) -> None:
    own = place.object not in ARCHIVED or not _activity(people, place.object, row, owner, False).unlink
    if own and place.object not in _BEHIND:
        taken.earlier.append(Child(owner, place.object, _id(row, "Id")))
    else:
        taken.keep(owner, CHILDREN_IN_BIN)


def _sort(row: Row) -> str:
    """Which cascade a file or a note would be of; empty for anything else."""
    document = row.get("ContentDocument")
    return "" if not document else "notes" if document.get("FileType") == _NOTE else "files"


def _child_of(place: _Place, row: Row) -> str:
    return _id(row, _BEHIND[place.object][1]) if place.object in _BEHIND else _id(row, "Id")


def _rows(org: Org, name: str, soql: str, ids: Iterable[str], *, everything: bool = False) -> Iterator[Row]:
    """Rows of an object; none when the org has no such object, as our user, who sees all data, can tell."""
    if org.find(name) is None:
        return iter(())
    return org.client.rows_of(name, soql, ids, everything=everything)


def _activities(org: Org, kind: str, people: People) -> Iterator[Child]:
    # One on a person account may name the account alone (§5); what names an organisation is a business record.
    keys = ("WhoId", "WhatId") if kind == "Account" else ("WhoId",)
    for name in ("Task", "Event"):
        seen = org.find(name)
        many = "WhoCount" if seen and "WhoCount" in seen.fields else ""
        names = ", ".join(filter(None, ("Id", "WhoId", "WhatId", many)))
        for key in keys:
            # Archived activities are left out of a plain query, and still hold the person (§2.3).
            soql = f"SELECT {names} FROM {name} WHERE IsDeleted = false AND {key} IN {{ids}}"
            for row in _rows(org, name, soql, people, everything=True):
                yield _activity(people, name, row, people[_id(row, key)], (row.get(many) or 1) > 1)


def _activity(people: People, name: str, row: Row, owner: str, many: bool) -> Child:
    links = {key: id for key in ("WhoId", "WhatId") if (id := _id(row, key))}
    own = tuple(key for key, id in links.items() if people.get(id) == owner)
    if many or len(own) < len(links):
        return Child(owner, name, _id(row, "Id"), own, f"the text of a shared {name}")
    return Child(owner, name, _id(row, "Id"))


def _emails(org: Org, kind: str, people: People) -> Iterator[Child]:
    links = "SELECT Id, EmailMessageId, RelationId FROM EmailMessageRelation WHERE {} IN {{ids}}"
    mails = "SELECT Id, ParentId, RelatedToId FROM EmailMessage WHERE {} IN {{ids}}"
    own = list(_rows(org, "EmailMessageRelation", links.format("RelationId"), people))
    related = list(_rows(org, "EmailMessage", mails.format("RelatedToId"), people)) if kind == "Account" else []
    ids = {*(_id(link, "EmailMessageId") for link in own), *(_id(mail, "Id") for mail in related)}
    everybody = _rows(org, "EmailMessageRelation", links.format("EmailMessageId"), ids)
    ties = [(_id(link, "EmailMessageId"), link.get("RelationId")) for link in everybody]
    for mail in _rows(org, "EmailMessage", mails.format("Id"), ids):
        ties += [(_id(mail, "Id"), mail.get("ParentId")), (_id(mail, "Id"), mail.get("RelatedToId"))]
    shared = _shared(people, ties)
    for link in own:
        yield _mail(people[_id(link, "RelationId")], _id(link, "EmailMessageId"), _id(link, "Id"), shared)
    for mail in related:
        # The vendor empties this link when the account goes.
        yield _mail(people[_id(mail, "RelatedToId")], _id(mail, "Id"), "", shared)


def _mail(owner: str, mail: str, link: str, shared: Mapping[str, set[str]]) -> Child:
    if shared.get(mail, {owner}) != {owner}:
        return Child(owner, "EmailMessageRelation", link, kept="the text of a shared EmailMessage")
    return Child(owner, "EmailMessage", mail)


def _shared(people: People, links: Iterable[tuple[str, object]]) -> dict[str, set[str]]:
    """Who and what a document or a mail belongs to, by its id; a person of ours by the id of the record."""
    found: dict[str, set[str]] = {}
    for id, whose in links:
        other = full_id(str(whose))
        if other and not other.startswith(_NOBODY):
            found.setdefault(id, set()).add(people.get(other, other))
    return found


def _documents(org: Org, people: People, *, notes: bool) -> Iterator[Child]:
    links = "SELECT Id, ContentDocumentId, LinkedEntityId, ContentDocument.FileType FROM ContentDocumentLink WHERE {} IN {{ids}}"
    own = [
        link
        for link in _rows(org, "ContentDocumentLink", links.format("LinkedEntityId"), people)
        if ((link.get("ContentDocument") or {}).get("FileType") == _NOTE) is notes
    ]
    documents = {_id(link, "ContentDocumentId") for link in own}
    everybody = _rows(org, "ContentDocumentLink", links.format("ContentDocumentId"), documents)
    shared = _shared(people, ((_id(link, "ContentDocumentId"), link.get("LinkedEntityId")) for link in everybody))
    for link in own:
        owner, document = people[_id(link, "LinkedEntityId")], _id(link, "ContentDocumentId")
        if shared.get(document, {owner}) != {owner}:
            yield Child(owner, "ContentDocumentLink", _id(link, "Id"), kept=f"a shared {'note' if notes else 'file'}")
        else:
            yield Child(owner, "ContentDocument", document)


def _notes(org: Org, kind: str, people: People) -> Iterator[Child]:
    yield from _documents(org, people, notes=True)
    yield from _parented(org, "Note", "ParentId", people)


def _files(org: Org, kind: str, people: People) -> Iterator[Child]:
    yield from _documents(org, people, notes=False)
    yield from _parented(org, "Attachment", "ParentId", people)


def _memberships(org: Org, kind: str, people: People) -> Iterator[Child]:
    yield from _parented(org, "CampaignMember", "LeadId" if kind == "Lead" else "ContactId", people)


def _cases(org: Org, kind: str, people: People) -> Iterator[Child]:
    """Cases only lose the person, and keep copies of names, addresses and texts (Traps 15)."""
    for key in {"Contact": ("ContactId",), "Account": ("ContactId", "AccountId")}.get(kind, ()):
        for row in _rows(org, "Case", f"SELECT Id, {key} FROM Case WHERE {key} IN {{ids}}", people):
            yield Child(people[_id(row, key)], "Case", "", kept="the text of a Case")


def _parented(org: Org, name: str, key: str, people: People) -> Iterator[Child]:
    """Children that can have one parent only, and so are always the person's own."""
    for row in _rows(org, name, f"SELECT Id, {key} FROM {name} WHERE {key} IN {{ids}}", people):
        yield Child(people[_id(row, key)], name, _id(row, "Id"))


def _id(row: Row, name: str) -> str:
    return full_id(str(row.get(name))) or ""


ARCHIVED = frozenset({"Task", "Event"})
CHILDREN_IN_BIN = "children deleted before the interruption may be in the recycle bin, for up to 15 days"
_POINTERS = {
    "Task": "WhoId",
    "Event": "WhoId",
    "EmailMessageRelation": "RelationId",
    "ContentDocumentLink": "LinkedEntityId",
    "Note": "ParentId",
    "Attachment": "ParentId",
}
_OUTLIVING = frozenset({"Task", "Event", "EmailMessageRelation", "ContentDocumentLink"})
_SORTS = frozenset({"notes", "files"})
# What is behind a link, and what is read of the link to tell.
_BEHIND = {
    "EmailMessageRelation": ("EmailMessage", "EmailMessageId"),
    "ContentDocumentLink": ("ContentDocument", "ContentDocumentId", "ContentDocument.FileType"),
}
# What each cascade deletes or unlinks; a ContentDocumentLink goes with its document.
OBJECTS: Mapping[str, frozenset[str]] = {
    "notes": frozenset({"Note", "ContentDocumentLink"}),
    "activities": ARCHIVED,
    "emails": frozenset({"EmailMessage", "EmailMessageRelation"}),
    "files": frozenset({"Attachment", "ContentDocumentLink"}),
    "campaign_members": frozenset({"CampaignMember"}),
}
_FINDERS: Mapping[str, Callable[[Org, str, People], Iterator[Child]]] = {
    "notes": _notes,
    "activities": _activities,
    "emails": _emails,
    "files": _files,
    "campaign_members": _memberships,
}
