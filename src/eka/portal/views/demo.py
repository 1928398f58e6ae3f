"""The demo's strip: move its clock, be one of its cast."""

from django.contrib.auth import get_user_model, login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from eka.ledger import people
from eka.portal.onward import back_to
from eka.usecases import demo

STEPS = ("day", "week", "period_end", "month_end")
BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_POST
def move_clock(request: HttpRequest) -> HttpResponse:
    """Lets time pass, then shows the same page again."""
    step = request.POST.get("step", "")
    if not demo.is_demo() or step not in STEPS:
        raise Http404
    demo.move_clock(step, request.user.pk)
    return redirect(back_to(request))


@require_POST
def sign_in_as(request: HttpRequest) -> HttpResponse:
    """Signs in as a member of the cast, without a password: there is no demo in a real shop."""
    username = request.POST.get("username", "")
    if not demo.is_demo() or username not in {member.username for member in demo.cast()}:
        raise Http404
    user = get_user_model().objects.get_by_natural_key(username)
    login(request, user, backend=BACKEND)
    lines = people.lines_of(user)
    return redirect("portal:line", lines[0].id) if len(lines) == 1 else redirect("portal:lines")
