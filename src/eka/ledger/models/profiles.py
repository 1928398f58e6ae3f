"""Profiles, the orders that bring them, and how they move from phone to phone.

Data is in bytes, money in minor units, instants are UTC. States are those of `eka.rules.profiles`.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from eka.ledger.models.lines import Line
from eka.ledger.models.orders import Order
from eka.ledger.models.people import User


class Profile(models.Model):
    """One eSIM profile. `line` null: nobody has it yet, and `spare` says that it may be sold.

    `code` and `confirmation` are sealed (`eka.ledger.seals`). `reference` is the supplier's own
    name of it, `state_at` since when it stands so by the supplier's clock. Of a line's profiles at
    most one is `current`. The figures of usage are the supplier's; what they mean for the line is
    decided by `eka.rules.supplier_usage`.
    """

    iccid = models.TextField(unique=True)
    supplier = models.TextField()
    package = models.TextField()
    reference = models.TextField(default="")
    line = models.ForeignKey(Line, models.PROTECT, null=True, related_name="profiles")
    current = models.BooleanField(default=False)
    spare = models.BooleanField(default=False)
    state = models.TextField(default="ordered")
    state_at = models.DateTimeField(null=True)
    final = models.BooleanField(default=False)
    eid = models.TextField(default="")
    code = models.TextField(default="")
    confirmation = models.TextField(default="")
    apn = models.TextField(default="")
    msisdn = models.TextField(default="")
    imsi = models.TextField(default="")
    got_at = models.DateTimeField()
    given_at = models.DateTimeField(null=True)  # when a line got it
    lost_at = models.DateTimeField(null=True)  # its owner declared it lost

    usage_status = models.TextField(default="")
    usage_base = models.BigIntegerField(default=0)  # the supplier's `used` when the line got it
    usage_total = models.BigIntegerField(null=True)
    usage_used = models.BigIntegerField(null=True)
    usage_at = models.DateTimeField(null=True)  # by the supplier's clock
    usage_heard_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    next_poll = models.DateTimeField(null=True)

    class Meta:
        db_table = "profile"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["supplier", "package", "id"], name="profile_spare", condition=Q(spare=True)
            ),
            models.Index(
                fields=["supplier", "next_poll"],
                name="profile_poll",
                condition=Q(next_poll__isnull=False),
            ),
            models.Index(fields=["supplier", "reference"], name="profile_reference"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["line"], name="profile_current", condition=Q(current=True)
            ),
            models.CheckConstraint(
                condition=Q(spare=False) | Q(line__isnull=True), name="profile_spare_is_free"
            ),
        ]


class ProfileEvent(models.Model):
    """What was heard of a profile, append-only; `key` keeps the same news one row.

    `moved`: it changed the state. `at` is by the teller's clock, `heard_at` by ours.
    """

    key = models.TextField(unique=True)
    profile = models.ForeignKey(Profile, models.PROTECT, related_name="events")
    event = models.TextField()
    at = models.DateTimeField()
    heard_at = models.DateTimeField()
    state = models.TextField()
    moved = models.BooleanField()
    facts = models.JSONField(default=dict)

    class Meta:
        db_table = "profile_event"


class ProfileShowing(models.Model):
    """Somebody was shown a profile's activation code; append-only."""

    profile = models.ForeignKey(Profile, models.PROTECT, related_name="showings")
    user = models.ForeignKey(User, models.PROTECT, null=True)
    at = models.DateTimeField()
    how = models.TextField()  # page, guest, shell

    class Meta:
        db_table = "profile_showing"


