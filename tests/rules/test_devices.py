"""Which devices take an eSIM: by name, region of sale, carrier lock and EID."""

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.rules.devices import (
    ELSEWHERE,
    Listing,
    Query,
    Table,
    check,
    find,
    merged,
    regions_in,
    suggest,
    table_of,
)

DAY = date(2026, 11, 22)


def row(brand: str, model: str, esim: str, region: str = "", *aliases: str) -> Listing:
    return Listing(
        brand=brand,
        model=model,
        esim=esim,  # type: ignore[arg-type]
        region=region,
        source="https://example.com",
        checked_on=DAY,
        aliases=aliases,
    )


ROWS = (
    row("Apple", "iPhone 8", "no"),
    row("Apple", "iPhone SE (2nd generation)", "yes", "", "iPhone SE 2020"),
    row("Apple", "iPhone 13", "yes"),
    row("Apple", "iPhone 13", "no", "CN"),
    row("Apple", "iPhone 13", "no", "HK"),
    row("Apple", "iPhone 15", "yes"),
    row("Apple", "iPhone 15 Pro", "yes"),
    row("Apple", "iPad Pro 11-inch (3rd generation)", "some"),
    row("Samsung", "Galaxy S24", "yes"),
    row("Samsung", "Galaxy S24+", "yes"),
    row("Samsung", "Galaxy Z Flip5", "yes"),
    row("Google", "Pixel 4a", "yes"),
    row("Google", "Pixel 4a (5G)", "yes"),
    row("Xiaomi", "Xiaomi 13", "yes"),
    row("Xiaomi", "Xiaomi 14", "yes"),
    row("Oppo", "Reno7 A", "yes", "JP"),
    row("朵唯", "一号", "yes"),
    row("朵唯", "二号", "no"),
)
TABLE = table_of(ROWS)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("iphone15 pro", "iPhone 15 Pro"),
        ("苹果15", "iPhone 15"),
        ("苹果 15 Pro 256GB", "iPhone 15 Pro"),
        ("Apple iPhone 15", "iPhone 15"),
        ("iPhone SE2", "iPhone SE (2nd generation)"),
        ("iPhone SE 第二代", "iPhone SE (2nd generation)"),
        ("se 2020", "iPhone SE (2nd generation)"),
        ("iPad Pro 11寸 第三代", "iPad Pro 11-inch (3rd generation)"),
        ('ipad pro 11" 3rd gen', "iPad Pro 11-inch (3rd generation)"),
        ("三星S24", "Samsung Galaxy S24"),
        ("三星S24+", "Samsung Galaxy S24+"),
        ("S24 plus", "Samsung Galaxy S24+"),
        ("galaxy z flip 5", "Samsung Galaxy Z Flip5"),
        ("小米14", "Xiaomi 14"),
        ("小米14手机 512G", "Xiaomi 14"),
        ("我的小米14可以吗", "Xiaomi 14"),
        ("朵唯一号", "朵唯 一号"),
        ("Ｐｉｘｅｌ ４ａ", "Google Pixel 4a"),
        ("pixel 4a 5g", "Google Pixel 4a (5G)"),
    ],
)
def test_a_device_is_found_as_people_write_it(text: str, name: str) -> None:
    assert find(TABLE, text) == (name,)


def test_a_name_that_several_bear_is_a_choice() -> None:
    verdict = check(TABLE, Query(text="13"))
    assert (verdict.answer, verdict.why) == ("unknown", "ambiguous")
    assert verdict.suggestions == ("iPhone 13", "Xiaomi 13")


@pytest.mark.parametrize(
    ("text", "suggested"),
    [("iphnoe 13", "iPhone 13"), ("galxy s24", "Samsung Galaxy S24"), ("pixel", "Google Pixel 4a")],
)
def test_a_near_miss_is_suggested(text: str, suggested: str) -> None:
    verdict = check(TABLE, Query(text=text))
    assert (verdict.answer, verdict.why) == ("unknown", "unlisted")
    assert suggested in verdict.suggestions


@pytest.mark.parametrize("text", ["", "  ", "?!", "Brick 3000"])
def test_nonsense_is_unknown_and_suggests_nothing(text: str) -> None:
    verdict = check(TABLE, Query(text=text))
    assert (verdict.answer, verdict.suggestions) == ("unknown", ())


