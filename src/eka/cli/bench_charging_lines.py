"""The lines that the charging bench works on, in a schema of its own, made in SQL.

Each has a plan for a year and one or two top-ups, more data than any run uses.
"""

import os
from datetime import datetime
from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import make_conninfo

from eka import clock
from eka.cli.bench_charging_load import imsi_of, msisdn_of
from eka.cli.progress import progress

Database = psycopg.Connection[tuple[Any, ...]]

SCHEMA = "eka_bench_charging"
CHUNK = 50_000
DATA = 10**12
MONTHS = 12

_IMSI, _MSISDN = imsi_of(0).decode()[:5], msisdn_of(0).decode()[:4]

LINES = """
INSERT INTO line (id, label, created_at, imsi, msisdn)
SELECT n, '', %(starts)s, %(imsi)s || lpad(n::text, 10, '0'), %(msisdn)s || lpad(n::text, 9, '0')
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
STATES = """
INSERT INTO line_state (line_id, timezone, state, suspended, auto_renew, as_of, next_due,
    activated_at, tenure, bucket_count, entry_count, day_used, unserved, overage, credit,
    period_number, used, hotspot_used, beyond, alerted, armed_at, cleared, renewed_itself, over)
SELECT n, 'UTC', 'active', false, false, %(starts)s, %(ends)s,
    %(starts)s, 0, 2 + n %% 2, 3 + n %% 2, 0, 0, '[]', '[]',
    1, 0, 0, 0, '[]', %(starts)s, false, false, false
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
PERIODS = """
INSERT INTO period (line_id, number, plan_version_id, starts, ends, anchor, months, by, paid_at,
    term_left)
SELECT n, 1, %(plan)s, %(starts)s, %(ends)s, %(starts)s, 1, 'manual', %(starts)s, 0
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
# The period's own bucket ends first, and so pays first.
BUCKETS = """
INSERT INTO bucket (line_id, number, kind, granted, bytes_left, open, born, starts, period,
    generation)
SELECT n, b, CASE b WHEN 1 THEN 'plan' ELSE 'topup' END, %(data)s, %(data)s, true, %(starts)s,
    %(starts)s, CASE b WHEN 1 THEN 1 END, 0
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
    generate_series(1, 2 + n %% 2) AS b
"""
ENTRIES = """
INSERT INTO entry (line_id, number, at, code, bytes, bucket, kind, reason)
SELECT n, e, %(starts)s, CASE e WHEN 1 THEN 'activated' ELSE 'granted' END,
    CASE e WHEN 1 THEN 0 ELSE %(data)s END, CASE WHEN e > 1 THEN e - 1 END,
    CASE e WHEN 1 THEN NULL WHEN 2 THEN 'plan' ELSE 'topup' END,
    CASE e WHEN 1 THEN '' WHEN 2 THEN 'plan' ELSE 'topup' END
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
    generate_series(1, 3 + n %% 2) AS e
"""


def schema_url(url: str) -> str:
    """The database's address with the bench's own schema."""
    return make_conninfo(url, options=f"-csearch_path={SCHEMA}")


def prepare(connection: Database, url: str, lines: int) -> None:
    """Makes what is missing of the lines, in chunks that are each whole or absent."""
    os.environ["DATABASE_URL"] = schema_url(url)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eka.web.settings")
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    connection.execute(f"SET search_path TO {SCHEMA}")
    given = _given(connection, _plan())
    done = _one(connection, "SELECT coalesce(max(id), 0) FROM line")
    with progress("preparing lines", lines, min(done, lines)) as advance:
        for first in range(done + 1, lines + 1, CHUNK):
            last = min(first + CHUNK - 1, lines)
            with connection.transaction():
                for statement in (LINES, STATES, PERIODS, BUCKETS, ENTRIES):
                    connection.execute(statement, {**given, "first": first, "last": last})
            advance(last)
    if done < lines:
        connection.execute("VACUUM ANALYZE")


def calm(connection: Database) -> None:
    """Writes out what earlier work has left, so that none of it is measured later."""
    # Who may not is content with the checkpoints that come by themselves.
    try:
        connection.execute("CHECKPOINT")
    except errors.InsufficientPrivilege:
        return


def _given(connection: Database, plan: int) -> dict[str, Any]:
    """The same instants for all lines, those of an earlier run too."""
    starts: datetime = _one(
        connection, "SELECT date_trunc('day', created_at) FROM plan_version WHERE id = %s", plan
    )
    return {
        "plan": plan,
        "data": DATA,
        "imsi": _IMSI,
        "msisdn": _MSISDN,
        "starts": starts,
        "ends": starts.replace(year=starts.year + MONTHS // 12),
    }


def _one(connection: Database, sql: str, *given: object) -> Any:
    row = connection.execute(sql.encode(), given).fetchone()
    assert row is not None
    return row[0]


def _plan() -> int:
    """The plan that all lines are on."""
    import django
    from django.core.management import call_command

    django.setup()
    from eka.ledger.partitions import ensure_partitions
    from eka.ledger.plans import OnSale
    from eka.rules.plans import Plan
    from eka.rules.units import Duration
    from eka.usecases.catalogue import sell

    call_command("migrate", verbosity=0, interactive=False)
    ensure_partitions(clock.now())
    sell(Plan(name="bench", data=DATA, period=Duration(months=MONTHS)), clock.now())
    return OnSale()["bench"].version
