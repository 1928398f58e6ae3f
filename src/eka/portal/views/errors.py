"""When something is wrong: what happened, whether anything changed, what to do, and a reference."""

import logging
import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

logger = logging.getLogger(__name__)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: also for what exists and is somebody else's."""
    return _explain(request, 404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _explain(request, 403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _explain(request, 400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token, most often one that lay open for too long."""
    return _explain(request, 403, page="csrf")


def server_error(request: HttpRequest) -> HttpResponse:
    """500: the page asks nothing of the database, which may be what failed."""
    return _explain(request, 500)


def _explain(request: HttpRequest, status: int, page: str = "") -> HttpResponse:
    reference = secrets.token_hex(4).upper()
    logger.warning("reference %s: %d at %s %s", reference, status, request.method, request.path)
    return render(
        request, f"portal/errors/{page or status}.html", {"reference": reference}, status=status
    )
