"""Mail in v1: a person's messages, and threads, which only the user whose mailbox they are in can delete (§5)."""

from __future__ import annotations

from connectors.sandbox.pipedrive import times
from connectors.sandbox.pipedrive.account import PARTIES, Account
from connectors.sandbox.pipedrive.answers import flat_page, not_found, ok, refused
from connectors.sandbox.pipedrive.operation import MAIL, MAIL_WRITE, Call, Operation, v1
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

_FOLDERS = ("inbox", "drafts", "sent", "archive")
_SERVICE: Doc = {"statusCode": 2000, "statusText": "Success", "service": "email-api"}
_OFF = (
    *("read_flag", "synced_flag", "deleted_flag", "sent_flag", "sent_from_pipedrive_flag", "smart_bcc_flag"),
    *("has_attachments_flag", "has_inline_attachments_flag", "has_real_attachments_flag", "draft_flag"),
    "mail_link_tracking_enabled_flag",
)
PLAIN: Doc = {"subject": "", "snippet": "", "draft": "", "mail_tracking_status": None, "account_id": "sandbox"}
PLAIN |= {side: [] for side in PARTIES} | dict.fromkeys(_OFF, 0)


def _sees(call: Call, message: Doc) -> bool:
    """A private mail is seen by its owner alone, admin or not; others also by admins."""
    own = message["user_id"] == call.user
    return own or (call.admin and not message.get("private"))


def view(message: Doc, body: bool) -> Doc:
    """A message in an answer; its text only when asked for."""
    hidden = {"private", "person_id", "is_deleted"} | (set() if body else {"body"})
    url = f"https://mail.example/{message['id']}"
    return {key: value for key, value in message.items() if key not in hidden} | {"body_url": url}


def of_person(call: Call, id: int) -> list[Doc]:
    """A person's messages that the user may see, newest first."""
    found = [one for one in call.account.linked("mailMessages", "person", id) if _sees(call, one)]
    return sorted(found, key=lambda one: times.read(one["message_time"]), reverse=True)


def item(message: Doc, body: bool) -> Doc:
    """A message as an item of a flow."""
    moment = times.v1(times.read(message["message_time"]))
    return {"object": "mailMessage", "timestamp": moment, "data": view(message, body)}


def _of_person(call: Call, id: str) -> Response:
    person, body = call.record("persons", id, "Person"), call.query.get("include_body") == "1"
    return flat_page([item(one, body) for one in of_person(call, person["id"])], call.query)


def _message(call: Call, id: str) -> Response:
    one = call.account.live("mailMessages", id)
    if one is None or not _sees(call, one):
        raise not_found("Mail message")
    return ok(view(one, call.query.get("include_body") == "1"), **_SERVICE)


# --- threads ---------------------------------------------------------------------------------------------------------


def _messages(call: Call, id: str) -> list[Doc]:
    """A thread's messages in the user's own mailbox. Raises Refusal (404) when there is none."""
    found = [one for one in call.account.linked("mailMessages", "thread", id) if one["user_id"] == call.user]
    if not found:
        raise not_found("Mail thread")
    return sorted(found, key=lambda one: times.read(one["message_time"]))


def _thread(messages: list[Doc]) -> Doc:
    first, last = messages[0], messages[-1]
    sent = any(one.get("sent_flag") for one in messages)
    parties = {side: [party for one in messages for party in one.get(side) or []] for side in ("to", "from")}
    thread: Doc = {key: last.get(key) for key in ("account_id", "user_id", "subject", "snippet", *_OFF)}
    thread |= {"id": last["mail_thread_id"], "parties": parties, "drafts_parties": [], "version": 1}
    thread |= {"folders": ["sent" if sent else "inbox"], "message_count": len(messages), "has_sent_flag": int(sent)}
    thread |= {"archived_flag": 0, "shared_flag": int(not last.get("private")), "deal_id": None, "lead_id": None}
    return thread | {
        "first_message_timestamp": first["message_time"],
        "last_message_timestamp": last["message_time"],
        "add_time": first["add_time"],
        "update_time": last["update_time"],
    }


def _threads(call: Call) -> Response:
    folder = call.query.get("folder", "inbox")
    if folder not in _FOLDERS:
        raise refused(400, "folder is not valid")
    threads = [_thread(_messages(call, id)) for id in _thread_ids(call.account, call.user)]
    threads = [one for one in threads if folder in one["folders"]]
    threads.sort(key=lambda one: times.read(one["last_message_timestamp"]), reverse=True)
    return flat_page(threads, call.query)


def _thread_ids(account: Account, user: int) -> list[str]:
    mails = (one for one in account.all("mailMessages") if one["user_id"] == user and not one.get("is_deleted"))
    return list(dict.fromkeys(str(one["mail_thread_id"]) for one in mails if one.get("mail_thread_id")))


def _get_thread(call: Call, id: str) -> Response:
    return ok(_thread(_messages(call, id)), **_SERVICE)


def _thread_messages(call: Call, id: str) -> Response:
    return ok([view(one, False) for one in _messages(call, id)], **_SERVICE)


def _delete_thread(call: Call, id: str) -> Response:
    messages = _messages(call, id)
    for one in messages:
        gone = {"is_deleted": True, "deleted_flag": 1, "update_time": times.milliseconds(call.account.now())}
        call.account.put("mailMessages", one | gone)
    return ok({"id": messages[0]["mail_thread_id"]}, **_SERVICE)


OPERATIONS: list[Operation] = [
    v1("GET", "/persons/{id}/mailMessages", 20, MAIL, _of_person),
    v1("GET", "/mailbox/mailMessages/{id}", 2, MAIL, _message),
    v1("GET", "/mailbox/mailThreads", 20, MAIL, _threads),
    v1("GET", "/mailbox/mailThreads/{id}", 20, MAIL, _get_thread),
    v1("GET", "/mailbox/mailThreads/{id}/mailMessages", 20, MAIL, _thread_messages),
    v1("DELETE", "/mailbox/mailThreads/{id}", 6, MAIL_WRITE, _delete_thread),
]
