"""Plans survive being written and read; amounts are exact."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.properties.histories import plans

from eka.rules.catalogue_text import catalogue_to_text, read_catalogue
from eka.rules.documents import from_plain, read_yaml, to_plain
from eka.rules.plan_text import override, plan_from_text, plan_to_text
from eka.rules.plans import Plan
from eka.rules.units import (
    BadValue,
    Money,
    format_data,
    format_duration,
    format_money,
    format_share,
    parse_data,
    parse_duration,
    parse_money,
    parse_share,
)

SHIPPED = Path(__file__).parents[2] / "src" / "eka" / "catalogue" / "operators.yaml"


@given(plans("any"))
def test_a_plan_reads_back_as_it_was_written(plan: Plan) -> None:
    assert plan_from_text(plan_to_text(plan)) == plan


@given(st.integers(0, 2**63 - 1))
def test_every_amount_reads_back(amount: int) -> None:
    assert parse_data(format_data(amount)) == amount


@given(st.integers(0, 2**50), st.sampled_from(["USD", "JPY", "KWD"]))
def test_every_sum_of_money_reads_back(minor: int, currency: str) -> None:
    assert parse_money(format_money(Money(minor, currency))) == Money(minor, currency)


@given(st.integers(0, 100_000))
def test_every_share_reads_back(thousandths: int) -> None:
    share = parse_share(f"{thousandths // 1000}.{thousandths % 1000:03d}%")
    assert parse_share(format_share(share)) == share
    assert share.of(100_000) == thousandths


@pytest.mark.parametrize("text", ["24h", "36h", "7d", "1mo", "0h", "12mo"])
def test_durations_read_back(text: str) -> None:
    assert parse_duration(format_duration(parse_duration(text))) == parse_duration(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("2.5GB", 2_500_000_000), ("1.5KiB", 1536), ("512KiB", 524_288), ("1TB", 10**12), ("0B", 0)],
)
def test_amounts_are_exact(text: str, amount: int) -> None:
    assert parse_data(text) == amount


@pytest.mark.parametrize(
    "text", ["1.5B", "1 G", "GB", "1e3B", "１GB", "", "1GB ", "0x1B", "1..5GB"]
)
def test_what_is_not_an_amount_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        parse_data(text)


def test_a_promotion_changes_only_what_it_names() -> None:
    base = plan_from_text(
        {"name": "p", "data": "4GB", "period": "30d", "rollover": {"caps": {"bank": "9GB"}}}
    ).rollover
    changed = override(base, from_plain({"life": {"renewals": "2"}}))
    assert base is not None
    assert changed is not None
    assert changed.life.renewals == 2
    assert changed.caps == base.caps


def test_the_shipped_catalogue_exports_and_imports_to_itself() -> None:
    catalogue = read_catalogue(SHIPPED.read_text(encoding="utf-8"))
    text = catalogue_to_text(catalogue)
    again = read_catalogue(_yaml(text))
    assert again == catalogue
    assert len(catalogue.plans) >= 20
    assert all(plan.title.keys() >= {"en", "zh-Hans"} for plan in catalogue.plans)
    assert all(plan.source for plan in catalogue.plans)


def _yaml(text: object) -> str:
    import yaml

    return str(yaml.safe_dump(text, allow_unicode=True, sort_keys=False))


def test_nodes_keep_their_text() -> None:
    assert to_plain(read_yaml("a: [1, 08:00, no]\nb: {c: ~}\n")) == {
        "a": ["1", "08:00", "no"],
        "b": {"c": None},
    }
