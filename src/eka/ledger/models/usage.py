"""Usage files that are being imported, so that an import goes on where it stopped."""

from django.db import models


class UsageImport(models.Model):
    """How far one lane of a usage file's import is.

    A lane goes through the whole file and takes its share of the lines; `digest` is of the file's
    content, `rows_done` counts the data rows behind it, and `unserved` is in bytes.
    """

    pk = models.CompositePrimaryKey("digest", "lane")
    digest = models.TextField()
    lane = models.IntegerField()
    lanes = models.IntegerField()
    file_name = models.TextField()
    started_at = models.DateTimeField()
    rows_done = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    repeated = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    unserved = models.BigIntegerField(default=0)
    finished = models.BooleanField(default=False)

    class Meta:
        db_table = "usage_import"


class UsageRejection(models.Model):
    """A refused row of a usage file: the line it stands on, its fields, and why it was not taken.

    It is kept here, in the transaction of its batch, so that the report is whole after a crash.
    """

    pk = models.CompositePrimaryKey("digest", "row")
    digest = models.TextField()
    row = models.BigIntegerField()
    code = models.TextField()
    reason = models.TextField()
    fields = models.JSONField()

    class Meta:
        db_table = "usage_rejection"
