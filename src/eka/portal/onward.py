"""Where a form sends its reader afterwards: only ever to a page of this site."""

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


class SeeOther(HttpResponseRedirect):
    """303: what was posted is done; look at that page. Going back posts nothing again."""

    status_code = 303


def see(page: str, *arguments: object) -> SeeOther:
    """On to one of our pages by its name."""
    return SeeOther(reverse(f"portal:{page}", args=arguments))


def back_to(request: HttpRequest) -> str:
    """The address in the form's `next` if it is one of ours, else the list of plans."""
    asked = request.POST.get("next", "")
    hosts = {request.get_host()}
    if url_has_allowed_host_and_scheme(asked, hosts, require_https=request.is_secure()):
        return asked
    return reverse("portal:plans")
