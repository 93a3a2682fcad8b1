"""Bin and Erase: inspect what the vendor would take along, delete, then empty the recycle bin (salesforce.md §5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from connectors.salesforce import children, rows
from connectors.salesforce.children import CHILDREN_IN_BIN, Taken
from connectors.salesforce.client import Rejected, Row, full_id
from connectors.salesforce.look import Sight, look, stirred
from connectors.salesforce.purge import IN_BIN, purge
from connectors.salesforce.records import KINDS, id_of
from connectors.salesforce.scan import kind_of
from connectors.salesforce.schema import Org
from connectors.salesforce.settle import Want, settle
from core.actions import Command, Erase
from core.connector import AlreadyDone, Changed, Done, Gone, Receipt, Refused
from core.errors import BadAnswer, NotAllowed, StopCrm, Unreachable

MAY_BE_IN_BIN = "may be in the recycle bin, for up to 15 days"
_ALONG, _KEPT = "deleting it would delete a {} too", "a {} keeps it from being deleted"
# What may go with a record unasked: rows that only tie it to something else or trace it, children that can have no other
# parent, and the contact of a person account. Any other object is business until the operator's cascade names it.
_HARMLESS = frozenset(
    {
        *(
            "AcceptedEventRelation",
            "DeclinedEventRelation",
            "UndecidedEventRelation",
            "EventRelation",
            "EventWhoRelation",
        ),
        *("TaskRelation", "TaskWhoRelation", "EmailMessageRelation", "OutgoingEmailRelation", "ContentDocumentLink"),
        *(
            "AccountContactRelation",
            "AccountContactRole",
            "AccountTeamMember",
            "CaseContactRole",
            "ContractContactRole",
        ),
        *("OpportunityContactRole", "CampaignMember", "EntitySubscription", "TopicAssignment", "ProcessInstance"),
        *("FeedItem", "FeedComment", "EmailStatus", "DuplicateRecordItem", "Note", "Attachment", "Contact"),
        *("ContactPointAddress", "ContactPointEmail", "ContactPointPhone"),
    }
)
_TRACES = ("ChangeEvent", "CleanInfo", "Feed", "History", "Share", "Tag")
_Rows = Mapping[str, Row]
_Versions = Mapping[str, str]


def bin(org: Org, kind: str, commands: Mapping[str, Command]) -> Mapping[str, Receipt]:
    """Puts records where they can be restored from. A record that is in the bin already is Gone."""
    receipts, ready = _ready(org, kind, commands)
    receipts.update({id: Refused(why) for id, why in _would_take(org, kind, ready).items()})
    left = {id: commands[id].version for id in ready if id not in receipts}
    receipts.update(_moved(left, look(org, kind, left)))
    receipts.update(_deleted(org, kind, {id: left[id] for id in left if id not in receipts}, IN_BIN))
    return receipts


def erase(org: Org, kind: str, commands: Mapping[str, Command]) -> Mapping[str, Receipt]:
    """Children, record, Individual, then the bin. A record that is in the bin already is finished, not left there."""
    receipts, ready = _ready(org, kind, commands)
    absent = {id: commands[id] for id, receipt in receipts.items() if isinstance(receipt, Gone)}
    receipts.update(_finished(org, kind, absent))
    for cascade in {_cascade(org, commands[id]) for id in ready}:
        some = {id: row for id, row in ready.items() if _cascade(org, commands[id]) == cascade}
        receipts.update(_erased(org, kind, commands, some, cascade))
    return receipts


def _cascade(org: Org, command: Command) -> tuple[str, ...]:
    return (command.action.cascade or org.options.cascade) if isinstance(command.action, Erase) else ()


def _erased(
    org: Org, kind: str, commands: Mapping[str, Command], ready: _Rows, cascade: Collection[str]
) -> Mapping[str, Receipt]:
    versions: _Versions = {id: commands[id].version for id in ready}
    taken = Taken()
    receipts, versions = _cascaded(org, kind, versions, ready, cascade, taken)
    receipts.update(_deleted(org, kind, {id: versions[id] for id in ready if id not in receipts}))
    done = {id: ready[id] for id, receipt in receipts.items() if isinstance(receipt, Done)}
    individuals = _individuals(org, kind, done, taken)
    purged = purge(org, _by_object(kind, done, individuals, taken))
    receipts.update({id: Done(remains=_remains(id, individuals, taken, purged)) for id in done})
    return {id: _telling(receipt, taken.removed(id)) for id, receipt in receipts.items()}


def _cascaded(
    org: Org, kind: str, versions: _Versions, ready: _Rows, cascade: Collection[str], taken: Taken
) -> tuple[dict[str, Receipt], _Versions]:
    """Removes the children. Receipts of the records that must stay, and the versions of the others as they are now.

    Children are listed before the first look: whatever comes after the list is not taken, and seen by one of the looks.
    """
    people = {key: id for id, row in ready.items() for key in _keys(kind, row)}
    found = children.listed(org, kind, people, cascade, taken)
    children.told(org, kind, people, cascade, taken)
    taken.blocked.update(_would_take(org, kind, ready, cascade))
    receipts: dict[str, Receipt] = {id: Refused(why) for id, why in taken.blocked.items()}
    before = look(org, kind, [id for id in ready if id not in receipts])
    receipts.update(_moved({id: versions[id] for id in ready if id not in receipts}, before))
    if not cascade:
        return receipts, versions
    own = {key: id for key, id in people.items() if id not in receipts}
    children.take(org, kind, own, cascade, [child for child in found if child.owner not in receipts], taken)
    receipts.update({id: Refused(why) for id, why in taken.blocked.items()})
    after = look(org, kind, [id for id in ready if id not in receipts])
    for id in ready.keys() - receipts.keys():
        if id not in after:
            receipts[id] = Gone()
        elif stirred(before[id].record, after[id].record):
            receipts[id] = Changed()
    # Business that has come meanwhile would go too, whether or not it is a clock input.
    left = {id: row for id, row in ready.items() if id not in receipts}
    receipts.update({id: Refused(why) for id, why in _would_take(org, kind, left).items()})
    return receipts, {id: sight.record.version for id, sight in after.items()}


def _moved(versions: _Versions, found: Mapping[str, Sight]) -> dict[str, Receipt]:
    """Receipts of the records that are gone, are another version, or of whose person there is news."""
    gone: dict[str, Receipt] = {id: Gone() for id in versions if id not in found}
    return gone | {id: Changed() for id, it in found.items() if it.news or it.record.version != versions[id]}


def _telling(receipt: Receipt, removed: str) -> Receipt:
    """The receipt of a record that stays, with what of it was removed before that was seen."""
    match receipt:
        case Refused(why):
            return Refused("; ".join(filter(None, (why, removed))))
        case Changed() | Gone():
            return replace(receipt, taken=removed)
    return receipt


def _keys(kind: str, row: Row) -> list[str]:
    return [full for name in KINDS[kind].keys if (full := full_id(str(row.get(name))))]


def _ready(org: Org, kind: str, commands: Mapping[str, Command]) -> tuple[dict[str, Receipt], dict[str, Row]]:
    """Receipts of the records that must not be touched, and the rows of the others."""
    told, seen = kind_of(org, kind), org.object(kind)
    names = {"SystemModstamp", "IsDeleted", "IsPersonAccount", f"{told.individual}Id", *told.keys} & set(seen.fields)
    receipts: dict[str, Receipt] = {}
    ready: dict[str, Row] = {}
    for id, row in rows.read(org.client, kind, commands, names).items():
        if row is None or not told.stands_in(row):
            receipts[id] = Gone()
        elif row.get("SystemModstamp") != commands[id].version:
            receipts[id] = Changed()
        else:
            ready[id] = row
    return receipts, ready


def _would_take(org: Org, kind: str, ready: _Rows, cascade: Iterable[str] = ()) -> dict[str, str]:
    """The records that the vendor would not delete, or not without others, or where that cannot be told (§5 Cascade).

    What `cascade` names is left out: it is deleted or unlinked before, and inspected after that.
    """
    owners = {key: id for id, row in ready.items() for key in _keys(kind, row)}
    handled = {name for one in cascade for name in children.OBJECTS[one]}
    links = {link for link in _vendor_links(org, kind) if link[0] not in handled} if owners else set()
    if links and not _sees_business(org, kind):
        return dict.fromkeys(ready, "cannot tell whether deleting it would delete business records too")
    blocked: dict[str, str] = {}
    for name, field, why in sorted(links):
        blocked.update({owners[key]: told for key, told in _holding(org, name, field, why, owners).items()})
    return blocked


def _vendor_links(org: Org, kind: str) -> set[tuple[str, str, str]]:
    """The (object, field) by which children keep a record from being deleted, or go with it unasked, and which of the two."""
    # A person account has its contact's children as well; and an account always has opportunities, seen or not.
    parents, known = (
        ((kind, "Contact"), {("Opportunity", "AccountId", _ALONG)}) if kind == "Account" else ((kind,), set())
    )
    links = set(known)
    for child in (child for parent in parents for child in org.object(parent).children):
        name, field = str(child.get("childSObject")), str(child.get("field"))
        if child.get("restrictedDelete"):
            links.add((name, field, _KEPT))
        elif child.get("cascadeDelete") and name not in _HARMLESS and not name.endswith(_TRACES):
            links.add((name, field, _ALONG))
    return links


def _sees_business(org: Org, kind: str) -> bool:
    # What our user cannot see, an object or a row, is missing from describe and from queries without a word.
    return org.may("ViewAllData") and (kind != "Account" or org.find("Opportunity") is not None)


def _holding(org: Org, name: str, field: str, why: str, ids: Iterable[str]) -> dict[str, str]:
    known = list(ids)
    archived = name in children.ARCHIVED
    soql = f"SELECT {field} FROM {name} WHERE {'IsDeleted = false AND ' if archived else ''}{field} IN {{ids}}"
    try:
        rows = org.client.rows_of("cascade", soql, known, everything=archived)
        found = {full_id(str(row.get(field))) for row in rows}
    except (Rejected, NotAllowed):
        return dict.fromkeys(known, f"cannot tell whether deleting it would delete a {name} too")
    return {id: why.format(name) for id in known if id in found}


def _deleted(org: Org, kind: str, versions: _Versions, remains: str = "") -> Mapping[str, Receipt]:
    wants = {id: Want(version, None, remains=remains) for id, version in versions.items()}
    unsure: set[str] = set()
    receipts = settle(org.client, kind, wants, lambda pending: _delete(org, pending, unsure))
    lost = {id for id in unsure if isinstance(receipts[id], Done)}
    return receipts | dict.fromkeys(lost - _ours(org, kind, lost), Gone())


def _delete(org: Org, ids: Iterable[str], unsure: set[str]) -> Mapping[str, rows.Outcome]:
    """One call, at most 200 rows: when it is not allowed none has gone, which is an answer of each, as children may have.

    Adds to `unsure` what was not answered for.
    """
    try:
        return rows.delete(org.client, ids)
    except NotAllowed:
        return dict.fromkeys(ids, rows.Outcome(False, "", "the vendor does not allow the deletion"))
    except (Unreachable, BadAnswer):
        unsure.update(ids)
        raise


def _ours(org: Org, kind: str, ids: Collection[str]) -> set[str]:
    """Those of some absent records that a deletion put into the bin; a merge, or what may be one, did not (§5)."""
    if not ids or "MasterRecordId" not in org.object(kind).fields:
        return set()
    return set(_binned(org, kind, ids))


def _finished(org: Org, kind: str, commands: Mapping[str, Command]) -> dict[str, Receipt]:
    """Finishes those of some absent records that are still in the bin: an earlier erasure stopped short of emptying it.

    Losers of a merge are left, as they live on in another; so are all when nobody can tell which those are.
    """
    binned = _binned(org, kind, commands)
    if "MasterRecordId" not in org.object(kind).fields or not binned:
        return dict.fromkeys(binned, AlreadyDone(MAY_BE_IN_BIN))
    taken = Taken(kept={id: {CHILDREN_IN_BIN} for id in binned if _cascade(org, commands[id])})
    individuals = _individuals(org, kind, binned, taken)
    purged = purge(org, _by_object(kind, binned, individuals, taken))
    return {
        id: Done(remains=_remains(id, individuals, taken, purged))
        if id in purged
        else AlreadyDone("; ".join([*sorted(taken.kept.get(id, ())), MAY_BE_IN_BIN]))
        for id in binned
    }


def _binned(org: Org, kind: str, ids: Iterable[str]) -> dict[str, Row]:
    told = KINDS[kind]
    names = {"IsPersonAccount", "MasterRecordId", f"{told.individual}Id"} & set(org.object(kind).fields)
    soql = f"SELECT {', '.join(sorted({'Id', *names}))} FROM {kind} WHERE IsDeleted = true AND Id IN {{ids}}"
    found = org.client.rows_of("binned", soql, ids, everything=True)
    return {id_of(row): row for row in found if told.stands_in(row) and not row.get("MasterRecordId")}


def _individuals(org: Org, kind: str, done: _Rows, taken: Taken) -> dict[str, str]:
    """Deletes the Individual of each erased record unless it is somebody else's as well; by the id of the record."""
    name = f"{KINDS[kind].individual}Id"
    found = {id: full for id, row in done.items() if (full := full_id(str(row.get(name))))}
    try:
        away = _let_go(org, set(found.values()))
    except (BadAnswer, StopCrm):
        # The records are deleted: their receipts must not be lost for what could not be done besides.
        away = set()
    for id in found:
        if found[id] not in away:
            taken.kept.setdefault(id, set()).add("the linked Individual")
    return {id: one for id, one in found.items() if one in away}


