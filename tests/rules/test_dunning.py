"""When an automatic renewal reminds, charges, tries again and gives up."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.properties.histories import REQUIREMENTS, START, mapping, plans

from eka.rules.advice import next_renewal
from eka.rules.commands import pass_time, perform
from eka.rules.documents import read_yaml, to_plain
from eka.rules.dunning import (
    ASKS,
    MANNER,
    Course,
    carries,
    course_of,
    is_paid_ahead,
    is_running_low,
    next_step,
    steps,
)
from eka.rules.instants import parse_instant
from eka.rules.lines import Line
from eka.rules.plan_text import plan_from_text
from eka.rules.plans import Plan
from eka.rules.requests import Activate, Change, Renew, TopUp, Use
from eka.rules.trials import attempt

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
END = NEW_YEAR + 30 * DAY
PAGE = Path(__file__).parents[2] / "docs" / "operators" / "automatic-renewal.md"
WORKED = re.compile(r"```yaml\n(?P<plan>[^`]+)```\n\n(?P<table>\| at \| step \|.*\n(?:\|.*\n)+)")


def sold(**terms: Any) -> Plan:
    return plan_from_text({"name": "four", "data": "4KB", "period": "30d", "rollover": {}, **terms})


def line_on(plan: Plan, now: datetime = NEW_YEAR) -> Line:
    return perform(Line(), Activate(plan), now).line


def course(plan: Plan | None = None, agreed_at: datetime = NEW_YEAR, **more: Any) -> Course:
    """The course of Alice's line, which was activated at New Year."""
    found = course_of(line_on(plan or sold()), agreed_at, **more)
    assert found is not None
    return found


def told(of: Course) -> list[tuple[str, timedelta]]:
    """Each step, and how long after the period's end it is."""
    return [(step.kind, step.at - of.ends) for step in steps(of)]


def test_a_month_that_nobody_can_pay() -> None:
    assert told(course()) == [
        ("remind", -4 * DAY - HOUR),
        ("remind", -2 * DAY - HOUR),
        ("charge", -DAY - HOUR),
        ("charge", -HOUR),
        ("charge", 2 * DAY - HOUR),
        ("charge", 4 * DAY - HOUR),
        ("give_up", 4 * DAY - HOUR),
    ]


def test_who_pays_by_link_gets_one_each_time_and_a_day_for_the_last() -> None:
    assert told(course(by_link=True)) == [
        ("remind", -4 * DAY - HOUR),
        ("remind", -2 * DAY - HOUR),
        ("link", -DAY - HOUR),
        ("link", -HOUR),
        ("link", 2 * DAY - HOUR),
        ("link", 4 * DAY - HOUR),
        ("give_up", 5 * DAY - HOUR),
    ]


def test_the_first_retry_comes_before_anything_is_lost() -> None:
    alices = course()
    first, second, third, *_ = [step for step in steps(alices) if step.kind == "charge"]
    assert carries(alices, first.at)
    assert carries(alices, second.at)
    assert not carries(alices, third.at)
    with_grace = course(sold(rollover={"requires": {"grace": "7d"}}))
    assert all(carries(with_grace, step.at) for step in steps(with_grace))


def test_a_plan_that_wants_notice_is_paid_so_much_earlier() -> None:
    """T-Mobile's day ahead: the charge and its first retry are both in time."""
    alices = course(sold(rollover={"requires": {"lead_min": "24h"}}))
    first, second, *_ = [step for step in steps(alices) if step.kind == "charge"]
    assert first.at == END - 2 * DAY - HOUR
    assert carries(alices, second.at)


def test_a_consent_that_comes_late_is_reminded_and_charged_at_once() -> None:
    agreed = END - 2 * HOUR
    assert told(course(agreed_at=agreed))[:3] == [
        ("remind", -2 * HOUR),
        ("charge", -2 * HOUR),
        ("charge", DAY - 2 * HOUR),
    ]


def test_one_that_comes_too_late_for_the_notice_pays_as_late_as_it_may() -> None:
    plan = sold(rollover={"requires": {"lead_min": "7d"}})
    assert course(plan, END - 6 * DAY).charge_at == END - DAY - HOUR


def test_a_line_that_has_lapsed_is_renewed_when_its_owner_agrees() -> None:
    lapsed = pass_time(line_on(sold()), END + DAY).line
    alices = course_of(lapsed, END + DAY)
    assert alices is not None
    assert told(alices)[:2] == [("remind", DAY), ("charge", DAY)]


def test_a_day_pass_is_reminded_when_it_begins() -> None:
    alices = course(sold(period="24h"))
    assert told(alices)[:2] == [("remind", -DAY), ("charge", -6 * HOUR)]


def test_a_line_that_never_began_has_no_course() -> None:
    assert course_of(Line(), NEW_YEAR) is None


def test_reminders_that_were_slept_through_are_one() -> None:
    alices = course()
    late = next_step(alices, None, 0, END - 3 * HOUR)
    assert late is not None
    assert (late.kind, late.at) == ("remind", END - 2 * DAY - HOUR)
    then = next_step(alices, END - 3 * HOUR, 0, END - 3 * HOUR)
    assert then is not None
    assert (then.kind, then.at) == ("charge", END - 3 * HOUR)


def test_retries_count_from_the_failure_that_really_was() -> None:
    late = END - 2 * HOUR
    again = next_step(course(), late, 1, late)
    assert again is not None
    assert again.at == late + DAY
    last = next_step(course(), late, 3, late + 3 * DAY)
    assert last is not None
    assert last.at == late + 5 * DAY