class Supply(models.Model):
    """One order with a supplier: of a profile, or of data for one. `number` is ours.

    It is for an order's item, for a line that needs another profile (`move`), or for the stock. For
    one need (`need`) there may be several, one after the other: `nth` counts the plan's sources.
    `sent_at`: it may have been placed, so look before placing it again. `state` is asked, placed,
    ready, refused or dropped.
    """

    number = models.TextField(unique=True)
    need = models.TextField()  # such as order:O123:0, move:45, pool:airalo/us-5gb:17
    nth = models.IntegerField(default=0)
    kind = models.TextField()  # profile or top_up
    order = models.ForeignKey(Order, models.PROTECT, null=True)
    position = models.IntegerField(null=True)
    line = models.ForeignKey(Line, models.PROTECT, null=True)
    target = models.ForeignKey(  # the profile that a top-up is for
        Profile, models.PROTECT, null=True, related_name="top_ups"
    )
    supplier = models.TextField()
    package = models.TextField()
    cost_max = models.TextField(default="")  # such as 4.50 USD
    state = models.TextField(default="asked")
    reference = models.TextField(default="")
    cost = models.BigIntegerField(null=True)
    currency = models.TextField(default="")
    profile = models.ForeignKey(Profile, models.PROTECT, null=True, related_name="supplies")
    why = models.TextField(default="")
    code = models.TextField(default="")  # the supplier's own word for a refusal
    asked_at = models.DateTimeField()
    first_asked_at = models.DateTimeField()  # of the need, whichever source it was first asked of
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    looks = models.IntegerField(default=0)
    next_look = models.DateTimeField(null=True)

    class Meta:
        db_table = "supply"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_look"], name="supply_due", condition=Q(next_look__isnull=False)
            ),
            models.Index(fields=["supplier", "reference"], name="supply_reference"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["need", "nth"], name="supply_once")
        ]


class SupplierNotice(models.Model):
    """A supplier's notification as it came, told apart by `event`; `body` is sealed."""

    supplier = models.TextField()
    event = models.TextField()
    kind = models.TextField()
    body = models.TextField()
    heard_at = models.DateTimeField()
    outcome = models.TextField(default="")

    class Meta:
        db_table = "supplier_notice"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["supplier", "event"], name="supplier_notice_once")
        ]


class SupplierPackage(models.Model):
    """What a supplier sells, as its list said when it was last read; `gone_at`: it no longer does.

    `data` null is unlimited, `stock` null is any number.
    """

    supplier = models.TextField()
    code = models.TextField()
    title = models.TextField()
    data = models.BigIntegerField(null=True)
    days = models.IntegerField()
    cost = models.BigIntegerField()
    currency = models.TextField()
    countries = models.JSONField(default=list)
    networks = models.JSONField(default=list)
    stock = models.IntegerField(null=True)
    top_up_of = models.TextField(default="")
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "supplier_package"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["supplier", "code"], name="supplier_package_once")
        ]


class SupplierStand(models.Model):
    """How a supplier stood when it was last asked: our credit with it, and its list."""

    supplier = models.TextField(primary_key=True)
    balance = models.BigIntegerField(null=True)
    currency = models.TextField(default="")
    balance_at = models.DateTimeField(null=True)
    packages_at = models.DateTimeField(null=True)
    next_sync = models.DateTimeField(null=True)
    notified_at = models.TextField(default="", db_default="")  # where it sends its notifications
    last_error = models.TextField(default="")

    class Meta:
        db_table = "supplier_stand"


class DeviceMove(models.Model):
    """A line on its way to another device; states and reasons are those of `eka.rules.moves`."""

    key = models.TextField(unique=True)
    line = models.ForeignKey(Line, models.PROTECT, related_name="moves")
    old = models.ForeignKey(Profile, models.PROTECT, related_name="moves_from")
    new = models.ForeignKey(Profile, models.PROTECT, null=True, related_name="moves_to")
    reason = models.TextField()
    way = models.TextField(default="")
    state = models.TextField()
    device = models.TextField(default="")
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    facts = models.JSONField(default=dict)

    class Meta:
        db_table = "device_move"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["line"], name="device_move_one_open", condition=Q(ended_at__isnull=True)
            )
        ]


class Device(models.Model):
    """A model of the operator's own list of devices, beside the one that Eka ships."""

    brand = models.TextField()
    model = models.TextField()
    region = models.TextField(default="")  # of sale; "" is everywhere else
    esim = models.TextField()  # yes, no, some
    note = models.JSONField(default=dict)
    source = models.TextField()
    checked_on = models.DateField()

    class Meta:
        db_table = "device"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(F("brand"), F("model"), F("region"), name="device_once")
        ]
