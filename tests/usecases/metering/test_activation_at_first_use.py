"""Lines that start at their first use: begun once, reminded in time, closed when it is too late."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests import bookshop
from tests.usecases.metering.supplied_lines import (
    GB,
    ICCID,
    NOON,
    add,
    cases,
    days,
    failures,
    hours,
    moved,
    open_shop,
    profile,
    report,
    rest,
    state,
    told,
)

from eka.gateways.suppliers.terms import Progress
from eka.ledger import models
from eka.rules.first_use import LATE
from eka.rules.requests import Change, Use
from eka.usecases.activation import close, close_due, first_use
from eka.usecases.bookkeeping import release
from eka.usecases.commands import carry_out
from eka.usecases.profile_news import take_progress

pytestmark = pytest.mark.django_db

BY = days(180)


@pytest.fixture(autouse=True)
def _shop(db: None) -> Iterator[None]:
    open_shop()
    yield
    assert failures() == []


def waiting() -> int:
    """A line of 10 GB that was sold at noon and has 180 days to be used first."""
    line = add(activate=False)
    models.Line.objects.filter(pk=line).update(activate_by=BY)
    return line


def deadline(line: int) -> object:
    return models.Line.objects.get(pk=line).activate_by


# -------------------------------------------------------------------------------------- beginning


def test_it_begins_when_it_was_used_once() -> None:
    line = waiting()

    assert first_use(line, days(3), days(3.5))
    assert not first_use(line, days(4), days(4))

    period = models.Period.objects.get(line_id=line)
    assert (period.starts, period.ends) == (days(3), days(33))
    assert deadline(line) is None
    assert told(line) == ["line_activated"]
    receipts = models.Receipt.objects.filter(line=line)
    assert [receipt.key for receipt in receipts] == ["activate"]


def test_a_clock_that_is_wrong_starts_nothing_before_its_sale_or_in_the_future() -> None:
    line = waiting()

    first_use(line, NOON - timedelta(days=1), hours(1))

    assert models.Period.objects.get(line_id=line).starts == NOON


def test_the_first_report_of_use_starts_it_and_is_debited() -> None:
    line = waiting()

    report(0, days(1), status="not_active")
    assert state(line) == "ready"
    report(1 * GB, days(2), days(1.9))
    report(1 * GB, days(2), days(1.9))

    assert models.Period.objects.get(line_id=line).starts == days(1.9)
    assert rest(line) == 9 * GB


def test_a_profile_that_the_supplier_calls_active_has_begun_before_it_counts_a_byte() -> None:
    line = waiting()

    report(0, days(2))

    assert state(line) == "active"


def test_a_phone_that_switches_it_on_starts_it() -> None:
    line = waiting()
    news = Progress(iccid=ICCID, event="enabled", at=days(2))

    take_progress("airalo", news, "notice:1", days(2.1))
    report(1 * GB, days(3))

    assert models.Period.objects.get(line_id=line).starts == days(2)
    assert rest(line) == 9 * GB


def test_what_began_otherwise_stays_as_it_is() -> None:
    line = add()

    assert not first_use(line, hours(1), hours(1))
    assert told(line) == []


# ---------------------------------------------------------------------------------- the deadline


def test_its_owner_is_reminded_a_week_and_a_day_before() -> None:
    line = waiting()

    for day in (172, 173, 173.5, 178, 179, 179.5, 180):
        close_due(days(day))

    messages = models.Message.objects.filter(line=line).order_by("pk")
    assert [(message.event, message.at) for message in messages] == [
        ("activation_reminder", days(173)),
        ("activation_reminder", days(179)),
    ]


def test_who_was_not_reminded_in_time_gets_the_last_reminder_only() -> None:
    line = waiting()

    close_due(days(179.5))

    assert told(line) == ["activation_reminder"]


def test_a_short_deadline_has_no_reminder_of_before_the_sale() -> None:
    line = add(activate=False)
    models.Line.objects.filter(pk=line).update(activate_by=days(3))

    close_due(hours(1))
    assert told(line) == []
    close_due(days(2))
    assert told(line) == ["activation_reminder"]


def test_a_line_that_was_never_used_is_closed_a_day_after_its_deadline() -> None:
    line = waiting()

    close_due(BY + LATE - timedelta(seconds=1))
    assert state(line) == "ready"
    close_due(BY + LATE)
    close_due(BY + 2 * LATE)

    assert state(line) == "closed"
    assert deadline(line) is None
    assert told(line) == ["activation_over"]


def test_its_profile_that_nobody_saw_can_be_sold_again() -> None:
    waiting()

    close_due(BY + LATE)

    assert (profile().line_id, profile().current) == (None, False)


def test_news_of_a_use_in_time_that_comes_late_still_starts_it() -> None:
    line = waiting()

    report(1 * GB, BY + timedelta(hours=5), BY - timedelta(hours=1))
    close_due(BY + LATE)

    assert state(line) == "active"


def test_a_use_after_the_deadline_starts_nothing_and_staff_sees_it() -> None:
    line = waiting()

    report(1 * GB, BY + timedelta(hours=5), BY)

    assert state(line) == "ready"
    assert moved(line, "unserved") == [1 * GB]
    assert [case.facts["state"] for case in cases("use_not_served")] == ["ready"]


def test_a_line_that_began_is_not_closed_by_who_saw_it_wait() -> None:
    line = waiting()
    first_use(line, days(2), days(2))
    models.Line.objects.filter(pk=line).update(activate_by=BY)  # as a job read it before

    close(line, BY + LATE)

    assert state(line) == "active"
    assert deadline(line) is None


def test_one_that_staff_closed_is_left_alone() -> None:
    line = waiting()
    carry_out(line, Change("cancel"), now=days(1), key="closed")

    close_due(days(179))
    close_due(BY + LATE)

    assert told(line) == []


# ------------------------------------------------------------------------------------ the money


def test_what_was_paid_is_given_up_with_the_line() -> None:
    line = waiting()
    bookshop.sell(1000, line, bookshop.allowance(0, 1000, paid_at=NOON))

    close_due(BY + LATE)
    close_due(BY + 2 * LATE)

    assert bookshop.earned() == {"revenue:forfeited": 1000}
    assert bookshop.owed() == 0


def test_what_was_paid_before_is_earned_with_what_begins_at_the_first_use() -> None:
    line = waiting()
    bookshop.sell(1000, line, bookshop.allowance(0, 1000, paid_at=NOON))

    first_use(line, days(3), days(3))
    carry_out(line, Use(4 * GB), now=days(4), key="used")
    release([line], days(4))

    assert bookshop.earned() == {"revenue:used": 400}


def test_what_the_order_gave_beside_comes_with_the_first_use() -> None:
    line = waiting()
    order = bookshop.sell(1000, line, bookshop.allowance(0, 1000, paid_at=NOON))
    gift = {"promotion": "spring", "bonus": 1 * GB, "bonus_validity": {"seconds": 864000}}
    order.items.update(
        kind="new_line",
        terms={"kind": "new_line", "plan": "small"},
        plan_version=models.Line.objects.get(pk=line).sold_plan,
        gives={"gifts": [gift]},
    )

    first_use(line, days(3), days(3))

    assert rest(line) == 11 * GB
    item = order.items.get()
    granted = models.Entry.objects.filter(line_id=line, code="granted")
    numbers = range(item.first_entry or 0, (item.last_entry or 0) + 1)
    assert [entry.number in numbers for entry in granted] == [True, True]


def test_another_profile_of_the_line_cannot_start_it_twice() -> None:
    line = waiting()

    report(1 * GB, days(2))
    assert not first_use(line, None, days(5))

    assert models.Period.objects.filter(line_id=line).count() == 1
    assert profile(ICCID).usage_used == 1 * GB
