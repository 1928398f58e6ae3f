"""How long to wait before asking, trying or looking again; all in seconds."""

from datetime import datetime, timedelta

# A payment is asked about 30 s after it was begun, then ever less often (spec/payments, 2).
LOOKS_S = (30, 60, 120, 300, 600, 900)
# An effect outside is tried again after these waits; then its last resort is due (spec, 6).
TRIES_S = (5, 15, 60, 300, 900, 1800, 3600, 7200, 14400)

# A supplier is asked what became of an order: most profiles are there within seconds, and who
# bought one looks at the page. Later the supplier has trouble, and then is asked less often.
SUPPLY_LOOKS_S = (1, 2, 3, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)


def next_supply_look(looks: int, now: datetime, wait_s: int = 0) -> datetime:
    """When to ask a supplier again after `looks` questions; not before the `wait_s` it wants."""
    wait = SUPPLY_LOOKS_S[min(looks, len(SUPPLY_LOOKS_S) - 1)]
    return now + timedelta(seconds=max(wait, wait_s))


def next_look(looks: int, now: datetime, expires_at: datetime) -> datetime:
    """When to ask a gateway again after `looks` questions: at the latest when it expires."""
    wait = timedelta(seconds=LOOKS_S[min(looks, len(LOOKS_S) - 1)])
    return min(now + wait, expires_at) if now < expires_at else now + wait


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When to try an effect again after `attempts`; None: no more."""
    if attempts > len(TRIES_S):
        return None
    return now + timedelta(seconds=TRIES_S[max(0, attempts - 1)])
