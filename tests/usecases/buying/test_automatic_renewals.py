"""Alice's saved card and PayPal account renew her line, through the sandboxes of both."""

from datetime import datetime, timedelta

import pytest
from tests.usecases.buying.conftest import Shop, mischief

from eka.gateways.payments.terms import PaymentAsk, SavedMethod
from eka.jobs.renewing import Renewer
from eka.ledger import models
from eka.ledger.seals import digest, seal, unseal
from eka.rules.lines import Period
from eka.rules.units import Money
from eka.usecases import checkout, looking
from eka.usecases.addresses import notify_url
from eka.usecases.balances import look
from eka.usecases.consents import Consent, agree, standings, stop
from eka.usecases.gateways import gateway
from eka.usecases.settling import settle_all

DECLINED = "pm_card_chargeDeclinedInsufficientFunds"


def save(shop: Shop, name: str) -> models.SavedMethod:
    """Alice buys something and lets the shop keep how she paid."""
    paying = checkout.Paying(
        gateway=name,
        way=gateway(name).ways[0],
        return_url="http://127.0.0.1:8000/back",
        cancel_url="http://127.0.0.1:8000/cancel",
        notify_url=notify_url(name),
        title="Eka",
        save=True,
    )
    order = shop.quote()
    payment = checkout.begin(order, paying, shop.clock.now()).number
    shop.act(payment, "pay")
    shop.deliver(name)
    shop.work()
    shop.deliver(name)
    shop.work()
    assert shop.state(order) == "fulfilled"
    looking.look(payment, shop.clock.now())
    return models.SavedMethod.objects.get(subscriber=shop.alice, gateway=name)


def consent(shop: Shop, method: models.SavedMethod) -> int:
    given = Consent(
        line=shop.line,
        subscriber=shop.alice.pk,
        method=method.gateway,  # type: ignore[arg-type]
        saved_method=method.pk,
        text="Renew my line for 10.00 USD until I stop it.",
        price=Money(1000, "USD"),
    )
    return agree(given, now=shop.clock.now(), key=f"form-{method.pk}-{shop.clock.now()}")


def period(shop: Shop) -> Period:
    found = look(shop.line, shop.clock.now()).line.period
    assert found is not None
    return found


def wait_until(shop: Shop, then: datetime) -> None:
    """The jobs run once at that instant."""
    shop.clock.ahead += then - shop.clock.now()
    settle_all(shop.clock.now())
    Renewer().turn(shop.clock.now())
    shop.work()


def told(shop: Shop) -> list[str]:
    events = models.Message.objects.filter(subscriber=shop.alice, event__startswith="auto_")
    return [row.event.removeprefix("auto_renewal_") for row in events.order_by("pk")]


def taken(name: str) -> int:
    """How often the gateway took money."""
    return models.MoneyIn.objects.filter(gateway=name).count()


def reaches_it_after_all(card: models.SavedMethod) -> None:
    """The charge that Stripe gave no answer to was carried out there."""
    payment = models.Payment.objects.get(way="saved")
    ask = PaymentAsk(
        number=payment.number,
        amount=Money(payment.amount, payment.currency),
        title="Eka",
        way="page",
        expires_at=payment.expires_at,
        return_url="",
        cancel_url="",
        notify_url="",
    )
    gateway("stripe").charge(ask, SavedMethod(token=unseal(card.token), payer=card.payer))


@pytest.mark.parametrize("name", ["stripe", "paypal"])
def test_a_saved_method_pays_and_the_next_period_begins_in_time(shop: Shop, name: str) -> None:
    consent(shop, save(shop, name))
    ends = period(shop).ends
    before = taken(name)
    wait_until(shop, ends - timedelta(hours=25))
    assert told(shop)[-2:] == ["reminder", "paid"]
    assert taken(name) == before + 1
    shop.deliver(name)  # the gateway's own news of it change nothing
    shop.work()
    wait_until(shop, ends)
    assert (period(shop).starts, period(shop).by) == (ends, "auto")
    assert taken(name) == before + 1
    assert shop.cases() == []


