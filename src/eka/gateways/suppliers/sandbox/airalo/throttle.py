"""Airalo's limits of requests (Rate limits)."""

from datetime import datetime, timedelta

from eka.gateways.suppliers.sandbox.airalo.wire import Fault

# By kind of request: so many in so many seconds.
LIMITS = {
    "token": (3, 60),
    "packages": (80, 60),
    "usage": (5, 1),
    "usage of one": (10, 60),
    "history of one": (10, 60),
}
TOO_MANY = 429


class Throttle:
    """Counts requests by kind and whom they are about."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], list[datetime]] = {}

    def count(self, kind: str, about: str, now: datetime) -> None:
        """Raises Fault where there were as many as there may be."""
        most, window_s = LIMITS[kind]
        since = now - timedelta(seconds=window_s)
        seen = [at for at in self._seen.get((kind, about), []) if at > since]
        if len(seen) >= most:
            wait = (seen[0] - since).total_seconds()
            raise Fault(
                TOO_MANY,
                {"data": [], "meta": {"message": "Too Many Attempts."}},
                {
                    "Retry-After": str(-int(-wait // 1)),
                    "X-RateLimit-Limit": str(most),
                    "X-RateLimit-Remaining": "0",
                },
            )
        self._seen[kind, about] = [*seen, now]
