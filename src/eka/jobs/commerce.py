"""What orders and payments need without anybody asking, as loops."""

from datetime import datetime, timedelta

from eka.jobs.loops import Loop
from eka.jobs.renewing import Renewer
from eka.usecases import (
    bookkeeping,
    effects,
    gift_cards,
    looking,
    pools,
    provisioning,
    reconciling,
    repairing,
)


class _Sweep:
    """Goes through all that is open, in parts, and begins anew after a pause."""

    def __init__(self, every: timedelta) -> None:
        self._every = every
        self._after = 0
        self._next: datetime | None = None

    def release(self, now: datetime) -> int:
        """Books what data has earned, line by line; how many allowances earned something."""
        if self._next is not None and now < self._next:
            return 0
        part = bookkeeping.release_some(now, self._after)
        self._after = part.next or 0
        if part.next is None:
            self._next = now + self._every
        return 1 if part.next else 0


def loops() -> list[Loop]:
    """The loops of one jobs process."""
    return [
        Loop("outbox", effects.work, 0.1, threads=2),
        Loop("supplies", provisioning.look_at_due, 0.2, threads=2),
        Loop("pools", pools.keep, 30.0),
        Loop("payments", looking.look_at_due, 1.0),
        Loop("orders", looking.expire_due, 1.0),
        Loop("automatic renewals", Renewer().turn, 1.0),
        Loop("gift cards", gift_cards.expire_due, 60.0),
        Loop("repair", repairing.repair_due, 60.0),
        Loop("reconciliation", reconciling.reconcile_due, 60.0),
        Loop("books", _Sweep(timedelta(minutes=10)).release, 5.0),
    ]
