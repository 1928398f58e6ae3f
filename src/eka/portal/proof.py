"""Whether the reader proved just now who they are: a session alone does not open what is secret."""

from datetime import datetime, timedelta

from django.http import HttpRequest

from eka.rules.instants import format_instant, parse_instant
from eka.usecases import demo

PROVED = "proved_at"  # in the session, which ends when somebody else signs in
LASTS = timedelta(minutes=5)


def remember(request: HttpRequest, now: datetime) -> None:
    """The reader proved it at `now`."""
    request.session[PROVED] = format_instant(now)


def is_proved(request: HttpRequest, now: datetime) -> bool:
    """Whether that was within the last five minutes."""
    at = request.session.get(PROVED)
    return at is not None and parse_instant(at) <= now < parse_instant(at) + LASTS


def left(request: HttpRequest, now: datetime) -> timedelta:
    """How long it still holds for a reader who proved it."""
    return parse_instant(request.session[PROVED]) + LASTS - now


def by_click(request: HttpRequest) -> bool:
    """Whether a click is proof enough: the demo's cast has signed in without passwords."""
    username = getattr(request.user, "username", "")
    return demo.is_demo() and username in {member.username for member in demo.cast()}
