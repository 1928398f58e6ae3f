"""The shop's own settings: one row, changed by its owner."""

from django.db import models


class Shop(models.Model):
    """How this shop sells: `terms` in the text form that `eka.rules.shop` reads."""

    terms = models.JSONField(default=dict)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "shop"
