"""What the org says of itself: the list of resources, and its limits (reference §7)."""

from __future__ import annotations

from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.http.body import Routes
from connectors.sandbox.salesforce.http.oauth import identity_url
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.wire import Request, Response

_RESOURCES = ("composite", "jobs", "limits", "query", "queryAll", "sobjects", "tooling")
_OTHER_LIMITS = {
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DataStorageMB": 1024,
    "FileStorageMB": 1024,
    "ConcurrentSyncReportRuns": 20,
    "SingleEmail": 5000,
    "MassEmail": 5000,
}


def _resources(session: Session, request: Request) -> Response:
    """The resources, and the URL that says who the caller is."""
    listed = {name: f"{session.base}/{name}" for name in _RESOURCES}
    return Response(200, {**listed, "identity": identity_url(session, request)})


def _limits(session: Session, request: Request) -> Response:
    if not session.may("ViewSetup"):
        raise Fail("INSUFFICIENT_ACCESS", "View Setup and Configuration is needed")
    most = session.org.settings.daily_api_requests
    daily = {"Max": most, "Remaining": max(0, most - session.org.used)}
    return Response(
        200,
        {"DailyApiRequests": daily} | {name: {"Max": most, "Remaining": most} for name, most in _OTHER_LIMITS.items()},
    )


ROUTES: Routes = [("GET", "", _resources), ("GET", "/limits", _limits)]
