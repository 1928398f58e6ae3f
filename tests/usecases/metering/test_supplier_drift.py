"""Suppliers and we count the same bytes; where we come apart for long, a person looks."""

from collections.abc import Iterator

import pytest
from tests.usecases.metering.supplied_lines import (
    GB,
    ICCID,
    MB,
    add,
    cases,
    days,
    failures,
    give,
    hours,
    open_shop,
    report,
)

from eka.rules.requests import TopUp, Use
from eka.rules.supplier_usage import has_drifted
from eka.rules.units import Duration
from eka.usecases.commands import carry_out
from eka.usecases.supplier_drift import drift, drift_rows, watch_drift

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(db: None) -> Iterator[None]:
    open_shop()
    yield
    assert failures() == []


def test_who_counts_alike_does_not_drift() -> None:
    line = add()
    report(3 * GB, hours(1))

    row = drift(line, hours(2))
    assert row is not None
    assert (row.theirs, row.ours, row.unserved, row.difference) == (3 * GB, 3 * GB, 0, 0)
    assert (row.suppliers, row.heard_at) == (["airalo"], hours(1))


def test_a_line_that_no_supplier_counts_is_not_compared() -> None:
    line = add()
    carry_out(line, Use(3 * GB), now=hours(1), key="used")

    assert drift(line, hours(2)) is None
    assert drift_rows(hours(2)) == []


def test_what_was_not_served_and_what_no_supplier_told_drift_in_opposite_ways() -> None:
    more, less = add(), add("8985200000000000023")
    report(12 * GB, hours(1))
    report(1 * GB, hours(1), iccid="8985200000000000023")
    carry_out(less, Use(2 * GB), now=hours(2), key="used")

    found = {row.line: (row.difference, row.unserved) for row in drift_rows(hours(3))}
    assert found == {more: (2 * GB, 2 * GB), less: (-2 * GB, 0)}


def test_all_profiles_that_a_line_has_had_count() -> None:
    line = add()
    report(1 * GB, hours(1))
    give("8985200000000000023", line, current=False, usage_base=5 * GB, usage_used=5 * GB)
    report(7 * GB, hours(2), iccid="8985200000000000023")

    row = drift(line, hours(3))
    assert row is not None
    assert (row.theirs, row.ours) == (3 * GB, 3 * GB)


def test_a_drift_becomes_a_case_when_it_has_lasted_a_day_and_ends_with_it() -> None:
    line = add()
    report(11 * GB, hours(1))

    watch_drift(hours(20))
    assert cases("drift") == []
    watch_drift(hours(26))
    watch_drift(hours(27))
    (case,) = cases("drift")
    assert (case.facts["line"], case.facts["difference"]) == (line, 1 * GB)

    # Olga makes it good, and imports what was missing.
    carry_out(line, TopUp(2 * GB, Duration(seconds=864_000)), now=hours(28), key="top")
    carry_out(line, Use(1 * GB), now=hours(28), key="made good")
    watch_drift(hours(29))
    assert cases("drift") == []


def test_what_was_mended_within_the_day_is_no_case() -> None:
    line = add()
    report(11 * GB, hours(1))
    carry_out(line, TopUp(2 * GB, Duration(seconds=864_000)), now=hours(20), key="top")
    carry_out(line, Use(1 * GB), now=hours(20), key="made good")

    watch_drift(hours(26))

    assert cases("drift") == []


def test_a_little_drift_that_grew_within_the_day_is_no_case_yet() -> None:
    add()
    report(10 * GB + 40 * MB, hours(1))
    report(12 * GB, hours(20))

    watch_drift(hours(26))
    assert cases("drift") == []
    watch_drift(hours(45))
    assert [case.facts["difference"] for case in cases("drift")] == [2 * GB]


@pytest.mark.parametrize(
    ("theirs", "ours", "drifted"),
    [
        (1000 * MB, 940 * MB, True),
        (940 * MB, 1000 * MB, True),
        (1000 * MB, 950 * MB, False),  # not more than 50 MB
        (10 * GB, 9900 * MB, False),  # not more than 1 %
        (10 * GB, 9899 * MB, True),
    ],
)
def test_it_takes_both_fifty_megabytes_and_one_per_cent(
    theirs: int, ours: int, drifted: bool
) -> None:
    assert has_drifted(theirs - ours, theirs, ours) is drifted


def test_lines_are_compared_in_parts() -> None:
    lines = [add(f"89852000000000001{number:02}") for number in range(3)]
    for number in range(3):
        report(11 * GB, hours(1), iccid=f"89852000000000001{number:02}")

    first = watch_drift(days(2), most=2)
    assert (first.lines, first.next) == (2, lines[1])
    last = watch_drift(days(2), after=first.next or 0, most=2)
    assert (last.lines, last.next) == (1, None)
    assert len(cases("drift")) == 3
    assert ICCID not in str(cases("drift")[0].facts)
