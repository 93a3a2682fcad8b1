"""Logs: one JSON object a line when nobody is watching, plain text on a terminal; never a person, never a secret (SEC-04)."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_EMAIL = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+\.[^\s@\"'<>]+")
_PHONE = re.compile(r"(?<![\w.:-])\+?\d(?:[ .()-]?\d){8,14}(?![\w.:-])")
_SECRET = re.compile(r"(?i)(bearer|token|secret|password|key)([=: ]+)\S+")


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The last word before a line is written: anything that looks like an identifier or a secret is taken out."""
    return {name: scrub(value) if isinstance(value, str) else value for name, value in event.items()}


def scrub(text: str) -> str:
    """A text without what looks like an e-mail, a phone number or a secret."""
    text = _SECRET.sub(r"\1\2[secret]", text)
    return _PHONE.sub("[phone]", _EMAIL.sub("[email]", text))


def configure(*, verbose: bool = False) -> None:
    """Sets up the logs of this process, on standard error."""
    shown = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if verbose else logging.WARNING),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    # The vendors' packages log URLs and bodies on the root logger.
    logging.getLogger().addHandler(logging.NullHandler())
