"""`eka wallet` and `eka pin`: a subscriber's money with the shop, and the PIN that guards it."""

import sys
from datetime import datetime
from getpass import getpass

import click

from eka import clock
from eka.cli.instants import at_option
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json
from eka.cli.problems import AnswerIsNo, CallWrong
from eka.rules.instants import format_instant
from eka.rules.units import BadValue, Money, format_money, parse_money

WEAK = {
    "not_six_digits": "A PIN is six digits.",
    "one_digit": "A PIN of one digit repeated is among the first to be guessed.",
    "run": "A PIN of digits in a row is among the first to be guessed.",
    "repeated": "A PIN that repeats itself is among the first to be guessed.",
    "date": "A PIN that is a date is guessed from birthdays; choose other digits.",
}


@click.group()
def wallet() -> None:
    """Show a subscriber's wallet, and give credit."""


@wallet.command()
@click.argument("subscriber", type=int)
@click.option("--limit", default=20, help="At most so many movements of each currency.")
@json_option
@database_option
def show(subscriber: int, limit: int, as_json: bool) -> None:
    """Show the balances and their newest movements."""
    from eka.usecases.wallets import balances, movements

    _need(subscriber)
    held = balances(subscriber)
    moved = {currency: movements(subscriber, currency, limit) for currency in held}
    if as_json:
        echo_json({"balances": held, "movements": moved})
        return
    for currency, minor in held.items():
        click.echo(format_money(Money(minor, currency)))
        for one in moved[currency]:
            sign = "+" if one.amount > 0 else "-"
            amount = format_money(Money(abs(one.amount), currency))
            why = one.reason or one.order
            told = f"  {format_instant(one.at)}  {one.kind:<10} {sign}{amount} {why}"
            click.echo(told.rstrip())


@wallet.command()
@click.argument("subscriber", type=int)
@click.option("--amount", required=True, help="Such as 5.00 USD.")
@click.option("--key", required=True, help="Doing it again with the same key changes nothing.")
@click.option("--reason", default="", help="Why, for the subscriber's list of movements.")
@at_option
@json_option
@database_option
def credit(
    subscriber: int, amount: str, key: str, reason: str, at: datetime | None, as_json: bool
) -> None:
    """Give credit at the shop's cost."""
    from eka.usecases.wallets import KeyReused, give

    _need(subscriber)
    try:
        money = parse_money(amount)
    except BadValue as error:
        raise CallWrong(str(error)) from error
    if money.minor == 0:
        raise CallWrong("--amount is above zero.")
    now = at or clock.now()
    try:
        moved = give(subscriber, money, why="goodwill", key=key, now=now, reason=reason)
    except KeyReused as error:
        raise CallWrong(f"The key {key!r} was used before for another movement.") from error
    if as_json:
        echo_json({"balance": moved.balance, "repeated": moved.repeated})
    else:
        click.echo(format_money(Money(moved.balance, money.currency)))


def _need(subscriber: int) -> None:
    from eka.ledger import models

    if not models.Subscriber.objects.filter(pk=subscriber).exists():
        raise AnswerIsNo(f"There is no subscriber {subscriber}.")


@click.group()
def pin() -> None:
    """Set a subscriber's payment PIN."""


@pin.command("set")
@click.argument("subscriber", type=int)
@at_option
@database_option
def set_(subscriber: int, at: datetime | None) -> None:
    """Set the PIN to the six digits on standard input, and open its lock.

    An argument would be seen by everybody on this machine, and kept in the shell's history.
    """
    from eka.usecases.pins import PinTooWeak, set_pin

    _need(subscriber)
    given = getpass("PIN: ") if sys.stdin.isatty() else sys.stdin.readline()
    try:
        set_pin(subscriber, given.strip(), at or clock.now())
    except PinTooWeak as weak:
        raise AnswerIsNo(WEAK[weak.code]) from None
    click.echo("The payment PIN is set.")
