"""The `eka` command: its subcommands, and what becomes of their failures.

Exit codes: 0 done; 1 the answer is no; 2 the call was wrong, or a part that it needs is missing.
"""

import signal
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import FrameType
from typing import NamedTuple, NoReturn

import click

from eka.cli.children import follow_parent
from eka.cli.failures import sentence_for


class Entry(NamedTuple):
    """Where a subcommand is written, and its line in `eka --help`."""

    place: str
    summary: str


# Imported only when called, so that `eka --help` is quick and works where a part is broken.
COMMANDS: Mapping[str, Entry] = {
    "dev": Entry("eka.cli.dev:dev", "Run everything on this machine, with demo data."),
    "doctor": Entry("eka.cli.doctor:doctor", "Check this installation; say how to mend it."),
    "serve": Entry("eka.cli.serve:serve", "Serve the web pages."),
    "jobs": Entry("eka.cli.jobs:jobs", "Run what runs by itself: renewals, expiries, retries."),
    "charging": Entry("eka.cli.charging:charging", "Charge online: Diameter Gy and 5G Nchf."),
    "migrate": Entry("eka.cli.migrate:migrate", "Bring the database's tables up to date."),
    "line": Entry("eka.cli.line:line", "Look at a line and explain its figures."),
    "catalogue": Entry("eka.cli.catalogue:catalogue", "Load and check plans."),
    "usage": Entry("eka.cli.usage:usage", "Import usage records."),
    "records": Entry("eka.cli.records:records", "Export charging data records."),
    "order": Entry("eka.cli.order:order", "Quote, show, cancel and refund orders."),
    "pay": Entry("eka.cli.pay:pay", "Pay orders, and see what becomes of payments."),
    "wallet": Entry("eka.cli.wallet:wallet", "Look at wallets, and give credit."),
    "pin": Entry("eka.cli.wallet:pin", "Set a payment PIN."),
    "auto-renewal": Entry("eka.cli.auto_renewal:auto_renewal", "Renew lines by themselves."),
    "promotion": Entry("eka.cli.promotion:promotion", "Load, preview and stop promotions."),
    "gift-card": Entry("eka.cli.gift_card:gift_card", "Make and redeem gift cards."),
    "books": Entry("eka.cli.books:books", "Balance and export the books."),
    "shop": Entry("eka.cli.shop:shop", "Show and set the shop's own terms."),
    "gateway": Entry("eka.cli.gateway:gateway", "Check gateways; reconcile a day."),
    "supplier": Entry("eka.cli.supplier:supplier", "Look at suppliers and orders with them."),
    "profile": Entry("eka.cli.profile:profile", "Look at eSIM profiles and moves of lines."),
    "es2plus": Entry("eka.cli.es2plus:es2plus", "Hear what an SM-DP+ tells, by mutual TLS."),
    "devices": Entry("eka.cli.devices:devices", "Check devices for eSIM; extend their table."),
    "receipt": Entry("eka.cli.papers:receipt", "Write an order's receipt as PDF."),
    "statement": Entry("eka.cli.papers:statement", "Write a line's statement as PDF or CSV."),
    "sandbox": Entry("eka.cli.sandbox:sandbox", "Run sandboxes of payment gateways and suppliers."),
    "audit": Entry("eka.cli.audit:audit", "Prove that the ledger is right."),
    "simulate": Entry("eka.cli.simulate:simulate", "Play a scenario through the rules."),
    "demo": Entry("eka.cli.demo:demo", "Load the demo's data; move its clock."),
    "bench": Entry("eka.cli.bench:bench", "Measure throughput and latency."),
    "messages": Entry("eka.cli.messages:messages", "Extract, check and compile translations."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].place.partition(":")
        command = getattr(import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name].place} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


@click.command(cls=LazyGroup)
@click.version_option(package_name="eka")
def eka() -> None:
    """Eka (E卡): a platform for sellers of prepaid eSIM data plans.

    Commands that need a database use --database URL, else DATABASE_URL, else the embedded
    PostgreSQL of this installation, which they start if it does not run.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; expected failures are one sentence on stderr."""
    signal.signal(signal.SIGTERM, _leave)
    follow_parent()
    try:
        eka.main(args=arguments, prog_name="eka")
    except Exception as error:
        known = sentence_for(error)
        if known is None:
            raise
        if known.sentence:
            click.echo(known.sentence, err=True)
        sys.exit(known.exit_code)


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    # As an exception, so that everything opened is closed, the embedded database among it.
    raise SystemExit(128 + number)
