"""Running totals: whatever order they come in, a line is debited of the highest less its base."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from eka.rules.supplier_usage import Finding, Told, Totals, anew, difference, excused

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIGURES = st.integers(0, 10**12)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def take(known: Totals, reports: list[Told]) -> tuple[Totals, list[Finding]]:
    findings = []
    for told in reports:
        findings.append(difference(known, told))
        known = findings[-1].totals
    return known, findings


@st.composite
def told_in_any_order(draw: st.DrawFn) -> tuple[int, list[Told], list[Told]]:
    """A base, a supplier's reports in order, and the same as they are heard: late, and twice.

    One supplier gives each its instant; another gives none to any.
    """
    base = draw(FIGURES)
    grown = draw(st.lists(st.integers(0, 10**10), min_size=1, max_size=12))
    with_times = draw(st.booleans())
    total, reports = base, []
    for minute, more in enumerate(grown):
        total += more
        reports.append(Told(used=total, at=at(minute) if with_times else None))
    again = draw(st.lists(st.sampled_from(reports), max_size=12))
    return base, reports, draw(st.permutations([*reports, *again]))


@given(told_in_any_order())
def test_in_any_order_and_however_often_the_use_is_the_highest_less_the_base(
    story: tuple[int, list[Told], list[Told]],
) -> None:
    base, reports, heard = story
    known, findings = take(Totals(base=base), heard)

    highest = max(told.used or 0 for told in reports)
    assert sum(finding.use for finding in findings) == highest - base == known.counted
    assert all(finding.use >= 0 for finding in findings)


@given(told_in_any_order())
def test_what_was_heard_once_changes_nothing_a_second_time(
    story: tuple[int, list[Told], list[Told]],
) -> None:
    base, reports, heard = story
    known, _ = take(Totals(base=base), heard)

    # A supplier that tells no time cannot be told from one whose total shrank.
    again = [told for told in reports if told.at is not None or told.used == known.used]
    after, findings = take(known, again)
    assert after == known
    assert {finding.news for finding in findings} <= {"same", "late"}


@given(st.lists(st.builds(Told, used=FIGURES), max_size=20), FIGURES)
def test_whatever_a_supplier_says_the_use_is_what_the_totals_count(
    reports: list[Told], base: int
) -> None:
    known, findings = take(Totals(base=base), reports)

    assert sum(finding.use for finding in findings) == known.counted
    assert known.mark == max([base, *(told.used or 0 for told in reports)])


def test_a_report_that_is_older_by_the_suppliers_clock_is_late() -> None:
    known = Totals(used=500, at=at(10))

    assert difference(known, Told(used=400, at=at(9))) == Finding(
        news="late", totals=known, newest=False
    )


def test_an_older_report_of_more_contradicts_the_newer_one_and_counts_nothing() -> None:
    known = Totals(used=500, at=at(10))

    finding = difference(known, Told(used=501, at=at(9)))
    assert (finding.news, finding.use, finding.totals) == ("shrank", 0, known)


def test_of_two_figures_of_one_instant_the_higher_counts() -> None:
    known = Totals(used=500, at=at(10))

    assert difference(known, Told(used=400, at=at(10))).news == "same"
    assert difference(known, Told(used=600, at=at(10))).use == 100


def test_a_total_that_shrinks_is_no_use_and_only_what_exceeds_the_mark_counts_later() -> None:
    known, findings = take(
        Totals(), [Told(used=1_000, at=at(0)), Told(used=300, at=at(1)), Told(used=1_200, at=at(2))]
    )

    assert [(finding.news, finding.use) for finding in findings] == [
        ("grew", 1_000),
        ("shrank", 0),
        ("grew", 200),
    ]
    assert known.counted == 1_200


@given(FIGURES, FIGURES, FIGURES, FIGURES)
def test_counting_anew_keeps_what_was_counted_and_goes_on_from_there(
    base: int, first: int, fresh: int, more: int
) -> None:
    known = difference(Totals(base=base), Told(used=base + first)).totals

    restarted = anew(known, fresh)
    assert restarted.counted == first
    after = difference(restarted, Told(used=fresh + more))
    assert after.use == more
    assert after.totals.counted == first + more


def test_use_that_is_nobodys_is_not_counted_and_not_heard_of_again() -> None:
    finding = difference(Totals(base=100), Told(used=150))
    known = excused(finding.totals, finding.use)

    assert known.counted == 0
    assert difference(known, Told(used=160)).use == 10


def test_who_says_nothing_of_its_total_is_heard_all_the_same() -> None:
    finding = difference(Totals(used=5, at=at(0)), Told(at=at(1)))

    assert (finding.news, finding.newest, finding.totals.used) == ("same", True, 5)
