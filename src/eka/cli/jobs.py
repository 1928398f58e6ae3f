"""`eka jobs run`: what runs by itself, until it is stopped."""

import signal

import click

from eka.cli.options import database_option


@click.group()
def jobs() -> None:
    """Run what runs by itself: period ends, renewals, expiries."""


@jobs.command()
@database_option
def run() -> None:
    """Settle lines as things become due, until SIGTERM or Ctrl-C."""
    from eka import clock
    from eka.jobs.settling import Settler
    from eka.ledger.partitions import ensure_partitions
    from eka.usecases import demo

    demo.follow_clock()
    ensure_partitions(clock.now())
    settler = Settler()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: settler.stop())
    click.echo("jobs: settling", err=True)
    settler.run()
