"""How long to wait before the next question or try."""

from datetime import UTC, datetime, timedelta

import pytest

from eka.rules.patience import LOOKS_S, TRIES_S, next_look, next_try

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
FAR = NOON + timedelta(days=1)


def seconds(at: datetime) -> float:
    return (at - NOON).total_seconds()


@pytest.mark.parametrize(
    ("looks", "wait"),
    [(0, 30), (1, 60), (2, 120), (3, 300), (4, 600), (5, 900), (6, 900), (999, 900)],
)
def test_first_after_half_a_minute_then_ever_less_often(looks: int, wait: int) -> None:
    assert seconds(next_look(looks, NOON, FAR)) == wait


def test_at_the_deadline_it_is_asked_in_any_case() -> None:
    assert next_look(5, NOON, NOON + timedelta(seconds=7)) == NOON + timedelta(seconds=7)


def test_after_the_deadline_it_is_never_asked_in_the_past() -> None:
    for late in (0, 1, 10**6):
        assert next_look(0, NOON, NOON - timedelta(seconds=late)) > NOON


@pytest.mark.parametrize(("attempts", "wait"), [(1, 5), (2, 15), (5, 900), (9, 14400)])
def test_an_effect_is_tried_ever_less_often(attempts: int, wait: int) -> None:
    at = next_try(attempts, NOON)
    assert at is not None
    assert seconds(at) == wait


def test_and_at_last_no_more() -> None:
    assert next_try(len(TRIES_S), NOON) is not None
    assert next_try(len(TRIES_S) + 1, NOON) is None
    assert next_try(10**6, NOON) is None


def test_waits_only_grow() -> None:
    for waits in (LOOKS_S, TRIES_S):
        assert list(waits) == sorted(set(waits))
