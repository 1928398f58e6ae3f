"""How long to wait before asking, trying or looking again; all in seconds."""

from datetime import datetime, timedelta

# A payment is asked about 30 s after it was begun, then ever less often (spec/payments, 2).
LOOKS_S = (30, 60, 120, 300, 600, 900)
# An effect outside is tried again after these waits; then its last resort is due (spec, 6).
TRIES_S = (5, 15, 60, 300, 900, 1800, 3600, 7200, 14400)


def next_look(looks: int, now: datetime, expires_at: datetime) -> datetime:
    """When to ask a gateway again after `looks` questions: at the latest when it expires."""
    wait = timedelta(seconds=LOOKS_S[min(looks, len(LOOKS_S) - 1)])
    return min(now + wait, expires_at) if now < expires_at else now + wait


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When to try an effect again after `attempts`; None: no more."""
    if attempts > len(TRIES_S):
        return None
    return now + timedelta(seconds=TRIES_S[max(0, attempts - 1)])
