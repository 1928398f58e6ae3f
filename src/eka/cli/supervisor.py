"""Keeps a few child processes running, and ends them all together."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import click

from eka.cli.children import PARENT_VARIABLE
from eka.cli.problems import AnswerIsNo

LOOK_EVERY_SECONDS = 0.2
STOP_SECONDS_MAX = 10
CRASHES_MAX = 5
STEADY_SECONDS = 60  # a child that ran this long has not crashed "again"


@dataclass
class Child:
    """One process to keep running, and how often it crashed of late."""

    name: str
    command: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    crashes: int = 0
    started_at: float = field(default=0.0)  # monotonic seconds, like the next
    start_again_at: float = field(default=0.0)

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it in a session of its own: Ctrl-C is for the supervisor, who then stops it."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            env={**environment, PARENT_VARIABLE: str(os.getpid())},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def note_crash(self) -> float:
        """Count a crash and return the seconds to wait before the next start: 1, 2, 4, 8, ..."""
        steady = time.monotonic() - self.started_at >= STEADY_SECONDS
        self.crashes = 1 if steady else self.crashes + 1
        pause: float = 2 ** (self.crashes - 1)
        self.start_again_at = time.monotonic() + pause
        self.process = None
        return pause


class Supervisor:
    """Runs children until told to stop.

    `watch` is called all the time: a sentence from it ends everything.
    """

    def __init__(
        self,
        children: Sequence[Child],
        environment: Mapping[str, str],
        watch: Callable[[], str | None],
        crashes_max: int = CRASHES_MAX,
    ) -> None:
        self.children = children
        self._environment = environment
        self._watch = watch
        self._crashes_max = crashes_max
        self._stop = threading.Event()

    def run(self) -> None:
        """Run until SIGINT or SIGTERM, then stop every child.

        Errors: AnswerIsNo if there is trouble, or a child crashes again and again.
        """
        kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in kept:
            signal.signal(number, lambda *_: self._stop.set())
        try:
            while not self._stop.is_set():
                self._look()
                self._stop.wait(LOOK_EVERY_SECONDS)
        finally:
            self._stop_children()
            for number, handler in kept.items():
                signal.signal(number, handler)

    def _look(self) -> None:
        if trouble := self._watch():
            raise AnswerIsNo(trouble)
        for child in self.children:
            if child.process is None:
                if time.monotonic() >= child.start_again_at:
                    child.start(self._environment)
            elif (code := child.process.poll()) is not None:
                self._crashed(child, code)

    def _crashed(self, child: Child, code: int) -> None:
        pause = child.note_crash()
        if child.crashes >= self._crashes_max:
            raise AnswerIsNo(
                f"{child.name} ended {child.crashes} times in a row (the last time with code"
                f" {code}; its reason stands above), so everything is stopped."
            )
        click.echo(
            f"{child.name} ended with code {code}; it starts again in {pause:.0f} s.", err=True
        )

    def _stop_children(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS_MAX
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
