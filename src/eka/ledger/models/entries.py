"""What happened to lines, append-only, and the first answers to commands."""

from django.db import models

from eka.ledger.models.lines import Line


class Entry(models.Model):
    """One thing that happened to a line (`rules.lines.Entry`), numbered per line.

    The table is partitioned by `at`; the database refuses to change or delete its rows.
    """

    pk = models.CompositePrimaryKey("line_id", "number", "at")
    line = models.ForeignKey(Line, models.PROTECT, db_index=False, db_constraint=False)
    number = models.IntegerField()
    at = models.DateTimeField()
    code = models.TextField()
    bytes = models.BigIntegerField(default=0)
    bucket = models.IntegerField(null=True)
    into = models.IntegerField(null=True)
    kind = models.TextField(null=True)
    reason = models.TextField(default="")
    figures = models.JSONField(null=True)

    class Meta:
        db_table = "entry"


class Receipt(models.Model):
    """The first answer to a command's key: the same key again gets it, and changes nothing."""

    pk = models.CompositePrimaryKey("line_id", "key")
    line = models.ForeignKey(Line, models.PROTECT, db_index=False, db_constraint=False)
    key = models.TextField()
    at = models.DateTimeField()
    command = models.TextField(default="")
    answer = models.JSONField(null=True)

    class Meta:
        db_table = "receipt"
