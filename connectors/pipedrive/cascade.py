"""The children that `Erase` takes along (pipedrive.md §5): a person's own ones go, what also belongs to others stays.

First all are listed, which writes nothing, and then they are taken. Must not delete what is also linked to another person,
a deal, an organisation, a lead, a project or a product: the link is taken away where the API can, and what is left is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from connectors.pipedrive.client import Api, Invalid, Missing, Row, need
from connectors.pipedrive.sources import people
from core.errors import BadAnswer, NotAllowed

_BUSINESS = ("deal_id", "org_id", "lead_id", "project_id", "task_id", "product_id")
_SIDES = ("from", "to", "cc", "bcc")
_FILES_PAGE = 100


@dataclass(slots=True)
class Family:
    """A person's children by kind, as listed; what became of them, and what is left. Counts only."""

    person: int
    children: dict[str, list[Row]] = field(default_factory=dict)
    gone: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)

    @property
    def activities(self) -> list[Row]:
        """The activities that were listed."""
        return self.children.get("activities", [])

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


def take(api: Api, row: Row, family: Family) -> None:
    """Takes the listed children along, and the picture with the files."""
    for name, children in family.children.items():
        for child in children:
            _TAKES[name](api, family, child)
    if "files" in family.children and row.get("picture_id"):
        delete_picture(api, row)
        family.gone["pictures deleted"] += 1


def delete_picture(api: Api, row: Row) -> None:
    """Deletes a person's picture."""
    _delete(api, "persons.picture_delete", f"persons/{row['id']}/picture", "v1")


# --- notes ---


def _notes(api: Api, family: Family) -> Iterator[Row]:
    for note in api.rows("notes.list", "notes", only={"person_id": family.person}):
        yield _asked_for(note, note.get("person_id") == family.person)


def _note(api: Api, family: Family, note: Row) -> None:
    path = f"notes/{need(note, 'id')}"
    if not _business(note):
        for comment in list(api.rows("notes.comments", f"{path}/comments")):
            _delete(api, "notes.comment_delete", f"{path}/comments/{need(comment, 'uuid')}", "v1")
        _delete(api, "notes.delete", path, "v1")
        family.gone["notes deleted"] += 1
    elif _change(api, "notes.update", "put", path, {"person_id": None}, "v1", lambda now: not now.get("person_id")):
        family.gone["notes unlinked"] += 1
        family.left["notes unlinked, whose text stays"] += 1
    else:
        family.left["notes kept, that belong to other business too"] += 1


# --- activities ---


def _activities(api: Api, family: Family) -> Iterator[Row]:
    """Those whose main person it is: the API lists no others (§12, 12)."""
    asked = {"person_id": family.person, "include_fields": "attendees", "sort_by": "id"}
    for page, _ in api.pages("activities.list", "activities", **asked):
        yield from (_asked_for(activity, family.person in people(activity)) for activity in page)


def _activity(api: Api, family: Family, activity: Row) -> None:
    path = f"activities/{need(activity, 'id')}"
    if family.owns(activity):
        _delete(api, "activities.delete", path, "v2")
        family.gone["activities deleted"] += 1
    elif _leave(api, path, activity, family.person):
        family.gone["activities unlinked"] += 1
        family.left["activities unlinked, whose text stays"] += 1
    else:
        family.left["activities kept, that belong to other business too"] += 1


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


def _file(api: Api, family: Family, file: Row) -> None:
    """A file's links cannot be changed."""
    own = {need(activity, "id") for activity in family.activities if family.owns(activity)}
    others = file.get("activity_id") and file["activity_id"] not in own
    if _business(file) or others or file.get("person_id") != family.person:
        family.left["files kept, that belong to other business too"] += 1
    else:
        _delete(api, "files.delete", f"files/{need(file, 'id')}", "v1")
        family.gone["files deleted"] += 1


# --- mails ---


def _threads(api: Api, family: Family) -> Iterator[Row]:
    """Mail threads, as far as they can be reached: only those in the mailbox of the token's own user."""
    try:
        messages = list(api.rows("persons.mail", f"persons/{family.person}/mailMessages"))
    except NotAllowed:
        family.left["mailbox not readable: its mails stay"] += 1
        return
    for thread in sorted({need(need(message, "data"), "mail_thread_id") for message in messages}):
        yield {"id": thread}


def _thread(api: Api, family: Family, thread: Row) -> None:
    if _delete_thread(api, f"mailbox/mailThreads/{thread['id']}", family.person):
        family.gone["mail threads deleted"] += 1
    else:
        family.left["mail threads kept, of other mailboxes or other business too"] += 1


def _delete_thread(api: Api, path: str, person: int) -> bool:
    """A thread tells its senders and receivers; who was copied is told by its messages, all of them."""
    try:
        thread = api.one("mail.thread", path, version="v1")
        messages = api.all("mail.thread_messages", f"{path}/mailMessages")
        sides = [*(thread.get("parties") or {}).values(), *(one.get(side) for one in messages for side in _SIDES)]
        linked = {party.get("linked_person_id") for side in sides for party in side or ()} - {person, None}
        if linked or any(map(_business, (thread, *messages))):
            return False
        api.write("mail.thread_delete", "delete", path, version="v1")
    except (Missing, NotAllowed):
        return False
    return True


# --- all ---


def _asked_for(child: Row, own: bool) -> Row:
    """A child, which must be the person's: a vendor that took no notice of whom we asked for would list everybody's."""
    if not own:
        raise BadAnswer("Pipedrive: a list holds children of another person")
    return child


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
_TAKES: dict[str, Callable[[Api, Family, Row], None]] = {
    "notes": _note,
    "activities": _activity,
    "emails": _thread,
    "files": _file,
}
