"""`eka order`: buy, renew and refund from the shell."""

import secrets
from typing import Any

import click

from eka import clock
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json
from eka.cli.problems import AnswerIsNo, CallWrong
from eka.rules.baskets import AddOnItem, Item, NewLineItem, RenewalItem, TopUpItem, WalletItem
from eka.rules.orders import STATES
from eka.rules.units import BadValue, format_money, parse_data, parse_money


@click.group()
def order() -> None:
    """Quote, show, cancel and refund orders."""


BUYER = (
    click.option("--subscriber", type=int, help="Who buys; default the line's owner, or a guest."),
    click.option("--email", default="", help="Where a guest is written to."),
    click.option("--language", default="en", type=click.Choice(["en", "zh-hans"])),
    click.option("--currency", default="USD", show_default=True),
    click.option("--code", default="", help="A promotion code."),
    click.option("--key", help="Doing it again with the same key is the same order."),
)


def _selling(name: str, summary: str, make: Any, *options: Any) -> None:
    """Adds `eka order NAME`, which quotes one item."""

    def run(**given: Any) -> None:
        as_json = given.pop("as_json")
        buyer = {key: given.pop(key) for key in ("subscriber", "email", "language", "currency")}
        code, key = given.pop("code"), given.pop("key") or secrets.token_hex(8)
        try:
            item: Item = make(buyer, **given)
        except BadValue as error:
            raise CallWrong(str(error)) from error
        _quote(item, buyer, code, key, as_json)

    run.__doc__ = summary
    command = database_option(run)
    for option in (*options, *BUYER):
        command = option(command)
    order.command(name)(json_option(command))


def _quote(item: Item, buyer: dict[str, Any], code: str, key: str, as_json: bool) -> None:
    from eka.usecases.buyers import guest, owner_of
    from eka.usecases.commands import KeyReused, NoSuchLine
    from eka.usecases.quoting import UnableToQuote, Wish, quote

    line = getattr(item, "line", None)
    try:
        subscriber = buyer["subscriber"] or (
            owner_of(line) if line else guest(buyer["email"], buyer["language"])
        )
        wish = Wish(
            subscriber=subscriber,
            items=(item,),
            currency=buyer["currency"],
            key=f"cli:{key}",
            code=code,
            language=buyer["language"],
            email=buyer["email"],
        )
        number = quote(wish, clock.now())
    except UnableToQuote as refusal:
        figures = ", ".join(f"{name} {value}" for name, value in refusal.figures.items())
        reason = f"{refusal.code} ({figures})" if figures else refusal.code
        raise AnswerIsNo(f"It cannot be sold: {reason}.") from refusal
    except NoSuchLine as error:
        raise AnswerIsNo(f"There is no line {error}.") from error
    except KeyReused as error:
        raise CallWrong(f"The key {key!r} was used before for something else.") from error
    _show(number, as_json)


_LINE = click.option("--line", required=True, type=int)
_PLAN = click.option("--plan", required=True, help="The plan's name in the catalogue.")

_selling(
    "new-line",
    "Quote a new line on a plan.",
    lambda buyer, plan, label, timezone: NewLineItem(plan=plan, label=label, timezone=timezone),
    _PLAN,
    click.option("--label", default=""),
    click.option("--timezone", default="UTC"),
)
_selling(
    "renew",
    "Quote the next period of a line.",
    lambda buyer, line, plan, times: RenewalItem(line=line, plan=plan, times=times),
    _LINE,
    click.option("--plan", default="", help="Another plan; the line's own by default."),
    click.option("--times", default=1, help="How many periods at once."),
)
_selling(
    "top-up",
    "Quote more data for a line.",
    lambda buyer, line, data, validity: TopUpItem(
        line=line, data=parse_data(data), validity=validity
    ),
    _LINE,
    click.option("--data", required=True, help="Such as 1GB."),
    click.option("--validity", default="", help="Such as 30d."),
)
_selling(
    "add-on",
    "Quote a whole further plan for a line.",
    lambda buyer, line, plan, starts: AddOnItem(line=line, plan=plan, starts=starts),
    _LINE,
    _PLAN,
    click.option("--starts", type=click.Choice(["at_end", "on_empty"]), default="at_end"),
)
_selling(
    "wallet",
    "Quote a charge of the wallet.",
    lambda buyer, amount: WalletItem(amount=_amount(amount, buyer)),
    click.option("--amount", required=True, help="Such as `20.00 USD`."),
)


def _amount(text: str, buyer: dict[str, Any]) -> int:
    money = parse_money(text)
    buyer["currency"] = money.currency
    return money.minor


@order.command()
@click.argument("number")
@json_option
@database_option
def show(number: str, as_json: bool) -> None:
    """Show an order: state, items, payments, refunds, and its story."""
    _show(number, as_json)


@order.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only orders in this state.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
@json_option
@database_option
def list_(state: str | None, limit: int, as_json: bool) -> None:
    """List the newest orders."""
    from eka.ledger.orders import newest

    for row in newest(limit, state):
        if as_json:
            echo_json(row)
        else:
            click.echo(f"{row['number']}  {row['state']:<17} {row['total']}")


