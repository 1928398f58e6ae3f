"""Double-entry books in minor units, and the unused data that is still owed."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from eka.ledger.models.lines import Line
from eka.ledger.models.orders import Order


class Journal(models.Model):
    """One event of the books; `key` keeps it once. Its postings add up to nothing a currency."""

    key = models.TextField(unique=True)
    event = models.TextField()
    at = models.DateTimeField()
    order = models.ForeignKey(Order, models.PROTECT, null=True)
    line = models.ForeignKey(Line, models.PROTECT, null=True)
    facts = models.JSONField(default=dict)

    class Meta:
        db_table = "journal"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["at"], name="journal_at")]


class Posting(models.Model):
    """A debit (`amount` > 0) or a credit (`amount` < 0) of an account."""

    pk = models.CompositePrimaryKey("journal_id", "position")
    journal = models.ForeignKey(Journal, models.PROTECT, related_name="postings", db_index=False)
    position = models.IntegerField()
    account = models.TextField()
    currency = models.TextField()
    amount = models.BigIntegerField()

    class Meta:
        db_table = "posting"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~Q(amount=0), name="posting_of_something")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["account", "currency"], name="posting_account")
        ]


class Deferral(models.Model):
    """What was paid for one allowance, earned as its data goes (or as its time does).

    One allowance of an order's item: the `nth` (from 0). `bucket` null: its period has not begun;
    it is the nth of the periods that were paid at `paid_at`. `granted` null: unlimited, earned by
    time from `starts` to `ends`. `earned` of `value` was released.
    """

    order = models.ForeignKey(Order, models.PROTECT)
    position = models.IntegerField()
    nth = models.IntegerField()
    line = models.ForeignKey(Line, models.PROTECT)
    currency = models.TextField()
    value = models.BigIntegerField()
    earned = models.BigIntegerField(default=0)
    paid_at = models.DateTimeField()
    bucket = models.IntegerField(null=True)
    granted = models.BigIntegerField(null=True)
    starts = models.DateTimeField(null=True)
    ends = models.DateTimeField(null=True)
    open = models.BooleanField(default=True)

    class Meta:
        db_table = "deferral"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["order", "position", "nth"], name="deferral_once"),
            models.CheckConstraint(
                condition=Q(earned__gte=0) & Q(earned__lte=models.F("value")),
                name="deferral_earned_within_value",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["line"], name="deferral_open", condition=Q(open=True))
        ]
