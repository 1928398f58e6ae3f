"""Wallets, the PIN that guards them, gift cards, and the consent to renew by itself."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from eka.ledger.models.lines import Line
from eka.ledger.models.orders import Order
from eka.ledger.models.payments import SavedMethod
from eka.ledger.models.people import Subscriber


class Wallet(models.Model):
    """A subscriber's balance in one currency, the sum of its movements; never negative."""

    subscriber = models.ForeignKey(Subscriber, models.PROTECT, db_index=False)
    currency = models.TextField()
    balance = models.BigIntegerField(default=0)

    class Meta:
        db_table = "wallet"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["subscriber", "currency"], name="wallet_once"),
            models.CheckConstraint(condition=Q(balance__gte=0), name="wallet_not_negative"),
        ]


class WalletMovement(models.Model):
    """Money into a wallet (`amount` > 0) or out of it, append-only.

    kind: charge, spend, refund, gift_card, referral, credit, adjustment.
    """

    wallet = models.ForeignKey(Wallet, models.PROTECT, related_name="movements")
    key = models.TextField(unique=True)
    at = models.DateTimeField()
    kind = models.TextField()
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    order = models.ForeignKey(Order, models.PROTECT, null=True)
    reason = models.TextField(default="")

    class Meta:
        db_table = "wallet_movement"


class PaymentPin(models.Model):
    """The PIN without which nothing is spent from a wallet; `digest` is Argon2's."""

    subscriber = models.OneToOneField(Subscriber, models.PROTECT, primary_key=True)
    digest = models.TextField()
    set_at = models.DateTimeField()
    failures = models.IntegerField(default=0)
    locked_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "payment_pin"


class GiftCard(models.Model):
    """A code that pays into a wallet or gives data; only its digest is kept."""

    digest = models.TextField(unique=True)
    shown = models.TextField()  # its last characters, for people
    batch = models.TextField()
    gives = models.JSONField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    redeemed_at = models.DateTimeField(null=True)
    redeemed_by = models.ForeignKey(Subscriber, models.PROTECT, null=True)
    line = models.ForeignKey(Line, models.PROTECT, null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "gift_card"


class AutoRenewal(models.Model):
    """The recorded consent to renew a line by itself: what, when, at which price, how to stop.

    method: stripe, paypal, wallet, or link (a reminder to pay, for WeChat Pay and Alipay).
    `when_low` also renews when the plan's data runs out. `next_due` is its next step.
    """

    line = models.ForeignKey(Line, models.PROTECT)
    subscriber = models.ForeignKey(Subscriber, models.PROTECT)
    method = models.TextField()
    saved_method = models.ForeignKey(SavedMethod, models.PROTECT, null=True)
    plan_name = models.TextField()
    currency = models.TextField()
    price = models.BigIntegerField()
    when_low = models.BooleanField(default=False)
    text = models.TextField()  # the words that were agreed to
    language = models.TextField(default="en")
    consented_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_why = models.TextField(default="")
    next_due = models.DateTimeField(null=True)
    step = models.TextField(default="")
    for_end = models.DateTimeField(null=True)  # the period's end that the steps are about
    tries = models.IntegerField(default=0)
    order = models.ForeignKey(Order, models.PROTECT, null=True)

    class Meta:
        db_table = "auto_renewal"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["line"], name="one_consent_a_line", condition=Q(ended_at__isnull=True)
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_due"], name="auto_renewal_due", condition=Q(next_due__isnull=False)
            )
        ]
