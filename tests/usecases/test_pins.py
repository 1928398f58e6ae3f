"""The payment PIN: hard to guess, slow to try, and counted even where the payment is undone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from eka.ledger import models
from eka.usecases.pins import (
    LOCKS,
    TRIES,
    PinRefused,
    PinTooWeak,
    change_pin,
    check,
    is_set,
    set_pin,
    verify,
    weakness,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PIN, WRONG = "497302", "497303"


@pytest.fixture
def alice(db: None) -> int:
    """Alice, who has set her PIN."""
    id_ = models.Subscriber.objects.create(name="Alice").pk
    set_pin(id_, PIN, NOON)
    return id_


def guess(subscriber: int, times: int, now: datetime = NOON) -> None:
    for _ in range(times):
        check(subscriber, WRONG, now)


def test_the_right_one_passes(alice: int) -> None:
    verify(alice, PIN, NOON)
    with pytest.raises(PinRefused) as refused:
        verify(alice, WRONG, NOON)
    assert refused.value.checked.result == "wrong"
    assert refused.value.checked.tries_left == TRIES - 1


@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ("12345", "not_six_digits"),
        ("1234567", "not_six_digits"),
        ("12345a", "not_six_digits"),
        ("１２３４５８", "not_six_digits"),
        ("-49730", "not_six_digits"),
        ("", "not_six_digits"),
        ("111111", "one_digit"),
        ("000000", "one_digit"),
        ("123456", "run"),
        ("654321", "run"),
        ("890123", "run"),
        ("121212", "repeated"),
        ("520520", "repeated"),
        ("900131", "date"),
        ("310190", "date"),
        ("013190", "date"),
        ("290200", "date"),
        (PIN, None),
        ("905037", None),
    ],
)
def test_what_is_easy_to_guess(pin: str, code: str | None) -> None:
    assert weakness(pin) == code


def test_most_pins_may_be_chosen() -> None:
    refused = sum(weakness(f"{number:06}") is not None for number in range(0, 1_000_000, 97))
    assert refused * 97 < 120_000


def test_a_weak_one_is_not_taken(alice: int) -> None:
    with pytest.raises(PinTooWeak) as refused:
        set_pin(alice, "123456", NOON)
    assert refused.value.code == "run"
    verify(alice, PIN, NOON)


def test_who_has_none_is_told_so(db: None) -> None:
    bob = models.Subscriber.objects.create(name="Bob").pk
    assert not is_set(bob)
    with pytest.raises(PinRefused, match="unset"):
        verify(bob, PIN, NOON)


def test_one_persons_digest_is_nobody_elses(alice: int) -> None:
    """Who can write to the database cannot give Alice's wallet Bob's PIN."""
    bob = models.Subscriber.objects.create(name="Bob").pk
    kept = models.PaymentPin.objects.get(subscriber=alice)
    models.PaymentPin.objects.create(subscriber_id=bob, digest=kept.digest, set_at=NOON)
    assert check(bob, PIN, NOON).result == "wrong"
    assert PIN not in kept.digest


def test_five_wrong_ones_lock_it_even_for_the_right_one(alice: int) -> None:
    guess(alice, TRIES - 1)
    last = check(alice, WRONG, NOON)
    assert (last.result, last.locked_until) == ("locked", NOON + timedelta(minutes=15))
    almost = NOON + timedelta(minutes=15) - timedelta(seconds=1)
    assert check(alice, PIN, almost).result == "locked"
    assert check(alice, PIN, NOON + timedelta(minutes=15)).result == "right"


def test_who_goes_on_guessing_waits_ever_longer(alice: int) -> None:
    now = NOON
    waits = []
    for _ in range(6):
        guess(alice, TRIES - 1, now)
        locked = check(alice, WRONG, now)
        assert locked.locked_until is not None
        waits.append(locked.locked_until - now)
        now = locked.locked_until
    assert waits == [*LOCKS, LOCKS[-1], LOCKS[-1]]


def test_tries_while_it_is_locked_do_not_make_it_worse(alice: int) -> None:
    guess(alice, TRIES + 20)
    after = NOON + timedelta(minutes=15)
    assert check(alice, WRONG, after).tries_left == TRIES - 1


def test_the_right_one_sets_the_count_back(alice: int) -> None:
    guess(alice, TRIES - 1)
    verify(alice, PIN, NOON)
    guess(alice, TRIES - 1)
    verify(alice, PIN, NOON)


def test_a_new_one_opens_the_lock(alice: int) -> None:
    guess(alice, TRIES)
    set_pin(alice, "905037", NOON)
    verify(alice, "905037", NOON)
    assert check(alice, PIN, NOON).result == "wrong"


def test_it_is_changed_by_who_knows_the_old_one(alice: int) -> None:
    with pytest.raises(PinRefused):
        change_pin(alice, WRONG, "905037", NOON)
    with pytest.raises(PinTooWeak):
        change_pin(alice, PIN, "111111", NOON)
    change_pin(alice, PIN, "905037", NOON)
    verify(alice, "905037", NOON)


def test_the_pin_is_in_no_message(alice: int) -> None:
    with pytest.raises(PinRefused) as refused:
        verify(alice, WRONG, NOON)
    assert WRONG not in f"{refused.value!r} {refused.value.checked!r}"


# ---------------------------------------------------------------------------- real transactions


def test_it_cannot_be_asked_within_a_transaction_that_might_be_undone(
    committed_ledger: None,
) -> None:
    alice = models.Subscriber.objects.create(name="Alice").pk
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        verify(alice, PIN, NOON)


def test_a_wrong_one_is_counted_though_nothing_was_spent(committed_ledger: None) -> None:
    alice = models.Subscriber.objects.create(name="Alice").pk
    set_pin(alice, PIN, NOON)
    for _ in range(2):
        with pytest.raises(PinRefused):
            verify(alice, WRONG, NOON)
    assert models.PaymentPin.objects.get(subscriber=alice).failures == 2


def test_guesses_at_the_same_moment_are_counted_one_by_one(committed_ledger: None) -> None:
    alice = models.Subscriber.objects.create(name="Alice").pk
    set_pin(alice, PIN, NOON)

    def guesser(nth: int) -> str:
        try:
            return check(alice, f"49731{nth}", NOON).result
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(guesser, range(10)))
    assert sorted(results) == ["locked"] * 6 + ["wrong"] * 4
