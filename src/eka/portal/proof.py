"""Whether the reader proved just now who they are: a session alone does not open what is secret.

An account proves it with its password, a guest with the e-mail address of their order (`of`), for
that order alone.
"""

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from eka.portal.speech import words
from eka.rules.instants import format_instant, parse_instant
from eka.usecases import demo
from eka.usecases.shop import the_shop
from eka.usecases.showing import NotProved

PROVED = "proved_at"  # in the session, which ends when somebody else signs in
LASTS = timedelta(minutes=5)


def _key(of: str) -> str:
    return f"{PROVED}:{of}" if of else PROVED


def remember(request: HttpRequest, now: datetime, of: str = "") -> None:
    """The reader proved it at `now`."""
    request.session[_key(of)] = format_instant(now)


def is_proved(request: HttpRequest, now: datetime, of: str = "") -> bool:
    """Whether that was within the last five minutes."""
    at = request.session.get(_key(of))
    return at is not None and parse_instant(at) <= now < parse_instant(at) + LASTS


def left(request: HttpRequest, now: datetime, of: str = "") -> timedelta:
    """How long it still holds for a reader who proved it."""
    return parse_instant(request.session[_key(of)]) + LASTS - now


def by_click(request: HttpRequest) -> bool:
    """Whether a click is proof enough: the demo's cast has signed in without passwords."""
    username = getattr(request.user, "username", "")
    return demo.is_demo() and username in {member.username for member in demo.cast()}


def wrong_password(refused: NotProved) -> str:
    """That it was not the password, and how often or when one may try again."""
    if refused.locked_until is not None:
        sentence = _("The password was wrong too often. Try again after %(until)s (%(zone)s).")
        return sentence % _until(refused.locked_until)
    left = refused.tries_left
    return ngettext(
        "This is not your password, and nothing is shown. %(left)d more try.",
        "This is not your password, and nothing is shown. %(left)d more tries.",
        left,
    ) % {"left": left}


def wrong_email(refused: NotProved) -> str:
    """That it was not the address of the order, and how often or when one may try again."""
    if refused.locked_until is not None:
        sentence = _("The address was wrong too often. Try again after %(until)s (%(zone)s).")
        return sentence % _until(refused.locked_until)
    left = refused.tries_left
    return ngettext(
        "This order was made with another address, and nothing is shown. %(left)d more try.",
        "This order was made with another address, and nothing is shown. %(left)d more tries.",
        left,
    ) % {"left": left}


def _until(at: datetime) -> dict[str, str]:
    zone = the_shop().timezone
    return {"until": words().instant(at, zone), "zone": zone}
