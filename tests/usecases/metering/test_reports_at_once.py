"""Reports that come together, twice and in any order debit every byte once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from random import Random

from django.db import connection
from tests.usecases.metering.supplied_lines import (
    MB,
    add,
    failures,
    hours,
    moved,
    open_shop,
    report,
    state,
    told,
)

from eka.ledger import models

WORKERS = 4


def heard(story: tuple[int, datetime]) -> None:
    """One process hears one report."""
    try:
        report(story[0], hours(30), story[1])
    finally:
        connection.close()


def test_processes_that_hear_the_same_reports_debit_them_once(committed_ledger: None) -> None:
    open_shop()
    line = add(activate=False)
    reports = [(number * 100 * MB, hours(number)) for number in range(1, 11)] * 3
    Random(7).shuffle(reports)

    with ThreadPoolExecutor(WORKERS) as processes:
        list(processes.map(heard, reports))

    assert sum(moved(line, "used")) == 1000 * MB
    assert state(line) == "active"
    assert told(line) == ["line_activated"]
    assert models.Period.objects.filter(line_id=line).count() == 1
    assert failures() == []
