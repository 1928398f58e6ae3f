"""Where profiles come from, as catalogues write it; and what is done when a supplier says no."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from eka.rules.catalogue_text import catalogue_to_text, read_catalogue
from eka.rules.documents import BadInput
from eka.rules.supply import FAIR_LOOKS, PASSES, PATIENCE, Refusal, Source, course, is_overdue
from eka.rules.units import Money

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
REFUSALS: tuple[Refusal, ...] = get_args(Refusal)


@pytest.mark.parametrize("why", REFUSALS)
def test_another_source_is_asked_at_once_whatever_the_reason(why: Refusal) -> None:
    assert course(why, NOON, NOON, others=True) == "next"


@pytest.mark.parametrize("why", REFUSALS)
def test_the_last_source_is_asked_again_only_for_what_passes(why: Refusal) -> None:
    expected = "again" if why in PASSES else "next"
    assert course(why, NOON, NOON + timedelta(minutes=1), others=False) == expected


@pytest.mark.parametrize("why", REFUSALS)
def test_nobody_who_paid_waits_longer_than_six_hours(why: Refusal) -> None:
    assert timedelta(hours=6) == PATIENCE
    assert course(why, NOON, NOON + PATIENCE, others=False) == "next"


def test_a_supplier_that_was_just_asked_has_a_moment_when_the_six_hours_are_over() -> None:
    just = timedelta(microseconds=1)
    assert is_overdue(NOON, FAIR_LOOKS, NOON + PATIENCE)
    assert not is_overdue(NOON, FAIR_LOOKS, NOON + PATIENCE - just)
    assert not is_overdue(NOON, FAIR_LOOKS - 1, NOON + PATIENCE + timedelta(days=9))


def catalogue(supply: str) -> str:
    return f"plans:\n  japan:\n    data: 5GB\n    period: 30d\n    supply: {supply}\n"


def supply_of(text: str) -> tuple[Source, ...]:
    return read_catalogue(catalogue(text)).plans[0].supply


def test_a_plan_names_its_sources_in_order() -> None:
    text = (
        "[{supplier: airalo, package: jp-5gb, renews: jp-5gb-topup, top_ups: {1GB: jp-1gb-topup},"
        " cost_max: 9.50 USD, pool: 20, low: 5}, {supplier: our-smdp, package: EKA-JP}]"
    )
    first = Source(
        supplier="airalo",
        package="jp-5gb",
        renews="jp-5gb-topup",
        top_ups={10**9: "jp-1gb-topup"},
        cost_max=Money(950, "USD"),
        pool=20,
        low=5,
    )
    assert supply_of(text) == (first, Source(supplier="our-smdp", package="EKA-JP"))


@pytest.mark.parametrize(
    ("supply", "complaint"),
    [
        ("[{package: x}]", "line 5, plans.japan.supply[1]: `supplier` is missing"),
        ("[{supplier: a, package: b, pol: 3}]", "did you mean `pool`?"),
        ("[{supplier: a, package: b, pool: many}]", "'many' is not a number from 0 to 10000"),
        ("[{supplier: a, package: b, pool: 5, low: 5}]", "`low` is to be less than `pool`"),
        ("[{supplier: a, package: b, low: 1}]", "`low` is to be less than `pool`"),
        ("[{supplier: a, package: b, top_ups: {much: c}}]", "much"),
        ("[{supplier: a, package: b, cost_max: 5}]", "5"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(supply: str, complaint: str) -> None:
    with pytest.raises(BadInput, match="line 5") as refused:
        read_catalogue(catalogue(supply))
    assert complaint in str(refused.value)


def test_a_plan_starts_at_purchase_or_at_first_use_and_at_nothing_else() -> None:
    text = "plans:\n  day: {data: 1GB, period: 1d, starts: first_use, activate_within: 180d}\n"
    plan = read_catalogue(text).plans[0]
    assert (plan.starts, plan.activate_within is not None) == ("first_use", True)
    with pytest.raises(BadInput, match="neither `purchase` nor `first_use`"):
        read_catalogue(text.replace("first_use", "tomorrow"))


names = st.text("abcdefghijk-0123456789", min_size=1, max_size=12).filter(
    lambda text: not text.startswith("-")
)


@given(
    st.lists(
        st.builds(
            Source,
            supplier=names,
            package=names,
            renews=st.just("") | names,
            top_ups=st.dictionaries(st.integers(1, 10**13), names, max_size=3),
            cost_max=st.none() | st.builds(Money, st.integers(1, 10**6), st.just("USD")),
            pool=st.integers(6, 100),
            low=st.integers(0, 5),
        ),
        max_size=3,
    )
)
def test_what_is_written_is_read_back(sources: list[Source]) -> None:
    plan = read_catalogue("plans:\n  japan: {data: 5GB, period: 30d}\n").plans[0]
    plan = type(plan)(plan.plan, supply=tuple(sources))
    kept = catalogue_to_text(type(read_catalogue("plans: {}"))((), (plan,)))
    assert read_catalogue(yaml.safe_dump(kept)).plans[0].supply == tuple(sources)
