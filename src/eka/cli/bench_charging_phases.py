"""Phases of the charging bench: other processes at work, watched from here."""

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import NamedTuple

import click

from eka.cli.bench_charging_meter import Figures, Task, Told, Work, in_child
from eka.cli.bench_charging_server import Probe, Sample
from eka.cli.problems import AnswerIsNo
from eka.cli.progress import Advance, progress

END_SECONDS_MAX = 10


class Phase(NamedTuple):
    """A measured phase: the figures of each process, samples at begin and end of what was measured,
    and the server's resident bytes in between."""

    name: str
    figures: list[Figures]
    first: Sample
    last: Sample
    resident: list[int]

    @property
    def requests(self) -> int:
        """Requests that were measured."""
        return sum(one.requests for one in self.figures)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return sum(one.rate for one in self.figures)


def measure(name: str, works: Sequence[tuple[Work, Task]], probe: Probe) -> Phase:
    """Runs works side by side, each in a process of its own.

    Errors: AnswerIsNo where one of them fails.
    """
    pipes: list[Connection] = []
    processes: list[BaseProcess] = []
    context = multiprocessing.get_context("spawn")
    try:
        for work, task in works:
            ours, theirs = context.Pipe(duplex=False)
            pipes.append(ours)
            processes.append(
                context.Process(target=in_child, args=(work, task, theirs), daemon=True)
            )
            processes[-1].start()
            theirs.close()
        with _shown(name, works[0][1]) as advance:
            watch = _Watch(name, pipes, probe, advance)
            return watch.until_done()
    finally:
        for process in processes:
            _end(process)


@contextmanager
def _shown(name: str, task: Task) -> Iterator[Advance]:
    if task.requests is None:
        click.echo(f"measuring: {name}, {task.seconds:g} s", err=True)
        yield lambda done: None
    else:
        with progress(f"measuring: {name}", task.requests) as advance:
            yield advance


def _end(process: BaseProcess) -> None:
    """Who is done ends by itself; after Ctrl-C or a failure it is ended."""
    process.join(0.5)
    if process.is_alive():
        process.terminate()
        process.join(END_SECONDS_MAX)


class _Watch:
    """Hears what the processes tell, and takes the samples in time."""

    def __init__(self, name: str, pipes: list[Connection], probe: Probe, advance: Advance) -> None:
        self._name, self._pipes, self._probe, self._advance = name, pipes, probe, advance
        self._begun = 0
        self._counts = dict.fromkeys(pipes, 0)
        self._figures: dict[Connection, Figures] = {}
        self._samples: list[Sample] = []
        self._resident: list[int] = []

    def until_done(self) -> Phase:
        while len(self._figures) < len(self._pipes):
            for pipe in wait([pipe for pipe in self._pipes if pipe not in self._figures]):
                assert isinstance(pipe, Connection)
                self._hear(pipe)
        first, last = self._samples
        figures = [self._figures[pipe] for pipe in self._pipes]
        return Phase(self._name, figures, first, last, self._resident)

    def _hear(self, pipe: Connection) -> None:
        try:
            told = pipe.recv()
        except EOFError:
            raise AnswerIsNo(f"{self._name}: a process of the bench died.") from None
        if isinstance(told, Figures):
            self._figures[pipe] = told
            return
        assert isinstance(told, Told)
        if told.what == "failed":
            raise AnswerIsNo(f"{self._name}: {told.why}")
        self._begun += told.what == "begun"
        self._counts[pipe] = told.requests
        self._sample(told)

    def _sample(self, told: Told) -> None:
        """The measured parts of several processes lie beside each other, but for an instant."""
        all_begin = told.what == "begun" and self._begun == len(self._pipes)
        if all_begin or (told.what == "ended" and len(self._samples) == 1):
            self._samples.append(self._probe.look())
        if (resident := self._probe.resident()) is not None:
            self._resident.append(resident)
        self._advance(sum(self._counts.values()))
