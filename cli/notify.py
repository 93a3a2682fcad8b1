"""Telling people: what failed, what waits for approval, what jumped. Counts, refs, rules and commands; no personal data."""

from __future__ import annotations

import apprise
import structlog

from core.settings import NotifySettings

log = structlog.get_logger(__name__)


def notify(settings: NotifySettings, event: str, title: str, body: str) -> bool:
    """Sends a message about an event that the settings name; answers whether it went out.

    A messenger that cannot be reached is logged and stops nothing. Its URL holds secrets, so it is never shown.
    """
    if event not in settings.on or not settings.urls:
        return False
    try:
        sent = _sent([url.get_secret_value() for url in settings.urls], title, body)
    except Exception as error:
        log.error("notify.failed", kind=type(error).__name__)
        return False
    if not sent:
        log.error("notify.failed", kind="refused")
    return sent


def _sent(urls: list[str], title: str, body: str) -> bool:
    messenger = apprise.Apprise()
    known = [messenger.add(url) for url in urls]
    if not all(known):
        log.error("notify.bad_url", places=[place for place, added in enumerate(known, 1) if not added])
    return bool(messenger.notify(title=title, body=body))
