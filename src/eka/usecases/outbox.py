"""Effects outside: written with what decided them, done at least once, told apart by their keys.

A worker claims a row by moving its `due` ahead: should it die, another finds the row then. What an
effect does is in `eka.usecases.effects`; doing one twice must change nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from msgspec import Struct

from eka.ledger import direct, models
from eka.ledger.connections import rows
from eka.rules.patience import next_try

LEASE = timedelta(seconds=60)
ERROR_LENGTH_MAX = 500

CLAIM = """
UPDATE outbox SET due = %(lease)s, attempts = attempts + 1
WHERE id IN (SELECT id FROM outbox WHERE due <= %(now)s AND (%(kinds)s::text[] IS NULL
                                                            OR kind = ANY(%(kinds)s))
             ORDER BY due, id LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING id, key, kind, payload, attempts
"""


class Effect(Struct, frozen=True):
    """An effect that was claimed; `attempts` counts this one too."""

    id: int
    key: str
    kind: str
    payload: dict[str, Any]
    attempts: int


def put(
    kind: str, key: str, now: datetime, payload: dict[str, Any], due: datetime | None = None
) -> None:
    """Adds an effect to the transaction that is open; the same key again adds nothing."""
    made = models.Outbox(key=key, kind=kind, payload=payload, made_at=now, due=due or now)
    direct.insert_once(made)


@transaction.atomic
def claim(now: datetime, most: int, kinds: Sequence[str] | None = None) -> list[Effect]:
    """Takes at most `most` effects that are due, for a minute."""
    wanted = list(kinds) if kinds is not None else None
    asked = {"now": now, "lease": now + LEASE, "most": most, "kinds": wanted}
    claimed = [Effect(*row) for row in rows(CLAIM, asked)]
    return sorted(claimed, key=lambda effect: effect.id)


def done(effect: Effect, now: datetime) -> None:
    """The effect has happened; in a transaction of its own or in that of the effect."""
    done_ = models.Outbox(pk=effect.id, due=None, done_at=now, last_error="")
    direct.change(done_, "due", "done_at", "last_error")


def again(effect: Effect, why: str, now: datetime) -> bool:
    """The effect did not happen; whether it is tried again. If not, its last resort is due."""
    due = next_try(effect.attempts, now)
    models.Outbox.objects.filter(pk=effect.id).update(
        due=due, last_error=why[:ERROR_LENGTH_MAX], gave_up_at=now if due is None else None
    )
    return due is not None