def test_the_region_of_sale_decides() -> None:
    assert check(TABLE, Query(text="iPhone 13", region="CN")).answer == "no"
    assert check(TABLE, Query(text="iPhone 13", region="US")).answer == "yes"
    assert check(TABLE, Query(text="iPhone 13", region=ELSEWHERE)).answer == "yes"
    unsaid = check(TABLE, Query(text="iPhone 13"))
    assert (unsaid.answer, unsaid.why, len(unsaid.listings)) == ("depends", "region", 3)


def test_the_name_itself_may_say_where_it_was_sold() -> None:
    verdict = check(TABLE, Query(text="国行 iPhone 13"))
    assert (verdict.answer, verdict.region) == ("no", "CN")
    assert (
        check(TABLE, Query(text="港版苹果13", region="US")).answer == "yes"
    )  # what is chosen holds


def test_a_model_of_one_country_says_nothing_of_others() -> None:
    assert check(TABLE, Query(text="Reno7 A", region="JP")).answer == "yes"
    verdict = check(TABLE, Query(text="Reno7 A", region="US"))
    assert (verdict.answer, verdict.why, verdict.listings) == ("unknown", "unplaced", ())


def test_the_rows_that_an_answer_rests_on_come_with_it() -> None:
    (only,) = check(TABLE, Query(text="iPhone 13", region="HK")).listings
    assert (only.region, only.source, only.checked_on) == ("HK", "https://example.com", DAY)


def test_a_lock_stands_in_the_way_of_a_yes_alone() -> None:
    assert check(TABLE, Query(text="iPhone 15", locked=True)).why == "locked"
    assert check(TABLE, Query(text="iPhone 15", locked=True)).answer == "no"
    assert check(TABLE, Query(text="iPhone 8", locked=True)).why == "listed"
    assert check(TABLE, Query(text="iPhone 15", locked=False)).answer == "yes"


@pytest.mark.parametrize(
    ("text", "eid", "answer", "why"),
    [
        ("iPad Pro 11 3", True, "yes", "eid"),
        ("Brick 3000", True, "yes", "eid"),
        ("", True, "yes", "eid"),
        ("iPhone 8", True, "depends", "eid_unlisted"),
        ("iPhone 15", False, "no", "no_eid"),
        ("Brick 3000", False, "no", "no_eid"),
    ],
)
def test_what_the_device_shows_goes_before_the_table(
    text: str, eid: bool, answer: str, why: str
) -> None:
    verdict = check(TABLE, Query(text=text, eid=eid))
    assert (verdict.answer, verdict.why) == (answer, why)


def test_the_shops_own_rows_hold_in_place_of_the_shipped_ones() -> None:
    own = (row("apple", "IPHONE 13", "some", "CN"), row("Brick", "3000", "yes"))
    both = table_of(merged(ROWS, own))
    assert check(both, Query(text="iPhone 13", region="CN")).answer == "depends"
    assert check(both, Query(text="iPhone 13", region="HK")).answer == "no"
    assert check(both, Query(text="brick 3000")).answer == "yes"
    assert list(both)[: len(TABLE)] == list(TABLE)  # nothing is listed twice


def test_the_regions_that_the_table_names() -> None:
    assert regions_in(TABLE) == ("CN", "HK", "JP")


NAMES = st.sampled_from(sorted(TABLE))


@given(NAMES, st.sampled_from([str.upper, str.lower, str.title]), st.sampled_from([" ", "", "  "]))
def test_neither_case_nor_spaces_matter(name: str, change: object, space: str) -> None:
    assert callable(change)
    assert find(TABLE, change(name).replace(" ", space)) == (name,)


@given(st.text(max_size=40))
def test_any_text_has_an_answer(text: str) -> None:
    verdict = check(TABLE, Query(text=text))
    assert verdict.answer in ("yes", "no", "depends", "unknown")
    assert set(suggest(TABLE, text)) <= set(TABLE)


def test_a_yes_never_comes_from_a_table_without_one() -> None:
    """Whatever is asked, an answer of yes rests on a row that says so, or on an EID."""
    without: Table = table_of(row(one.brand, one.model, "no", one.region) for one in ROWS)
    for name, region, locked in product(without, ("", "CN", "JP"), (None, True, False)):
        assert check(without, Query(text=name, region=region, locked=locked)).answer != "yes"
