"""Advice is what the rules would do, tried on a copy: Alice owns the line and asks ahead."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.properties.histories import plans, scenarios

from eka.rules.advice import conditions, forecast, next_renewal, what_if
from eka.rules.commands import perform
from eka.rules.fates import held
from eka.rules.instants import parse_instant
from eka.rules.lines import Entry, Line
from eka.rules.plan_text import plan_from_text
from eka.rules.plans import Plan
from eka.rules.play import RuleStage, play
from eka.rules.renewals import UnableToRenew
from eka.rules.requests import Activate, AddOn, Change, Command, Renew, TopUp, Use
from eka.rules.scenarios import Scenario
from eka.rules.units import Duration, Money

GB = 10**9
JANUARY = parse_instant("2026-01-01T00:00:00Z")
FEBRUARY = parse_instant("2026-01-31T00:00:00Z")


def plan(**terms: object) -> Plan:
    """Ten gigabytes for thirty days, and whatever else the story needs."""
    return plan_from_text({"name": "ten", "data": "10GB", "period": "30d", **terms})


CARRIES = plan(rollover={"carries": ["plan"]})
BY_HAND_A_DAY_AHEAD = plan(
    rollover={"carries": ["plan"], "requires": {"by": ["manual"], "lead_min": "24h"}}
)


class Story:
    """Alice's line, and what she does with it, day by day."""

    def __init__(self, bought: Plan) -> None:
        self.line = Line(timezone="UTC")
        self.entries: list[Entry] = []
        self.on(0, Activate(bought))

    def on(self, day: int, command: Command) -> None:
        """Does something at midnight of a day, counted from the first."""
        done = perform(self.line, command, self.day(day))
        self.line, self.entries = done.line, [*self.entries, *done.entries]

    @staticmethod
    def day(number: int) -> datetime:
        """Midnight of a day, counted from the first."""
        return JANUARY + timedelta(days=number)


def test_alice_sees_that_the_rest_of_her_plan_carries() -> None:
    alice = what_if(CARRIES, 7 * GB, "UTC", JANUARY)
    assert (alice.left, alice.carried, alice.lost, alice.total) == (3 * GB, 3 * GB, 0, 13 * GB)
    assert alice.carried_until == FEBRUARY + timedelta(days=30)
    assert [(way.way, way.bytes) for way in alice.otherwise] == [("nothing", 3 * GB)]


def test_the_right_way_is_found_and_the_wrong_ones_are_told() -> None:
    alice = what_if(BY_HAND_A_DAY_AHEAD, 7 * GB, "UTC", JANUARY)
    assert (alice.by, alice.paid_at) == ("manual", FEBRUARY - timedelta(days=1))
    assert alice.carried == 3 * GB
    assert {way.way: way.reason for way in alice.otherwise} == {
        "nothing": "lapse",
        "last_minute": "too_late_notice",
        "auto": "renewed_by",
    }


def test_only_an_automatic_renewal_at_the_very_end_keeps_it() -> None:
    strict = plan(rollover={"requires": {"lead_max": "0h", "by": ["auto"], "plan": "same"}})
    alice = what_if(strict, 4 * GB, "UTC", JANUARY)
    assert (alice.by, alice.paid_at, alice.carried) == ("auto", FEBRUARY, 6 * GB)
    assert [way.way for way in alice.otherwise] == ["nothing", "early", "manual", "other_plan"]


def test_without_rollover_the_rest_is_lost_however_one_renews() -> None:
    alice = what_if(plan(), 7 * GB, "UTC", JANUARY)
    assert [(loss.reason, loss.bytes) for loss in alice.losses] == [("not_carried", 3 * GB)]
    assert (alice.carried, alice.otherwise) == (0, ())


def test_what_is_converted_is_credit() -> None:
    alice = what_if(
        plan(convert={"rate": "1.25 GBP", "per": "1GB"}), 7 * GB, "Europe/London", JANUARY
    )
    assert (alice.converted, alice.credit) == (3 * GB, (Money(375, "GBP"),))


def test_a_term_renews_by_itself() -> None:
    alice = what_if(plan(term="3", rollover={"carries": ["plan"]}), 7 * GB, "UTC", JANUARY)
    assert (alice.by, alice.itself, alice.carried) == ("term", True, 3 * GB)


def test_unlimited_data_has_nothing_to_carry() -> None:
    alice = what_if(plan(data="unlimited"), 7 * GB, "UTC", JANUARY)
    assert (alice.left, alice.total, alice.carried, alice.lost) == (None, None, 0, 0)


@settings(deadline=None)
@given(plans("any"), st.integers(0, 6000))
def test_nothing_of_the_rest_is_unaccounted_for(some: Plan, used: int) -> None:
    answer = what_if(some, used, "Europe/London", JANUARY)
    if answer.left is not None:
        assert answer.left + answer.rounded == answer.carried + answer.lost + answer.converted


def test_the_preview_tells_the_fate_of_each_bucket() -> None:
    alice = Story(CARRIES)
    alice.on(5, Use(4 * GB))
    alice.on(10, TopUp(2 * GB, Duration(seconds=40 * 86400)))
    seen = next_renewal(alice.line, alice.day(12), by="manual")
    assert [(fate.kind, fate.carried, fate.kept) for fate in seen.fates] == [
        ("plan", 6 * GB, 0),
        ("topup", 0, 2 * GB),
    ]
    assert (seen.left, seen.lost, seen.total) == (8 * GB, 0, 18 * GB)
    assert (seen.starts, seen.deadlines.until) == (FEBRUARY, FEBRUARY)


