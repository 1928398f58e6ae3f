"""A renewal that is paid ahead waits for the period's end, whatever the plan says of early ones."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eka.rules.buckets import left
from eka.rules.commands import pass_time, perform
from eka.rules.lines import Line
from eka.rules.plan_text import plan_from_text
from eka.rules.plans import Plan
from eka.rules.requests import Activate, Change, Renew, Use

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
END = NEW_YEAR + timedelta(days=30)
A_DAY_AHEAD = END - timedelta(days=1)
PAID_AHEAD = Renew(by="auto", starts="at_end")


def plan(**terms: Any) -> Plan:
    return plan_from_text({"name": "four", "data": "4KB", "period": "30d", "rollover": {}, **terms})


def line_on(sold: Plan) -> Line:
    """Alice's line: a thousand of its four thousand bytes are used."""
    line = perform(Line(), Activate(sold), NEW_YEAR).line
    return perform(line, Use(1000), NEW_YEAR + timedelta(days=2)).line


def test_the_running_period_loses_no_day_and_no_byte() -> None:
    paid = perform(line_on(plan()), PAID_AHEAD, A_DAY_AHEAD).line
    assert paid.period is not None
    assert paid.period.number == 1
    assert left(paid) == 3000
    renewed = pass_time(paid, END).line
    assert renewed.period is not None
    assert (renewed.period.starts, renewed.period.by) == (END, "auto")
    assert (left(renewed, "plan"), left(renewed, "rollover")) == (4000, 3000)
    assert renewed.tenure == 1


def test_the_job_may_be_late_without_a_gap() -> None:
    paid = perform(line_on(plan()), PAID_AHEAD, A_DAY_AHEAD).line
    late = pass_time(paid, END + timedelta(days=3)).line
    assert late.period is not None
    assert late.period.starts == END
    assert late.tenure == 1


def test_on_a_line_that_has_lapsed_it_starts_at_once() -> None:
    line = line_on(plan(rollover={"requires": {"grace": "3d"}}))
    now = END + timedelta(days=2)
    renewed = perform(line, PAID_AHEAD, now).line
    assert renewed.period is not None
    assert renewed.period.starts == now
    assert left(renewed, "rollover") == 3000


def test_at_the_very_end_it_starts_at_once() -> None:
    renewed = perform(line_on(plan()), PAID_AHEAD, END).line
    assert renewed.period is not None
    assert renewed.period.starts == END
    assert left(renewed, "rollover") == 3000


@pytest.mark.parametrize(("lead_max", "carried"), [("0h", 3000), ("48h", 3000), ("none", 3000)])
def test_who_lets_the_shop_choose_is_never_too_early(lead_max: str, carried: int) -> None:
    """Vodafone UK's rule: only an automatic renewal, and none ahead of the end, rolls over."""
    rule = {"requires": {"lead_max": lead_max, "by": ["auto"]}}
    paid = perform(line_on(plan(rollover=rule)), PAID_AHEAD, A_DAY_AHEAD - timedelta(days=2)).line
    assert left(pass_time(paid, END).line, "rollover") == carried


def test_who_renews_early_by_hand_still_is() -> None:
    rule = {"requires": {"lead_max": "0h"}}
    by_hand = perform(line_on(plan(rollover=rule)), Renew(), A_DAY_AHEAD)
    assert left(by_hand.line, "rollover") == 0
    assert [e.reason for e in by_hand.entries if e.code == "forfeited"] == ["too_early"]


def test_notice_that_has_to_be_given_is_judged_by_when_it_was_paid() -> None:
    line = line_on(plan(rollover={"requires": {"lead_min": "24h"}}))
    in_time = perform(line, PAID_AHEAD, A_DAY_AHEAD).line
    too_late = perform(line, PAID_AHEAD, A_DAY_AHEAD + timedelta(seconds=1)).line
    assert left(pass_time(in_time, END).line, "rollover") == 3000
    assert left(pass_time(too_late, END).line, "rollover") == 0


def test_a_promotion_keeps_its_parameters() -> None:
    rule = {"carries": ["plan"], "requires": {"lead_max": "0h"}}
    sold = plan(rollover=rule)
    twice = Renew(by="auto", rollover={"life": {"renewals": 2}}, starts="at_end")
    line = pass_time(perform(line_on(sold), twice, A_DAY_AHEAD).line, END).line
    assert left(line, "rollover") == 3000
    (queued,) = perform(line_on(sold), twice, A_DAY_AHEAD).line.queue
    assert queued.rollover == {"life": {"renewals": 2}, "requires": {"lead_max": "none"}}


def test_a_plan_without_rollover_gets_none_by_it() -> None:
    line = line_on(plan(rollover="none"))
    paid = perform(line, PAID_AHEAD, A_DAY_AHEAD).line
    assert left(pass_time(paid, END).line, "rollover") == 0


def test_one_that_waits_for_the_data_to_run_out_starts_when_it_does() -> None:
    """Alice's last bytes flow on into the period that was bought for that moment."""
    waiting = perform(line_on(plan()), Renew(by="auto", starts="on_empty"), A_DAY_AHEAD).line
    assert waiting.period is not None
    assert waiting.period.number == 1
    on = perform(waiting, Use(3500), A_DAY_AHEAD + timedelta(hours=1)).line
    assert on.period is not None
    assert (on.period.number, on.period.by) == (2, "auto")
    assert left(on) == 3500


def test_it_starts_at_once_where_nothing_is_left() -> None:
    empty = perform(line_on(plan()), Use(3000), A_DAY_AHEAD).line
    on = perform(empty, Renew(by="auto", starts="on_empty"), A_DAY_AHEAD).line
    assert left(on, "plan") == 4000


def test_a_suspended_line_keeps_what_was_paid() -> None:
    line = perform(line_on(plan()), PAID_AHEAD, A_DAY_AHEAD).line
    line = perform(line, Change("suspend"), A_DAY_AHEAD).line
    renewed = pass_time(line, END).line
    assert renewed.period is not None
    assert renewed.period.starts == END
