"""What orders and payments need without anybody asking, as loops."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from eka.jobs.loops import Loop
from eka.jobs.renewing import Renewer
from eka.usecases import (
    activation,
    bookkeeping,
    delays,
    effects,
    gift_cards,
    looking,
    pools,
    provisioning,
    reconciling,
    repairing,
    supplier_sync,
    usage_polling,
)
from eka.usecases.supplier_drift import watch_drift


class _Part(Protocol):
    """One batch; `next` is where to go on, None the end."""

    @property
    def next(self) -> int | None:
        """The place to go on."""


class _Sweep:
    """Goes through all that is open, in parts, and begins anew after a pause."""

    def __init__(self, do: Callable[[datetime, int], _Part], every: timedelta) -> None:
        self._do, self._every = do, every
        self._after = 0
        self._next: datetime | None = None

    def turn(self, now: datetime) -> int:
        """One part; 1 where there is more to do."""
        if self._next is not None and now < self._next:
            return 0
        part = self._do(now, self._after)
        self._after = part.next or 0
        if part.next is None:
            self._next = now + self._every
        return 1 if part.next else 0


def loops() -> list[Loop]:
    """The loops of one jobs process."""
    return [
        Loop("outbox", effects.work, 0.1, threads=2),
        # One a turn: the supplier of the one before may have taken a minute to say nothing.
        Loop("supplies", lambda now: provisioning.look_at_due(now, most=1), 0.2, threads=2),
        Loop("delays", delays.tell_who_waits, 30.0),
        Loop("pools", pools.keep, 30.0),
        Loop("payments", looking.look_at_due, 1.0),
        Loop("orders", looking.expire_due, 1.0),
        Loop("automatic renewals", Renewer().turn, 1.0),
        Loop("gift cards", gift_cards.expire_due, 60.0),
        Loop("repair", repairing.repair_due, 60.0),
        Loop("reconciliation", reconciling.reconcile_due, 60.0),
        Loop("books", _Sweep(bookkeeping.release_some, timedelta(minutes=10)).turn, 5.0),
        Loop("usage", usage_polling.poll_due, 1.0),
        Loop("suppliers", supplier_sync.sync_due, 30.0),
        Loop("activation deadlines", activation.close_due, 60.0),
        Loop("drift", _Sweep(watch_drift, timedelta(hours=1)).turn, 5.0),
    ]
