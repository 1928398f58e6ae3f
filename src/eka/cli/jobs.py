"""`eka jobs`: what runs by itself, until it is stopped."""

import signal

import click

from eka import clock
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json

TURNS_MAX = 1000


@click.group()
def jobs() -> None:
    """Run what runs by itself: period ends, deliveries, refunds, retries, renewals."""


@jobs.command()
@database_option
def run() -> None:
    """Do things as they become due, until SIGTERM or Ctrl-C."""
    from eka.jobs.commerce import loops
    from eka.jobs.loops import Loops
    from eka.jobs.settling import Settler
    from eka.ledger.partitions import ensure_partitions
    from eka.usecases import demo, readiness

    demo.follow_clock()
    readiness.make_types_ready()
    ensure_partitions(clock.now())
    settler, beside = Settler(), Loops(loops())

    def stop(*_: object) -> None:
        settler.stop()
        beside.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    click.echo("jobs: running", err=True)
    threads = beside.start()
    settler.run()
    beside.stop()
    for thread in threads:
        thread.join()


@jobs.command()
@json_option
@database_option
def once(as_json: bool) -> None:
    """Do all that is due now, and end; for scripts and for a look at what waits."""
    from eka.jobs.commerce import loops
    from eka.usecases import demo
    from eka.usecases.settling import settle_all

    demo.follow_clock()
    done = {"lines": settle_all(clock.now())}
    for loop in loops():
        done[loop.name] = 0
        for _ in range(TURNS_MAX):
            if not (worked := loop.turn(clock.now())):
                break
            done[loop.name] += worked
    if as_json:
        echo_json(done)
    else:
        click.echo(", ".join(f"{name}: {count}" for name, count in done.items()))
