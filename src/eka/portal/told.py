"""What we told a subscriber lately, in words."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from eka.ledger import models
from eka.portal.speech import words
from eka.words import notes

SHOWN = 5


class Note(Struct, frozen=True):
    """One message; `order` is the number of the order that it is about, "" where it is of none."""

    at: datetime
    text: str
    order: str


def told_to(user_id: int | None, timezone: str, titles: Mapping[str, str]) -> list[Note]:
    """The last messages to whoever signs in with this account, newest first."""
    found = models.Message.objects.filter(subscriber__user=user_id).select_related("order")
    return [
        Note(
            row.at,
            notes.message(words().tongue, row.event, row.facts, timezone, titles),
            row.order.number if row.order else "",
        )
        for row in found.order_by("-pk")[:SHOWN]
    ]
