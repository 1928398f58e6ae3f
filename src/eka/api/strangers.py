"""Who sent what was not authentic, and how often: a leaky bucket a sender, of bounded number."""

from datetime import datetime

LEVEL_MAX = 20.0
LEAK_A_SECOND = 1.0
SENDERS_MAX = 10_000


class Strangers:
    """Senders that failed to prove who they are. One process's own view; it forgets with it."""

    def __init__(self) -> None:
        self._levels: dict[str, tuple[float, datetime]] = {}

    def is_tired_of(self, sender: str, now: datetime) -> bool:
        """Whether the sender has failed so often of late that it is only told to wait."""
        return self._level(sender, now) >= LEVEL_MAX

    def note(self, sender: str, now: datetime) -> None:
        """The sender has failed once more."""
        level = self._level(sender, now) + 1
        self._levels.pop(sender, None)
        if len(self._levels) >= SENDERS_MAX:
            self._levels.pop(next(iter(self._levels)))  # the one that failed longest ago
        self._levels[sender] = (level, now)

    def _level(self, sender: str, now: datetime) -> float:
        level, at = self._levels.get(sender, (0.0, now))
        return max(0.0, level - LEAK_A_SECOND * (now - at).total_seconds())
