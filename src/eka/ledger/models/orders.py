"""Orders: what somebody wants, at which price, and how far it has come (`eka.rules.orders`).

Money is in minor units of the order's currency, instants are UTC.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from eka.ledger.models.catalogue import PlanVersion
from eka.ledger.models.lines import Line
from eka.ledger.models.people import Subscriber


class Order(models.Model):
    """One purchase. `key` is the buyer's command: the same key again is the same order.

    `next_due` is when something is to happen by itself: its deadline, while it waits for money.
    `promise` is what the buyer was shown: promotions with their amounts, balances before and after.
    """

    number = models.TextField(unique=True)
    key = models.TextField(unique=True)
    subscriber = models.ForeignKey(Subscriber, models.PROTECT)
    email = models.TextField(default="")
    language = models.TextField(default="en")
    state = models.TextField(default="quoted")
    currency = models.TextField()
    subtotal = models.BigIntegerField()
    discount = models.BigIntegerField(default=0)
    total = models.BigIntegerField()
    code = models.TextField(default="")  # the promotion code that was entered
    promise = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    deadline = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    fulfilled_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    next_due = models.DateTimeField(null=True)
    automatic = models.BooleanField(default=False)  # made by an automatic renewal

    class Meta:
        db_table = "sales_order"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_due"], name="order_due", condition=Q(next_due__isnull=False)
            ),
            models.Index(fields=["subscriber", "-id"], name="order_of_subscriber"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(total__gte=0) & Q(discount__gte=0) & Q(subtotal__gte=0),
                name="order_not_negative",
            )
        ]


class OrderItem(models.Model):
    """One thing in an order. `terms` says what, in the form of `rules.orders.Item`.

    `gives` is what promotions add to it. `line` is the line it is for, or the one it made. The
    entries `first_entry` to `last_entry` of that line are what its fulfilment did.
    """

    pk = models.CompositePrimaryKey("order_id", "position")
    order = models.ForeignKey(Order, models.PROTECT, related_name="items", db_index=False)
    position = models.IntegerField()
    kind = models.TextField()
    terms = models.JSONField()
    line = models.ForeignKey(Line, models.PROTECT, null=True)
    plan_version = models.ForeignKey(PlanVersion, models.PROTECT, null=True, db_index=False)
    price = models.BigIntegerField()
    discount = models.BigIntegerField(default=0)
    gives = models.JSONField(default=dict)
    state = models.TextField(default="open")  # open, done, returned
    done_at = models.DateTimeField(null=True)
    first_entry = models.IntegerField(null=True)
    last_entry = models.IntegerField(null=True)

    class Meta:
        db_table = "order_item"


class OrderEvent(models.Model):
    """What happened to an order, append-only: `told` in the words of `rules.orders`."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="events")
    at = models.DateTimeField()
    event = models.TextField()
    state = models.TextField()
    facts = models.JSONField(default=dict)

    class Meta:
        db_table = "order_event"


class Case(models.Model):
    """Something that a person has to look at; `key` keeps one matter one case."""

    key = models.TextField(unique=True)
    kind = models.TextField()
    order = models.ForeignKey(Order, models.PROTECT, null=True)
    facts = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    resolution = models.TextField(default="")

    class Meta:
        db_table = "support_case"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["opened_at"], name="case_open", condition=Q(closed_at__isnull=True)
            )
        ]


class Outbox(models.Model):
    """An effect outside, written in the transaction that decided it; `due` null: nothing to do.

    The worker that takes a row moves `due` ahead, so that another finds it should it die.
    """

    key = models.TextField(unique=True)
    kind = models.TextField()
    payload = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    due = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    last_error = models.TextField(default="")
    done_at = models.DateTimeField(null=True)
    gave_up_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outbox"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due", "id"], name="outbox_due", condition=Q(due__isnull=False))
        ]


class Message(models.Model):
    """What a subscriber is told; `key` keeps one event one message. Channels read it from here."""

    key = models.TextField(unique=True)
    subscriber = models.ForeignKey(Subscriber, models.PROTECT)
    order = models.ForeignKey(Order, models.PROTECT, null=True)
    line = models.ForeignKey(Line, models.PROTECT, null=True)
    event = models.TextField()
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "message"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["subscriber", "-id"], name="message_of_subscriber")
        ]
