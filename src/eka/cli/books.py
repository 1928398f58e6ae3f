"""`eka books`: the trial balance, an account's history, the journal as CSV, what data earned."""

import csv
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eka import clock
from eka.cli.instants import at_option
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json
from eka.cli.problems import CallWrong
from eka.rules.books import account as account_named
from eka.rules.instants import DAY, format_instant
from eka.rules.units import Money, format_money

if TYPE_CHECKING:
    from eka.ledger.books import Balance, JournalLine

LINES_AT_ONCE = 500
COLUMNS = ("date", "journal", "event", "account", "currency", "debit", "credit", "order", "line")


class Day(click.ParamType[date]):
    """A day of UTC, such as 2026-01-31."""

    name = "day"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """The day; anything else is refused."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day; write it like 2026-01-31", param, ctx)


@click.group()
def books() -> None:
    """Look at the shop's books, and keep them."""


@books.command()
@click.option("--at", "day", type=Day(), help="As of the end of this day of UTC; default: now.")
@json_option
@database_option
def balance(day: date | None, as_json: bool) -> None:
    """Show the trial balance: what every account comes to, in each currency.

    With --json an object for each account, in minor units; what is owed or earned is negative.
    """
    from eka.ledger.books import trial_balance

    accounts = trial_balance(None if day is None else _midnight(day, after=1))
    if as_json:
        for each in accounts:
            nature = account_named(each.account).nature
            echo_json({"account": each.account, "nature": nature, **_figures(each)})
        return
    for currency in sorted({each.currency for each in accounts}):
        _print_balance(currency, [each for each in accounts if each.currency == currency])


def _figures(each: "Balance") -> dict[str, Any]:
    figures = {"debits": each.debits, "credits": each.credits, "balance": each.amount}
    return {"currency": each.currency, **figures}


def _print_balance(currency: str, accounts: "list[Balance]") -> None:
    """A table of one currency; both of its sums are the same, or the books are wrong."""
    _print_row(currency, "debit", "credit")
    for each in accounts:
        if each.amount:
            _print_row(f"  {each.account}", *_debit_and_credit(each.amount, currency))
    left = sum(max(0, each.amount) for each in accounts)
    right = sum(max(0, -each.amount) for each in accounts)
    _print_row("  total", _written(left, currency), _written(right, currency))


def _print_row(name: str, debit: str, credit: str) -> None:
    click.echo(f"{name:<32} {debit:>16} {credit:>16}".rstrip())


@books.command()
@click.argument("name")
@click.option("--limit", default=50, help="At most so many postings.")
@click.option("--before", default=None, type=int, help="Only of journals before this one.")
@json_option
@database_option
def account(name: str, limit: int, before: int | None, as_json: bool) -> None:
    """Show an account's history, newest first, such as `eka books account gateway:stripe`."""
    from eka.ledger.books import NEWEST, Place, history

    try:
        account_named(name)
    except KeyError:
        raise CallWrong(f"There is no account {name!r} in the chart of accounts.") from None
    for line in history(name, limit, NEWEST if before is None else Place(before, 0)):
        if as_json:
            echo_json(line)
        else:
            debit, credit = _debit_and_credit(line.amount, line.currency)
            whose = f"order {line.order}" if line.order else ""
            told = f"{format_instant(line.at)} {line.journal:>8} {line.event:<24}"
            click.echo(f"{told} {debit:>14} {credit:>14} {line.currency} {whose}".rstrip())


@books.command()
@click.option("--from", "first", type=Day(), required=True, help="The first day of UTC.")
@click.option("--to", "last", type=Day(), required=True, help="The last day of UTC.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@database_option
def export(first: date, last: date, file: Path) -> None:
    """Write the journal of these days, both included, into FILE as CSV."""
    from django.db import transaction

    from eka.ledger import books as ledger

    written = 0
    try:
        with transaction.atomic(), file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(COLUMNS)
            for line in ledger.export(_midnight(first), _midnight(last, after=1)):
                writer.writerow(_as_row(line))
                written += 1
    except OSError as error:
        raise CallWrong(f"{file} cannot be written: {error.strerror}.") from error
    click.echo(f"{written:,} postings written to {file}.")


def _as_row(line: "JournalLine") -> tuple[object, ...]:
    """A posting as a row; amounts are decimal numbers without their currency."""
    amounts = _debit_and_credit(line.amount, line.currency)
    named = (line.event, line.account, line.currency)
    return (format_instant(line.at), line.journal, *named, *amounts, line.order, line.line)


@books.command()
@at_option
@json_option
@database_option
def release(at: datetime | None, as_json: bool) -> None:
    """Book what data has earned by now, as the jobs do by themselves; again changes nothing."""
    from eka.usecases.bookkeeping import release_some

    now, done, after = at or clock.now(), 0, 0
    while True:
        batch = release_some(now, after, LINES_AT_ONCE)
        done += batch.journals
        if batch.next is None:
            break
        after = batch.next
    if as_json:
        echo_json({"earned": done})
    else:
        click.echo(f"Allowances that have earned something since: {done:,}.")


def _midnight(day: date, after: int = 0) -> datetime:
    """When the day begins in UTC, or one so many days after it."""
    try:
        return datetime.combine(day, time(), UTC) + after * DAY
    except OverflowError:
        raise CallWrong(f"{day} is the last day there is; give an earlier one.") from None


def _debit_and_credit(amount: int, currency: str) -> tuple[str, str]:
    """The amount in the column that it belongs to."""
    written = _written(abs(amount), currency)
    return (written, "") if amount > 0 else ("", written)


def _written(minor: int, currency: str) -> str:
    return format_money(Money(minor, currency)).removesuffix(f" {currency}")
