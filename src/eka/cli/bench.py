"""`eka bench`: measures, and prints ratios from one run. Asserts nothing."""

from datetime import UTC, datetime
from typing import Any

import click

from eka.cli.bench_periods import Bench, run_periods
from eka.cli.options import database_address, database_url_option
from eka.cli.problems import CallWrong

DOORS = ("gy", "nchf")
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


@bench.command()
@click.option("--lines", default=1_000_000, show_default=True, help="Lines, as of a large shop.")
@click.option("--seconds", default=20.0, show_default=True, help="How long a phase is measured.")
@click.option("--outstanding", default=512, show_default=True, help="Requests at once, in all.")
@click.option("--door", type=click.Choice([*DOORS, "both"]), default="both", show_default=True)
@click.option("--lanes", default=2, show_default=True, help="Connections that write, also bare.")
@click.option("--requests", type=int, help="Then so many more over Gy, to see the memory.")
@click.option("--keep", is_flag=True, help="Leave the lines there when done.")
@click.option("--fresh", is_flag=True, help="Prepare the lines anew.")
@database_url_option
def charging(database_url: str | None, **given: Any) -> None:
    """Charge over Gy and Nchf, beside what the bare database does.

    Works in a schema of its own (eka_bench_charging). Lines that an earlier run has prepared and
    kept are used again; a preparation that was stopped goes on where it was.
    """
    from eka.cli.bench_charging import ChargingBench, run_charging

    keep, fresh, door = given.pop("keep"), given.pop("fresh"), given.pop("door")
    if given["seconds"] <= 0 or min(given["lanes"], given["outstanding"]) < 1:
        raise CallWrong("--seconds, --lanes and --outstanding are more than nothing.")
    if given["lines"] < 2 * max(given["outstanding"], 100):
        raise CallWrong("Too few --lines: twice as many as --outstanding, and 200, are the least.")
    doors = DOORS if door == "both" else (door,)
    with database_address(database_url) as url:
        run_charging(ChargingBench(url=url, doors=doors, **given), keep=keep, fresh=fresh)


@bench.command()
@click.option("--rate", default=200.0, show_default=True, help="Checkouts a second.")
@click.option("--seconds", default=20.0, show_default=True, help="How long is measured.")
@click.option(
    "--gateway",
    "chosen",
    type=click.Choice(["stripe", "paypal", "wechat", "alipay", "mixed"]),
    default="mixed",
    show_default=True,
)
@click.option("--drivers", default=2, show_default=True, help="Processes of buyers.")
@click.option("--threads", default=8, show_default=True, help="Buyers at once in each.")
@click.option(
    "--esims",
    "supplier",
    type=click.Choice(["", "es2plus", "airalo", "esimaccess"]),
    default="",
    help="Sell new lines with eSIMs of this supplier's sandbox, instead of renewals.",
)
@click.option("--keep", is_flag=True, help="Leave the shop there when done.")
@database_url_option
def checkouts(
    database_url: str | None, chosen: str, supplier: str, keep: bool, **given: Any
) -> None:
    """Sell by all the real parts: quotes, payments, notifications, fulfilment.

    Works in a schema of its own (eka_bench_checkouts), which is made anew. The gateways are their
    sandboxes, in a process of their own beside the web server and the jobs.
    """
    from eka.cli.bench_checkouts import GATEWAYS, CheckoutBench, run_checkouts

    if min(given.values()) <= 0:
        raise CallWrong("--rate, --seconds, --drivers and --threads are more than nothing.")
    gateways = GATEWAYS if chosen == "mixed" else (chosen,)
    with database_address(database_url) as url:
        wanted = CheckoutBench(url=url, gateways=gateways, supplier=supplier, **given)
        run_checkouts(wanted, keep=keep)