@order.command()
@click.argument("number")
@json_option
@database_option
def cancel(number: str, as_json: bool) -> None:
    """Give up an order that waits for money; its payments are closed at their gateways first."""
    from eka.gateways.payments.terms import GatewayError
    from eka.usecases import looking
    from eka.usecases.checkout import UnableToPay
    from eka.usecases.gateways import NoSuchGateway
    from eka.usecases.orders import NoSuchOrder

    try:
        gone = looking.cancel(number, clock.now())
    except NoSuchOrder as error:
        raise AnswerIsNo(f"There is no order {number}.") from error
    except UnableToPay as error:
        raise AnswerIsNo(f"The order is {error.code}: it cannot be cancelled.") from error
    except (GatewayError, NoSuchGateway) as error:
        raise AnswerIsNo(f"Nothing was cancelled; its gateway does not do it: {error}.") from error
    if not gone:
        raise AnswerIsNo("Its money has come meanwhile: it was not cancelled.")
    _show(number, as_json)


@order.command()
@click.argument("number")
@click.option("--amount", help="Such as `5.00 USD`; all that may go back by default.")
@click.option("--why", type=click.Choice(["customer", "staff"]), default="staff")
@click.option("--reason", default="")
@click.option("--key", help="Doing it again with the same key is the same refund.")
@json_option
@database_option
def refund(
    number: str, amount: str | None, why: str, reason: str, key: str | None, as_json: bool
) -> None:
    """Send money of an order back; all of it also takes back what it bought."""
    from eka.usecases import refunding
    from eka.usecases.commands import KeyReused
    from eka.usecases.orders import NoSuchOrder

    try:
        minor = _in_currency_of(number, amount) if amount else None
        wanted = refunding.Wanted(
            key=f"cli:{key or secrets.token_hex(8)}", why=why, by="cli", amount=minor, reason=reason
        )
        refunding.refund(number, wanted, clock.now())
    except BadValue as error:
        raise CallWrong(str(error)) from error
    except NoSuchOrder as error:
        raise AnswerIsNo(f"There is no order {number}.") from error
    except KeyReused as error:
        raise CallWrong(f"The key {key!r} was used before for another refund.") from error
    except refunding.UnableToRefund as error:
        raise AnswerIsNo(f"It cannot go back: {error.code}; at most {error.most}.") from error
    _show(number, as_json)


def _in_currency_of(number: str, amount: str) -> int:
    """The amount in minor units, of the currency in which the order was paid."""
    from eka.ledger.orders import find

    money, order = parse_money(amount), find(number)
    if order is not None and money.currency != order.total.currency:
        raise CallWrong(f"The order is in {order.total.currency}, not in {money.currency}.")
    return money.minor


@order.command("refund-again")
@click.argument("refund")
@click.option("--key", help="Doing it again with the same key is the same refund.")
@json_option
@database_option
def refund_again(refund: str, key: str | None, as_json: bool) -> None:
    """Ask anew for a refund that its gateway refused, under a new number."""
    from eka.ledger import models
    from eka.usecases import refunding
    from eka.usecases.commands import KeyReused

    try:
        fresh = f"cli:{key or secrets.token_hex(8)}"
        number = refunding.try_again(refund, fresh, "cli", clock.now())
    except models.Refund.DoesNotExist as error:
        raise AnswerIsNo(f"There is no refund {refund}.") from error
    except KeyReused as error:
        raise CallWrong(f"The key {key!r} was used before for another refund.") from error
    except refunding.UnableToRefund as error:
        raise AnswerIsNo(f"It is {error.code}: nothing is to be asked again.") from error
    if as_json:
        echo_json({"refund": number})
    else:
        click.echo(number)


@order.command("return-money")
@click.argument("gateway")
@click.argument("transaction")
@database_option
def return_money(gateway: str, transaction: str) -> None:
    """Send money back that was not what was asked for (case payment_mismatch)."""
    from eka.usecases import refunding

    try:
        click.echo(refunding.return_mismatch(gateway, transaction, "cli", clock.now()))
    except refunding.UnableToRefund as error:
        raise AnswerIsNo(f"There is no such money in suspense at {gateway}.") from error


@order.command()
@click.argument("number", required=False, default="")
@json_option
@database_option
def repair(number: str, as_json: bool) -> None:
    """Find what is wrong with an order, or with all, and mend it or open a case."""
    from eka.usecases.repairing import repair as mend

    for finding in mend(clock.now(), number):
        if as_json:
            echo_json({"order": finding.order, "what": finding.what})
        else:
            click.echo(f"{finding.order}  {finding.what}")


def _show(number: str, as_json: bool) -> None:
    from eka.ledger.orders import find

    found = find(number)
    if found is None:
        raise AnswerIsNo(f"There is no order {number}.")
    if as_json:
        echo_json(found)
        return
    click.echo(f"{found.number}  {found.state}  {format_money(found.total)}")
    for item in found.items:
        click.echo(f"  {item.kind:<9} {item.plan or ''} {format_money(item.price)}")
    for payment in found.payments:
        click.echo(f"  payment {payment.number} {payment.gateway} {payment.state}")
    for back in found.refunds:
        click.echo(f"  refund {back.number} {format_money(back.amount)} {back.state}")
    for event in found.story:
        click.echo(f"  {event.at:%Y-%m-%d %H:%M:%S}  {event.event}")
