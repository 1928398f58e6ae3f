"""A profile's codes are shown to the line's owner, and each showing is kept.

The activation code is a bearer secret: who has it first has the line. So the one who asks proves
once more who they are: whoever holds a stolen session does not hold the password. A wrong one is
counted in a transaction of its own; five within an hour are enough, and staff see it.
"""

from datetime import datetime, timedelta

from django.db import transaction
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
    """The password is wrong; or was so too often, and none is looked at until `locked_until`."""

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
    line = profile.line
    own = line is not None and line.subscriber is not None and line.subscriber.user_id == user
    if not own or not profile.current:
        raise NotForYou(profile.pk)
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
    refused = _try(user, password, now)
    if refused is not None:
        raise refused


@transaction.atomic(durable=True)
def _try(user: int, password: str, now: datetime) -> NotProved | None:
    # One try of a person at a time: else tries that come together would count as one.
    account = models.User.objects.select_for_update(no_key=True).get(pk=user)
    key = f"wrong_passwords:{user}"
    tries = _recent_tries(key, now)
    if len(tries) >= WRONG_MAX:
        return NotProved(0, tries[-WRONG_MAX] + WRONG_WITHIN)
    if account.is_active and account.check_password(password):
        return None
    tries = [*tries, now]
    is_last = len(tries) >= WRONG_MAX
    facts = {"user": user, "tries": [format_instant(at) for at in tries]}
    kept = {"facts": facts, "opened_at": now, "closed_at": None if is_last else now}
    models.Case.objects.update_or_create(
        key=key, defaults=kept, create_defaults={"kind": "wrong_passwords", **kept}
    )
    return NotProved(WRONG_MAX - len(tries), tries[0] + WRONG_WITHIN if is_last else None)


def _recent_tries(key: str, now: datetime) -> list[datetime]:
    case = models.Case.objects.filter(key=key).first()
    tries = [parse_instant(text) for text in case.facts["tries"]] if case else []
    return [at for at in tries if at > now - WRONG_WITHIN]
