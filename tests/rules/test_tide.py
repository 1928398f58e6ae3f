"""The tide chart's timeline holds what the line holds, at every point."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.properties.histories import plans, scenarios

from eka.rules.advice import what_if
from eka.rules.commands import pass_time, perform
from eka.rules.fates import held
from eka.rules.instants import parse_instant
from eka.rules.lines import Answer, Entry, Line
from eka.rules.plans import Plan
from eka.rules.play import Played, RuleStage, play
from eka.rules.requests import Activate, Command, TopUp, Use
from eka.rules.scenarios import Scenario, read_scenario
from eka.rules.tide import Timeline, timeline, timeline_of_played, timeline_of_what_if
from eka.rules.units import Duration

SHARED = Path(__file__).parents[1] / "scenarios" / "shared"
JANUARY = parse_instant("2026-01-01T00:00:00Z")
GB = 10**9


class Witness(RuleStage):
    """A stage that writes down what the line held after each command."""

    def __init__(self, timezone: str) -> None:
        super().__init__(timezone)
        self.held: list[tuple[datetime, int | None]] = []

    def perform(self, command: Command, at: datetime) -> Answer | None:
        """Applies a command, and looks."""
        answer = super().perform(command, at)
        line = self.line()
        self.held.append((line.as_of or at, held(line)))
        return answer


def level_at(drawn: Timeline, at: datetime) -> int:
    """What the chart shows after everything that happened at an instant."""
    points = [point for span in drawn.spans for point in span.points if point.at <= at]
    return points[-1].total


def read(name: str) -> Scenario:
    return read_scenario((SHARED / f"{name}.yaml").read_text(encoding="utf-8"))


def drawn_from(name: str) -> Timeline:
    scenario = read(name)
    played = play(scenario, RuleStage(scenario.timezone))
    drawn = timeline_of_played(played, scenario.plans)
    assert drawn is not None
    return drawn


def assert_well_made(drawn: Timeline) -> None:
    """Spans and turns alternate, time goes on, and no byte appears or vanishes at a turn."""
    assert len(drawn.turns) == len(drawn.spans) - 1
    for span in drawn.spans:
        instants = [point.at for point in span.points]
        assert instants == sorted(instants)
        assert (instants[0], instants[-1]) == (span.starts, span.ends)
        assert all(level >= 0 for point in span.points for level in point.levels)
    for before, turn, after in zip(drawn.spans, drawn.turns, drawn.spans[1:], strict=False):
        assert before.ends == turn.at == after.starts
        passed = sum(flow.bytes for flow in turn.flows) + sum(b.bytes for b in turn.broken)
        rounded_up = passed - before.points[-1].total
        assert 0 <= rounded_up < 64 * max(1, len(turn.broken) + len(turn.flows))


@settings(deadline=None)
@given(scenarios())
def test_layers_add_up_to_what_the_line_held(scenario: Scenario) -> None:
    stage = Witness(scenario.timezone)
    played = play(scenario, stage)
    # What was brought along may have expired before the line began, and is told at that instant.
    assume(all(one.at <= next_.at for one, next_ in pairwise(played.entries)))
    drawn = timeline_of_played(played, scenario.plans)
    assert drawn is not None
    last = dict(stage.held)
    for at, total in last.items():
        if total is not None:
            assert level_at(drawn, at) == total


@settings(deadline=None)
@given(scenarios(), st.sampled_from(["manual", "auto", None]))
def test_a_live_line_is_drawn_from_what_it_holds(scenario: Scenario, by: str | None) -> None:
    played = play(scenario, RuleStage(scenario.timezone))
    now = (played.line.as_of or JANUARY) + timedelta(hours=5)
    drawn = timeline(played.entries, played.line, now, forecast_by=by)  # type: ignore[arg-type]
    assert drawn is not None
    total = held(pass_time(played.line, now).line)
    if total is not None:
        assert level_at(drawn, now) == total


@settings(deadline=None)
@given(plans("any"), st.integers(0, 6000))
def test_every_what_if_can_be_drawn(some: Plan, used: int) -> None:
    assert_well_made(timeline_of_what_if(what_if(some, used, "Asia/Shanghai", JANUARY)))


@pytest.mark.parametrize("path", sorted(SHARED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shared_scenario_is_well_drawn(path: Path) -> None:
    assert_well_made(drawn_from(path.stem))


def test_what_carries_flows_into_the_next_period() -> None:
    first, second, lapse, renewed = drawn_from("att-prepaid").turns
    assert [(flow.bytes, flow.carried) for flow in first.flows] == [(1_500_000_000, True)]
    assert [(broken.reason, broken.bytes) for broken in second.broken] == [
        ("life_over", 1_500_000_000)
    ]
    assert {broken.reason for broken in lapse.broken} == {"lapse"}
    assert (renewed.flows, renewed.by) == ((), "manual")


def test_what_burns_first_lies_on_top() -> None:
    # iD Mobile: rolled data first, then the plan, then add-ons.
    span = drawn_from("id-mobile").spans[1]
    assert [layer.kind for layer in span.layers] == ["topup", "plan", "rollover"]


def test_entries_of_earlier_periods_may_be_missing() -> None:
    scenario = read("tmobile-data-stash")
    events = tuple(event for event in scenario.events if event.at < scenario.events[6].at)
    played = play(
        Scenario("", "", scenario.timezone, scenario.plans, events), RuleStage(scenario.timezone)
    )
    now = events[-1].at + timedelta(days=3)
    whole, since = (timeline(told, played.line, now, forecast_by="auto") for told in _cut(played))
    assert whole is not None
    assert since is not None
    assert [span.points for span in whole.spans] == [span.points for span in since.spans]


def _cut(played: Played) -> tuple[Sequence[Entry], ...]:
    period = played.line.period
    assert period is not None
    return played.entries, [entry for entry in played.entries if entry.at >= period.starts]


def test_the_future_runs_to_the_end_of_the_next_period() -> None:
    line = perform(Line(), Activate(read("att-prepaid").plans["gophone"]), JANUARY)
    used = perform(line.line, Use(GB), JANUARY + timedelta(days=5))
    topped = perform(
        used.line, TopUp(GB, Duration(seconds=10 * 86400)), JANUARY + timedelta(days=6)
    )
    entries = [*line.entries, *used.entries, *topped.entries]
    now = JANUARY + timedelta(days=10)
    drawn = timeline(entries, topped.line, now, forecast_by="auto")
    assert drawn is not None
    assert drawn.ends == JANUARY + timedelta(days=60)
    expiry, renewal = drawn.turns
    assert [broken.reason for broken in expiry.broken] == ["expired"]
    assert renewal.at == JANUARY + timedelta(days=30)
    assert [flow.carried for flow in renewal.flows] == [True]
    assert drawn.low[-1].bytes <= drawn.spans[-1].points[-1].total <= drawn.high[-1].bytes


def test_a_line_that_will_not_be_renewed_ends() -> None:
    line = perform(Line(), Activate(read("att-prepaid").plans["gophone"]), JANUARY)
    now = JANUARY + timedelta(days=10)
    drawn = timeline(line.entries, line.line, now, forecast_by=None)
    assert drawn is not None
    assert [broken.reason for broken in drawn.turns[0].broken] == ["lapse"]
    assert [mark.code for mark in drawn.marks] == ["now", "lapsed"]


def test_before_activation_there_is_nothing_to_draw() -> None:
    assert timeline([], Line(), JANUARY, forecast_by="auto") is None
