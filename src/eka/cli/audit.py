"""`eka audit`: prove that the ledger is right."""

from typing import TYPE_CHECKING

import click

from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json
from eka.cli.problems import AnswerIsNo
from eka.cli.progress import progress

if TYPE_CHECKING:
    from eka.ledger.audit import Failure, MoneyFailure


@click.command()
@click.option("--line", "reference", metavar="ID|IMSI", help="Only this line.")
@json_option
@database_option
def audit(reference: str | None, as_json: bool) -> None:
    """Prove for every line that its figures are what its entries say, and that the money adds up.

    Each bucket is the sum of its entries and never was negative, nothing was used outside its time,
    no entry is missing, bytes are conserved, periods follow one another, and what is due is what
    the rules say. The books balance, and owe what wallets hold, what is not yet delivered, used or
    given back. Exit code 1 if anything does not hold; each failure is told with its line or order.
    """
    from eka.ledger import audit as proof

    if reference is not None:
        id_ = _find(reference)
        lines, todo = 1, iter([proof.Range(id_ - 1, id_, 1)])
    else:
        lines, todo = proof.count_lines(), proof.ranges()
    done = failed = 0
    with progress("audit", lines) as advance:
        for part in todo:
            for failure in proof.audit(part):
                failed += 1
                _tell(failure, as_json=as_json)
            done += part.lines
            advance(done)
    for wrong in [] if reference else proof.audit_money():
        failed += 1
        _tell_of_money(wrong, as_json=as_json)
    _conclude(done, failed, as_json=as_json)


def _find(reference: str) -> int:
    from eka.ledger.people import find_line

    found = find_line(reference)
    if found is None:
        raise AnswerIsNo(f"There is no line {reference}.")
    return found


def _tell(failure: "Failure", *, as_json: bool) -> None:
    if as_json:
        echo_json({**failure._asdict(), "wrong": failure.wrong})
        return
    where = f"line {failure.line}" + (f", bucket {failure.bucket}" if failure.bucket else "")
    click.echo(f"{where}: {failure.wrong}; expected {failure.expected}, found {failure.found}")


def _tell_of_money(failure: "MoneyFailure", *, as_json: bool) -> None:
    if as_json:
        echo_json({**failure._asdict(), "wrong": failure.wrong})
        return
    expected, found = failure.expected, failure.found
    click.echo(f"{failure.about}: {failure.wrong}; expected {expected}, found {found}")


def _conclude(lines: int, failed: int, *, as_json: bool) -> None:
    if as_json:
        echo_json({"ok": not failed, "lines": lines, "failures": failed})
    elif not failed:
        click.echo(f"Lines: {lines:,}. Everything holds.")
    if failed:
        raise AnswerIsNo("" if as_json else f"Lines: {lines:,}. Failures: {failed:,}.")
