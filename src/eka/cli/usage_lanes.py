"""A large usage file goes through several lanes at once, each a process with its share of lines.

The lanes know nothing of each other: each reads the whole file, takes the rows of its lines, and
notes in each transaction how far it is.
"""

import gc
import multiprocessing
import os
import signal
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, NamedTuple

from eka import clock
from eka.cli.children import die_with_parent
from eka.cli.failures import Failure, sentence_for
from eka.cli.problems import CallWrong
from eka.cli.progress import Advance
from eka.cli.usage_files import UsageFile

if TYPE_CHECKING:
    from eka.ledger.imports import Standing

STRETCH_ROWS = 10_000
ROWS_WORTH_A_PROCESS = 50_000
LANES_MAX = 4


class Lane(NamedTuple):
    """One lane of so many, and how many data rows of the file are behind it."""

    number: int
    of: int
    done: int


# What a lane's process tells: how many rows are behind it, or why it gave up.
Report = int | Failure


def lanes_for(rows: int) -> int:
    """Into how many lanes a new file of so many data rows is split."""
    return max(1, min(os.cpu_count() or 1, LANES_MAX, rows // ROWS_WORTH_A_PROCESS))


def run_lanes(
    file: UsageFile, lanes: "Sequence[Standing]", advance: Advance, size: int = STRETCH_ROWS
) -> None:
    """Takes every lane to the end of the file, about `size` rows in a transaction.

    Raises CallWrong where one gave up.
    """
    open_ = [Lane(at.lane, at.lanes, at.rows_done) for at in lanes if not at.finished]
    if len(lanes) == 1:
        run_lane(file, open_[0], advance, size)
        return
    rows_done = [at.rows_done for at in lanes]
    waiting = {_started(file, lane, size): lane.number for lane in open_}
    while waiting:
        for pipe in wait(list(waiting)):
            assert isinstance(pipe, Connection)
            report = _report(pipe)
            if report is None:
                del waiting[pipe]
            else:
                rows_done[waiting[pipe]] = report
                advance(sum(rows_done) // len(lanes))


def _report(pipe: Connection) -> int | None:
    """How far a lane is; None at its end. Raises CallWrong."""
    try:
        said: Report | None = pipe.recv()
    except EOFError:
        raise CallWrong("A part of the import was stopped; call it again to go on.") from None
    if isinstance(said, Failure):
        raise CallWrong(said.sentence)
    return said


def run_lane(file: UsageFile, lane: Lane, advance: Advance, size: int) -> None:
    """Takes one lane to the end of the file."""
    from eka.usecases.usage import finish, take

    for stretch in file.stretches(*lane, size, clock.now):
        take(file.digest, lane.number, stretch, clock.now())
        advance(stretch.after)
    finish(file.digest, lane.number)


def _started(file: UsageFile, lane: Lane, size: int) -> Connection:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    context.Process(target=_work, args=(file, lane, size, theirs), daemon=True).start()
    theirs.close()
    return ours


def _work(file: UsageFile, lane: Lane, size: int, pipe: Connection) -> None:
    """One lane in a process of its own; it ends with the process that asked for it."""
    die_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    import django

    django.setup()
    from eka.usecases import demo

    demo.follow_clock()
    # Rows hold no cycles; looking for some in millions of them took a tenth of the time.
    gc.freeze()
    gc.set_threshold(1_000_000)
    try:
        run_lane(file, lane, pipe.send, size)
    except Exception as error:
        known = sentence_for(error)
        if known is None:
            raise
        pipe.send(known)
    else:
        pipe.send(None)
