"""`eka profile`: eSIM profiles, how far they are, and lines on their way to another device."""

from typing import Any

import click

from eka import clock
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json
from eka.cli.problems import AnswerIsNo, CallWrong


@click.group()
def profile() -> None:
    """Look at eSIM profiles, and help lines to another device."""


@profile.command()
@click.argument("iccid")
@click.option("--code", is_flag=True, help="Show the activation code; that is recorded.")
@json_option
@database_option
def show(iccid: str, code: bool, as_json: bool) -> None:
    """Show a profile and its story."""
    from eka.ledger import models
    from eka.usecases.showing import show_to_staff

    row = models.Profile.objects.filter(iccid=iccid).first()
    if row is None:
        raise CallWrong(f"There is no profile {iccid}.")
    events = row.events.order_by("pk")
    told: dict[str, Any] = {
        "iccid": iccid,
        "supplier": row.supplier,
        "package": row.package,
        "state": row.state,
        "line": row.line_id,
        "spare": row.spare,
        "eid": row.eid,
        "story": [{"at": e.at, "event": e.event, "moved": e.moved} for e in events],
    }
    if code:
        told["code"] = show_to_staff(row, clock.now()).activation.text()
    if as_json:
        echo_json(told)
        return
    where = f"line {row.line_id}" if row.line_id else "spare" if row.spare else "nobody's"
    click.echo(f"{iccid}  {row.supplier}/{row.package}  {row.state}  {where}")
    for event in events:
        click.echo(
            f"  {event.at:%Y-%m-%d %H:%M:%S}  {event.event}{'' if event.moved else ' (no news)'}"
        )
    if code:
        click.echo(told["code"])


@profile.command()
@click.option("--open", "only_open", is_flag=True, help="Only those that have no end yet.")
@json_option
@database_option
def moves(only_open: bool, as_json: bool) -> None:
    """List the last hundred moves to another device, newest first."""
    from eka.ledger import models

    rows = models.DeviceMove.objects.select_related("old", "new").order_by("-pk")
    if only_open:
        rows = rows.filter(ended_at=None)
    for row in rows[:100]:
        told = {
            "move": row.pk,
            "line": row.line_id,
            "reason": row.reason,
            "state": row.state,
            "old": row.old.iccid,
            "new": row.new.iccid if row.new else "",
            "asked_at": row.asked_at,
        }
        if as_json:
            echo_json(told)
        else:
            click.echo(f"{row.pk:>6}  line {row.line_id}  {row.reason}: {row.state}  {told['new']}")


@profile.command()
@click.argument("move", type=int)
@database_option
def replace(move: int) -> None:
    """Order another profile for a move that is stuck; its owner keeps balance and number."""
    from eka.ledger import models
    from eka.rules.moves import UnableToMove
    from eka.usecases import moving

    try:
        moving.replace(move, clock.now())
    except models.DeviceMove.DoesNotExist:
        raise CallWrong(f"There is no move {move}.") from None
    except UnableToMove as refusal:
        raise AnswerIsNo(f"{refusal}.") from refusal
