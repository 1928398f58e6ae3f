"""Alice pays on Stripe's page, or does not, or does it twice."""

from datetime import timedelta

import httpx
import pytest
from msgspec.structs import replace
from tests.gateways.payments.stripe.conftest import Stripe

from eka.gateways.payments.terms import GatewayRefused, GatewayUnavailable
from eka.rules.units import Money


def session_of(stripe: Stripe, reference: str) -> dict[str, object]:
    session: dict[str, object] = stripe.api("GET", f"checkout/sessions/{reference}").json()
    return session


def test_alice_is_sent_to_a_page_and_pays_there(stripe: Stripe) -> None:
    ask = stripe.ask()
    asked = stripe.gateway.begin(ask)
    assert "19.99 USD" in httpx.get(asked.url).text
    assert stripe.gateway.look(ask.number, asked.reference).status == "pending"
    stripe.act(ask, "pay")
    paid = stripe.gateway.look(ask.number, asked.reference)
    assert paid.status == "paid"
    assert paid.number == ask.number
    assert paid.amount == ask.amount
    assert paid.merchant == stripe.gateway.merchant
    assert paid.transaction.startswith("pi_")
    assert paid.fee == Money(88, "USD")  # 2.9 % of 19.99 and 30 cents
    assert paid.at == stripe.noon
    assert paid.saved is None
    assert stripe.gateway.capture(ask.number, asked.reference) == paid


def test_the_session_carries_all_that_was_asked(stripe: Stripe) -> None:
    ask = replace(stripe.ask(), language="zh-hans", payer_email="alice@example.com")
    session = session_of(stripe, stripe.gateway.begin(ask).reference)
    assert session["client_reference_id"] == ask.number
    assert session["metadata"] == {
        "number": ask.number,
        "via": "page",
        "notify_url": ask.notify_url,
    }
    assert session["locale"] == "zh"
    assert session["success_url"] == ask.return_url
    assert session["cancel_url"] == ask.cancel_url
    assert session["customer_email"] == "alice@example.com"
    assert session["expires_at"] == int(ask.expires_at.timestamp())
    assert session["adaptive_pricing"] == {"enabled": False}


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        ("en", "en"),
        ("zh-hans", "zh"),
        ("zh-Hant", "zh-TW"),
        ("pt_BR", "pt-BR"),
        ("de-AT", "de"),
        ("tlh", "auto"),
    ],
)
def test_the_page_speaks_alices_language(stripe: Stripe, language: str, locale: str) -> None:
    asked = stripe.gateway.begin(replace(stripe.ask(), language=language))
    assert session_of(stripe, asked.reference)["locale"] == locale


@pytest.mark.parametrize(
    ("minutes", "open_minutes"),
    [(5, 31), (-60, 31), (40, 40), (23 * 60, 23 * 60), (72 * 60, 24 * 60 - 1)],
)
def test_a_page_is_open_until_the_deadline_as_far_as_stripe_allows(
    stripe: Stripe, minutes: int, open_minutes: int
) -> None:
    ask = replace(stripe.ask(), expires_at=stripe.noon + timedelta(minutes=minutes))
    session = session_of(stripe, stripe.gateway.begin(ask).reference)
    assert session["expires_at"] == int((stripe.noon + timedelta(minutes=open_minutes)).timestamp())


def test_all_events_and_the_list_name_the_same_money(stripe: Stripe) -> None:
    paid = stripe.bought()
    reports = [notice.payment for notice in stripe.news() if notice.payment]
    assert [report.status for report in reports] == ["paid", "paid"]
    assert {report.transaction for report in reports} == {paid.transaction}
    assert {report.number for report in reports} == {paid.number}
    assert {report.merchant for report in reports} == {stripe.gateway.merchant}
    assert [line.transaction for line in stripe.gateway.transactions(stripe.noon.date())] == [
        paid.transaction
    ]


def test_news_that_say_nothing_of_a_payment_have_no_report(stripe: Stripe) -> None:
    stripe.bought()
    (notice,) = stripe.told("charge.succeeded")
    assert (notice.payment, notice.refund, notice.dispute) == (None, None, None)


