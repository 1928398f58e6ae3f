"""Settles lines when something becomes due to them, without waiting for traffic.

The index on `next_due` is the queue: nothing is enqueued, so nothing can be lost or done twice.
"""

import logging
import threading
from datetime import datetime, timedelta

from django.db import OperationalError, connection

from eka import clock
from eka.ledger.due import earliest_due
from eka.ledger.reading import START, Place
from eka.usecases.settling import settle_due

log = logging.getLogger(__name__)

BATCH = 500
LONGEST_SLEEP_S = 1.0
RETRY_AFTER = timedelta(minutes=5)


class Settler:
    """Settles until it is told to stop; survives a database that goes away for a while."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._failed: dict[int, datetime] = {}

    def stop(self) -> None:
        """Ends `run` after the batch at hand."""
        self._stopping.set()

    def run(self) -> None:
        """Settles what is due, sleeps until the next thing is, and so on."""
        while not self._stopping.is_set():
            try:
                self.turn(clock.now())
                pause = self._until_next(clock.now())
            except OperationalError:
                log.exception("the database does not answer; trying again")
                connection.close()
                pause = LONGEST_SLEEP_S
            self._stopping.wait(pause)

    def turn(self, now: datetime) -> None:
        """Settles all that is due by `now`, batch by batch, unless told to stop."""
        self._failed = {id_: at for id_, at in self._failed.items() if at > now}
        after: Place | None = START
        while after is not None and not self._stopping.is_set():
            done = settle_due(now, BATCH, after, list(self._failed))
            # A line that breaks an invariant waits, so that it cannot hold up the others.
            self._failed |= dict.fromkeys(done.failed, now + RETRY_AFTER)
            after = done.next

    def _until_next(self, now: datetime) -> float:
        due = earliest_due()
        if due is None:
            return LONGEST_SLEEP_S
        return min(LONGEST_SLEEP_S, max(0.01, (due - now).total_seconds()))