def test_a_deadline_is_told_and_what_comes_of_missing_it() -> None:
    alice = Story(BY_HAND_A_DAY_AHEAD)
    seen = next_renewal(alice.line, alice.day(3), by="manual")
    assert seen.deadlines.until == FEBRUARY - timedelta(days=1)
    assert (seen.nothing.lost, seen.nothing.lost_at) == (10 * GB, FEBRUARY)
    late = next_renewal(alice.line, FEBRUARY, by="manual", at=FEBRUARY)
    assert [loss.reason for loss in late.losses] == ["too_late_notice"]


def test_a_window_has_two_ends() -> None:
    alice = Story(plan(rollover={"requires": {"lead_max": "3d", "lead_min": "24h"}}))
    seen = next_renewal(alice.line, alice.day(3), by="manual")
    assert (seen.deadlines.not_before, seen.deadlines.until) == (alice.day(27), alice.day(29))


def test_a_better_way_is_told() -> None:
    alice = Story(BY_HAND_A_DAY_AHEAD)
    seen = next_renewal(alice.line, alice.day(3), by="auto")
    assert seen.better is not None
    assert (seen.lost, seen.better.way, seen.better.bytes) == (10 * GB, "manual", 10 * GB)


def test_what_is_renewed_now_loses_nothing_by_being_early() -> None:
    alice = Story(CARRIES)
    seen = next_renewal(alice.line, alice.day(3), by="manual", at=alice.day(3))
    assert (seen.starts, seen.carried) == (alice.day(3), 10 * GB)


def test_a_renewal_paid_ahead_waits_for_the_end() -> None:
    alice = Story(plan(early_renewal="at_end", rollover={"carries": ["plan"]}))
    seen = next_renewal(alice.line, alice.day(3), by="manual", at=alice.day(3))
    assert (seen.paid_at, seen.starts, seen.carried) == (alice.day(3), FEBRUARY, 10 * GB)


def test_what_is_queued_comes_by_itself() -> None:
    alice = Story(CARRIES)
    alice.on(2, AddOn(CARRIES))
    seen = next_renewal(alice.line, alice.day(3), by="manual")
    assert (seen.itself, seen.starts, seen.nothing.renews_itself) == (True, FEBRUARY, True)


def test_a_line_past_its_end_can_still_be_saved_within_the_grace() -> None:
    alice = Story(plan(rollover={"requires": {"grace": "72h"}}))
    seen = next_renewal(alice.line, alice.day(31), by="manual")
    assert (seen.carried, seen.deadlines.until) == (10 * GB, alice.day(33))
    assert (seen.nothing.lapsed, seen.nothing.lost_at) == (True, alice.day(33))
    over = next_renewal(alice.line, alice.day(40), by="manual")
    assert (over.left, over.carried, over.nothing.lost) == (0, 0, 0)


def test_a_suspended_line_shows_what_it_holds() -> None:
    alice = Story(CARRIES)
    alice.on(2, Change("suspend"))
    seen = next_renewal(alice.line, alice.day(3), by="manual")
    assert (seen.left, seen.carried, seen.total) == (10 * GB, 10 * GB, 20 * GB)


def test_a_line_that_was_never_activated_has_no_renewal() -> None:
    with pytest.raises(UnableToRenew):
        next_renewal(Line(), JANUARY, by="manual")


@settings(deadline=None)
@given(scenarios(), st.sampled_from(["manual", "auto"]))
def test_a_preview_is_what_then_happens(scenario: Scenario, by: str) -> None:
    played = play(scenario, RuleStage(scenario.timezone))
    now = played.line.as_of or JANUARY
    if played.line.state not in ("active", "lapsed"):
        return
    seen = next_renewal(played.line, now, by=by)  # type: ignore[arg-type]
    if seen.left is not None:
        gone = seen.carried + seen.kept + seen.lost + seen.converted
        assert seen.left + seen.rounded == gone
    if not seen.itself and seen.queued_behind == 0:
        then = perform(played.line, Renew(None, seen.by), seen.paid_at).line
        assert then.period is not None
        if then.period.starts == seen.starts:
            assert held(then) == seen.total


def test_a_steady_pace_runs_out_when_it_must() -> None:
    alice = Story(plan())
    for day in range(10):
        alice.on(day, Use(GB // 2))
    seen = forecast(alice.line, alice.entries, alice.day(10))
    assert seen is not None
    assert (seen.per_day, seen.low, seen.high) == (GB // 2, GB // 2, GB // 2)
    assert seen.runs_out == alice.day(20)


def test_an_uneven_pace_has_a_band() -> None:
    alice = Story(plan())
    for day in range(10):
        alice.on(day, Use(GB // 4 if day % 2 else GB * 3 // 4))
    seen = forecast(alice.line, alice.entries, alice.day(10))
    assert seen is not None
    assert seen.low < seen.per_day < seen.high
    assert seen.runs_out_soonest is not None
    assert seen.runs_out is not None
    assert seen.runs_out_soonest < seen.runs_out


def test_the_first_day_is_too_early_to_tell() -> None:
    alice = Story(plan())
    assert forecast(alice.line, alice.entries, JANUARY + timedelta(hours=23)) is None


def test_conditions_name_only_what_the_policy_sets() -> None:
    assert [part.code for part in conditions(plan())] == ["no_rollover"]
    assert [part.code for part in conditions(plan(data="unlimited"))] == ["unlimited"]
    assert [part.code for part in conditions(BY_HAND_A_DAY_AHEAD)] == [
        "carries",
        "life",
        "lead_min",
        "by",
    ]
