"""`eka gateway`: which gateways the shop takes money through, and whether they agree with it."""

from datetime import UTC, datetime

import click

from eka import clock
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json
from eka.cli.problems import AnswerIsNo, CallWrong


@click.group()
def gateway() -> None:
    """List gateways, and reconcile days with them."""


@gateway.command("list")
@json_option
@database_option
def list_(as_json: bool) -> None:
    """List the gateways of the payments file (EKA_PAYMENTS)."""
    from eka.usecases.addresses import notify_url
    from eka.usecases.gateways import gateways

    for name, opened in gateways().items():
        told = {
            "name": name,
            "ways": opened.ways,
            "currencies": opened.currencies,
            "saves": opened.saves,
            "notify_url": notify_url(name),
        }
        if as_json:
            echo_json(told)
        else:
            takes = ", ".join(opened.currencies[:6]) or "any currency"
            click.echo(f"{name:<8} {', '.join(opened.ways)}; {takes}; {told['notify_url']}")


@gateway.command()
@click.argument("name")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@json_option
@database_option
def reconcile(name: str, day: datetime, as_json: bool) -> None:
    """Compare a day of UTC with the gateway's own list; exit 1 if they differ."""
    from eka.gateways.payments.terms import GatewayError
    from eka.usecases.gateways import gateways
    from eka.usecases.reconciling import reconcile as compare

    if name not in gateways():
        raise CallWrong(f"The payments file (EKA_PAYMENTS) names no {name}.")
    try:
        found = compare(name, day.replace(tzinfo=UTC).date(), clock.now())
    except GatewayError as error:
        raise AnswerIsNo(f"The gateway does not give its list: {error}.") from error
    for difference in found:
        if as_json:
            echo_json(difference)
        else:
            click.echo(
                f"{difference.what}: {difference.transaction} {difference.number}"
                f" here {difference.here} there {difference.there} {difference.currency}"
            )
    if found:
        raise AnswerIsNo("")
