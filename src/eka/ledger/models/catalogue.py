"""Carriers, and plans in immutable versions: what was bought stays as it was."""

from typing import ClassVar

from django.db import models


class Carrier(models.Model):
    """A network brand. `networks` are MCC+MNC codes, `country` is ISO 3166-1 alpha-2."""

    key = models.TextField(primary_key=True)
    name = models.TextField()
    country = models.TextField(default="")
    networks = models.JSONField(default=list)

    class Meta:
        db_table = "carrier"


class Plan(models.Model):
    """What is sold under one name; its terms are in its versions, the newest is on sale."""

    name = models.TextField(unique=True)
    carrier = models.ForeignKey(Carrier, models.PROTECT, null=True)
    title = models.JSONField(default=dict)
    countries = models.JSONField(default=list)
    source = models.TextField(default="")
    prices = models.JSONField(default=list)  # in further currencies, such as "139.00 CNY"
    top_ups = models.JSONField(default=list)  # what can be bought in addition, as in the file
    stock = models.IntegerField(null=True)  # new lines that can still be sold; null: any number
    supply = models.JSONField(default=list)  # where its profiles come from, in order
    coverage = models.JSONField(default=list)  # networks abroad, as in the file
    starts = models.TextField(default="purchase")  # or first_use: when the first period begins
    activate_within = models.TextField(default="")  # such as 180d: later the line is closed
    on_sale = models.BooleanField(default=True)

    class Meta:
        db_table = "plan"


class PlanVersion(models.Model):
    """One version of a plan's terms, in the text form of plan files. Never changed."""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="versions")
    number = models.IntegerField()
    terms = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "plan_version"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_once")
        ]