def _let_go(org: Org, ids: set[str]) -> set[str]:
    """Deletes those Individuals that nobody points to any more; answers which."""
    said = rows.delete(org.client, sorted(ids - _still_linked(org, ids)), safe=True)
    return {id for id, outcome in said.items() if outcome.ok or outcome.gone}


def _still_linked(org: Org, ids: set[str]) -> set[str]:
    """The Individuals that a live record still points to; all of them when that cannot be told."""
    if not org.may("ViewAllData"):
        return ids
    linked: set[str] = set()
    for name in ("Contact", "Lead", "User", "Account"):
        seen, field = org.find(name), "PersonIndividualId" if name == "Account" else "IndividualId"
        if name == "Account" and not (seen and "IsPersonAccount" in seen.fields):
            continue
        if seen is None or field not in seen.fields:
            return ids
        soql = f"SELECT {field} FROM {name} WHERE {field} IN {{ids}}"
        linked |= {full_id(str(row.get(field))) or "" for row in org.client.rows_of("individuals", soql, ids)}
    return linked


def _by_object(kind: str, done: _Rows, individuals: Mapping[str, str], taken: Taken) -> dict[str, list[str]]:
    """What has gone to the bin, the records last: as long as one is there, asking again finds what a crash has left."""
    found: dict[str, list[str]] = {}
    # Those of a record that stays can still be restored.
    for child in (child for child in [*taken.binned, *taken.earlier] if child.owner in done):
        found.setdefault(child.object, []).append(child.id)
    return {**found, "Individual": sorted(set(individuals.values())), kind: list(done)}


def _remains(id: str, individuals: Mapping[str, str], taken: Taken, purged: set[str]) -> str:
    own = {
        id,
        *(child.id for child in [*taken.binned, *taken.earlier] if child.owner == id),
        *filter(None, (individuals.get(id),)),
    }
    return "; ".join([*sorted(taken.kept.get(id, ())), *([] if own <= purged else [IN_BIN])])
