"""OAuth: tokens by client credentials or JWT, and who a token stands for (reference §1.1)."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from connectors.sandbox.salesforce.founding import organization_id, user_of
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.tokens import OTHER, Grant, grant
from connectors.sandbox.wire import Request, Response

_CLIENT = "sandbox"
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_CLAIMS = ("iss", "sub", "aud", "exp")


def token(request: Request) -> Response:
    """Exchanges a client secret, or an assertion issued by a token, for that token."""
    form = request.form()
    if form.get("grant_type") == "client_credentials":
        client, secret = _basic(request, form)
        if client != _CLIENT or grant(secret) is None:
            return _error("invalid_client", "invalid client credentials")
        return _granted(request, secret)
    if form.get("grant_type") == _JWT:
        issuer = _issuer(form.get("assertion", ""))
        if issuer is None or grant(issuer) is None:
            return _error("invalid_grant", "invalid assertion")
        return _granted(request, issuer)
    return _error("unsupported_grant_type", "grant type not supported")


def _basic(request: Request, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return client, secret


def _issuer(assertion: str) -> str | None:
    """The issuer of a well-formed JWT; its signature is not looked at."""
    parts = assertion.split(".")
    try:
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
        whole = len(parts) == 3 and parts[2] and header["alg"] == "RS256" and all(claims[name] for name in _CLAIMS)
        float(claims["exp"])
    except (ValueError, KeyError, TypeError):
        return None
    return str(claims["iss"]) if whole else None


def _error(code: str, description: str) -> Response:
    return Response(400, {"error": code, "error_description": description})


def _granted(request: Request, secret: str) -> Response:
    found = grant(secret)
    if found is None or found.expired:
        return _error("invalid_grant", "expired access/refresh token")
    return Response(
        200,
        {
            "access_token": secret,
            "instance_url": _origin(request),
            "id": f"{_origin(request)}{_identity(found)}",
            "token_type": "Bearer",
            "scope": "api",
            "issued_at": "1700000000000",
            "signature": "c2FuZGJveA==",
        },
    )


def _origin(request: Request) -> str:
    return f"http://{request.headers.get('host', '127.0.0.1')}"


def _identity(who: Grant) -> str:
    return f"/id/{organization_id(number_of(who))}/{user_of(who)}"


def number_of(who: Grant) -> int:
    """Which org a token belongs to: 0 is the main one, 1 the other."""
    return 1 if who.account == OTHER else 0


def identity_url(session: Session, request: Request) -> str:
    """Where the caller's identity is told."""
    return f"{_origin(request)}{_identity(session.grant)}"


def user_info(session: Session, request: Request) -> Response:
    """Who the caller is."""
    user = session.rows.get(session.org.object("User"), session.user) or {}
    origin = _origin(request)
    info: dict[str, Any] = {
        "sub": identity_url(session, request),
        "user_id": session.user,
        "organization_id": organization_id(number_of(session.grant)),
        "preferred_username": user.get("Username"),
        "nickname": user.get("Alias"),
        "name": user.get("Name"),
        "email": user.get("Email"),
        "email_verified": True,
        "given_name": user.get("FirstName"),
        "family_name": user.get("LastName"),
        "zoneinfo": user.get("TimeZoneSidKey"),
        "user_type": "STANDARD",
        "active": bool(user.get("IsActive")),
        "language": "en_US",
        "locale": "fr_FR",
        "urls": {
            "rest": f"{origin}/services/data/v{{version}}/",
            "sobjects": f"{origin}/services/data/v{{version}}/sobjects/",
            "query": f"{origin}/services/data/v{{version}}/query/",
            "partner": f"{origin}/services/Soap/u/{{version}}/",
        },
    }
    return Response(200, info)