def test_a_declined_card_is_tried_again_with_the_card_that_took_its_place(shop: Shop) -> None:
    card = save(shop, "stripe")
    good = card.token
    models.SavedMethod.objects.filter(pk=card.pk).update(
        token=seal(DECLINED), token_digest=digest(DECLINED)
    )
    consent(shop, card)
    ends = period(shop).ends
    wait_until(shop, ends - timedelta(hours=25))
    assert told(shop)[-1] == "failed"
    failed = models.Message.objects.filter(event="auto_renewal_failed").latest("pk")
    assert failed.facts["reason"] == "insufficient_funds"
    models.SavedMethod.objects.filter(pk=card.pk).update(token=good)
    wait_until(shop, ends - timedelta(minutes=59))
    assert told(shop)[-1] == "paid"
    wait_until(shop, ends)
    assert period(shop).starts == ends


def test_a_gateway_that_is_silent_is_asked_again_and_charges_once(shop: Shop) -> None:
    consent(shop, save(shop, "stripe"))
    ends, before = period(shop).ends, taken("stripe")
    mischief(shop.market["stripe"], mute=1000)
    wait_until(shop, ends - timedelta(hours=25))
    assert told(shop)[-1] == "reminder"
    mischief(shop.market["stripe"])
    wait_until(shop, ends - timedelta(hours=24, minutes=49))
    assert told(shop)[-1] == "paid"
    assert taken("stripe") == before + 1


def test_a_charge_that_went_through_unheard_is_found_by_looking(shop: Shop) -> None:
    """The poll of open payments is quicker than the next try."""
    card = save(shop, "stripe")
    consent(shop, card)
    ends, before = period(shop).ends, taken("stripe")
    mischief(shop.market["stripe"], mute=1000)
    wait_until(shop, ends - timedelta(hours=25))
    mischief(shop.market["stripe"])
    reaches_it_after_all(card)
    shop.clock.pass_(minutes=1)
    assert looking.look_at_due(shop.clock.now()) >= 1
    shop.work()
    wait_until(shop, ends - timedelta(hours=24, minutes=30))
    assert told(shop)[-1] == "paid"
    assert taken("stripe") == before + 1


@pytest.mark.parametrize(("arrived", "end"), [(True, "paid"), (False, "failed")])
def test_a_charge_is_not_called_failed_while_nobody_knows(
    shop: Shop, arrived: bool, end: str
) -> None:
    """Stripe is silent for longer than the order's life, and then says what became of it."""
    card = save(shop, "stripe")
    consent(shop, card)
    ends, before = period(shop).ends, taken("stripe")
    mischief(shop.market["stripe"], mute=1000)
    wait_until(shop, ends - timedelta(hours=25))
    wait_until(shop, ends - timedelta(hours=23))
    assert told(shop)[-1] == "reminder"
    mischief(shop.market["stripe"])
    if arrived:
        reaches_it_after_all(card)
    shop.clock.pass_(minutes=2)  # Stripe's search is a minute behind
    looking.expire_due(shop.clock.now())
    shop.work()
    wait_until(shop, ends - timedelta(hours=22))
    assert told(shop)[-1] == end
    assert taken("stripe") == before + arrived


def test_stopped_while_the_gateway_is_silent_nothing_is_tried_again(shop: Shop) -> None:
    consent(shop, save(shop, "stripe"))
    ends = period(shop).ends
    mischief(shop.market["stripe"], mute=1000)
    wait_until(shop, ends - timedelta(hours=25))
    assert stop(shop.line, shop.alice.pk, shop.clock.now())
    mischief(shop.market["stripe"])
    charges = models.Payment.objects.filter(way="saved").count()
    wait_until(shop, ends + timedelta(days=7))
    assert models.Payment.objects.filter(way="saved").count() == charges
    assert standings(shop.clock.now())[-1].ended_why == "asked"


def test_a_card_that_was_removed_is_not_charged(shop: Shop) -> None:
    card = save(shop, "stripe")
    consent(shop, card)
    ends, before = period(shop).ends, taken("stripe")
    models.SavedMethod.objects.filter(pk=card.pk).update(removed_at=shop.clock.now())
    wait_until(shop, ends - timedelta(hours=25))
    failed = models.Message.objects.filter(event="auto_renewal_failed").latest("pk")
    assert failed.facts["reason"] == "no_such_method"
    assert taken("stripe") == before


def test_the_token_is_in_no_message(shop: Shop) -> None:
    card = save(shop, "stripe")
    consent(shop, card)
    wait_until(shop, period(shop).ends - timedelta(hours=25))
    for message in models.Message.objects.all():
        assert card.token not in str(message.facts)
        assert message.facts.get("shown", card.shown) == card.shown
