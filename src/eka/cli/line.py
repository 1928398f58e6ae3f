"""`eka line`: sell, show and change lines from the shell."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from eka import clock
from eka.cli.instants import at_option
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json, for_terminal
from eka.cli.problems import AnswerIsNo, CallWrong
from eka.rules.lines import Unable
from eka.rules.requests import Activate, AddOn, Change, Command, Renew, TopUp, Use
from eka.rules.units import BadValue, Duration, parse_data, parse_duration
from eka.words import Words


@click.group()
def line() -> None:
    """Add, show and change lines."""


@line.command()
@click.option("--plan", required=True, help="The plan's name in the catalogue.")
@click.option("--imsi", help="The subscriber's number in the network; 6 to 15 digits.")
@click.option("--msisdn", help="The telephone number, digits only.")
@click.option("--label", default="", help="What the owner calls it.")
@click.option("--timezone", default="UTC", help="Where the line lives, such as Asia/Shanghai.")
@click.option("--auto-renew", is_flag=True, help="Renews by itself at each period's end.")
@click.option("--activate", is_flag=True, help="Start the first period at once.")
@at_option
@json_option
@database_option
def add(activate: bool, at: datetime | None, as_json: bool, **new: Any) -> None:
    """Add a line on a plan and print its id."""
    from eka.usecases.lines import NewLine, UnableToAdd, add_line

    for name, shortest in (("imsi", 6), ("msisdn", 5)):
        given = new[name]
        if given is not None and not (_digits(given) and shortest <= len(given) <= 15):
            raise CallWrong(f"--{name} {given!r} is not {shortest} to 15 digits.")
    try:
        id_ = add_line(NewLine(**new), at or clock.now(), activate=activate)
    except BadValue as error:
        raise CallWrong(str(error)) from error
    except UnableToAdd as error:
        raise AnswerIsNo(str(error)) from error
    if as_json:
        echo_json({"id": id_})
    else:
        click.echo(id_)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


@line.command()
@click.argument("reference", metavar="ID|IMSI")
@at_option
@json_option
@database_option
def show(reference: str, at: datetime | None, as_json: bool) -> None:
    """Show a line: state, period, every bucket, what is available, and what will carry."""
    from eka.cli.line_report import as_plain, as_text
    from eka.usecases.balances import look

    now = at or clock.now()
    seen = look(_find(reference), now)
    if as_json:
        echo_json(as_plain(seen, now))
    else:
        click.echo(for_terminal(as_text(seen, now, Words("en"))))


@line.command()
@click.argument("reference", metavar="ID|IMSI")
@at_option
@json_option
@database_option
def speed(reference: str, at: datetime | None, as_json: bool) -> None:
    """Show which speed applies to a line now, and when it changes."""
    from eka.rules.speeds import speed_report
    from eka.usecases.balances import look

    now = at or clock.now()
    report = speed_report(look(_find(reference), now).line, now)
    if as_json:
        echo_json(report)
    else:
        for name, value in report.items():
            click.echo(f"{name:<12} {'-' if value is None else value}")


@line.command("list")
@click.option("--after", default=0, help="Only lines with a higher id.")
@click.option("--limit", default=100, help="At most so many.")
@json_option
@database_option
def list_(after: int, limit: int, as_json: bool) -> None:
    """List lines by id: number, plan, state, end of the period."""
    from eka.cli.line_report import row_as_text
    from eka.ledger.people import lines_after

    for row in lines_after(after, limit):
        if as_json:
            echo_json(row)
        else:
            click.echo(row_as_text(row))


def _find(reference: str) -> int:
    from eka.ledger.people import find_line

    found = find_line(reference)
    if found is None:
        raise AnswerIsNo(f"There is no line {reference}.")
    return found


def _command(name: str, summary: str, make: Callable[..., Command], *options: Any) -> None:
    """Adds `eka line NAME ID|IMSI`, which carries out one command exactly once for its --key."""

    def run(
        reference: str, at: datetime | None, key: str | None, as_json: bool, **given: Any
    ) -> None:
        now = at or clock.now()
        try:
            command = make(**given)
        except BadValue as error:
            raise CallWrong(str(error)) from error
        _carry_out(_find(reference), command, now, key or f"{name}:{now.isoformat()}", as_json)

    run.__doc__ = summary
    decorated = click.argument("reference", metavar="ID|IMSI")(database_option(run))
    for option in options:
        decorated = option(decorated)
    decorated = at_option(json_option(decorated))
    key = click.option("--key", help="Doing it again with the same key changes nothing.")
    line.command(name)(key(decorated))


def _carry_out(id_: int, command: Command, now: datetime, key: str, as_json: bool) -> None:
    from eka.usecases.commands import KeyReused, carry_out

    words = Words("en")
    try:
        done = carry_out(id_, command, now=now, key=key)
    except Unable as refusal:
        raise AnswerIsNo(for_terminal(words.refusal(refusal))) from refusal
    except KeyReused as error:
        raise CallWrong(f"The key {key!r} was used before for another command.") from error
    if as_json:
        echo_json({"repeated": done.repeated, "entries": done.entries})
        return
    for entry in done.entries:
        click.echo(for_terminal(words.entry(entry, done.line.timezone)))


def _plan(name: str | None) -> Any:
    from eka.ledger.plans import OnSale

    plan = None if name is None else OnSale().get(name)
    if name is not None and plan is None:
        raise CallWrong(f"There is no plan {name!r} on sale.")
    return plan


def _validity(text: str | None) -> Duration | None:
    return None if text is None else parse_duration(text)


_PLAN = click.option("--plan", required=True, help="The plan's name.")
_OTHER_PLAN = click.option("--plan", help="Another plan; the line's own by default.")
_BY = click.option("--by", type=click.Choice(["manual", "auto"]), default="manual")
_DATA = click.option("--data", required=True, help="Such as 500MB.")
_VALIDITY = click.option("--validity", help="Such as 30d.")
_STARTS = click.option("--starts", type=click.Choice(["at_end", "on_empty"]), default="at_end")
_HOTSPOT = click.option("--hotspot", is_flag=True, help="Used by a device behind this one.")

_command("activate", "Start the first period.", lambda plan: Activate(_plan(plan)), _PLAN)
_command(
    "use",
    "Record data used now.",
    lambda data, hotspot: Use(parse_data(data), hotspot),
    _DATA,
    _HOTSPOT,
)
_command(
    "renew",
    "Buy the next period.",
    lambda plan, by: Renew(_plan(plan), by),
    _OTHER_PLAN,
    _BY,
)
_command(
    "top-up",
    "Add bought data.",
    lambda data, validity: TopUp(parse_data(data), _validity(validity)),
    _DATA,
    _VALIDITY,
)
_command(
    "bonus",
    "Add given data.",
    lambda data, validity: TopUp(parse_data(data), _validity(validity), "bonus"),
    _DATA,
    _VALIDITY,
)
_command(
    "add-on",
    "Queue a whole further plan.",
    lambda plan, starts: AddOn(_plan(plan), starts),
    _PLAN,
    _STARTS,
)
_command("clear", "Empty the balance; nothing of it can carry.", lambda: Change("clear"))
_command("suspend", "Stop the line for a while.", lambda: Change("suspend"))
_command("resume", "End a suspension.", lambda: Change("resume"))
_command("cancel", "Close the line for good.", lambda: Change("cancel"))
