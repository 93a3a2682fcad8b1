"""The children that `Erase` takes along (pipedrive.md §5): a person's own ones go, what also belongs to others stays.

First all are listed, which writes nothing, and then they are taken. Must not delete what is also linked to another person,
a deal, an organisation, a lead, a project or a product: the link is taken away where the API can, and what is left is told.
Must not delete what came after the list: it was never judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from connectors.pipedrive.client import Api, Invalid, Missing, Row, need
from connectors.pipedrive.options import CASCADE
from connectors.pipedrive.sources import people
from core.errors import BadAnswer, NotAllowed

_BUSINESS = ("deal_id", "org_id", "lead_id", "project_id", "task_id", "product_id")
_SIDES = ("from", "to", "cc", "bcc")
_FILES_PAGE = 100
_KEPT = "mail threads kept, of other mailboxes or other business too"
_OWNERS = ("note_id", "activity_id", "mail_message_id")
"""What a file may hang on besides a person and business."""
_BINNED = ("activities deleted", "files deleted")
_UNDATED = ("notes deleted", "mail threads deleted", "pictures deleted")


@dataclass(slots=True)
class Family:
    """A person's children by kind, as listed; what became of them, and what is left. Counts only."""

    person: int
    children: dict[str, list[Row]] = field(default_factory=dict)
    gone: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    went: set[tuple[str, str]] = field(default_factory=set)

    @property
    def activities(self) -> list[Row]:
        """The activities that were listed."""
        return self.children.get("activities", [])

    @property
    def taken(self) -> str:
        """What was taken along so far."""
        return ", ".join(phrases(self.gone))

    def owns(self, activity: Row) -> bool:
        """True for an activity of nobody and nothing else."""
        return not _business(activity) and people(activity) == {self.person}


def phrases(counts: Counter[str]) -> tuple[str, ...]:
    """A phrase for each count."""
    return tuple(f"{count} {what}" for what, count in counts.items() if count)


def listed(api: Api, person: int, names: tuple[str, ...]) -> Family:
    """The children of these names. Writes nothing. Raises BadAnswer for one that is not the person's."""
    family = Family(person)
    for name in names:
        family.children[name] = list(_LISTS[name](api, family))
    return family


def take(api: Api, row: Row, family: Family) -> bool:
    """Takes the listed children along, files last, and the picture with them. False as soon as a new mail shows."""
    for name in CASCADE:
        for child in family.children.get(name, ()):
            if not _TAKES[name](api, family, child):
                return False
    if "files" in family.children and row.get("picture_id"):
        delete_picture(api, row)
        family.gone["pictures deleted"] += 1
    return True


def grown(api: Api, family: Family) -> bool:
    """True when there are children that were not listed. A new mail shows on the person itself."""
    again = listed(api, family.person, tuple(name for name in family.children if name != "emails"))
    return any(_ids(rows) - _ids(family.children[name]) for name, rows in again.children.items())


def afterlife(gone: Counter[str]) -> tuple[str, ...]:
    """How long the vendor keeps what was deleted, as far as it says (pipedrive.md §4.5, §13)."""
    parts = ((_BINNED, "in Pipedrive's bin for 30 days"), (_UNDATED, "Pipedrive does not say how long it keeps them"))
    counted = ((phrases(Counter({what: gone[what] for what in names})), said) for names, said in parts)
    return tuple(f"{', '.join(found)}: {said}" for found, said in counted if found)


def delete_picture(api: Api, row: Row) -> None:
    """Deletes a person's picture."""
    _delete(api, "persons.picture_delete", f"persons/{row['id']}/picture", "v1")


# --- notes ---


def _notes(api: Api, family: Family) -> Iterator[Row]:
    for note in api.rows("notes.list", "notes", only={"person_id": family.person}):
        yield _asked_for(note, note.get("person_id") == family.person)


def _note(api: Api, family: Family, note: Row) -> bool:
    path = f"notes/{need(note, 'id')}"
    if not _business(note):
        for comment in list(api.rows("notes.comments", f"{path}/comments")):
            _delete(api, "notes.comment_delete", f"{path}/comments/{need(comment, 'uuid')}", "v1")
        _delete(api, "notes.delete", path, "v1")
        family.gone["notes deleted"] += 1
        family.went.add(("note_id", str(note["id"])))
    elif _change(api, "notes.update", "put", path, {"person_id": None}, "v1", lambda now: not now.get("person_id")):
        family.gone["notes unlinked"] += 1
        family.left["notes unlinked, whose text stays"] += 1
    else:
        family.left["notes kept, that belong to other business too"] += 1
    return True


# --- activities ---


def _activities(api: Api, family: Family) -> Iterator[Row]:
    """Those whose main person it is: the API lists no others (§12, 12)."""
    asked = {"person_id": family.person, "include_fields": "attendees", "sort_by": "id"}
    for page, _ in api.pages("activities.list", "activities", **asked):
        yield from (_asked_for(activity, family.person in people(activity)) for activity in page)


