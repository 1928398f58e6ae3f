"""`eka receipt` and `eka statement`: papers as files, for support and for auditors."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from eka import clock
from eka.cli.options import database_option
from eka.cli.problems import AnswerIsNo, CallWrong

Command = TypeVar("Command", bound=Callable[..., Any])

language_option = click.option(
    "--language",
    type=click.Choice(["en", "zh-hans"]),
    default="en",
    help="What the paper is written in; default: en.",
)


class Day(click.ParamType[date]):
    """A day, such as 2026-01-31."""

    name = "day"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """The day; a malformed text is refused."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day; write it like 2026-01-31", param, ctx)


def _out(*endings: str) -> Callable[[Command], Command]:
    """The --out option of a command that writes files of these sorts."""

    def ends_well(context: click.Context, option: click.Parameter, path: Path) -> Path:
        if path.suffix not in endings:
            raise CallWrong(f"--out {path.name!r} has to end in {' or '.join(endings)}.")
        return path

    return click.option(
        "--out",
        required=True,
        type=click.Path(dir_okay=False, path_type=Path),
        callback=ends_well,
        help=f"The file to write; its name ends in {' or '.join(endings)}.",
    )


@click.command()
@click.argument("order")
@language_option
@_out(".pdf")
@database_option
def receipt(order: str, language: str, out: Path) -> None:
    """Write the receipt of a paid order."""
    from eka.papers import receipt_pdf
    from eka.usecases import papers
    from eka.usecases.orders import NoSuchOrder

    try:
        paper = papers.receipt(order)
    except NoSuchOrder as error:
        raise AnswerIsNo(f"There is no order {order}.") from error
    except papers.NotPaid as error:
        raise AnswerIsNo(f"Order {order} has not been paid: there is no receipt for it.") from error
    _write(out, receipt_pdf(paper, language))


@click.command()
@click.argument("reference", metavar="ID|IMSI")
@click.option("--from", "first", type=Day(), help="The first day; default: the 1st of the month.")
@click.option("--to", "last", type=Day(), help="The last day; default: today.")
@language_option
@_out(".pdf", ".csv")
@database_option
def statement(
    reference: str, first: date | None, last: date | None, language: str, out: Path
) -> None:
    """Write a line's statement: every movement in words, balances, orders paid.

    Days are those of the place where the line lives. A file that ends in .csv has every byte.
    """
    from eka.papers import statement_csv, statement_pdf
    from eka.usecases import papers

    line_id, now = _find(reference), clock.now()
    try:
        starts, ends = papers.days(first, last, papers.timezone_of(line_id), now)
        paper = papers.statement(line_id, starts, ends, now)
    except (papers.EmptySpan, OverflowError) as error:
        raise CallWrong("There is no time between --from and --to that has come yet.") from error
    if out.suffix == ".pdf":
        _write(out, statement_pdf(paper, language))
    else:
        _write(out, statement_csv(paper, language).encode("utf-8-sig"))


def _find(reference: str) -> int:
    from eka.ledger.people import find_line

    found = find_line(reference)
    if found is None:
        raise AnswerIsNo(f"There is no line {reference}.")
    return found


def _write(out: Path, content: bytes) -> None:
    try:
        out.write_bytes(content)
    except OSError as error:
        raise CallWrong(f"{out} cannot be written: {error.strerror}.") from error
    click.echo(out)
