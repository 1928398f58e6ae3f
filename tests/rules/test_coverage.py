"""Where a plan works: its text form, what stands in for it, and the table of networks."""

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from eka.rules.coverage import (
    Coverage,
    Network,
    Rate,
    coverage_to_text,
    plain_coverage,
    read_coverage,
    read_networks,
)
from eka.rules.documents import BadInput, from_plain, read_yaml
from eka.rules.units import Money
from eka.usecases.coverage import networks

HEAD = "mcc,mnc,country,name,generation\n"


def read(text: str) -> tuple[Coverage, ...]:
    return read_coverage(read_yaml(text))


def test_a_country_has_networks_a_price_and_a_note() -> None:
    assert read(
        """
        - {country: JP, networks: ["44010", "44020"]}
        - {country: CH, price: 3.00 USD per 1GB, note: {en: At most 2 GB., zh-Hans: 最多 2 GB。}}
        - {country: DE, price: included, note: Fast.}
        - {country: TR, price: none}
        """
    ) == (
        Coverage("JP", ("44010", "44020")),
        Coverage(
            "CH",
            rate=Rate(Money(300, "USD"), 10**9),
            note={"en": "At most 2 GB.", "zh-Hans": "最多 2 GB。"},
        ),
        Coverage("DE", note={"en": "Fast."}),
        Coverage("TR", works=False),
    )


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("{country: JP}", 1, "expected a list"),
        ("- {networks: ['44010']}", 1, "`country` is missing"),
        ("- {country: Japan}", 1, "write it like JP"),
        ("- {country: JP}\n- {country: JP}", 2, "JP stands there twice"),
        ("- {country: JP, networks: [docomo]}", 1, '"44010"'),
        ("- {country: JP, price: free}", 1, "included, none or 3.00 USD per 1GB"),
        ("- {country: JP, price: 3 USD per day}", 1, "not an amount of data"),
        ("- {country: JP, price: three per 1GB}", 1, "not an amount of money"),
        ("- {country: JP, price: 3.00 USD per 0B}", 1, "more than no data"),
        ("- {country: JP, prize: included}", 1, "did you mean `price`?"),
    ],
)
def test_bad_coverage_says_where_and_what(text: str, line: int, said: str) -> None:
    with pytest.raises(BadInput) as raised:
        read(text)
    assert raised.value.line == line
    assert said in str(raised.value)


RATES = st.builds(
    Rate, st.builds(Money, st.integers(0, 10**6), st.sampled_from(["USD", "JPY", "KWD"])),
    st.integers(1, 10**12),
)  # fmt: skip
PLACES = st.builds(
    Coverage,
    country=st.sampled_from(["JP", "CH", "DE", "TR"]),
    networks=st.lists(st.sampled_from(["44010", "310410"]), unique=True).map(tuple),
    rate=st.none() | RATES,
    note=st.dictionaries(st.sampled_from(["en", "zh-Hans"]), st.text("ab 中。", min_size=1)),
) | st.builds(Coverage, country=st.just("CN"), works=st.just(False))


@given(st.lists(PLACES, unique_by=lambda place: place.country).map(tuple))
def test_what_is_written_reads_back_the_same(coverage: tuple[Coverage, ...]) -> None:
    assert read_coverage(from_plain(coverage_to_text(coverage))) == coverage


def test_without_coverage_the_carriers_networks_stand_where_they_are() -> None:
    known = {
        "310410": Network("310410", "US", "AT&T", "5G"),
        "334050": Network("334050", "MX", "AT&T", "5G"),
    }
    assert plain_coverage(["US", "MX", "CA"], ["310410", "334050", "99999"], known) == (
        Coverage("US", ("310410",)),
        Coverage("MX", ("334050",)),
        Coverage("CA"),
    )


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("mcc,mnc\n", 1, "the first line names the columns"),
        (HEAD + "440,1x,JP,Docomo,5G\n", 2, "'4401x'"),
        (HEAD + "440,10,Japan,Docomo,5G\n", 2, "not a country code"),
        (HEAD + "440,10,JP,Docomo,5G\n440,10,JP,au,5G\n", 3, "44010 stands there twice"),
    ],
)
def test_a_bad_table_of_networks_says_where_and_what(text: str, line: int, said: str) -> None:
    with pytest.raises(BadInput) as raised:
        read_networks(text)
    assert raised.value.line == line
    assert said in str(raised.value)


def test_the_shipped_networks_are_of_real_countries() -> None:
    known = networks()
    assert len({one.country for one in known.values()}) >= 90
    names = Locale.parse("zh_Hans").territories
    assert all(one.country in names and one.name for one in known.values())
    assert {one.generation for one in known.values()} <= {"2G", "3G", "4G", "5G"}
    assert known["44010"] == Network("44010", "JP", "NTT Docomo", "5G")


def test_one_mcc_is_of_one_country() -> None:
    """Guam, Puerto Rico and the like share the numbering of the United States (ITU-T E.212)."""
    of_mcc: dict[str, set[str]] = {}
    for one in networks().values():
        of_mcc.setdefault(one.code[:3], set()).add(one.country)
    assert {mcc: found for mcc, found in of_mcc.items() if len(found) > 1} == {"310": {"US", "GU"}}
