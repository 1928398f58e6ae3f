"""Promotions in immutable versions, and who used them in which order."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from eka.ledger.models.orders import Order
from eka.ledger.models.people import Subscriber


class Promotion(models.Model):
    """A promotion under its name; `terms` in the text form of promotion files."""

    name = models.TextField(unique=True)
    version = models.IntegerField(default=1)
    terms = models.JSONField()
    stopped_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "promotion"


class PromotionUse(models.Model):
    """One use of a promotion by one order; `amount` minor units were taken off.

    state: held (the order waits for money), used, released.
    """

    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="uses")
    order = models.ForeignKey(Order, models.PROTECT, related_name="promotion_uses")
    subscriber = models.ForeignKey(Subscriber, models.PROTECT)
    currency = models.TextField()
    amount = models.BigIntegerField()
    state = models.TextField(default="held")
    at = models.DateTimeField()

    class Meta:
        db_table = "promotion_use"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["order", "promotion"], name="promotion_use_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["promotion", "subscriber"],
                name="promotion_used_by",
                condition=~Q(state="released"),
            )
        ]


class Referral(models.Model):
    """A subscriber's code to invite others with, and whom it brought."""

    subscriber = models.OneToOneField(Subscriber, models.PROTECT, primary_key=True)
    code = models.TextField(unique=True)

    class Meta:
        db_table = "referral"
