"""What Airalo sells, as the shop sees it."""

from tests.gateways.suppliers.airalo.stage import (
    GIB,
    JAPAN,
    JAPAN_TOP_UP,
    UNLIMITED,
    Airalo,
    dollars,
)

from eka.gateways.suppliers.terms import Package


def by_code(airalo: Airalo) -> dict[str, Package]:
    listed = airalo.supplier.packages()
    assert len({package.code for package in listed}) == len(listed)
    return {package.code: package for package in listed}


def test_a_country_a_region_and_one_without_end(airalo: Airalo) -> None:
    listed = by_code(airalo)
    assert listed[JAPAN] == Package(
        code=JAPAN,
        title="Moshi Moshi 1 GB - 7 Days",
        data=GIB,
        days=7,
        cost=dollars(360),
        countries=("JP",),
        networks=("SoftBank 5G", "KDDI LTE"),
    )
    assert listed["eurolink-30days-5gb"].countries == ("DE", "FR", "IT")
    assert listed[UNLIMITED].data is None
    assert listed[UNLIMITED].cost == dollars(2320)


def test_what_is_sold_on_top_says_of_what(airalo: Airalo) -> None:
    listed = by_code(airalo)
    assert listed[JAPAN_TOP_UP].top_up_of == JAPAN
    assert {code for code, one in listed.items() if one.top_up_of} == {
        code for code in listed if code.endswith("-topup")
    }
    assert f"{UNLIMITED}-topup" not in listed


def test_all_pages_are_read(airalo: Airalo) -> None:
    """Three places, one a page."""
    whole = airalo.supplier.packages()
    one_a_page = {"include": "topup", "limit": "1"}
    seen = []
    for page in ("1", "2", "3"):
        answer = airalo.called("GET", "packages", params={**one_a_page, "page": page}).json()
        assert answer["meta"]["last_page"] == 3
        seen += [
            pack["id"]
            for place in answer["data"]
            for operator in place["operators"]
            for pack in operator["packages"]
        ]
    assert seen == [package.code for package in whole]
    assert airalo.called("GET", "packages", params={**one_a_page, "page": "4"}).json()["data"] == []


def test_places_of_a_kind_and_a_country(airalo: Airalo) -> None:
    for query, expected in (
        ({"filter[type]": "local"}, ["japan", "france"]),
        ({"filter[type]": "global"}, ["europe"]),
        ({"filter[country]": "fr"}, ["france", "europe"]),
        ({"filter[country]": "BR"}, []),
    ):
        answer = airalo.called("GET", "packages", params=query).json()
        assert [place["slug"] for place in answer["data"]] == expected
        kinds = {
            pack["type"]
            for place in answer["data"]
            for operator in place["operators"]
            for pack in operator["packages"]
        }
        assert kinds <= {"sim"}
