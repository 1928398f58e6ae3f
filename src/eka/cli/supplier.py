"""`eka supplier`: where profiles come from, what was ordered there, and what they cost."""

import click

from eka import clock
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json
from eka.cli.problems import AnswerIsNo, CallWrong
from eka.rules.units import BadValue, Money, format_data, format_money, parse_data


def _data(context: click.Context, parameter: click.Parameter, text: str) -> int:
    """An amount of data as plans write it."""
    try:
        return parse_data(text)
    except BadValue as error:
        raise click.BadParameter(str(error)) from None


@click.group()
def supplier() -> None:
    """Look at suppliers, their packages, and what was ordered of them."""


@supplier.command("list")
@json_option
@database_option
def list_(as_json: bool) -> None:
    """List the suppliers of the suppliers file (EKA_SUPPLIERS), and our credit with them."""
    from eka.ledger import models
    from eka.usecases.addresses import supply_notify_url
    from eka.usecases.suppliers import suppliers

    stands = {stand.supplier: stand for stand in models.SupplierStand.objects.all()}
    for name, opened in suppliers().items():
        stand = stands.get(name)
        known = stand is not None and stand.balance is not None
        told = {
            "name": name,
            "kind": opened.kind,
            "sells_data": opened.sells_data,
            "balance": stand.balance if stand and known else None,
            "currency": stand.currency if stand else "",
            "trouble": stand.last_error if stand else "",
            "notify_url": supply_notify_url(name),
        }
        if as_json:
            echo_json(told)
            continue
        credit = ""
        if stand is not None and stand.balance is not None:
            credit = f"credit {format_money(Money(stand.balance, stand.currency))}; "
        click.echo(f"{name:<10} {opened.kind}; {credit}{told['trouble'] or told['notify_url']}")


@supplier.command()
@click.argument("name")
@json_option
@database_option
def packages(name: str, as_json: bool) -> None:
    """List what a supplier sells, as it says now."""
    from eka.gateways.suppliers.terms import SupplierError
    from eka.usecases.suppliers import suppliers

    opened = suppliers().get(name)
    if opened is None:
        raise CallWrong(f"The suppliers file (EKA_SUPPLIERS) names no {name}.")
    try:
        sold = opened.packages()
    except SupplierError as error:
        raise AnswerIsNo(f"The supplier does not give its list: {error}.") from error
    for package in sold:
        if as_json:
            echo_json(package)
        else:
            data = "unlimited" if package.data is None else format_data(package.data)
            places = ", ".join(package.countries[:8])
            cost = format_money(package.cost)
            click.echo(f"{package.code:<32} {data:>10} {package.days:>4} d {cost:>12}  {places}")


@supplier.command()
@click.option("--open", "only_open", is_flag=True, help="Only those that have no end yet.")
@json_option
@database_option
def orders(only_open: bool, as_json: bool) -> None:
    """List the last hundred orders with suppliers, newest first."""
    from eka.ledger import models

    rows = models.Supply.objects.order_by("-pk")
    if only_open:
        rows = rows.filter(state__in=("asked", "placed"))
    for row in rows.select_related("profile")[:100]:
        told = {
            "number": row.number,
            "for": row.need,
            "supplier": row.supplier,
            "package": row.package,
            "state": row.state,
            "iccid": row.profile.iccid if row.profile else "",
            "reference": row.reference,
            "why": row.why,
            "code": row.code,
            "asked_at": row.asked_at,
        }
        if as_json:
            echo_json(told)
        else:
            end = told["iccid"] or told["why"]
            source = f"{row.supplier}/{row.package}"
            click.echo(f"{row.number}  {row.state:<8} {source}  {end}  {row.need}")


@supplier.command()
@click.argument("line_id", type=int)
@database_option
def equip(line_id: int) -> None:
    """Order a profile for a line that was added without one."""
    from eka.ledger import models
    from eka.usecases import provisioning

    try:
        asked = provisioning.equip(line_id, clock.now())
    except models.Line.DoesNotExist:
        raise CallWrong(f"There is no line {line_id}.") from None
    if not asked:
        raise AnswerIsNo("It has a profile, or waits for one, or its plan comes from no supplier.")


@supplier.command()
@click.argument("number")
@json_option
@database_option
def look(number: str, as_json: bool) -> None:
    """Take one order with a supplier a step further now."""
    from eka.ledger import models
    from eka.usecases import provisioning

    try:
        provisioning.advance(number, clock.now())
        row = models.Supply.objects.get(number=number)
    except models.Supply.DoesNotExist:
        raise CallWrong(f"There is no order {number} with a supplier.") from None
    told = {"number": number, "state": row.state, "why": row.why, "code": row.code}
    if as_json:
        echo_json(told)
    else:
        click.echo(f"{row.state} {row.why} {row.code}".rstrip())


@supplier.command()
@click.argument("name")
@click.argument("iccid")
@json_option
@database_option
def usage(name: str, iccid: str, as_json: bool) -> None:
    """Ask a supplier now what one profile has used, and debit what is new."""
    from eka.gateways.suppliers.terms import SupplierError
    from eka.ledger import models
    from eka.usecases.suppliers import NoSuchSupplier
    from eka.usecases.usage_polling import poll

    try:
        poll(name, iccid, clock.now())
    except (models.Profile.DoesNotExist, NoSuchSupplier):
        raise CallWrong(f"{name} has no profile {iccid} of ours.") from None
    except SupplierError as error:
        raise AnswerIsNo(f"The supplier does not say: {error}.") from error
    row = models.Profile.objects.get(iccid=iccid)
    told = {"status": row.usage_status, "used": row.usage_used, "total": row.usage_total}
    if as_json:
        echo_json(told)
    else:
        used = format_data(row.usage_used or 0)
        click.echo(f"{row.usage_status or 'unknown'}: {used} used")


@supplier.command("count-anew")
@click.argument("name")
@click.argument("iccid")
@click.argument("used", callback=_data)
@database_option
def count_anew(name: str, iccid: str, used: int) -> None:
    """Say that a supplier counts a profile anew, and stood at USED (such as 0B or 1.5GB)."""
    from eka.usecases import supplier_usage

    try:
        supplier_usage.count_anew(name, iccid, used, clock.now())
    except supplier_usage.NoSuchProfile:
        raise CallWrong(f"{name} has no profile {iccid} of ours.") from None


@supplier.command()
@json_option
@database_option
def drift(as_json: bool) -> None:
    """Compare what suppliers count with what lines were debited."""
    from eka.usecases.supplier_drift import drift_rows

    for row in drift_rows(clock.now()):
        if as_json:
            echo_json(row)
        else:
            off = f"{'-' if row.difference < 0 else ''}{format_data(abs(row.difference))}"
            click.echo(
                f"line {row.line}: {', '.join(row.suppliers)} count {format_data(row.theirs)},"
                f" debited {format_data(row.ours)}, apart {off}"
            )
