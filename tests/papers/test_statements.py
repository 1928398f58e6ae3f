"""A statement accounts for every byte: opening, movements, closing."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.papers.reading import pages, says
from tests.papers.samples import (
    ENDS,
    GB,
    MB,
    PAID_AT,
    PLAN,
    STARTS,
    STATEMENT,
    lived,
    march,
    statement_of,
)

from eka.papers import Statement, statement_pdf
from eka.papers.movements import by_day, movements, sums, total
from eka.rules.instants import format_instant
from eka.rules.lines import Entry
from eka.rules.plans import Overage
from eka.rules.requests import Activate, Use
from eka.rules.units import Money


def held(statement: Statement) -> dict[str, int | None]:
    return {row.kind: row.closing for row in sums(statement)}


def test_alice_reads_her_march() -> None:
    paper = statement_pdf(STATEMENT, "en")
    assert says(paper, "Data statement", "1 March 2026 – 31 March 2026", "Alice's phone")
    assert says(paper, "Plan data 2 GB +5 GB −2 GB −5 GB 0 GB")
    assert says(paper, "2 GB carried into the new period, because unused plan data carries over")
    assert says(paper, "New period of AT&T Prepaid 5 GB: 5 GB, until 2 April 2026, 09:03. +5 GB")
    assert says(paper, "3 Mar 10:04–13:18 351.9 MB used. Rollover −351.9 MB 6.29 GB")
    assert says(paper, "Left at the end 146.8 MB", "EK26030200417", "$70.00 −$8.00")


def test_the_same_in_chinese() -> None:
    paper = statement_pdf(STATEMENT, "zh-hans")
    assert says(paper, "流量明细", "2026 年 3 月 1 日至 2026 年 3 月 31 日", "逐笔明细")
    assert says(paper, "套餐流量 2 GB +5 GB −2 GB −5 GB 0 GB", "“AT&T 预付 5 GB”新周期开始")
    assert says(paper, "2 GB 已结转到新周期：未用完的套餐流量可以结转", "期末剩余 146.8 MB")


def test_what_carries_leaves_the_plan_and_is_rollover() -> None:
    plan, rollover = sums(STATEMENT)[:2]
    assert (plan.opening, plan.added, plan.carried) == (2 * GB, 5 * GB, -2 * GB)
    assert (rollover.opening, rollover.carried, rollover.closing) == (0, 2 * GB, 0)
    assert total(STATEMENT, sums(STATEMENT)).carried == 0


@pytest.mark.parametrize("cut", [10, 28, 31, 40])
def test_the_next_statement_begins_where_this_one_ends(cut: int) -> None:
    entries, at = march(), STARTS + timedelta(days=cut - 10)
    before, after = statement_of(entries, STARTS, at), statement_of(entries, at, ENDS)
    assert {row.kind: row.opening for row in sums(after) if row.opening} == {
        kind: left for kind, left in held(before).items() if left
    }


@given(uses=st.lists(st.tuples(st.integers(0, 28 * 1440), st.integers(1, 400)), max_size=60))
def test_taking_a_days_uses_together_changes_no_sum(uses: list[tuple[int, int]]) -> None:
    told = [(PAID_AT + timedelta(minutes=at), Use(size * MB)) for at, size in sorted(uses)]
    statement = statement_of(lived([(PAID_AT, Activate(PLAN)), *told]))
    every = movements(statement)
    by_days = [movement for _, day in by_day(statement) for movement in day]
    assert sum(one.change for one in by_days) == sum(one.change for one in every)
    assert by_days[-1].left == every[-1].left == total(statement, sums(statement)).closing
    running = sum(statement.opening.values())
    for one in by_days:
        running += one.change
        assert one.left == running


def test_uses_on_both_sides_of_a_top_up_stay_apart() -> None:
    day = next(told for at, told in by_day(STATEMENT) if at.day == 7)
    assert [movement.entry.code for movement in day] == ["granted", "used", "used"]
    assert [movement.entry.kind for movement in day] == ["topup", "rollover", "plan"]


def test_a_day_ends_where_the_line_lives() -> None:
    late = STARTS - timedelta(hours=2)  # the last evening of February in New York
    told = lived([(late, Activate(PLAN)), (late + timedelta(hours=1), Use(MB))])
    told_by_day = by_day(statement_of(told, late, ENDS))
    assert [f"{day}" for day, _ in told_by_day] == ["2026-02-28"]


def endless() -> Statement:
    plan = replace(PLAN, name="ocean", data=None)
    began = STARTS + timedelta(days=2)
    entries = lived([(began, Activate(plan)), (began + timedelta(days=1), Use(12 * GB))])
    statement = statement_of(entries)
    spans = ((began, began + timedelta(days=31)),)
    return replace(statement, unlimited=spans, plan=plan, plans=("ocean",))


def test_without_limit_there_is_no_figure_of_what_is_left() -> None:
    row = sums(endless())[0]
    assert (row.opening, row.used, row.closing) == (0, -12 * GB, None)
    assert [movement.left for movement in movements(endless())] == [None] * 3
    assert says(statement_pdf(endless(), "en"), "12 GB used; the plan is unlimited.")


def test_what_overage_cost_on_a_day_is_added_up() -> None:
    plan = replace(PLAN, exhausted=Overage(Money(100, "USD"), 100 * MB), data=MB)
    uses = [(STARTS + timedelta(hours=hour), Use(80 * MB)) for hour in range(1, 4)]
    statement = statement_of(lived([(STARTS, Activate(plan)), *uses]))
    paper = statement_pdf(replace(statement, plan=plan), "en")
    assert says(paper, "239 MB used beyond what was left, for $3.00.")
    assert says(paper, "Used beyond what was left: 239 MB.")


def test_a_loss_stands_with_its_reason() -> None:
    lost = Entry(
        at=STARTS + timedelta(days=1),
        code="expired",
        bytes=GB,
        bucket=1,
        kind="topup",
        reason="expired",
    )
    statement = replace(STATEMENT, opening={"topup": GB}, entries=(lost,), orders=())
    assert says(statement_pdf(statement, "en"), "expired: its validity ended. −1 GB 0 GB")


def test_a_month_in_which_nothing_happened_says_so() -> None:
    quiet = replace(STATEMENT, opening={}, entries=(), orders=())
    assert says(statement_pdf(quiet, "en"), "Nothing happened on this line in this time.")


def test_a_warning_is_no_movement() -> None:
    warned = Entry(at=STARTS, code="alert", reason="used 75%")
    assert movements(replace(STATEMENT, entries=(warned,))) == []


def test_a_span_within_a_day_has_its_times() -> None:
    short = statement_of(march(), STARTS, STARTS + timedelta(hours=36))
    assert says(statement_pdf(short, "en"), "1 March 2026, 00:00 – 2 March 2026, 12:00")


def test_days_of_two_years_name_the_year() -> None:
    long = statement_of(march(), STARTS - timedelta(days=90), ENDS)
    assert says(statement_pdf(long, "en"), "2 March 2026 09:03")


def test_a_long_statement_goes_on_over_pages_with_its_heads() -> None:
    week = statement_of(march(days=5))
    moves = [
        Entry(
            at=STARTS + timedelta(minutes=minute),
            code="granted",
            bytes=MB,
            bucket=minute,
            kind="bonus",
            reason="bonus",
            figures={"expires": format_instant(ENDS)},
        )
        for minute in range(300)
    ]
    long = replace(week, entries=tuple(moves))
    few, many = pages(statement_pdf(week, "en")), pages(statement_pdf(long, "en"))
    assert len(few) == 1
    assert len(many) > 6
    assert all("What happened" in page for page in many[:-1])