def _activity(api: Api, family: Family, activity: Row) -> bool:
    path = f"activities/{need(activity, 'id')}"
    if family.owns(activity):
        _delete(api, "activities.delete", path, "v2")
        family.gone["activities deleted"] += 1
        family.went.add(("activity_id", str(activity["id"])))
    elif _leave(api, path, activity, family.person):
        family.gone["activities unlinked"] += 1
        family.left["activities unlinked, whose text stays"] += 1
    else:
        family.left["activities kept, that belong to other business too"] += 1
    return True


def _leave(api: Api, path: str, activity: Row, person: int) -> bool:
    """Takes the person out of an activity, and makes another participant the main one."""
    others = [id for item in activity.get("participants") or () if (id := need(item, "person_id")) != person]
    body: Row = {"participants": [{"person_id": id, "primary": not place} for place, id in enumerate(others)]}
    attendees = activity.get("attendees") or []
    staying = [item for item in attendees if item.get("person_id") != person]
    if len(staying) < len(attendees):
        body["attendees"] = staying
    return _change(api, "activities.update", "patch", path, body, "v2", lambda now: person not in people(now))


# --- files ---


def _files(api: Api, family: Family) -> Iterator[Row]:
    return api.rows("files.list", f"persons/{family.person}/files", limit=_FILES_PAGE)


def _file(api: Api, family: Family, file: Row) -> bool:
    """A file's links cannot be changed. It goes only with all that it hangs on."""
    hangs = any(file.get(name) and (name, str(file[name])) not in family.went for name in _OWNERS)
    if hangs or _business(file) or file.get("person_id") != family.person:
        family.left["files kept, that belong to what stays"] += 1
    else:
        _delete(api, "files.delete", f"files/{need(file, 'id')}", "v1")
        family.gone["files deleted"] += 1
    return True


# --- mails ---


def _threads(api: Api, family: Family) -> Iterator[Row]:
    """Mail threads and their messages, as far as they can be reached: only in the mailbox of the token's own user."""
    try:
        messages = list(api.rows("persons.mail", f"persons/{family.person}/mailMessages"))
    except NotAllowed:
        family.left["mailbox not readable: its mails stay"] += 1
        return
    for thread in sorted({need(need(message, "data"), "mail_thread_id") for message in messages}):
        try:
            yield {"id": thread, "messages": _messages(api, thread)}
        except (Missing, NotAllowed):
            family.left[_KEPT] += 1


def _messages(api: Api, thread: object) -> list[Row]:
    return api.all("mail.thread_messages", f"mailbox/mailThreads/{thread}/mailMessages")


def _thread(api: Api, family: Family, thread: Row) -> bool:
    """False when the thread holds a mail that it did not when it was listed. Then it stays."""
    path = f"mailbox/mailThreads/{thread['id']}"
    try:
        now, messages = api.one("mail.thread", path, version="v1"), _messages(api, thread["id"])
        if _ids(messages) - _ids(thread["messages"]):
            return False
        own = _is_own(now, messages, family.person)
        if own:
            api.write("mail.thread_delete", "delete", path, version="v1")
            family.went |= {("mail_message_id", id) for id in _ids(messages)}
    except (Missing, NotAllowed):
        own = False
    counts, what = (family.gone, "mail threads deleted") if own else (family.left, _KEPT)
    counts[what] += 1
    return True


def _is_own(thread: Row, messages: list[Row], person: int) -> bool:
    """A thread tells its senders and receivers; who was copied is told by its messages, all of them."""
    sides = [*(thread.get("parties") or {}).values(), *(one.get(side) for one in messages for side in _SIDES)]
    linked = {party.get("linked_person_id") for side in sides for party in side or ()} - {person, None}
    return not linked and not any(map(_business, (thread, *messages)))


# --- all ---


def _asked_for(child: Row, own: bool) -> Row:
    """A child, which must be the person's: a vendor that took no notice of whom we asked for would list everybody's."""
    if not own:
        raise BadAnswer("Pipedrive: a list holds children of another person")
    return child


def _ids(rows: list[Row]) -> set[str]:
    return {str(need(row, "id")) for row in rows}


def _business(child: Row) -> bool:
    return any(child.get(name) for name in _BUSINESS)


def _delete(api: Api, what: str, path: str, version: str) -> None:
    try:
        api.write(what, "delete", path, version=version)
    except Missing:
        return


def _change(api: Api, what: str, method: str, path: str, body: Row, version: str, held: Callable[[Row], bool]) -> bool:
    """True when the vendor took the change and its answer shows it. Whether it takes this one is not documented."""
    try:
        now = api.write(what, method, path, body, version=version)
    except (Invalid, Missing):
        return False
    return isinstance(now, dict) and held(now)


_LISTS: dict[str, Callable[[Api, Family], Iterator[Row]]] = {
    "notes": _notes,
    "activities": _activities,
    "emails": _threads,
    "files": _files,
}
_TAKES: dict[str, Callable[[Api, Family, Row], bool]] = {
    "notes": _note,
    "activities": _activity,
    "emails": _thread,
    "files": _file,
}
