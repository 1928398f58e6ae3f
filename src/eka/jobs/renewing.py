"""Takes the steps of automatic renewals when they are due.

The index on `auto_renewal.next_due` is the queue. What happens to a line without a clock (its data
runs out, its period's end moves) is noticed every quarter of a minute.
"""

import logging
from datetime import datetime, timedelta

from eka.usecases.renewing import notice, take_steps

log = logging.getLogger(__name__)

BATCH = 100
NOTICE_EVERY = timedelta(seconds=15)


class Renewer:
    """One worker; several may run, each takes consents that no other holds."""

    def __init__(self) -> None:
        self._noticed: datetime | None = None

    def turn(self, now: datetime) -> int:
        """Takes every step that is due by `now`; how many there were."""
        # A clock that was set back (the demo's) does not keep it waiting.
        if self._noticed is None or abs(now - self._noticed) >= NOTICE_EVERY:
            notice(now)
            self._noticed = now
        taken = 0
        while (batch := take_steps(now, BATCH)) > 0:
            taken += batch
        return taken
