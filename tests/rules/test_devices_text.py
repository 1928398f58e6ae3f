"""Tables of devices as CSV, and the one that comes with Eka."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eka.rules.device_text import COLUMNS, devices_to_text, read_devices
from eka.rules.devices import (
    CERTAINTIES,
    ESIM,
    KINDS,
    Listing,
    Query,
    Table,
    check,
    find,
    table_of,
)
from eka.rules.documents import BadInput
from eka.usecases.devices import shipped

HEAD = "brand,model,region,esim,source,checked_on\n"
GOOD = "Apple,iPhone 13,,yes,https://example.com,2026-01-31\n"


def test_a_row_may_name_several_regions() -> None:
    rows = read_devices(HEAD + "Apple,iPhone 13,HK MO,no,https://example.com,2026-01-31\n")
    assert [(one.region, one.esim, one.checked_on) for one in rows] == [
        ("HK", "no", date(2026, 1, 31)),
        ("MO", "no", date(2026, 1, 31)),
    ]


def test_columns_stand_in_any_order_and_empty_lines_are_passed_over() -> None:
    text = "note_zh,checked_on,model,esim,region,source,brand,aliases\n\n"
    text += "备注,2026-01-31,iPhone 13,some,CN,s,Apple,十三; 13香\n"
    (one,) = read_devices("\ufeff" + text)
    assert (one.aliases, one.note) == (("十三", "13香"), {"zh-Hans": "备注"})
    assert (one.kind, one.certainty) == ("phone", "listed")


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        ("", 0, "", "the file is empty"),
        (HEAD + "\n" * 20_000, 0, "", "split the file"),
        (HEAD + "x" * 200_000, 2, "", "this is not CSV"),
        ("brand,model\n", 1, "", "column `region` is missing"),
        (HEAD.replace("esim", "e-sim"), 1, "", "did you mean `esim`?"),
        (HEAD.replace("region", "brand"), 1, "", "stands there twice"),
        (HEAD + GOOD + "Apple,iPhone 14\n", 3, "", "has 2 fields; the header names 6"),
        (HEAD + GOOD.replace("Apple", " "), 2, "brand", "it is empty"),
        (HEAD + GOOD.replace("iPhone 13", ""), 2, "model", "it is empty"),
        (HEAD + GOOD.replace("https://example.com", ""), 2, "source", "it is empty"),
        (HEAD + GOOD.replace(",,", ",China,"), 2, "region", "write it like CN"),
        (HEAD + GOOD.replace("yes", "maybe"), 2, "esim", "'maybe' is not one of: yes, no, some"),
        (HEAD + GOOD.replace("01-31", "31-01"), 2, "checked_on", "write it like 2026-01-31"),
        (HEAD + GOOD.replace("iPhone 13", "x" * 501), 2, "model", "more than 500 characters"),
        (HEAD + GOOD + GOOD.replace("iPhone 13", "IPHONE13"), 3, "model", "line 2 already"),
        (
            HEAD.replace("region", "region,kind") + GOOD.replace(",,", ",,toaster,"),
            2,
            "kind",
            "toa",
        ),
    ],
)
def test_a_bad_table_says_where_and_what(text: str, line: int, field: str, said: str) -> None:
    with pytest.raises(BadInput) as raised:
        read_devices(text)
    assert (raised.value.line, raised.value.path) == (line, field)
    assert said in str(raised.value)


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=9)
LISTINGS = st.builds(
    Listing,
    brand=WORDS,
    model=WORDS,
    region=st.sampled_from(["", "CN", "HK"]),
    esim=st.sampled_from(ESIM),
    kind=st.sampled_from(KINDS),
    certainty=st.sampled_from(CERTAINTIES),
    source=WORDS,
    checked_on=st.dates(),
    aliases=st.lists(WORDS.filter(lambda word: ";" not in word), max_size=2).map(tuple),
    note=st.dictionaries(st.sampled_from(["en", "zh-Hans"]), WORDS),
)


@given(st.lists(LISTINGS, max_size=5, unique_by=lambda one: one.identity))
def test_what_is_written_reads_back_the_same(listings: list[Listing]) -> None:
    assert read_devices(devices_to_text(listings)) == tuple(listings)


# ---------------------------------------------------------------------- the table of Eka itself


@pytest.fixture(scope="module")
def table() -> Table:
    return table_of(shipped())


def test_the_shipped_table_is_large_dated_and_sourced(table: Table) -> None:
    assert len(table) >= 400
    assert all(one.source.startswith("https://") for one in shipped())
    assert all(one.checked_on >= date(2026, 11, 1) for one in shipped())
    assert {one.certainty for one in shipped()} == set(CERTAINTIES)
    assert all(set(one.note) in (set(), {"en", "zh-Hans"}) for one in shipped())


def test_every_shipped_device_is_found_by_its_own_name(table: Table) -> None:
    assert [name for name in table if find(table, name) != (name,)] == []


def test_what_a_region_says_differs_from_what_holds_elsewhere(table: Table) -> None:
    """A row for a region that repeats the general one and adds no note would be noise."""
    noise = [
        (name, one.region)
        for name, rows in table.items()
        for one in rows
        for general in rows
        if one.region
        and not general.region
        and (one.esim, one.note) == (general.esim, general.note)
        if one.region not in ("HK", "MO")  # said, because their neighbours' models differ
    ]
    assert noise == []


@pytest.mark.parametrize(
    ("text", "region", "answer"),
    [
        ("iPhone X", "", "no"),
        ("iPhone 13", "CN", "no"),
        ("iPhone 13", "HK", "no"),
        ("iPhone 13 mini", "HK", "yes"),
        ("iPhone SE2", "MO", "yes"),
        ("iPhone XS", "HK", "yes"),
        ("iPhone XS Max", "HK", "no"),
        ("iPhone 13 mini", "CN", "no"),
        ("iPhone 17 Pro", "CN", "no"),
        ("iPhone 17 Pro", "JP", "yes"),
        ("iPhone Air", "CN", "yes"),
        ("Pixel 3", "AU", "no"),
        ("Pixel 3", "US", "depends"),
        ("Pixel 3a", "JP", "no"),
        ("Pixel 10", "US", "yes"),
        ("三星S22", "KR", "no"),
        ("三星S24", "CN", "no"),
        ("华为P40 Pro", "", "depends"),
        ("华为P40 Pro+", "", "no"),
        ("小米12T Pro", "GB", "yes"),
        ("红米Note 10T", "JP", "yes"),
        ("Surface Pro 9", "", "depends"),
        ("苹果手表9", "", "depends"),
        ("一加11", "US", "yes"),
    ],
)
def test_what_is_known_of_well_known_devices(
    table: Table, text: str, region: str, answer: str
) -> None:
    assert check(table, Query(text=text, region=region)).answer == answer


def test_the_header_of_an_export_has_every_column() -> None:
    assert devices_to_text(()).strip().split(",") == list(COLUMNS)
