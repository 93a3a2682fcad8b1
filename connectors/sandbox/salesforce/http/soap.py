"""SOAP, partner envelope: undelete, emptyRecycleBin and delete, which REST lacks or refuses (reference §5)."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from connectors.sandbox.salesforce.dml.remove import delete, empty, undelete
from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.session import Session, record_id
from connectors.sandbox.wire import Request, Response

_MOST_IDS = 200
_XML = {"Content-Type": "text/xml;charset=UTF-8"}
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:fault.partner.soap.sforce.com" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>{0}</soapenv:Body></soapenv:Envelope>'
)


def session_id(request: Request) -> str | None:
    """The token in the envelope's SessionHeader; None when there is none."""
    root = _root(request)
    found = None if root is None else root.find(".//{*}SessionHeader/{*}sessionId")
    return None if found is None or not found.text else found.text.strip()


def fault(code: str, message: str) -> Response:
    """A refusal of the whole call."""
    body = (
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {escape(message)}</faultstring><detail>"
        f"<sf:UnexpectedErrorFault><sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{escape(message)}"
        "</sf:exceptionMessage></sf:UnexpectedErrorFault></detail></soapenv:Fault>"
    )
    return Response(500, _ENVELOPE.format(body), dict(_XML))


def call(session: Session, request: Request) -> Response:
    """Serves one call: each id has a result of its own."""
    root = _root(request)
    body = None if root is None else root.find("{*}Body")
    operation = None if body is None else next(iter(body), None)
    name = "" if operation is None else operation.tag.rpartition("}")[2]
    act = _calls(session).get(name)
    if operation is None or act is None:
        return fault("INVALID_OPERATION", f"the sandbox does not serve {name or 'this call'}")
    given = [(each.text or "").strip() for each in operation if each.tag.rpartition("}")[2].lower() == "ids"]
    if len(given) > _MOST_IDS:
        return fault("EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 200 records into this call")
    results = "".join(_result(text, act) for text in given)
    return Response(200, _ENVELOPE.format(f"<{name}Response>{results}</{name}Response>"), dict(_XML))


def _root(request: Request) -> ElementTree.Element | None:
    try:
        return ElementTree.fromstring(request.body)
    except ElementTree.ParseError:
        return None


def _calls(session: Session) -> dict[str, Callable[[str], None]]:
    def remove(id: str) -> None:
        found = session.rows.locate(id)
        if found is None:
            raise Fail("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        delete(session, found[0], id)

    return {
        "undelete": lambda id: undelete(session, id),
        "emptyRecycleBin": lambda id: empty(session, id),
        "delete": remove,
    }


def _result(text: str, act: Callable[[str], None]) -> str:
    try:
        id = record_id(text)
        act(id)
    except Fail as fail:
        code = "INVALID_CROSS_REFERENCE_KEY" if fail.code == "NOT_FOUND" else fail.code
        error = f"<errors><message>{escape(fail.message)}</message><statusCode>{code}</statusCode></errors>"
        return f'<result>{error}<id xsi:nil="true"/><success>false</success></result>'
    return f"<result><id>{id}</id><success>true</success></result>"
