"""A profile's codes are shown to the line's owner, and each showing is kept.

The activation code is a bearer secret: who has it first has the line. So the one who asks proves
once more who they are: whoever holds a stolen session does not hold the password. A guest has none
and names the e-mail address of the order. What is wrong is counted in a transaction of its own;
five within an hour are enough, and staff see it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.crypto import constant_time_compare
from msgspec import Struct

from eka.ledger import models
from eka.ledger.seals import unseal
from eka.rules.activation_codes import ActivationCode, read_activation_code
from eka.rules.instants import format_instant, parse_instant

WRONG_MAX = 5
WRONG_WITHIN = timedelta(hours=1)


class NotForYou(Exception):
    """The profile is not that of a line of theirs, or is theirs no more."""


class NothingToShow(Exception):
    """The profile has no code yet."""


class NotProved(Exception):
    """It is wrong; or was so too often, and nothing is looked at until `locked_until`."""

    def __init__(self, tries_left: int, locked_until: datetime | None) -> None:
        super().__init__("locked" if locked_until else "wrong")
        self.tries_left, self.locked_until = tries_left, locked_until


class Codes(Struct, frozen=True):
    """What a phone needs; `confirmation` is "" where none is asked for. Both are secrets."""

    activation: ActivationCode
    confirmation: str = ""

    def __repr__(self) -> str:
        """Without the secrets, so that no log has them by accident."""
        return "Codes(...)"


@transaction.atomic
def codes(profile: models.Profile, user: int, how: str, now: datetime) -> Codes:
    """The codes of a line's profile, for the account that owns the line; `how` they are shown.

    Raises NotForYou, NothingToShow, BrokenSeal.
    """
    profile = _held(profile)
    line = profile.line
    own = line is not None and line.subscriber is not None and line.subscriber.user_id == user
    return _open(profile, now, own=own, user=user, how=how)


@transaction.atomic
def codes_of_order(profile: models.Profile, number: str, now: datetime) -> Codes:
    """The codes of a profile that a guest's order brought, for who proved the order's address.

    Raises NotForYou also where an account has the line; NothingToShow, BrokenSeal.
    """
    profile = _held(profile)
    bought = models.OrderItem.objects.filter(
        order__number=number,
        order__subscriber__user=None,
        kind="new_line",
        line=profile.line_id,
        line__subscriber=F("order__subscriber"),
    )
    own = profile.line_id is not None and bought.exists()
    return _open(profile, now, own=own, user=None, how="guest")


def _held(profile: models.Profile) -> models.Profile:
    """The profile as it is now, until it is shown: it may be another buyer's since it was read."""
    rows = models.Profile.objects.select_for_update(of=("self",))
    return rows.select_related("line__subscriber").get(pk=profile.pk)


def _open(
    profile: models.Profile, now: datetime, *, own: bool, user: int | None, how: str
) -> Codes:
    if not own or not profile.current:
        raise NotForYou(profile.pk)
    return _show(profile, user, how, now)


@transaction.atomic
def show_to_staff(profile: models.Profile, now: datetime) -> Codes:
    """The codes, for who runs the shop's own shell. Raises NothingToShow, BrokenSeal."""
    return _show(profile, None, "shell", now)


def _show(profile: models.Profile, user: int | None, how: str, now: datetime) -> Codes:
    if not profile.code:
        raise NothingToShow(profile.pk)
    shown = Codes(
        read_activation_code(unseal(profile.code)),
        unseal(profile.confirmation) if profile.confirmation else "",
    )
    models.ProfileShowing.objects.create(profile=profile, user_id=user, at=now, how=how)
    return shown


def prove(user: int, password: str, now: datetime) -> None:
    """Lets only the account's password pass. Raises NotProved, after the try was counted.

    It may not run within another transaction: that one's end could undo the count.
    """
    if (refused := _try_password(user, password, now)) is not None:
        raise refused


def prove_order(number: str, email: str, now: datetime) -> None:
    """Lets only the address of a guest's order pass, in capitals or not; else as `prove`."""
    if (refused := _try_email(number, email, now)) is not None:
        raise refused


@transaction.atomic(durable=True)
def _try_password(user: int, password: str, now: datetime) -> NotProved | None:
    # One try of a person at a time: else tries that come together would count as one.
    account = models.User.objects.select_for_update(no_key=True).get(pk=user)

    def is_right() -> bool:
        return account.is_active and account.check_password(password)

    return _counted("wrong_passwords", {"user": user}, is_right, now)


@transaction.atomic(durable=True)
def _try_email(number: str, email: str, now: datetime) -> NotProved | None:
    orders = models.Order.objects.select_for_update(no_key=True, of=("self",))
    order = orders.select_related("subscriber").get(number=number)
    own = _plain(order.email or order.subscriber.email)

    def is_right() -> bool:
        return own != "" and constant_time_compare(_plain(email), own)

    return _counted("wrong_emails", {"order": number}, is_right, now)


def _plain(email: str) -> str:
    return email.strip().casefold()


def _counted(
    kind: str, of: dict[str, Any], is_right: Callable[[], bool], now: datetime
) -> NotProved | None:
    """Looks at one try, unless there were too many; the case of this `kind` remembers them."""
    key = ":".join([kind, *map(str, of.values())])
    tries = _recent_tries(key, now)
    if len(tries) >= WRONG_MAX:
        return NotProved(0, tries[-WRONG_MAX] + WRONG_WITHIN)
    if is_right():
        return None
    tries = [*tries, now]
    is_last = len(tries) >= WRONG_MAX
    facts = {**of, "tries": [format_instant(at) for at in tries]}
    kept = {"facts": facts, "opened_at": now, "closed_at": None if is_last else now}
    models.Case.objects.update_or_create(
        key=key, defaults=kept, create_defaults={"kind": kind, **kept}
    )
    return NotProved(WRONG_MAX - len(tries), tries[0] + WRONG_WITHIN if is_last else None)


def _recent_tries(key: str, now: datetime) -> list[datetime]:
    case = models.Case.objects.filter(key=key).first()
    tries = [parse_instant(text) for text in case.facts["tries"]] if case else []
    return [at for at in tries if at > now - WRONG_WITHIN]
