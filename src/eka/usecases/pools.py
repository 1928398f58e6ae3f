"""Pools of profiles are kept full, so that who buys has one at once."""

from datetime import datetime

from django.db import transaction

from eka.ledger.connections import run
from eka.rules.supply import Source
from eka.usecases import needs, provisioning, spares

ONE_AT_A_TIME = 0x454B4150  # the lock of whoever fills the pools, of PostgreSQL's advisory ones


def keep(now: datetime) -> int:
    """Orders what the pools lack, and tells staff where one stays low; how many were ordered."""
    return sum(_keep(source, now) for source in spares.pools())


@transaction.atomic
def _keep(source: Source, now: datetime) -> int:
    run("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
    pool = spares.Pool(source)
    missing = pool.missing(now)
    for nth in range(pool.ever, pool.ever + missing):
        provisioning.ask(needs.of_pool(source, nth), 0, now)
    spares.alarm(spares.Pool(source), now)
    return missing
