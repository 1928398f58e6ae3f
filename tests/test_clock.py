"""The clock: aware, in UTC, and movable by the demo."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from eka import clock


@pytest.fixture(autouse=True)
def _put_right_again() -> Iterator[None]:
    yield
    clock.set_offset_source(None)


def test_now_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().tzinfo is UTC


def test_the_offset_is_asked_at_every_reading() -> None:
    days = iter([1, 2])
    clock.set_offset_source(lambda: timedelta(days=next(days)))
    ahead = [clock.now() - datetime.now(UTC) for _ in range(2)]
    assert [round(moved / timedelta(days=1)) for moved in ahead] == [1, 2]


def test_without_a_source_it_is_right_again() -> None:
    clock.set_offset_source(lambda: timedelta(days=400))
    clock.set_offset_source(None)
    assert clock.now() <= datetime.now(UTC)
