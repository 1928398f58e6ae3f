"""What a supplier reports is debited once, whatever it says twice, late or wrongly."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from tests.usecases.metering.supplied_lines import (
    GB,
    ICCID,
    MB,
    NOON,
    add,
    cases,
    days,
    failures,
    give,
    hours,
    moved,
    open_shop,
    profile,
    report,
    rest,
    state,
    told,
)

from eka.ledger import history, models
from eka.rules.instants import format_instant
from eka.rules.requests import Change, Renew
from eka.usecases.balances import look
from eka.usecases.commands import carry_out
from eka.usecases.settling import settle_all
from eka.usecases.supplier_usage import SupplierWord, count_anew, poll_soon, supplier_word

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(db: None) -> Iterator[None]:
    open_shop()
    yield
    assert failures() == []


def word(line: int, now: datetime) -> SupplierWord | None:
    return supplier_word(line, look(line, now).line)


# ------------------------------------------------------------------------------------ what counts


def test_use_is_the_difference_from_the_last_report() -> None:
    line = add()

    report(2 * GB, hours(1), hours(1))
    report(2 * GB + 300 * MB, hours(2), hours(2))

    assert moved(line, "used") == [2 * GB, 300 * MB]
    assert rest(line) == 7_700 * MB
    entry = history.entries(line, codes=["used"])[-1]
    assert entry.at == hours(2)
    assert entry.figures == {"supplier": "airalo", "profile": ICCID}
    kept = profile()
    assert (kept.usage_used, kept.usage_at, kept.usage_heard_at) == (
        2 * GB + 300 * MB,
        hours(2),
        hours(2),
    )


def test_a_report_again_and_an_older_one_change_nothing() -> None:
    line = add()
    report(2 * GB, hours(2), hours(2), status="finished")

    report(2 * GB, hours(3), hours(2))
    report(1 * GB, hours(3), hours(1), status="not_active")

    assert moved(line, "used") == [2 * GB]
    assert profile().usage_status == "active"  # the repeat's; the older one has no say
    assert models.Receipt.objects.filter(line=line, key__startswith="supplier:").count() == 1


def test_a_profile_that_was_used_before_it_was_given_is_debited_from_there() -> None:
    line = add()
    models.Profile.objects.update(usage_base=GB, usage_used=GB)

    report(1_200 * MB, hours(1))

    assert moved(line, "used") == [200 * MB]


def test_a_use_is_of_the_time_that_the_supplier_says_but_never_of_the_future() -> None:
    line = add()

    report(1 * GB, hours(5), hours(3))
    report(2 * GB, hours(6), hours(60))

    assert [entry.at for entry in history.entries(line, codes=["used"])] == [hours(3), hours(6)]


def test_a_use_that_is_late_by_the_lines_time_tells_when_it_was() -> None:
    line = add()
    carry_out(line, Renew(), now=hours(4), key="renewed")

    report(1 * GB, hours(5), hours(3))

    entry = history.entries(line, codes=["used"])[0]
    assert entry.at == hours(4)
    assert entry.figures["occurred"] == format_instant(hours(3))


def test_nobody_else_tells_of_a_profile() -> None:
    line = add(supplier="esimaccess")

    assert report(1 * GB, hours(1)) is None
    assert report(1 * GB, hours(1), iccid="8985200000000000999") is None
    assert moved(line, "used") == []


# ------------------------------------------------------------------------------ totals that shrink


def test_a_total_that_shrinks_opens_a_case_and_gives_nothing_back() -> None:
    line = add()
    report(2 * GB, hours(1))

    report(500 * MB, hours(2))
    report(600 * MB, hours(3))

    assert moved(line, "used") == [2 * GB]
    assert [case.facts["said"] for case in cases("usage_shrank")] == [500 * MB]
    report(2_100 * MB, hours(4))
    assert moved(line, "used") == [2 * GB, 100 * MB]


def test_where_a_person_says_that_it_counts_anew_each_figure_counts_again() -> None:
    line = add()
    report(1 * GB, hours(1))
    report(0, hours(2))

    count_anew("airalo", ICCID, 0, hours(3))
    assert cases("usage_shrank") == []
    report(1 * GB, hours(4))
    report(1 * GB, hours(5))

    assert moved(line, "used") == [1 * GB, 1 * GB]


# -------------------------------------------------------------------- lines that are not served


def test_a_suspended_line_is_debited_of_nothing_and_staff_is_told_once() -> None:
    line = add()
    carry_out(line, Change("suspend"), now=hours(1), key="suspended")

    report(1 * GB, hours(2))
    report(2 * GB, hours(3))

    assert moved(line, "used") == []
    assert moved(line, "unserved") == [1 * GB, 1 * GB]
    (case,) = cases("use_not_served")
    assert (case.facts["state"], case.facts["bytes"]) == ("suspended", 1 * GB)


@pytest.mark.parametrize("how", ["lapsed", "closed"])
def test_what_a_supplier_serves_beyond_us_is_unserved_and_a_case(how: str) -> None:
    line = add()
    if how == "closed":
        carry_out(line, Change("cancel"), now=days(1), key="closed")
    settle_all(days(40))

    report(1 * GB, days(40))

    assert state(line) == how
    assert moved(line, "unserved") == [1 * GB]
    assert [case.facts["state"] for case in cases("use_not_served")] == [how]


def test_more_than_there_was_is_unserved_and_no_case_of_its_own() -> None:
    line = add()

    report(11 * GB, hours(1))

    assert rest(line) == 0
    assert moved(line, "unserved") == [1 * GB]
    assert cases("use_not_served") == []


def test_use_of_a_profile_that_nobody_has_is_a_case_and_debited_from_nobody() -> None:
    give(ICCID, None)

    report(300 * MB, hours(1))
    line = add("8985200000000000023")
    models.Profile.objects.filter(iccid=ICCID).update(line_id=line)
    report(350 * MB, hours(2))

    assert [case.facts["bytes"] for case in cases("usage_unowned")] == [300 * MB]
    assert profile().usage_base == 300 * MB  # so that nobody's use is no drift of the line's
    assert moved(line, "used") == [50 * MB]


def test_a_lost_profile_is_debited_until_its_loss_was_heard_of() -> None:
    line = add()
    report(100 * MB, hours(1))
    models.Profile.objects.update(lost_at=hours(2), current=False)

    report(400 * MB, hours(3))  # tells of the use before the loss
    report(900 * MB, hours(4))

    assert moved(line, "used") == [100 * MB, 300 * MB]
    assert [case.facts["lost"] for case in cases("usage_unowned")] == [True]


# ------------------------------------------------------------------------ suppliers that stop


def test_a_supplier_that_is_finished_while_we_owe_data_is_told_and_nothing_is_lost() -> None:
    line = add()

    report(4 * GB, hours(1), status="finished", total=4 * GB)
    report(4 * GB, hours(2), status="finished", total=4 * GB)

    assert rest(line) == 6 * GB
    assert moved(line, "forfeited") == []
    assert state(line) == "active"
    (case,) = cases("supplier_stopped")
    assert (case.facts["status"], case.facts["left"]) == ("finished", 6 * GB)
    assert told(line) == ["supplier_stopped"]
    assert word(line, hours(2)) == SupplierWord(status="finished", left=6 * GB)
    assert profile().next_poll == hours(3)


def test_a_supplier_that_expires_before_the_period_says_until_when() -> None:
    line = add()

    report(None, days(8), status="expired", expires_at=days(7))

    assert word(line, days(8)) == SupplierWord(status="expired", left=10 * GB, until=days(7))
    assert profile().next_poll is None


def test_when_it_serves_again_the_case_is_over_and_its_owner_hears_it() -> None:
    line = add()
    report(4 * GB, hours(1), status="finished")

    report(4 * GB, hours(3))

    assert cases("supplier_stopped") == []
    assert word(line, hours(3)) is None
    assert told(line) == ["supplier_stopped", "supplier_again"]
    report(5 * GB, hours(4), status="finished")
    assert len(cases("supplier_stopped")) == 1


def test_a_profile_that_was_replaced_need_not_serve() -> None:
    line = add()
    report(4 * GB, hours(1), status="finished")
    models.Profile.objects.update(current=False)

    report(4 * GB, hours(2), status="finished")

    assert cases("supplier_stopped") == []
    assert told(line) == ["supplier_stopped"]


def test_a_supplier_that_finishes_with_us_is_nothing_to_talk_about() -> None:
    line = add()

    report(10 * GB - MB // 2, hours(1), status="finished")

    assert word(line, hours(1)) is None
    assert (cases("supplier_stopped"), told(line)) == ([], [])


def test_unlimited_data_that_is_not_served_is_owed_too() -> None:
    line = add(plan="ocean")

    report(4 * GB, hours(1), status="finished")

    assert word(line, hours(1)) == SupplierWord(status="finished", left=None)


def test_who_does_not_know_changes_nothing_of_what_was_known() -> None:
    line = add()
    report(4 * GB, hours(1), status="finished")

    report(None, hours(2), status="unknown")

    assert word(line, hours(2)) is not None


# ------------------------------------------------------------------------------- asked soon


def test_a_hint_makes_it_next_but_once_a_minute_at_most() -> None:
    add()
    report(0, NOON)
    assert profile().next_poll == hours(6)

    poll_soon("airalo", ICCID, hours(1))
    assert profile().next_poll == hours(1 / 60)
    poll_soon("airalo", ICCID, hours(2))
    assert profile().next_poll == hours(1 / 60)
    poll_soon("esimaccess", ICCID, hours(2))


def test_a_hint_wakes_what_is_not_asked_about_any_more() -> None:
    add()
    report(None, hours(1), status="expired")

    poll_soon("airalo", ICCID, hours(9))

    assert profile().next_poll is not None
