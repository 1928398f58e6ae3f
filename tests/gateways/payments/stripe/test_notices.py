"""Only Stripe can tell Olga's shop that it was paid."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.gateways.payments.stripe.conftest import Stripe

from eka.gateways.payments.stripe import StripeGateway, StripeSettings
from eka.gateways.payments.terms import NotAuthentic, Notice, NoticeUnreadable
from eka.gateways.sandbox.courier import Envelope

KEY = "Stripe-Signature"


def completed(stripe: Stripe) -> Envelope:
    """The letter that says that Alice paid."""
    stripe.bought()
    (letter,) = (one for one in stripe.letters() if b"checkout.session.completed" in one.body)
    return letter


def signed(letter: Envelope, header: str) -> Envelope:
    return Envelope({**letter.headers, KEY: header}, letter.body)


def parts(letter: Envelope) -> dict[str, str]:
    return dict(item.split("=", 1) for item in letter.headers[KEY].split(","))


def test_a_genuine_letter_is_read_as_often_as_it_comes(stripe: Stripe) -> None:
    letter = completed(stripe)
    first = stripe.read(letter)
    assert first.payment is not None
    assert first.payment.status == "paid"
    assert first.event.startswith("evt_")
    assert stripe.read(letter) == first


def test_a_letter_that_is_sent_twice_has_one_number(stripe: Stripe) -> None:
    stripe.mischief(double=1000)
    stripe.bought()
    news = stripe.told("checkout.session.completed")
    assert len(news) == 2
    assert news[0] == news[1]


def test_a_forger_has_no_secret(stripe: Stripe) -> None:
    stripe.mischief(forge=1000)
    stripe.bought()
    letters = stripe.letters()
    forged, genuine = letters[::2], letters[1::2]
    assert len(forged) == len(genuine) > 0
    for letter in forged:
        with pytest.raises(NotAuthentic):
            stripe.read(letter)
    for letter in genuine:
        stripe.read(letter)


@pytest.mark.parametrize("late", [-301, 301, 86_400, -86_400])
def test_an_old_letter_and_one_from_the_future_are_refused(stripe: Stripe, late: int) -> None:
    letter = completed(stripe)
    stripe.watch.move(seconds=late)
    with pytest.raises(NotAuthentic):
        stripe.read(letter)


@pytest.mark.parametrize("late", [-300, 0, 300])
def test_clocks_may_differ_by_five_minutes(stripe: Stripe, late: int) -> None:
    letter = completed(stripe)
    stripe.watch.move(seconds=late)
    stripe.read(letter)


def test_the_time_is_signed_too(stripe: Stripe) -> None:
    letter = completed(stripe)
    stripe.watch.move(hours=1)
    now = int(stripe.watch().timestamp())
    for header in (
        f"t={now},v1={parts(letter)['v1']}",
        f"t={now},{letter.headers[KEY]}",
        f"{letter.headers[KEY]},t={now}",
    ):
        with pytest.raises(NotAuthentic):
            stripe.read(signed(letter, header))


def test_an_altered_body_is_refused(stripe: Stripe) -> None:
    letter = completed(stripe)
    cheaper = letter.body.replace(b"1999", b"9999")
    assert cheaper != letter.body
    with pytest.raises(NotAuthentic):
        stripe.read(Envelope(letter.headers, cheaper))
    with pytest.raises(NotAuthentic):
        stripe.read(Envelope(letter.headers, letter.body + b" "))


def test_one_good_signature_among_others_is_enough(stripe: Stripe) -> None:
    letter = completed(stripe)
    time, good = parts(letter)["t"], parts(letter)["v1"]
    stripe.read(signed(letter, f"t={time},v1={'0' * 64},v1={good}"))
    with pytest.raises(NotAuthentic):
        stripe.read(signed(letter, f"t={time},v1={'0' * 64},v1={'1' * 64}"))


def test_the_old_scheme_counts_for_nothing(stripe: Stripe) -> None:
    letter = completed(stripe)
    with pytest.raises(NotAuthentic):
        stripe.read(signed(letter, f"t={parts(letter)['t']},v0={parts(letter)['v1']}"))


@pytest.mark.parametrize(
    "header",
    [
        *("", ",", "=", "t=", "v1=", "t=x,v1=y", "v1=abc", "t=1", "t=1,v1", "t=١,v1=٢", "t=1,v1=é"),
        *("t=" + "9" * 5000 + ",v1=0", "t=-1,v1=0", "t==,v1==", "\x00"),
    ],
)
def test_a_header_that_is_none(stripe: Stripe, header: str) -> None:
    with pytest.raises(NotAuthentic):
        stripe.read(signed(stripe.event("any", {}), header))


def test_a_letter_without_a_signature(stripe: Stripe) -> None:
    with pytest.raises(NotAuthentic):
        stripe.gateway.read_notice({}, b"{}", stripe.noon)


def test_bytes_that_are_no_text(stripe: Stripe) -> None:
    headers = {KEY.lower(): stripe.event("any", {}).headers[KEY]}
    with pytest.raises(NotAuthentic):
        stripe.gateway.read_notice(headers, b"\xff\xfe", stripe.noon)


def test_a_letter_that_is_too_large_is_not_even_checked(stripe: Stripe) -> None:
    large = stripe.event("any", {"much": "x" * 600_000})
    with pytest.raises(NotAuthentic, match="too large"):
        stripe.read(large)
    stripe.read(stripe.event("any", {"much": "x" * 400_000}))


def test_a_secret_is_changed_while_letters_are_under_way(stripe: Stripe) -> None:
    letter = completed(stripe)
    old = stripe.settings.webhook_secret
    headers = {KEY.lower(): letter.headers[KEY]}

    def read(secrets: str) -> Notice:
        settings = replace(stripe.settings, webhook_secret=secrets)
        return StripeGateway(settings).read_notice(headers, letter.body, stripe.noon)

    assert read(f"whsec_new, {old}") == read(f"{old},whsec_new") == read(old)
    for none_of_them in ("whsec_new", "", " , "):
        with pytest.raises(NotAuthentic):
            read(none_of_them)


def test_a_complaint_repeats_nothing_of_the_letter(stripe: Stripe) -> None:
    letter = completed(stripe)
    wrong = replace(stripe.settings, webhook_secret="whsec_other")
    with pytest.raises(NotAuthentic) as refused:
        StripeGateway(wrong).read_notice(
            {KEY.lower(): letter.headers[KEY]}, letter.body, stripe.noon
        )
    assert refused.value.__cause__ is None
    told = str(refused.value)
    assert "whsec" not in told
    assert parts(letter)["v1"] not in told


@pytest.mark.parametrize(
    "about",
    [
        {},
        {"id": 7},
        {"id": "cs_1", "status": "complete", "payment_status": "paid", "livemode": "no"},
        {
            **{"id": "cs_1", "status": "complete", "payment_status": "paid", "livemode": False},
            **{"amount_total": 19.99, "currency": "usd"},
        },
        {
            **{"id": "cs_1", "status": "complete", "payment_status": "paid", "livemode": False},
            **{"amount_total": 550, "currency": "isk"},
        },
    ],
)
def test_what_stripe_says_may_not_be_understood(stripe: Stripe, about: dict[str, object]) -> None:
    with pytest.raises(NoticeUnreadable):
        stripe.read(stripe.event("checkout.session.completed", about))


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '{"object": "event"}', "42"])
def test_an_authentic_letter_that_is_no_event(stripe: Stripe, body: str) -> None:
    sent = int(stripe.noon.timestamp())
    secret = stripe.settings.webhook_secret.encode()
    mac = hmac.new(secret, f"{sent}.{body}".encode(), hashlib.sha256).hexdigest()
    with pytest.raises(NoticeUnreadable):
        stripe.gateway.read_notice({KEY.lower(): f"t={sent},v1={mac}"}, body.encode(), stripe.noon)


def test_news_of_a_kind_that_nobody_knows(stripe: Stripe) -> None:
    notice = stripe.read(stripe.event("invoice.paid", {"object": "invoice"}))
    assert notice == Notice(event="evt_1", kind="invoice.paid")


def test_a_test_payment_is_not_paid_to_a_live_shop(stripe: Stripe) -> None:
    live = StripeGateway(replace(stripe.settings, secret_key="sk_live_x"))
    letter = completed(stripe)
    headers = {KEY.lower(): letter.headers[KEY]}
    notice = live.read_notice(headers, letter.body, stripe.noon)
    assert notice.payment is not None
    assert notice.payment.merchant != live.merchant
    assert notice.payment.merchant == stripe.gateway.merchant


def test_a_payment_to_a_connected_account_is_not_paid_to_the_shop(stripe: Stripe) -> None:
    about = json.loads(completed(stripe).body)["data"]["object"]
    letter = stripe.event("checkout.session.completed", about, account="acct_charlie")
    notice = stripe.read(letter)
    assert notice.payment is not None
    assert notice.payment.merchant == "acct_charlie:test"


def test_stripe_sends_again_what_was_not_accepted(stripe: Stripe) -> None:
    assert stripe.box.accepted(stripe.gateway.reply(True).status, b"")
    assert not stripe.box.accepted(stripe.gateway.reply(False).status, b"")
    days = timedelta(seconds=sum(stripe.box.retry_after_s))
    assert timedelta(days=2) < days <= timedelta(days=3)


def test_settings_show_no_secret(stripe: Stripe) -> None:
    shown = repr(stripe.settings)
    assert stripe.settings.account in shown
    assert stripe.settings.secret_key not in shown
    assert stripe.settings.webhook_secret not in shown


@pytest.mark.parametrize(
    ("key", "live"),
    [("sk_live_1", True), ("rk_live_1", True), ("sk_test_1", False), ("sk_test__live_", False)],
)
def test_whose_money_it_is(key: str, live: bool) -> None:
    settings = StripeSettings(secret_key=key, webhook_secret="", account="acct_1")
    assert settings.live is live
    assert settings.merchant == ("acct_1:live" if live else "acct_1:test")
