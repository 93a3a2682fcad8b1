"""The children that `Erase` takes along (pipedrive.md §5): a person's own ones go, what also belongs to others stays.

Must not delete what is also linked to another person, a deal, an organisation, a lead, a project or a product: the link
is taken away where the API can, and what is left is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from connectors.pipedrive.client import Api, Invalid, Missing, Row, need
from connectors.pipedrive.sources import people
from core.errors import NotAllowed

_BUSINESS = ("deal_id", "org_id", "lead_id", "project_id", "task_id", "product_id")
_FILES_PAGE = 100

Left = Counter[str]


def erase(api: Api, row: Row, names: tuple[str, ...]) -> tuple[str, ...]:
    """Takes along the children of these names. Answers what is left of them, a phrase each, counts only."""
    left: Left = Counter()
    for name in names:
        _CHILDREN[name](api, row, left)
    if names:
        left["leads kept, whose title may hold the name"] += _leads(api, row["id"])
    return tuple(f"{count} {what}" for what, count in left.items() if count)


def _notes(api: Api, row: Row, left: Left) -> None:
    for note in list(api.rows("notes.list", "notes", only={"person_id": row["id"]})):
        path = f"notes/{need(note, 'id')}"
        if not _business(note):
            for comment in list(api.rows("notes.comments", f"{path}/comments")):
                _delete(api, "notes.comment_delete", f"{path}/comments/{need(comment, 'uuid')}", "v1")
            _delete(api, "notes.delete", path, "v1")
        elif _change(api, "notes.update", "put", path, {"person_id": None}, "v1", lambda now: not now.get("person_id")):
            left["notes unlinked, whose text stays"] += 1
        else:
            left["notes kept, that belong to other business too"] += 1


def _activities(api: Api, row: Row, left: Left) -> None:
    """Those whose main person it is: the API lists no others (§12, 12)."""
    pages = api.pages("activities.list", "activities", person_id=row["id"], include_fields="attendees", sort_by="id")
    for activity in [activity for page, _ in pages for activity in page]:
        path = f"activities/{need(activity, 'id')}"
        if not _business(activity) and people(activity) == {row["id"]}:
            _delete(api, "activities.delete", path, "v2")
        elif _leave(api, path, activity, row["id"]):
            left["activities unlinked, whose text stays"] += 1
        else:
            left["activities kept, that belong to other business too"] += 1


def _leave(api: Api, path: str, activity: Row, person: int) -> bool:
    """Takes the person out of an activity, and makes another participant the main one."""
    others = [id for item in activity.get("participants") or () if (id := need(item, "person_id")) != person]
    body: Row = {"participants": [{"person_id": id, "primary": not place} for place, id in enumerate(others)]}
    attendees = activity.get("attendees") or []
    staying = [item for item in attendees if item.get("person_id") != person]
    if len(staying) < len(attendees):
        body["attendees"] = staying
    return _change(api, "activities.update", "patch", path, body, "v2", lambda now: person not in people(now))


def _files(api: Api, row: Row, left: Left) -> None:
    """Files, and the picture. A file's links cannot be changed."""
    for file in list(api.rows("files.list", f"persons/{row['id']}/files", limit=_FILES_PAGE)):
        if _business(file):
            left["files kept, that belong to other business too"] += 1
        else:
            _delete(api, "files.delete", f"files/{need(file, 'id')}", "v1")
    if row.get("picture_id"):
        delete_picture(api, row)


def delete_picture(api: Api, row: Row) -> None:
    """Takes away the person's picture."""
    _delete(api, "persons.picture_delete", f"persons/{row['id']}/picture", "v1")


def _emails(api: Api, row: Row, left: Left) -> None:
    """Mail threads, as far as they can be reached: only those in the mailbox of the token's own user."""
    try:
        messages = list(api.rows("persons.mail", f"persons/{row['id']}/mailMessages"))
    except NotAllowed:
        left["mailbox not readable: its mails stay"] += 1
        return
    for thread in sorted({need(need(message, "data"), "mail_thread_id") for message in messages}):
        if not _delete_thread(api, f"mailbox/mailThreads/{thread}", row["id"]):
            left["mail threads kept, of other mailboxes or other business too"] += 1


def _delete_thread(api: Api, path: str, person: int) -> bool:
    try:
        thread = api.one("mail.thread", path, version="v1")
        sides = (thread.get("parties") or {}).values()
        linked = {party.get("linked_person_id") for side in sides for party in side or ()} - {person, None}
        if linked or _business(thread):
            return False
        api.write("mail.thread_delete", "delete", path, version="v1")
    except (Missing, NotAllowed):
        return False
    return True


def _leads(api: Api, person: int) -> int:
    paths = (("leads.list", "leads"), ("leads.archived", "leads/archived"))
    return sum(1 for what, path in paths for _ in api.rows(what, path, only={"person_id": person}))


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


_CHILDREN: dict[str, Callable[[Api, Row, Left], None]] = {
    "notes": _notes,
    "activities": _activities,
    "emails": _emails,
    "files": _files,
}
