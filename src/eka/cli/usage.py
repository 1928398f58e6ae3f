"""`eka usage import`: usage records from a CSV file, each debited once."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from eka import clock
from eka.cli.options import database_option, json_option
from eka.cli.output import echo_json
from eka.cli.problems import AnswerIsNo, CallWrong
from eka.cli.progress import progress
from eka.rules.documents import BadInput

if TYPE_CHECKING:
    from eka.cli.usage_files import UsageFile
    from eka.ledger.imports import Standing

SHOWN_MAX = 10

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_REPORT = click.Path(dir_okay=False, writable=True, path_type=Path)


class Total(NamedTuple):
    """How far a file is, all lanes together; `unserved` is in bytes."""

    rows_done: int
    accepted: int
    repeated: int
    rejected: int
    unserved: int
    finished: bool

    @classmethod
    def of(cls, lanes: "list[Standing]") -> "Total":
        """The sum of the lanes; each of them has the whole file to go through."""
        return cls(
            sum(lane.rows_done for lane in lanes) // len(lanes),
            sum(lane.accepted for lane in lanes),
            sum(lane.repeated for lane in lanes),
            sum(lane.rejected for lane in lanes),
            sum(lane.unserved for lane in lanes),
            all(lane.finished for lane in lanes),
        )


@click.group()
def usage() -> None:
    """Import usage records."""


@usage.command("import")
@click.argument("path", metavar="FILE.csv", type=_FILE)
@click.option("--report", type=_REPORT, help="Write the refused rows, each with its reason, here.")
@json_option
@database_option
def import_(path: Path, report: Path | None, as_json: bool) -> None:
    """Debit the records of a CSV file, each exactly once.

    The first line names the columns, in any order: line (id, IMSI or MSISDN), start, end (instants
    such as 2026-01-31T08:00:00+08:00), bytes_up, bytes_down, record_id and, if you like, network
    (MCC and MNC). An import that was interrupted goes on where it stopped when it is called again.

    Rows that cannot be taken are refused, each with a reason, and the others are imported; the
    report can be mended and imported in its turn. Exit code 1 if any row was refused.
    """
    _check_report(path, report)
    with _told_of(path):
        from eka.cli.usage_files import UsageFile

        file = UsageFile(path)
    before, after = _import(file)
    if report is not None:
        _write_report(file, report)
    _tell(file, before, after, report, as_json=as_json)
    if after.rejected:
        raise AnswerIsNo("")


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Errors about the file become a sentence that names it."""
    try:
        yield
    except BadInput as error:
        raise CallWrong(f"{path}: {error}") from None
    except OSError as error:
        raise CallWrong(f"{path} cannot be read: {error.strerror}") from None


def _check_report(path: Path, report: Path | None) -> None:
    if report is None:
        return
    if report.exists() and report.samefile(path):
        raise CallWrong("--report names the usage file itself; give it another name.")
    if not os.access(report.parent, os.W_OK):
        raise CallWrong(f"--report: nothing can be written in the folder {report.parent}.")


def _import(file: "UsageFile") -> "tuple[Total, Total]":
    """Imports what is not yet imported; where the file stood before, and where it stands now."""
    from eka.cli.usage_lanes import lanes_for, run_lanes
    from eka.ledger.imports import standings
    from eka.usecases import demo
    from eka.usecases.usage import begin

    demo.follow_clock()
    lanes = begin(file.digest, file.path.name, lanes_for(file.rows), clock.now())
    before = Total.of(lanes)
    if not before.finished:
        with progress(file.path.name, file.rows, before.rows_done) as advance:
            run_lanes(file, lanes, advance)
    return before, Total.of(standings(file.digest))


def _write_report(file: "UsageFile", report: Path) -> None:
    """Writes the refused rows: their line in the file, why, and the row as it was."""
    from eka.ledger.imports import refusals

    own = [i for i, name in enumerate(file.layout.names) if name not in ("row", "reason")]
    unfinished = report.with_name(f"{report.name}.part")
    with unfinished.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(["row", "reason", *(file.layout.names[i] for i in own)])
        for number, fields, refusal in refusals(file.digest):
            kept = fields if len(fields) != file.layout.width else [fields[i] for i in own]
            writer.writerow([number, refusal.reason, *kept])
    unfinished.replace(report)


def _tell(
    file: "UsageFile",
    before: Total,
    after: Total,
    report: Path | None,
    *,
    as_json: bool,
) -> None:
    from eka.ledger.imports import count_reasons

    reasons = count_reasons(file.digest) if after.rejected else {}
    if as_json:
        figures = after._asdict()
        written = None if report is None else str(report)
        known = {"already_imported": before.finished, "resumed_at": before.rows_done}
        rest = {"reasons": reasons, "rejections": _first_refusals(file), "report": written}
        echo_json({"file": str(file.path), "rows": file.rows, **known, **figures, **rest})
        return
    for line in _sentences(file, before, after):
        click.echo(line)
    if after.rejected:
        _tell_refusals(file, after.rejected, report)


def _sentences(file: "UsageFile", before: Total, after: Total) -> Iterator[str]:
    if before.finished:
        yield f"{file.path} was imported before; nothing has changed. It held:"
    elif before.rows_done:
        yield f"Went on after {before.rows_done:,} rows that were done before."
    yield (
        f"{file.rows:,} rows: {after.accepted:,} accepted, {after.repeated:,} repeated,"
        f" {after.rejected:,} rejected."
    )
    if after.unserved:
        yield f"{after.unserved:,} bytes were used with nothing left to serve them."


def _first_refusals(file: "UsageFile") -> list[dict[str, object]]:
    from eka.ledger.imports import refusals

    return [
        {"row": row.number, "code": row.refusal.code, "reason": row.refusal.reason}
        for row in islice(refusals(file.digest), SHOWN_MAX)
    ]


def _tell_refusals(file: "UsageFile", count: int, report: Path | None) -> None:
    for shown in _first_refusals(file):
        click.echo(f"  line {shown['row']}: {shown['reason']}")
    if report is not None:
        click.echo(f"All of them, with their reasons: {report}")
    elif count > SHOWN_MAX:
        click.echo(f"  ... and {count - SHOWN_MAX:,} more; call again with --report FILE for all.")
