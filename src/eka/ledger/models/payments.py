"""Money that comes and goes through gateways. Amounts in minor units, never negative."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from eka.ledger.models.orders import Order
from eka.ledger.models.people import Subscriber


class SavedMethod(models.Model):
    """A method that its owner let us charge again; `token` is sealed (`eka.ledger.seals`)."""

    subscriber = models.ForeignKey(Subscriber, models.PROTECT)
    gateway = models.TextField()
    token = models.TextField()
    token_digest = models.TextField()
    payer = models.TextField(default="")
    shown = models.TextField(default="")
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "saved_method"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["subscriber", "gateway", "token_digest"], name="saved_method_once"
            )
        ]


class Payment(models.Model):
    """One attempt to pay an order. `next_look` is when the gateway is asked next what became of it.

    state: beginning (the gateway may not know of it yet), open, approved, paid, failed, closed.
    """

    number = models.TextField(unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="payments")
    gateway = models.TextField()
    way = models.TextField()
    currency = models.TextField()
    amount = models.BigIntegerField()
    state = models.TextField(default="beginning")
    reference = models.TextField(default="")
    url = models.TextField(default="")
    qr = models.TextField(default="")
    fields = models.JSONField(default=dict)
    method = models.ForeignKey(SavedMethod, models.PROTECT, null=True)  # charged without the payer
    save_method = models.BooleanField(default=False)
    begun_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")
    next_look = models.DateTimeField(null=True)
    looks = models.IntegerField(default=0)

    class Meta:
        db_table = "payment"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_look"], name="payment_due", condition=Q(next_look__isnull=False)
            )
        ]


class MoneyIn(models.Model):
    """Money that a gateway says it took: each of its transactions once.

    role: credited (it pays the order), surplus (the order needed no more: it goes back), mismatch
    (not what was asked for: a person decides).
    """

    gateway = models.TextField()
    transaction = models.TextField()
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="money")
    order = models.ForeignKey(Order, models.PROTECT, related_name="money")
    currency = models.TextField()
    amount = models.BigIntegerField()
    role = models.TextField()
    at = models.DateTimeField()
    heard_at = models.DateTimeField()
    fee = models.BigIntegerField(null=True)
    given_back = models.BigIntegerField(default=0)  # by refunds that are asked for or done

    class Meta:
        db_table = "money_in"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["gateway", "transaction"], name="money_in_once"),
            models.UniqueConstraint(
                fields=["order"], name="order_paid_once", condition=Q(role="credited")
            ),
            models.CheckConstraint(
                condition=Q(given_back__gte=0) & Q(given_back__lte=F("amount")),
                name="never_more_back_than_came",
            ),
        ]


class GatewayNotice(models.Model):
    """An authentic notification as it came, so that it can be read and handled again."""

    gateway = models.TextField()
    event = models.TextField()
    kind = models.TextField(default="")
    received_at = models.DateTimeField()
    report = models.JSONField(default=dict)
    outcome = models.TextField(default="")
    times = models.IntegerField(default=1)
    payment_number = models.TextField(default="")

    class Meta:
        db_table = "gateway_notice"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["gateway", "event"], name="gateway_notice_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["payment_number"], name="gateway_notice_of_payment")
        ]


class Refund(models.Model):
    """Money that goes back. `number` is the gateway's idempotency key, `key` the command's.

    Without `money` it goes to the wallet. state: asked, pending, done, failed.
    """

    number = models.TextField(unique=True)
    key = models.TextField(unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds")
    money = models.ForeignKey(MoneyIn, models.PROTECT, null=True, related_name="refunds")
    currency = models.TextField()
    amount = models.BigIntegerField()
    state = models.TextField(default="asked")
    why = models.TextField()  # customer, surplus, late, undeliverable, staff, dispute
    whole = models.BooleanField(default=False)  # it ends the order
    reference = models.TextField(default="")
    reason = models.TextField(default="")
    asked_by = models.TextField(default="")
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    facts = models.JSONField(default=dict)

    class Meta:
        db_table = "refund"


class Dispute(models.Model):
    """A payment that the payer's bank contests, with the evidence that we hold."""

    gateway = models.TextField()
    reference = models.TextField()
    order = models.ForeignKey(Order, models.PROTECT, related_name="disputes")
    money = models.ForeignKey(MoneyIn, models.PROTECT)
    currency = models.TextField()
    amount = models.BigIntegerField()
    state = models.TextField(default="open")
    reason = models.TextField(default="")
    respond_by = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    evidence = models.JSONField(default=dict)

    class Meta:
        db_table = "dispute"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["gateway", "reference"], name="dispute_once")
        ]


class Reconciliation(models.Model):
    """A day of UTC of one gateway, compared with its own list of transactions."""

    gateway = models.TextField()
    day = models.DateField()
    done_at = models.DateTimeField()
    matched = models.IntegerField(default=0)
    differences = models.JSONField(default=list)

    class Meta:
        db_table = "reconciliation"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["gateway", "day"], name="reconciliation_once")
        ]