def test_a_declined_card_leaves_the_page_open_for_another(stripe: Stripe) -> None:
    ask = stripe.ask()
    asked = stripe.gateway.begin(ask)
    stripe.act(ask, "fail")
    (notice,) = stripe.told("payment_intent.payment_failed")
    assert notice.payment is not None
    assert notice.payment.status == "pending"
    assert notice.payment.reason == "generic_decline"
    looked = stripe.gateway.look(ask.number, asked.reference)
    assert (looked.status, looked.reason, looked.transaction) == ("pending", "generic_decline", "")
    stripe.act(ask, "pay")
    assert stripe.gateway.look(ask.number, asked.reference).status == "paid"


def test_a_second_payment_of_a_number_is_another_transaction(stripe: Stripe) -> None:
    ask = stripe.ask()
    asked = stripe.gateway.begin(ask)
    stripe.act(ask, "pay_twice")
    news = stripe.told("checkout.session.completed")
    reports = [notice.payment for notice in news if notice.payment]
    assert [report.number for report in reports] == [ask.number, ask.number]
    assert len({report.transaction for report in reports}) == 2
    first = stripe.gateway.look(ask.number, asked.reference)
    assert first.transaction == reports[0].transaction
    lines = stripe.gateway.transactions(stripe.noon.date())
    assert {line.transaction for line in lines} == {report.transaction for report in reports}
    assert {line.number for line in lines} == {ask.number}


def test_a_page_that_was_closed_takes_no_money(stripe: Stripe) -> None:
    ask = stripe.ask()
    asked = stripe.gateway.begin(ask)
    assert stripe.gateway.close(ask.number, asked.reference).status == "closed"
    stripe.act(ask, "pay")
    assert stripe.gateway.look(ask.number, asked.reference).status == "closed"
    assert stripe.gateway.close(ask.number, asked.reference).status == "closed"
    (notice,) = stripe.told("checkout.session.expired")
    assert notice.payment is not None
    assert notice.payment.status == "closed"


def test_closing_what_was_just_paid_says_that_it_is_paid(stripe: Stripe) -> None:
    paid = stripe.bought()
    assert stripe.gateway.close(paid.number, paid.reference) == paid


def test_money_that_comes_after_closing_is_reported(stripe: Stripe) -> None:
    ask = stripe.ask()
    asked = stripe.gateway.begin(ask)
    stripe.gateway.close(ask.number, asked.reference)
    stripe.act(ask, "pay_late")
    late = stripe.gateway.look(ask.number, asked.reference)
    assert late.status == "paid"
    statuses = [notice.payment.status for notice in stripe.news() if notice.payment]
    assert statuses == ["closed", "paid", "paid"]


def test_a_page_closes_by_itself_at_its_deadline(stripe: Stripe) -> None:
    ask = stripe.ask()
    asked = stripe.gateway.begin(ask)
    stripe.watch.move(minutes=59)
    assert stripe.gateway.look(ask.number, asked.reference).status == "pending"
    stripe.watch.move(minutes=1)
    assert stripe.gateway.look(ask.number, asked.reference).status == "closed"
    stripe.act(ask, "pay")
    assert stripe.gateway.look(ask.number, asked.reference).status == "closed"


@pytest.mark.parametrize(("act", "status"), [("pay", "paid"), ("fail", "failed")])
def test_a_method_that_takes_days_is_pending_until_it_ends(
    stripe: Stripe, act: str, status: str
) -> None:
    ask = stripe.ask()
    asked = stripe.gateway.begin(ask)
    stripe.act(ask, "approve")
    (notice,) = stripe.told("checkout.session.completed")
    assert notice.payment is not None
    assert (notice.payment.status, notice.payment.transaction) == ("pending", "")
    assert stripe.gateway.look(ask.number, asked.reference).status == "pending"
    assert stripe.gateway.close(ask.number, asked.reference).status == "pending"
    stripe.act(ask, act)
    kind = "succeeded" if act == "pay" else "failed"
    (notice,) = stripe.told(f"checkout.session.async_payment_{kind}")
    assert notice.payment is not None
    assert notice.payment.status == status
    assert stripe.gateway.look(ask.number, asked.reference).status == status
    stripe.act(ask, "pay")
    assert stripe.gateway.look(ask.number, asked.reference).status == status


