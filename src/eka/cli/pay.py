"""`eka pay`: begin payments, look at them, and play the payer at the sandboxes."""

import os
import sys
import tomllib
from pathlib import Path

import click

from eka import clock
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json
from eka.cli.problems import AnswerIsNo, CallWrong

GATEWAYS = ("stripe", "paypal", "wechat", "alipay")
ADDRESSES = ("api_base", "gateway_url")  # where a gateway's settings say that it is


@click.group()
def pay() -> None:
    """Pay orders, and see what becomes of payments."""


@pay.command()
@click.argument("order")
@click.option("--gateway", "name", required=True, type=click.Choice(GATEWAYS))
@click.option("--way", type=click.Choice(["page", "qr", "phone", "inside"]), help="Default: first.")
@click.option("--openid", default="", help="Who pays inside WeChat.")
@click.option("--save", is_flag=True, help="Ask to keep the method for later charges.")
@json_option
@database_option
def begin(order: str, name: str, way: str | None, openid: str, save: bool, as_json: bool) -> None:
    """Begin a payment of an order; prints where the payer goes, or what they scan."""
    from eka.gateways.payments.terms import GatewayError
    from eka.usecases import checkout
    from eka.usecases.addresses import notify_url, order_url
    from eka.usecases.gateways import NoSuchGateway, gateway
    from eka.usecases.orders import NoSuchOrder
    from eka.usecases.promotions import PromotionGone
    from eka.usecases.stock import OutOfStock

    try:
        ways = gateway(name).ways
        if way is not None and way not in ways:
            raise CallWrong(f"By {name} one pays as {', '.join(ways)}.")
        paying = checkout.Paying(
            gateway=name,
            way=next((known for known in ways if known == way), ways[0]),
            return_url=order_url(order),
            cancel_url=order_url(order),
            notify_url=notify_url(name),
            title=f"Eka {order}",
            openid=openid,
            save=save,
        )
        begun = checkout.begin(order, paying, clock.now())
    except NoSuchOrder as error:
        raise AnswerIsNo(f"There is no order {order}.") from error
    except NoSuchGateway as error:
        raise CallWrong(f"The payments file (EKA_PAYMENTS) names no {name}.") from error
    except checkout.UnableToPay as error:
        raise AnswerIsNo(f"The order cannot be paid: {error.code}.") from error
    except (PromotionGone, OutOfStock) as error:
        raise AnswerIsNo(f"The order cannot be had any more: {error}.") from error
    except GatewayError as error:
        raise AnswerIsNo(f"The gateway does not do it: {error}.") from error
    if as_json:
        echo_json(begun)
    else:
        click.echo(f"{begun.number}  {begun.asked.url or begun.asked.qr}")


@pay.command()
@click.argument("order")
@json_option
@database_option
def wallet(order: str, as_json: bool) -> None:
    """Pay an order from its buyer's wallet; the payment PIN is read from standard input."""
    from eka.usecases import checkout
    from eka.usecases.orders import NoSuchOrder
    from eka.usecases.pins import PinRefused
    from eka.usecases.promotions import PromotionGone
    from eka.usecases.stock import OutOfStock
    from eka.usecases.wallets import NotEnough

    pin = sys.stdin.readline().strip()
    try:
        checkout.pay_from_wallet(order, clock.now(), pin=pin)
    except NoSuchOrder as error:
        raise AnswerIsNo(f"There is no order {order}.") from error
    except (checkout.UnableToPay, PinRefused, NotEnough, PromotionGone, OutOfStock) as error:
        raise AnswerIsNo(f"It was not paid: {error}.") from error
    if as_json:
        echo_json({"order": order, "paid": True})


@pay.command()
@click.argument("order")
@database_option
def nothing(order: str) -> None:
    """Take an order that costs nothing as paid."""
    from eka.usecases import checkout
    from eka.usecases.orders import NoSuchOrder
    from eka.usecases.promotions import PromotionGone
    from eka.usecases.stock import OutOfStock

    try:
        checkout.pay_nothing(order, clock.now())
    except NoSuchOrder as error:
        raise AnswerIsNo(f"There is no order {order}.") from error
    except (checkout.UnableToPay, PromotionGone, OutOfStock) as error:
        raise AnswerIsNo(f"It was not paid: {error}.") from error


@pay.command()
@click.argument("payment")
@json_option
@database_option
def look(payment: str, as_json: bool) -> None:
    """Ask the gateway what became of a payment, and take in the answer."""
    from eka.gateways.payments.terms import GatewayError
    from eka.ledger import models
    from eka.usecases import looking
    from eka.usecases.gateways import NoSuchGateway

    try:
        looking.look(payment, clock.now())
    except models.Payment.DoesNotExist as error:
        raise AnswerIsNo(f"There is no payment {payment}.") from error
    except NoSuchGateway as error:
        raise CallWrong(f"The payments file (EKA_PAYMENTS) names no {error}.") from error
    except GatewayError as error:
        raise AnswerIsNo(f"The gateway does not answer: {error}.") from error
    row = models.Payment.objects.select_related("order").get(number=payment)
    if as_json:
        echo_json({"payment": payment, "state": row.state, "order_state": row.order.state})
    else:
        click.echo(f"{payment}  {row.state}  order {row.order.state}")


@pay.command()
@click.argument("payment")
@click.argument("act", type=click.Choice(["pay", "fail", "pay_twice", "pay_late", "dispute"]))
@database_option
def act(payment: str, act: str) -> None:
    """Do what the payer does, at the sandbox of the payment's gateway."""
    import httpx

    from eka.ledger import models

    row = models.Payment.objects.filter(number=payment).first()
    if row is None:
        raise AnswerIsNo(f"There is no payment {payment}.")
    url = f"{_sandbox(row.gateway)}/sandbox/payments/{payment}/{act}"
    try:
        answer = httpx.post(url, headers={"accept": "application/json"}, trust_env=False)
    except httpx.HTTPError as error:
        raise AnswerIsNo(f"The {row.gateway} sandbox does not answer.") from error
    if answer.status_code != 200:
        raise AnswerIsNo(f"The {row.gateway} sandbox said {answer.status_code}.")
    click.echo(answer.text)


def _sandbox(name: str) -> str:
    """The sandbox's address, as the payments file has it."""
    path = os.environ.get("EKA_PAYMENTS", "")
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))[name]
        address = next(table[key] for key in ADDRESSES if table.get(key))
    except (OSError, KeyError, StopIteration, tomllib.TOMLDecodeError) as error:
        raise CallWrong("EKA_PAYMENTS names no sandbox of this gateway.") from error
    scheme, _, rest = str(address).partition("://")
    return f"{scheme}://{rest.split('/')[0]}"
