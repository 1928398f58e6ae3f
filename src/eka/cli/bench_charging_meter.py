"""A phase of the charging bench: what is to be done, and the meter of the process that does it.

A phase warms up, is measured, and runs out: sessions that stand open then are ended properly.
"""

import signal
import time
import traceback
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from itertools import accumulate
from multiprocessing.connection import Connection
from typing import NamedTuple

WARM_UP_SECONDS_MAX = 3.0
TELL_EVERY_SECONDS = 0.5
SILENCE_SECONDS_MAX = 30.0


class Task(NamedTuple):
    """What a process of the bench is to do.

    `port` is the door's on this machine, `url` the database's; who needs one ignores the other.
    Lines are chosen among the first `lines` ids. With `requests` it lasts until so many are
    answered, whatever `seconds` says.
    """

    url: str
    port: int
    connections: int
    outstanding: int
    lines: int
    seconds: float
    requests: int | None = None


class Figures(NamedTuple):
    """What was measured: requests answered, seconds, percentiles in seconds, CPU of the process.

    `answered` and `wrong` (answers other than success) include the warm-up and the end; `batches`
    are transactions, 0 where they are another's.
    """

    requests: int
    answered: int
    seconds: float
    percentiles: tuple[float, float, float]  # of 50, 99 and 99.9 per cent
    cpu_seconds: float
    wrong: Counter[str]
    batches: int = 0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds if self.seconds else 0.0


class Told(NamedTuple):
    """What a process says on its way: it has "begun", "counted" or "ended" what is measured, or
    "failed"."""

    what: str
    requests: int = 0
    why: str = ""


class Took:
    """How long answers took, to the microsecond; two seconds and more are two seconds."""

    def __init__(self) -> None:
        self._counts = array("I", bytes(4 * 2_000_001))
        self.count = 0

    def note(self, seconds: float) -> None:
        """Counts an answer."""
        self.count += 1
        try:
            self._counts[int(seconds * 1e6)] += 1
        except IndexError:
            self._counts[-1] += 1

    def percentiles(self) -> tuple[float, float, float]:
        """Seconds within which 50, 99 and 99.9 per cent of the answers came."""
        running = array("Q", accumulate(self._counts))
        fifty, most, nearly_all = (
            bisect_left(running, share * self.count) / 1e6 for share in (0.5, 0.99, 0.999)
        )
        return fifty, most, nearly_all


class Meter:
    """Counts answers, and says when the measured part is over."""

    def __init__(self, task: Task, tell: Callable[[Told], None]) -> None:
        self._task, self._tell = task, tell
        self._next = time.perf_counter() + min(WARM_UP_SECONDS_MAX, task.seconds / 4)
        self._took, self._measured = Took(), Took()
        self.note = self._took.note
        self._begun = self._ended = 0.0
        self._cpu = 0.0
        self._answered = 0  # in the parts before
        self._batches_before = 0
        self._batches_measured = 0
        self._seen, self._seen_at = 0, time.perf_counter()
        self.batches = 0
        self.is_over = False
        self.wrong: Counter[str] = Counter()

    def look(self, now: float) -> None:
        """Lets the meter see the time (of `perf_counter`): often, at the latest every second.

        Errors: RuntimeError where nothing was answered for half a minute.
        """
        if now < self._next:
            return
        self._next = now + TELL_EVERY_SECONDS
        if not self._begun:
            self._begin(now)
        elif not self.is_over:
            self._go_on(now)
        self._check_silence(now)

    def figures(self) -> Figures:
        """What was measured, after the end."""
        return Figures(
            self._measured.count,
            self._answered + self._took.count,
            self._ended - self._begun,
            self._measured.percentiles(),
            self._cpu,
            self.wrong,
            self._batches_measured,
        )

    def _begin(self, now: float) -> None:
        self._start_part()
        self._begun, self._cpu = now, time.process_time()
        self._batches_before = self.batches
        if self._task.requests is None:
            self._next = min(self._next, now + self._task.seconds)
        self._tell(Told("begun"))

    def _go_on(self, now: float) -> None:
        ends, most = self._begun + self._task.seconds, self._task.requests
        if now < ends if most is None else self._took.count < most:
            self._next = min(self._next, ends) if most is None else self._next
            self._tell(Told("counted", self._took.count))
            return
        self.is_over = True
        self._ended, self._cpu = now, time.process_time() - self._cpu
        self._batches_measured = self.batches - self._batches_before
        self._measured = self._took
        self._start_part()
        self._tell(Told("ended", self._measured.count))

    def _start_part(self) -> None:
        self._answered += self._took.count
        self._took = Took()
        self.note = self._took.note

    def _check_silence(self, now: float) -> None:
        answered = self._answered + self._took.count
        if answered != self._seen:
            self._seen, self._seen_at = answered, now
        elif now - self._seen_at > SILENCE_SECONDS_MAX:
            raise RuntimeError(f"nothing was answered for {SILENCE_SECONDS_MAX:.0f} s")


Work = Callable[[Task, Meter], None]


def in_child(work: Work, task: Task, pipe: Connection) -> None:
    """What a process of the bench runs: the work, told to the parent through the pipe."""
    # Ctrl-C in the terminal is the parent's to answer; it ends its children.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        meter = Meter(task, pipe.send)
        work(task, meter)
        pipe.send(meter.figures())
    except BrokenPipeError:
        return  # the parent was killed
    except Exception:
        pipe.send(Told("failed", why=traceback.format_exc()))
