"""When a line that starts at its first use has begun, and when it is too late."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from eka.rules.first_use import LATE, began_at, deadline
from eka.rules.units import parse_duration

SOLD = datetime(2026, 1, 31, 9, tzinfo=UTC)
BY = SOLD + timedelta(days=180)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
SPANS = st.timedeltas(timedelta(days=-400), timedelta(days=400))


def test_the_deadline_is_counted_as_all_durations_are() -> None:
    assert deadline(SOLD, parse_duration("180d"), "UTC") == BY
    assert deadline(SOLD, parse_duration("1mo"), "UTC") == datetime(2026, 2, 28, 9, tzinfo=UTC)
    assert deadline(SOLD, None, "UTC") is None


def test_it_begins_when_it_was_used_not_when_that_was_heard() -> None:
    assert began_at(SOLD, BY, SOLD + DAY, SOLD + 2 * DAY) == SOLD + DAY


@given(SPANS, SPANS, st.sampled_from([None, BY]))
def test_nothing_begins_before_it_is_sold_or_after_it_is_heard(
    used: timedelta, heard: timedelta, by: datetime | None
) -> None:
    now = SOLD + abs(heard)
    began = began_at(SOLD, by, SOLD + used, now)

    assert began is None or SOLD <= began <= now
    assert (began is None) == (by is not None and min(SOLD + used, now) >= by)


def test_news_of_a_use_in_time_that_comes_after_the_deadline_still_starts_it() -> None:
    assert began_at(SOLD, BY, BY - SECOND, BY + LATE) == BY - SECOND
    assert began_at(SOLD, BY, BY, BY + SECOND) is None


def test_news_without_a_time_are_believed_until_the_line_is_closed() -> None:
    last = BY + LATE - SECOND
    assert began_at(SOLD, BY, None, last) == last
    assert began_at(SOLD, BY, None, BY + LATE) is None
