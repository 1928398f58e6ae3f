"""Who signs in, who owns lines, and the clock of the demo."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """Who signs in: a subscriber, later also the shop's staff."""

    class Meta:
        db_table = "user_account"


class Subscriber(models.Model):
    """A customer. `user` signs in to the portal; `story` tells who this is in the demo."""

    user = models.OneToOneField(User, models.PROTECT, null=True)
    name = models.TextField(default="")
    language = models.TextField(default="")
    email = models.TextField(default="")
    referred_by = models.ForeignKey("self", models.PROTECT, null=True)
    story = models.JSONField(default=dict)

    class Meta:
        db_table = "subscriber"


class DemoClock(models.Model):
    """How far the demo's clock was moved ahead; one row at most, none outside the demo."""

    offset = models.DurationField()

    class Meta:
        db_table = "demo_clock"
