"""Olga's shop orders profiles for Alice, and answers get lost on the way."""

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import msgspec
import pytest
from tests.gateways.suppliers.esimaccess.stage import JAPAN, NOON, Shop, ask

from eka.gateways.suppliers.esimaccess import EsimAccessSettings, EsimAccessSupplier
from eka.gateways.suppliers.esimaccess.signing import signed
from eka.gateways.suppliers.terms import (
    Supplied,
    Supplier,
    SupplierRefused,
    SupplierUnavailable,
)
from eka.rules.activation_codes import read_activation_code, read_iccid
from eka.rules.supply import Refusal
from eka.rules.units import Money

CENTS_76 = Money(76, "USD")
BOTH_WAYS = pytest.mark.parametrize(
    "refuses", [False, True], ids=["same request", "refused with 310402"]
)


def test_olga_orders_a_profile_for_alice(shop: Shop) -> None:
    supplier: Supplier = shop.supplier
    taken = supplier.order(ask())
    assert (taken.number, taken.status, taken.profile) == ("ORDER1", "pending", None)
    assert taken.reference.startswith("B")

    ready = supplier.look(ask(), taken.reference)

    assert (ready.status, ready.reference) == ("ready", taken.reference)
    assert ready.profile is not None
    assert read_iccid(ready.profile.iccid) == ready.profile.iccid
    assert read_activation_code(ready.profile.activation_code).smdp == "rsp.esimaccess.invalid"
    assert (ready.profile.apn, ready.profile.eid) == ("drei.at", "")
    assert ready.profile.imsi
    assert ready.profile.msisdn
    assert ready.profile.reference.isdigit()


def test_a_profile_takes_a_while(shop: Shop) -> None:
    shop.trouble(pending_s=30)
    taken = shop.supplier.order(ask())
    shop.clock.forward(seconds=29)
    assert shop.supplier.look(ask(), taken.reference).status == "pending"
    assert shop.news() == []

    shop.clock.forward(seconds=1)

    assert shop.supplier.look(ask(), taken.reference).status == "ready"
    [notice] = shop.news()
    assert (notice.kind, notice.order) == ("ORDER_STATUS", "ORDER1")


@BOTH_WAYS
def test_the_answer_gets_lost_and_the_order_is_repeated(shop: Shop, refuses: bool) -> None:
    shop.sandbox.refuses_repeats = refuses
    shop.mischief(mute=1000)
    with pytest.raises(SupplierUnavailable):
        shop.supplier.order(ask())
    shop.mischief(mute=0)

    again = shop.supplier.order(ask())

    ready = shop.supplier.look(ask(), again.reference)
    assert ready.profile is not None
    assert [one.iccid for one in shop.sandbox.profiles()] == [ready.profile.iccid]
    assert shop.supplier.balance() == Money(9924, "USD")  # 100.00 - 0.755, rounded down


@BOTH_WAYS
def test_repeated_before_the_profile_is_there(shop: Shop, refuses: bool) -> None:
    shop.sandbox.refuses_repeats = refuses
    shop.trouble(pending_s=30)
    shop.supplier.order(ask())
    again = shop.supplier.order(ask())
    assert (again.status, again.reference == "") == ("pending", refuses)

    shop.clock.forward(seconds=30)

    assert shop.supplier.look(ask(), again.reference).status == "ready"
    assert len(shop.sandbox.profiles()) == 1


@BOTH_WAYS
def test_two_workers_order_at_once(shop: Shop, refuses: bool) -> None:
    shop.sandbox.refuses_repeats = refuses
    with ThreadPoolExecutor(4) as workers:
        answers = list(workers.map(lambda _: shop.supplier.order(ask()), range(4)))
    assert {answer.status for answer in answers} <= {"pending", "ready"}
    assert len(shop.sandbox.profiles()) == 1


@BOTH_WAYS
def test_what_was_taken_before_its_price_rose_is_not_refused_now(shop: Shop, refuses: bool) -> None:
    shop.sandbox.refuses_repeats = refuses
    asked = ask(cost_max=CENTS_76)
    first = shop.supplier.order(asked)
    shop.trouble(price_percent=200)
    again = shop.supplier.order(asked)
    assert again.reference == first.reference
    assert len(shop.sandbox.profiles()) == 1


def test_a_number_is_for_one_package(shop: Shop) -> None:
    shop.supplier.order(ask())
    with pytest.raises(SupplierRefused) as refused:
        shop.supplier.order(ask(package="CKH003"))
    assert (refused.value.why, refused.value.code) == ("duplicate", "310402")
    assert len(shop.sandbox.profiles()) == 1


def test_an_order_is_found_by_our_number_alone(shop: Shop) -> None:
    shop.delivered("ORDER0")
    profile = shop.delivered("ORDER1")
    shop.delivered("ORDER2")
    shop.clock.forward(hours=3)
    found = shop.supplier.look(ask(), "")
    assert found.profile == profile
    assert found.reference.startswith("B")


def test_an_order_that_never_arrived_is_unknown_only_after_a_while(shop: Shop) -> None:
    shop.delivered("ORDER2")
    assert shop.supplier.look(ask(), "") == Supplied(number="ORDER1", status="pending")
    shop.clock.forward(minutes=10)
    assert shop.supplier.look(ask(), "") == Supplied(number="ORDER1", status="unknown")


def test_a_reference_that_they_do_not_know_leads_to_our_number(shop: Shop) -> None:
    profile = shop.delivered()
    assert shop.supplier.look(ask(), "B99999999999999").profile == profile
    shop.clock.forward(minutes=10)
    assert shop.supplier.look(ask("ORDER9"), "B99999999999999").status == "unknown"


