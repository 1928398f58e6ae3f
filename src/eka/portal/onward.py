"""Where a form sends its reader afterwards: only ever to a page of this site."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def back_to(request: HttpRequest) -> str:
    """The address in the form's `next` if it is one of ours, else the list of plans."""
    asked = request.POST.get("next", "")
    hosts = {request.get_host()}
    if url_has_allowed_host_and_scheme(asked, hosts, require_https=request.is_secure()):
        return asked
    return reverse("portal:plans")
