"""Telling people: what failed, what waits for approval, what jumped. Counts, refs, rules and commands; no personal data."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from cli import exits
from cli.logs import scrub
from core.settings import NotifySettings

log = structlog.get_logger(__name__)
_NEXT = {
    exits.CREDENTIALS: "repoussoir check",
    exits.STORE: "repoussoir ledger verify",
    exits.USAGE: "repoussoir check",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One message: the event it is about, as in `[notify] on`, and its text."""

    event: str
    title: str
    body: str


def notices(job: str, run: str, code: int, summary: Mapping[str, Any]) -> Iterator[Notice]:
    """What is to be told of a job that ended so; `summary` is that of `cli.duties`. Busy is no event."""
    waiting = summary.get("waiting")
    if waiting:
        yield from _waiting(job, waiting)
    if code not in (exits.OK, exits.APPROVAL, exits.BUSY) or (waiting and not summary["clean"]):
        command = _NEXT.get(code, f"repoussoir schedule --once {shlex.quote(job)}")
        word = "incomplete" if code in (exits.INCOMPLETE, exits.APPROVAL) else "failed"
        body = f"{scrub(sentence(summary))}. Next: {command} (run {run} in the logs)"
        yield Notice("failure", f"Repoussoir: job {job} {word}", body)
    if code == exits.OK:
        yield Notice("success", f"Repoussoir: job {job} done", f"{scrub(sentence(summary))} (run {run} in the logs)")


def _waiting(job: str, waiting: Mapping[str, Any]) -> Iterator[Notice]:
    """The brakes on destruction ask for approval; a jump of objections is an alarm of its own."""
    for event, stops in (("approval", "destruction"), ("alarm", "suppression")):
        reasons = [f"{trip['brake']}: {trip['because']}" for trip in waiting["brakes"] if trip["stops"] == stops]
        if reasons:
            title = f"Repoussoir: job {job}: {waiting['items']} actions wait, {stops} was stopped"
            body = f"{'; '.join(reasons)}. Look: repoussoir plan. If it is right: {waiting['next']}"
            yield Notice(event, title, body)


def sentence(summary: Mapping[str, Any]) -> str:
    """The summary of a job in a line: counts, gaps and reasons."""
    parts = [f"{line['count']} {line['action']} {line['receipt']}" for line in summary.get("receipts", ())]
    for name, text in _COUNTED.items():
        if summary.get(name):
            parts.append(text.format(summary[name]))
    parts += [f"not read whole: {gap}" for gap in summary.get("gaps", ())]
    parts += [f"stopped: {why}" for why in summary.get("stopped", {}).values()]
    if waiting := summary.get("waiting"):
        parts.append(f"{waiting['items']} wait for approval")
    return "; ".join([*parts, *summary.get("why", ())]) or "nothing had to be done"


_COUNTED = {
    "planned": "{} actions planned",
    "list_entries": "{} new entries of the suppression list",
    "lapsed": "{} objections were taken back since the plan",
    "recovered": "{} interrupted writes resolved",
    "left": "{} left for the next run",
    "accounts": "{} CRMs ready",
    "ledger_entries": "{} entries of the ledger are whole",
}


def notify(settings: NotifySettings, notice: Notice) -> bool:
    """Sends a message about an event that the settings name; answers whether it went out.

    A messenger that cannot be reached is logged and stops nothing. Its URL holds secrets, so it is never shown.
    """
    if notice.event not in settings.on or not settings.urls:
        return False
    try:
        sent = _sent([url.get_secret_value() for url in settings.urls], notice)
    except Exception as error:
        log.error("notify.failed", kind=type(error).__name__)
        return False
    if not sent:
        log.error("notify.failed", kind="refused")
    return sent


def _sent(urls: list[str], notice: Notice) -> bool:
    # Only here: its many messengers would be loaded by every command.
    import apprise

    messenger = apprise.Apprise()
    known = [messenger.add(url) for url in urls]
    if not all(known):
        log.error("notify.bad_url", places=[place for place, added in enumerate(known, 1) if not added])
    return bool(messenger.notify(title=notice.title, body=notice.body))
