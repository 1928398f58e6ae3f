"""The months of the `entry` table, made ahead, so that old ones can be archived and dropped whole.

A month is one partition, `entry_2026_01`, in UTC. What no month holds lies in the default
partition; a month of which some entries already lie there stays there. To archive a month:
`ALTER TABLE entry DETACH PARTITION entry_2026_01 CONCURRENTLY`, copy it away, drop it. `eka audit`
then no longer proves the lines whose first entries went with it.
"""

import logging
from datetime import UTC, datetime

from django.db import transaction
from psycopg.errors import CheckViolation, LockNotAvailable

from eka.ledger.connections import rows, run

log = logging.getLogger(__name__)

# Two processes that make partitions at once take turns. "eka p" in ASCII.
TURN = 0x656B612070

# Not by to_regclass: within a transaction that remembers what was not there a moment ago.
EXISTS = """
SELECT EXISTS (SELECT FROM pg_class made JOIN pg_class parent USING (relnamespace)
               WHERE made.relname = %s AND parent.oid = 'entry'::regclass)
"""
HELD_BY_DEFAULT = "SELECT EXISTS (SELECT FROM entry_default WHERE at >= %s AND at < %s)"

# The table is made apart and then attached: rows of `entry` go on being read and written meanwhile,
# but for a moment in which the default partition is looked through.
CREATE = (
    "CREATE TABLE {name} (LIKE entry INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)",
    "CREATE TRIGGER entry_no_truncate BEFORE TRUNCATE ON {name}"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE entry ATTACH PARTITION {name} FOR VALUES FROM ('{starts}') TO ('{ends}')",
)
# A long transaction may hold the table: entries then go to the default partition until next time.
PATIENCE = "SET LOCAL lock_timeout = '3s'"


def ensure_partitions(now: datetime, months_ahead: int = 3) -> list[str]:
    """Makes the partitions of this month and of `months_ahead` further ones where they are missing.

    Returns the names of those it made. Doing it again, or twice at once, does no harm.
    """
    month = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    made = []
    for _ in range(months_ahead + 1):
        after = _next(month)
        if _ensure(month, after):
            made.append(_name(month))
        month = after
    return made


def _next(month: datetime) -> datetime:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def _name(month: datetime) -> str:
    return f"entry_{month:%Y_%m}"


def _ensure(starts: datetime, ends: datetime) -> bool:
    name = _name(starts)
    if rows(EXISTS, [name])[0][0]:
        return False
    try:
        with transaction.atomic():
            return _create(name, starts, ends)
    except (CheckViolation, LockNotAvailable) as error:
        log.warning("partition %s is not made: %s", name, error)
        return False


def _create(name: str, starts: datetime, ends: datetime) -> bool:
    run("SELECT pg_advisory_xact_lock(%s)", [TURN])
    if rows(EXISTS, [name])[0][0] or rows(HELD_BY_DEFAULT, [starts, ends])[0][0]:
        return False
    run(PATIENCE, [])
    for statement in CREATE:
        run(statement.format(name=name, starts=starts.isoformat(), ends=ends.isoformat()), [])
    return True
