"""The order of an automatic renewal: within what was agreed to, and charged without the payer."""

import logging
from datetime import datetime

from django.db import transaction
from msgspec import Struct

from eka.gateways.payments.terms import GatewayRefused, GatewayUnavailable
from eka.ledger import models
from eka.rules.baskets import Item, RenewalItem
from eka.usecases import checkout, wallets
from eka.usecases.checkout import ChargeOutcome, UnableToPay
from eka.usecases.consents import give_up_order
from eka.usecases.gateways import NoSuchGateway
from eka.usecases.looking import OPEN
from eka.usecases.promotions import PromotionGone
from eka.usecases.quoting import Wish, quote

log = logging.getLogger(__name__)


class Charge(Struct, frozen=True):
    """An order that is to be charged now for a consent."""

    consent: int
    order: str


class PriceRose(Exception):
    """The renewal costs more than was agreed to; `total` in minor units."""

    def __init__(self, total: int) -> None:
        super().__init__("price")
        self.total = total


def renewal_of(row: models.AutoRenewal) -> RenewalItem:
    """What the consent is for."""
    return RenewalItem(line=row.line_id, plan=row.plan_name)


def order_for(row: models.AutoRenewal, item: Item, key: str, now: datetime) -> models.Order:
    """The order, in state `quoted`. Raises UnableToQuote, PriceRose."""
    wish = Wish(
        subscriber=row.subscriber_id,
        items=(item,),
        currency=row.currency,
        key=key,
        language=row.language,
        email=row.subscriber.email,
        automatic=True,
    )
    order = models.Order.objects.get(number=quote(wish, now))
    if order.total > row.price:
        raise PriceRose(order.total)
    return order


def total_now(row: models.AutoRenewal, now: datetime) -> int:
    """What the renewal would cost now, in minor units; nothing is left of the quote.

    Raises UnableToQuote, PriceRose.
    """
    with transaction.atomic():
        total = order_for(row, renewal_of(row), f"auto:{row.pk}:what-if", now).total
        transaction.set_rollback(True)
    return total


def make(charge: Charge, now: datetime) -> ChargeOutcome:
    """Charges the order by the consent's method; doing it again gets the same outcome."""
    row = models.AutoRenewal.objects.select_related("order").get(pk=charge.consent)
    try:
        return _pay(row, charge.order, now)
    except wallets.NotEnough:
        return ChargeOutcome("failed", "not_enough")
    except PromotionGone:
        return ChargeOutcome("failed", "promotion_gone")
    except GatewayRefused as refusal:
        return ChargeOutcome("failed", refusal.code)
    except UnableToPay as refusal:
        # Its time is over, but the gateway has not said yet what became of the charge.
        still = models.Payment.objects.filter(order__number=charge.order, state__in=OPEN)
        return ChargeOutcome("pending" if still.exists() else "failed", refusal.code)
    except (GatewayUnavailable, NoSuchGateway) as error:
        log.warning("order %s cannot be charged now: %s", charge.order, error)
        return ChargeOutcome("pending")


def _pay(row: models.AutoRenewal, order_number: str, now: datetime) -> ChargeOutcome:
    if row.ended_at is not None:
        give_up_order(row, now)
        return ChargeOutcome("failed", "stopped")
    if row.order is not None and row.order.total == 0:
        checkout.pay_nothing(order_number, now)
    elif row.saved_method_id is None:
        checkout.pay_from_wallet(order_number, now, pin=None)
    else:
        return checkout.charge_saved(order_number, row.saved_method_id, now)
    return ChargeOutcome("paid")
