"""The REST, Bulk, Tooling and SOAP resources: each module has a list ROUTES of method, path below the version, handler.

A handler takes the session, the request and the captured parts of the path, and may raise Fail.
"""

from __future__ import annotations
