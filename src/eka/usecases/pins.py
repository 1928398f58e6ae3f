"""The payment PIN: six digits without which nothing is spent from a wallet.

Who holds a stolen session does not hold the PIN. A wrong one is counted in a transaction of its own
that is committed before anybody spends, so that a refused payment cannot undo the count. Five wrong
ones in a row lock it for a quarter of an hour, each further five for longer. Before Argon2 a PIN is
mixed with the installation's secret key: a million PINs are soon tried by who has the database.
"""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from django.db import transaction
from django.utils.crypto import salted_hmac
from msgspec import Struct

from eka.ledger import models

# OWASP's second choice for Argon2id (19 MiB, two passes): some twenty milliseconds of one core.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

LENGTH = 6
TRIES = 5  # wrong ones in a row, until it is locked
LOCKS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))

Weakness = Literal["not_six_digits", "one_digit", "run", "repeated", "date"]
Result = Literal["right", "wrong", "locked", "unset"]


class PinTooWeak(Exception):
    """A PIN that is among the first to be guessed; `code` is its weakness."""

    def __init__(self, code: Weakness) -> None:
        super().__init__(code)
        self.code = code


class PinRefused(Exception):
    """The PIN that was given does not open the wallet; `checked` tells why and for how long."""

    def __init__(self, checked: "Checked") -> None:
        super().__init__(checked.result)
        self.code, self.checked = checked.result, checked


class Checked(Struct, frozen=True):
    """What came of a PIN: `tries_left` until it is locked, `locked_until` where it is."""

    result: Result
    tries_left: int = 0
    locked_until: datetime | None = None


def weakness(pin: str) -> Weakness | None:
    """Why a PIN is too easy to guess; None where it is not."""
    if len(pin) != LENGTH or not (pin.isascii() and pin.isdigit()):
        return "not_six_digits"
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    if steps == {0}:
        return "one_digit"
    if steps in ({1}, {9}):  # 123456, 987654, and through the zero: 890123
        return "run"
    if pin in (pin[:2] * 3, pin[:3] * 2):
        return "repeated"
    return "date" if _is_date(pin) else None


def _is_date(pin: str) -> bool:
    """Whether it is a day as people write their birthdays: YYMMDD, DDMMYY, MMDDYY."""
    a, b, c = int(pin[:2]), int(pin[2:4]), int(pin[4:])
    return any(_is_day(month, day) for month, day in ((b, c), (b, a), (a, b)))


def _is_day(month: int, day: int) -> bool:
    try:
        date(2000, month, day)  # a leap year: 29 February is somebody's birthday
    except ValueError:
        return False
    return True


@transaction.atomic
def set_pin(subscriber_id: int, pin: str, now: datetime) -> None:
    """Sets the PIN, whatever it was, and opens its lock.

    The caller has asked for the account's password just now. Raises PinTooWeak.
    """
    if (weak := weakness(pin)) is not None:
        raise PinTooWeak(weak)
    models.PaymentPin.objects.update_or_create(
        subscriber_id=subscriber_id,
        defaults={
            "digest": HASHER.hash(_mixed(subscriber_id, pin)),
            "set_at": now,
            "failures": 0,
            "locked_until": None,
        },
    )


def change_pin(subscriber_id: int, old: str, new: str, now: datetime) -> None:
    """Sets a new PIN for who knows the old one. Raises PinTooWeak, PinRefused."""
    if (weak := weakness(new)) is not None:
        raise PinTooWeak(weak)
    verify(subscriber_id, old, now)
    set_pin(subscriber_id, new, now)


def is_set(subscriber_id: int) -> bool:
    """Whether the subscriber has a PIN."""
    return models.PaymentPin.objects.filter(subscriber_id=subscriber_id).exists()


def verify(subscriber_id: int, pin: str, now: datetime) -> None:
    """Lets only the right PIN pass. Raises PinRefused, after the try was counted and committed.

    It may not run within another transaction: that one's end could undo the count.
    """
    checked = check(subscriber_id, pin, now)
    if checked.result != "right":
        raise PinRefused(checked)


@transaction.atomic(durable=True)
def check(subscriber_id: int, pin: str, now: datetime) -> Checked:
    """What comes of a PIN. While it is locked, the right one is not looked at either."""
    kept = models.PaymentPin.objects.select_for_update().filter(subscriber_id=subscriber_id).first()
    if kept is None:
        return Checked("unset")
    if kept.locked_until is not None and now < kept.locked_until:
        return Checked("locked", 0, kept.locked_until)
    if _matches(kept, pin):
        return _count(kept, 0, None, "right")
    failures = kept.failures + 1
    rounds, since_lock = divmod(failures, TRIES)
    if since_lock:
        return _count(kept, failures, None, "wrong")
    return _count(kept, failures, now + LOCKS[min(rounds, len(LOCKS)) - 1], "locked")


def _matches(kept: models.PaymentPin, pin: str) -> bool:
    try:
        return HASHER.verify(kept.digest, _mixed(kept.subscriber_id, pin))
    except VerifyMismatchError:
        return False


def _count(
    kept: models.PaymentPin, failures: int, locked_until: datetime | None, result: Result
) -> Checked:
    kept.failures, kept.locked_until = failures, locked_until
    kept.save(update_fields=["failures", "locked_until"])
    return Checked(result, 0 if locked_until else TRIES - failures % TRIES, locked_until)


def _mixed(subscriber_id: int, pin: str) -> bytes:
    """The PIN under the installation's key, and bound to its owner."""
    mixed = salted_hmac("eka.usecases.pins", f"{subscriber_id}:{pin}", algorithm="sha256")
    return mixed.digest()
