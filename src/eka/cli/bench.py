"""`eka bench`: measures, and prints ratios from one run. Asserts nothing."""

from datetime import UTC, datetime

import click

from eka.cli.bench_periods import Bench, run_periods
from eka.cli.options import database_address, database_url_option
from eka.cli.problems import CallWrong

END = datetime(2026, 2, 1, tzinfo=UTC)


@click.group()
def bench() -> None:
    """Measure throughput; figures come from one run, beside each other."""


@bench.command()
@click.option("--lines", default=1_000_000, show_default=True, help="Lines that end together.")
@click.option("--workers", default=2, show_default=True, help="Processes that settle.")
@click.option("--batch", default=1000, show_default=True, help="Lines in one transaction.")
@click.option("--keep", is_flag=True, help="Leave the lines there when done.")
@click.option("--fresh", is_flag=True, help="Begin anew, not where an earlier run was stopped.")
@database_url_option
def periods(
    lines: int, workers: int, batch: int, keep: bool, fresh: bool, database_url: str | None
) -> None:
    """Close and renew the periods of many lines that end at the same instant.

    Works in a schema of its own (eka_bench). Stopped or killed, it goes on where it was when it is
    called again.
    """
    if min(lines, workers, batch) < 1:
        raise CallWrong("--lines, --workers and --batch are at least 1.")
    with database_address(database_url) as url:
        run_periods(Bench(url, lines, workers, batch, END), keep=keep, fresh=fresh)
