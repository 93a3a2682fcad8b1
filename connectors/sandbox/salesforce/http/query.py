"""SOQL over REST: query, queryAll and the pages that follow (reference §2.1)."""

from __future__ import annotations

import re

from connectors.sandbox.salesforce.cursors import engine, first_page, next_page
from connectors.sandbox.salesforce.http.body import Routes
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.salesforce.soql.lexer import malformed
from connectors.sandbox.wire import Request, Response

_SMALLEST, _LARGEST = 200, 2000


def _query(session: Session, request: Request) -> Response:
    return _answer(session, request, deleted=False)


def _query_all(session: Session, request: Request) -> Response:
    return _answer(session, request, deleted=True)


def _answer(session: Session, request: Request, deleted: bool) -> Response:
    text = request.one("q")
    if not text:
        raise malformed("A query string has to be specified")
    answer = engine(session, deleted).run(text)
    return Response(200, first_page(session, answer, _batch(session, request)))


def _batch(session: Session, request: Request) -> int:
    wanted = re.search(r"batchSize\s*=\s*(\d+)", request.headers.get("sforce-query-options", ""))
    return max(_SMALLEST, min(int(wanted[1]), _LARGEST)) if wanted else session.org.settings.query_batch


def _more(session: Session, request: Request, locator: str) -> Response:
    return Response(200, next_page(session, locator))


ROUTES: Routes = [
    ("GET", "/query", _query),
    ("GET", "/queryAll", _query_all),
    ("GET", "/query/{locator}", _more),
    ("GET", "/queryAll/{locator}", _more),
]
