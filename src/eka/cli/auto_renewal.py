"""`eka auto-renewal`: consents to renew by itself, and the steps that are due."""

from datetime import datetime
from typing import Any

import click

from eka import clock
from eka.cli.instants import at_option
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json
from eka.cli.problems import AnswerIsNo, CallWrong
from eka.rules.instants import format_instant
from eka.rules.units import BadValue, format_money, parse_money

REFUSALS = {
    "closed": "The line is closed.",
    "incomplete": "A consent holds the words that were agreed to.",
    "no_such_method": "The subscriber has no such saved method.",
}
METHODS = ("stripe", "paypal", "wallet", "link")


@click.group("auto-renewal")
def auto_renewal() -> None:
    """Record, show and withdraw consents; take the steps that are due."""


@auto_renewal.command()
@click.argument("line", type=int)
@click.option("--subscriber", type=int, required=True, help="Who agrees; the line's owner.")
@click.option("--method", type=click.Choice(METHODS), required=True)
@click.option("--saved-method", type=int, help="The saved card or PayPal account, by its id.")
@click.option("--price", required=True, help="The most that is charged, such as 30.00 USD.")
@click.option("--text", required=True, help="The words that were agreed to.")
@click.option("--language", default="en", help="The language of those words.")
@click.option("--when-low", is_flag=True, help="Renew also as soon as the data runs out.")
@click.option("--key", required=True, help="Doing it again with the same key changes nothing.")
@at_option
@json_option
@database_option
def agree(key: str, at: datetime | None, as_json: bool, price: str, **given: Any) -> None:
    """Record the consent of a line's owner and print its id."""
    from eka.usecases.commands import KeyReused, NoSuchLine
    from eka.usecases.consents import Consent, UnableToAgree, agree

    try:
        consent = Consent(price=parse_money(price), **given)
        id_ = agree(consent, now=at or clock.now(), key=key)
    except BadValue as error:
        raise CallWrong(str(error)) from error
    except NoSuchLine as error:
        raise AnswerIsNo("The subscriber has no such line.") from error
    except UnableToAgree as refusal:
        raise AnswerIsNo(REFUSALS[refusal.code]) from refusal
    except KeyReused as error:
        raise CallWrong(f"The key {key!r} was used before for another consent.") from error
    if as_json:
        echo_json({"id": id_})
    else:
        click.echo(id_)


@auto_renewal.command()
@click.argument("line", type=int)
@click.option("--subscriber", type=int, required=True, help="The line's owner.")
@at_option
@json_option
@database_option
def stop(line: int, subscriber: int, at: datetime | None, as_json: bool) -> None:
    """Withdraw the line's consent; it holds from this moment on."""
    from eka.usecases.commands import NoSuchLine
    from eka.usecases.consents import stop

    try:
        stopped = stop(line, subscriber, at or clock.now())
    except NoSuchLine as error:
        raise AnswerIsNo("The subscriber has no such line.") from error
    if as_json:
        echo_json({"stopped": stopped})
    else:
        click.echo("Stopped." if stopped else "The line had no automatic renewal.")


@auto_renewal.command("list")
@click.option("--subscriber", type=int, help="Only this subscriber's.")
@at_option
@json_option
@database_option
def list_(subscriber: int | None, at: datetime | None, as_json: bool) -> None:
    """List consents, ended ones too: line, plan, price, method, the next charge."""
    from eka.usecases.consents import standings

    for one in standings(at or clock.now(), subscriber):
        if as_json:
            echo_json(one)
            continue
        state = f"ended: {one.ended_why}" if one.ended_at else "standing"
        if one.charge_at is not None:
            state = f"charge at {format_instant(one.charge_at)}"
        price = format_money(one.price)
        click.echo(f"{one.id}  line {one.line}  {one.plan}  {price}  {one.method}  {state}")


@auto_renewal.command()
@at_option
@json_option
@database_option
def run(at: datetime | None, as_json: bool) -> None:
    """Take every step that is due, as the jobs do."""
    from eka.jobs.renewing import Renewer

    taken = Renewer().turn(at or clock.now())
    if as_json:
        echo_json({"steps": taken})
    else:
        click.echo(f"Steps taken: {taken}.")