# ------------------------------------------------------------------------------------- laws

instants = st.integers(0, 40 * 24 * 4).map(
    lambda quarters: START + quarters * timedelta(minutes=15)
)


@st.composite
def courses(draw: st.DrawFn) -> tuple[Line, Course]:
    """A line on a random plan, and a consent given at some instant of its period."""
    line = line_on(draw(plans("one")), START)
    agreed_at = draw(instants)
    line = pass_time(line, agreed_at).line
    found = course_of(line, agreed_at, by_link=draw(st.booleans()))
    assert found is not None
    return line, found


@given(courses())
def test_steps_are_few_in_order_and_never_before_the_consent(case: tuple[Line, Course]) -> None:
    walked = steps(case[1])
    assert 2 < len(walked) <= len(MANNER.reminders) + len(MANNER.retries) + 2
    assert [step.at for step in walked] == sorted(step.at for step in walked)
    assert walked[0].at >= case[1].agreed_at
    assert [step.kind for step in walked].count("give_up") == 1
    assert walked[-1].kind == "give_up"


@given(courses())
def test_nobody_is_charged_without_a_reminder(case: tuple[Line, Course]) -> None:
    kinds = [step.kind for step in steps(case[1])]
    assert kinds[0] == "remind"
    asks = [kind for kind in kinds if kind in ASKS]
    assert len(asks) == 1 + len(MANNER.retries)


@given(courses(), st.integers(0, 9), instants, st.one_of(st.none(), instants))
def test_nothing_comes_after_a_stop(
    case: tuple[Line, Course], tries: int, now: datetime, told_at: datetime | None
) -> None:
    stopped = replace(case[1], stopped_at=now)
    assert next_step(stopped, told_at, tries, now) is None
    assert steps(stopped) == ()


demanding = st.builds(
    sold,
    period=st.sampled_from(["24h", "3d", "7d", "1mo"]),
    early_renewal=st.sampled_from(["now", "at_end"]),
    rollover=st.fixed_dictionaries({"requires": mapping(**REQUIREMENTS)}),
)


@given(demanding, st.integers(0, 100), st.sampled_from([0, 500, 4000]))
def test_whatever_an_automatic_renewal_can_keep_is_kept(plan: Plan, late: int, used: int) -> None:
    """The shop's instant is as good as the best that the advice knows of, and loses no day."""
    line = perform(line_on(plan, START), Use(used), START).line
    ends = line.period.ends if line.period else START
    agreed_at = START + (ends - START) * late / 100
    assume(agreed_at < ends)
    planned = course_of(line, agreed_at)
    assert planned is not None
    ours = attempt(line, planned.charge_at, Renew(by="auto", starts="at_end"), {})
    best = next_renewal(line, agreed_at, by="auto")
    kept = sum(entry.bytes for entry in ours.entries if entry.code == "carried")
    assert kept >= best.carried
    assert ours.period.starts == ends


# --------------------------------------------------------------------------- running low, paid


def test_data_runs_low_at_five_percent_or_where_the_plan_says() -> None:
    line = line_on(sold())
    assert not is_running_low(perform(line, Use(3799), NEW_YEAR).line)
    assert is_running_low(perform(line, Use(3800), NEW_YEAR).line)
    half = line_on(sold(auto_renew_at="50%"))
    assert half.period is not None
    rest = replace(half.buckets[0], left=2000)
    assert is_running_low(replace(half, buckets=(rest,)))


def test_who_has_a_top_up_is_not_in_need() -> None:
    line = perform(line_on(sold()), Use(4000), NEW_YEAR).line
    assert is_running_low(line)
    assert not is_running_low(perform(line, TopUp(1000), NEW_YEAR).line)


def test_only_an_active_line_with_an_end_to_its_data_runs_low() -> None:
    assert not is_running_low(Line())
    assert not is_running_low(line_on(sold(data="unlimited")))
    empty = perform(line_on(sold()), Use(4000), NEW_YEAR).line
    assert not is_running_low(pass_time(empty, END).line)
    cleared = perform(line_on(sold()), Change("clear"), NEW_YEAR).line
    assert not is_running_low(cleared)


def test_a_term_and_a_queue_are_paid_ahead() -> None:
    line = line_on(sold())
    assert not is_paid_ahead(line)
    assert is_paid_ahead(perform(line, Renew(starts="at_end"), NEW_YEAR).line)
    assert is_paid_ahead(line_on(sold(term=3)))


# ------------------------------------------------------------------------------ the worked table


def _rows(table: str) -> list[list[str]]:
    rows = [
        [cell.strip() for cell in row.strip().strip("|").split("|")] for row in table.splitlines()
    ]
    return rows[2:]


def test_the_tables_for_operators_are_true() -> None:
    examples = list(WORKED.finditer(PAGE.read_text(encoding="utf-8")))
    assert len(examples) == 2
    for example in examples:
        terms: Mapping[str, Any] = to_plain(read_yaml(example["plan"]))
        (name,) = terms
        plan = plan_from_text({"name": name, **terms[name]})
        alices = course(plan)
        told_of = [
            (parse_instant(f"{row[0]}:00Z"), row[1], row[2]) for row in _rows(example["table"])
        ]
        walked = [
            (step.at, step.kind, "yes" if carries(alices, step.at) else "no")
            for step in steps(alices)
        ]
        assert told_of == walked
