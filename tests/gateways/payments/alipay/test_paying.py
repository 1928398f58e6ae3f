"""Alice pays on a page, in her phone's browser, or by a code; or she does not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from tests.gateways.payments.alipay.scene import NUMBER, RETURN, Scene, answering

from eka.gateways.payments.alipay import AlipayGateway, AlipaySettings
from eka.gateways.payments.terms import (
    GatewayRefused,
    GatewayUnavailable,
    NotAuthentic,
    PaymentGateway,
    PaymentReport,
    SavedMethod,
    Way,
)
from eka.rules.units import Money


def test_the_adapter_is_a_gateway(alipay: Scene) -> None:
    gateway: PaymentGateway = alipay.gateway
    assert (gateway.name, gateway.ways, gateway.saves) == ("alipay", ("page", "phone", "qr"), False)
    assert gateway.currencies == ("CNY",)
    assert gateway.merchant == "9021000100000001/2088000100000001"


@pytest.mark.parametrize(
    ("way", "method", "product"),
    [
        ("page", "alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
        ("phone", "alipay.trade.wap.pay", "QUICK_WAP_WAY"),
    ],
)
def test_the_address_says_all_that_alipay_needs(
    alipay: Scene, way: Way, method: str, product: str
) -> None:
    asked = alipay.gateway.begin(alipay.ask(way))
    query = {name: values[0] for name, values in parse_qs(urlsplit(asked.url).query).items()}
    content = msgspec.json.decode(query["biz_content"])
    assert (query["method"], query["sign_type"], query["charset"]) == (method, "RSA2", "utf-8")
    assert query["timestamp"] == "2026-03-10 12:00:00"
    assert query["return_url"] == RETURN
    assert content["product_code"] == product
    assert content["out_trade_no"] == NUMBER
    assert content["total_amount"] == "19.99"
    assert content["time_expire"] == "2026-03-10 12:30:00"
    assert ("quit_url" in content) is (way == "phone")


@pytest.mark.parametrize("way", ["page", "phone", "qr"])
def test_alice_pays(alipay: Scene, way: Way) -> None:
    asked = alipay.gateway.begin(alipay.ask(way))
    assert alipay.gateway.look(NUMBER, "").status == "unknown"  # she has not logged in yet

    page = alipay.open(asked)
    assert "19.99 CNY" in page.text
    assert alipay.gateway.look(NUMBER, "").status == "pending"

    alipay.clock.forward(minutes=2)
    alipay.act("pay")
    report = alipay.gateway.look(NUMBER, "")
    assert (report.number, report.status, report.amount) == (NUMBER, "paid", Money(1999, "CNY"))
    assert report.merchant == alipay.gateway.merchant
    assert report.at == alipay.clock()
    assert report == alipay.gateway.capture(NUMBER, "")
    (notice,) = map(alipay.read, alipay.mail())
    assert notice.payment == report


def test_to_begin_twice_is_to_begin_once(alipay: Scene) -> None:
    for way in ("page", "qr"):
        first, again = (alipay.gateway.begin(alipay.ask(way, f"N{way}00")) for _ in "12")
        assert first == again
        alipay.open(first)
        alipay.open(again)
    assert len(alipay.sandbox.payments()) == 2


def test_a_number_is_not_used_for_another_amount(alipay: Scene) -> None:
    alipay.open(alipay.gateway.begin(alipay.ask("qr")))
    with pytest.raises(GatewayRefused) as refused:
        alipay.gateway.begin(alipay.ask("qr", fen=1))
    assert refused.value.code == "ACQ.CONTEXT_INCONSISTENT"
    cheap = alipay.gateway.begin(alipay.ask("page", fen=1))
    assert "ACQ.CONTEXT_INCONSISTENT" in alipay.open(cheap).text


def test_an_address_that_was_changed_opens_nothing(alipay: Scene) -> None:
    asked = alipay.gateway.begin(alipay.ask())
    page = alipay.browser.get(asked.url.replace("19.99", "00.01"))
    assert "isv.invalid-signature" in page.text
    assert alipay.gateway.look(NUMBER, "").status == "unknown"


@pytest.mark.parametrize("way", ["page", "phone", "qr"])
def test_the_time_to_pay_ends_at_alipay_with_the_order(alipay: Scene, way: Way) -> None:
    asked = alipay.gateway.begin(alipay.ask(way, minutes=15))
    alipay.open(asked)
    alipay.clock.forward(minutes=15)
    alipay.act("pay")
    report = alipay.gateway.look(NUMBER, "")
    assert (report.status, report.transaction, report.reason) == ("closed", "", "")


def test_a_page_that_is_first_opened_after_the_deadline_sells_nothing(alipay: Scene) -> None:
    asked = alipay.gateway.begin(alipay.ask(minutes=15))
    alipay.clock.forward(minutes=15)
    assert "ACQ.INVALID_PARAMETER" in alipay.open(asked).text
    assert alipay.gateway.look(NUMBER, "").status == "unknown"


def test_alice_gives_up(alipay: Scene) -> None:
    alipay.open(alipay.gateway.begin(alipay.ask("phone")))
    assert str(alipay.act("fail").url).endswith(f"/{NUMBER}/fail")
    assert alipay.gateway.look(NUMBER, "").status == "closed"
    (notice,) = map(alipay.read, alipay.mail())
    assert notice.payment is not None
    assert (notice.payment.status, notice.payment.transaction) == ("closed", "")


def test_a_trade_that_is_closed_is_not_paid(alipay: Scene) -> None:
    alipay.open(alipay.gateway.begin(alipay.ask()))
    assert alipay.gateway.close(NUMBER, "").status == "closed"
    alipay.act("pay")
    assert alipay.gateway.look(NUMBER, "").status == "closed"
    assert alipay.gateway.close(NUMBER, "").status == "closed"


def test_what_alipay_never_heard_of_is_closed_and_may_still_be_paid_until_the_deadline(
    alipay: Scene,
) -> None:
    asked = alipay.gateway.begin(alipay.ask())
    assert alipay.gateway.close(NUMBER, "").status == "closed"
    alipay.open(asked)
    alipay.act("pay")
    (notice,) = map(alipay.read, alipay.mail())
    assert notice.payment is not None
    assert notice.payment.status == "paid"  # late: the rules have it given back


def test_the_money_came_before_the_close(alipay: Scene) -> None:
    alipay.open(alipay.gateway.begin(alipay.ask()))
    alipay.act("pay")
    report = alipay.gateway.close(NUMBER, "")
    assert (report.status, report.amount) == ("paid", Money(1999, "CNY"))
    assert report.transaction != ""


def test_alice_pays_in_the_moment_in_which_her_order_is_closed(alipay: Scene) -> None:
    numbers = [f"RACE{number:03d}" for number in range(8)]
    for number in numbers:
        alipay.open(alipay.gateway.begin(alipay.ask(number=number)))

    def pays(number: str) -> None:
        alipay.act("pay", number)

    def closes(number: str) -> PaymentReport:
        return alipay.gateway.close(number, "")

    with ThreadPoolExecutor(4) as crowd:
        paying = [crowd.submit(pays, number) for number in numbers]
        closing = [crowd.submit(closes, number) for number in numbers]
        reports = [future.result() for future in closing]
        for future in paying:
            future.result()
    told = {notice.payment.number for notice in map(alipay.read, alipay.mail()) if notice.payment}
    for report in reports:
        assert report.status == ("paid" if report.number in told else "closed")
        assert alipay.gateway.look(report.number, "").status == report.status


@pytest.mark.parametrize("way", ["page", "qr"])
def test_money_that_comes_late_is_told_of(alipay: Scene, way: Way) -> None:
    asked = alipay.gateway.begin(alipay.ask(way))
    if way == "page":
        alipay.open(asked)
    alipay.gateway.close(NUMBER, "")
    alipay.clock.forward(hours=1)
    alipay.act("pay_late")
    assert alipay.gateway.look(NUMBER, "").status == "paid"
    assert [alipay.read(body).kind for body in alipay.mail()] == ["TRADE_SUCCESS"]


def test_a_second_payment_has_a_transaction_of_its_own(alipay: Scene) -> None:
    alipay.open(alipay.gateway.begin(alipay.ask()))
    alipay.act("pay_twice")
    first, second = map(alipay.read, alipay.mail())
    assert first.payment is not None
    assert second.payment is not None
    assert first.payment.number == second.payment.number == NUMBER
    assert first.payment.transaction != second.payment.transaction
    assert first.event != second.event
    assert alipay.gateway.look(NUMBER, "").transaction == first.payment.transaction


def test_the_way_back_is_signed_and_proves_nothing(alipay: Scene) -> None:
    alipay.open(alipay.gateway.begin(alipay.ask()))
    url = f"{alipay.sandbox.address}/sandbox/payments/{NUMBER}/pay"
    back = alipay.browser.post(url, headers={"accept": "text/html"}, follow_redirects=False)
    query = urlsplit(back.headers["location"]).query
    assert back.headers["location"].startswith(RETURN)
    assert "sign=" in query
    with pytest.raises(NotAuthentic):
        alipay.read(query.removeprefix("language=zh&").encode())


@pytest.mark.parametrize(
    ("amount", "way"),
    [
        (Money(1999, "USD"), "page"),
        (Money(0, "CNY"), "page"),
        (Money(-5, "CNY"), "qr"),
        (Money(10**11, "CNY"), "phone"),
        (Money(1999, "CNY"), "inside"),
    ],
)
def test_what_alipay_cannot_do_is_refused_here(alipay: Scene, amount: Money, way: Way) -> None:
    ask = msgspec.structs.replace(alipay.ask(way), amount=amount)
    with pytest.raises(GatewayRefused):
        alipay.gateway.begin(ask)


def test_no_method_is_kept(alipay: Scene) -> None:
    method = SavedMethod(token="x")
    with pytest.raises(GatewayRefused, match="unsupported"):
        alipay.gateway.charge(alipay.ask(), method)
    with pytest.raises(GatewayRefused, match="unsupported"):
        alipay.gateway.forget(method)


def test_alipay_does_not_take_what_somebody_else_signed(alipay: Scene) -> None:
    other = AlipayGateway(
        AlipaySettings(**{**alipay.sandbox.settings(), "private_key": _other_key(alipay)}),
        alipay.clock,
    )
    with pytest.raises(GatewayRefused) as refused:
        other.look(NUMBER, "")
    assert refused.value.code == "isv.invalid-signature"


def _other_key(alipay: Scene) -> str:
    """A good key that is not the seller's: Alipay's own, as it happens."""
    kept = alipay.sandbox.records.get("keys", "rsa2")
    assert kept is not None
    key: str = kept["alipay_private"]
    return key


def test_an_application_that_alipay_does_not_know_gets_no_signed_answer(alipay: Scene) -> None:
    with pytest.raises(GatewayUnavailable, match=r"not signed by Alipay \(isv.invalid-app-id\)"):
        alipay.gateway_with(app_id="1").look(NUMBER, "")


def test_alipay_is_out_of_order_or_cannot_be_reached(alipay: Scene) -> None:
    mischief = f"{alipay.sandbox.address}/sandbox/mischief"
    alipay.browser.post(mischief, json={"held": True, "down": True})
    with pytest.raises(GatewayUnavailable, match="HTTP 503"):
        alipay.gateway.look(NUMBER, "")
    with answering(lambda path, body: (200, b"")) as address:
        gone = address
    with pytest.raises(GatewayUnavailable, match="ConnectError"):
        alipay.gateway_with(gateway_url=gone).look(NUMBER, "")


def test_what_alipay_does_without_saying_so_is_found_out_by_asking_again(alipay: Scene) -> None:
    refund = alipay.paid()
    mischief = f"{alipay.sandbox.address}/sandbox/mischief"
    alipay.browser.post(mischief, json={"held": True, "mute": 1000})
    with pytest.raises(GatewayUnavailable):
        alipay.gateway.refund(refund)
    alipay.browser.post(mischief, json={"held": True})
    assert alipay.gateway.refund(refund).status == "done"
    assert alipay.gateway.look(NUMBER, "").reason == "refunded"


def test_settings_do_not_show_their_key(alipay: Scene) -> None:
    settings = AlipaySettings(**alipay.sandbox.settings())
    assert "KEY" not in f"{settings} {settings!r}"


def test_a_key_that_is_none_is_noticed_at_once(alipay: Scene) -> None:
    with pytest.raises(ValueError, match="RSA key"):
        alipay.gateway_with(private_key="no key")


def test_the_deadline_is_of_the_clock_that_the_order_has(alipay: Scene) -> None:
    ask = msgspec.structs.replace(
        alipay.ask(), expires_at=alipay.clock() + timedelta(minutes=5, microseconds=999_999)
    )
    content = parse_qs(urlsplit(alipay.gateway.begin(ask).url).query)["biz_content"][0]
    assert msgspec.json.decode(content)["time_expire"] == "2026-03-10 12:05:00"