def test_who_asks_again_gets_the_same_page(stripe: Stripe) -> None:
    ask = stripe.ask()
    assert stripe.gateway.begin(ask) == stripe.gateway.begin(ask)
    assert stripe.begun(ask.number) == 1


def test_an_answer_that_got_lost_is_found_by_asking_again(stripe: Stripe) -> None:
    ask = stripe.ask()
    stripe.mischief(mute=1000)
    with pytest.raises(GatewayUnavailable):
        stripe.gateway.begin(ask)
    stripe.mischief()
    found = stripe.gateway.look(ask.number, "")
    assert found.status == "pending"
    assert stripe.gateway.begin(ask).reference == found.reference
    assert stripe.begun(ask.number) == 1


def test_asking_again_near_the_deadline_gives_the_first_page(stripe: Stripe) -> None:
    """Stripe would count the shorter deadline from now, and refuse the key for it."""
    ask = replace(stripe.ask(), expires_at=stripe.noon + timedelta(minutes=10))
    first = stripe.gateway.begin(ask)
    stripe.watch.move(minutes=5)
    assert stripe.gateway.begin(ask) == first


def test_a_paid_page_is_found_without_its_reference(stripe: Stripe) -> None:
    paid = stripe.bought()
    stripe.watch.move(days=60)  # no list of recent pages has it any more
    assert stripe.gateway.look(paid.number, "") == paid
    assert stripe.gateway.close(paid.number, "") == paid


def test_a_page_is_closed_without_its_reference(stripe: Stripe) -> None:
    ask = stripe.ask()
    asked = stripe.gateway.begin(ask)
    bob = stripe.bought()
    for _ in range(101):  # then hers is on the second page of Stripe's list
        stripe.box.act(bob.number, "pay_twice")
    closed = stripe.gateway.close(ask.number, "")
    assert (closed.status, closed.reference) == ("closed", asked.reference)


@pytest.mark.parametrize("reference", ["", "cs_test_nothing", "pi_nothing"])
def test_nobody_heard_of_it(stripe: Stripe, reference: str) -> None:
    assert stripe.gateway.look("EKA999999", reference).status == "unknown"
    assert stripe.gateway.close("EKA999999", reference).status == "unknown"


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (Money(0, "USD"), "amount_too_small"),
        (Money(49, "USD"), "amount_too_small"),
        (Money(100_000_000, "USD"), "amount_too_large"),
        (Money(1_001, "KWD"), "amount_not_representable"),
        (Money(150, "MGA"), "amount_not_representable"),
        (Money(1_000, "IQD"), "currency_not_supported"),
        (Money(1_000, "ZZZ"), "currency_not_supported"),
    ],
)
def test_amounts_that_stripe_does_not_take(stripe: Stripe, amount: Money, code: str) -> None:
    with pytest.raises(GatewayRefused) as refused:
        stripe.gateway.begin(stripe.ask(amount))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("amount", "wire"),
    [
        (Money(500, "JPY"), 500),
        (Money(5, "ISK"), 500),
        (Money(5, "UGX"), 500),
        (Money(500_00, "MGA"), 500),
        (Money(5_120, "KWD"), 5_120),
        (Money(1050, "HUF"), 1050),
        (Money(123_456_789_00, "IDR"), 12_345_678_900),
    ],
)
def test_every_kind_of_currency_is_paid_to_the_unit(
    stripe: Stripe, amount: Money, wire: int
) -> None:
    paid = stripe.bought(stripe.ask(amount))
    assert paid.amount == amount
    assert session_of(stripe, paid.reference)["amount_total"] == wire
    (line,) = stripe.gateway.transactions(stripe.noon.date())
    assert line.amount == amount
    assert line.fee is not None