def test_our_number_is_found_on_the_second_page(shop: Shop) -> None:
    shop.trouble(credit=1_000_000)
    for batch in range(17):  # of 30, before ours: 510
        order(shop, transactionId=f"BATCH{batch}", packageInfoList=[line(count=30)])
    profile = shop.delivered()
    assert shop.supplier.look(ask(), "").profile == profile


def test_the_price_is_named_and_told(shop: Shop) -> None:
    assert shop.supplier.order(ask(cost_max=CENTS_76)).cost == CENTS_76  # 0.755, rounded up
    assert shop.supplier.order(ask("ORDER2", cost_max=Money(500, "USD"))).cost == CENTS_76
    assert shop.supplier.order(ask("ORDER3")).cost is None


@pytest.mark.parametrize(
    ("trouble", "cost_max"),
    [({}, Money(75, "USD")), ({"price_percent": 110}, CENTS_76), ({}, Money(9999, "CNY"))],
    ids=["more than we agreed to", "a price that rose since", "another currency"],
)
def test_the_wrong_price(shop: Shop, trouble: dict[str, int], cost_max: Money) -> None:
    shop.trouble(**trouble)
    with pytest.raises(SupplierRefused) as refused:
        shop.supplier.order(ask(cost_max=cost_max))
    assert refused.value.why == "wrong_price"
    assert shop.sandbox.profiles() == []


def test_who_names_no_price_pays_any(shop: Shop) -> None:
    shop.trouble(price_percent=200)
    shop.delivered()
    assert shop.supplier.balance() == Money(9849, "USD")  # 100.00 - 2 x 0.755


@pytest.mark.parametrize("cost_max", [None, CENTS_76])
@pytest.mark.parametrize(
    ("trouble", "package", "why"),
    [
        ({"stock": 0}, JAPAN, "no_stock"),
        ({"credit": 75}, JAPAN, "no_credit"),
        ({}, "NOSUCH", "wrong_package"),
        ({}, f"TOPUP_{JAPAN}", "wrong_package"),
        ({}, "PJPDAILY", "other"),
    ],
)
def test_a_no_and_nothing_was_done(
    shop: Shop, trouble: dict[str, int], package: str, why: Refusal, cost_max: Money | None
) -> None:
    shop.trouble(**trouble)
    before = shop.supplier.balance()
    with pytest.raises(SupplierRefused) as refused:
        shop.supplier.order(ask(package=package, cost_max=cost_max))
    assert refused.value.why == why
    assert shop.sandbox.profiles() == []
    assert shop.supplier.balance() == before


def test_the_last_one_in_stock(shop: Shop) -> None:
    shop.trouble(stock=1)
    shop.delivered()
    with pytest.raises(SupplierRefused) as refused:
        shop.supplier.order(ask("ORDER2"))
    assert refused.value.why == "no_stock"


def test_a_package_may_be_named_by_its_slug(shop: Shop) -> None:
    assert shop.supplier.order(ask(package="JP_1_7", cost_max=CENTS_76)).cost == CENTS_76
    [profile] = shop.sandbox.profiles()
    assert profile.package == JAPAN


@pytest.mark.parametrize("what", ["maintenance", "down"])
def test_out_of_order_says_nothing_about_the_order(shop: Shop, what: str) -> None:
    if what == "down":
        shop.mischief(down=True)
    else:
        shop.trouble(maintenance=True)
    for deed in (shop.supplier.order, lambda asked: shop.supplier.look(asked, "B1")):
        with pytest.raises(SupplierUnavailable):
            deed(ask())


def test_nobody_is_there(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host, port = taken.getsockname()
    with pytest.raises(SupplierUnavailable, match="ConnectError"):
        shop.supplier_with(address=f"http://{host}:{port}").order(ask())


@pytest.mark.parametrize("key", ["access_code", "secret_key"])
def test_somebody_elses_keys(shop: Shop, key: str) -> None:
    with pytest.raises(SupplierRefused) as refused:
        shop.supplier_with(**{key: "0" * 32}).order(ask())
    assert (refused.value.why, refused.value.code) == ("other", "101003")
    assert shop.sandbox.profiles() == []


@pytest.mark.parametrize("off", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_a_clock_that_goes_wrong(shop: Shop, off: timedelta) -> None:
    settings = msgspec.convert(shop.sandbox.settings(), EsimAccessSettings)
    wrong = EsimAccessSupplier("access", settings, lambda: NOON + off)
    with pytest.raises(SupplierRefused) as refused:
        wrong.balance()
    assert refused.value.code == "101001"


@BOTH_WAYS
def test_however_many_answers_get_lost_every_order_is_one_profile(
    shop: Shop, refuses: bool
) -> None:
    shop.sandbox.refuses_repeats = refuses
    numbers = [f"ORDER{number}" for number in range(8)]
    shop.mischief(mute=500)
    for number in numbers:
        while not is_ready(shop, number):
            pass
    assert [one.number for one in shop.sandbox.profiles()] == numbers


def is_ready(shop: Shop, number: str) -> bool:
    """Whether the order, made anew, could be followed to its end."""
    asked = ask(number, cost_max=CENTS_76)
    try:
        return shop.supplier.look(asked, shop.supplier.order(asked).reference).status == "ready"
    except SupplierUnavailable:
        return False


def line(**more: object) -> dict[str, object]:
    return {"packageCode": JAPAN, "count": 1, **more}


def order(shop: Shop, **body: object) -> None:
    """An order as somebody else's program sends it."""
    settings, content = shop.sandbox.settings(), msgspec.json.encode(body)
    keys = (settings["access_code"], settings["secret_key"])
    headers = signed(*keys, content, shop.clock.now())
    url = f"{shop.sandbox.address}/api/v1/open/esim/order"
    answer: httpx.Response = shop.browser.post(url, content=content, headers=headers)
    assert answer.json()["success"], answer.text
