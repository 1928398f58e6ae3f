"""A line's present state: the rows that `eka.ledger.reading` turns into `rules.lines.Line`.

Instants are UTC, data is in bytes. Only `eka.ledger.writing` writes these tables.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from eka.ledger.models.catalogue import PlanVersion
from eka.ledger.models.people import Subscriber


class Line(models.Model):
    """One eSIM service: who owns it and what it is called. Its balance is in `LineState`."""

    subscriber = models.ForeignKey(Subscriber, models.PROTECT, null=True)
    label = models.TextField(default="")
    imsi = models.TextField(null=True)
    msisdn = models.TextField(null=True)
    iccid = models.TextField(null=True)
    sold_plan = models.ForeignKey(PlanVersion, models.PROTECT, null=True, db_index=False)
    # While it is `ready`: what was paid starts at its first use, and is lost after this instant.
    activate_by = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "line"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["imsi"], name="line_imsi")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["msisdn"], name="line_msisdn", condition=Q(msisdn__isnull=False)),
            models.Index(
                fields=["activate_by"],
                name="line_activate_by",
                condition=Q(activate_by__isnull=False),
            ),
        ]


class LineState(models.Model):
    """What the rules keep of a line, with the running figures of its present period.

    Apart from `Line`, because every use of data writes this row and none writes the other: here a
    write touches one index, or none. Locking this row is what makes a writer the only one;
    `revision` counts the writes, so that who kept a copy sees whether it still holds.
    """

    line = models.OneToOneField(Line, models.PROTECT, primary_key=True, related_name="kept")
    revision = models.BigIntegerField(db_default=0, default=0)
    timezone = models.TextField(default="UTC")
    state = models.TextField(default="ready")
    suspended = models.BooleanField(default=False)
    auto_renew = models.BooleanField(default=False)
    as_of = models.DateTimeField(null=True)
    next_due = models.DateTimeField(null=True)
    activated_at = models.DateTimeField(null=True)
    tenure = models.IntegerField(default=0)
    bucket_count = models.IntegerField(default=0)
    entry_count = models.IntegerField(default=0)
    day_starts = models.DateTimeField(null=True)
    day_used = models.BigIntegerField(default=0)
    unserved = models.BigIntegerField(default=0)
    overage = models.JSONField(default=list)
    credit = models.JSONField(default=list)

    period_number = models.IntegerField(null=True)
    used = models.BigIntegerField(default=0)
    hotspot_used = models.BigIntegerField(default=0)
    beyond = models.BigIntegerField(default=0)
    alerted = models.JSONField(default=list)
    armed_at = models.DateTimeField(null=True)
    cleared = models.BooleanField(default=False)
    renewed_itself = models.BooleanField(default=False)
    over = models.BooleanField(default=False)

    class Meta:
        db_table = "line_state"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_due", "line"], name="line_due", condition=Q(next_due__isnull=False)
            )
        ]


class Period(models.Model):
    """One period of a line and the terms it was bought with.

    `ends` is what was bought, or what a top-up made of it; a renewal may have come earlier, and
    then the next period says when.
    """

    pk = models.CompositePrimaryKey("line_id", "number")
    line = models.ForeignKey(Line, models.PROTECT, db_index=False, db_constraint=False)
    number = models.IntegerField()
    plan_version = models.ForeignKey(
        PlanVersion, models.PROTECT, db_index=False, db_constraint=False
    )
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    anchor = models.DateTimeField()
    months = models.IntegerField()
    by = models.TextField()
    paid_at = models.DateTimeField()
    term_left = models.IntegerField(default=0)

    class Meta:
        db_table = "period"


class Bucket(models.Model):
    """An amount of data. `bytes_left` null is unlimited; `open` says that it still holds something.

    `granted` is what it was created with, granted or carried.
    """

    pk = models.CompositePrimaryKey("line_id", "number")
    line = models.ForeignKey(Line, models.PROTECT, db_index=False, db_constraint=False)
    number = models.IntegerField()
    kind = models.TextField()
    granted = models.BigIntegerField(null=True)
    bytes_left = models.BigIntegerField(null=True)
    open = models.BooleanField(default=True)
    born = models.DateTimeField()
    starts = models.DateTimeField()
    expires = models.DateTimeField(null=True)
    period = models.IntegerField(null=True)
    generation = models.IntegerField(default=0)

    class Meta:
        db_table = "bucket"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["line"], name="bucket_open", condition=Q(open=True))
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(bytes_left__gte=0), name="bucket_not_negative")
        ]


class Queued(models.Model):
    """A plan that is paid and starts later; `position` counts from 0."""

    pk = models.CompositePrimaryKey("line_id", "position")
    line = models.ForeignKey(Line, models.PROTECT, db_index=False, db_constraint=False)
    position = models.IntegerField()
    plan_version = models.ForeignKey(
        PlanVersion, models.PROTECT, db_index=False, db_constraint=False
    )
    by = models.TextField()
    paid_at = models.DateTimeField()
    starts = models.TextField()
    rollover = models.JSONField(null=True)

    class Meta:
        db_table = "queued"


class Session(models.Model):
    """A session of online charging: what it holds reserved, and in the end its charging record.

    One rating group of a gateway's session is a row; `name` is the gateway's session. `facts` are
    what the gateway said of itself and of the connection in the first request.
    """

    pk = models.CompositePrimaryKey("line_id", "id")
    line = models.ForeignKey(Line, models.PROTECT, db_index=False, db_constraint=False)
    id = models.TextField()
    name = models.TextField(default="")
    open = models.BooleanField()
    reserved = models.BigIntegerField()
    last_number = models.BigIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    final = models.BooleanField(default=False)
    used = models.BigIntegerField(default=0)
    unserved = models.BigIntegerField(default=0)
    recorded = models.BigIntegerField(default=0)
    closed_by = models.TextField(default="")
    told = models.BigIntegerField(db_default=0, default=0)  # the revision the gateway last heard of
    facts = models.JSONField(default=dict)

    class Meta:
        db_table = "session"
        # `seen_at` and `valid_until` move with every request and are in no index on purpose: so a
        # request's update stays on its page (HOT).
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["line"], name="session_open", condition=Q(open=True)),
            models.Index(fields=["name"], name="session_name"),
        ]


class SessionAnswer(models.Model):
    """What a session's request was answered, so that a repeat gets the same."""

    pk = models.CompositePrimaryKey("line_id", "session_id", "number")
    line = models.ForeignKey(Line, models.PROTECT, db_index=False, db_constraint=False)
    session_id = models.TextField()
    number = models.BigIntegerField()
    granted = models.BigIntegerField()
    final = models.BooleanField()
    result = models.TextField()
    validity = models.IntegerField(null=True)

    class Meta:
        db_table = "session_answer"
